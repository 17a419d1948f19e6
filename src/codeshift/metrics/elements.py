"""Element recall and precision: does the output contain the syntax elements, tokens or APIs of the reference?"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.checks import check_choice, settle
from codeshift.errors import ParameterError
from codeshift.metrics.base import NOT_BY_NAME, PERCENT, CorpusScore, FloatArray, Metric
from codeshift.metrics.rows import refuse_without_languages, text_rows
from codeshift.properties.api_names import check_api_language
from codeshift.properties.grammars import check_language, grammar
from codeshift.properties.lexer import lex
from codeshift.properties.row_languages import check_languages
from codeshift.properties.syntax import scan
from codeshift.properties.trees import ERROR
from codeshift.wording import closest

_KINDS = ("nodes", "tokens", "apis")
Extractor = Callable[[Sequence[str]], Iterable[Iterable[str]]]


class _Elements(NamedTuple):
    """Set of elements of each text, and whether the parser gives up on it."""

    names: list[set[str]]
    stopped: list[bool]


@dataclass(frozen=True)
class _ElementOverlap(Metric, abstract=True):
    """Common base of both metrics, which compare the sets of elements of each row."""

    scale = PERCENT

    elements: str = field(default="nodes", kw_only=True)
    language: str | None = None
    names: tuple[str, ...] | None = field(default=None, kw_only=True)
    extractor: Extractor | None = field(default=None, kw_only=True, metadata=NOT_BY_NAME)

    def __post_init__(self) -> None:
        settle(self, elements=check_choice("elements", self.elements, _KINDS))
        if self.elements in ("nodes", "apis") and self.extractor is None:
            if self.language is None:
                constraint = f'given for elements="{self.elements}"'
                raise ParameterError("language", constraint, None, "name the language of the rows")
            check_languages(self.language) if self.language_column or self.elements == "nodes" else check_api_language(
                self.language
            )
        if self.names is not None:
            settle(self, names=self._checked_names(self.names))

    def in_language(self, language: str) -> Self:
        """Return the metric for rows of one language, with all names, of which its grammar may lack some."""
        metric = copy.copy(self)
        settle(metric, language=language)
        check_language(language) if self.elements == "nodes" else check_api_language(language)
        return metric

    def _checked_names(self, names: Iterable[str]) -> tuple[str, ...]:
        names = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
        if not names:
            raise ParameterError("names", "at least one name", names, "leave it out to take every element")
        if self.elements == "nodes" and self.extractor is None and self.language and not self.language_column:
            node_types = grammar(self.language).node_kinds
            for name in names:
                if name not in node_types:
                    constraint = f"node types of the {self.language} grammar"
                    raise ParameterError("names", constraint, name, closest(name, node_types))
        return names

    def _sides(self, predictions: list[str], references: list[str]) -> tuple[_Elements, _Elements]:
        """Return the elements to find, and those to search."""
        raise NotImplementedError

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the share of each row, shape (n,); NaN if a row has no elements to find.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        rows = self.statistics(predictions, references)
        return np.array([ratio(shared, total) for shared, total in rows[:, 1:3]], dtype=np.float64)

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return statistics of shape (n, 4 + 2 * names).

        The columns are 1, the elements found, the elements to find, those two for each of ``names``, and whether the
        parser gives up on a text of the row, which then has no elements.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        names = self.names or ()
        rows = []
        if self.extractor is None and self.elements != "tokens":
            refuse_without_languages(self)
        sides = self._sides(*text_rows(predictions, references, metric=type(self).__name__))
        stopped = [any(either) for either in zip(*(side.stopped for side in sides), strict=True)]
        for expected, place, given_up in zip(*(side.names for side in sides), stopped, strict=True):
            sought = expected if self.names is None else expected.intersection(names)
            shared = sought & place
            of_names = (x for name in names for x in (name in shared, name in sought))
            rows.append([1, len(shared), len(sought), *of_names, given_up])
        return np.array(rows, dtype=np.float64).reshape(-1, 4 + 2 * len(names))

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return all elements found over all elements to find; ``parts`` holds that share for each of ``names``."""
        n = int(sums[0])
        parts = {name: ratio(*sums[3 + 2 * i : 5 + 2 * i]) for i, name in enumerate(self.names or ())}
        value = ratio(sums[1], sums[2]) if n else math.nan
        return CorpusScore(value, parts=parts, n=n, unparsable=int(sums[-1]))

    def _extract(self, texts: list[str]) -> _Elements:
        if self.extractor is not None:
            elements = [set(names) for names in self.extractor(texts)]
            if len(elements) != len(texts):
                remedy = "give one collection of names a text"
                raise ParameterError("extractor", f"a function that gives {len(texts)} items", len(elements), remedy)
            return _Elements(elements, [False] * len(texts))
        if self.elements == "tokens":
            return _Elements([set(lex(text)) for text in texts], [False] * len(texts))
        scanned = scan(texts, str(self.language), api_names=self.elements == "apis")
        if self.elements == "apis":
            return _Elements(scanned.api_names.sets(), scanned.stopped.tolist())
        return _Elements([node_types - {ERROR} for node_types in scanned.node_types.sets()], scanned.stopped.tolist())


@dataclass(frozen=True)
class ElementRecall(_ElementOverlap):
    """Share of the reference's elements that the output contains; in [0, 1].

    It answers whether a model ever generates an element that fine-tuning masked: give that element as ``names``. The
    corpus value is the number of elements found over the number in all references; ``corpus(...).parts`` holds the
    recall of each of ``names``. An element counts once per row, however often it occurs. A row whose reference contains
    none of the elements has no recall (NaN; it adds nothing to the corpus). A text on which the parser gives up has no
    elements, and ``corpus(...).unparsable`` counts its row.

    Attributes:
        elements: Kind of element: ``"nodes"`` (node types of the syntax tree), ``"tokens"`` (of
            ``codeshift.properties.lexer``), or ``"apis"`` (qualified names, as in ``codeshift.properties.APINames``).
        language: Language of the rows, required for ``"nodes"`` and ``"apis"``; or ``"column:lang"`` for the one
            that each row names, whose ``names`` need not be node types of all grammars.
        names: Only elements to count; by default all count.
        extractor: Function from a list of texts to one collection of names per text, used instead of ``elements``.

    >>> metric = ElementRecall("python", names=("while_statement", "for_statement"))
    >>> metric.corpus(["while x: f()", "pass"], ["while y: g()", "for i in y: g()"])
    CorpusScore(value=0.5, parts={'while_statement': 1.0, 'for_statement': 0.0}, n=2)
    >>> ElementRecall("python", elements="apis").score(["len(open(p))"], ["open(p).read()"])
    array([0.5])
    """

    def _sides(self, predictions: list[str], references: list[str]) -> tuple[_Elements, _Elements]:
        return self._extract(references), self._extract(predictions)


@dataclass(frozen=True)
class ElementPrecision(_ElementOverlap):
    """Share of the output's elements that the reference contains; in [0, 1].

    The counterpart of ``ElementRecall``: a model that emits every element has a recall of 1 and a low precision. A row
    whose output contains none of the elements has no precision (NaN).

    Attributes:
        elements: Kind of element, as in ``ElementRecall``.
        language: Language of the rows, required for ``"nodes"`` and ``"apis"``.
        names: Only elements to count; by default all count.
        extractor: Function from a list of texts to one collection of names per text, used instead of ``elements``.

    >>> ElementPrecision(elements="tokens").score(["return a + b"], ["return a"])
    array([0.5])
    """

    def _sides(self, predictions: list[str], references: list[str]) -> tuple[_Elements, _Elements]:
        return self._extract(predictions), self._extract(references)

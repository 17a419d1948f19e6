"""Syntactic validity: does the output parse?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.arithmetic import ratio
from codeshift.checks import settle
from codeshift.metrics.base import PERCENT, CorpusScore, FloatArray, Metric
from codeshift.metrics.rows import refuse_without_languages, several_text_rows
from codeshift.metrics.validity_parts.python2 import is_python2
from codeshift.metrics.validity_parts.python3 import is_python3
from codeshift.metrics.validity_parts.shells import ShellParser
from codeshift.properties.row_languages import check_languages


@dataclass(frozen=True)
class SyntacticValidity(Metric):
    """Syntactic validity: 1 if the output is a program of its language, or a part that may stand alone; else 0.

    Bare methods, constructors and statements count as valid: a row is a whole file, or members of a class, or the body
    of a function, and nothing that only a surrounding statement would give a meaning (``else { }``, ``case 1:``). The
    reference plays no part, so look at the validity of the references as well: 2.4% of the fixed methods of Bugs2Fix
    (small, test) do not parse (``benchmarks/metric_figures.py``). Blank text contains no program and scores 0.

    Python is decided as by CPython 3.13's own parser, on every version of Python, after the indentation of the first
    line is removed from all lines. Errors that only the compiler finds (``break`` outside a loop) are not looked for.
    Python 2 rows score 0; ``corpus(...).parts["python_2"]`` is their share.

    Other languages must parse without an ERROR or MISSING node of their tree-sitter grammar, and without a reserved
    word as a name. The grammars are more lenient than compilers, and a program that parses may mean nothing. A text on
    which the parser gives up (``codeshift.properties.bounds``) scores 0, and ``corpus(...).unparsable`` counts it.

    Attributes:
        language: One of ``codeshift.properties.languages()``; or ``"column:lang"`` for the one that each row names, of
            which an ``Evaluator`` and a study read the column, and which have no ``python_2``.

    >>> SyntacticValidity("java").score(["int f() { return 1; }", "int f() { return", "A(int x) {}"], [""] * 3)
    array([1., 0., 1.])
    >>> SyntacticValidity("python").corpus(["  return 1", "if x:", "print x", "type X = int"], [""] * 4)
    CorpusScore(value=0.5, parts={'python_2': 0.25}, n=4)
    """

    scale = PERCENT

    language: str

    def __post_init__(self) -> None:
        settle(self, language=check_languages(self.language))

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return 1.0 or 0.0 for each row, shape (n,); ``references`` only has to have the same number of rows.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        return np.asarray(self.statistics(predictions, references)[:, 1])

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, valid, unparsable), shape (n, 3); for Python (1, valid, Python 2), shape (n, 3).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        refuse_without_languages(self)
        texts, _ = several_text_rows(predictions, references)
        valid = list(map(_judge(self.language), texts))
        if self.language == "python":
            third = [not ok and bool(text.strip()) and is_python2(text) for ok, text in zip(valid, texts, strict=True)]
        else:
            third = [ok is None for ok in valid]
        rows: NDArray[np.float64] = np.array([[1] * len(texts), list(map(bool, valid)), third], dtype=np.float64).T
        return rows

    def statistics_in(
        self, languages: Sequence[str], predictions: Sequence[Any], references: Sequence[Any]
    ) -> FloatArray:
        """Return (1, valid, unparsable) of rows in their languages, shape (n, 3).

        Raises:
            ParameterError: if languages, predictions and references differ in number.
            DataError: if a row is not a string, or of an unknown language.
        """
        rows = super().statistics_in(languages, predictions, references)
        rows[[language == "python" for language in languages], 2] = 0  # whether it is Python 2
        return rows

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the share of valid rows; for Python ``parts["python_2"]`` is the share of rows that are Python 2."""
        value, n = ratio(sums[1], sums[0]), int(sums[0])
        if self.language == "python":
            return CorpusScore(value, parts={"python_2": ratio(sums[2], sums[0])}, n=n)
        return CorpusScore(value, n=n, unparsable=int(sums[2]))


def validator(language: str) -> Callable[[str], bool]:
    """Return a function that says whether a text is valid; see ``SyntacticValidity``.

    Only one thread may use it at a time.

    >>> is_valid = validator("java")
    >>> is_valid("int x = 1;"), is_valid("catch (E e) { }"), is_valid("")
    (True, False, False)
    """
    judge = _judge(language)
    return lambda text: bool(judge(text))


def _judge(language: str) -> Callable[[str], bool | None]:
    """Return a function that says whether a text is valid; None if the parser gives up on it."""
    judge = is_python3 if language == "python" else ShellParser(language).judge
    return lambda text: judge(text) if text.strip() else False

"""The base of transforms: what rewrites the code of a row, row by row, without a change of what it does."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from codeshift.checks import check_integer, settle
from codeshift.errors import DataError, ParameterError
from codeshift.hashing import digest, generator
from codeshift.properties.dataset_columns import column_values
from codeshift.properties.progress import progress_bar
from codeshift.properties.row_languages import check_languages, known_languages, language_column
from codeshift.properties.serialise import Serialisable

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True, kw_only=True)
class Transform(Serialisable, ABC):
    r"""Rewrite of the code of a row that keeps what the code does. Subclasses define ``rewrite_in``.

    A row is rewritten from its own text and the transform's arguments alone. Code that does not parse, and code of
    which parsing cannot tell that the rewrite is safe, stays as it is: such rows are counted as unchanged. So are rows
    of a language that the transform does not know, where a column names each row's.

    Attributes:
        column: Column of the code.
        language: Language of the code, or ``"column:lang"`` for the one that each row names in its column ``lang``.

    Raises:
        ParameterError: if the language is not known, or not to this transform.

    >>> from datasets import Dataset
    >>> from codeshift.transforms import DropComments, RenameIdentifiers
    >>> rows = Dataset.from_dict({"code": ["def f(x):\n    y = x  # the same\n    return y"]})
    >>> both = DropComments(language="python") >> RenameIdentifiers(language="python")
    >>> print(both.apply(rows)["code"][0])
    def f(x):
        local_0 = x
        return local_0
    """

    column: str = "code"
    language: str

    known_languages: ClassVar[tuple[str, ...] | None] = ("python",)
    """Languages that the transform knows; None for all that have a grammar."""

    def __post_init__(self) -> None:
        check_languages(self.language)
        if language_column(self.language) is None and not self._knows(self.language):
            known_languages = self.known_languages or ()
            remedy = "take DropComments or Reformat, which know all languages"
            raise ParameterError(
                "language", f"one of {', '.join(known_languages)} for this rewrite", self.language, remedy
            )

    def _knows(self, language: str) -> bool:
        return self.known_languages is None or language in self.known_languages

    @abstractmethod
    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code rewritten, or as it is if it cannot be rewritten safely.

        Args:
            text: Code.
            language: Its language, one that the transform knows.
        """

    def rewrite(self, text: str) -> str:
        """Return the code rewritten, or as it is if it cannot be rewritten safely.

        Raises:
            ParameterError: if a column names the language, which a text has none of.
        """
        if language_column(self.language) is not None:
            remedy = "apply rewrites rows, each in its own language"
            raise ParameterError("language", "a language, to rewrite a text", self.language, remedy)
        return self.rewrite_in(text, self.language)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are rewritten."""
        return (self.column,)

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Column of the rows' languages, if ``language`` names one."""
        column = language_column(self.language)
        return () if column is None else (column,)

    @property
    def digest(self) -> str:
        """Digest of the transform and its arguments, as a manifest records it."""
        return digest([json.dumps(self.to_dict(), sort_keys=True)])

    def apply(self, rows: Dataset) -> Dataset:
        """Return the rows in their order with the column rewritten; other columns are untouched.

        Raises:
            DataError: if the column is missing or does not hold text alone, or rows name an unknown language.
        """
        from datasets import Dataset

        texts = column_values(rows, self.column, "column")
        if not all(isinstance(text, str) for text in texts):
            raise DataError("column", "a column of text", self.column, "rewrite a column that holds code")
        plain = rows.with_format(None)
        columns = {name: plain[name][:] for name in rows.column_names}
        languages = self._languages(rows)
        bar = progress_bar("Rewriting", len(texts), "row", over=texts)
        columns[self.column] = [
            self.rewrite_in(text, language) if self._knows(language) else text
            for text, language in zip(bar, languages, strict=True)
        ]
        return Dataset.from_dict(columns, features=rows.features)

    def _languages(self, rows: Dataset) -> list[str]:
        """Return the language of each row."""
        column = language_column(self.language)
        if column is None:
            return [self.language] * len(rows)
        languages = list(column_values(rows, column, "language"))
        known_languages(languages, column)
        return languages

    def __rshift__(self, then: Transform) -> Chain:
        return Chain(steps=(self, then))


@dataclass(frozen=True, kw_only=True)
class DrawingTransform(Transform, ABC):
    """Base of the transforms that draw: by the seed and the text of the row, whatever stands around it."""

    seed: int = 0

    purpose: ClassVar[str]
    """Name of what is drawn, so that two transforms of one seed do not draw alike."""

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, seed=check_integer("seed", self.seed, smallest=0))

    def draws(self, text: str) -> np.random.Generator:
        """Return the random generator of a row."""
        return generator(self.seed, f"{self.purpose}:{digest([text])}")


@dataclass(frozen=True, kw_only=True)
class Chain(Serialisable):
    """Several transforms, one after the other; ``a >> b`` is a chain.

    Attributes:
        steps: Transforms, in the order in which they are applied.

    Raises:
        ParameterError: if there is none, or something else than a transform.

    >>> from codeshift.transforms import DropComments, Reformat
    >>> Chain(steps=(DropComments(language="go"), Reformat(language="go"))).columns
    ('code',)
    """

    steps: tuple[Transform | Chain, ...]

    def __post_init__(self) -> None:
        steps = tuple(self.steps)
        if not steps or not all(isinstance(step, Transform | Chain) for step in steps):
            raise ParameterError("steps", "transforms", self.steps, 'such as (DropComments(language="python"),)')
        settle(self, steps=steps)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are rewritten."""
        return tuple(dict.fromkeys(column for step in self.steps for column in step.columns))

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Columns of the rows' languages, of the steps that name one."""
        return tuple(dict.fromkeys(column for step in self.steps for column in step.also_reads))

    @property
    def digest(self) -> str:
        """Digest of the transforms and their arguments, as a manifest records it."""
        return digest([json.dumps(self.to_dict(), sort_keys=True)])

    def apply(self, rows: Dataset) -> Dataset:
        """Return the rows in their order, rewritten by each step.

        Raises:
            DataError: if a column is missing or does not hold text alone.
        """
        for step in self.steps:
            rows = step.apply(rows)
        return rows

    def __rshift__(self, then: Transform | Chain) -> Chain:
        return Chain(steps=(*self.steps, then))

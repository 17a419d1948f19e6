"""What a property is: a value for each row of a dataset of programs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.properties.grammars import check_language
from codeshift.properties.serialise import Serialisable

if TYPE_CHECKING:
    from codeshift.properties.syntax import SyntaxScan
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True)
class Property(Serialisable, ABC):
    """A value for each row, computed from the text of ``column``.

    A property is a frozen dataclass: equal properties are computed once a ``PropertyTable``.

    Attributes:
        column: the dataset's column that holds the code.

    One of your own, here from a column beside the code:

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> @dataclass(frozen=True)
    ... class Stars(Property):
    ...     def evaluate(self, table):
    ...         return np.array(table.data["stars"], dtype=np.float64)
    >>> PropertyTable(Dataset.from_dict({"code": ["f()", "g()"], "stars": [3, 120]})).values(Stars("code"))
    array([  3., 120.])
    """

    column: str

    @abstractmethod
    def evaluate(self, table: PropertyTable) -> Any:
        """The values of all rows of ``table``. Call ``table.values(property)`` instead, which remembers them."""


@dataclass(frozen=True)
class TextProperty(Property):
    """A number for each row that needs the row's text alone. Fill in ``compute``.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> @dataclass(frozen=True)
    ... class Semicolons(TextProperty):
    ...     def compute(self, texts):
    ...         return np.array([text.count(";") for text in texts])
    >>> PropertyTable(Dataset.from_dict({"code": ["f(); g();", "x"]})).values(Semicolons("code"))
    array([2., 0.])
    """

    @abstractmethod
    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Numbers of shape ``(len(texts),)`` for one batch of rows."""

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Numbers of shape ``(n,)``, batch by batch and cached on disk."""
        return table.compute_texts(self)


@dataclass(frozen=True)
class TreeProperty(Property):
    r"""A property of the syntax tree. Fill in ``from_syntax``; all of these share one parse of each row.

    Attributes:
        language: a name of ``codeshift.properties.languages()``.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> @dataclass(frozen=True)
    ... class Loops(TreeProperty):
    ...     def from_syntax(self, scan):
    ...         return scan.node_types.of(("for_statement", "while_statement")).sum(axis=1)
    >>> table = PropertyTable(Dataset.from_dict({"code": ["for x in y:\n    while x: f()", "f()"]}))
    >>> table.values(Loops("code", "python"))
    array([2, 0])
    """

    language: str

    def __post_init__(self) -> None:
        check_language(self.language)

    @abstractmethod
    def from_syntax(self, scan: SyntaxScan) -> Any:
        """The values of all rows, from what the parse found."""

    def evaluate(self, table: PropertyTable) -> Any:
        """The values of all rows of ``table``."""
        return self.from_syntax(table.syntax(self.column, self.language))

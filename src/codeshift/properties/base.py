"""What a property is: a value for each row of a dataset of programs."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from codeshift.formatting import significant
from codeshift.properties.grammars import check_language
from codeshift.properties.serialise import Serialisable, class_of

if TYPE_CHECKING:
    from codeshift.properties.syntax import SyntaxScan
    from codeshift.properties.table import PropertyTable


OTHER = "other"
"""The dimension of what belongs to none that has a name, or to several."""


@dataclass(frozen=True)
class Property(Serialisable, ABC):
    """A value for each row, computed from the text of ``column``.

    A property is a frozen dataclass: equal properties are computed once a ``PropertyTable``.

    Attributes:
        column: the dataset's column that holds the code.
        title: the number in words; made of the class's name where it is empty.
        verb: what programs do with the elements that the property counts.
        element: one of those elements in words; empty for what counts none.
        dimension: the dimension of code that a region of it shifts, such as "complexity" or "syntax".
        of_content: whether it says what a program is like, and not only where it comes from, or nothing at all.
        nominal: whether a value is a name (of a project, the number of a cluster), of which there is no mean.
        row_by_row: whether the value of a row follows from that row alone.

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

    title: ClassVar[str] = ""
    verb: ClassVar[str] = "hold"
    element: ClassVar[str] = ""
    dimension: ClassVar[str] = OTHER
    of_content: ClassVar[bool] = True
    nominal: ClassVar[bool] = False
    row_by_row: ClassVar[bool] = False

    column: str

    @abstractmethod
    def evaluate(self, table: PropertyTable) -> Any:
        """The values of all rows of ``table``. Call ``table.values(property)`` instead, which remembers them."""

    def describe(self) -> str:
        """The property's name in words."""
        return type(self).words_of(self.to_dict())

    @property
    def shown(self) -> Property | None:
        """The property to show in place of this one: itself, unless its numbers serve another or are chance."""
        return self

    @property
    def truth(self) -> str:
        """Which rows have a 1, in words, where the property is a truth value of each row; otherwise empty."""
        return ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads: its own, and those of the properties that it is made of."""
        inner = [value for f in fields(self) if isinstance(value := getattr(self, f.name), Property)]
        return tuple(dict.fromkeys([self.column, *(column for prop in inner for column in prop.columns)]))

    @property
    def functions(self) -> tuple[str, ...]:
        """The dotted names of the user's functions that it calls."""
        return ()

    def is_time(self, table: PropertyTable) -> bool:
        """Whether the numbers of a table's rows are seconds since 1970."""
        return False

    def telling(self, elements: Sequence[str]) -> Collection[str]:
        """The elements that say something of a program by themselves, such as no bracket."""
        return elements

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """The property's name in words.

        Args:
            plain: its ``to_dict()``, since a property in a manifest may need a function that is not at hand.
        """
        return cls.title or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain["type"]).lower()

    @classmethod
    def words_between(cls, plain: Mapping[str, Any], low: float | None, high: float | None) -> str:
        """The programs of which the number lies in ``[low, high)``, as a clause that follows "programs".

        Args:
            plain: the property's ``to_dict()``.
            low: the lower end; None where it is open.
            high: the upper end.
        """
        return cls._between(plain, ("at least {}", low), ("below {}", high))

    @classmethod
    def _between(cls, plain: Mapping[str, Any], *ends: tuple[str, float | None]) -> str:
        bounds = [words.format(cls.number_words(end)) for words, end in ends if end is not None]
        return f"whose {cls.words_of(plain)} is {' and '.join(bounds) or 'anything'}"

    @classmethod
    def number_words(cls, value: float) -> str:
        """A number of the property as people read it."""
        return significant(value)


def property_class(plain: Mapping[str, Any]) -> type[Property]:
    """The class of a property given as plain values; ``Property`` itself where this process does not know it."""
    cls = class_of(plain)
    return cls if cls is not None and issubclass(cls, Property) else Property


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

    A row on which the parser gives up (``codeshift.properties.bounds``) has NaN for a number, and no elements.

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
        scan = table.syntax(self.column, self.language)
        values = self.from_syntax(scan)
        if scan.stopped.any() and isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
            values = np.where(scan.stopped, np.nan, values)
        return values

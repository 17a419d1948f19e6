"""Base classes of properties, which give a value for each row of a dataset of programs."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from codeshift.checks import settle
from codeshift.errors import ParameterError
from codeshift.formatting import significant
from codeshift.properties.row_languages import check_languages, gathered, language_column, unsuited
from codeshift.properties.serialise import Serialisable, class_of

if TYPE_CHECKING:
    from codeshift.properties.syntax import SyntaxScan
    from codeshift.properties.table import PropertyTable


OTHER = "other"
"""Dimension of properties that belong to no named dimension, or to several."""


@dataclass(frozen=True)
class Property(Serialisable, ABC):
    """Value for each row, computed from the text of ``column``.

    A property is a frozen dataclass; a ``PropertyTable`` computes equal properties only once.

    Attributes:
        column: Dataset's column that holds the code.
        title: Number in words; by default derived from the name of the class.
        verb: Verb for what programs do with the elements that the property counts.
        element: Name of one of those elements; empty for a property that counts none.
        dimension: Dimension of code that a region of this property shifts, such as "complexity" or "syntax".
        of_content: Whether it describes the program itself, rather than its origin or nothing at all.
        nominal: Whether a value is a name (of a project, the number of a cluster), which has no mean.
        row_by_row: Whether the value of a row depends on that row alone.

    A property of your own, here from a column beside the code:

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
        """Compute the values of all rows of ``table``. Call ``table.values(property)`` instead, which stores them."""

    def count_of(self, table: PropertyTable, elements: Sequence[str]) -> np.ndarray:
        """Return counts of some elements in each row, of shape ``(n, len(elements))``, if the property counts any."""
        counts: np.ndarray = table.values(self).of(elements)
        return counts

    def describe(self) -> str:
        """Return the property's name in words."""
        return type(self).words_of(self.to_dict())

    @property
    def shown(self) -> Property | None:
        """Property to show in place of this one: itself, unless its numbers serve another one or are random."""
        return self

    @property
    def truth(self) -> str:
        """Description of the rows with a 1, if the property is a truth value of each row; otherwise empty."""
        return ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads: its own, and those of the properties that it is made of."""
        inner = [value for f in fields(self) if isinstance(value := getattr(self, f.name), Property)]
        return tuple(dict.fromkeys([self.column, *(column for prop in inner for column in prop.columns)]))

    @property
    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a column that it parses and the language; by default those of the properties that it is made of.

        A split leaves out rows on which the parser of a language gives up, and records the language's grammar, so a
        property that parses by itself must give its own pair.
        """
        inner = [value for f in fields(self) if isinstance(value := getattr(self, f.name), Property)]
        return tuple(dict.fromkeys(pair for prop in inner for pair in prop.parsed))

    @property
    def functions(self) -> tuple[str, ...]:
        """Dotted names of the user's functions that it calls."""
        return ()

    def is_time(self, table: PropertyTable) -> bool:
        """Return whether the numbers of a table's rows are seconds since 1970."""
        return False

    def telling(self, elements: Sequence[str]) -> Collection[str]:
        """Return the elements that characterise a program by themselves; brackets, for example, do not."""
        return elements

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Return the property's name in words.

        Args:
            plain: ``to_dict()`` of the property, since a property in a manifest may need a function that is not
                available.
        """
        return cls.title or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain["type"]).lower()

    @classmethod
    def words_between(cls, plain: Mapping[str, Any], low: float | None, high: float | None) -> str:
        """Describe the programs whose number lies in ``[low, high)``, as a clause that follows "programs".

        Args:
            plain: Property's ``to_dict()``.
            low: Lower end; None if unbounded.
            high: Upper end; None if unbounded.
        """
        return cls._between(plain, ("at least {}", low), ("below {}", high))

    @classmethod
    def _between(cls, plain: Mapping[str, Any], *ends: tuple[str, float | None]) -> str:
        bounds = [words.format(cls.number_words(end)) for words, end in ends if end is not None]
        return f"whose {cls.words_of(plain)} is {' and '.join(bounds) or 'anything'}"

    @classmethod
    def number_words(cls, value: float) -> str:
        """Return a number of the property in readable form."""
        return significant(value)


def property_class(plain: Mapping[str, Any]) -> type[Property]:
    """Return the class of a property given as plain values; ``Property`` itself if this process does not know it."""
    cls = class_of(plain)
    return cls if cls is not None and issubclass(cls, Property) else Property


@dataclass(frozen=True)
class TextProperty(Property):
    """Number for each row that needs the row's text alone. Implement ``compute``.

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
        """Compute numbers of shape ``(len(texts),)`` for one batch of rows."""

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute numbers of shape ``(n,)``, batch by batch."""
        return table.compute_texts(self)


@dataclass(frozen=True)
class TreeProperty(Property):
    r"""Property of the syntax tree. Implement ``from_syntax``; all of these share one parse of each row.

    A row on which the parser gives up (``codeshift.properties.bounds``) has NaN for a number, and no elements.

    Attributes:
        language: Language of ``codeshift.properties.languages()``, or ``"column:lang"`` to read each row in the
            language that its column ``lang`` names.

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
        settle(self, language=check_languages(self.language))
        if language_column(self.language) is None:
            self.check_language()

    def check_language(self) -> None:
        """Check that the property can read its one language, of which there is a grammar. By default it reads any.

        Raises:
            ParameterError: if it cannot.
        """

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads: its own, and that of the rows' languages, if they have one."""
        by_row = language_column(self.language)
        return super().columns if by_row is None else tuple(dict.fromkeys((*super().columns, by_row)))

    @property
    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Pair of its column and language."""
        return ((self.column, self.language),)

    @abstractmethod
    def from_syntax(self, scan: SyntaxScan) -> Any:
        """Return the values of all rows, from the result of the parse."""

    def evaluate(self, table: PropertyTable) -> Any:
        """Return the values of all rows of ``table``, each read in its language."""
        if language_column(self.language) is not None:
            return gathered([(rows, part.values(prop)) for prop, rows, part in self.by_language(table)], len(table))
        scan = table.syntax(self.column, self.language)
        values = self.from_syntax(scan)
        if scan.stopped.any() and isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
            values = np.where(scan.stopped, np.nan, values)
        return values

    def by_language(self, table: PropertyTable) -> list[tuple[Self, NDArray[np.int64], PropertyTable]]:
        """Return the property of each language of a table's rows, the positions of these rows, and their table.

        Raises:
            DataError: if rows name a language that is unknown, or that the property cannot read.
        """
        column = language_column(self.language)
        if column is None:
            return [(self, np.arange(len(table)), table)]
        properties = []
        for language, (rows, part) in table.by_language(column).items():
            try:
                properties.append((replace(self, language=language), rows, part))
            except ParameterError as error:
                raise unsuited(error, column, len(rows)) from None
        return properties

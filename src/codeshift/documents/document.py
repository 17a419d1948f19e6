r"""A document as frozen values: a title and blocks. How it looks is the renderers' business.

Where a text is asked for, give a string, or a tuple of strings, code spans and links:

>>> from codeshift.documents.inline import CodeSpan
>>> Paragraph(("The part ", CodeSpan("test_ood"), "."))
Paragraph(text=('The part ', CodeSpan(code='test_ood'), '.'))
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from codeshift.documents.inline import Text, plain
from codeshift.errors import ParameterError


@dataclass(frozen=True)
class Heading:
    """The head of a section; level 1 stands right below the title."""

    text: Text
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: Text


@dataclass(frozen=True)
class Note:
    """What a reader may skip: it stands back where the format can show that."""

    text: Text


@dataclass(frozen=True)
class Points:
    """A list, a text each."""

    points: tuple[Text, ...]


@dataclass(frozen=True)
class Facts:
    """Names, each with what there is to say of it. A line without a name goes on with the one above."""

    facts: tuple[tuple[str, Text], ...]


@dataclass(frozen=True)
class Code:
    """Lines of code.

    Attributes:
        code: lines as they are.
        language: name for highlighting; empty for none.
        caption: line above it.
    """

    code: str
    language: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Value:
    """What stands in one place of a table.

    Attributes:
        text: text that is shown.
        order: number that it is sorted by; its text where it is None.
        aside: text that stands back behind it: an interval.
        kind: mark of the place, a word that a page's style knows (``"failed"``, ``"pending"``, ``"id"``, ``"ood"``).
        heat: colour of a heat map, from -1 (worse) to 1 (better); NaN for none.
    """

    text: Text
    order: float | None = None
    aside: str = ""
    kind: str = ""
    heat: float = math.nan

    @property
    def whole(self) -> str:
        """The text with what stands behind it.

        >>> Value("50.0%", aside="[40.0, 60.0]").whole
        '50.0% [40.0, 60.0]'
        """
        return f"{plain(self.text)} {self.aside}".strip()


@dataclass(frozen=True)
class Column:
    """The head of a column, and whether its values are numbers, which stand to the right."""

    title: str
    numeric: bool = True


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table. One whose columns have no titles has no head.

    Attributes:
        columns: heads of the columns.
        rows: values, one a column.
        caption: sentence above the table, without its full stop.
        note: sentences that a reader must know.
        name: label to refer to it by.

    Raises:
        ParameterError: if a row has more or fewer values than there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    caption: Text = ""
    note: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ParameterError("rows", f"{len(self.columns)} values each", len(row), "one a column")

    @property
    def headed(self) -> bool:
        """Whether any column has a title."""
        return any(column.title for column in self.columns)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture. A page holds it; Markdown and LaTeX refer to a file of its name.

    Attributes:
        name: file's name without its ending, of letters, digits, ``_``, ``.`` and ``-``.
        label: sentence for those who do not see it.
        svg: ``<svg>`` element that our own code has drawn, the only text that a page takes as markup.
        caption: line above it.
        width: width in a page that it does not exceed, in rem; None for all there is.

    Raises:
        ParameterError: if the name could be more than a name, or the picture is no ``<svg>`` element.
    """

    name: str
    label: str
    svg: str
    caption: str = ""
    width: float | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.-]*", self.name):
            raise ParameterError("name", "letters, digits, '_', '.' and '-'", self.name, "it names a file")
        if not (self.svg.startswith("<svg") and self.svg.endswith("</svg>")):
            raise ParameterError("svg", "an <svg> element", self.svg[:40], "draw it with matplotlib")


Block = Heading | Paragraph | Note | Points | Facts | Code | Table | Figure


@dataclass(frozen=True)
class Document:
    """A title and the blocks below it, in order. An empty title is left out."""

    title: Text
    blocks: tuple[Block, ...] = ()

    @property
    def filled(self) -> tuple[Block, ...]:
        """The blocks without lists that hold nothing.

        >>> Document("", (Points(()), Paragraph("Nothing is wrong."))).filled
        (Paragraph(text='Nothing is wrong.'),)
        """
        return tuple(block for block in self.blocks if block not in (Points(()), Facts(())))


def names(*titles: str) -> tuple[Column, ...]:
    """Columns of words.

    >>> names("part", "role")[1]
    Column(title='role', numeric=False)
    """
    return tuple(Column(title, numeric=False) for title in titles)


def numbers(*titles: str) -> tuple[Column, ...]:
    """Columns of numbers.

    >>> numbers("rows")
    (Column(title='rows', numeric=True),)
    """
    return tuple(map(Column, titles))


def row(*texts: Text) -> tuple[Value, ...]:
    """The values of a row that are no more than texts.

    >>> row("train", "8")[1].text
    '8'
    """
    return tuple(map(Value, texts))

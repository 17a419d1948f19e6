r"""Documents as frozen values: a title and blocks, without a layout, which is left to the renderers.

A text is a string, or a tuple of strings, code spans, links and marks:

>>> from codeshift.documents.inline import CodeSpan
>>> Paragraph(("The part ", CodeSpan("test_ood"), "."))
Paragraph(text=('The part ', CodeSpan(code='test_ood'), '.'))
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from codeshift.documents.inline import Text, plain_text
from codeshift.errors import ParameterError


@dataclass(frozen=True)
class Heading:
    """Head of a section; level 1 is directly below the title."""

    text: Text
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: Text


@dataclass(frozen=True)
class Note:
    """Text that a reader may skip, shown less prominently if the format allows it."""

    text: Text


@dataclass(frozen=True)
class Points:
    """List, with one text per point."""

    points: tuple[Text, ...]


@dataclass(frozen=True)
class Facts:
    """Names, each with a text about it. A line without a name continues the one above."""

    facts: tuple[tuple[str, Text], ...]


@dataclass(frozen=True)
class Code:
    """Lines of code.

    Attributes:
        code: Lines, unchanged; a page shows the marks among them.
        language: Name for highlighting; empty for none.
        caption: Line above the code.
    """

    code: Text
    language: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Value:
    """Content of one cell of a table.

    Attributes:
        text: Text that is shown.
        order: Number that the cell is sorted by; None to sort by its text.
        aside: Less prominent text after the text, such as an interval.
        kind: Mark of the cell, a word that a page's style knows (``"failed"``, ``"pending"``, ``"id"``, ``"ood"``).
        heat: Colour of a heat map, from -1 (worse) to 1 (better); NaN for none.
    """

    text: Text
    order: float | None = None
    aside: str = ""
    kind: str = ""
    heat: float = math.nan

    @property
    def whole(self) -> str:
        """Text together with the aside.

        >>> Value("50.0%", aside="[40.0, 60.0]").whole
        '50.0% [40.0, 60.0]'
        """
        return f"{plain_text(self.text)} {self.aside}".strip()


@dataclass(frozen=True)
class Column:
    """Head of a column, and whether its values are numbers, which are aligned to the right."""

    title: str
    numeric: bool = True


@dataclass(frozen=True, kw_only=True)
class Table:
    """Table. If its columns have no titles, it has no head.

    Attributes:
        columns: Heads of the columns.
        rows: Values, one per column.
        caption: Sentence above the table, without its full stop.
        note: Sentences that a reader must know.
        name: Label for references to the table.

    Raises:
        ParameterError: if a row does not have one value per column.
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
    """Picture. A page contains it; Markdown and LaTeX refer to a file of its name.

    Attributes:
        name: Name of the file without its extension, of letters, digits, ``_``, ``.`` and ``-``.
        label: Sentence for readers who cannot see it.
        svg: ``<svg>`` element drawn by our own code, the only text that a page treats as markup.
        caption: Line above the picture.
        width: Largest width in a page, in rem; None for the full width.

    Raises:
        ParameterError: if the name contains other characters, or the picture is not an ``<svg>`` element.
    """

    name: str
    label: str
    svg: str
    caption: str = ""
    width: float | None = None

    def __post_init__(self) -> None:
        _refuse_unsafe_name(self.name, "it names a file")
        _refuse_other_markup(self.svg)


@dataclass(frozen=True)
class Key:
    """Key to the marks of figures that have no legend of their own.

    Attributes:
        entries: Marks, each an ``<svg>`` element drawn by our own code, with what they stand for.

    Raises:
        ParameterError: if a mark is not an ``<svg>`` element.
    """

    entries: tuple[tuple[str, Text], ...]

    def __post_init__(self) -> None:
        for svg, _ in self.entries:
            _refuse_other_markup(svg)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Blocks with a head of their own.

    Attributes:
        title: Head of the section; its level is that of the nesting.
        blocks: Blocks below it. A section without any is left out.
        name: Name that a page's menu and links refer to; empty for none.
        menu: Title in the menu of a page.
        look: Look of the section in a page: as it is, in a frame (``"card"``), or folded away until the reader asks
            for it (``"folded"``, ``"unfolded"`` if it is open at first). Other formats show each alike.
        kind: Mark of a card, a word that a page's style knows.

    Raises:
        ParameterError: if the name contains other characters than letters, digits, ``_``, ``.`` and ``-``.
    """

    title: Text
    blocks: tuple[Block, ...]
    name: str = ""
    menu: str = ""
    look: Literal["plain", "card", "folded", "unfolded"] = "plain"
    kind: str = ""

    def __post_init__(self) -> None:
        if self.name:
            _refuse_unsafe_name(self.name, "links refer to it")


@dataclass(frozen=True)
class SideBySide:
    """Blocks beside each other, as many as fit into the width of a page; one below the other in other formats.

    Attributes:
        blocks: Blocks, in their order.
        width: Smallest width of a block, in rem.
    """

    blocks: tuple[Block, ...]
    width: float = 20.0


Block = Heading | Paragraph | Note | Points | Facts | Code | Table | Figure | Key | Section | SideBySide


@dataclass(frozen=True)
class Document:
    """Title and the blocks below it, in order. An empty title is left out."""

    title: Text
    blocks: tuple[Block, ...] = ()

    @property
    def filled(self) -> tuple[Block, ...]:
        """Blocks without empty ones, as ``filled`` returns them."""
        return filled(self.blocks)


def filled(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return blocks without empty lists and keys, and without what holds nothing else.

    >>> filled((Points(()), Section(title="Failures", blocks=(Points(()),)), Paragraph("Nothing is wrong.")))
    (Paragraph(text='Nothing is wrong.'),)
    """
    return tuple(block for block in blocks if not _is_empty(block))


def _is_empty(block: Block) -> bool:
    match block:
        case Points(entries) | Facts(entries) | Key(entries):
            return not entries
        case Section(blocks=blocks) | SideBySide(blocks):
            return not filled(blocks)
        case _:
            return False


def _refuse_unsafe_name(name: str, remedy: str) -> None:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ParameterError("name", "letters, digits, '_', '.' and '-'", name, remedy)


def _refuse_other_markup(svg: str) -> None:
    if not (svg.startswith("<svg") and svg.endswith("</svg>")):
        raise ParameterError("svg", "an <svg> element", svg[:40], "draw it with matplotlib")


def names(*titles: str) -> tuple[Column, ...]:
    """Return columns of words.

    >>> names("part", "role")[1]
    Column(title='role', numeric=False)
    """
    return tuple(Column(title, numeric=False) for title in titles)


def numbers(*titles: str) -> tuple[Column, ...]:
    """Return columns of numbers.

    >>> numbers("rows")
    (Column(title='rows', numeric=True),)
    """
    return tuple(map(Column, titles))


def row(*texts: Text) -> tuple[Value, ...]:
    """Return the values of a row that are texts alone.

    >>> row("train", "8")[1].text
    '8'
    """
    return tuple(map(Value, texts))

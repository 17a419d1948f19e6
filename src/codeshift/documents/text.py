"""Documents as plain text, for a terminal; text from the data cannot control it."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from codeshift.documents.document import (
    Block,
    Code,
    Document,
    Facts,
    Figure,
    Heading,
    Key,
    Note,
    Paragraph,
    Points,
    Section,
    SideBySide,
    Table,
    filled,
)
from codeshift.documents.inline import CodeSpan, Link, Mark, Span, Text, exact, lines_of, plain_text, prose, spans

_WIDTH = 100
_INDENT = "  "


def render(document: Document, *, spaced: bool = True) -> str:
    """Return the document with a newline at its end: the title, and below it the blocks, indented.

    Args:
        document: Document to render.
        spaced: Whether to put an empty line between blocks.
    """
    indent = _INDENT if document.title else ""
    title = ["\n".join(_wrapped(_inline(document.title), others=_INDENT))] if document.title else []
    blocks = ["\n".join(_indented(_block(block, _WIDTH - len(indent)), indent)) for block in document.filled]
    return ("\n\n" if spaced else "\n").join([*title, *blocks]) + "\n"


def table(table: Table) -> str:
    """Return a table alone, with aligned columns and numbers to the right.

    >>> from codeshift.documents.document import names, numbers, row
    >>> print(table(Table(columns=names("language") + numbers("rows"), rows=(row("java", "11"), row("go", "2")))))
    language  rows
    java        11
    go           2
    """
    return "\n".join(_table(table))


def _block(block: Block, width: int) -> list[str]:
    match block:
        case Heading(text, _):
            head = _inline(text)
            return [head, "-" * _width(head)]
        case Paragraph(text) | Note(text):
            return _wrapped(_inline(text), width=width)
        case Points(points):
            return [line for point in points for line in _wrapped(_inline(point), "- ", _INDENT, width)]
        case Facts(facts):
            return list(_facts(facts, width))
        case Code(code, _, caption):
            lines = lines_of(plain_text(code))
            return [*_wrapped(prose(caption), width=width), *_indented(lines, _INDENT if caption else "")]
        case Figure(name=name, label=label, caption=caption):
            return _wrapped(prose(f"[figure {name}] {caption or label}"), width=width)
        case Table():
            above = _wrapped(_inline(block.caption), width=width)
            return [*above, *_table(block), *_wrapped(prose(block.note), width=width)]
        case Key(entries):
            return _wrapped(", ".join(_inline(name) for _, name in entries), width=width)
        case Section(title=title, blocks=blocks):
            return [*_block(Heading(title), width), "", *_below_each_other(blocks, width)]
        case SideBySide(blocks):
            return _below_each_other(blocks, width)


def _below_each_other(blocks: tuple[Block, ...], width: int) -> list[str]:
    lines = [line for block in filled(blocks) for line in ("", *_block(block, width))]
    return lines[1:]


def _facts(facts: Sequence[tuple[str, Text]], width: int) -> Iterator[str]:
    names = [prose(name) for name, _ in facts]
    side = max(map(_width, names), default=0) + 1
    for name, (_, value) in zip(names, facts, strict=True):
        yield from _wrapped(_inline(value), name + " " * (side - _width(name)), " " * side, width)


def _table(table: Table) -> list[str]:
    heads = [[prose(column.title) for column in table.columns]] if table.headed else []
    rows = [[f"{_inline(value.text)} {prose(value.aside)}".rstrip() for value in row] for row in table.rows]
    widths = [max(map(_width, column)) for column in zip(*heads, *rows, strict=True)]
    return [
        "  ".join(
            _filled(cell, width, right=column.numeric)
            for cell, width, column in zip(line, widths, table.columns, strict=True)
        ).rstrip()
        for line in [*heads, *rows]
    ]


def _filled(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: an ideograph takes two, a combining accent none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _wrapped(text: str, first: str = "", others: str = "", width: int = _WIDTH) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _indented(lines: list[str], indent: str) -> list[str]:
    return [f"{indent}{line}" if line else line for line in lines]


def _inline(text: Text) -> str:
    return "".join(map(_span, spans(text))).strip()


def _span(span: Span) -> str:
    match span:
        case CodeSpan(code):
            return exact(code)
        case Link(words, address):
            return prose(words) if address.startswith("#") else f"{prose(words)} ({exact(address)})"
        case Mark(words, _):
            return prose(words)
        case str():
            return prose(span)

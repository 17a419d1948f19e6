"""Documents as Markdown: CommonMark with the tables of GitHub and the hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
from codeshift.documents.inline import CodeSpan, Link, Mark, Span, Text, exact, plain_text, prose, quoted, spans

# Characters that Markdown, its tables, HTML or a site's extensions (links, mentions, mathematics) could read as markup.
_STRUCTURE = re.compile(r"[&<>|\\`*_\[\]{}~$#@]|!(?=\[)|:(?=/)|(?<=www)\.")
_WITHIN_WORDS = re.compile(r"(?<=[^\W_])&#95;(?=[^\W_])")
# The start of a list, a rule or the underline of a heading, if at the beginning of a line.
_FIRST = re.compile(r"^(\d{1,9}(?=[.)])|(?=[-+=]))")


def render(document: Document, *, level: int = 1) -> str:
    """Return the document, with a newline at its end.

    Args:
        document: Document to render.
        level: Level of the title; headings are below it.
    """
    title = [_heading(document.title, level)] if document.title else []
    return "\n\n".join([*title, *(_block(block, level) for block in document.filled)]) + "\n"


def escaped(text: str) -> str:
    r"""Escape text so that Markdown shows it unchanged, on one line.

    >>> print(escaped("a|b `c`\n<d> for_loop"))
    a\|b \`c\` \<d\> for\_loop
    """
    return _STRUCTURE.sub(r"\\\g<0>", prose(text))


def fenced(code: str, language: str = "") -> str:
    """Put code in a fence longer than any run of backticks inside.

    >>> print(fenced("x = '```'"))
    ````
    x = '```'
    ````
    """
    code = re.sub("\r\n?", "\n", code.encode("utf-8", errors="backslashreplace").decode())
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], rules: Sequence[str] | None = None) -> str:
    """Return a table of cells that are Markdown already.

    Args:
        heads: Heads of the columns.
        rows: Cells, one per column.
        rules: Alignment of the columns, ``"---:"`` for one of numbers; by default none.

    >>> print(table(["name", "rows"], [["**all**", "3"]], ["---", "---:"]))
    | name | rows |
    | --- | ---: |
    | **all** | 3 |
    """
    lines = (heads, ["---"] * len(heads) if rules is None else rules, *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _block(block: Block, level: int) -> str:
    match block:
        case Heading(text, below):
            return _heading(text, level + below)
        case Paragraph(text) | Note(text):
            return _first(text)
        case Points(points):
            return "\n".join(f"- {_first(point)}" for point in points)
        case Facts(facts):
            return "\n".join(
                f"- {_first(name)}: {_inline(value)}" if name else f"  {_first(value)}" for name, value in facts
            )
        case Code(code, language, caption):
            above = f"{_first(caption)}\n\n" if caption else ""
            return above + fenced(plain_text(code), language)
        case Figure(name=name, label=label, caption=caption):
            above = f"{_first(caption)}\n\n" if caption else ""
            return f"{above}![{escaped(label)}](./{quoted(name)}.svg)"
        case Table():
            return _table(block)
        case Key(entries):
            return _first(", ".join(plain_text(name) for _, name in entries))
        case Section(title=title, blocks=blocks):
            return "\n\n".join([_heading(title, level + 1), *(_block(inner, level + 1) for inner in filled(blocks))])
        case SideBySide(blocks):
            return "\n\n".join(_block(inner, level) for inner in filled(blocks))


def _heading(text: Text, level: int) -> str:
    return f"{'#' * min(level, 6)} {_inline(text)}"


def _table(block: Table) -> str:
    heads = [escaped(column.title) for column in block.columns]
    rules = ["---:" if column.numeric else "---" for column in block.columns]
    rows = [[f"{_inline(value.text)} {escaped(value.aside)}".strip() for value in row] for row in block.rows]
    lines = table(heads, rows, rules)
    above = f"{_first(block.caption)}\n\n" if block.caption else ""
    return above + lines + (f"\n\n{_first(block.note)}" if block.note else "")


def _first(text: Text) -> str:
    """Return text at the beginning of a block, where more characters can be markup."""
    return _FIRST.sub(r"\g<0>\\", _inline(text))


def _inline(text: Text) -> str:
    return "".join(map(_span, spans(text))).strip()


def _span(span: Span) -> str:
    match span:
        case CodeSpan(code):
            return f"<code>{_exact(code)}</code>"  # backticks cannot contain a pipe in a table, nor show a single space
        case Link(words, address):
            return f"[{escaped(words)}]({quoted(address).replace('&', '&amp;')})"
        case Mark(words, _):
            return escaped(words)
        case str():
            return escaped(span)


def _exact(code: str) -> str:
    """Return code, exactly. An underscore inside a word is not markup, so it stays, and names are easier to read."""
    escaped = _STRUCTURE.sub(lambda match: f"&#{ord(match[0])};", exact(code))
    return _WITHIN_WORDS.sub("_", escaped)

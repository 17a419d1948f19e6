"""Documents as HTML: a page, a part of one for a notebook, or one table. Nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from codeshift.documents.document import (
    Block,
    Code,
    Column,
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
    Value,
    filled,
)
from codeshift.documents.inline import CodeSpan, Link, Mark, Span, Text, plain_text, quoted, spans

_LONG = 20  # rows; a longer table scrolls in a frame of its own
_STYLE = """
.codeshift-document { font-family: system-ui, sans-serif; line-height: 1.45; max-width: 75rem; }
.codeshift-document table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
.codeshift-document :is(th, td) { border-bottom: 1px solid #8886; padding: .2rem .7rem; text-align: left; }
.codeshift-document :is(th, td).number { text-align: right; }
.codeshift-document td.number { white-space: nowrap; }
.codeshift-document tbody th { font-weight: 400; overflow-wrap: anywhere; min-width: 7rem; }
.codeshift-document pre { border: 1px solid #8886; padding: .5rem; overflow: auto; max-height: 20rem; }
.codeshift-document figure { margin: .5rem 0; }
.codeshift-document :is(code, th, td) { unicode-bidi: isolate; }
.codeshift-document caption { text-align: left; }
.codeshift-document .note { font-size: .9em; }
.codeshift-document .wide { overflow-x: auto; }
"""


@dataclass(frozen=True)
class Look:
    """Look of a page of its own, in place of the plain one.

    Attributes:
        style: Style sheet, of our own code.
        script: Script, of our own code, the only one that the page lets run; empty for none.
    """

    style: str
    script: str = ""


def render(document: Document, look: Look | None = None) -> str:
    """Return a whole page, which asks for nothing else.

    Args:
        document: Document to render.
        look: Look of the page. With one, the blocks above the first section become the page's header, with a menu of
            the sections that have a name.

    >>> "<script>" in render(Document("<script>", (Paragraph("<script>"),)))
    False
    """
    script = "" if look is None else look.script
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(plain_text(document.title))}</title>",
    ]
    body = [fragment(document) if look is None else _page(document)]
    if look is not None:
        head += ['<meta name="color-scheme" content="light dark">', f"<style>\n{look.style}</style>"]
    if script:
        body.append(f"<script>{script}</script>")
    page = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>", *body, "</body>", "</html>"]
    return "\n".join(page) + "\n"


def _policy(script: str) -> str:
    """Return the policy by which a browser loads nothing, and runs no other script."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    runs = f"script-src 'sha256-{digest}'; " if script else ""
    return f"default-src 'none'; style-src 'unsafe-inline'; {runs}base-uri 'none'; form-action 'none'"


def _page(document: Document) -> str:
    """Return the header, with the menu, and the sections of a page that has a look of its own."""
    blocks = document.filled
    sections = [block for block in blocks if isinstance(block, Section)]
    start = blocks.index(sections[0]) if sections else len(blocks)
    links = "".join(
        f'<a href="#{section.name}">{_inline(section.menu or section.title)}</a>'
        for section in sections
        if section.name
    )
    return "\n".join([
        "<header>", f"<h1>{_inline(document.title)}</h1>", *_blocks(blocks[:start], 1),
        *([f'<nav aria-label="sections">{links}</nav>'] if links else []),
        "</header>", "<main>", *_blocks(blocks[start:], 1), "</main>",
    ])  # fmt: skip


def fragment(document: Document) -> str:
    """Return a part of a page for a notebook, with a style that does not affect the rest of the page."""
    title = [f"<h1>{_inline(document.title)}</h1>"] if document.title else []
    body = "\n".join([*title, *_blocks(document.blocks, 1)])
    return f'<div class="codeshift-document">\n<style>{_STYLE}</style>\n{body}\n</div>'


def table(table: Table) -> str:
    """Return a table without its note; one that is a heat map has the class ``heat``."""
    heat = any(not math.isnan(value.heat) for row in table.rows for value in row)
    return "\n".join([f"<table{_classes(['heat'] if heat else [])}>", *_parts(table), "</table>"])


def figure(figure: Figure) -> str:
    """Return a picture with its caption."""
    wide = "" if figure.width is None else f' style="max-width: {figure.width:.1f}rem"'
    above = f"<figcaption>{escaped(figure.caption)}</figcaption>" if figure.caption else ""
    return f"<figure{wide}>{above}{figure.svg}</figure>"


def escaped(text: str) -> str:
    r"""Escape text so that HTML shows it unchanged and it can be written as UTF-8.

    >>> escaped("<b> & '\ud800'")
    '&lt;b&gt; &amp; &#x27;\\ud800&#x27;'
    """
    return escape(text.encode("utf-8", errors="backslashreplace").decode())


def _blocks(blocks: Iterable[Block], level: int) -> list[str]:
    return [_block(block, level) for block in filled(tuple(blocks))]


def _block(block: Block, level: int) -> str:
    """Return a block; ``level`` is that of the head above it, 1 for the title."""
    match block:
        case Heading(text, below):
            return _heading(text, level + below)
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case Note(text):
            return f'<p class="note">{_inline(text)}</p>'
        case Points(points):
            return f"<ul>{''.join(f'<li>{_inline(point)}</li>' for point in points)}</ul>"
        case Facts(facts):
            return f"<dl>{''.join(f'<dt>{escaped(name)}</dt><dd>{_inline(value)}</dd>' for name, value in facts)}</dl>"
        case Code(code, _, caption):
            above = f"<figcaption>{escaped(caption)}</figcaption>" if caption else ""
            return f'<figure class="code">{above}<pre><code>{_inline(code)}</code></pre></figure>'
        case Figure():
            return figure(block)
        case Table():
            long = " long" if len(block.rows) > _LONG else ""
            note = f'\n<p class="note">{escaped(block.note)}</p>' if block.note else ""
            return f'<div class="wide{long}">\n{table(block)}\n</div>{note}'
        case Key(entries):
            return f'<p class="key">{"".join(f"<span>{svg}{_inline(name)}</span>" for svg, name in entries)}</p>'
        case SideBySide(blocks, width):
            inner = "\n".join(_blocks(blocks, level))
            return f'<div class="beside" style="--width: {width:g}rem">\n{inner}\n</div>'
        case Section():
            return _section(block, level + 1)


def _section(section: Section, level: int) -> str:
    named = (f' id="{section.name}"' if section.name else "") + _classes([section.kind] if section.kind else [])
    inner = "\n".join(_blocks(section.blocks, level))
    match section.look:
        case "plain":
            return f"<section{named}>\n{_heading(section.title, level)}\n{inner}\n</section>"
        case "card":
            return f"<article{named}>\n{_heading(section.title, level)}\n{inner}\n</article>"
        case "folded" | "unfolded":
            opened = " open" if section.look == "unfolded" else ""
            return f"<details{named}{opened}>\n<summary>{_inline(section.title)}</summary>\n{inner}\n</details>"


def _heading(text: Text, level: int) -> str:
    return f"<h{min(level, 6)}>{_inline(text)}</h{min(level, 6)}>"


def _parts(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"<caption>{_inline(table.caption)}</caption>"
    if table.headed:
        yield f"<thead><tr>{''.join(map(_head, table.columns))}</tr></thead>"
    yield "<tbody>"
    for first, *others in table.rows:
        cells = [f"<td{_attributes(c, v)}>{_cell(v)}</td>" for c, v in zip(table.columns[1:], others, strict=True)]
        yield f'<tr><th scope="row"{_attributes(table.columns[0], first)}>{_cell(first)}</th>{"".join(cells)}</tr>'
    yield "</tbody>"


def _head(column: Column) -> str:
    return f'<th scope="col"{_classes(["number"] if column.numeric else [])}>{escaped(column.title)}</th>'


def _cell(value: Value) -> str:
    aside = f' <span class="aside">{escaped(value.aside)}</span>' if value.aside else ""
    return _inline(value.text) + aside


def _attributes(column: Column, value: Value) -> str:
    """Return class, heat-map colour and sorting key of a cell."""
    classes = [*(["number"] if column.numeric else []), *([value.kind] if value.kind else [])]
    style = ""
    if not math.isnan(value.heat) and value.heat:
        classes.append("worse" if value.heat < 0 else "better")
        style = f' style="--h: {abs(value.heat) * 0.6:.2f}"'
    order = "" if value.order is None else f' data-v="{value.order!r}"'
    return f"{_classes(classes)}{style}{order}"


def _classes(names: list[str]) -> str:
    return f' class="{escaped(" ".join(names))}"' if names else ""


def _inline(text: Text) -> str:
    return "".join(map(_span, spans(text)))


def _span(span: Span) -> str:
    match span:
        case CodeSpan(code):
            return f"<code>{escaped(code)}</code>"
        case Link(words, address):
            return f'<a href="{escaped(quoted(address))}">{escaped(words)}</a>'
        case Mark(words, kind):
            return f'<mark class="{escaped(kind)}">{escaped(words)}</mark>'
        case str():
            return escaped(span)

"""Documents as HTML: a page, a part of one for a notebook, or one table. Nothing is loaded from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from codeshift.documents.document import (
    Block,
    Code,
    Column,
    Document,
    Facts,
    Figure,
    Heading,
    Note,
    Paragraph,
    Points,
    Table,
    Value,
)
from codeshift.documents.inline import CodeSpan, Link, Span, Text, plain, quoted, spans

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
"""


def render(document: Document) -> str:
    """Return a whole page.

    >>> "<script>" in render(Document("<script>", (Paragraph("<script>"),)))
    False
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(plain(document.title))}</title>\n</head>\n<body>\n{fragment(document)}\n</body>\n</html>\n"
    )


def fragment(document: Document) -> str:
    """Return a part of a page for a notebook, with a style that does not affect the rest of the page."""
    title = [f"<h1>{_inline(document.title)}</h1>"] if document.title else []
    body = "\n".join([*title, *map(_block, document.filled)])
    return f'<div class="codeshift-document">\n<style>{_STYLE}</style>\n{body}\n</div>'


def table(table: Table, *, classes: str = "") -> str:
    """Return a table without its note.

    Args:
        table: table to render.
        classes: class names for a page's style and script.
    """
    named = f' class="{escaped(classes)}"' if classes else ""
    return "\n".join([f"<table{named}>", *_parts(table), "</table>"])


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


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level + 1}>{_inline(text)}</h{level + 1}>"
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case Note(text):
            return f'<p class="note">{_inline(text)}</p>'
        case Points(points):
            return f"<ul>{''.join(f'<li>{_inline(point)}</li>' for point in points)}</ul>"
        case Facts(facts):
            return f"<dl>{''.join(f'<dt>{escaped(name)}</dt><dd>{_inline(told)}</dd>' for name, told in facts)}</dl>"
        case Code(code, _, caption):
            above = f"<figcaption>{escaped(caption)}</figcaption>" if caption else ""
            return f"<figure>{above}<pre><code>{escaped(code)}</code></pre></figure>"
        case Figure():
            return figure(block)
        case Table():
            return table(block) + (f'\n<p class="note">{escaped(block.note)}</p>' if block.note else "")


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
        case str():
            return escaped(span)

"""Sections as HTML. Every text passes through one escape; nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from codeshift.audit.sections import Section

_STYLE = """
.codeshift-audit { font-family: system-ui, sans-serif; line-height: 1.45; max-width: 75rem; }
.codeshift-audit table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
.codeshift-audit th, .codeshift-audit td { border-bottom: 1px solid #8886; padding: .2rem .7rem; text-align: right; }
.codeshift-audit th:first-child, .codeshift-audit td:first-child { text-align: left; overflow-wrap: anywhere; }
.codeshift-audit pre { border: 1px solid #8886; padding: .5rem; overflow: auto; max-height: 20rem; }
.codeshift-audit figure { margin: .5rem 0; }
"""


def to_page(sections: Sequence[Section]) -> str:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(sections[0].title)}</title>\n</head>\n<body>\n{to_fragment(sections)}\n</body>\n</html>\n"
    )


def to_fragment(sections: Sequence[Section]) -> str:
    """What a notebook shows.

    >>> "<script>" in to_fragment([Section(title="<script>")])
    False
    """
    levels = ["h1"] + ["h2"] * (len(sections) - 1)
    body = "\n".join(line for level, section in zip(levels, sections, strict=True) for line in _section(level, section))
    return f'<div class="codeshift-audit">\n<style>{_STYLE}</style>\n{body}\n</div>'


def _section(level: str, section: Section) -> Iterator[str]:
    yield f"<{level}>{escape(section.title)}</{level}>"
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in section.text)
    if section.points:
        yield f"<ul>{''.join(f'<li>{escape(point)}</li>' for point in section.points)}</ul>"
    if section.header:
        yield f"<table>\n<thead>{_row('th', section.header)}</thead>\n<tbody>"
        yield from (_row("td", cells) for cells in section.rows)
        yield "</tbody>\n</table>"
    for caption, code in section.code:
        yield f"<figure><figcaption>{escape(caption)}</figcaption><pre><code>{escape(code)}</code></pre></figure>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

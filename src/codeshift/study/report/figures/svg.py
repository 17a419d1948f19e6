"""A figure as an ``<svg>`` element that sits in a page."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

from codeshift.study.report.figures.theme import VARIABLES

_COLOUR = re.compile("|".join(VARIABLES))


def inline_svg(figure: Any, name: str, label: str) -> str:
    """The figure in the page's font and colours, with identifiers that clash with no other figure's.

    Args:
        figure: of matplotlib, drawn with the page's theme.
        name: of the figure, which no other on the page has.
        label: what it shows, for those who do not see it.
    """
    buffer = io.StringIO()
    unnamed = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # the same bytes each time
    figure.savefig(buffer, format="svg", transparent=True, metadata=unnamed)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'style="[^"]*"', lambda style: _for_page(style[0]), svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)


def _for_page(style: str) -> str:
    """Colours become the page's variables; of fonts size and weight stay, the family is the page's."""
    style = _COLOUR.sub(lambda colour: f"var({VARIABLES[colour[0]]})", style)
    return re.sub(r"font: (?:(\d+) )?([\d.]+)px [^;\"]*", _font, style)


def _font(found: re.Match[str]) -> str:
    weight = f"; font-weight: {found[1]}" if found[1] else ""
    return f"font-size: {found[2]}px{weight}"

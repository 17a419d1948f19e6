"""Figures as ``<svg>`` elements for a page."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

from codeshift.study.report.figures.theme import VARIABLES

_COLOUR = re.compile("|".join(VARIABLES))


def inline_svg(figure: Any, name: str, label: str) -> str:
    """Render a figure in the page's font and colours, with identifiers that differ from those of other figures.

    Args:
        figure: Matplotlib figure, drawn with the page's theme.
        name: Name of the figure, unique on the page.
        label: Description of the figure, for screen readers.
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
    """Replace colours by the page's variables, and font families by the page's; size and weight stay."""
    style = _COLOUR.sub(lambda colour: f"var({VARIABLES[colour[0]]})", style)
    return re.sub(r"font: (?:(\d+) )?([\d.]+)px [^;\"]*", _font, style)


def _font(match: re.Match[str]) -> str:
    weight = f"; font-weight: {match[1]}" if match[1] else ""
    return f"font-size: {match[2]}px{weight}"

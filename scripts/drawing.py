"""Drawing of the pictures of the pages: colours for light and dark pages, lines and texts."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[1] / "docs" / "assets"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:13px"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours that can be read on a light or a dark page."""

    name: str
    text: str
    faint: str
    line: str
    train: str
    id: str
    ood: str


THEMES = (
    Theme(name="light", text="#1f2933", faint="#616e7c", line="#cbd2d9", train="#9aa5b1", id="#0e7c86", ood="#d9480f"),
    Theme(name="dark", text="#e4e7eb", faint="#a3adb8", line="#4a5568", train="#7b8794", id="#38c6c0", ood="#ff922b"),
)


def svg(width: float, height: float, title: str, body: str) -> str:
    """Return a whole picture, with a description for those who do not see it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" style="{_FONT}" role="img">'
    return f"{head}<title>{escape(title)}</title>{body}</svg>\n"


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    """Return a thin line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.5"/>'


def text(x: float, y: float, words: str, colour: str, *, anchor: str = "start", bold: bool = False) -> str:
    """Return a line of text."""
    weight = ' font-weight="600" font-size="15"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'

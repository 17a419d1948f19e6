"""Where the page of a benchmark goes: into a file, or to the terminal."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_page(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names the page."""
    parser.add_argument("--write", type=Path, help="the page to write; printed without")


def write_or_print(text: str, page: Path | None) -> None:
    """Write the text of a page, or print it if no page is named."""
    if page is None:
        print(text)
    else:
        page.write_text(text, encoding="utf-8")

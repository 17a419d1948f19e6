"""An assignment as a notebook shows it: a table of the parts' sizes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def assignment_html(splitter: str, sizes: Mapping[str, int], excluded: Mapping[str, int], total: int) -> str:
    """A caption and a table of rows and shares by part, the reasons of exclusion below ``excluded``."""
    rows = [_row(escape(part), size, total) for part, size in sizes.items()]
    rows += [_row(f"&emsp;{escape(reason)}", count, total) for reason, count in excluded.items()]
    caption = f"<caption><code>{escape(splitter)}</code></caption>"
    head = "<thead><tr><th>part</th><th>rows</th><th>share</th></tr></thead>"
    return f"<table>{caption}{head}<tbody>{''.join(rows)}</tbody></table>"


def _row(name: str, count: int, total: int) -> str:
    right = ' style="text-align: right"'
    return f"<tr><td>{name}</td><td{right}>{count:,}</td><td{right}>{count / total:.1%}</td></tr>"

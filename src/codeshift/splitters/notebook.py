"""An assignment as a notebook shows it: a table of the parts' sizes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codeshift.splitters.assignment import SplitAssignment


def assignment_html(assignment: SplitAssignment) -> str:
    """A caption and a table of rows and shares by part, the reasons of exclusion below ``excluded``."""
    total = len(assignment.parts)
    rows = [_row(escape(part), size, total) for part, size in assignment.sizes.items()]
    rows += [_row(f"&emsp;{escape(reason)}", count, total) for reason, count in assignment.excluded.items()]
    caption = f"<caption><code>{escape(assignment.manifest.splitter)}</code></caption>"
    head = "<thead><tr><th>part</th><th>rows</th><th>share</th></tr></thead>"
    return f"<table>{caption}{head}<tbody>{''.join(rows)}</tbody></table>"


def _row(name: str, count: int, total: int) -> str:
    right = ' style="text-align: right"'
    return f"<tr><td>{name}</td><td{right}>{count:,}</td><td{right}>{count / total:.1%}</td></tr>"

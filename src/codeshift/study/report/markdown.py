"""A report as Markdown (GitHub's, with tables)."""

from __future__ import annotations

from collections.abc import Iterable

from codeshift.audit.markdown import escaped
from codeshift.study.report.tables import Table


def to_markdown(title: str, summary: Iterable[str], tables: Iterable[Table], details: Iterable[str]) -> str:
    """The summary as a list, then every table."""
    lines = [f"# {escaped(title)}", "", *(f"- {escaped(line)}" for line in summary), ""]
    for table in tables:
        lines += [f"## {escaped(table.title)}", "", *table_lines(table), ""]
    lines += ["## How it was made", "", *(f"- {escaped(line)}" for line in details)]
    return "\n".join(lines) + "\n"


def table_lines(table: Table) -> list[str]:
    r"""One table, with its note; numbers to the right.

    >>> from codeshift.study.report.tables import Column, Value
    >>> made = Table(name="t", title="T", columns=(Column("a", numeric=False), Column("b")),
    ...              rows=((Value("x|y"), Value("1", aside="[0, 2]")),))
    >>> print("\n".join(table_lines(made)))
    | a | b |
    | --- | ---: |
    | x\|y | 1 \[0, 2\] |
    """
    heads = [escaped(column.title) for column in table.columns]
    rules = ["---:" if column.numeric else "---" for column in table.columns]
    rows = [[escaped(value.whole) for value in row] for row in table.rows]
    note = ["", escaped(table.note)] if table.note else []
    return [f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)] + note

"""The scores of an evaluation, as ``codeshift evaluate`` and ``codeshift score`` print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeshift.cli.output import as_table
from codeshift.formatting import counted, fixed

if TYPE_CHECKING:
    from codeshift.finetune import EvaluationResult


def scores_in_words(result: EvaluationResult, out: str | None) -> str:
    """Return a table of the scores of each part, what they rest on, and where ``out`` says that they are written."""
    from codeshift.finetune.evaluation_result import interval_text, transformed_text

    lines = [
        (row["part"], row["metric"], fixed(row["value"], 4), interval_text(row), row["n"], row["groups"], row["rows"])
        for row in result.aggregates()
    ]
    table = as_table(lines, header=("part", "metric", "value", "95% interval", "scored", "groups", "rows"))
    seen = [
        (
            row["part"], row["metric"], "in a corpus" if row["seen"] else "in none", fixed(row["value"], 4),
            interval_text(row), row["n"],
        )
        for row in result.seen_aggregates()
        if not row["corpus"]
    ]  # fmt: skip
    of_seen = as_table(seen, header=("part", "metric", "rows", "value", "95% interval", "scored")) if seen else ""
    notes = [*map(transformed_text, result.transformed()), *result.notes()] + [
        f"{row['part']}, {row['metric']}: {counted(row['unparsable'], 'row')} scored as code that does not parse, "
        "since the parser gives up on the text."
        for row in result.aggregates()
        if row["unparsable"]
    ]
    written = [f"The scores and outputs of every row are in {out}."] if out else []
    return "\n\n".join(filter(None, [table, of_seen, "\n".join(notes), *written]))

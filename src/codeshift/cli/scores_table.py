"""The scores of an evaluation, as ``codeshift score`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeshift.cli.output import as_table
from codeshift.formatting import fixed

if TYPE_CHECKING:
    from codeshift.finetune import EvaluationResult


def scores_table(result: EvaluationResult) -> str:
    """Return a table of the scores of each part, with their intervals and what they rest on."""
    from codeshift.finetune.evaluation_result import interval_text

    lines = [
        (row["part"], row["metric"], fixed(row["value"], 4), interval_text(row), row["n"], row["groups"], row["rows"])
        for row in result.aggregates()
    ]
    return as_table(lines, header=("part", "metric", "value", "95% interval", "scored", "groups", "rows"))

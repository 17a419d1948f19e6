"""What a study found in each cell: a scenario, a method and a part of the test rows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from codeshift.metrics import Estimate, ExactMatch, NegativeLogLikelihood, TokenAccuracy
from codeshift.study.measures import measure_of

MEASURES = tuple(measure_of(metric) for metric in (NegativeLogLikelihood(), TokenAccuracy(), ExactMatch()))


@dataclass(frozen=True, kw_only=True)
class DemoCell:
    """The scores of one method on one part of one scenario.

    Attributes:
        scenario: its name.
        method: "none" (the pretrained model without fine-tuning), "full" or "lora".
        part: "test_id" or "test_ood".
        rows: rows of the part.
        estimates: by metric; each holds the number of rows that it was measured on.
    """

    scenario: str
    method: str
    part: str
    rows: int
    estimates: dict[str, Estimate]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; NaN is None."""
        estimates = {
            name: {"n": e.n, "value": _finite(e.value), "low": _finite(e.low), "high": _finite(e.high)}
            for name, e in self.estimates.items()
        }
        return {"scenario": self.scenario, "method": self.method, "part": self.part, "n": self.rows, **estimates}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_jsonl(cells: Iterable[DemoCell]) -> str:
    """One line of JSON a cell."""
    return "".join(json.dumps(cell.to_dict(), allow_nan=False) + "\n" for cell in cells)


def to_text(cells: Sequence[DemoCell]) -> str:
    """A table for a terminal of 100 columns, a line between scenarios.

    >>> half = Estimate(0.5, 0.375, 0.625, n=40, confidence=0.95, method="percentile")
    >>> estimates = {measure.metric: half for measure in MEASURES}
    >>> print(to_text([DemoCell(scenario="length", method="full", part="test_ood", rows=40, estimates=estimates)]))
    scenario  method  part      rows  NLL a token           token accuracy      exact match
    length    full    test_ood    40  0.500 [0.375, 0.625]  50.0% [37.5, 62.5]  50.0% [37.5, 62.5]
    """
    head = ["scenario", "method", "part", "rows", *(measure.title for measure in MEASURES)]
    body = [
        [c.scenario, c.method, c.part, str(c.rows), *(m.compact(c.estimates[m.metric]) for m in MEASURES)]
        for c in cells
    ]
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    lines = [_line(head, widths)]
    for i, row in enumerate(body):
        if i == 0 or row[0] != body[i - 1][0]:
            lines += [] if i == 0 else ["-" * min(sum(widths) + 2 * len(widths) - 2, 100)]
        lines.append(_line(row, widths))
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        text.rjust(width) if i == 3 else text.ljust(width)
        for i, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()

"""The tidy table of a study: one line for each run, part and metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from codeshift.metrics import Estimate
from codeshift.study.folder.records import RunRecord


def tidy_table(lines: Iterable[dict[str, Any]]) -> pa.Table:
    """Make a table of lines of ``tidy_line``."""
    text, number, count = pa.string(), pa.float64(), pa.int64()
    schema = pa.schema({
        "model": text, "scenario": text, "ood_kept": number, "method": text, "variant": text,
        "split_seed": count, "train_seed": count,
        "part": text, "metric": text, "value": number, "low": number, "high": number, "n": count, "rows": count,
        "groups": count, "interval": text, "status": text, "error": text, "seconds": number,
    })  # fmt: skip
    return pa.Table.from_pylist(list(lines), schema=schema)


def tidy_line(
    record: RunRecord, part: str, scenario: str | None, metric: str, estimate: Estimate | None, rows: int
) -> dict[str, Any]:
    """Make one line of the table.

    Args:
        record: Record of the run.
        part: Name of the part.
        scenario: Scenario that the part belongs to; None if it belongs to no scenario.
        metric: Name of the metric.
        estimate: Value and interval of the metric; None if the run is not done.
        rows: Number of rows of the part.

    >>> from codeshift.study.settings.keys import RunKey
    >>> run = RunRecord(key=RunKey(method="none"), status="pending")
    >>> line = tidy_line(run, "test", None, "exact_match", None, 0)
    >>> line["value"], line["n"], line["status"]
    (nan, 0, 'pending')
    """
    of_run = record.key.to_dict() | {"status": record.status, "error": record.error, "seconds": record.seconds}
    line = of_run | {"part": part, "scenario": scenario, "metric": metric}
    if estimate is None:
        nothing = {"value": math.nan, "low": math.nan, "high": math.nan, "n": 0, "rows": 0}
        return line | nothing | {"groups": 0, "interval": ""}
    return line | {
        "value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n, "rows": rows,
        "groups": estimate.n if estimate.groups is None else estimate.groups,
        "interval": estimate.method if estimate.has_interval else "",
    }  # fmt: skip

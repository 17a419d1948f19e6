"""The tidy table of a study: one line for each run, part and metric."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from codeshift.metrics import Estimate, bootstrap_ci
from codeshift.study.keys import RunRecord

if TYPE_CHECKING:
    import pyarrow as pa

    from codeshift.study.results import StudyResults


def tidy_table(results: StudyResults, *, n_resamples: int, seed: int) -> pa.Table:
    """Do what ``StudyResults.table`` says."""
    import pyarrow as pa

    text, number, count = pa.string(), pa.float64(), pa.int64()
    schema = pa.schema({
        "scenario": text, "ood_kept": number, "method": text, "variant": text, "split_seed": count, "train_seed": count,
        "part": text, "metric": text, "value": number, "low": number, "high": number, "n": count, "rows": count,
        "groups": count, "interval": text, "status": text, "error": text, "seconds": number,
    })  # fmt: skip
    return pa.Table.from_pylist(list(_lines(results, n_resamples, seed)), schema=schema)


def _lines(results: StudyResults, n_resamples: int, seed: int) -> Iterator[dict[str, Any]]:
    from codeshift.study.results import TEST_PARTS

    for record in results.records:
        of_run = record.key.to_dict() | {"status": record.status, "error": record.error, "seconds": record.seconds}
        for part, scenario in _parts(results, record):
            for name, metric in results.metrics.items():
                line = of_run | {"part": part, "scenario": scenario, "metric": name}
                if record.status != "done":
                    nothing = {"value": math.nan, "low": math.nan, "high": math.nan, "n": 0, "rows": 0}
                    yield line | nothing | {"groups": 0, "interval": ""}
                    continue
                rows = results.statistics(record.key, name, part, scenario)
                alike = results.copies(record.key, "test" if part in TEST_PARTS else part)
                if part in TEST_PARTS:
                    alike = alike[results.members(part, scenario or "", record.key.split_seed)]
                found: Estimate = bootstrap_ci(
                    rows, metric=metric, n_resamples=n_resamples, seed=seed, nan_policy="omit", groups=alike
                )
                yield line | {
                    "value": found.value, "low": found.low, "high": found.high, "n": found.n, "rows": len(rows),
                    "groups": found.n if found.groups is None else found.groups,
                    "interval": found.method if found.has_interval else "",
                }  # fmt: skip


def _parts(results: StudyResults, record: RunRecord) -> Iterator[tuple[str, str | None]]:
    """The parts of a run with the scenario each belongs to: what is shared stands for every scenario."""
    from codeshift.study.results import TEST_PARTS

    own = record.key.scenario
    for scenario in results.scenarios if own is None else (own,):
        yield from ((part, scenario) for part in TEST_PARTS)
    yield from ((name, own) for name in results.sets)

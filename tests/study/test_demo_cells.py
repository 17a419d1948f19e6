"""Results of a study: what is not a number stays none, and the table fits a terminal."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from codeshift.metrics import Estimate
from codeshift.study.demo_cells import MEASURES, DemoCell, to_jsonl, to_text


def estimate(value, low=math.nan, high=math.nan, n=10):
    return Estimate(value, low, high, n=n, confidence=0.95, method="percentile")


def cell(value=0.5, **changes):
    given = {"scenario": "length", "method": "full", "part": "test_ood", "rows": 10} | changes
    return DemoCell(**given, estimates={measure.metric: estimate(value, value, value) for measure in MEASURES})


@given(st.floats() | st.just(math.nan))
def test_jsonl_holds_every_value_and_null_for_what_is_no_number(value):
    """Each line is strict JSON; a value comes back as it was, and NaN or infinity as null, never as 0."""
    [row] = map(json.loads, to_jsonl([cell(value)]).splitlines())
    for measure in MEASURES:
        got = row[measure.metric]
        assert got["value"] == (value if math.isfinite(value) else None)
        assert set(got) == {"n", "value", "low", "high"}
    assert [row[name] for name in ("scenario", "method", "part", "n")] == ["length", "full", "test_ood", 10]


def test_the_widest_table_fits_100_columns():
    """With the largest values that come up, no line of the table is wider than 100 columns."""
    wide = {m.metric: estimate(1.0, 0.9999, 1.0) for m in MEASURES}
    wide["negative_log_likelihood"] = estimate(9.3456, 9.3333, 9.4567)
    cells = [
        DemoCell(scenario=name, method=method, part=part, rows=1234, estimates=wide)
        for name in ("length", "loops")
        for method in ("none", "full", "lora")
        for part in ("test_id", "test_ood")
    ]
    lines = to_text(cells).splitlines()
    assert len(lines) == 14
    assert max(map(len, lines)) <= 100
    assert set(lines[7]) == {"-"}


def test_an_empty_group_is_a_dash():
    """What was measured on no row is shown as a dash, and one without interval without brackets."""
    assert MEASURES[0].estimate(estimate(math.nan, n=0)) == "–"
    assert MEASURES[1].estimate(estimate(0.5, n=1)) == "50.0%"

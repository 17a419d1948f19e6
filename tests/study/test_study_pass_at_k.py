"""A study that runs what its models write, with the metric given by name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from codeshift.errors import DataError, ParameterError
from codeshift.study import load_results
from helpers.study_case import LOOPS, rows, small_study

NAMED = "pass@1[runner=python,allow_network=True,tests=test]"


def study_of(model, tests, **changes):
    data = rows().add_column("test", tests)
    return small_study(
        model,
        dataset=data,
        scenarios=(LOOPS,),
        methods={"full": None},
        ood_kept=(0.0,),
        **{"metrics": [NAMED]} | changes,
    )


def test_a_study_runs_outputs_against_a_column_of_tests(model, tmp_path):
    """Nothing that an untrained model writes passes a test that is false; every row generated for has a score."""
    numbers = range(60)
    results = study_of(model, [f"assert {i} < 0" for i in numbers], generate_rows=3).run(tmp_path / "a", progress=False)
    assert results.counts["failed"] == 0
    scores = [results.scores(record.key).statistics["pass@1"] for record in results.records]
    assert all(np.nansum(one[:, 1]) == 0 and np.nansum(one[:, 0]) >= 3 for one in scores)
    again = load_results(tmp_path / "a")
    assert list(again.metrics) == ["pass@1"]
    settings = [json.loads(path.read_text()) for path in (tmp_path / "a").glob("*.json")]
    assert any('"tests": {"pass@1": "test"}' in json.dumps(one) for one in settings)


def test_a_study_is_refused_where_no_tests_are(model):
    """Before a training starts."""
    with pytest.raises(DataError, match=r"test\[0\] must be test code that checks something"):
        study_of(model, ["def f(): pass"] * 60)
    with pytest.raises(ParameterError, match="tests must be made of columns of the data"):
        study_of(model, ["assert x"] * 60, metrics=[NAMED.replace("tests=test", "tests=tets")])
    with pytest.raises(ParameterError, match="a PassAtK with a runner"):
        study_of(model, ["assert x"] * 60, metrics=["pass@1"])

"""Results of a study: what is shared is found for every scenario, what failed is never a number, files keep all."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from codeshift.errors import ParameterError
from codeshift.metrics import bootstrap_ci
from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey
from helpers.study_results import METRICS, study_results


def lines(results: StudyResults, **wanted):
    return [row for row in results.table(n_resamples=50).to_pylist() if all(row[k] == v for k, v in wanted.items())]


def test_names_of_runs_differ_where_keys_do_and_are_plain():
    """A run's name is a file's, and no two keys share one, not even where the case of letters is ignored."""
    keys = [
        RunKey(method=method, scenario=scenario, ood_kept=kept, variant=variant, split_seed=split, train_seed=train)
        for method in ("lora", "LoRA", "lo/ra", "lo ra")
        for scenario in (None, "a b", "a/b", "..", "x" * 300)
        for kept in (0.1, 0.1 + 1e-12)
        for variant in (None, "wise_ft=0.5")
        for split in (0, 1)
        for train in (0, 1)
    ]
    names = {key.name.lower() for key in keys}
    assert len(names) == len(keys)
    assert all("/" not in name and " " not in name and len(name) < 200 for name in names)


def test_records_come_back_from_json_values():
    """A record is its JSON values; a duration that is not known is NaN, and null in JSON."""
    record = RunRecord(key=RunKey(method="full", ood_kept=0.5, scenario="a", train_seed=3), status="pending")
    assert record.to_dict()["seconds"] is None
    back = RunRecord.from_dict(record.to_dict())
    assert back.key == record.key
    assert math.isnan(back.seconds)


def test_scores_come_back_from_parquet(tmp_path):
    """Texts, missing predictions and statistics to the last bit.

    A row that was not scored is null, a row of which the metric says NaN is not.
    """
    statistics = np.array([[1.0, 1 / 3], [1.0, np.nan], [np.nan, np.nan]])
    scores = RunScores(["é", "", "x"], [None, "", "y\n"], {"m": statistics})
    scores.save(tmp_path / "test.parquet")
    back = RunScores.load(tmp_path / "test.parquet")
    assert (list(back.references), list(back.predictions)) == (["é", "", "x"], [None, "", "y\n"])
    np.testing.assert_array_equal(back.statistics["m"], statistics)
    column = pq.read_table(tmp_path / "test.parquet").column("stats:m")
    assert [value.is_valid for value in column] == [True, True, False]
    assert [file.name for file in tmp_path.iterdir()] == ["test.parquet"]


def test_the_baseline_and_the_model_without_fine_tuning_stand_for_every_scenario():
    """``ood_kept=1`` finds one shared run a method and seed; "none" is found whatever the share."""
    results = study_results(train_seeds=(0, 1))
    for scenario in results.scenarios:
        baseline = results.find(method="full", scenario=scenario, ood_kept=1.0)
        assert [record.key.scenario for record in baseline] == [None, None]
        assert [record.key.train_seed for record in baseline] == [0, 1]
        assert len(results.find(method="none", scenario=scenario, ood_kept=0.5)) == 1
        masked = results.find(method="lora", scenario=scenario, ood_kept=0.0)
        assert {record.key.scenario for record in masked} == {scenario}


def test_a_part_holds_the_rows_of_its_scenario():
    """``test_ood`` of a shared run are those of the scenario that is asked about."""
    results = study_results()
    [record] = results.find(method="full", ood_kept=1.0)
    whole = results.statistics(record.key, "exact_match", "test")
    for scenario in results.scenarios:
        mask = results.members("test_ood", scenario, 0)
        got = results.statistics(record.key, "exact_match", "test_ood", scenario)
        np.testing.assert_array_equal(got, whole[mask])
    with pytest.raises(ParameterError, match="scenario must be given for test_ood of a run that scenarios share"):
        results.statistics(record.key, "exact_match", "test_ood")


def test_the_table_has_a_line_for_each_run_part_and_metric():
    """Values are those of the metric over the rows scored; a shared run has lines for every scenario."""
    results = study_results()
    assert results.table(n_resamples=50).num_rows == sum(
        len(METRICS) * (2 * (len(results.scenarios) if record.key.scenario is None else 1) + 2)
        for record in results.records
    )
    for scenario in results.scenarios:
        [line] = lines(results, method="lora", ood_kept=1.0, scenario=scenario, part="test_ood", metric="exact_match")
        [record] = results.find(method="lora", scenario=scenario, ood_kept=1.0)
        rows = results.statistics(record.key, "exact_match", "test_ood", scenario)
        found = bootstrap_ci(rows, metric=METRICS["exact_match"], n_resamples=50, nan_policy="omit")
        assert (line["value"], line["low"], line["high"], line["n"]) == (found.value, found.low, found.high, found.n)
        assert line["rows"] == results.members("test_ood", scenario, 0).sum()


def test_what_failed_or_is_pending_has_no_value():
    """Its lines are there, with their status and NaN, never 0; its scores are an error."""
    failed = RunKey(method="full", scenario="length_p97_p100", ood_kept=0.0, train_seed=0)
    pending = RunKey(method="none")
    results = study_results(failed=[failed], pending=[pending])
    assert results.counts == {"done": len(results.records) - 2, "failed": 1, "pending": 1}
    for line in [*lines(results, status="failed"), *lines(results, status="pending")]:
        assert math.isnan(line["value"])
        assert math.isnan(line["low"])
        assert (line["n"], line["rows"]) == (0, 0)
    assert {line["error"] for line in lines(results, status="failed")} == {"DivergenceError: the loss of step 3 is nan"}
    with pytest.raises(ParameterError, match=r"key must be that of a run that is done.*it is failed DivergenceError"):
        results.scores(failed)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.find(method="lorra"), "method must be one of the study, got 'lorra': did you mean lora"),
        (lambda r: r.find(method="lora", scenario="length"), "scenario must be one of the study, got 'length'"),
        (lambda r: r.scores(r.records[0].key, "generl"), "part must be one of the study, got 'generl': did you mean"),
        (lambda r: r.statistics(r.records[0].key, "bleu", "test"), "metric must be one of the study, got 'bleu'"),
        (lambda r: r.statistics(r.records[0].key, "exact_match", "test_odd"), "did you mean test_ood"),
        (lambda r: r.scores(RunKey(method="x")), "it is no run of this study"),
    ],
)
def test_unknown_names_are_errors(call, message):
    """The error names what the study has."""
    with pytest.raises(ParameterError, match=message):
        call(study_results())


def test_the_table_can_be_a_data_frame_or_a_file(tmp_path):
    """A data frame and Parquet hold the same lines."""
    results = study_results(scenarios=("length_p97_p100",), methods=("full",), ood_kept=(0.0,))
    path = results.save_table(tmp_path / "results.parquet", n_resamples=20)
    assert pq.read_table(path).equals(results.table(n_resamples=20))
    assert len(results.to_pandas(n_resamples=20)) == pq.read_table(path).num_rows


def test_results_of_one_model_share_what_was_read_and_found() -> None:
    """Scores are read once, whichever of the results ask for them, and the function that was given stays as it is."""
    results, read = study_results(), []

    def load(key: RunKey, part: str) -> RunScores:
        read.append((key, part))
        return results.load(key, part)

    counted = replace(results, load=load)
    key = next(record.key for record in counted.records if record.status == "done")
    of_model = counted.of_model(key.model).of_model(key.model)
    assert counted.scores(key) is of_model.scores(key)
    assert counted.copies(key) is of_model.copies(key)
    assert (read, counted.load) == ([(key, "test")], load)

"""Runs whose outputs were made elsewhere: the same study as one that made them itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.predictions import PredictionsError, export_parts
from codeshift.study import Report, RunKey, load_results
from helpers.study_case import LOOPS, rows, small_study

SETTINGS = {
    "scenarios": (LOOPS,),
    "methods": {"full": None},
    "ood_kept": (0.0, 1.0),
    "metrics": ["exact_match", "bleu"],
}


@pytest.fixture(scope="module")
def native(model, tmp_path_factory):
    """The study, run by itself, and its results."""
    study = small_study(model, general=rows(6, start=200), generate_rows=5, **SETTINGS)
    return study, study.run(tmp_path_factory.mktemp("native"), progress=False)


def outputs_of(study, results, key, folder) -> list[dict]:
    """The outputs of a run of the study, by the identities of an export of its rows."""
    parts = study.run_parts(key)
    files = export_parts(parts, folder, format="prompt-completion", source="doc", target="code")
    given = []
    for part in ("test", "general"):
        scores = results.scores(key, part)
        for line, text, finished in zip(
            files[part].read_text(encoding="utf-8").splitlines(), scores.predictions, scores.finished, strict=True
        ):
            if text is not None:
                given.append({"id": json.loads(line)["id"], "prediction": text, "finished": finished})
    return given


def test_a_study_of_given_outputs_is_the_study_that_made_them(native, tmp_path):
    """Scores, intervals and tables; the report lists the runs as given, and nothing is left to do."""
    study, results = native
    for number, record in enumerate(results.records):
        given = outputs_of(study, results, record.key, tmp_path / f"export{number}")
        added = study.add_run(tmp_path / "given", given[::-1], record.key, model=f"model {number}")
        assert added.key == record.key
    again = study.run(tmp_path / "given", progress=False)
    assert again.counts == results.counts == {"done": 3, "failed": 0, "pending": 0}
    for record in again.records:
        for part in ("test", "general"):
            own, other = results.scores(record.key, part), again.scores(record.key, part)
            assert (own.predictions, own.finished) == (other.predictions, other.finished)
            for metric in results.metrics:
                np.testing.assert_array_equal(own.statistics[metric], other.statistics[metric])
    assert [record.origin["model"] for record in again.records] == ["model 0", "model 1", "model 2"]
    assert load_results(tmp_path / "given").records[1].origin == again.records[1].origin
    reports = [Report(each, n_resamples=50) for each in (results, again)]
    own, other = ({table.name: str(table) for table in report.tables} for report in reports)
    assert own.keys() - other.keys() == {"detection"}  # outputs alone have no probabilities
    assert {name: own[name] for name in other} == other
    page = tmp_path / "report.html"
    Report(again, n_resamples=50).save(page)
    assert "Runs that were given" in page.read_text(encoding="utf-8")
    assert "model 2" in page.read_text(encoding="utf-8")
    Report(results, n_resamples=50).save(page)
    assert "Runs that were given" not in page.read_text(encoding="utf-8")


def test_the_rows_of_a_run_are_those_that_the_study_trains_on(native):
    """The masked region is out of ``train``, the test rows are those of all scenarios."""
    study, _ = native
    masked = study.run_parts(study.key(method="full", scenario="loops", ood_kept=0.0))
    whole = study.run_parts(study.key(method="full", ood_kept=1.0))
    assert not any("while" in code for code in masked["train"]["code"])
    assert any("while" in code for code in whole["train"]["code"])
    assert masked["test"].to_list() == whole["test"].to_list()
    assert list(study.run_parts(study.key(method="none"))) == ["test", "general"]


def test_what_cannot_be_given(native, model, tmp_path):
    study, results = native
    [none, *_] = [record.key for record in results.records if record.key.method == "none"]
    given = outputs_of(study, results, none, tmp_path / "export")
    with pytest.raises(PredictionsError, match="1 row without a prediction"):
        study.add_run(tmp_path / "a", given[1:], none)
    assert load_results(tmp_path / "a").counts["pending"] == 3
    study.add_run(tmp_path / "a", given, none)
    with pytest.raises(ParameterError, match="run must be one that is left, got none on all scenarios"):
        study.add_run(tmp_path / "a", given, none)
    with pytest.raises(ParameterError, match=r"run must be one of the study, got full on loops, ood_kept=0\.5"):
        study.key(method="full", scenario="loops", ood_kept=0.5)
    other = RunKey(method="full", scenario="loops", ood_kept=0.5, train_seed=0)
    for use in (study.run_parts, lambda key: study.add_run(tmp_path / "a", given, key)):
        with pytest.raises(ParameterError, match=r"run must be one of the study, got full on loops, ood_kept=0\.5"):
            use(other)
    measured = small_study(model, **SETTINGS | {"metrics": ["negative_log_likelihood", "exact_match"]})
    with pytest.raises(ParameterError, match=r"metrics must be of outputs alone .*, got negative_log_likelihood"):
        measured.add_run(tmp_path / "b", given, none)
    varied = small_study(model, wise_ft=(0.5,), **SETTINGS)
    with pytest.raises(ParameterError, match=r"run must be without variants if it is given, got wise_ft=0\.5"):
        varied.add_run(tmp_path / "c", given, varied.key(method="full", ood_kept=1.0))

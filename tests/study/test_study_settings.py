"""A setting is written once: what a study file, a fingerprint and an extension know of it follows from its fields."""

from __future__ import annotations

import json
import pickle
from dataclasses import MISSING, fields, replace
from pathlib import Path

import pytest

from codeshift.errors import ParameterError
from codeshift.splits.config import CommonOptions
from codeshift.study import EvaluationFacts, RunKey, RunRecord, Study, TrainingFacts
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.planning.plan import Plan
from codeshift.study.running.run_job import run_jobs
from codeshift.study.settings.fingerprint import fingerprint, refuse_other_study
from codeshift.study.settings.spec import AXES, FREE_SETTINGS, OMITTED, StudySpec
from codeshift.transforms import Reformat
from helpers.study_case import CONFIG, small_study

# Settings of a study that its file, or its fingerprint, knows by another name.
RENAMED = {"dataset": "data", "config": "methods", "revision": "model"}
# Arguments of ``Study`` that no result depends on, or that a warning alone does.
UNRECORDED = {"tolerance", "min_test_rows", "power"}


def test_every_argument_is_recorded(model):
    """Two studies that differ in an argument have fingerprints that differ: a folder is never taken for another's."""
    config = replace(CONFIG, eval_strategy="epoch")
    more = {"watch": {"test_ood": 3}, "detection": False, "against": {"read": "embedded"},
            "transforms": Reformat(language="python")}  # fmt: skip
    every = small_study(model, models={"other": str(model)}, config=config, **more)
    recorded = set(fingerprint(every.spec))
    assert recorded - set(fingerprint(small_study(model).spec)) == {"models", *more}
    arguments = {argument.name for argument in fields(Study) if argument.init} - UNRECORDED
    assert {RENAMED.get(name, name) for name in arguments} == recorded


def test_what_is_stored_is_read_back_under_its_own_names(model):
    """Results and reports read the settings that a fingerprint writes; a key that it lacks is an error."""
    study = small_study(model, generate_rows=3, evaluation_seed=5, title="mine", split_seeds=(0, 2))
    written = json.loads(json.dumps(fingerprint(study.spec)))
    stored = StoredSettings.from_fingerprint(written, {"python": "3"})
    assert stored.scenarios == tuple(scenario.name for scenario in study.spec.scenarios)
    assert (stored.split_seeds, stored.generate_rows, stored.evaluation_seed) == ((0, 2), 3, 5)
    assert (stored.title, stored.language, stored.classes) == ("mine", study.spec.language, ())
    assert [*stored.metric_languages] == [metric.name for metric in study.spec.metrics]
    assert (stored.has_general, stored.official_parts) == (study.spec.general is not None, ())
    for name in ("scenarios", "metrics", "language", "generate_rows", "evaluation_seed", "title", "model", "data"):
        with pytest.raises(KeyError, match=name):
            StoredSettings.from_fingerprint({key: value for key, value in written.items() if key != name}, {})


def test_axes_and_free_settings_are_those_that_say_so(model):
    """Each is recorded under its own name, so that two folders can be compared by it."""
    axes = ("scenarios", "models", "methods", "ood_kept", "split_seeds", "train_seeds", "wise_ft", "adapter_scales")
    assert axes == AXES
    assert FREE_SETTINGS == ("title", "audit", "against", "watch", "detection", "keep_weights")
    recorded = fingerprint(small_study(model).spec)
    assert {*AXES, *FREE_SETTINGS} - set(recorded) == {"models", "against", "watch", "detection"}
    longer = recorded | {"train_seeds": [0, 1]}
    for name in FREE_SETTINGS:
        refuse_other_study(recorded, recorded | {name: "another"}, Path("a"), extend=False)
    refuse_other_study(longer, recorded, Path("a"), extend=True)
    with pytest.raises(ParameterError, match="pass extend=True"):
        refuse_other_study(longer, recorded, Path("a"), extend=False)
    with pytest.raises(ParameterError, match=r"source is 'doc', there it is 'other'; give another folder"):
        refuse_other_study(recorded, recorded | {"source": "other"}, Path("a"), extend=True)


def test_a_setting_may_be_newer_than_a_folder(model, monkeypatch):
    """By the value that earlier studies had it is left out of the fingerprint, which is theirs then."""
    study = small_study(model)
    earlier = {name: value for name, value in fingerprint(study.spec).items() if name != "test_size"}
    monkeypatch.setitem(OMITTED, "test_size", 0.2)
    refuse_other_study(fingerprint(study.spec), earlier, Path("a"), extend=False)
    with pytest.raises(ParameterError, match=r"test_size is 0\.3, there it is None"):
        refuse_other_study(fingerprint(replace(study, test_size=0.3).spec), earlier, Path("a"), extend=False)


def test_a_study_file_has_a_key_for_every_argument():
    """Plain ones under their own name; those without a default are needed."""
    from codeshift.study import study_file

    keys = {argument.name for argument in fields(Study) if argument.init} - {"dataset", "config"}
    assert {*study_file._OBJECTS, *study_file._VALUES} == keys | {"data", "training", "embedding", "pca"}
    assert study_file._NEEDED == ("data", "scenarios", "source", "target")
    assert {option.name for option in fields(CommonOptions)} <= set(study_file._VALUES)


def test_what_is_given_and_what_it_comes_to_are_apart(model):
    """A study keeps its arguments; the spec has every setting, none of them by default."""
    study = small_study(model, ood_kept=[1, 0], metrics=["exact_match"], audit=False)
    assert (study.ood_kept, study.metrics, study.column, study.audit) == ([1, 0], ["exact_match"], "", False)
    assert (study.spec.ood_kept, study.spec.column, study.spec.audit) == ((0.0, 1.0), "code", None)
    assert all(setting.default is setting.default_factory is MISSING for setting in fields(StudySpec))
    assert fingerprint(replace(study, ood_kept=(0.0, 1.0)).spec) == fingerprint(study.spec)


def test_what_runs_is_what_is_planned(model, tmp_path):
    """Each run of the plan is done by one task and no other, a variant with the training that it is made of."""
    study = small_study(model, wise_ft=(0.5,), split_seeds=(0, 1), audit={"n_permutations": 19})
    planned, costed = Plan.of(study.spec), study.plan()
    assert planned.keys == costed.keys == tuple(run.key for run in costed.runs)
    tasks = run_jobs(planned, study.spec, tmp_path, None)
    assert [key for task in tasks for key in task.keys] == list(planned.keys)
    assert all(key.trained == task.key for task in tasks for key in task.keys)
    assert len(planned.audits) == 2 * 2
    assert pickle.loads(pickle.dumps(tasks)) == tasks  # noqa: S301 - what this test has just pickled


def test_facts_of_a_run_are_read_as_they_were_written():
    """Facts are read from JSON, with the digests of the weights; a record of another version may hold more."""
    training = TrainingFacts(
        steps=3, training_seconds=0.5, first_loss=2.0, last_loss=None, trainable_parameters=1, parameters=2,
        truncation={"train": {"rows": 4}}, rows={"train": 4}, weights={"model.safetensors": "ab"},
    )  # fmt: skip
    evaluated = {"test": EvaluationFacts(rows=12, truncation={"rows": 12}, generated=4, unfinished=0)}
    record = RunRecord(
        key=RunKey(method="full", ood_kept=1.0, train_seed=0), status="done", seconds=1.5, training=training,
        evaluated=evaluated, versions={"torch": "2"},
    )  # fmt: skip
    values = json.loads(json.dumps(record.to_dict()))
    assert values["steps"] == 3
    assert values["facts"]["parameters"] == {"trainable": 1, "total": 2}
    assert "steps" not in values["facts"]
    assert values["facts"]["evaluated"] == {
        "test": {"rows": 12, "truncation": {"rows": 12}, "generated": 4, "unfinished": 0}
    }
    values["facts"]["more"] = 1
    assert RunRecord.from_dict(values) == record
    pending = RunRecord(key=RunKey(method="none"), status="failed", error="an error")
    again = RunRecord.from_dict(pending.to_dict())
    assert (again.training, again.steps, again.evaluated, again.error) == (None, None, {}, "an error")

"""Scenarios of a user's own function: its split is audited wherever the function can be found, and nowhere else."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from codeshift.properties import predicate as named
from codeshift.splitters import PredicateSplitter, Scenario
from codeshift.study.folder.store import StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.running.audit_job import AuditJob, audit_jobs
from codeshift.study.running.jobs import do_job
from codeshift.study.running.prepare import prepare_folder
from helpers import predicates
from helpers.study_case import small_study

SUMS = Scenario("sums", PredicateSplitter(column="code", predicate=predicates.adds_often))


def study_of(model, scenario, **changes):
    return small_study(
        model, scenarios=(scenario,), methods={"full": None}, ood_kept=(0.0,), audit={"n_permutations": 19}, **changes
    )


def test_a_worker_finds_what_can_be_imported(model, tmp_path, monkeypatch):
    """A fresh process audits the split to the same figures as this one; a manifest alone would not be trusted there."""
    study, files = study_of(model, SUMS), StudyStore(tmp_path)
    planned = Plan.of(study.spec)
    prepare_folder(study.spec, planned, study.splits, files, extend=False)
    [job] = audit_jobs(planned, study.spec, study.splits, files)
    assert job.functions == ("helpers.predicates:adds_often",)
    path = files.audit("sums", 0)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(do_job, job).result() == "done"
    there = json.loads(path.read_text(encoding="utf-8"))
    assert "verdict" in there
    path.unlink()
    monkeypatch.setattr(named, "_NAMED", {})
    do_job(job)
    assert json.loads(path.read_text(encoding="utf-8")) == there


def test_what_a_script_defines_is_audited_in_the_script(model, tmp_path, monkeypatch):
    """Workers cannot find a function of ``__main__``: its audit stays in this process, the runs go to the executor."""

    def in_script(row):
        return row["code"].count("+") > 3

    in_script.__module__, in_script.__qualname__ = "__main__", "in_script"
    monkeypatch.setattr(sys.modules["__main__"], "in_script", in_script, raising=False)
    scenario = Scenario("sums", PredicateSplitter(column="code", predicate=in_script))
    given = []

    class Noting(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **options):
            given.append(args[0])
            return super().submit(fn, *args, **options)

    with Noting(1) as executor:
        results = study_of(model, scenario).run(tmp_path, executor=executor, threads=1, progress=False)
    assert len(given) == 2
    assert not [job for job in given if isinstance(job, AuditJob)]
    assert "verdict" in results.splits["sums", 0].audit.figures


def test_a_function_that_a_worker_lacks_is_told(model, tmp_path, monkeypatch):
    """The audit's error names the function and how to give it, and the runs are still done."""
    study, files = study_of(model, SUMS), StudyStore(tmp_path)
    planned = Plan.of(study.spec)
    prepare_folder(study.spec, planned, study.splits, files, extend=False)
    [job] = audit_jobs(planned, study.spec, study.splits, files)
    monkeypatch.delattr(predicates, "adds_often")
    assert do_job(job) == "done"
    told = json.loads(files.audit("sums", 0).read_text(encoding="utf-8"))["error"]
    assert told.startswith("ParameterError: predicate must be the name of a function that can be imported")
    assert "helpers.predicates:adds_often" in told


@pytest.mark.parametrize("region", [lambda r: ~r, lambda r: r | r, lambda r: (r,)])
def test_functions_are_found_wherever_they_are(region):
    """In a complement, a composition, and beside other values."""
    from codeshift.properties import PropertyTable
    from codeshift.properties.predicate import functions_of
    from helpers.study_case import rows

    assert functions_of(region(SUMS.splitter.fit(PropertyTable(rows())))) == ("helpers.predicates:adds_often",)

"""Jobs of a study: what of its plan is left, as values that can be sent to any process, and the doing of one."""

from __future__ import annotations

import os

from codeshift.properties.progress import bars
from codeshift.study.folder.store import Outcome, StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.running.audit_job import AuditJob, audit_jobs, do_audit
from codeshift.study.running.marking_job import MarkingJob, do_marking, marking_jobs
from codeshift.study.running.run_job import RunJob, run_jobs
from codeshift.study.settings.spec import StudySpec
from codeshift.study.splitting.study_splits import StudySplits

Job = RunJob | AuditJob | MarkingJob
"""An audit, the search of a corpus, or a training with the evaluations of its models. All know their name, store, keys
and whether they are done, and record an error in place of what they leave."""


def jobs_left(plan: Plan, spec: StudySpec, splits: StudySplits, store: StudyStore, threads: int | None) -> list[Job]:
    """Return the jobs of a plan that are not done yet, in its order.

    Args:
        plan: Plan of the study.
        spec: Spec of the study.
        splits: Splits of the study, whose regions the audits need.
        store: Store of the study.
        threads: Number of threads of each library in a worker; None leaves them as they are.
    """
    runs = run_jobs(plan, spec, store.root, threads)
    audits = audit_jobs(plan, spec, splits, store)
    return [*audits, *marking_jobs(spec, store, splits.data.table.num_proc), *(run for run in runs if not run.is_done)]


def do_job(job: Job) -> Outcome:
    """Do a job in this process; return "done", or "busy" if another process is doing it."""
    if isinstance(job, AuditJob):
        return do_audit(job)
    if isinstance(job, MarkingJob):
        return do_marking(job)
    from codeshift.study.running.worker import do_run

    return do_run(job)


def do_quietly(job: Job) -> Outcome:
    """Do a job without progress bars: several workers would write theirs over each other.

    A worker that SIGTERM ends in a training ends with its checkpoint, and the job is submitted again.
    """
    try:
        with bars(False):
            return do_job(job)
    except SystemExit as end:  # a pool would hand it on to the process of the study
        os._exit(end.code if isinstance(end.code, int) else 1)

"""Progress of a running study: a bar, or a call for each record as its run ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from tqdm.auto import tqdm

from codeshift.properties.progress import bars_shown
from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.store import StudyStore
from codeshift.study.running.audit_job import AuditJob
from codeshift.study.running.jobs import Job
from codeshift.study.running.marking_job import MarkingJob
from codeshift.study.settings.keys import RunKey


class StudyProgress:
    """Progress of a study.

    Args:
        keys: Keys of all runs of the study.
        store: Store of the study.
        jobs: Jobs that are left to do.
        progress: Whether a bar is shown, or a function that is called with each record instead.
    """

    def __init__(
        self,
        keys: Collection[RunKey],
        store: StudyStore,
        jobs: Sequence[Job],
        progress: bool | Callable[[RunRecord], None],
    ) -> None:
        self.store = store
        self.tell = progress if callable(progress) else None
        done = [key for key in keys if store.record(key).exists()]
        shown = progress is True and bars_shown()
        self.bar = tqdm(total=len(keys), initial=len(done), desc="study", unit="run", disable=not shown)
        self.reported = set(done)
        self.failed = 0
        self.audits = sum(isinstance(job, AuditJob | MarkingJob) for job in jobs)
        self.working: dict[str, None] = {}  # names, in the order in which they began

    def begins(self, job: Job) -> None:
        """Show that a job begins."""
        self.working[job.name] = None
        self._show()

    def ended(self, job: Job) -> None:
        """Show that a job has ended, and report its new records."""
        self.working.pop(job.name, None)
        self.audits -= isinstance(job, AuditJob | MarkingJob)
        for key in job.keys:
            record = self.store.read_record(key)
            if record is None or key in self.reported:
                continue
            self.reported.add(key)
            self.failed += record.status == "failed"
            self.bar.update()
            if self.tell is not None:
                self.tell(record)
        self._show()

    def _show(self) -> None:
        remaining = {"audits left": self.audits} if self.audits else {}
        now = {"now": next(reversed(self.working))} if self.working else {}
        self.bar.set_postfix({"failed": self.failed} | remaining | now)

    def __enter__(self) -> StudyProgress:
        return self

    def __exit__(self, *error: Any) -> None:
        self.bar.close()

"""Progress of a running study: a bar, or a call for each record as its run ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from tqdm.auto import tqdm

from codeshift.properties.progress import bars_shown
from codeshift.study.auditing import AuditTask
from codeshift.study.keys import RunKey
from codeshift.study.records import RunRecord
from codeshift.study.store import StudyStore
from codeshift.study.tasks import Task


class StudyProgress:
    """Progress of a study.

    Args:
        keys: Keys of all runs of the study.
        store: Store of the study.
        tasks: Tasks that are left to do.
        progress: Whether a bar is shown, or a function that is called with each record instead.
    """

    def __init__(
        self,
        keys: Collection[RunKey],
        store: StudyStore,
        tasks: Sequence[Task],
        progress: bool | Callable[[RunRecord], None],
    ) -> None:
        self.store = store
        self.tell = progress if callable(progress) else None
        done = [key for key in keys if store.record(key).exists()]
        shown = progress is True and bars_shown()
        self.bar = tqdm(total=len(keys), initial=len(done), desc="study", unit="run", disable=not shown)
        self.reported = set(done)
        self.failed = 0
        self.audits = sum(isinstance(task, AuditTask) for task in tasks)
        self.working: dict[str, None] = {}  # names, in the order in which they began

    def begins(self, task: Task) -> None:
        """Show that a task begins."""
        self.working[task.name] = None
        self._show()

    def ended(self, task: Task) -> None:
        """Show that a task has ended, and report its new records."""
        self.working.pop(task.name, None)
        self.audits -= isinstance(task, AuditTask)
        for key in task.keys:
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
        left = {"audits left": self.audits} if self.audits else {}
        now = {"now": next(reversed(self.working))} if self.working else {}
        self.bar.set_postfix({"failed": self.failed} | left | now)

    def __enter__(self) -> StudyProgress:
        return self

    def __exit__(self, *error: Any) -> None:
        self.bar.close()

"""The job of a training and the evaluations of its models: a plain value that any process or machine can be sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.store import StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.settings.keys import RunKey
from codeshift.study.settings.method_spec import MethodSpec, method_spec
from codeshift.study.settings.spec import StudySpec


@dataclass(frozen=True, kw_only=True)
class RunJob:
    """A training and the evaluations of its models.

    Attributes:
        folder: Folder of the study, as the worker sees it.
        method: Settings that all runs of the model and the method share.
        key: Key of the model as trained, or of ``"none"``.
        variants: Keys of the models that are made of its weights.
        threads: Number of threads of each library in the worker; None leaves them as they are.
    """

    folder: Path
    method: MethodSpec
    key: RunKey
    variants: tuple[RunKey, ...] = ()
    threads: int | None = None

    bound: ClassVar[bool] = False
    """Whether only the process that made it can do it: never."""

    @property
    def name(self) -> str:
        """Name of the run in locks and messages."""
        return self.key.name

    @property
    def keys(self) -> tuple[RunKey, ...]:
        """Keys of all models that it evaluates."""
        return (self.key, *self.variants)

    @property
    def store(self) -> StudyStore:
        """Store of the study."""
        return StudyStore(self.folder)

    @property
    def is_done(self) -> bool:
        """Whether all models have a record."""
        return all(self.store.record(key).exists() for key in self.keys)

    def record_error(self, error: str) -> None:
        """Record all models that have no record as failed."""
        for key in self.keys:
            if self.store.read_record(key) is None:
                self.store.write_record(RunRecord(key=key, status="failed", error=f"StudyError: {error}"))


def run_jobs(plan: Plan, spec: StudySpec, folder: Path, threads: int | None) -> list[RunJob]:
    """Return the runs of a plan, each training with its variants, in the order in which they are done.

    Args:
        plan: Plan of the study.
        spec: Spec of the study.
        folder: Folder of the study.
        threads: Number of threads of each library in a worker; None leaves them as they are.
    """
    specs = {(key.model, key.method): method_spec(spec, key.model, key.method) for key in plan.keys}
    return [
        RunJob(folder=folder, method=specs[key.model, key.method], key=key, variants=tuple(variants), threads=threads)
        for key, *variants in plan.families
    ]

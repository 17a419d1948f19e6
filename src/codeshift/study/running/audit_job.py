"""Audits of a study's splits: all audits of one process share one table of properties."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from datasets import Dataset
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.audit.measuring import measure_parts
from codeshift.audit.parts import AuditParts
from codeshift.audit.settings import AuditSettings
from codeshift.metrics.base import FloatArray
from codeshift.parts import WHOLE
from codeshift.properties import PropertyTable
from codeshift.properties.predicate import functions_of, trust_function
from codeshift.splits.rows import SplitRows
from codeshift.splitters import Region
from codeshift.study.folder.split_audit import AuditError, SplitAudit
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.store import Outcome, Positions, StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.running.locked import do_locked
from codeshift.study.settings.keys import RunKey
from codeshift.study.settings.spec import StudySpec
from codeshift.study.splitting.nearest import nearest_by_share
from codeshift.study.splitting.study_splits import StudySplits

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class AuditJob:
    """Audit of the split of a scenario and a split seed, with the whole region masked.

    Attributes:
        folder: Folder of the study, as the worker sees it.
        scenario: Name of the scenario.
        split_seed: Seed of the split.
        region: Region, fitted.
        settings: Settings of the audit.
        ood_kept: Shares of the region that trainings keep, for the similarity of test rows to training rows.
        functions: Dotted names of the user's functions that the region or the settings call. The process that made
            the job has named them in its own code, so the worker may import them.
    """

    folder: Path
    scenario: str
    split_seed: int
    region: Region
    settings: AuditSettings
    ood_kept: tuple[float, ...] = ()
    functions: tuple[str, ...] = ()

    keys: ClassVar[tuple[RunKey, ...]] = ()
    """Keys of the runs that it does: none."""

    @property
    def bound(self) -> bool:
        """Whether only this process can do the audit: others cannot import what its script or notebook defines."""
        return any(name.partition(":")[0] == "__main__" for name in self.functions)

    @property
    def name(self) -> str:
        """Name of the audit in locks and messages."""
        return self.store.split(self.scenario, self.split_seed).name

    @property
    def store(self) -> StudyStore:
        """Store of the study."""
        return StudyStore(self.folder)

    @property
    def is_done(self) -> bool:
        """Whether the figures, or an error in their place, are stored."""
        return self.store.audit(self.scenario, self.split_seed).exists()

    def record_error(self, error: str) -> None:
        """Store an error in place of the figures, unless something is stored already."""
        if self.store.read_audit(self.scenario, self.split_seed) is None:
            self.store.write_audit(self.scenario, self.split_seed, AuditError(error))


def audit_jobs(plan: Plan, spec: StudySpec, splits: StudySplits, store: StudyStore) -> list[AuditJob]:
    """Return the audits of a plan that are not done yet; a region is fitted only for these."""
    return [
        AuditJob(
            folder=store.root,
            scenario=planned.scenario,
            split_seed=planned.split_seed,
            region=(region := splits.scenario(planned.scenario, planned.split_seed).region),
            settings=spec.audit,
            ood_kept=spec.ood_kept,
            functions=functions_of((region, spec.audit)),
        )
        for planned in plan.audits
        if spec.audit is not None and not store.audit(planned.scenario, planned.split_seed).exists()
    ]


def do_audit(job: AuditJob) -> Outcome:
    """Audit a split and store the figures, unless they are stored already; an error is stored in their place.

    Returns:
        "done", or "busy" if another process is auditing the split.
    """
    # Another thread of a worker may be importing transformers for the next run; datasets checks whether it is
    # imported and must not see it half imported.
    import transformers  # noqa: F401

    with _ONE_AT_A_TIME:
        return do_locked(job.store.lock(job.name), lambda: None if job.is_done else _write_audit(job))


def _write_audit(job: AuditJob) -> None:
    job.store.write_nearest(job.scenario, job.split_seed, _nearest_similarities(job))
    job.store.write_audit(job.scenario, job.split_seed, _audited(job))


def _audited(job: AuditJob) -> SplitAudit | AuditError:
    try:
        for name in job.functions:
            trust_function(name)
        with threadpool_limits(limits=1):
            return SplitAudit.from_dict(measure_parts(_audit_parts(job), job.settings, None).to_dict())
    except Exception as error:  # noqa: BLE001 - any error is stored for the user to read, and the runs go on
        return AuditError(f"{type(error).__name__}: {error}")


def _nearest_similarities(job: AuditJob) -> Mapping[float, FloatArray]:
    """Return the similarity of each test row to its nearest training row, by the share kept."""
    store, split_seed = job.store, job.split_seed
    table, _ = _sorted_table(store.check_data(store.rows_file), job.settings.column)
    scenarios = {share: None if share == 1 else job.scenario for share in job.ood_kept}
    training = [(share, store.read_training(name, split_seed, share)["train"]) for share, name in scenarios.items()]
    with threadpool_limits(limits=1):
        return nearest_by_share(table, job.settings.column, store.read_test(split_seed), training)


def _audit_parts(job: AuditJob) -> AuditParts:
    table, rank = _sorted_table(job.store.check_data(job.store.rows_file), job.settings.column)
    positions = _part_positions(job)
    orders = {part: np.argsort(rank[rows]) for part, rows in positions.items()}
    return AuditParts(
        table=table,
        rows={part: positions[part][order] for part, order in orders.items()},
        given_order=orders,
        train="train",
        test="test_ood",
        reference="test_id" if len(positions["test_id"]) else None,
        region=job.region,
    )


def _part_positions(job: AuditJob) -> dict[str, Positions]:
    """Return the positions of each part's rows in the study's rows."""
    positions = job.store.read_training(job.scenario, job.split_seed, 0.0)
    test = job.store.read_test(job.split_seed)
    members = SplitFacts.load(job.store.facts(job.scenario, job.split_seed)).members
    return positions | {part: test[mask] for part, mask in members.items()}


@lru_cache(maxsize=1)
def _sorted_table(path: Path, column: str) -> tuple[PropertyTable, Positions]:
    """Return the table of all rows, and the rank of each row in the order of content."""
    table = PropertyTable(Dataset.from_file(str(path)))
    split_rows = SplitRows((WHOLE,), (table,))
    return table, split_rows.row_order(split_rows.digests((column,)))

"""The audit of a study's splits, in whatever process: a table of properties serves all audits of one process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.audit import Thresholds
from codeshift.audit.auditing import measure_parts
from codeshift.audit.parts import AuditParts
from codeshift.audit.settings import AuditSettings
from codeshift.properties import Property, PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.predicate import trust_function
from codeshift.splits.rows import WHOLE, SplitRows
from codeshift.splitters import Region
from codeshift.study.corpus import Rows
from codeshift.study.spec import StudySpec
from codeshift.study.split_facts import SplitFacts
from codeshift.study.store import Outcome, StudyStore
from codeshift.study.study_rows import StudyRows

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class AuditTask:
    """The audit of a scenario with a split seed, where all of its region is masked.

    Attributes:
        folder: of the study, as the worker sees it.
        scenario: its name.
        split_seed: of the dealing.
        region: as fitted.
        settings: of the audit.
        functions: of the user's own, by dotted name, that the region or the settings call. The process that made the
            task has named them in its own code, so the worker may import them.
    """

    folder: Path
    scenario: str
    split_seed: int
    region: Region
    settings: AuditSettings
    functions: tuple[str, ...] = ()

    @property
    def bound(self) -> bool:
        """Whether no other process can do it: none finds what this one's script or notebook defines."""
        return any(name.partition(":")[0] == "__main__" for name in self.functions)

    @property
    def name(self) -> str:
        """What it is called in locks and messages."""
        return self.store.split(self.scenario, self.split_seed).name

    @property
    def store(self) -> StudyStore:
        """Where everything stands."""
        return StudyStore(self.folder)


def audit_tasks(spec: StudySpec, rows: StudyRows, store: StudyStore) -> list[AuditTask]:
    """The audits that are not done yet, of each scenario with each split seed."""
    if spec.audit is False:
        return []
    settings = _settings(spec)
    left = [
        (scenario.name, split_seed)
        for split_seed in spec.split_seeds
        for scenario in spec.scenarios
        if not store.audit(scenario.name, split_seed).exists()
    ]
    return [
        AuditTask(
            folder=store.root,
            scenario=name,
            split_seed=split_seed,
            region=(region := rows.scenario(name, split_seed).region),
            settings=settings,
            functions=functions_of((region, settings)),
        )
        for name, split_seed in left
    ]


def _settings(spec: StudySpec) -> AuditSettings:
    """The settings that a study's audit has by default, and those that were asked for."""
    options: dict[str, Any] = {
        "column": spec.column,
        "language": spec.language,
        "groups": spec.request.groups,
        "near_duplicates": spec.request.search or NearDuplicates(),
        "thresholds": Thresholds(),
    }
    return AuditSettings(**(options | dict(spec.audit if isinstance(spec.audit, Mapping) else {})))


def do_audit(task: AuditTask) -> Outcome:
    """Audit a split and leave the figures, unless that is done; an error is left in their place.

    Returns:
        "done", or "busy" where another process is at it.
    """
    # Another thread of a worker may be loading it, for the run that comes next: datasets, which looks whether it is
    # there, must not find it half loaded.
    import transformers  # noqa: F401

    lock = task.store.lock(task.name)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _ONE_AT_A_TIME:
        try:
            with FileLock(lock, timeout=0):
                if not task.store.audit(task.scenario, task.split_seed).exists():
                    task.store.write_audit(task.scenario, task.split_seed, _audited(task))
        except Timeout:
            return "busy"
    return "done"


def _audited(task: AuditTask) -> dict[str, Any]:
    try:
        for name in task.functions:
            trust_function(name)
        with threadpool_limits(limits=1):
            return measure_parts(_parts(task), task.settings, None).to_dict()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is left to be read, and the runs go on
        return {"error": f"{type(error).__name__}: {error}"}


def functions_of(value: Any) -> tuple[str, ...]:
    """The dotted names of the user's functions that a region, a property or settings call, sorted.

    >>> from codeshift.properties.predicate import Satisfies
    >>> from codeshift.splitters import Interval
    >>> functions_of(~Interval(Satisfies("code", "keyword:iskeyword", "is one keyword"), low=1))
    ('keyword:iskeyword',)
    """
    found = set(value.functions) if isinstance(value, Property) else set()
    if isinstance(value, tuple | list):
        inner = list(value)
    else:
        inner = [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else []
    return tuple(sorted(found.union(*map(functions_of, inner))))


def _parts(task: AuditTask) -> AuditParts:
    whole, rank = _table(task.store.check_data(task.store.rows), task.settings.column)
    positions = _positions(task)
    orders = {part: np.argsort(rank[rows]) for part, rows in positions.items()}
    return AuditParts(
        table=whole,
        rows={part: positions[part][order] for part, order in orders.items()},
        given=orders,
        train="train",
        test="test_ood",
        reference="test_id" if len(positions["test_id"]) else None,
        region=task.region,
        groups=task.settings.groups,
    )


def _positions(task: AuditTask) -> dict[str, Rows]:
    """The positions of each part's rows in the study's rows."""
    positions = task.store.read_training(task.scenario, task.split_seed, 0.0)
    test = task.store.read_test(task.split_seed)
    members = SplitFacts.load(task.store.facts(task.scenario, task.split_seed)).members
    return positions | {part: test[mask] for part, mask in members.items()}


@lru_cache(maxsize=1)
def _table(path: Path, column: str) -> tuple[PropertyTable, Rows]:
    """The table of all rows, and the place of each row in the order of content."""
    table = PropertyTable(Dataset.from_file(str(path)))
    whole = SplitRows((WHOLE,), (table,))
    return table, whole.row_order(whole.digests((column,), ()))

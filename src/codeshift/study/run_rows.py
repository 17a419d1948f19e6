"""The run of a study that is meant by its method, scenario, regime and seeds, and the rows that it needs."""

from __future__ import annotations

from datasets import DatasetDict

from codeshift.errors import ParameterError, Told
from codeshift.parts import rewritten_by
from codeshift.study.keys import NONE, RunKey
from codeshift.study.plan import Plan
from codeshift.study.spec import StudySpec
from codeshift.study.study_rows import StudyRows


def planned_key(
    plan: Plan,
    *,
    method: str,
    model: str = "",
    scenario: str | None,
    ood_kept: float | None,
    split_seed: int,
    train_seed: int | None,
) -> RunKey:
    """Return the key of a planned run.

    Raises:
        ParameterError: if the study has no such run.

    >>> from codeshift.study.plan import PlannedRun
    >>> plan = Plan((PlannedRun(key=RunKey(method="none")),))
    >>> planned_key(plan, method="none", scenario=None, ood_kept=None, split_seed=0, train_seed=None).name
    'none-split0-e6910e10'
    """
    key = RunKey(method=method, split_seed=split_seed, model=model)
    if method != NONE:
        whole = ood_kept == 1
        kept = None if ood_kept is None else float(ood_kept)
        shared = None if whole else scenario
        key = RunKey(
            method=method, scenario=shared, ood_kept=kept, split_seed=split_seed, train_seed=train_seed, model=model
        )
    refuse_unplanned(plan, key)
    return key


def refuse_unplanned(plan: Plan, key: RunKey) -> None:
    """Raise a ParameterError if a key is that of no run of the plan."""
    if key not in plan.keys:
        remedy = f"the study has {len(plan.keys)} runs, such as {plan.keys[-1]}"
        raise ParameterError("run", "one of the study", Told(str(key)), remedy)


def run_parts(rows: StudyRows, key: RunKey, spec: StudySpec) -> DatasetDict:
    """Return the rows that a run trains, validates and is scored on."""
    table = rows.corpus.table.data
    positions = dict(rows.training(key)) | {"test": rows.parts(key.split_seed).positions["test"]}
    parts = {part: table.select(chosen) for part, chosen in positions.items()}
    others = {} if spec.general is None else {"general": spec.general}
    others |= {rewritten_by(name): rows.rewritten(name, key.split_seed) for name in spec.transforms}
    return DatasetDict(parts | others)

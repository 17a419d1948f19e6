"""The plan of a study: the audits and runs that it consists of, in their order, and their estimated cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from codeshift.documents.document import Table, names, numbers, row
from codeshift.documents.text import table
from codeshift.errors import ParameterError
from codeshift.formatting import counted, shortest
from codeshift.study.planning.power import StudyPower
from codeshift.study.settings.keys import NONE, RunKey
from codeshift.study.settings.spec import StudySpec
from codeshift.study.settings.variants import variants_of
from codeshift.wording import Verbatim


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run of a plan.

    Attributes:
        key: Key of the run.
        train_rows: Number of training rows; 0 if nothing is trained.
        validation_rows: Number of validation rows.
        steps: Number of updates of the weights.
        target_tokens: Number of target tokens, or of labels, in all epochs of training, estimated on a sample of rows.
        scored_rows: Number of rows that are evaluated by teacher forcing.
        generated_rows: Largest number of rows that text is generated for.
        seconds: Estimated seconds on one worker; NaN if no throughput is known.

    >>> PlannedRun(key=RunKey(method="full", ood_kept=1.0, train_seed=0, variant="wise_ft=0.5")).kind
    'variant'
    """

    key: RunKey
    train_rows: int = 0
    validation_rows: int = 0
    steps: int = 0
    target_tokens: int = 0
    scored_rows: int = 0
    generated_rows: int = 0
    seconds: float = math.nan

    @property
    def kind(self) -> str:
        """Kind: ``"training"``, ``"variant"`` (made of trained weights) or ``"evaluation"`` (of the model as it is)."""
        if self.key.method == NONE:
            return "evaluation"
        return "variant" if self.key.variant else "training"


@dataclass(frozen=True, kw_only=True)
class PlannedAudit:
    """One audit of a plan, with the whole region masked.

    Attributes:
        scenario: Name of the scenario.
        split_seed: Seed of the split.

    >>> PlannedAudit(scenario="api_re", split_seed=0)
    PlannedAudit(scenario='api_re', split_seed=0)
    """

    scenario: str
    split_seed: int


@dataclass(frozen=True, kw_only=True)
class PlannedTest:
    """Test rows of a scenario with a split seed, which its results rest on.

    Attributes:
        scenario: Name of the scenario.
        split_seed: Seed of the split.
        test_ood: Number of test rows in the region.
        distinct_ood: Number of distinct ones: copies count once, and so do near-duplicates unless they are ignored.
        test_id: Number of test rows outside of the region.
        distinct_id: Number of distinct ones.

    >>> PlannedTest(scenario="api_re", split_seed=0, test_ood=12, distinct_ood=9, test_id=400, distinct_id=390).test_ood
    12
    """

    scenario: str
    split_seed: int
    test_ood: int
    distinct_ood: int
    test_id: int
    distinct_id: int


@dataclass(frozen=True)
class Plan:
    """All that a study does, in its order: ``Study.run`` does what of it is left.

    Attributes:
        runs: Runs: each training, each variant, and the model without fine-tuning; each is evaluated once.
        tests: Test rows of each scenario and split seed; empty if they are not counted.
        audits: Audits of the splits, which come before the runs.
        power: Smallest differences that the study can show; None if nothing is assumed of their spreads.
        targets: Name of what ``target_tokens`` counts: of a classification it is labels.

    >>> plan = Plan((PlannedRun(key=RunKey(method="none"), scored_rows=80),
    ...              PlannedRun(key=RunKey(method="full", ood_kept=1.0, train_seed=0), train_rows=400, steps=75,
    ...                         target_tokens=36000, scored_rows=80, seconds=90.0)))
    >>> print(plan)
    1 training, 0 variants, 2 evaluations: 75 steps over 36,000 target tokens; 160 rows scored, 0 generated
    method  scenario       ood_kept  runs  train rows  steps  target tokens  seconds
    none    all                   -     1           0      0              0        -
    full    all                   1     1         400     75         36,000       90
    """

    runs: tuple[PlannedRun, ...]
    tests: tuple[PlannedTest, ...] = ()
    audits: tuple[PlannedAudit, ...] = ()
    power: StudyPower | None = None
    targets: str = "target tokens"

    @classmethod
    def of(cls, spec: StudySpec) -> Plan:
        """Plan a study, without the cost of its runs, which takes the rows.

        Shared runs come first, and each variant follows the training whose weights it is made of.
        """
        splits = [(scenario.name, seed) for seed in spec.split_seeds for scenario in spec.scenarios]
        targets = "labels" if spec.task.class_names else "target tokens"
        audited = [] if spec.audit is None else [PlannedAudit(scenario=name, split_seed=seed) for name, seed in splits]
        return cls(runs=tuple(PlannedRun(key=key) for key in _run_keys(spec)), audits=tuple(audited), targets=targets)

    def key(
        self, *, method: str, model: str | None = None, scenario: str | None, ood_kept: float | None, split_seed: int,
        train_seed: int | None,
    ) -> RunKey:  # fmt: skip
        """Return the key of a planned run; the 100% baseline is that of all scenarios.

        Raises:
            ParameterError: if the plan has no such run.

        >>> plan = Plan((PlannedRun(key=RunKey(method="none")),))
        >>> plan.key(method="none", scenario=None, ood_kept=None, split_seed=0, train_seed=None).name
        'none-split0-e6910e10'
        """
        key = RunKey(method=method, split_seed=split_seed, model=model)
        if method != NONE:
            masked = None if ood_kept == 1 else scenario
            kept = None if ood_kept is None else float(ood_kept)
            key = replace(key, scenario=masked, ood_kept=kept, train_seed=train_seed)
        self.check_key(key)
        return key

    def check_key(self, key: RunKey) -> None:
        """Check that a key is that of a run of the plan.

        Raises:
            ParameterError: if it is not.
        """
        if key not in self.keys:
            remedy = f"the study has {len(self.keys)} runs, such as {self.keys[-1]}"
            raise ParameterError("run", "one of the study", Verbatim(str(key)), remedy)

    @property
    def keys(self) -> tuple[RunKey, ...]:
        """Keys of all runs."""
        return tuple(run.key for run in self.runs)

    @property
    def families(self) -> tuple[tuple[RunKey, ...], ...]:
        """Keys of each model as trained, followed by those of its variants."""
        families: list[list[RunKey]] = []
        for key in self.keys:
            if key.variant:
                families[-1].append(key)
            else:
                families.append([key])
        return tuple(map(tuple, families))

    @property
    def trainings(self) -> tuple[PlannedRun, ...]:
        """Runs that train."""
        return tuple(run for run in self.runs if run.kind == "training")

    @property
    def variants(self) -> tuple[PlannedRun, ...]:
        """Runs that are made of trained weights."""
        return tuple(run for run in self.runs if run.kind == "variant")

    @property
    def seconds(self) -> float:
        """Seconds of all runs, one after the other; NaN if unknown for any."""
        return sum(run.seconds for run in self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __str__(self) -> str:
        tests = ["", _aligned(self._test_lines(), texts=1)] if self.tests else []
        power = ["", str(self.power)] if self.power is not None else []
        return "\n".join([self._sums(), _aligned(self._lines(), texts=2 + self._names_models), *tests, *power])

    @property
    def _names_models(self) -> bool:
        return any(key.model is not None for key in self.keys)

    def _sums(self) -> str:
        trainings, variants = len(self.trainings), len(self.variants)
        total = "" if math.isnan(self.seconds) else f"; about {_duration(self.seconds)} on one worker"
        return (
            f"{trainings:,} training{'' if trainings == 1 else 's'}, "
            f"{variants:,} variant{'' if variants == 1 else 's'}, {len(self.runs):,} evaluations: "
            f"{sum(run.steps for run in self.runs):,} steps over "
            f"{sum(run.target_tokens for run in self.runs):,} {self.targets}; "
            f"{sum(run.scored_rows for run in self.runs):,} rows scored, "
            f"{sum(run.generated_rows for run in self.runs):,} generated{total}"
        )

    def _lines(self) -> list[list[str]]:
        """Return a header, and one line for each model, method, scenario, share and variant; seeds together."""
        named = ["model"] if self._names_models else []
        lines = [[*named, "method", "scenario", "ood_kept", "runs", "train rows", "steps", self.targets, "seconds"]]
        groups: dict[tuple[str, ...], list[PlannedRun]] = {}
        for run in self.runs:
            method = f"{run.key.method} {run.key.variant or ''}".strip()
            kept = "-" if run.key.ood_kept is None else shortest(run.key.ood_kept)
            model = [run.key.model or "-"] if named else []
            groups.setdefault((*model, method, run.key.scenario or "all", kept), []).append(run)
        for group, runs in groups.items():
            seconds = sum(run.seconds for run in runs)
            counts = [_range([run.train_rows for run in runs])]
            counts += [f"{sum(run.steps for run in runs):,}", f"{sum(run.target_tokens for run in runs):,}"]
            lines.append([*group, str(len(runs)), *counts, "-" if math.isnan(seconds) else f"{seconds:,.0f}"])
        return lines

    def _test_lines(self) -> list[list[str]]:
        """Return a header, and one line for each scenario; split seeds together."""
        lines = [["test rows of", "test_ood", "distinct", "test_id", "distinct"]]
        for name in dict.fromkeys(test.scenario for test in self.tests):
            of_seeds = [test for test in self.tests if test.scenario == name]
            counts = ("test_ood", "distinct_ood", "test_id", "distinct_id")
            lines.append([name, *(_range([getattr(test, count) for test in of_seeds]) for count in counts)])
        return lines

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one dictionary for each run, of plain values."""
        return [
            run.key.to_dict() | {"kind": run.kind} | {name: value for name, value in vars(run).items() if name != "key"}
            for run in self.runs
        ]

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with one line for each run."""
        return pd.DataFrame(self.to_rows())


def _run_keys(spec: StudySpec) -> Iterator[RunKey]:
    if spec.task.zero_shot:
        for name in spec.models:
            yield from (RunKey(method=NONE, split_seed=split, model=name) for split in spec.split_seeds)
    for train in spec.train_seeds:
        for split in spec.split_seeds:
            for name, model in spec.models.items():
                for scenario, kept in _regimes(spec):
                    for method, config in model.methods.items():
                        for variant in (None, *variants_of(spec, config)):
                            yield RunKey(
                                method=method, scenario=scenario, ood_kept=kept, variant=variant,
                                split_seed=split, train_seed=train, model=name,
                            )  # fmt: skip


def _regimes(spec: StudySpec) -> list[tuple[str | None, float]]:
    """Return scenarios and shares kept, the 100% baseline that all scenarios share first."""
    baseline: list[tuple[str | None, float]] = [(None, 1.0)] if 1.0 in spec.ood_kept else []
    return baseline + [(scenario.name, kept) for scenario in spec.scenarios for kept in spec.masked_shares]


def _range(counts: list[int]) -> str:
    """Format the count, or the smallest and the largest if they differ.

    >>> _range([12, 12]), _range([1200, 900])
    ('12', '900-1,200')
    """
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,}-{high:,}"


def _aligned(lines: list[list[str]], *, texts: int) -> str:
    head, *others = lines
    columns = names(*head[:texts]) + numbers(*head[texts:])
    return table(Table(columns=columns, rows=tuple(row(*line) for line in others)))


def _duration(seconds: float) -> str:
    """Format seconds in a readable unit.

    >>> _duration(90), _duration(7200), _duration(30), _duration(1)
    ('1.5 minutes', '2.0 hours', '30 seconds', '1 second')
    """
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return counted(round(seconds), "second")

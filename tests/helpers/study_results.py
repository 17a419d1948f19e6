"""Results of studies that were never run, for tests: scores are drawn by a rule of the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from codeshift.audit import Verdict
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from codeshift.properties import NodeTypes
from codeshift.regions.distribution import Distribution
from codeshift.splitters import Contains
from codeshift.study.folder.records import RunRecord, TrainingFacts
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_audit import SplitAudit
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey

TRAINING = TrainingFacts(steps=10, training_seconds=1.0, first_loss=2.0, last_loss=1.0)
METRICS = {metric.name: metric for metric in (NegativeLogLikelihood(), ExactMatch())}


def chance(key: RunKey, inside: bool) -> float:
    """Return how likely a row is right: lower inside the masked region, the less of it was kept."""
    if key.method == "none":
        return 0.2
    lost = (1.0 - (key.ood_kept or 0.0)) * (0.3 if key.method == "lora" else 0.5)
    return 0.8 - (lost if inside else 0.05)


def study_results(
    *,
    scenarios: Sequence[str] = ("syntax_for_statement", "length_p97_p100"),
    methods: Sequence[str] = ("full", "lora"),
    ood_kept: Sequence[float] = (0.0, 0.5, 1.0),
    variants: Sequence[str] = (),
    split_seeds: Sequence[int] = (0,),
    train_seeds: Sequence[int] = (0,),
    rows: int = 40,
    general: int = 20,
    failed: Sequence[RunKey] = (),
    pending: Sequence[RunKey] = (),
    chance: Callable[[RunKey, bool], float] = chance,
    references: Sequence[str] | None = None,
    wrong: str = "pass",
) -> StudyResults:
    """Return results in memory.

    Every other test row is in the region of the first scenario, every third in that of the second. The prediction of a
    row that is right is its reference, otherwise ``wrong``. No text is generated for the last row.
    """
    keys = _keys(scenarios, methods, ood_kept, variants, split_seeds, train_seeds)
    splits = {(name, seed): _facts(name, i + 2, rows) for i, name in enumerate(scenarios) for seed in split_seeds}

    def load(key: RunKey, part: str) -> RunScores:
        count = rows if part == "test" else general
        texts = list(references or [f"for i in range({i}):\n    print(i)" for i in range(count)])[:count]
        region = splits[key.scenario or scenarios[0], key.split_seed].members["test_ood"]
        inside = region if part == "test" else np.zeros(count, dtype=bool)
        rng = np.random.default_rng(int.from_bytes(f"{key.name}{part}".encode(), "big") % 2**63)
        right = rng.random(count) < [chance(key, bool(i)) for i in inside]
        predictions = [text if ok else wrong for text, ok in zip(texts, right, strict=True)]
        exact = METRICS["exact_match"].statistics(predictions, texts)
        exact[-1] = np.nan
        nll = METRICS["negative_log_likelihood"].statistics(
            [[-2.0 + r + n] for r, n in zip(right, rng.normal(0, 0.1, count), strict=True)], [[1]] * count
        )
        return RunScores(texts, [*predictions[:-1], None], {"negative_log_likelihood": nll, "exact_match": exact})

    def record(key: RunKey) -> RunRecord:
        if key in failed:
            return RunRecord(key=key, status="failed", error="DivergenceError: the loss of step 3 is nan")
        if key in pending:
            return RunRecord(key=key, status="pending")
        training = None if key.method == "none" else TRAINING
        return RunRecord(key=key, status="done", seconds=1.5, training=training)

    settings = StoredSettings(
        scenarios=tuple(scenarios),
        split_seeds=tuple(split_seeds),
        language="python",
        has_general=bool(general),
        title="a study",
        model="tiny",
        plain={"model": {"name": "tiny"}, "methods": dict.fromkeys(methods), "column": "code", "language": "python"},
    )
    return StudyResults(
        settings=settings,
        metrics=METRICS,
        records=tuple(record(key) for key in keys),
        splits=splits,
        load=load,
    )


def _keys(scenarios, methods, ood_kept, variants, split_seeds, train_seeds) -> list[RunKey]:
    keys = [RunKey(method="none", split_seed=split) for split in split_seeds]
    for split in split_seeds:
        for method in methods:
            for train in train_seeds:
                for scenario, kept in [(None, 1.0), *((s, k) for s in scenarios for k in ood_kept if k < 1)]:
                    if kept in ood_kept:
                        keys += [
                            RunKey(
                                method=method,
                                scenario=scenario,
                                ood_kept=kept,
                                variant=variant,
                                split_seed=split,
                                train_seed=train,
                            )
                            for variant in (None, *variants)
                        ]
    return keys


def _facts(scenario: str, every: int, rows: int) -> SplitFacts:
    inside = np.arange(rows) % every == 0
    element = scenario.removeprefix("syntax_") if scenario.startswith("syntax_") else ""
    places = {"train": np.arange(30), "test_id": np.arange(20), "test_ood": np.arange(30, 40)}
    lengths = Distribution.of_numbers("tokens", np.arange(40.0), places)
    return SplitFacts(
        scenario=scenario,
        splitter=f"Splitter({scenario!r})",
        meaning=f"{scenario} is out of distribution",
        manifest=f"splits/{scenario}.manifest.json",
        members={"test_id": ~inside, "test_ood": inside},
        sizes={
            "train": 100,
            "validation": 10,
            "test_id": int((~inside).sum()),
            "test_ood": int(inside.sum()),
            "excluded": 12,
        },
        masked=Contains(NodeTypes("code", "python"), (element,)) if element else None,
        dimension={"syntax": "syntax", "length": "complexity"}.get(scenario.partition("_")[0], "other"),
        distributions=() if element else (lengths,),
        audit=SplitAudit(
            verdict=Verdict(label="sound", reasons=("no leak was found",), cautions=()), auc=0.6 + 0.1 * every
        ),
    )

"""Results of a study of classifiers that was never run: probabilities are drawn, less sure inside of the region."""

from __future__ import annotations

import numpy as np

from codeshift.metrics import F1, Accuracy, ModelOutputs, ood_scores
from codeshift.study.folder.records import RunRecord, TrainingFacts
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey

CLASSES = ("graphs", "maths", "sorting")
SCENARIOS = ("odd", "thirds")
METHODS = ("full", "lora")
KEPT = (0.0, 1.0)
SEEDS = (0, 1)
ROWS = 240
METRICS = {metric.name: metric for metric in (F1(average="macro"), Accuracy())}


def members(scenario: str, split_seed: int) -> dict[str, np.ndarray]:
    """Return the masks of both parts; rows that are divisible by 7 are in neither."""
    rows = np.arange(ROWS) + split_seed
    inside = rows % {"odd": 2, "thirds": 3}[scenario] == 1
    used = np.arange(ROWS) % 7 > 0
    return {"test_ood": inside & used, "test_id": ~inside & used}


def classes(split_seed: int) -> np.ndarray:
    """Return the number of each row's class."""
    return np.random.default_rng(split_seed).integers(0, len(CLASSES), ROWS)


def logits(key: RunKey) -> np.ndarray:
    """Return the logits of a run, which point to the right class less where its region was masked."""
    rng = np.random.default_rng(int.from_bytes(key.name.encode(), "big") % 2**63)
    inside = members(key.scenario, key.split_seed)["test_ood"] if key.scenario else np.zeros(ROWS, dtype=bool)
    strength = np.where(inside, 0.4, 2.5)
    return rng.normal(size=(ROWS, len(CLASSES))) + strength[:, None] * np.eye(len(CLASSES))[classes(key.split_seed)]


def keys(scenario: str, method: str, kept: float) -> list[RunKey]:
    """Return the runs of a cell."""
    named = None if kept == 1 else scenario
    return [
        RunKey(method=method, scenario=named, ood_kept=kept, split_seed=split, train_seed=train)
        for split in SEEDS
        for train in SEEDS
    ]


def classified_results() -> StudyResults:
    """Return two scenarios by two methods by two split seeds by two training seeds."""

    def load(key: RunKey, part: str) -> RunScores:
        of_classes, of_rows = classes(key.split_seed), logits(key)
        shares = np.exp(of_rows) / np.exp(of_rows).sum(axis=1, keepdims=True)
        return RunScores(
            references=[CLASSES[number] for number in of_classes],
            predictions=[CLASSES[number] for number in of_rows.argmax(axis=1)],
            statistics={name: metric.statistics(shares, of_classes) for name, metric in METRICS.items()},
            sources=[f"row {i} of {key.split_seed}: {'xyz'[i % 3] * (i % 11)} {i * i}" for i in range(ROWS)],
            labels=CLASSES,
            logits=of_rows,
            ood=ood_scores(ModelOutputs(logits=of_rows)),
        )

    facts = TrainingFacts(steps=10, training_seconds=1.0, first_loss=2.0, last_loss=1.0)
    every = [key for m in METHODS for key in keys("", m, 1.0)]
    every += [key for scenario in SCENARIOS for m in METHODS for key in keys(scenario, m, 0.0)]
    return StudyResults(
        settings=StoredSettings(
            scenarios=SCENARIOS, split_seeds=SEEDS, classes=tuple(CLASSES), title="classes", model="tiny"
        ),
        metrics=METRICS,
        records=tuple(RunRecord(key=key, status="done", seconds=1.0, training=facts) for key in every),
        splits={(name, seed): _facts(name, seed) for name in SCENARIOS for seed in SEEDS},
        load=load,
    )


def _facts(scenario: str, seed: int) -> SplitFacts:
    parts = members(scenario, seed)
    sizes = {part: int(mask.sum()) for part, mask in parts.items()}
    return SplitFacts(scenario=scenario, splitter=scenario, meaning=scenario, manifest="", sizes=sizes, members=parts)

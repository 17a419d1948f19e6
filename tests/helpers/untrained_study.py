"""Studies whose models are digests: all is as in a study but what takes time, so that hundreds can be run in a test.

A model is the digest of the rows that it was trained on and of its run; its scores follow from it and from the test
rows. So a run that was done on other rows, or scored with other weights, has other scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from datasets import Dataset

from codeshift.files import replaced
from codeshift.study.folder.records import EvaluationFacts, TrainingFacts
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.running import run_models, worker
from codeshift.study.running.run_job import RunJob
from codeshift.study.settings import finetuning
from codeshift.study.settings.keys import RunKey
from codeshift.temporary_files import NO_PROCESS, temporary_name

Event = Callable[[str], None]
"""Function that is called with the name of a run at each of the moments at which it may stop."""


@contextmanager
def untrained(event: Event) -> Iterator[None]:
    """Run studies without models inside the context."""

    class Trained:
        def __init__(self, method: Any, model: str, tokenizer: Any, config: Any, **_: Any) -> None:
            self.seed = config.seed

        def fit(self, data: dict[str, Dataset], folder: Path) -> Trained:
            event(folder.parent.name)
            self.model = _digest(self.seed, sorted((part, rows["code"][:]) for part, rows in data.items()))
            folder.mkdir(parents=True, exist_ok=True)
            with replaced(folder / "model.safetensors") as temporary:
                temporary.write_text(self.model, encoding="utf-8")
            event(folder.parent.name)
            return self

    class Models(run_models.RunModels):
        tokenizer: Any = None  # type: ignore[misc]

        def _pretrained(self) -> Any:
            return "none"

        def _stored(self) -> Any:
            return (self.store.training(self.run.key) / "model.safetensors").read_text(encoding="utf-8")

        def variant(self, model: Any, variant: str) -> Any:
            return _digest(model, variant)

    class Scorer:
        def __init__(self, run: RunJob, _: Any) -> None:
            self.run, self.store = run, run.store

        def score(self, model: Any, key: RunKey) -> dict[str, EvaluationFacts]:
            event(key.name)
            whole = Dataset.from_file(str(self.store.check_data(self.store.rows_file)))
            test = whole.select(self.store.read_test(key.split_seed))["code"][:]
            names = list(self.run.method.evaluation.metrics)
            statistics = {name: np.array([_numbers(model, name, code) for code in test]) for name in names}
            torn = self.store.run(key) / temporary_name("test.parquet", pid=NO_PROCESS)
            torn.write_bytes(b"torn")
            event(key.name)
            torn.unlink()
            RunScores(test, [None] * len(test), statistics).save(self.store.scores(key, "test"))
            event(key.name)
            return {"test": EvaluationFacts(rows=len(test))}

    def facts(trained: Trained, unit: str, rows: dict[str, int], weights: dict[str, str]) -> TrainingFacts:
        return TrainingFacts(steps=1, training_seconds=0.0, first_loss=1.0, last_loss=1.0, rows=rows, weights=weights)

    with (
        patch.object(finetuning, "check_methods_fit", lambda _: None),  # makes a model without weights at each run
        patch.object(run_models, "trainer", Trained),
        patch.object(run_models, "_training_facts", facts),
        patch.object(worker, "RunModels", Models),
        patch.object(worker, "RunScorer", Scorer),
    ):
        yield


def _digest(*content: Any) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()


def _numbers(*content: Any) -> list[float]:
    """Statistics as of a mean over tokens: 1, a sum and the tokens."""
    return [1.0, int(_digest(*content)[:8], 16) / 2**32, 1.0]

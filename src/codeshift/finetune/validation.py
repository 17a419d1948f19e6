"""Measurements on the part ``validation`` while a model trains, and the choice of its best weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from datasets import Dataset

from codeshift.finetune.encoded_part import EncodedPart
from codeshift.finetune.evaluator import Evaluator
from codeshift.finetune.models import Model, Tokenizer
from codeshift.finetune.sharding import divide_again
from codeshift.finetune.tasks import Objective
from codeshift.metrics import Metric


@dataclass(frozen=True)
class Validation:
    """The validation of one run, or the watching of another part.

    Attributes:
        objective: What training minimises.
        data: Part, encoded.
        rows: Part as it was given, for the evaluator.
        tokenizer: Tokenizer of the model.
        evaluator: Evaluator whose metrics are measured too; its first metric decides which weights are best. None
            uses the loss.
        part: Name of the part, which those of what is measured begin with.
    """

    objective: Objective[Any]
    data: EncodedPart
    rows: Dataset
    tokenizer: Tokenizer
    evaluator: Evaluator | None = None
    part: str = "validation"

    def measure(self, model: Model) -> dict[str, float]:
        """Return ``validation_loss``, and ``validation_`` followed by the name of each metric of the evaluator."""
        measured = {f"{self.part}_loss": self.objective.mean_loss(self.data)}
        if self.evaluator is not None:
            parts = {self.part: self.rows}
            result = self.evaluator.evaluate(model, parts, tokenizer=self.tokenizer, parts=(self.part,))
            estimates = result[self.part].estimates
            measured |= {f"{self.part}_{name}": estimate.value for name, estimate in estimates.items()}
        divide_again(model)
        return measured

    def describe(self) -> dict[str, Any] | None:
        """Return the settings and metrics of the evaluator as JSON values, or None without one."""
        evaluator = self.evaluator
        return None if evaluator is None else evaluator.describe() | {"metrics": list(evaluator.metrics)}

    def is_better(self, measured: dict[str, float], best: float | None) -> bool:
        """Tell whether ``measured`` is better than the best value so far; NaN never is."""
        value = self.deciding(measured)
        if best is None or math.isnan(value):
            return not math.isnan(value)
        metric = self._metric
        return value > best if metric is not None and metric.higher_is_better else value < best

    def deciding(self, measured: dict[str, float]) -> float:
        """Return the value that decides which weights are best."""
        return measured[f"{self.part}_loss" if self._metric is None else f"{self.part}_{self._metric.name}"]

    @property
    def _metric(self) -> Metric | None:
        return None if self.evaluator is None else next(iter(self.evaluator.metrics.values()))

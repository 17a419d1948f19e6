"""The result of a training run."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from accelerate import PartialState
from peft import PeftModel

from codeshift.errors import ParameterError
from codeshift.finetune.adapters import TrainableParameters
from codeshift.finetune.atomic_folder import folder_aside
from codeshift.finetune.classifiers import is_classifier, save_labels
from codeshift.finetune.limits import TRAINING_FILE
from codeshift.finetune.models import Model, Tokenizer
from codeshift.finetune.round_trip import RoundTrip
from codeshift.finetune.sharding import whole_state
from codeshift.finetune.tasks import Task
from codeshift.finetune.training_config import TrainingConfig
from codeshift.finetune.truncation import TruncationCounts
from codeshift.wording import closest


@dataclass(frozen=True)
class TrainingResult:
    """A trained model and the record of its training.

    Attributes:
        model: Trained model in evaluation mode, which nothing else refers to; with an adapter it is PEFT's model.
        config: Settings of the training, as given.
        history: One dict per step (``step`` from 1, ``epoch`` from 0, ``loss`` in nats per target token, or per row of
            a classification, ``learning_rate``, and what the loss was divided by: the ``tokens`` of the targets, or the
            ``weight`` of the rows) and one per validation (``step``, ``epoch``, ``validation_loss``, and
            ``validation_`` before the name of each metric of the trainer's evaluator), in their order.
        truncation: Amount of text that was cut, by part.
        parameters: Number of parameters that were trained.
        seconds: Time of the training loop in seconds, validation included; a resumed run counts only its own time.
        best_step: Step of the best validation, or None without validation.
        stopped_early: Whether patience ended the run.
        round_trip: Texts that the tokenizer does not give back, by part.
        task: What the model was trained to do.

    >>> from datasets import Dataset
    >>> from codeshift.finetune import Trainer
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> data = Dataset.from_dict({"doc": ["Add.", "Negate."] * 4, "code": ["return a + b", "return -a"] * 4})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> config = TrainingConfig(learning_rate=1e-2, max_steps=3, train_batch_size=4)
    >>> trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, config, source="doc", target="code", progress=False)
    >>> result = trainer.fit(data)
    >>> len(result.losses), result.parameters.share, str(result.truncation["train"])
    (3, 1.0, '0 of 8 sources and 0 of 8 targets cut')
    """

    model: Model = field(repr=False)
    config: TrainingConfig = field(repr=False)
    history: list[dict[str, float]] = field(repr=False)
    truncation: dict[str, TruncationCounts]
    parameters: TrainableParameters
    seconds: float
    best_step: int | None = None
    stopped_early: bool = False
    round_trip: dict[str, RoundTrip] = field(default_factory=dict, repr=False)
    task: Task | None = None

    @property
    def losses(self) -> list[float]:
        """Training loss of each step, in nats per target token, or per row of a classification."""
        return [row["loss"] for row in self.history if "loss" in row]

    @property
    def validation_losses(self) -> list[float]:
        """Loss of each validation, in nats per target token, or per row of a classification."""
        return [row["validation_loss"] for row in self.history if "validation_loss" in row]

    def watched(self, part: str, measure: str = "loss") -> list[tuple[int, float]]:
        """Return what was measured on a watched part, or on ``validation``, with the step of each value.

        Args:
            part: Name of the part.
            measure: "loss", in nats per target token or per row of a classification, or the name of a metric.

        Raises:
            ParameterError: it was not measured.
        """
        name = f"{part}_{measure}"
        values = [(int(row["step"]), row[name]) for row in self.history if name in row]
        if not values:
            keys = sorted({key for row in self.history for key in row})
            raise ParameterError("part", "one that was watched", part, closest(name, keys))
        return values

    def save(self, folder: str | os.PathLike[str], tokenizer: Tokenizer | None = None) -> None:
        """Write the model (or the adapter alone) as safetensors, the history and the settings.

        ``load_model(folder)`` reads it back. The files are written to a temporary folder and moved into place. If there
        are several processes, only the main one writes; if the model is divided among them, all must call this.
        """
        weights = whole_state(self.model, keeps=PartialState().is_main_process)
        if not PartialState().is_main_process:
            return
        folder = Path(folder)
        summary = {
            "config": self.config.to_dict(),
            "history": self.history,
            **({} if self.task is None else self.task.to_dict()),
            "truncation": {part: vars(t) for part, t in self.truncation.items()},
            "round_trip": {part: lost.to_dict() for part, lost in self.round_trip.items()},
            "parameters": vars(self.parameters),
            "best_step": self.best_step,
            "stopped_early": self.stopped_early,
        }
        size = sum(
            p.nbytes for p in self.model.parameters() if p.requires_grad or not isinstance(self.model, PeftModel)
        )
        with folder_aside(folder, size=size) as temporary:
            self.model.save_pretrained(temporary, state_dict=weights)
            if tokenizer is not None:
                tokenizer.save_pretrained(temporary)
            if is_classifier(self.model):
                save_labels(self.model, temporary)
            (temporary / TRAINING_FILE).write_text(json.dumps(summary, indent=1), encoding="utf-8")
            for path in temporary.iterdir():
                os.replace(path, folder / path.name)

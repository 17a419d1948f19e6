"""The models of a run, trained, loaded or made of the weights of others, and the facts of their training."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cached_property, lru_cache

import torch
from datasets import Dataset

from codeshift.finetune import scale_adapter, wise_ft
from codeshift.finetune.models import Model, Tokenizer, load_tokenizer
from codeshift.finetune.runtime import seeded
from codeshift.finetune.stored_weights import with_stored_adapter
from codeshift.finetune.token_memory import remember_tokens
from codeshift.finetune.training_result import TrainingResult
from codeshift.properties.progress import bars_shown
from codeshift.study.finetuning import trainer
from codeshift.study.keys import NONE
from codeshift.study.records import TrainingFacts
from codeshift.study.run_spec import RunSpec
from codeshift.study.variants import WISE_FT


class RunModels:
    """Models that a run evaluates.

    Args:
        run: Run to do.
    """

    def __init__(self, run: RunSpec) -> None:
        self.run, self.method, self.store = run, run.method, run.store

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer of all models."""
        return _tokenizer(self.method.tokenizer or str(self.store.model))

    def trained(self) -> tuple[Model, TrainingFacts | None]:
        """Return the model to evaluate, trained if needed, and the facts of its training, if it has one."""
        key = self.run.key
        if key.method == NONE:
            return self._pretrained(), None
        record = self.store.earlier_record(key) or self.store.read_record(key)
        if record is not None and record.status == "done" and self.store.has_weights(record):
            # Trained already: a variant was added later, or the run is evaluated again.
            return self._stored(), record.training
        assert self.method.config is not None and key.train_seed is not None  # noqa: S101, PT018 - every method has them
        config = replace(self.method.config, seed=key.train_seed)
        model = self.method.model or str(self.store.model)
        data = self._training_data()
        own = trainer(self.method, model, self.tokenizer, config, progress=bars_shown())
        result = own.fit(data, self.store.training(key))
        rows = {part: len(rows) for part, rows in data.items()}
        facts = _facts(result, self.method.task.unit, rows, self.store.weights(key))
        return result.model, replace(facts, unseen_labels=self._unseen(data["train"]))

    def _pretrained(self) -> Model:
        """Load the model without fine-tuning; the evaluation's seed draws what the task adds to it."""
        with seeded(self.method.evaluation.seed):
            model = self.method.task.load(self.method.model or str(self.store.model), self.tokenizer)
        return model.to("cuda" if torch.cuda.is_available() else "cpu")

    def _stored(self) -> Model:
        folder = self.store.training(self.run.key)
        if self.method.peft_config is not None:
            return with_stored_adapter(self._pretrained(), folder)
        return self.method.task.load(folder, self.tokenizer).to("cuda" if torch.cuda.is_available() else "cpu")

    def _training_data(self) -> dict[str, Dataset]:
        key = self.run.key
        assert key.ood_kept is not None  # noqa: S101 - every training has one
        rows = Dataset.from_file(str(self.store.check_data(self.store.rows)))
        positions = self.store.read_training(key.scenario, key.split_seed, key.ood_kept)
        return {part: self.method.task.with_classes(rows.select(at)) for part, at in positions.items()}

    def _unseen(self, train: Dataset) -> list[str]:
        """Return the classes that no training row has."""
        classes = self.method.task.class_names
        seen = {*self.method.task.texts(train)[1]} if classes else set()
        return [label for label in classes if label not in seen]

    def variant(self, model: Model, variant: str) -> Model:
        """Make a variant of the weights of the trained model."""
        kind, _, value = variant.partition("=")
        if kind == WISE_FT:
            return wise_ft(self._pretrained(), model, float(value))
        return scale_adapter(model, float(value))


@lru_cache(maxsize=1)
def _tokenizer(name: str) -> Tokenizer:
    """Load the tokenizer, once in each process; it tokenises each row once for all runs of the process."""
    return remember_tokens(load_tokenizer(name))


def _facts(result: TrainingResult, unit: str, rows: dict[str, int], weights: dict[str, str]) -> TrainingFacts:
    losses, validation = result.losses, result.validation_losses
    return TrainingFacts(
        steps=len(losses),
        training_seconds=result.seconds,
        first_loss=losses[0],
        last_loss=losses[-1],
        best_validation_loss=min(validation) if validation else None,
        best_step=result.best_step,
        stopped_early=result.stopped_early,
        target_tokens=round(sum(row[unit] for row in result.history if unit in row)),
        trainable_parameters=result.parameters.trainable,
        parameters=result.parameters.total,
        truncation={part: asdict(counts) for part, counts in result.truncation.items()},
        round_trip={part: counts.to_dict() for part, counts in result.round_trip.items()},
        rows=rows,
        weights=weights,
    )

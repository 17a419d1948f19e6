"""The models of a run, trained, loaded or made of the weights of others, and the facts of their training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset

from codeshift.finetune import scale_adapter, wise_ft
from codeshift.finetune.models import Model, Tokenizer, load_tokenizer
from codeshift.finetune.runtime import seeded
from codeshift.finetune.stored_weights import with_stored_adapter
from codeshift.finetune.token_memory import remember_tokens
from codeshift.finetune.training_result import TrainingResult
from codeshift.parts import TEST_PARTS
from codeshift.properties.progress import bars_shown
from codeshift.study.folder.records import TrainingFacts
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.running.run_job import RunJob
from codeshift.study.settings.finetuning import trainer
from codeshift.study.settings.keys import NONE, Variant
from codeshift.study.settings.variants import WISE_FT


class RunModels:
    """Models that a run evaluates.

    Args:
        run: Run to do.
    """

    def __init__(self, run: RunJob) -> None:
        self.run, self.method, self.store = run, run.method, run.store

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer of all models."""
        revision = self.method.revision if self.method.tokenizer == self.method.model else None
        return _tokenizer(self.method.tokenizer or str(self._folder), revision)

    @property
    def _folder(self) -> Path:
        """Folder of a model or tokenizer that was given as an object."""
        return self.store.model(self.run.key.model)

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
        model = self.method.model or str(self._folder)
        data = self._training_data()
        watched = self._watched_rows()
        own = trainer(self.method, model, self.tokenizer, config, watch=self._watch(watched), progress=bars_shown())
        result = own.fit(data | watched, self.store.training(key))
        rows = {part: len(rows) for part, rows in data.items()}
        facts = _training_facts(result, self.method.task.unit, rows, self.store.weights(key))
        return result.model, replace(facts, unseen_labels=self._unseen(data["train"]))

    def _pretrained(self) -> Model:
        """Load the model without fine-tuning; the evaluation's seed draws what the task adds to it."""
        with seeded(self.method.evaluation.seed):
            name = self.method.model or str(self._folder)
            model = self.method.task.load(name, self.tokenizer, revision=self.method.revision)
        return model.to("cuda" if torch.cuda.is_available() else "cpu")

    def _stored(self) -> Model:
        folder = self.store.training(self.run.key)
        if self.method.peft_config is not None:
            return with_stored_adapter(self._pretrained(), folder)
        return self.method.task.load(folder, self.tokenizer).to("cuda" if torch.cuda.is_available() else "cpu")

    def _training_data(self) -> dict[str, Dataset]:
        key = self.run.key
        assert key.ood_kept is not None  # noqa: S101 - every training has one
        rows = Dataset.from_file(str(self.store.check_data(self.store.rows_file)))
        positions = self.store.read_training(key.scenario, key.split_seed, key.ood_kept)
        return {part: rows.select(at) for part, at in positions.items()}

    def _watched_rows(self) -> dict[str, Dataset]:
        """Return the test rows of the run's scenario that are scored while it trains; none without a scenario."""
        key = self.run.key
        if key.scenario is None or not self.method.watch:
            return {}
        rows = Dataset.from_file(str(self.store.check_data(self.store.rows_file)))
        test = rows.select(self.store.read_test(key.split_seed))
        facts = SplitFacts.load(self.store.facts(key.scenario, key.split_seed))
        parts = {part: test.select(np.flatnonzero(facts.members[part])) for part in self.method.watch}
        return {part: rows for part, rows in parts.items() if len(rows)}

    def _watch(self, watched: Mapping[str, Dataset]) -> dict[str, int | None] | None:
        return {part: self.method.watch[part] for part in watched} or None

    def _unseen(self, train: Dataset) -> list[str]:
        """Return the classes that no training row has."""
        classes = self.method.task.class_names
        seen = {*self.method.task.texts(train)[1]} if classes else set()
        return [label for label in classes if label not in seen]

    def variant(self, model: Model, variant: Variant) -> Model:
        """Make a variant of the weights of the trained model."""
        if variant.kind == WISE_FT:
            return wise_ft(self._pretrained(), model, variant.value)
        return scale_adapter(model, variant.value)


@lru_cache(maxsize=1)
def _tokenizer(name: str, revision: str | None) -> Tokenizer:
    """Load the tokenizer, once in each process; it tokenises each row once for all runs of the process."""
    return remember_tokens(load_tokenizer(name, revision))


def _training_facts(result: TrainingResult, unit: str, rows: dict[str, int], weights: dict[str, str]) -> TrainingFacts:
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
        watched=_watched(result),
    )


def _watched(result: TrainingResult) -> dict[str, list[tuple[int, float]]]:
    """Return the step and loss of each measurement of a part by its name; {} if no test part was watched."""
    measured = {
        part: [(int(row["step"]), row[f"{part}_loss"]) for row in result.history if f"{part}_loss" in row]
        for part in ("validation", *TEST_PARTS)
    }
    return {part: steps for part, steps in measured.items() if steps} if any(map(measured.get, TEST_PARTS)) else {}

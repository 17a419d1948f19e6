"""The task of telling the class of a text or of a pair of texts: fine-tuning by cross entropy, class probabilities."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets
from numpy.typing import NDArray
from peft import PeftModel
from torch.nn import functional
from transformers import PreTrainedConfig

from codeshift.arithmetic import ratio
from codeshift.defaults import BATCH_SIZE
from codeshift.errors import ParameterError, warn
from codeshift.finetune.batching import Batch, pad
from codeshift.finetune.capacity import check_source_positions, encode_part
from codeshift.finetune.class_scores import ClassScores, RowLogits, class_logits, score_classes
from codeshift.finetune.classifiers import (
    as_classifier,
    check_labels,
    fresh_classifier,
    labels_of,
    load_classifier,
    tell_padding,
)
from codeshift.finetune.conversation import Chat
from codeshift.finetune.errors import UnseenLabelWarning
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.evaluation_settings import EvaluationSettings
from codeshift.finetune.identity import data_digest, describe_evaluated
from codeshift.finetune.label_column import UNKNOWN, LabelColumn, Labels
from codeshift.finetune.labelled_rows import LabelledEncoder, LabelledRows, templates_of
from codeshift.finetune.limits import Limits
from codeshift.finetune.models import Model, Tokenizer, base_model, pad_id
from codeshift.finetune.row_log import RowLog, open_logs, resumed
from codeshift.finetune.tasks.base import ModelEvaluation, Objective, Task
from codeshift.finetune.template import Template, texts_of
from codeshift.finetune.tokenizing import check_special_tokens
from codeshift.finetune.training_config import TrainingConfig
from codeshift.formatting import listed
from codeshift.metrics import F1, Accuracy, Metric
from codeshift.metrics.aggregates.copies import copies
from codeshift.task_kinds import CLASSIFICATION, TaskName
from codeshift.wording import closest


@dataclass(frozen=True)
class Classification(Task):
    """Telling the class of a source.

    Attributes:
        source: Template of what the model is given, or those of a pair of texts.
        label: Column of labels.
        classes: Names of the classes; None until they are known from training rows, or from a model.
    """

    name: ClassVar[TaskName] = CLASSIFICATION
    unit: ClassVar[str] = "weight"
    zero_shot: ClassVar[bool] = False  # a fresh head says nothing
    has_classes: ClassVar[bool] = True
    source: tuple[Template, ...]
    label: LabelColumn
    classes: Labels | None = None

    @classmethod
    def of(cls, source: Any, target: Any, chat: Chat | None) -> Classification:
        """Return the task for a source, or a pair of them, and a column of labels.

        Raises:
            ParameterError: they are something else, or rows are to become conversations.
        """
        if chat is not None:
            remedy = "a classifier writes no turn: leave chat out"
            raise ParameterError("chat", "False for a classification", True, remedy)
        return cls(templates_of(source), LabelColumn(target))

    def to_dict(self) -> dict[str, Any]:
        """Return name, source (a list of two for a pair) and target as JSON values."""
        specs = [template.spec for template in self.source]
        return {"task": self.name, "source": specs if len(specs) == 2 else specs[0], "target": self.label.name}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the source and that of the labels, each once."""
        return tuple(dict.fromkeys((*self.text_columns, self.label.name)))

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns of the source, each once."""
        return tuple(dict.fromkeys(column for template in self.source for column in template.columns))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes; none before ``fitted``."""
        return self.classes or ()

    @property
    def usual_metrics(self) -> tuple[Metric, ...]:
        """Macro-F1 and accuracy."""
        return F1(average="macro"), Accuracy()

    def texts(self, rows: Dataset) -> tuple[list[str], list[str]]:
        """Return the sources, those of a pair in two lines, and the names of the classes."""
        sources = zip(*(texts_of(template, rows) for template in self.source), strict=True)
        return ["\n".join(texts) for texts in sources], self.label.names(rows)

    def target_lengths(self, rows: Dataset, tokenizer: Tokenizer, longest: int) -> list[int]:
        """Return 1 for each row."""
        return [1] * len(rows)

    def check(self, rows: Dataset, metrics: Sequence[Metric] = ()) -> None:
        """Check that the columns hold text and labels."""
        for template in self.source:
            template.check(rows.features)
        self.label.check(rows.features)

    def check_evaluation(self, settings: EvaluationSettings) -> None:
        """Check that all metrics take class probabilities, and that the settings are those of a classification.

        Raises:
            ParameterError: if a metric takes text or tokens, or a setting is one of generation.
        """
        if settings.confidence:
            remedy = "logits and probabilities are always kept"
            raise ParameterError("confidence", "False for a classification", True, remedy)
        for metric in settings.metrics.values():
            if metric.takes != "class_probabilities":
                remedy = "such as Accuracy(); metrics of text are for a model that writes, not for a classifier"
                raise ParameterError("metrics", "metrics of class probabilities", metric, remedy)

    def fitted(self, *parts: Dataset) -> Classification:
        """Return the task with the classes that ``parts`` have, unless its classes are known."""
        if self.classes is not None:
            return self
        labels = [rows.select_columns([self.label.name]).with_format(None) for rows in parts]
        return replace(self, classes=self.label.classes(concatenate_datasets(labels)))

    @staticmethod
    def load_model(
        name: str | os.PathLike[str],
        tokenizer: Tokenizer | None = None,
        *,
        dtype: torch.dtype | Literal["auto"] = torch.float32,
        revision: str | None = None,
    ) -> Model:
        """Load a classifier, or an adapter and the classifier that it was trained on."""
        return load_classifier(name, dtype=dtype, revision=revision)

    def load(
        self,
        name: str | os.PathLike[str],
        tokenizer: Tokenizer | None = None,
        *,
        dtype: torch.dtype | Literal["auto"] = torch.float32,
        revision: str | None = None,
    ) -> Model:
        """Load a classifier as ``load_model`` does.

        A model that is stored without a head is given a fresh one if the classes are known.
        """
        return load_classifier(name, labels=self.classes, dtype=dtype, revision=revision)

    def fresh(self, config: PreTrainedConfig, tokenizer: Tokenizer) -> Model:
        """Return a classifier of a config, with random weights; of its own classes if those of the task are not known.

        Raises:
            ParameterError: transformers has no head for such a model.
        """
        return fresh_classifier(config, labels_of(config) if self.classes is None else self.classes)

    def suited(self, model: Model, tokenizer: Tokenizer) -> Model:
        """Return the model itself if it is a classifier of the classes, else one around it with a fresh head."""
        if isinstance(model, PeftModel):
            check_labels(model, self.classes)
            return model
        return as_classifier(model, self.classes)

    def objective(self, model: Model, tokenizer: Tokenizer, config: TrainingConfig, rows: Dataset) -> ClassEntropy:
        """Return the cross entropy of the classes, weighted as the config says by the classes of ``rows``."""
        tell_padding(model, tokenizer)
        classes = labels_of(model)
        counts = Counter(self.label.names(rows))
        unseen = [label for label in classes if label not in counts]
        if unseen:
            words = f"train: no row has the label {listed(unseen)}"
            warn(UnseenLabelWarning(f"{words}: the model cannot learn {len(unseen)} of {len(classes)} classes"))
        encoder = self.encoder(model, tokenizer, config.limits)
        weights = class_weights(config.class_weight, classes, counts)
        return ClassEntropy(model, tokenizer, encoder, weights, config.label_smoothing_factor)

    def evaluation(self, model: Model, tokenizer: Tokenizer, settings: EvaluationSettings) -> ClassificationEvaluation:
        """Return the evaluation of one classifier."""
        return ClassificationEvaluation(self, model, tokenizer, settings)

    def encoder(self, model: Model, tokenizer: Tokenizer, limits: Limits) -> LabelledEncoder:
        """Return the encoder of the rows of a classifier.

        Raises:
            ParameterError: a special token of ``limits`` is not one of the tokenizer.
        """
        check_special_tokens(limits.special_tokens, tokenizer)
        config = base_model(model).config
        end = config.eos_token_id if config.is_encoder_decoder else None  # where such a classifier looks
        return LabelledEncoder(
            tokenizer, self.source, self.label, labels_of(model), limits.max_source_length, limits.special_tokens, end
        )


def class_weights(
    setting: str | Mapping[str, float] | Sequence[tuple[str, float]] | None, classes: Labels, counts: Counter[str]
) -> NDArray[np.float64]:
    """Return the weight of each class, (classes,).

    Args:
        setting: Value of ``TrainingConfig.class_weight``.
        classes: Names of the classes.
        counts: Number of training rows of each class.

    Raises:
        ParameterError: a label is none of the classes.

    >>> class_weights("balanced", ("a", "b"), Counter(a=3, b=1)).round(3).tolist()
    [0.667, 2.0]
    """
    weights = np.ones(len(classes))
    if setting is None:
        return weights
    if setting == "balanced":
        seen = [label for label in classes if counts[label]]
        share = sum(counts[label] for label in seen) / len(seen)
        return np.array([share / counts[label] if counts[label] else 1.0 for label in classes])
    for label, weight in dict(setting).items():  # type: ignore[arg-type]
        if label not in classes:
            raise ParameterError("class_weight", "weights of labels of the rows", label, closest(label, classes))
        weights[classes.index(label)] = weight
    return weights


@dataclass(frozen=True)
class ClassEntropy(Objective[LabelledRows]):
    """The cross entropy of each row's class, in nats a row.

    With weights it is the weighted mean, as of ``torch.nn.CrossEntropyLoss``.

    Attributes:
        model: Model to train.
        tokenizer: Its tokenizer.
        encoder: Encoder of its rows.
        weights: Weight of each class, (classes,).
        label_smoothing: Share of the probability that is spread over all classes in training.
    """

    unit: ClassVar[str] = Classification.unit
    model: Model
    tokenizer: Tokenizer
    encoder: LabelledEncoder
    weights: NDArray[np.float64]
    label_smoothing: float

    def encode(self, rows: Dataset, part: str) -> LabelledRows:
        """Encode a part, check that the model has room for it, and warn of rows that were cut or do not round-trip."""
        return _encoded(self.model, self.encoder, rows, part)

    def lengths(self, data: LabelledRows) -> NDArray[np.int64]:
        """Return the length of each row twice, (rows, 2)."""
        return np.stack([data.sources.lengths] * 2, axis=1)

    def amounts(self, data: LabelledRows) -> NDArray[np.float64]:
        """Return the weight of each row's class; 0 for a label that is none of the classes."""
        return np.where(data.labelling.numbers == UNKNOWN, 0.0, self.weights[data.labelling.numbers])

    def batch(self, data: LabelledRows, rows: NDArray[np.int64]) -> Batch:
        """Return the token ids, the attention mask and the numbers of the classes of some rows."""
        return collated(self.model, self.tokenizer, self.encoder, data, rows)

    def loss(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the weighted loss summed over the rows of a batch."""
        return self._loss(class_logits(model, self.model, batch), batch["labels"], self.label_smoothing)

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        weights = torch.as_tensor(self.weights, dtype=logits.dtype, device=logits.device)
        return functional.cross_entropy(
            logits, labels, weights, ignore_index=UNKNOWN, reduction="sum", label_smoothing=label_smoothing
        )

    def mean_loss(self, data: LabelledRows) -> float:
        """Return the weighted loss of a part, without label smoothing and rows whose label is none of the classes."""
        scores = score_classes(self.model, self.tokenizer, data, self.batch, batch_size=BATCH_SIZE)
        logits = torch.from_numpy(np.stack([score.logits for score in scores]))
        loss = self._loss(logits, torch.from_numpy(data.labelling.numbers), 0.0)
        total = self.amounts(data).sum()
        return ratio(loss, total)


def collated(
    model: Model, tokenizer: Tokenizer, encoder: LabelledEncoder, data: LabelledRows, rows: NDArray[np.int64]
) -> Batch:
    """Return ``input_ids`` and ``attention_mask``, (rows, longest), and ``labels``, (rows,).

    ``token_type_ids`` number the texts of a pair if the tokenizer does.
    """
    ids = [data.sources[row] for row in rows]
    batch = {
        "input_ids": pad(ids, pad_id(model, tokenizer)),
        "attention_mask": pad([np.ones(len(row), dtype=np.int64) for row in ids], 0),
        "labels": torch.from_numpy(data.labelling.numbers[rows]),
    }
    if encoder.numbered:
        types = [
            (np.arange(len(row)) >= start).astype(np.int64) for row, start in zip(ids, data.second[rows], strict=True)
        ]
        batch["token_type_ids"] = pad(types, 0)
    return batch


def _encoded(model: Model, encoder: LabelledEncoder, rows: Dataset, part: str) -> LabelledRows:
    data = encode_part(model, encoder, rows, part)
    check_source_positions(model, int(data.sources.lengths.max()), part)
    return data


@dataclass(frozen=True)
class ClassificationEvaluation(ModelEvaluation[LabelledRows]):
    """The evaluation of one classifier.

    Attributes:
        task: Task.
        model: Classifier, in any mode and on any device.
        tokenizer: Tokenizer of the model.
        settings: How it is evaluated.
    """

    task: Classification
    model: Model
    tokenizer: Tokenizer
    settings: EvaluationSettings

    def encode(self, part: str, rows: Dataset) -> LabelledRows:
        """Encode a part and check that the model has room for its tokens."""
        return _encoded(self.model, self._encoder, rows, part)

    def describe(self, parts: dict[str, Dataset]) -> dict[str, Any]:
        """Return the model, its adapter, its classes, the digests of the data and the versions of libraries."""
        digests = {part: data_digest(rows, sorted(self.task.columns)) for part, rows in parts.items()}
        kept = {"labels": list(labels_of(self.model)), "features": self.settings.features}
        return describe_evaluated(self.model) | kept | {"data": digests}

    def logs(self, folder: Path, metadata: dict[str, Any]) -> dict[str, RowLog]:
        """Start the logs of logits and return them by part and kind, such as ``"test_id.scores"``."""
        return open_logs(folder, metadata, ("scores",))

    def evaluate(self, part: str, rows: Dataset, data: LabelledRows, logs: dict[str, RowLog]) -> PartEvaluation:
        """Evaluate a part; rows that its log holds are not computed again."""
        scores = self._scores(data, part, logs.get(f"{part}.scores"))
        every = np.arange(len(data))
        metrics = {name: metric.for_labels(scores.labels) for name, metric in self.settings.metrics.items()}
        shares, classes = scores.probabilities, scores.references
        statistics = {name: metric.statistics(shares, classes) for name, metric in metrics.items()}
        sources, references = self.task.texts(rows)
        return PartEvaluation(
            references=references, truncation=data.truncation, metrics=metrics,
            statistics=statistics, scored=dict.fromkeys(statistics, every), outputs=[], seed=self.settings.seed,
            round_trip=data.round_trip, copies=copies(sources, references), classes=scores,
        )  # fmt: skip

    @cached_property
    def _encoder(self) -> LabelledEncoder:
        return self.task.encoder(self.model, self.tokenizer, self.settings.limits)

    def _scores(self, data: LabelledRows, part: str, log: RowLog | None) -> ClassScores:
        with resumed(
            log, f"score {part}", len(data), to_record=RowLogits.to_dict, from_record=RowLogits.from_dict,
            shown=self.settings.progress,
        ) as (done, on_batch):  # fmt: skip
            scores = score_classes(
                self.model, self.tokenizer, data, self._collate, batch_size=self.settings.batch_size,
                features=self.settings.features, done=done, on_batch=on_batch,
            )  # fmt: skip
        logits, features = (np.stack(column) for column in zip(*scores, strict=True))
        kept = features if self.settings.features else None
        return ClassScores(labels_of(self.model), logits, data.labelling.numbers, kept, data.labelling.unknown)

    def _collate(self, data: LabelledRows, rows: NDArray[np.int64]) -> Batch:
        return collated(self.model, self.tokenizer, self._encoder, data, rows)

"""Base classes of the kinds of tasks: all that the training loop and the evaluator know of a task."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeAlias

import torch
from datasets import Dataset
from numpy.typing import NDArray
from transformers import PreTrainedConfig

from codeshift.errors import ParameterError
from codeshift.finetune.batching import Batch
from codeshift.finetune.conversation import Chat
from codeshift.finetune.encoded_part import AnyEncodedPart
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.evaluation_settings import EvaluationSettings
from codeshift.finetune.models import Model, ModelOrName, Tokenizer, check_whole, own_copy
from codeshift.finetune.row_log import RowLog
from codeshift.finetune.training_config import TrainingConfig
from codeshift.metrics import Metric
from codeshift.task_kinds import TaskName

Source: TypeAlias = str | tuple[str, str] | Sequence[Mapping[str, str]]
"""What a model is given: a column or template; of a classification also a pair of them, of conversations messages."""


class Objective(ABC, Generic[AnyEncodedPart]):
    """Loss that a training minimises for one model: a sum over the rows, divided by how much they count.

    The loss of a step is the sum of ``loss`` over its batches, divided by the sum of ``amounts`` over its rows. So
    neither the division into batches nor that among processes changes it.

    Attributes:
        unit: Name of what ``amounts`` counts, in the history of a run.
    """

    unit: ClassVar[str]

    @abstractmethod
    def encode(self, rows: Dataset, part: str) -> AnyEncodedPart:
        """Encode a part, check that the model has room for it, and warn of what is cut or lost.

        Raises:
            ParameterError: the model has no room for a token or for the positions of a row.
            DataError: a value cannot be used.
        """

    @abstractmethod
    def lengths(self, data: AnyEncodedPart) -> NDArray[Any]:
        """Return the two lengths of each row that padding depends on, (rows, 2)."""

    @abstractmethod
    def amounts(self, data: AnyEncodedPart) -> NDArray[Any]:
        """Return how much each row counts, (rows,): its target tokens, or the weight of its class."""

    @abstractmethod
    def batch(self, data: AnyEncodedPart, rows: NDArray[Any]) -> Batch:
        """Return the tensors of some rows."""

    @abstractmethod
    def loss(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the loss in nats, *summed* over a batch; ``model`` may be wrapped for several processes."""

    @abstractmethod
    def mean_loss(self, data: AnyEncodedPart) -> float:
        """Return the loss of a whole part in evaluation mode, without what regularises training."""


class ModelEvaluation(ABC, Generic[AnyEncodedPart]):
    """The evaluation of one model, part by part."""

    @abstractmethod
    def encode(self, part: str, rows: Dataset) -> AnyEncodedPart:
        """Encode a part, check that the model has room for it, and warn of what is cut or lost.

        Raises:
            ParameterError: the model has no room for a token or for the positions of a row.
            DataError: a value cannot be used.
        """

    @abstractmethod
    def describe(self, parts: dict[str, Dataset]) -> dict[str, Any]:
        """Return the model, its adapter, the digests of the data and the versions of libraries, as JSON values."""

    @abstractmethod
    def logs(self, folder: Path, metadata: dict[str, Any]) -> dict[str, RowLog]:
        """Start the logs of rows and return them by part and kind, such as ``"test_id.scores"``."""

    @abstractmethod
    def evaluate(self, part: str, rows: Dataset, data: AnyEncodedPart, logs: dict[str, RowLog]) -> PartEvaluation:
        """Evaluate a part; rows that its logs hold are not computed again."""


class Task(ABC):
    """Task that a model is trained or evaluated for on the columns of a dataset.

    A kind of task overrides what it must, and of the rest what holds for it: by default there are no classes, no
    conversations and no settings of other kinds.

    Attributes:
        name: Name of the kind of task, as the argument ``task`` has it.
        unit: Name of what a training counts, as the ``unit`` of its objective.
        zero_shot: Whether a pretrained model can do it before it is fine-tuned.
        has_classes: Whether a model tells classes, which may have weights in a training.
    """

    name: ClassVar[TaskName]
    unit: ClassVar[str]
    zero_shot: ClassVar[bool]
    has_classes: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def of(cls, source: Any, target: Any, chat: Chat | None) -> Task:
        """Return the task for a source and a target, as ``Trainer`` takes them.

        Raises:
            ParameterError: they are not what this kind of task takes, or it knows no conversations.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return name, source and target as JSON values, as a folder records what its model was trained to do."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Columns that are read, each once."""

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns of what a model is given and what it writes, each once; not those of labels."""
        return self.columns

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes; none for a text to write, or before ``fitted``."""
        return ()

    @property
    @abstractmethod
    def usual_metrics(self) -> tuple[Metric, ...]:
        """Metrics where none are named."""

    @abstractmethod
    def texts(self, rows: Dataset) -> tuple[list[str], list[str]]:
        """Return what a model is given for each row, as one text, and the text or the name of the class to tell."""

    @abstractmethod
    def target_lengths(self, rows: Dataset, tokenizer: Tokenizer, longest: int) -> list[int]:
        """Return the number of target tokens of each row, after a cut at ``longest``; a class counts as one."""

    @abstractmethod
    def check(self, rows: Dataset, metrics: Sequence[Metric] = ()) -> None:
        """Check that the columns are there and of the right kind, and hold what ``metrics`` need.

        Raises:
            ParameterError: a column is missing.
            DataError: a column holds something else.
        """

    @abstractmethod
    def check_evaluation(self, settings: EvaluationSettings) -> None:
        """Check that metrics take, and settings ask for, what a model of this task gives.

        Raises:
            ParameterError: if one does not.
        """

    def check_config(self, config: TrainingConfig) -> None:
        """Check that the settings of the training are for this task.

        Raises:
            ParameterError: if one is not.
        """
        if config.class_weight is not None and not self.has_classes:
            raise ParameterError("class_weight", "None for text", config.class_weight, 'give task="classification"')

    def fitted(self, *parts: Dataset) -> Task:
        """Return the task with what a model must know of its rows before it is made: the classes of all ``parts``.

        Classes that are known stay.
        """
        return self

    def as_trained(self, trained: Task | None) -> Task:
        """Return the task with conversations as in the task that a model was ``trained`` for; without if it is None."""
        return self

    def check_shots(self, k: int) -> int:
        """Return a number of examples before each source.

        Raises:
            ParameterError: the task has no examples.
        """
        if k:
            raise ParameterError("shots", "0 unless rows are conversations", k, "give chat=True, or leave shots out")
        return k

    def with_shots(self, train: Dataset, k: int, seed: int) -> Task:
        """Return the task with ``k`` examples before each source, drawn from training rows.

        Raises:
            ParameterError: the task has no examples.
            DataError: there are too few rows.
        """
        self.check_shots(k)
        return self

    @staticmethod
    @abstractmethod
    def load_model(
        name: str | os.PathLike[str],
        tokenizer: Tokenizer | None = None,
        *,
        dtype: torch.dtype | Literal["auto"] = torch.float32,
        revision: str | None = None,
    ) -> Model:
        """Load a model for any task of this kind, as ``codeshift.finetune.load_model`` does.

        Raises:
            ParameterError: no model can be loaded from ``name``.
        """

    def load(
        self,
        name: str | os.PathLike[str],
        tokenizer: Tokenizer | None = None,
        *,
        dtype: torch.dtype | Literal["auto"] = torch.float32,
        revision: str | None = None,
    ) -> Model:
        """Load a model for this task, as ``load_model`` does for any of its kind.

        Raises:
            ParameterError: no model can be loaded from ``name``.
        """
        return self.load_model(name, tokenizer, dtype=dtype, revision=revision)

    @abstractmethod
    def fresh(self, config: PreTrainedConfig, tokenizer: Tokenizer) -> Model:
        """Return a model of a config that can do this task, with random weights.

        Raises:
            ParameterError: there is none.
        """

    @abstractmethod
    def suited(self, model: Model, tokenizer: Tokenizer) -> Model:
        """Return the model itself if it can do this task, else one around it that can, with fresh weights.

        Raises:
            ParameterError: there is none.
        """

    @abstractmethod
    def objective(self, model: Model, tokenizer: Tokenizer, config: TrainingConfig, rows: Dataset) -> Objective[Any]:
        """Return what a training of ``model`` on ``rows`` minimises."""

    @abstractmethod
    def evaluation(self, model: Model, tokenizer: Tokenizer, settings: EvaluationSettings) -> ModelEvaluation[Any]:
        """Return the evaluation of one model."""

    def own(
        self,
        model: ModelOrName,
        tokenizer: Tokenizer,
        dtype: torch.dtype = torch.float32,
        *,
        revision: str | None = None,
    ) -> Model:
        """Return a model to train that nothing else refers to: a copy of an object, or the model at a path or name.

        ``revision`` is a branch, tag or commit of a name of the hub.

        Raises:
            ParameterError: ``model`` is neither a model of transformers or PEFT nor a path or name, or is divided among
                processes.
        """
        if isinstance(model, str | os.PathLike):
            loaded = self.load(model, tokenizer, dtype=dtype, revision=revision)
            check_whole(loaded)
            return loaded
        return self.suited(own_copy(model, dtype), tokenizer)

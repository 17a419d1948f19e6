"""The task of writing a text: training by the likelihood of targets, evaluation by teacher forcing and generation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from peft import PeftModel
from transformers import PreTrainedConfig

from codeshift.defaults import BATCH_SIZE
from codeshift.draws import drawn, order_of_contents
from codeshift.errors import ParameterError
from codeshift.finetune.batching import Batch
from codeshift.finetune.capacity import check_positions, encode_part
from codeshift.finetune.chat_encoding import ChatEncoder
from codeshift.finetune.classifiers import is_classifier
from codeshift.finetune.collating import Collator
from codeshift.finetune.conversation import Chat, Prompt, draw_shots
from codeshift.finetune.decoding import Output
from codeshift.finetune.encoding import Encoded, Encoder, TextEncoder
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.evaluation_settings import EvaluationSettings
from codeshift.finetune.generation import generate
from codeshift.finetune.generation_settings import describe_settings
from codeshift.finetune.generators import as_generator, fresh_generator, load_generator
from codeshift.finetune.identity import data_digest, describe_evaluated
from codeshift.finetune.limits import Limits
from codeshift.finetune.messages import Messages, as_template
from codeshift.finetune.models import Model, Tokenizer, base_model, is_decoder, pad_id
from codeshift.finetune.program_tests import check_row_languages, check_test_code, columns_read, tests_template
from codeshift.finetune.row_log import RowLog, open_logs, resumed
from codeshift.finetune.sharding import is_divided
from codeshift.finetune.source_features import source_features
from codeshift.finetune.tasks.base import ModelEvaluation, Objective, Task
from codeshift.finetune.teacher_forcing import RowScores, TokenScores, score_tokens, target_loss
from codeshift.finetune.template import Template, texts_of
from codeshift.finetune.training_config import TrainingConfig
from codeshift.finetune.truncation import TruncationCounts
from codeshift.metrics import ExactMatch, Metric, NegativeLogLikelihood
from codeshift.metrics.aggregates.copies import copies
from codeshift.metrics.likelihood import is_forced
from codeshift.properties.dataset_columns import column_values
from codeshift.properties.text_tokens import tokenize_plain
from codeshift.task_kinds import GENERATION, TaskName
from codeshift.wording import Verbatim


@dataclass(frozen=True)
class Generation(Task):
    """Writing a target, given a source.

    Attributes:
        source: Template of what the model is given; of conversations also those of the turns before the answer.
        target: Template of what the model must write.
        chat: How rows become conversations, by the chat template of the tokenizer; None if they do not.
    """

    name: ClassVar[TaskName] = GENERATION
    unit: ClassVar[str] = "tokens"
    zero_shot: ClassVar[bool] = True
    source: Template | Messages
    target: Template
    chat: Chat | None = None

    @classmethod
    def of(cls, source: Any, target: Any, chat: Chat | None) -> Generation:
        """Return the task for a source and a target, which are columns or templates.

        Raises:
            ParameterError: they are neither.
        """
        template = as_template(source, "source")
        if isinstance(template, Messages) and chat is not None and chat.system is not None and template.has_system:
            raise ParameterError(
                "system", "left out where the messages have a system turn", chat.system, "give it once"
            )
        return cls(template, Template(target, "target"), chat)

    def to_dict(self) -> dict[str, Any]:
        """Return name, source, target and whether and how rows become conversations as JSON values."""
        turns = {"chat": False, "system": None} if self.chat is None else self.chat.to_dict()
        return {"task": self.name, "source": self.source.spec, "target": self.target.spec} | turns

    def as_trained(self, trained: Task | None) -> Generation:
        """Return the task with conversations as in the task that a model was ``trained`` for; without if it is None."""
        return replace(self, chat=trained.chat if isinstance(trained, Generation) else None)

    def check_shots(self, k: int) -> int:
        """Return a number of examples before each source, which conversations alone have.

        Raises:
            ParameterError: rows are no conversations, or lists of messages with turns of their own.
        """
        if k and isinstance(self.source, Messages):
            raise ParameterError("shots", "0 with a list of messages", k, "write the examples as turns of the messages")
        return super().check_shots(k) if self.chat is None else k

    def with_shots(self, train: Dataset, k: int, seed: int) -> Generation:
        """Return the task with ``k`` examples in each conversation, drawn from training rows.

        Raises:
            ParameterError: rows do not become conversations.
            DataError: there are too few rows.
        """
        self.check_shots(k)
        assert self.chat is not None and isinstance(self.source, Template)  # noqa: S101, PT018 - checked
        shots = draw_shots(train, k, source=self.source.spec, target=self.target.spec, seed=seed)
        return replace(self, chat=replace(self.chat, shots=shots))

    def encoder(self, model: Model, tokenizer: Tokenizer, limits: Limits) -> TextEncoder:
        """Return the encoder of the rows for a model.

        Raises:
            ParameterError: the tokenizer lacks an end token, a special token of ``limits`` or a chat template.
        """
        if self.chat is not None:
            return ChatEncoder.of(model, tokenizer, (self.source, self.target), self.chat, limits)
        return Encoder.of(model, tokenizer, (self._text_source(), self.target), limits)

    def _text_source(self) -> Template:
        """Return the template of the source.

        Raises:
            ParameterError: if it is a list of messages without a chat.
        """
        if isinstance(self.source, Messages):
            raise ParameterError("chat", "True where the source is a list of messages", False, "give chat=True")
        return self.source

    def prompts(self, rows: Dataset) -> list[Prompt]:
        """Return what the model is given of each row: a text, or the turns before the answer."""
        return [*self.source.conversations(rows)] if isinstance(self.source, Messages) else [*self.texts(rows)[0]]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of source and target, each once."""
        return tuple(dict.fromkeys((*self.source.columns, *self.target.columns)))

    @property
    def usual_metrics(self) -> tuple[Metric, ...]:
        """Negative log-likelihood and exact match."""
        return NegativeLogLikelihood(), ExactMatch()

    def texts(self, rows: Dataset) -> tuple[list[str], list[str]]:
        """Return the sources and the targets."""
        return texts_of(self.source, rows), texts_of(self.target, rows)

    def target_lengths(self, rows: Dataset, tokenizer: Tokenizer, longest: int) -> list[int]:
        """Return the number of tokens of each target and its end, after a cut at ``longest``."""
        return [min(len(ids) + 1, longest) for ids in tokenize_plain(tokenizer, texts_of(self.target, rows))]

    def check(self, rows: Dataset, metrics: Sequence[Metric] = ()) -> None:
        """Check that the columns hold text, and that rows hold test code for metrics that run programs."""
        for template in (self.source, self.target):
            template.check(rows.features)
        check_test_code(metrics, self.target, rows)
        check_row_languages(metrics, rows)

    def check_evaluation(self, settings: EvaluationSettings) -> None:
        """Check that all metrics can be computed from the outputs.

        Raises:
            ParameterError: if one takes class probabilities, or cannot be computed from one output a row.
        """
        metrics = settings.metrics.values()
        if settings.confidence and all(is_forced(metric) for metric in metrics):
            remedy = "add such as ExactMatch()"
            raise ParameterError("confidence", "False if nothing is generated", True, remedy)
        for metric in metrics:
            if metric.takes == "class_probabilities":
                remedy = 'give task="classification", or a metric of text'
                raise ParameterError("metrics", "metrics of generated text or of tokens", metric, remedy)
            metric.check_samples(settings.decoding.n)
            tests_template(metric)

    def check_given(self, settings: EvaluationSettings) -> None:
        """Check that all metrics can be computed from one output a row that was made elsewhere.

        Raises:
            ParameterError: if one cannot.
        """
        for metric in settings.metrics.values():
            if metric.takes != "text":
                remedy = "it is measured on the model's probabilities: use an Evaluator"
                raise ParameterError("metrics", "metrics of texts", metric.name, remedy)
        self.check_evaluation(settings)

    @staticmethod
    def load_model(
        name: str | os.PathLike[str],
        tokenizer: Tokenizer | None = None,
        *,
        dtype: torch.dtype | Literal["auto"] = torch.float32,
        revision: str | None = None,
    ) -> Model:
        """Load a generator, or an adapter and its base."""
        return load_generator(name, tokenizer, dtype=dtype, revision=revision)

    def fresh(self, config: PreTrainedConfig, tokenizer: Tokenizer) -> Model:
        """Return a generator of a config, with random weights."""
        return fresh_generator(config, tokenizer)

    def suited(self, model: Model, tokenizer: Tokenizer) -> Model:
        """Return the model itself, or an encoder-decoder around it if it is an encoder.

        Raises:
            ParameterError: it is a classifier.
        """
        if is_classifier(model):
            kind = Verbatim(f"a {type(base_model(model)).__name__}")
            raise ParameterError("model", "one that writes", kind, 'give task="classification"')
        return model if isinstance(model, PeftModel) else as_generator(model, tokenizer)

    def objective(self, model: Model, tokenizer: Tokenizer, config: TrainingConfig, rows: Dataset) -> TargetLikelihood:
        """Return the negative log-likelihood of the targets."""
        encoder = self.encoder(model, tokenizer, config.limits)
        collate = Collator(pad_id(model, tokenizer), is_decoder(model))
        return TargetLikelihood(model, encoder, collate, config.label_smoothing_factor)

    def evaluation(self, model: Model, tokenizer: Tokenizer, settings: EvaluationSettings) -> GenerationEvaluation:
        """Return the evaluation of one model by teacher forcing and by generated text."""
        return GenerationEvaluation(self, model, tokenizer, settings)


@dataclass(frozen=True)
class TargetLikelihood(Objective[Encoded]):
    """The negative log-likelihood of the target's tokens, in nats a token.

    Attributes:
        model: Model to train.
        encoder: Encoder of its rows.
        collate: Function that makes a batch of them.
        label_smoothing: Share of the probability that is spread over all tokens in training.
    """

    unit: ClassVar[str] = Generation.unit
    model: Model
    encoder: TextEncoder
    collate: Collator
    label_smoothing: float

    def encode(self, rows: Dataset, part: str) -> Encoded:
        """Encode a part, check that the model has room for it, and warn of rows that were cut or do not round-trip."""
        data = encode_part(self.model, self.encoder, rows, part)
        check_positions(self.model, data, part)
        return data

    def lengths(self, data: Encoded) -> NDArray[np.int64]:
        """Return the lengths of source and target, (rows, 2); for a decoder, the length of both together twice."""
        return self.collate.lengths(data)

    def amounts(self, data: Encoded) -> NDArray[np.int64]:
        """Return the number of target tokens of each row."""
        return data.targets.lengths

    def batch(self, data: Encoded, rows: NDArray[np.int64]) -> Batch:
        """Return the token ids, the attention mask and the labels of some rows."""
        return self.collate(data, rows)

    def loss(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the loss summed over the target tokens of a batch."""
        return target_loss(model, self.model, batch, label_smoothing=self.label_smoothing)

    def mean_loss(self, data: Encoded) -> float:
        """Return the loss of a part, without label smoothing."""
        return -float(
            score_tokens(self.model, data, self.collate, batch_size=BATCH_SIZE).log_probabilities.values.mean()
        )


def score_outputs(
    task: Generation, settings: EvaluationSettings, rows: Dataset, outputs: Sequence[Output | None]
) -> PartEvaluation:
    """Score what was written for the rows of a part by those metrics of the settings that take text.

    Args:
        task: Task.
        settings: Metrics, what is extracted of an output, and the seed of the intervals.
        rows: Rows.
        outputs: Output of each row as it was written, None for a row without one; empty if nothing was written.
    """
    sources, references = task.texts(rows)
    extracted = [None if output is None else output.extracted(settings.extract) for output in outputs]
    written = {row: output for row, output in enumerate(extracted) if output is not None}
    metrics = {name: metric for name, metric in settings.metrics.items() if metric.takes == "text"}
    statistics = {}
    for name, metric in metrics.items():
        tests = tests_template(metric)
        right = references if tests is None else texts_of(tests, rows)
        predictions = [metric.of_samples([sample.text for sample in output.samples]) for output in written.values()]
        sides = predictions, [right[row] for row in written]
        if (by_row := metric.language_column) is None:
            statistics[name] = metric.statistics(*sides)
        else:
            languages = column_values(rows, by_row, "language")
            statistics[name] = metric.statistics_in([languages[row] for row in written], *sides)
    scored = {name: np.array(list(written), dtype=np.int64) for name in metrics}
    return PartEvaluation(
        references, TruncationCounts.none(len(rows)), metrics, statistics, scored, extracted,
        seed=settings.seed, copies=copies(sources, references),
    )  # fmt: skip


@dataclass(frozen=True)
class GenerationEvaluation(ModelEvaluation[Encoded]):
    """The evaluation of one model that writes text.

    Attributes:
        task: Task.
        model: Model, in any mode and on any device.
        tokenizer: Tokenizer of the model.
        settings: How it is evaluated.

    Raises:
        ParameterError: a metric needs generated text, and the model is divided among processes.
    """

    task: Generation
    model: Model
    tokenizer: Tokenizer
    settings: EvaluationSettings

    def __post_init__(self) -> None:
        if self._generates and is_divided(self.model):
            remedy = "evaluate the folder that it was saved to, or by teacher forcing alone"
            divided = Verbatim("a model that is divided among processes")
            raise ParameterError("model", "whole to generate text", divided, remedy)

    def encode(self, part: str, rows: Dataset) -> Encoded:
        """Encode a part and check that the model has room for its tokens."""
        data = encode_part(self.model, self._encoder, rows, part)
        if self._forces:
            check_positions(self.model, data, part)
        if self._generates:
            check_positions(self.model, data, part, generated=self._limit(data))
        return data

    def describe(self, parts: dict[str, Dataset]) -> dict[str, Any]:
        """Return the model, its adapter, the digests of the data and the versions of libraries, as JSON values."""
        columns = columns_read(self.task.columns, self.settings.metrics.values())
        generated = None
        if self._generates:
            ends = self._encoder.ends
            generated = describe_settings(self.model, self.tokenizer, self.settings.decoding, ends)
        digests = {part: data_digest(rows, columns) for part, rows in parts.items()}
        extras = {"confidence": self.settings.confidence, "features": self.settings.features}
        kept = {"generation_config": generated, "data": digests} | extras
        return describe_evaluated(self.model) | kept

    def logs(self, folder: Path, metadata: dict[str, Any]) -> dict[str, RowLog]:
        """Start the logs of scores and outputs; return them by part and kind, such as ``"test_id.scores"``."""
        kinds = (["scores"] if self._forces else []) + (["outputs"] if self._generates else [])
        return open_logs(folder, metadata, kinds)

    def evaluate(self, part: str, rows: Dataset, data: Encoded, logs: dict[str, RowLog]) -> PartEvaluation:
        """Evaluate a part; rows that its logs hold are not computed again."""
        forced = self._forced(data, part, logs.get(f"{part}.scores"))
        outputs = self._outputs(data, self._generated_rows(rows), part, logs.get(f"{part}.outputs"))
        of_text = score_outputs(self.task, self.settings, rows, outputs)
        statistics, scored = {}, {}
        for name, metric in self.settings.metrics.items():
            if is_forced(metric):
                scores = forced.argmax if metric.takes == "argmax" else forced.log_probabilities
                statistics[name] = metric.statistics(list(scores), list(data.targets))
                scored[name] = np.arange(len(data))
            else:
                statistics[name], scored[name] = of_text.statistics[name], of_text.scored[name]
        return replace(
            of_text,
            metrics=dict(self.settings.metrics),
            statistics=statistics,
            scored=scored,
            truncation=data.truncation,
            round_trip=data.round_trip,
            features=self._features(data) if self.settings.features else None,
        )

    @property
    def _generates(self) -> bool:
        return not all(is_forced(metric) for metric in self.settings.metrics.values())

    @property
    def _forces(self) -> bool:
        return any(is_forced(metric) for metric in self.settings.metrics.values())

    @cached_property
    def _encoder(self) -> TextEncoder:
        return self.task.encoder(self.model, self.tokenizer, self.settings.limits)

    def _limit(self, data: Encoded) -> int:
        """Return the largest number of tokens of an output."""
        own = base_model(self.model).generation_config.max_new_tokens if self.settings.decoding.from_model else None
        return self.settings.decoding.max_new_tokens or own or int(data.targets.lengths.max())

    def _forced(self, data: Encoded, part: str, log: RowLog | None) -> TokenScores:
        if not self._forces:
            return TokenScores.empty()
        collate = Collator(pad_id(self.model, self.tokenizer), is_decoder(self.model))
        with resumed(
            log, f"score {part}", len(data), to_record=RowScores.to_dict, from_record=RowScores.from_dict,
            shown=self.settings.progress,
        ) as (done, on_batch):  # fmt: skip
            return score_tokens(
                self.model, data, collate, batch_size=self.settings.batch_size, done=done, on_batch=on_batch
            )

    def _features(self, data: Encoded) -> NDArray[np.float64]:
        padding = pad_id(self.model, self.tokenizer)
        return source_features(self.model, data.sources, padding, batch_size=self.settings.batch_size)

    def _generated_rows(self, rows: Dataset) -> NDArray[np.int64]:
        """Return the numbers of the rows to generate for, in increasing order; they do not depend on rows' places."""
        count, everything = self.settings.generate_rows, np.ones(len(rows), dtype=bool)
        order = None if count is None else order_of_contents(self.task.texts(rows), self.settings.seed)
        return np.flatnonzero(drawn(everything, count, self.settings.seed, order=order))

    def _outputs(self, data: Encoded, rows: NDArray[np.int64], part: str, log: RowLog | None) -> list[Output | None]:
        if not self._generates:
            return []
        with resumed(
            log, f"generate {part}", len(rows), to_record=Output.to_dict, from_record=Output.from_dict,
            shown=self.settings.progress,
        ) as (outputs, on_batch):  # fmt: skip

            def note(numbers: NDArray[np.int64], generated: list[Output]) -> None:
                written = [output.without(self._encoder.lead) for output in generated]
                outputs.update(zip(numbers.tolist(), written, strict=True))
                on_batch(numbers, written)

            remaining = np.array([row for row in rows if row not in outputs], dtype=np.int64)
            generate(
                self.model, self.tokenizer, data.sources, remaining, self.settings.decoding, self._limit(data),
                batch_size=self.settings.batch_size, written=self._encoder.written, ends=self._encoder.ends,
                confidence=self.settings.confidence, on_batch=note,
            )  # fmt: skip
        return [outputs.get(row) for row in range(len(data))]

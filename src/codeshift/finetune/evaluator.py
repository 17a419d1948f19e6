"""The evaluation of a model on each part of a dataset, in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from accelerate import PartialState

from codeshift.checks import optional
from codeshift.errors import ParameterError
from codeshift.finetune.conversation import make_chat
from codeshift.finetune.dataset_parts import Splits, evaluation_parts, marks_of_parts, rows_for_shots
from codeshift.finetune.decoding import Decoding
from codeshift.finetune.evaluation_result import EvaluationResult
from codeshift.finetune.evaluation_settings import EvaluationSettings
from codeshift.finetune.extraction import Extract
from codeshift.finetune.limits import LIMIT_CHECKS, GivenLimits, Limits
from codeshift.finetune.models import Model, ModelOrName, Tokenizer, TokenizerOrName, load_tokenizer
from codeshift.finetune.runtime import seeded
from codeshift.finetune.tasks import Source, Task, TaskName, make_task
from codeshift.finetune.trained import Trained, trained_with
from codeshift.marks import RowMarks
from codeshift.metrics import Metric
from codeshift.metrics.by_name import by_name
from codeshift.reaching_hub import check_revision
from codeshift.requirements import check_folder


class Evaluator:
    r"""Evaluator of models, fine-tuned or not: of text by teacher forcing and generation, of classes by probabilities.

    ``NegativeLogLikelihood`` and ``TokenAccuracy`` are measured by teacher forcing; every other metric compares the
    text that the model writes with the reference. Nothing is generated unless a metric needs it. ``PassAtK(1,
    runner=...)`` runs what the model writes against the test code in its column ``tests``, or in the target.

    Args:
        metrics: Metrics of ``codeshift.metrics`` to compute, at least one.
        source: Column that the model is given, or a template, a pair or messages, as in ``Trainer``.
        target: Column that the model must write, or a template; for a classification the column of labels.
        task: "generation" or "classification", or a task of ``codeshift.finetune.tasks``, as in ``Trainer``.
        chat: Whether rows become conversations, as in ``Trainer``; generation then also stops at the end of a turn.
            None does as a folder written by ``Trainer`` was trained, and as a trainer that validates with this
            evaluator trains; it is False for other models.
        system: Text of a system turn, with ``chat=True``; None leaves it out.
        shots: Number of examples before each source, with chat: rows of the part ``train`` of what is evaluated,
            drawn by ``seed``, the same for all sources.
        extract: "code" gives metrics of text the first fenced block of an answer, or the whole if there is none; None
            gives them the whole.
        batch_size: Number of rows in a batch; it is halved if memory runs out.
        max_source_length: Length of the longest source, in tokens; longer ones are cut, counted and reported. None
            takes the value that a folder written by ``Trainer`` was trained with, and 512 for other models.
        max_target_length: Length of the longest teacher-forced target, in tokens; longer ones are cut, counted and
            reported. None is read as for ``max_source_length``.
        special_tokens: Special tokens that count as such in the columns too, as in ``TrainingConfig``. None takes
            those that a folder written by ``Trainer`` was trained with, and none for other models.
        decoding: How text is generated; ``max_new_tokens=None`` takes the length of the part's longest target after
            truncation.
        generate_rows: Number of rows of each part to generate for, drawn by ``seed``, the same in any order of the
            rows; None generates for all. The estimates give the number (``n``); the scores of the other rows are NaN.
        features: Whether to keep features of each row, such as for distances from the training rows: what the head of a
            classifier is given; of a model that writes, the mean of the last hidden states over the source's tokens (of
            the encoder, or of a decoder that reads the source alone).
        confidence: Whether to keep how sure the model is of each output (``Confidence``), which takes another pass over
            it.
        seed: Seed of that draw and of the intervals.
        progress: Whether to show progress: a bar on a terminal, elsewhere one line a minute on stderr.

    Raises:
        ParameterError: an argument cannot work.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from codeshift.metrics import ExactMatch, NegativeLogLikelihood
    >>> from datasets import Dataset
    >>> data = Dataset.from_dict({"doc": ["Add.", "Negate."], "code": ["return a + b", "return -a"]})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], source="doc", target="code", progress=False)
    >>> result = evaluator.evaluate(tiny_model("t5", tokenizer), data, tokenizer=tokenizer)
    >>> print(result["data"].estimates["exact_match"])
    0 [0, 0.6576] (95% Wilson, n=2)
    """

    def __init__(
        self,
        metrics: Iterable[Metric],
        *,
        source: Source | None = None,
        target: str | None = None,
        task: TaskName | Task = "generation",
        chat: bool | None = None,
        system: str | None = None,
        shots: int = 0,
        extract: Extract | None = None,
        batch_size: int = EvaluationSettings.batch_size,
        max_source_length: int | None = None,
        max_target_length: int | None = None,
        special_tokens: Sequence[str] | None = None,
        decoding: Decoding | None = None,
        generate_rows: int | None = None,
        features: bool = False,
        confidence: bool = False,
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        self.task = make_task(task, source, target, make_chat(chat, system))
        self._chat_is_given = chat is not None or isinstance(task, Task)
        limits = {
            "max_source_length": max_source_length,
            "max_target_length": max_target_length,
            "special_tokens": special_tokens,
        }
        self.settings = EvaluationSettings(
            metrics=by_name(metrics, "NegativeLogLikelihood()"),
            own_limits=GivenLimits(
                **{name: optional(LIMIT_CHECKS[name])(name, value) for name, value in limits.items()}
            ),
            decoding=Decoding() if decoding is None else decoding,
            shots=shots,
            extract=extract,
            generate_rows=generate_rows,
            features=features,
            confidence=confidence,
            batch_size=batch_size,
            seed=seed,
            progress=progress,
        )
        self.task.check_evaluation(self.settings)

    @classmethod
    def of(cls, task: Task, settings: EvaluationSettings) -> Evaluator:
        """Return the evaluator of a task by settings that are there; rows become conversations as the task says.

        Raises:
            ParameterError: a metric or a setting is not for the task.
        """
        evaluator = cls.__new__(cls)
        evaluator.task, evaluator.settings, evaluator._chat_is_given = task, settings, True
        task.check_evaluation(settings)
        return evaluator

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Metrics by name."""
        return self.settings.metrics

    def evaluate(
        self,
        model: ModelOrName,
        splits: Splits,
        *,
        tokenizer: TokenizerOrName | None = None,
        parts: Iterable[str] | None = None,
        output_dir: str | os.PathLike[str] | None = None,
        revision: str | None = None,
        marks: Mapping[str, RowMarks] | None = None,
    ) -> EvaluationResult:
        """Evaluate a model without changing it.

        Args:
            model: Model, evaluated on its device and in the type of its weights; or a path or hub name, loaded in
                float32 onto a GPU if there is one.
            splits: ``DatasetDict``, or one ``Dataset`` (which becomes the part "data").
            tokenizer: Tokenizer of the model, or a path or hub name; None takes that of the model's path or name.
            parts: Names of the parts; None takes those whose names begin with "test".
            output_dir: Folder for the result (see ``EvaluationResult.save``) and for the scores and outputs of each
                row, written as JSON lines while the evaluation runs, so that the same call resumes an interrupted one;
                None writes nothing.
            revision: Branch, tag or commit of the model if it is a name of the hub, and of the tokenizer if it has
                the same name; None takes the newest.
            marks: Marks of the rows that corpora hold, by part: those of ``audit(splits, against=...).overlap`` or
                of ``overlap``. The result then has each score for rows seen and unseen.

        Raises:
            CheckpointError: ``output_dir`` holds another evaluation.
            DataError: a part is empty, or a value is not text.
            ParameterError: the model's folder says that it was trained for another kind of task, a part, a column or
                the tokenizer is missing, ``output_dir`` cannot be written to, or the model has no room for a token of
                the tokenizer or for the positions of a row.
        """
        check_folder("output_dir", output_dir)
        trained = trained_with(model)
        trained.check_task(self.task)
        chosen = evaluation_parts(splits, parts)
        for rows in chosen.values():
            self.task.check(rows, tuple(self.metrics.values()))
        marked = marks_of_parts(marks, chosen)
        tokenizer = _tokenizer_of(model, tokenizer, check_revision(model, revision))
        task = self._task_for(trained, splits)
        settings = self.settings.within(trained.limits_for(self.settings.own_limits, task))
        evaluation = task.evaluation(self._loaded(model, tokenizer, revision), tokenizer, settings)
        encoded = {part: evaluation.encode(part, rows) for part, rows in chosen.items()}
        metadata = evaluation.describe(chosen) | task.to_dict() | settings.describe()
        logs = {} if output_dir is None else evaluation.logs(Path(output_dir), metadata)
        evaluated = {part: evaluation.evaluate(part, rows, encoded[part], logs) for part, rows in chosen.items()}
        scored = {part: replace(of_part, marks=marked.get(part)) for part, of_part in evaluated.items()}
        result = EvaluationResult(scored, metadata)
        if output_dir is not None:
            result.save(output_dir)
        return result

    def _loaded(self, model: ModelOrName, tokenizer: Tokenizer, revision: str | None) -> Model:
        with seeded(self.settings.seed):  # the fresh decoder of an encoder is random
            if isinstance(model, str | os.PathLike):
                return self.task.load(model, tokenizer, revision=revision).to(PartialState().device)
            return self.task.suited(model, tokenizer)

    def _task_for(self, trained: Trained, splits: Splits) -> Task:
        """Return the task with what the training of the model says of it, and with the examples of its prompts."""
        task = self.task if self._chat_is_given else self.task.as_trained(trained.task)
        shots = self.settings.shots
        return task.with_shots(rows_for_shots(splits, shots), shots, self.settings.seed) if shots else task

    def within(self, limits: Limits, task: Task) -> Evaluator:
        """Return the evaluator for a training, with its limits and its conversations where none are given.

        Args:
            limits: Limits of the training.
            task: Task of the training.

        Raises:
            ParameterError: if this evaluator shows rows before each source.
        """
        if self.settings.shots:
            remedy = "give shots to another evaluator, for test parts"
            raise ParameterError("evaluator", "one without shots to validate a training", self.settings.shots, remedy)
        return Evaluator.of(
            self.task if self._chat_is_given else self.task.as_trained(task), self.settings.within(limits)
        )

    def describe(self) -> dict[str, Any]:
        """Return the settings that outputs and scores depend on, as JSON values."""
        return self.task.to_dict() | self.settings.describe()


def _tokenizer_of(model: ModelOrName, tokenizer: TokenizerOrName | None, revision: str | None) -> Tokenizer:
    if tokenizer is None and not isinstance(model, str | os.PathLike):
        raise ParameterError("tokenizer", "given with a model object", None, "pass the one that it was trained with")
    own = tokenizer is None or tokenizer == model
    return load_tokenizer(model if tokenizer is None else tokenizer, revision if own else None)

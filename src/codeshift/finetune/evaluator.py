"""One call that says how good a model is on each part of a dataset."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from datasets import Dataset
from numpy.typing import NDArray
from peft import PeftModel

from codeshift.checks import check_bool, check_integer, optional
from codeshift.errors import ParameterError, Told, check_folder
from codeshift.finetune.batching import Collator
from codeshift.finetune.capacity import encode_part
from codeshift.finetune.dataset_parts import Splits, evaluation_parts
from codeshift.finetune.decoding import Decoding, Output
from codeshift.finetune.encoding import Encoded, Encoder
from codeshift.finetune.evaluation_result import EvaluationResult, PartEvaluation
from codeshift.finetune.generation import generate
from codeshift.finetune.generation_settings import describe_settings
from codeshift.finetune.identity import data_digest, describe_model, versions
from codeshift.finetune.limits import CHECKS, Limits, limits_for
from codeshift.finetune.models import (
    Model,
    ModelOrName,
    Tokenizer,
    TokenizerOrName,
    as_generator,
    base_model,
    is_decoder,
    load_model,
    load_tokenizer,
    pad_id,
)
from codeshift.finetune.program_tests import check_one_output, check_test_code, tests_template
from codeshift.finetune.progress import Progress, progress_of
from codeshift.finetune.row_log import RowLog, start_logs
from codeshift.finetune.runtime import seeded
from codeshift.finetune.sharding import is_divided
from codeshift.finetune.teacher_forcing import RowScores, TokenScores, score_tokens
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric, NegativeLogLikelihood, TokenAccuracy
from codeshift.metrics.aggregates.copies import copies


class Evaluator:
    r"""Evaluates models, fine-tuned or not, by teacher forcing and by what they write.

    ``NegativeLogLikelihood`` and ``TokenAccuracy`` are measured by teacher forcing; every other metric compares the
    text that the model writes with the reference. Nothing is generated where no metric needs it. ``PassAtK(1,
    runner=...)`` runs what the model writes against the test code in its column ``tests``, or in the target.

    Args:
        metrics: of ``codeshift.metrics``; at least one.
        source: the column that the model is given, or a template, as in ``Trainer``.
        target: the column that it must write, or a template.
        batch_size: rows at once; halved where memory does not suffice.
        max_source_length: longest source, in tokens; longer ones are cut, counted and reported. None takes what the
            model's folder was trained with, where ``Trainer`` wrote it, and else 512.
        max_target_length: longest target that is teacher-forced, in tokens; likewise.
        special_tokens: special tokens that are such in the columns too, as in ``TrainingConfig``; None likewise, and
            else none.
        decoding: how text is generated; its ``max_new_tokens=None`` takes the part's longest target, as cut.
        generate_rows: generate for so many rows of each part, drawn by ``seed``; None generates for all. The estimates
            say how many (``n``), and the scores of the others are NaN.
        seed: of that draw and of the intervals.
        progress: show how far it has come: a bar on a terminal, elsewhere a line a minute on stderr.

    Raises:
        ParameterError: an argument cannot work.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from codeshift.metrics import ExactMatch
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
        source: str,
        target: str,
        batch_size: int = 32,
        max_source_length: int | None = None,
        max_target_length: int | None = None,
        special_tokens: Sequence[str] | None = None,
        decoding: Decoding | None = None,
        generate_rows: int | None = None,
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        self.metrics = _by_name(metrics)
        self.source, self.target = Template(source, "source"), Template(target, "target")
        self.batch_size = check_integer("batch_size", batch_size, smallest=1)
        limit = {name: optional(check) for name, check in CHECKS.items()}
        self.max_source_length: int | None = limit["max_source_length"]("max_source_length", max_source_length)
        self.max_target_length: int | None = limit["max_target_length"]("max_target_length", max_target_length)
        self.special_tokens: tuple[str, ...] | None = limit["special_tokens"]("special_tokens", special_tokens)
        self.decoding = Decoding() if decoding is None else decoding
        if not isinstance(self.decoding, Decoding):
            raise ParameterError("decoding", "a Decoding or None", decoding, "such as Decoding(num_beams=5)")
        some = partial(check_integer, smallest=1, remedy="leave generation metrics out for none")
        self.generate_rows: int | None = optional(some)("generate_rows", generate_rows)
        self.seed = check_integer("seed", seed, smallest=0)
        self.progress = check_bool("progress", progress)

    def evaluate(
        self,
        model: ModelOrName,
        splits: Splits,
        *,
        tokenizer: TokenizerOrName | None = None,
        parts: Iterable[str] | None = None,
        output_dir: str | os.PathLike[str] | None = None,
    ) -> EvaluationResult:
        """Evaluate a model, which is not changed.

        Args:
            model: an object, evaluated where it is and in the type that its weights have; or a path or hub name, loaded
                in float32 onto a GPU where there is one.
            splits: a ``DatasetDict``, or one ``Dataset`` (which becomes the part "data").
            tokenizer: its tokenizer, or a path or name; None takes the one at the model's path or name.
            parts: which parts; None takes those whose names begin with "test".
            output_dir: where the result goes (see ``EvaluationResult.save``), and what is scored and generated as it
                comes, one JSON line a row, so that the same call goes on where one was stopped; None writes nothing.

        Raises:
            CheckpointError: what stands in ``output_dir`` is of another evaluation.
            DataError: a part is empty, or a value is not text.
            ParameterError: a part, a column or the tokenizer is missing, nothing can be written to ``output_dir``, or
                the model has no room for a token of the tokenizer or for the positions of a row.
        """
        check_folder("output_dir", output_dir)
        chosen = evaluation_parts(splits, parts)
        for rows in chosen.values():
            self.source.check(rows.features)
            self.target.check(rows.features)
            check_test_code(self.metrics.values(), self.target, rows)
        tokenizer = _tokenizer_of(model, tokenizer)
        settled = self.with_limits(limits_for(model, self._own_limits(), self._templates()))
        with seeded(self.seed):  # the fresh decoder of an encoder is random
            if isinstance(model, str | os.PathLike):
                model = load_model(model, tokenizer).to(PartialState().device)
            else:
                model = as_generator(model, tokenizer)
        if self._generates and is_divided(model):
            remedy = "evaluate the folder that it was saved to, or by teacher forcing alone"
            raise ParameterError(
                "model", "whole to generate text", Told("a model that is divided among processes"), remedy
            )
        encoded = {part: settled._encoded(model, tokenizer, part, rows) for part, rows in chosen.items()}
        metadata = settled._metadata(model, tokenizer, chosen)
        logs = {} if output_dir is None else self._logs(Path(output_dir), metadata)
        evaluated = {
            part: settled._part(model, tokenizer, part, rows, encoded[part], logs) for part, rows in chosen.items()
        }
        result = EvaluationResult(evaluated, metadata)
        if output_dir is not None:
            result.save(output_dir)
        return result

    def _template(self, metric: Metric) -> Template:
        """Where the references of a metric are."""
        return tests_template(metric) or self.target

    def with_limits(self, limits: Limits) -> Evaluator:
        """The same, with these limits where it has none of its own."""
        settled = copy.copy(self)
        for name, value in self._own_limits().items():
            setattr(settled, name, getattr(limits, name) if value is None else value)
        return settled

    def _own_limits(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in vars(Limits())}

    def _templates(self) -> dict[str, str]:
        return {"source": self.source.spec, "target": self.target.spec}

    @property
    def _generates(self) -> bool:
        return not all(is_forced(metric) for metric in self.metrics.values())

    @property
    def _forces(self) -> bool:
        return any(is_forced(metric) for metric in self.metrics.values())

    def _logs(self, folder: Path, metadata: dict[str, Any]) -> dict[str, RowLog]:
        """The logs of what this evaluation makes, by part and kind."""
        kinds = (["scores"] if self._forces else []) + (["outputs"] if self._generates else [])
        logs = {
            f"{part}.{kind}": RowLog(folder / f"{part}.{kind}.jsonl", metadata | {"data": digest})
            for part, digest in metadata["data"].items()
            for kind in kinds
        }
        start_logs(logs.values())
        return logs

    def _encoder(self, model: Model, tokenizer: Tokenizer) -> Encoder:
        limits = Limits(**{name: value for name, value in self._own_limits().items() if value is not None})
        return Encoder.of(model, tokenizer, (self.source, self.target), limits)

    def _encoded(self, model: Model, tokenizer: Tokenizer, part: str, rows: Dataset) -> Encoded:
        encoder = self._encoder(model, tokenizer)
        limit = (lambda data: self._limit(model, data)) if self._generates else None
        return encode_part(model, encoder, rows, part, forced=self._forces, limit=limit)

    def _limit(self, model: Model, data: Encoded) -> int:
        """Most tokens of an output."""
        own = base_model(model).generation_config.max_new_tokens if self.decoding.from_model else None
        return self.decoding.max_new_tokens or own or int(data.targets.lengths.max())

    def _part(
        self, model: Model, tokenizer: Tokenizer, part: str, rows: Dataset, data: Encoded, logs: dict[str, RowLog]
    ) -> PartEvaluation:
        references = texts_of(self.target, rows)
        forced = self._forced(model, tokenizer, data, part, logs.get(f"{part}.scores"))
        generated = self._generated_rows(len(data))
        outputs = self._outputs(model, tokenizer, data, generated, part, logs.get(f"{part}.outputs"))
        statistics, scored = {}, {}
        for name, metric in self.metrics.items():
            if is_forced(metric):
                given = forced.argmax if isinstance(metric, TokenAccuracy) else forced.log_probabilities
                statistics[name] = metric.statistics(list(given), list(data.targets))
                scored[name] = np.arange(len(data))
            else:
                predictions = [output.text for output in outputs if output is not None]
                right = references if tests_template(metric) is None else texts_of(self._template(metric), rows)
                statistics[name] = metric.statistics(predictions, [right[i] for i in generated])
                scored[name] = generated
        alike = copies(texts_of(self.source, rows), references)
        return PartEvaluation(
            references, data.truncation, self.metrics, statistics, scored, outputs, self.seed, data.round_trip, alike
        )

    def _forced(self, model: Model, tokenizer: Tokenizer, data: Encoded, part: str, log: RowLog | None) -> TokenScores:
        if not self._forces:
            return TokenScores.empty()
        collate = Collator(pad_id(model, tokenizer), is_decoder(model))
        records = log.done if log else {}
        done = {row: (np.array(r["log_probabilities"]), np.array(r["argmax"])) for row, r in records.items()}
        bar = self._bar(f"score {part}", len(data), len(done))

        def note(rows: NDArray[np.int64], scores: list[RowScores]) -> None:
            if log is not None:
                log.append(rows, [{"log_probabilities": p.tolist(), "argmax": a.tolist()} for p, a in scores])
            bar.update(len(rows))

        with bar:
            return score_tokens(model, data, collate, batch_size=self.batch_size, done=done, on_batch=note)

    def _bar(self, what: str, total: int, done: int) -> Progress:
        shown = self.progress and PartialState().is_local_main_process
        return progress_of(what, total, "row", done=done, shown=shown)

    def _generated_rows(self, rows: int) -> NDArray[np.int64]:
        """The numbers of the rows to generate for, in their order."""
        if self.generate_rows is None or self.generate_rows >= rows:
            return np.arange(rows)
        return np.sort(np.random.default_rng(self.seed).permutation(rows)[: self.generate_rows])

    def _outputs(
        self, model: Model, tokenizer: Tokenizer, data: Encoded, rows: NDArray[np.int64], part: str, log: RowLog | None
    ) -> list[Output | None]:
        if not self._generates:
            return []
        outputs: list[Output | None] = [None] * len(data)
        for row, record in (log.done if log else {}).items():
            outputs[row] = Output(**record)
        left = np.array([row for row in rows if outputs[row] is None], dtype=np.int64)
        written = self._encoder(model, tokenizer).written
        bar = self._bar(f"generate {part}", len(rows), len(rows) - len(left))

        def note(done: NDArray[np.int64], written_now: list[Output]) -> None:
            for row, output in zip(done, written_now, strict=True):
                outputs[row] = output
            if log is not None:
                log.append(done, [asdict(output) for output in written_now])
            bar.update(len(done))

        with bar:
            generate(
                model, tokenizer, data.sources, left, self.decoding, self._limit(model, data),
                batch_size=self.batch_size, written=written, on_batch=note,
            )  # fmt: skip
        return outputs

    def describe(self) -> dict[str, Any]:
        """The settings that outputs and scores depend on, as JSON values."""
        return {
            "source": self.source.spec,
            "target": self.target.spec,
            "max_source_length": self.max_source_length,
            "max_target_length": self.max_target_length,
            "special_tokens": None if self.special_tokens is None else list(self.special_tokens),
            "decoding": self.decoding.to_dict(),
            "generate_rows": self.generate_rows,
            "seed": self.seed,
        }

    def _metadata(self, model: Model, tokenizer: Tokenizer, parts: dict[str, Dataset]) -> dict[str, Any]:
        tests = {column for metric in self.metrics.values() for column in self._template(metric).columns}
        columns = sorted({*self.source.columns, *self.target.columns, *tests})
        return {
            "model": describe_model(model),
            "adapter": describe_adapter(model),
            "generation_config": describe_settings(model, tokenizer, self.decoding) if self._generates else None,
            "data": {part: data_digest(rows, columns) for part, rows in parts.items()},
            "versions": versions(),
        } | self.describe()


def is_forced(metric: Metric) -> bool:
    """Whether a metric is measured by teacher forcing rather than on generated text."""
    return isinstance(metric, NegativeLogLikelihood | TokenAccuracy)


def describe_adapter(model: Model) -> dict[str, Any] | None:
    """The method of PEFT on a model; None without one."""
    if not isinstance(model, PeftModel):
        return None
    return {name: config.peft_type.value for name, config in model.peft_config.items()}


def _by_name(metrics: Iterable[Metric]) -> dict[str, Metric]:
    metrics = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    for metric in metrics:
        if not isinstance(metric, Metric):
            raise ParameterError("metrics", "made of metrics of codeshift.metrics", metric, "such as ExactMatch()")
    named = {metric.name: metric for metric in metrics}
    if not metrics or len(named) < len(metrics):
        names = [metric.name for metric in metrics]
        raise ParameterError("metrics", "at least one, each once", names, "give [NegativeLogLikelihood()] for example")
    check_one_output(metrics)
    return named


def _tokenizer_of(model: ModelOrName, tokenizer: TokenizerOrName | None) -> Tokenizer:
    if tokenizer is None and not isinstance(model, str | os.PathLike):
        raise ParameterError("tokenizer", "given with a model object", None, "pass the one that it was trained with")
    return load_tokenizer(model if tokenizer is None else tokenizer)

"""One call that says how good a model is on each part of a dataset."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from datasets import Dataset
from numpy.typing import NDArray
from peft import PeftModel
from tqdm.auto import tqdm

from codeshift.errors import ParameterError, Told, check_folder
from codeshift.finetune.batching import Collator
from codeshift.finetune.config import check_count
from codeshift.finetune.encoding import Encoded, Encoder
from codeshift.finetune.evaluation import EvaluationResult, PartEvaluation
from codeshift.finetune.generation import Decoding, Output, generate
from codeshift.finetune.identity import data_digest, describe_model, generation_settings, versions
from codeshift.finetune.models import as_generator, base_model, is_decoder, load_model, load_tokenizer, pad_id
from codeshift.finetune.output_log import RowLog, start_logs
from codeshift.finetune.parts import Splits, evaluation_parts
from codeshift.finetune.runtime import seeded
from codeshift.finetune.scoring import RowScores, TokenScores, score_tokens
from codeshift.finetune.sharding import is_divided
from codeshift.finetune.template import Template
from codeshift.metrics import Metric, NegativeLogLikelihood, TokenAccuracy
from codeshift.metrics.aggregates.copies import copies


class Evaluator:
    r"""Evaluates models, fine-tuned or not, by teacher forcing and by what they write.

    ``NegativeLogLikelihood`` and ``TokenAccuracy`` are measured by teacher forcing; every other metric compares the
    text that the model writes with the reference. Nothing is generated where no metric needs it.

    Args:
        metrics: of ``codeshift.metrics``; at least one.
        source: the column that the model is given, or a template, as in ``Trainer``.
        target: the column that it must write, or a template.
        batch_size: rows at once; halved where memory does not suffice.
        max_source_length: longest source, in tokens; longer ones are cut, counted and reported.
        max_target_length: longest target that is teacher-forced, in tokens; likewise.
        decoding: how text is generated; its ``max_new_tokens=None`` takes the part's longest target, as cut.
        generate_rows: generate for so many rows of each part, drawn by ``seed``; None generates for all. The estimates
            say how many (``n``), and the scores of the others are NaN.
        seed: of that draw and of the intervals.
        progress: show progress bars.

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
        max_source_length: int = 512,
        max_target_length: int = 512,
        decoding: Decoding | None = None,
        generate_rows: int | None = None,
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        self.metrics = _by_name(metrics)
        self.source, self.target = Template(source, "source"), Template(target, "target")
        for name, count in (("batch_size", batch_size), ("max_source_length", max_source_length)):
            check_count(name, count, at_least=1)
        check_count("max_target_length", max_target_length, at_least=2)
        check_count("seed", seed, at_least=0)
        if generate_rows is not None:
            check_count("generate_rows", generate_rows, at_least=1, remedy="leave generation metrics out for none")
        self.batch_size, self.generate_rows, self.seed, self.progress = batch_size, generate_rows, seed, progress
        self.max_source_length, self.max_target_length = max_source_length, max_target_length
        self.decoding = decoding or Decoding()

    def evaluate(
        self,
        model: Any,
        splits: Splits,
        *,
        tokenizer: Any = None,
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
            ParameterError: a part, a column or the tokenizer is missing, or nothing can be written to ``output_dir``.
        """
        check_folder("output_dir", output_dir)
        chosen = evaluation_parts(splits, parts)
        for rows in chosen.values():
            self.source.check(rows.column_names)
            self.target.check(rows.column_names)
        tokenizer = _tokenizer_of(model, tokenizer)
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
        metadata = self._metadata(model, chosen)
        logs = {} if output_dir is None else self._logs(Path(output_dir), metadata)
        found = {part: self._part(model, tokenizer, part, rows, logs) for part, rows in chosen.items()}
        result = EvaluationResult(found, metadata)
        if output_dir is not None:
            result.save(output_dir)
        return result

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

    def _part(self, model: Any, tokenizer: Any, part: str, rows: Dataset, logs: dict[str, RowLog]) -> PartEvaluation:
        lengths = self.max_source_length, self.max_target_length
        encoder = Encoder.of(model, tokenizer, (self.source, self.target), lengths)
        data = encoder.encode(rows, part)
        encoder.warn_of(data.truncation, part)
        references = self.target.texts({column: list(rows[column]) for column in self.target.columns})
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
                statistics[name] = metric.statistics(predictions, [references[i] for i in generated])
                scored[name] = generated
        sources = self.source.texts({column: list(rows[column]) for column in self.source.columns})
        alike = copies(sources, references)
        return PartEvaluation(references, data.truncation, self.metrics, statistics, scored, outputs, self.seed, alike)

    def _forced(self, model: Any, tokenizer: Any, data: Encoded, part: str, log: RowLog | None) -> TokenScores:
        if not self._forces:
            return TokenScores.empty()
        collate = Collator(pad_id(model, tokenizer), is_decoder(model))
        records = log.done if log else {}
        done = {row: (np.array(r["log_probabilities"]), np.array(r["argmax"])) for row, r in records.items()}
        bar = self._bar(f"score {part}", len(data), len(done))

        def note(rows: NDArray[np.int64], made: list[RowScores]) -> None:
            if log is not None:
                log.append(rows, [{"log_probabilities": p.tolist(), "argmax": a.tolist()} for p, a in made])
            bar.update(len(rows))

        with bar:
            return score_tokens(model, data, collate, batch_size=self.batch_size, done=done, on_batch=note)

    def _bar(self, what: str, total: int, done: int) -> Any:
        shown = self.progress and PartialState().is_local_main_process
        return tqdm(total=total, initial=done, desc=what, unit="row", leave=None, disable=not shown)

    def _generated_rows(self, rows: int) -> NDArray[np.int64]:
        """The numbers of the rows to generate for, in their order."""
        if self.generate_rows is None or self.generate_rows >= rows:
            return np.arange(rows)
        return np.sort(np.random.default_rng(self.seed).permutation(rows)[: self.generate_rows])

    def _outputs(
        self, model: Any, tokenizer: Any, data: Encoded, rows: NDArray[np.int64], part: str, log: RowLog | None
    ) -> list[Output | None]:
        if not self._generates:
            return []
        outputs: list[Output | None] = [None] * len(data)
        for row, record in (log.done if log else {}).items():
            outputs[row] = Output(**record)
        left = np.array([row for row in rows if outputs[row] is None], dtype=np.int64)
        limit = self.decoding.max_new_tokens or int(data.targets.lengths.max())
        bar = self._bar(f"generate {part}", len(rows), len(rows) - len(left))

        def note(done: NDArray[np.int64], made: list[Output]) -> None:
            for row, output in zip(done, made, strict=True):
                outputs[row] = output
            if log is not None:
                log.append(done, [asdict(output) for output in made])
            bar.update(len(done))

        with bar:
            generate(
                model, tokenizer, data.sources, left, self.decoding, limit, batch_size=self.batch_size, on_batch=note
            )
        return outputs

    def describe(self) -> dict[str, Any]:
        """The settings that outputs and scores depend on, as JSON values."""
        return {
            "source": self.source.spec,
            "target": self.target.spec,
            "max_source_length": self.max_source_length,
            "max_target_length": self.max_target_length,
            "decoding": self.decoding.to_dict(),
            "generate_rows": self.generate_rows,
            "seed": self.seed,
        }

    def _metadata(self, model: Any, parts: dict[str, Dataset]) -> dict[str, Any]:
        columns = sorted({*self.source.columns, *self.target.columns})
        return {
            "model": describe_model(model),
            "adapter": describe_adapter(model),
            "generation_config": generation_settings(base_model(model)),
            "data": {part: data_digest(rows, columns) for part, rows in parts.items()},
            "versions": versions(),
        } | self.describe()


def is_forced(metric: Metric) -> bool:
    """Whether a metric is measured by teacher forcing rather than on generated text."""
    return isinstance(metric, NegativeLogLikelihood | TokenAccuracy)


def describe_adapter(model: Any) -> dict[str, Any] | None:
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
    return named


def _tokenizer_of(model: Any, tokenizer: Any) -> Any:
    if tokenizer is None and not isinstance(model, str | os.PathLike):
        raise ParameterError("tokenizer", "given with a model object", None, "pass the one that it was trained with")
    return load_tokenizer(model if tokenizer is None else tokenizer)

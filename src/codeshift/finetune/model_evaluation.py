"""The evaluation of one model on each part, by teacher forcing and by generated text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from datasets import Dataset
from numpy.typing import NDArray
from peft import PeftModel

from codeshift.errors import ParameterError, Told
from codeshift.finetune.batching import Collator
from codeshift.finetune.capacity import encode_part
from codeshift.finetune.decoding import Decoding, Output
from codeshift.finetune.encoding import Encoded, Encoder
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.generation import generate
from codeshift.finetune.generation_settings import describe_settings
from codeshift.finetune.identity import data_digest, describe_model, versions
from codeshift.finetune.limits import Limits
from codeshift.finetune.models import Model, Tokenizer, base_model, is_decoder, pad_id
from codeshift.finetune.program_tests import tests_template
from codeshift.finetune.progress import Progress, progress_of
from codeshift.finetune.row_log import RowLog, start_logs
from codeshift.finetune.sharding import is_divided
from codeshift.finetune.teacher_forcing import RowScores, TokenScores, score_tokens
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric
from codeshift.metrics.aggregates.copies import copies
from codeshift.metrics.likelihood import is_forced


@dataclass(frozen=True, kw_only=True)
class ModelEvaluation:
    """The evaluation of one model, with every setting given.

    Attributes:
        model: the model, in any mode and on any device.
        tokenizer: the tokenizer of the model.
        metrics: the metrics by name.
        source: the template of what the model is given.
        target: the template of what the model must write.
        limits: how rows are encoded.
        decoding: how text is generated.
        generate_rows: the number of rows of a part to generate for; None for all.
        batch_size: the number of rows in a batch.
        seed: the seed of the draw of those rows and of the intervals.
        progress: whether to show progress.

    Raises:
        ParameterError: a metric needs generated text, and the model is divided among processes.
    """

    model: Model
    tokenizer: Tokenizer
    metrics: dict[str, Metric]
    source: Template
    target: Template
    limits: Limits
    decoding: Decoding
    generate_rows: int | None
    batch_size: int
    seed: int
    progress: bool

    def __post_init__(self) -> None:
        if self._generates and is_divided(self.model):
            remedy = "evaluate the folder that it was saved to, or by teacher forcing alone"
            divided = Told("a model that is divided among processes")
            raise ParameterError("model", "whole to generate text", divided, remedy)

    def encode(self, part: str, rows: Dataset) -> Encoded:
        """Encode a part and check that the model has room for its tokens.

        Raises:
            ParameterError: the model has no room for them.
        """
        limit = self._limit if self._generates else None
        return encode_part(self.model, self._encoder(), rows, part, forced=self._forces, limit=limit)

    def describe(self, parts: dict[str, Dataset]) -> dict[str, Any]:
        """Return the model, its adapter, the digests of the data and the versions of libraries, as JSON values."""
        tests = {column for metric in self.metrics.values() for column in self._template(metric).columns}
        columns = sorted({*self.source.columns, *self.target.columns, *tests})
        generated = describe_settings(self.model, self.tokenizer, self.decoding) if self._generates else None
        return {
            "model": describe_model(self.model),
            "adapter": _adapters(self.model),
            "generation_config": generated,
            "data": {part: data_digest(rows, columns) for part, rows in parts.items()},
            "versions": versions(),
        }

    def logs(self, folder: Path, metadata: dict[str, Any]) -> dict[str, RowLog]:
        """Start the logs of scores and outputs; return them by part and kind, such as ``"test_id.scores"``."""
        kinds = (["scores"] if self._forces else []) + (["outputs"] if self._generates else [])
        logs = {
            f"{part}.{kind}": RowLog(folder / f"{part}.{kind}.jsonl", metadata | {"data": digest})
            for part, digest in metadata["data"].items()
            for kind in kinds
        }
        start_logs(logs.values())
        return logs

    def evaluate(self, part: str, rows: Dataset, data: Encoded, logs: dict[str, RowLog]) -> PartEvaluation:
        """Evaluate a part; rows that its logs hold are not computed again."""
        references = texts_of(self.target, rows)
        forced = self._forced(data, part, logs.get(f"{part}.scores"))
        generated = self._generated_rows(len(data))
        outputs = self._outputs(data, generated, part, logs.get(f"{part}.outputs"))
        statistics, scored = {}, {}
        for name, metric in self.metrics.items():
            if is_forced(metric):
                given = forced.argmax if metric.takes == "argmax" else forced.log_probabilities
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

    @property
    def _generates(self) -> bool:
        return not all(is_forced(metric) for metric in self.metrics.values())

    @property
    def _forces(self) -> bool:
        return any(is_forced(metric) for metric in self.metrics.values())

    def _template(self, metric: Metric) -> Template:
        """Return the template of the references of a metric."""
        return tests_template(metric) or self.target

    def _encoder(self) -> Encoder:
        return Encoder.of(self.model, self.tokenizer, (self.source, self.target), self.limits)

    def _limit(self, data: Encoded) -> int:
        """Return the largest number of tokens of an output."""
        own = base_model(self.model).generation_config.max_new_tokens if self.decoding.from_model else None
        return self.decoding.max_new_tokens or own or int(data.targets.lengths.max())

    def _forced(self, data: Encoded, part: str, log: RowLog | None) -> TokenScores:
        if not self._forces:
            return TokenScores.empty()
        collate = Collator(pad_id(self.model, self.tokenizer), is_decoder(self.model))
        records = log.done if log else {}
        done = {row: (np.array(r["log_probabilities"]), np.array(r["argmax"])) for row, r in records.items()}
        bar = self._bar(f"score {part}", len(data), len(done))

        def note(rows: NDArray[np.int64], scores: list[RowScores]) -> None:
            if log is not None:
                log.append(rows, [{"log_probabilities": p.tolist(), "argmax": a.tolist()} for p, a in scores])
            bar.update(len(rows))

        with bar:
            return score_tokens(self.model, data, collate, batch_size=self.batch_size, done=done, on_batch=note)

    def _bar(self, what: str, total: int, done: int) -> Progress:
        shown = self.progress and PartialState().is_local_main_process
        return progress_of(what, total, "row", done=done, shown=shown)

    def _generated_rows(self, rows: int) -> NDArray[np.int64]:
        """Return the numbers of the rows to generate for, in increasing order."""
        if self.generate_rows is None or self.generate_rows >= rows:
            return np.arange(rows)
        return np.sort(np.random.default_rng(self.seed).permutation(rows)[: self.generate_rows])

    def _outputs(self, data: Encoded, rows: NDArray[np.int64], part: str, log: RowLog | None) -> list[Output | None]:
        if not self._generates:
            return []
        outputs: list[Output | None] = [None] * len(data)
        for row, record in (log.done if log else {}).items():
            outputs[row] = Output(**record)
        left = np.array([row for row in rows if outputs[row] is None], dtype=np.int64)
        bar = self._bar(f"generate {part}", len(rows), len(rows) - len(left))

        def note(done: NDArray[np.int64], written: list[Output]) -> None:
            for row, output in zip(done, written, strict=True):
                outputs[row] = output
            if log is not None:
                log.append(done, [asdict(output) for output in written])
            bar.update(len(done))

        with bar:
            generate(
                self.model, self.tokenizer, data.sources, left, self.decoding, self._limit(data),
                batch_size=self.batch_size, written=self._encoder().written, on_batch=note,
            )  # fmt: skip
        return outputs


def _adapters(model: Model) -> dict[str, str] | None:
    """Return the PEFT method of each adapter of a model, by name; None without an adapter."""
    if not isinstance(model, PeftModel):
        return None
    return {name: config.peft_type.value for name, config in model.peft_config.items()}

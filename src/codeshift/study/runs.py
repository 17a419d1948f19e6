"""One run of a study: train, evaluate, leave the scores. Called in any process that sees the study's folder."""

from __future__ import annotations

import shutil
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from filelock import FileLock, Timeout
from peft import PeftModel
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.finetune import Evaluator, Trainer, load_model, scale_adapter, wise_ft
from codeshift.finetune.errors import AdapterWarning, CheckpointError, RoundTripWarning, TruncationWarning
from codeshift.finetune.evaluation import PartEvaluation
from codeshift.finetune.identity import versions
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.result import TrainingResult
from codeshift.finetune.runtime import seeded
from codeshift.finetune.template import Template
from codeshift.finetune.tokenizing import remember_tokens
from codeshift.metrics import Metric
from codeshift.metrics.base import FloatArray
from codeshift.properties.progress import bars_shown
from codeshift.study.draws import drawn_of_any
from codeshift.study.keys import NONE, RunKey, RunRecord
from codeshift.study.recipe import WISE_FT, RunTask
from codeshift.study.records import earlier_record, read_record, write_record
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitFacts

_ONE_AT_A_TIME = threading.Lock()  # trainings in one process would share torch's random generators

BUSY = "busy"


def do_run(task: RunTask) -> str:
    """Do a task, unless it is done or another process is at it.

    What fails is recorded with its error; only what stops the process itself leaves no record.

    Returns:
        "done", or "busy" where another process holds the run.
    """
    lock = task.files.lock(task.name)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _ONE_AT_A_TIME:
        try:
            with FileLock(lock, timeout=0), _threads(task.threads), quiet():
                _Run(task).do()
        except Timeout:
            return BUSY
    return "done"


class _Run:
    """A training with its variants; ``do`` may be called once."""

    def __init__(self, task: RunTask) -> None:
        self.task, self.recipe, self.files = task, task.recipe, task.files
        self.tokenizer: Any = None

    def do(self) -> None:
        left = [key for key in self.task.keys if read_record(self.files, key) is None]
        if not left:
            return
        trained = _Lazy(self._model)
        for key in left:
            self._one(key, trained)
        if self.task.key.method != NONE:
            shutil.rmtree(self.files.training(self.task.key) / "checkpoints", ignore_errors=True)
            if not self.recipe.keep_weights:
                _drop_weights(self.files.training(self.task.key))

    def _one(self, key: RunKey, trained: _Lazy) -> None:
        started = time.perf_counter()
        self.files.run(key).mkdir(parents=True, exist_ok=True)
        try:
            model, facts = trained.get()
            facts = dict(facts) if not key.variant else {}
            if key.variant:
                model = self._variant(model, key.variant)
            self._evaluate(model, key, facts)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is recorded, and the other runs go on
            record = RunRecord(key=key, status="failed", error=f"{type(error).__name__}: {error}")
        else:
            seconds = time.perf_counter() - started
            steps = facts.pop("steps", None)
            record = RunRecord(key=key, status="done", seconds=seconds, steps=steps, facts=facts)
        write_record(self.files, record)
        if record.status == "done":
            shutil.rmtree(self.files.evaluation(key), ignore_errors=True)

    def _model(self) -> tuple[Any, dict[str, Any]]:
        """The model to evaluate, trained where that is to be done, and facts of the training."""
        key = self.task.key
        self.tokenizer = _tokenizer(self.recipe.tokenizer or str(self.files.model))
        if key.method == NONE:
            return self._pretrained(), {}
        record = earlier_record(self.files, key) or read_record(self.files, key)
        if record is not None and record.status == "done" and list(self.files.training(key).glob("*.safetensors")):
            # Trained before a variant was asked for, or to be evaluated again.
            return self._stored(), dict(record.facts) | {"steps": record.steps}
        assert self.recipe.config is not None and key.train_seed is not None  # noqa: S101, PT018 - of every method
        config = replace(self.recipe.config, seed=key.train_seed)
        trainer = Trainer(
            self.recipe.model or str(self.files.model),
            self.tokenizer,
            config,
            source=self.recipe.source,
            target=self.recipe.target,
            peft_config=self.recipe.peft_config,
            progress=bars_shown(),
        )
        data = self._training_data()
        result = trainer.fit(data, self.files.training(key))
        return result.model, _facts(result) | {"rows": {part: len(rows) for part, rows in data.items()}}

    def _pretrained(self) -> Any:
        """The model without fine-tuning; the fresh decoder of an encoder is drawn by the evaluation's seed."""
        with seeded(self.recipe.evaluation.seed):
            model = load_model(self.recipe.model or str(self.files.model), self.tokenizer)
        return model.to("cuda" if torch.cuda.is_available() else "cpu")

    def _stored(self) -> Any:
        folder = self.files.training(self.task.key)
        if self.recipe.peft_config is not None:
            return PeftModel.from_pretrained(self._pretrained(), folder).eval()
        return load_model(folder, self.tokenizer).to("cuda" if torch.cuda.is_available() else "cpu")

    def _training_data(self) -> dict[str, Dataset]:
        key = self.task.key
        if key.scenario is None:
            path, prefix = self.files.parts(key.split_seed), "baseline"
        else:
            path, prefix = self.files.training_rows(key.scenario, key.split_seed), f"{key.ood_kept:g}"
        rows = Dataset.from_file(str(self.files.rows))
        with np.load(path, allow_pickle=False) as positions:
            named = {part: f"{prefix}:{part}" for part in ("train", "validation")}
            return {part: rows.select(positions[name]) for part, name in named.items() if name in positions.files}

    def _variant(self, model: Any, variant: str) -> Any:
        kind, _, value = variant.partition("=")
        if kind == WISE_FT:
            return wise_ft(self._pretrained(), model, float(value))
        return scale_adapter(model, float(value))

    def _evaluate(self, model: Any, key: RunKey, facts: dict[str, Any]) -> None:
        facts["evaluated"] = {}
        with np.load(self.files.parts(key.split_seed), allow_pickle=False) as positions:
            sets = {"test": Dataset.from_file(str(self.files.rows)).select(positions["test"])}
        if self.recipe.has_general:
            sets["general"] = Dataset.from_file(str(self.files.general))
        for part, rows in sets.items():
            scores, told = self._scores(model, key, part, rows)
            scores.save(self.files.scores(key, part))
            facts["evaluated"][part] = told
        facts["versions"] = versions()

    def _scores(self, model: Any, key: RunKey, part: str, rows: Dataset) -> tuple[RunScores, dict[str, Any]]:
        """The scores of a set: by teacher forcing on all of it, by generation on the rows that are drawn."""
        evaluation = self.recipe.evaluation
        template = Template(self.recipe.source, "source")
        statistics: dict[str, FloatArray] = {}
        told: dict[str, Any] = {"rows": len(rows)}
        predictions: list[str | None] = [None] * len(rows)
        finished: list[bool | None] = [None] * len(rows)
        if evaluation.forced:
            found = self._evaluated(model, evaluation.forced, part, rows, self.files.evaluation(key) / "forced")
            statistics |= found.statistics
            told |= _losses(found)
        if evaluation.generated:
            chosen = np.flatnonzero(self._to_generate(key, part, len(rows)))
            some, folder = rows.select(chosen), self.files.evaluation(key) / "generated"
            found = self._evaluated(model, evaluation.generated, part, some, folder)
            for name, values in found.statistics.items():
                statistics[name] = np.full((len(rows), values.shape[1]), np.nan)
                statistics[name][chosen] = values
            for row, output in zip(chosen.tolist(), found.outputs, strict=True):
                if output is not None:
                    predictions[row], finished[row] = output.text, output.finished
            told |= {"generated": len(chosen), "unfinished": found.unfinished}
            told = _losses(found) | told
        ordered = {metric.name: statistics[metric.name] for metric in evaluation.metrics}
        references = Template(self.recipe.target, "target").texts(_columns(rows, self.recipe.target))
        sources = template.texts(_columns(rows, self.recipe.source))
        return RunScores(references, predictions, ordered, sources, finished if evaluation.generated else ()), told

    def _evaluated(
        self, model: Any, metrics: tuple[Metric, ...], part: str, rows: Dataset, folder: Path
    ) -> PartEvaluation:
        """Evaluate a set, from where a process that was killed over it had come."""
        evaluation = self.recipe.evaluation
        evaluator = Evaluator(
            metrics,
            source=self.recipe.source,
            target=self.recipe.target,
            batch_size=evaluation.batch_size,
            max_source_length=evaluation.max_source_length,
            max_target_length=evaluation.max_target_length,
            special_tokens=evaluation.special_tokens,
            decoding=evaluation.decoding,
            seed=evaluation.seed,
            progress=bars_shown(),
        )
        given: dict[str, Any] = {"tokenizer": self.tokenizer, "parts": (part,), "output_dir": folder / part}
        try:
            return evaluator.evaluate(model, {part: rows}, **given)[part]
        except CheckpointError:  # of another version of a library, say: what it had found does not count
            shutil.rmtree(folder / part)
            return evaluator.evaluate(model, {part: rows}, **given)[part]

    def _to_generate(self, key: RunKey, part: str, rows: int) -> Any:
        count, seed = self.recipe.evaluation.generate_rows, self.recipe.evaluation.seed
        if part != "test" or count is None:
            return drawn_of_any([], rows, count, seed)
        facts = [SplitFacts.load(self.files.facts(name, key.split_seed)) for name in self.recipe.scenarios]
        return drawn_of_any([mask for one in facts for mask in one.members.values()], rows, count, seed)


@dataclass
class _Lazy:
    """A value that is computed when it is first asked for, or the error that came of it."""

    compute: Callable[[], tuple[Any, dict[str, Any]]]
    found: tuple[Any, dict[str, Any]] | None = None
    error: Exception | None = None

    def get(self) -> tuple[Any, dict[str, Any]]:
        if self.error is not None:
            raise RuntimeError(f"the training failed ({type(self.error).__name__}: {self.error})") from self.error
        if self.found is None:
            try:
                self.found = self.compute()
            except Exception as error:
                self.error = error
                raise
        return self.found


@lru_cache(maxsize=1)
def _tokenizer(name: str) -> Any:
    """The tokenizer, loaded once a process; it tokenises each row once for all runs of the process."""
    return remember_tokens(load_tokenizer(name))


def _facts(result: TrainingResult) -> dict[str, Any]:
    """What is worth knowing of a training, as JSON values."""
    losses, validation = result.losses, result.validation_losses
    return {
        "steps": len(losses),
        "training_seconds": result.seconds,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "best_validation_loss": min(validation) if validation else None,
        "best_step": result.best_step,
        "stopped_early": result.stopped_early,
        "target_tokens": sum(int(row["tokens"]) for row in result.history if "tokens" in row),
        "parameters": {"trainable": result.parameters.trainable, "total": result.parameters.total},
        "truncation": {part: asdict(found) for part, found in result.truncation.items()},
        "round_trip": {part: found.to_dict() for part, found in result.round_trip.items()},
    }


def _losses(found: PartEvaluation) -> dict[str, Any]:
    """What of a part was cut, and what the tokenizer does not give back."""
    lost = {} if found.round_trip is None else {"round_trip": found.round_trip.to_dict()}
    return {"truncation": asdict(found.truncation)} | lost


def _columns(rows: Dataset, spec: str) -> dict[str, list[Any]]:
    return {column: list(rows[column]) for column in Template(spec, "template").columns}


def _drop_weights(folder: Path) -> None:
    for path in folder.glob("*.safetensors*"):
        path.unlink()


@contextmanager
def quiet() -> Iterator[None]:
    """Without the bars of others, and without warnings of what stands in the record of the run."""
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            for told_elsewhere in (TruncationWarning, RoundTripWarning, AdapterWarning, FutureWarning):
                warnings.simplefilter("ignore", told_elsewhere)
            yield
    finally:
        if bars:
            logging.enable_progress_bar()


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """So many threads in torch and in numerical libraries inside, and afterwards as before."""
    if count is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)

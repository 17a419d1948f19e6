"""The work of one run of a study, in any process that sees its folder: train, evaluate, store the scores."""

from __future__ import annotations

import shutil
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.files import is_full
from codeshift.finetune.errors import (
    AdapterWarning,
    CheckpointError,
    RoundTripWarning,
    TruncationWarning,
    UnseenLabelWarning,
)
from codeshift.finetune.identity import versions
from codeshift.finetune.models import Model
from codeshift.study.folder.records import RunRecord, TrainingFacts
from codeshift.study.folder.store import Outcome
from codeshift.study.running.locked import do_locked
from codeshift.study.running.run_job import RunJob
from codeshift.study.running.run_models import RunModels
from codeshift.study.running.scoring import RunScorer
from codeshift.study.settings.keys import NONE, RunKey, Variant
from codeshift.temporary_files import remove_unfinished

TrainedModel = tuple[Model, TrainingFacts | None]

_RECORDED = (TruncationWarning, RoundTripWarning, UnseenLabelWarning, AdapterWarning)
"""Warnings whose facts the record of a run holds."""
_ONE_AT_A_TIME = threading.Lock()  # trainings in one process would share torch's random generators


def do_run(run: RunJob) -> Outcome:
    """Do a run and its variants, unless they are done or another process is doing them.

    A failure is recorded with its error; only the end of the process itself and a full disk leave no record.

    Returns:
        "done", or "busy" if another process is doing the run.
    """
    with _ONE_AT_A_TIME:
        return do_locked(run.store.lock(run.name), partial(_train_and_score, run))


def _train_and_score(run: RunJob) -> None:
    with _threads(run.threads), quiet():
        _RunWork(run).do()


class _RunWork:
    """The work of a run: a training, and the evaluation of the model and of its variants."""

    def __init__(self, run: RunJob) -> None:
        self.run, self.store = run, run.store
        self.models = RunModels(run)

    def do(self) -> None:
        """Evaluate each model that has no record yet, and remove what only an unfinished run needs."""
        pending = [key for key in self.run.keys if self.store.read_record(key) is None]
        if not pending:
            return
        trained = _TrainedOnce(self.models.trained)
        for key in pending:
            self._evaluate(key, trained)
        if self.run.key.method != NONE:
            shutil.rmtree(self.store.training(self.run.key) / "checkpoints", ignore_errors=True)
            if not self.run.method.keep_weights:
                _drop_weights(self.store.training(self.run.key))

    def _evaluate(self, key: RunKey, trained: _TrainedOnce) -> None:
        """Score a model and write its record, that of a failure too."""
        started = time.perf_counter()
        self.store.run(key).mkdir(parents=True, exist_ok=True)
        remove_unfinished(self.store.run(key))
        try:
            model, training = trained.get()
            if isinstance(key.variant, Variant):
                model, training = self.models.variant(model, key.variant), None
            evaluated = RunScorer(self.run, self.models.tokenizer).score(model, key)
        except Exception as error:  # any error is recorded, and the other runs go on
            if is_full(error):
                raise  # the run can be done once there is space
            message, blocked = f"{type(error).__name__}: {error}", isinstance(error, CheckpointError)
            record = RunRecord(key=key, status="failed", error=message, blocked=blocked)
        else:
            seconds = time.perf_counter() - started
            record = RunRecord(
                key=key, status="done", seconds=seconds, training=training, evaluated=evaluated, versions=versions()
            )
        self.store.write_record(record)
        if record.status == "done":
            shutil.rmtree(self.store.evaluation(key), ignore_errors=True)


@dataclass
class _TrainedOnce:
    """A model that is trained when it is first needed, or the error that this raised."""

    train: Callable[[], TrainedModel]
    value: TrainedModel | None = None
    error: Exception | None = None

    def get(self) -> TrainedModel:
        if self.error is not None:
            raise RuntimeError(f"the training failed ({type(self.error).__name__}: {self.error})") from self.error
        if self.value is None:
            try:
                self.value = self.train()
            except Exception as error:
                self.error = error
                raise
        return self.value


def _drop_weights(folder: Path) -> None:
    for path in folder.glob("*.safetensors*"):
        path.unlink()


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the bars of other libraries, and warnings that the record of the run covers."""
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            for category in (*_RECORDED, FutureWarning):
                warnings.simplefilter("ignore", category)
            yield
    finally:
        if bars:
            logging.enable_progress_bar()


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Use ``count`` threads in torch and numerical libraries inside the context; None changes nothing."""
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

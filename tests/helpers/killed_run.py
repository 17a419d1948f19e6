"""A training run that kills itself, for tests of resumed runs; the processes that run it can import it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from datasets import load_from_disk
from peft import LoraConfig
from transformers import AutoTokenizer

from codeshift.finetune import Trainer, TrainingConfig, TrainingResult
from codeshift.finetune.testing import tiny_model
from helpers.training_steps import after_each_step

CONFIG = TrainingConfig(
    learning_rate=1e-2, num_train_epochs=3, train_batch_size=8, gradient_accumulation_steps=2, warmup_steps=2,
    eval_strategy="steps", eval_steps=2,
    load_best_model_at_end=True, early_stopping_patience=50, save_strategy="steps", save_steps=1,
)  # fmt: skip
METHODS = {"full": None, "lora": LoraConfig(r=4, lora_dropout=0.2)}


def fit(data: Any, tokenizer: Any, out: Path | None, method: str = "full", config: TrainingConfig = CONFIG,
        **options: Any) -> TrainingResult:  # fmt: skip
    """Train a T5 with dropout on batches by length."""
    trainer = Trainer(
        tiny_model("t5", tokenizer), tokenizer, config,
        source="doc", target="code", peft_config=METHODS[method], progress=False,
    )  # fmt: skip
    return trainer.fit(data, out, **options)


STEPS = 9
"""Number of steps of a run with ``CONFIG`` on the rows of the tests."""


def fit_until(folder: Path, out: Path, method: str, at: int) -> None:
    """Continue the run in ``out``, killed by ``kill -9`` after ``at`` steps in total, before the last is saved."""
    _fit_with(lambda: os.kill(os.getpid(), signal.SIGKILL), folder, out, method, at)


def fit_until_deterministically(folder: Path, out: Path, method: str, at: int) -> None:
    """Do the same with deterministic algorithms, also on a GPU."""
    with deterministic():
        fit_until(folder, out, method, at)


@contextmanager
def deterministic() -> Iterator[None]:
    """Make torch use only deterministic algorithms inside, and raise where it has none."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # torch requires it for deterministic cuBLAS
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def fit_until_terminated(folder: Path, out: Path, method: str, at: int, errors: Path) -> None:
    """Go on with the run in ``out``, which gets SIGTERM in step ``at`` and writes no other checkpoint."""
    with errors.open("w", encoding="utf-8") as file, redirect_stderr(file):
        config = replace(CONFIG, save_strategy="no", save_steps=None)
        _fit_with(lambda: os.kill(os.getpid(), signal.SIGTERM), folder, out, method, at, config)


def fit_without_end(folder: Path, out: Path, method: str) -> None:
    """Continue the run in ``out``, and wait in the last step until this process is killed."""
    _fit_with(_stand_still, folder, out, method, STEPS)


def _stand_still() -> None:
    while True:
        signal.pause()


def _fit_with(
    act: Callable[[], None], folder: Path, out: Path, method: str, at: int, config: TrainingConfig = CONFIG
) -> None:
    torch.set_num_threads(1)
    after_each_step(lambda run: act() if run.state.step + 1 == at else None)
    fit(load_from_disk(folder / "data"), AutoTokenizer.from_pretrained(folder / "tokenizer"), out, method, config)

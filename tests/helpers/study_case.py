"""A study that is small enough for tests, also in processes that a test starts: everything is in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset

from codeshift.finetune.training_config import TrainingConfig
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, Scenario
from codeshift.study import Study, StudyResults
from helpers.training_steps import after_each_step

WORDS = ["total", "first", "length", "name", "value", "index", "path", "key", "row", "text", "size"]
LONG = Scenario("long", LengthSplitter(column="code", quantiles=(0.7, 1.0)))
LOOPS = Scenario("loops", ASTNodeSplitter(column="code", language="python", nodes=("while_statement",)))

CONFIG = TrainingConfig(
    learning_rate=1e-2, max_steps=3, train_batch_size=4, eval_strategy="no", save_strategy="steps", save_steps=1
)


def rows(count: int = 60, start: int = 0) -> Dataset:
    """Return rows of different lengths, all distinct; every third contains a loop."""
    numbers = range(start, start + count)
    code = [f"{'while x: ' if i % 3 == 0 else ''}{WORDS[i % 11]} = {i}{' + 1' * (5 * (i % 7) // 3)}" for i in numbers]
    return Dataset.from_dict({"doc": [f"Set {WORDS[i % 11]} to {i}." for i in numbers], "code": code})


def save_model(folder: Path) -> Path:
    """Save a tiny model without dropout, and its tokenizer, to a folder."""
    from helpers.tiny_models import save_tiny_t5

    return save_tiny_t5(folder, [*rows()["code"], *rows()["doc"]])


def small_study(model: Any, **changes: Any) -> Study:
    """Return two scenarios with full fine-tuning and LoRA, three steps each, without audits or generated text."""
    from peft import LoraConfig

    arguments = {
        "dataset": rows(),
        "scenarios": (LONG, LOOPS),
        "source": "doc",
        "target": "code",
        "model": model if model is None or hasattr(model, "save_pretrained") else str(model),
        "methods": {"full": None, "lora": LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.1)},
        "ood_kept": (0.0, 1.0),
        "config": CONFIG,
        "metrics": ["negative_log_likelihood", "token_accuracy"],
        "near_duplicates": None,
        "audit": False,
    }
    return Study(**(arguments | changes))


def assert_same(left: StudyResults, right: StudyResults) -> None:
    """Check that both are done, with the same splits and with the same scores to the last bit."""
    assert left.counts == right.counts == {"done": len(left.records), "failed": 0, "pending": 0}
    assert [record.key for record in left.records] == [record.key for record in right.records]
    for record in left.records:
        for part in left.sets:
            left_scores, right_scores = left.scores(record.key, part), right.scores(record.key, part)
            assert list(left_scores.references) == list(right_scores.references)
            assert list(left_scores.predictions) == list(right_scores.predictions)
            for metric in left.metrics:
                np.testing.assert_array_equal(left_scores.statistics[metric], right_scores.statistics[metric])
    for name, facts in left.splits.items():
        for part, mask in facts.members.items():
            np.testing.assert_array_equal(mask, right.splits[name].members[part])


def run_small_study(model: Path, folder: Path) -> None:
    """Run the study, in a process that is to be killed."""
    import torch

    torch.set_num_threads(1)
    small_study(model).run(folder, threads=1, progress=False)


def run_small_study_without_end(model: Path, folder: Path) -> None:
    """Run all but the end of the last run, whose training waits, with a checkpoint on disk, until it is killed."""
    import signal

    from codeshift.study import load_results

    def hold(run: Any) -> None:
        while run.state.step >= 1 and load_results(folder).counts["pending"] == 1:
            signal.pause()

    after_each_step(hold)
    run_small_study(model, folder)


def writing_study(model: Path) -> Study:
    """Return one scenario with and without its region, whose models also generate text, in batches of three rows."""
    return small_study(
        model,
        scenarios=(LONG,),
        methods={"full": None},
        metrics=["negative_log_likelihood", "exact_match"],
        evaluation_batch_size=3,
    )


def run_until_killed_in_evaluation(model: Path, folder: Path, batches: int) -> None:
    """Run ``writing_study``, and die by SIGKILL after a number of batches were scored or generated."""
    import os
    import signal

    import torch

    from codeshift.finetune.row_log import RowLog

    append = RowLog.append

    def last(self: RowLog, *batch: Any) -> None:
        nonlocal batches
        append(self, *batch)
        batches -= 1
        if not batches:
            os.kill(os.getpid(), signal.SIGKILL)

    RowLog.append = last  # type: ignore[method-assign]  # in a process of its own
    torch.set_num_threads(1)
    writing_study(model).run(folder, threads=1, progress=False)


def hold_trainings(held: str) -> None:
    """Make trainings of a worker wait in their second step, with a checkpoint on disk, while a file exists."""
    import os
    import time

    def hold(run: Any) -> None:
        while run.state.step >= 1 and os.path.exists(held):
            time.sleep(0.01)

    after_each_step(hold)

"""A bar on a terminal, a line a minute in a log."""

from __future__ import annotations

import io
import sys

import pytest
from tqdm.auto import tqdm

from codeshift.finetune import Evaluator, Trainer, TrainingConfig, progress
from codeshift.finetune.progress import LogLines, progress_of
from codeshift.finetune.testing import tiny_model
from codeshift.finetune.training_loop import TrainingRun
from codeshift.metrics import ExactMatch, NegativeLogLikelihood


class Clock:
    """Tells that so many seconds went by between two looks."""

    def __init__(self, seconds):
        self.now, self.seconds = -seconds, seconds

    def __call__(self):
        self.now += self.seconds
        return self.now


def lines(seconds, updates, total=100, **options):
    file = io.StringIO()
    made = LogLines("score", total, "row", clock=Clock(seconds), file=file, **options)
    for count in updates:
        made.update(count)
    made.close()
    return file.getvalue().splitlines()


def test_a_line_a_minute():
    """However often the work reports: with the share, the time and what is left of it."""
    assert lines(20, [10] * 10) == [
        "score: 30 of 100 rows (30%) in 1:00, about 2:20 left",
        "score: 60 of 100 rows (60%) in 2:00, about 1:20 left",
        "score: 90 of 100 rows (90%) in 3:00, about 0:20 left",
    ]
    assert lines(5, [10] * 10) == []
    assert len(lines(600, [10] * 10)) == 10
    assert lines(7200, [1])[0].endswith("in 2:00:00, about 198:00:00 left")


def test_what_was_done_before_takes_no_time():
    """The remaining time is estimated from the rows of this process alone."""
    assert lines(60, [10], done=50) == ["score: 60 of 100 rows (60%) in 1:00, about 4:00 left"]


def test_the_loss_stands_in_the_line():
    """The line shows the loss, as a bar does."""
    file = io.StringIO()
    made = LogLines("fine-tune", 4, "step", clock=Clock(60), file=file)
    made.set_postfix(loss="1.234", refresh=False)
    made.update()
    assert file.getvalue() == "fine-tune: 1 of 4 steps (25%) in 1:00, about 3:00 left, loss 1.234\n"


def test_where_there_is_a_terminal_there_is_a_bar(monkeypatch):
    """And where nothing is to be shown there is neither."""
    assert isinstance(progress_of("score", 3, "row"), LogLines)
    monkeypatch.setattr(progress, "watched", lambda: True)
    bar = progress_of("score", 3, "row", done=1)
    assert isinstance(bar, tqdm)
    assert (bar.n, bar.disable) == (1, False)
    bar.close()
    assert progress_of("score", 3, "row", shown=False).disable
    monkeypatch.undo()
    assert progress_of("score", 3, "row", shown=False).disable
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert progress.watched()


def test_a_notebook_is_a_kernel_that_runs(monkeypatch):
    """Bars are seen in a notebook; that the kernel's package is imported makes none."""
    kernelapp = pytest.importorskip("ipykernel.kernelapp")
    assert not progress.watched()
    monkeypatch.setattr(kernelapp.IPKernelApp, "initialized", lambda: True)
    assert progress.watched()


def test_training_and_evaluation_tell_a_log(data, tokenizer, monkeypatch, capsys, tmp_path):
    """Each step a minute long; a run taken up again counts from where it was; ``progress=False`` is silent."""
    made = LogLines.__init__
    monkeypatch.setattr(LogLines, "__init__", lambda self, *args, **kw: made(self, *args, clock=Clock(60), **kw))
    columns = {"source": "doc", "target": "code"}
    model = tiny_model("t5", tokenizer)
    config = TrainingConfig(
        max_steps=3, train_batch_size=4, logging_steps=1, save_strategy="steps", save_steps=2, eval_strategy="no"
    )
    trainer = Trainer(model, tokenizer, config, **columns)
    trainer.fit(data, tmp_path)
    told = capsys.readouterr().err.splitlines()
    steps = [line for line in told if line.startswith("fine-tune: ")]
    assert steps[0] == "fine-tune: 1 of 3 steps (33%) in 1:00, about 2:00 left"
    assert [line.split(",")[0] for line in steps[1:]] == [
        "fine-tune: 2 of 3 steps (67%) in 2:00", "fine-tune: 3 of 3 steps (100%) in 3:00",
    ]  # fmt: skip
    assert ", loss " in steps[-1]
    Evaluator([NegativeLogLikelihood(), ExactMatch()], batch_size=4, **columns).evaluate(
        model, data, tokenizer=tokenizer
    )
    told = capsys.readouterr().err
    assert "score test_id: 4 of 8 rows (50%) in 1:00, about 1:00 left\n" in told
    assert "generate test_ood: 8 of 8 rows (100%) in 2:00\n" in told
    Trainer(model, tokenizer, config, **columns, progress=False).fit(data)
    assert "fine-tune" not in capsys.readouterr().err


def test_a_run_that_goes_on_counts_what_was_done(data, tokenizer, monkeypatch, capsys, tmp_path):
    """Its line says the steps of all, and reckons with those of its own."""
    made = LogLines.__init__
    monkeypatch.setattr(LogLines, "__init__", lambda self, *args, **kw: made(self, *args, clock=Clock(60), **kw))
    config = TrainingConfig(max_steps=5, train_batch_size=4, save_strategy="steps", save_steps=3, eval_strategy="no")
    trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, config, source="doc", target="code")
    step = TrainingRun._step

    def stopping(self, rows):
        if self.state.step == 3:
            raise KeyboardInterrupt
        step(self, rows)

    monkeypatch.setattr(TrainingRun, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(data, tmp_path)
    monkeypatch.setattr(TrainingRun, "_step", step)
    capsys.readouterr()
    trainer.fit(data, tmp_path)
    [first, last] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fine-tune: ")]
    assert first.startswith("fine-tune: 4 of 5 steps (80%) in 1:00, about 1:00 left")
    assert last.startswith("fine-tune: 5 of 5 steps (100%) in 2:00")

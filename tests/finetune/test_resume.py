"""A run that is killed and started again ends as the run that never was, bit for bit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import replace

import pytest
import torch
from datasets import load_from_disk
from safetensors.torch import load_file
from transformers import AutoTokenizer

from codeshift.finetune import CheckpointError
from codeshift.finetune.checkpoint import Checkpoints, RunState
from codeshift.temporary_files import NO_PROCESS, temporary_name
from helpers.forked import forked_processes
from helpers.killed_run import CONFIG, METHODS, fit, fit_until, fit_until_terminated, fit_without_end


def left_behind(folder):
    """Return the weights and the history of a finished run."""
    weights = load_file(next(folder.glob("*model.safetensors")))
    return weights, json.loads((folder / "training.json").read_text(encoding="utf-8"))["history"]


@pytest.fixture(scope="module")
def folder(data, tokenizer, tmp_path_factory):
    """Data and tokenizer on disk, and finished runs that were never stopped, by method."""
    folder = tmp_path_factory.mktemp("resume")
    data.save_to_disk(folder / "data")
    tokenizer.save_pretrained(folder / "tokenizer")
    for method in METHODS:
        fit(data, tokenizer, folder / method, method, replace(CONFIG, save_steps=9))
    return folder


@pytest.fixture
def finished(folder, tmp_path):
    """A copy of a finished run of full fine-tuning."""
    return shutil.copytree(folder / "full", tmp_path / "finished")


@pytest.fixture(scope="module")
def processes():
    """Processes that start fast."""
    return forked_processes()


def assert_as_if_never_stopped(out, straight):
    """The same weights and the same history, to the last bit."""
    weights, history = left_behind(out)
    expected, expected_history = left_behind(straight)
    assert history == expected_history
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize("method", METHODS)
def test_killed_at_every_step(method, folder, tmp_path, processes):
    """One run, killed at each of its steps and started again each time, ends bitwise as the run never killed.

    Dropout is on, rows are batched by length, and most steps are in the middle of an epoch.
    """
    out = tmp_path / "killed"
    for at in range(1, 11):
        # Step ``at`` is never saved, so the next process makes it again, and is killed at the one after.
        child = processes.Process(target=fit_until, args=(folder, out, method, at))
        child.start()
        child.join()
        assert child.exitcode == (0 if at == 10 else -signal.SIGKILL)
        saved = [path.name for path in (out / "checkpoints").glob("step-*")]
        assert saved == ([f"step-{min(at - 1, 9):08d}"] if at > 1 else [])
    assert_as_if_never_stopped(out, folder / method)


def test_killed_at_any_moment(folder, tmp_path, processes):
    """Killed from outside wherever it happens to be, while it writes a checkpoint as well."""
    for delay in (0.0, 0.01, 0.03):
        out = tmp_path / str(delay)
        child = processes.Process(target=fit_without_end, args=(folder, out, "full"))
        child.start()
        while not list(out.glob("checkpoints/*")):
            assert child.is_alive()
            time.sleep(0.001)
        time.sleep(delay)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        again = processes.Process(target=fit_until, args=(folder, out, "full", -1))
        again.start()
        again.join()
        assert_as_if_never_stopped(out, folder / "full")


class StoppedError(Exception):
    """Ends a run from inside."""


@pytest.mark.parametrize(("every", "at"), [(2, 1), (2, 5), (None, 5)])
def test_stopped_between_checkpoints(every, at, data, tokenizer, folder, tmp_path, monkeypatch):
    """However rarely a run saves, it goes on to the same weights and history."""
    from codeshift.finetune import training_loop

    config = replace(CONFIG, save_strategy="epoch" if every is None else "steps", save_steps=every)
    step = training_loop.TrainingRun._step

    def stopping(run, rows):
        if run.state.step == at:
            raise StoppedError
        step(run, rows)

    monkeypatch.setattr(training_loop.TrainingRun, "_step", stopping)
    with pytest.raises(StoppedError):
        fit(data, tokenizer, tmp_path, config=config)
    monkeypatch.setattr(training_loop.TrainingRun, "_step", step)
    fit(data, tokenizer, tmp_path, config=config)
    assert_as_if_never_stopped(tmp_path, folder / "full")


def test_a_finished_run_is_not_run_again(data, tokenizer, finished, monkeypatch):
    """The second call returns what the first did, without a step."""
    from codeshift.finetune import training_loop

    expected, history = left_behind(finished)
    monkeypatch.setattr(training_loop.TrainingRun, "_step", None)
    again = fit(data, tokenizer, finished)
    assert again.history == history
    found = dict(again.model.named_parameters())
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config": replace(CONFIG, learning_rate=2e-2)}, "config.learning_rate"),
        ({"method": "lora"}, r"adapters.*weights"),
    ],
)
def test_a_foreign_checkpoint_is_named(change, named, data, tokenizer, finished):
    """A checkpoint of another run is an error with its path and what differs; resume=False starts over."""
    with pytest.raises(CheckpointError, match=rf"step-00000009 is a checkpoint of another run \({named} differ\)"):
        fit(data, tokenizer, finished, **change)
    change["config"] = replace(change.get("config", CONFIG), save_strategy="no", save_steps=None)
    assert len(fit(data, tokenizer, finished, resume=False, **change).losses) == 9


def test_other_data_is_another_run(data, tokenizer, finished):
    """The data is part of what a run is."""
    other = {"train": data["train"].select(range(23)), "validation": data["validation"]}
    with pytest.raises(CheckpointError, match=r"another run \(data.train differ\)"):
        fit(other, tokenizer, finished)


@pytest.mark.parametrize("file", ["weights.safetensors", "optimizer.safetensors", "best.safetensors", "state.json"])
@pytest.mark.parametrize("fault", ["cut", "gone", "flipped"])
def test_a_torn_checkpoint_is_named(file, fault, data, tokenizer, finished):
    """A file that is cut, missing or has one byte changed is an error with the checkpoint's path and what to do."""
    path = finished / "checkpoints" / "step-00000009" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.unlink() if fault == "gone" else path.write_bytes(content if fault == "flipped" else content[:-20])
    with pytest.raises(CheckpointError, match=r"step-00000009 is not a whole checkpoint \(.*delete that folder"):
        fit(data, tokenizer, finished)


def test_only_whole_checkpoints_stand(tmp_path):
    """Remains of a killed write are not a checkpoint, and the next write removes them and older ones."""
    checkpoints = Checkpoints(tmp_path, {"config": {}})
    (tmp_path / temporary_name("unfinished", pid=NO_PROCESS)).mkdir()
    assert checkpoints.load() is None
    for step in (1, 2):
        checkpoints.save(RunState(step=step), {"weights": {"w": torch.ones(2)}})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000002"]
    state, tensors = checkpoints.load()
    assert (state.step, tensors["weights"]["w"].tolist()) == (2, [1.0, 1.0])


def test_what_another_process_writes_stays(tmp_path, monkeypatch):
    """A process that writes into the folder in which another is writing leaves the other's temporary folder there."""
    others, move = Checkpoints(tmp_path, {"config": {}}), os.replace

    def with_another_writer(source, target):
        monkeypatch.setattr("os.replace", move)
        others.save(RunState(step=1), {"weights": {"w": torch.zeros(2)}})
        move(source, target)

    monkeypatch.setattr("os.replace", with_another_writer)
    checkpoints = Checkpoints(tmp_path, {"config": {}})
    checkpoints.save(RunState(step=2), {"weights": {"w": torch.ones(2)}})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000002"]
    assert checkpoints.load()[0].step == 2


@pytest.mark.parametrize("at", [4, 9])
def test_sigterm_saves_a_checkpoint_and_says_how_to_resume(folder, tmp_path, processes, at):
    """It exits with 143, although nothing else is saved; the same call ends as the run that was never stopped."""
    out, errors = tmp_path / "out", tmp_path / "errors"
    child = processes.Process(target=fit_until_terminated, args=(folder, out, "full", at, errors))
    child.start()
    child.join()
    assert child.exitcode == 143
    assert [path.name for path in (out / "checkpoints").iterdir()] == [f"step-{at:08d}"]
    place = out / "checkpoints"
    told = f"terminated after step {at} of 9; the same call or command resumes from {place}\n"
    assert errors.read_text(encoding="utf-8").endswith(told)
    assert not (out / "training.json").exists()
    fit(load_from_disk(folder / "data"), AutoTokenizer.from_pretrained(folder / "tokenizer"), out, "full")
    assert_as_if_never_stopped(out, folder / "full")

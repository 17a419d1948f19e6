"""A run that is killed and started again ends as the run that never was, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file

from codeshift.finetune import CheckpointError, Trainer, TrainingConfig
from codeshift.finetune.checkpoint import Checkpoints, RunState
from codeshift.finetune.testing import tiny_model

CONFIG = TrainingConfig(
    learning_rate=1e-2, num_epochs=3, batch_size=4, gradient_accumulation_steps=2, warmup=2, eval_every=2,
    keep_best=True, early_stopping_patience=50, checkpoint_every=1,
)  # fmt: skip
METHODS = {"full": None, "lora": LoraConfig(r=4, lora_dropout=0.2)}

# The dataset and tokenizer come from disk, so that the child does what the parent does.
CHILD = textwrap.dedent(
    f"""
    import sys, torch
    from datasets import load_from_disk
    from peft import LoraConfig
    from codeshift.finetune import Trainer, TrainingConfig
    from codeshift.finetune.testing import tiny_model
    from transformers import AutoTokenizer

    torch.set_num_threads(1)
    folder, out, method = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(folder + "/tokenizer")
    config = {CONFIG!r}
    peft = LoraConfig(r=4, lora_dropout=0.2) if method == "lora" else None
    trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, config, source="doc", target="code", peft_config=peft,
                      progress=False)
    trainer.fit(load_from_disk(folder + "/data"), out)
    """
)


def fit(data, tokenizer, out, method="full", config=CONFIG, **options):
    model = tiny_model("t5", tokenizer)
    trainer = Trainer(
        model, tokenizer, config, source="doc", target="code", peft_config=METHODS[method], progress=False
    )
    return trainer.fit(data, out, **options)


def left_behind(folder):
    """What a finished run leaves: its weights and its history."""
    weights = load_file(next(folder.glob("*model.safetensors")))
    return weights, json.loads((folder / "training.json").read_text())["history"]


@pytest.mark.parametrize("method", METHODS)
def test_killed_at_any_moment(method, data, tokenizer, tmp_path):
    """Kill -9 after some steps, in the middle of an epoch; started again, all is bitwise that of the straight run."""
    data.save_to_disk(tmp_path / "data")
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    straight = fit(data, tokenizer, tmp_path / "straight", method)
    out = tmp_path / "killed"
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(out), method]
    child = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})  # noqa: S603 - our own script
    checkpoints = out / "checkpoints"
    while child.poll() is None and not list(checkpoints.glob("step-*")):
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "the run ended before it was killed"
    resumed = fit(data, tokenizer, out, method)
    weights, history = left_behind(out)
    expected, expected_history = left_behind(tmp_path / "straight")
    assert history == expected_history == straight.history
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert resumed.best_step == straight.best_step


class StoppedError(Exception):
    """Ends a run from inside."""


@pytest.mark.parametrize("at", [1, 2, 5])
@pytest.mark.parametrize("every", [1, 2, "epoch"])
def test_stopped_at_a_step(at, every, data, tokenizer, tmp_path, monkeypatch):
    """Wherever a run ends and however rarely it saves, it goes on to the same weights and history."""
    config = TrainingConfig(**{**CONFIG.__dict__, "checkpoint_every": every})
    straight = fit(data, tokenizer, None, config=config)
    from codeshift.finetune import trainer

    step = trainer._Run._step
    monkeypatch.setattr(
        trainer._Run,
        "_step",
        lambda run, rows: step(run, rows) if run.state.step < at else (_ for _ in ()).throw(StoppedError()),
    )
    with pytest.raises(StoppedError):
        fit(data, tokenizer, tmp_path, config=config)
    monkeypatch.setattr(trainer._Run, "_step", step)
    resumed = fit(data, tokenizer, tmp_path, config=config)
    assert resumed.history == straight.history
    expected = dict(straight.model.named_parameters())
    assert all(torch.equal(p, expected[name]) for name, p in resumed.model.named_parameters())


def test_a_finished_run_is_not_run_again(data, tokenizer, tmp_path):
    """The second call returns what the first did, without a step."""
    first = fit(data, tokenizer, tmp_path)
    second = fit(data, tokenizer, tmp_path)
    assert second.history == first.history
    assert second.seconds < first.seconds
    expected = dict(first.model.named_parameters())
    assert all(torch.equal(p, expected[name]) for name, p in second.model.named_parameters())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config": TrainingConfig(**{**CONFIG.__dict__, "learning_rate": 2e-2})}, "config.learning_rate"),
        ({"method": "lora"}, r"adapters.*weights"),
    ],
)
def test_a_foreign_checkpoint_is_named(change, named, data, tokenizer, tmp_path):
    """A checkpoint of another run is an error with its path and what differs; resume=False starts over."""
    fit(data, tokenizer, tmp_path)
    with pytest.raises(CheckpointError, match=rf"step-00000009 is a checkpoint of another run \({named} differ\)"):
        fit(data, tokenizer, tmp_path, **change)
    assert len(fit(data, tokenizer, tmp_path, resume=False, **change).losses) == 9


def test_other_data_is_another_run(data, tokenizer, tmp_path):
    """The data is part of what a run is."""
    fit(data, tokenizer, tmp_path)
    other = {"train": data["train"].select(range(23)), "validation": data["validation"]}
    with pytest.raises(CheckpointError, match=r"another run \(data.train differ\)"):
        fit(other, tokenizer, tmp_path)


@pytest.mark.parametrize("file", ["weights.safetensors", "optimizer.safetensors", "best.safetensors", "state.json"])
@pytest.mark.parametrize("fault", ["cut", "gone"])
def test_a_torn_checkpoint_is_named(file, fault, data, tokenizer, tmp_path):
    """A file that is cut or missing is an error with the checkpoint's path and what to do."""
    fit(data, tokenizer, tmp_path)
    path = tmp_path / "checkpoints" / "step-00000009" / file
    content = path.read_bytes()
    path.unlink() if fault == "gone" else path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=r"step-00000009 is not a whole checkpoint \(.*delete that folder"):
        fit(data, tokenizer, tmp_path)


def test_only_whole_checkpoints_stand(tmp_path):
    """What a killed write left is not taken for a checkpoint, and the next write removes it and older ones."""
    checkpoints = Checkpoints(tmp_path, {"config": {}})
    (tmp_path / ".unfinished-x").mkdir()
    assert checkpoints.load() is None
    for step in (1, 2):
        checkpoints.save(RunState(step=step), {"weights": {"w": torch.ones(2)}})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000002"]
    state, tensors = checkpoints.load()
    assert (state.step, tensors["weights"]["w"].tolist()) == (2, [1.0, 1.0])

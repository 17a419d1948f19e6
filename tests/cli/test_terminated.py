"""``codeshift train`` that gets SIGTERM: its exit code, what it says, and that the same command goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from codeshift.cli import main
from helpers.cli_rows import rows, write
from helpers.forked import start_forked
from helpers.tiny_models import save_tiny_t5
from helpers.training_steps import after_each_step


def _terminated(command: list[str]) -> None:
    """Run a command in a process that gets SIGTERM in its second step."""
    after_each_step(lambda run: os.kill(os.getpid(), signal.SIGTERM) if run.state.step == 1 else None)
    raise SystemExit(main(command))


def test_a_terminated_training_goes_on(tmp_path: Path, capsys) -> None:
    """143, one line that names the checkpoint, no traceback; then the training is made from there to its end."""
    some = rows(24)
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts" / "train.jsonl", some)
    save_tiny_t5(tmp_path / "model", [row["func"] for row in some])
    out = tmp_path / "out"
    command = ["train", str(tmp_path / "parts"), "--model", str(tmp_path / "model"), "--source", "doc"]
    command += ["--target", "func", "--max-steps", "4", "--train-batch-size", "4", "--out", str(out)]
    ended = start_forked(tmp_path / "log", _terminated, command)
    ended.join()
    errors = (tmp_path / "log").read_text(encoding="utf-8")
    assert ended.exitcode == 143, errors
    told = f"terminated after step 2 of 4; the same call or command resumes from {out / 'checkpoints'}"
    assert told in errors.splitlines()
    assert "Traceback" not in errors
    assert not (out / "training.json").exists()
    assert main(command) == 0
    assert "4 steps" in capsys.readouterr().out
    assert (out / "model.safetensors").is_file()

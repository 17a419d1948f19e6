"""``codeshift train`` that gets SIGTERM: its exit code, what it says, and that the same command goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from codeshift.cli import main
from helpers.cli_rows import rows, write
from helpers.pages import ROOT
from helpers.tiny_models import save_tiny_t5

TERMINATED = """
import os, signal, sys
from helpers.training_steps import after_each_step
from codeshift.cli import main
after_each_step(lambda run: os.kill(os.getpid(), signal.SIGTERM) if run.state.step == 1 else None)
raise SystemExit(main(sys.argv[1:]))
"""


def test_a_terminated_training_goes_on(tmp_path: Path, capsys) -> None:
    """143, one line that names the checkpoint, no traceback; then the training is made from there to its end."""
    some = rows(24)
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts" / "train.jsonl", some)
    save_tiny_t5(tmp_path / "model", [row["func"] for row in some])
    out = tmp_path / "out"
    command = ["train", str(tmp_path / "parts"), "--model", str(tmp_path / "model"), "--source", "doc"]
    command += ["--target", "func", "--max-steps", "4", "--train-batch-size", "4", "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", TERMINATED, *command], capture_output=True, text=True, check=False, env=environment
    )
    assert ended.returncode == 143, ended.stderr
    told = f"terminated after step 2 of 4; the same call or command resumes from {out / 'checkpoints'}"
    assert told in ended.stderr.splitlines()
    assert "Traceback" not in ended.stderr
    assert not (out / "training.json").exists()
    assert main(command) == 0
    assert "4 steps" in capsys.readouterr().out
    assert (out / "model.safetensors").is_file()

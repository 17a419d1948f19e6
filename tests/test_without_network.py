"""What comes with the library needs no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from helpers.pages import ROOT


@pytest.mark.slow
def test_everything_embedded_runs_without_a_network() -> None:
    """Split, audit, training, evaluation and a study with its report open no connection and look no name up."""
    offline = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
    environment = {name: value for name, value in os.environ.items() if name not in offline}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    told = subprocess.run(
        [sys.executable, "-m", "helpers.offline_story"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    story = json.loads(told.stdout.splitlines()[-1])
    assert story["refused"] > 0  # the guard works
    assert story["asked"] == []
    assert story["done"] == ["split", "audit", "train", "evaluate", "demo"]

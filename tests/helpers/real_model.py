"""The folder of the real model, made once for all test processes of a run."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from helpers.pages import script


@cache
def real_model_folder() -> Path:
    """Make the folder of SmolLM2-135M-Instruct, or wait until another process has; skip without its packages."""
    pytest.importorskip("gguf", reason="the package gguf, which reads the model's file, is not installed")
    make = script("scripts/real_model.py")
    gguf = make.gguf_of_package()
    if gguf is None:
        pytest.skip(f"the package {make.PACKAGE}, which carries the model, is not installed (make does it)")
    out = Path(os.environ["CODESHIFT_TESTS_SCRATCH"], "smollm2")
    with FileLock(f"{out}.lock"):
        if not (out / "made").exists():
            make.make_model(gguf, out)
            (out / "made").touch()
    return out

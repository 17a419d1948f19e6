"""A tiny model in a folder, for code that loads its model from one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codeshift.finetune.testing import tiny_model, tiny_tokenizer


def save_tiny_t5(folder: Path, texts: Iterable[str]) -> Path:
    """Save a tiny T5 and a tokenizer trained on ``texts`` to a folder, and return the folder."""
    tokenizer = tiny_tokenizer(texts)
    tiny_model("t5", tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

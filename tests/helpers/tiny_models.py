"""A tiny model in a folder, for what loads its model from one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codeshift.finetune.testing import tiny_model, tiny_tokenizer


def save_tiny_t5(folder: Path, texts: Iterable[str]) -> Path:
    """Write a tiny T5 and a tokenizer trained on ``texts`` into a folder, which is returned."""
    tokenizer = tiny_tokenizer(texts)
    tiny_model("t5", tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

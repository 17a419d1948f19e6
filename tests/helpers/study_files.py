"""Studies as files that run in seconds."""

from __future__ import annotations

from pathlib import Path

from helpers.cli_rows import rows, write
from helpers.tiny_models import save_tiny_t5

YAML = """\
title: A small one
data:
  source: rows.jsonl
  rename: {func: code}
column: code
language: python
source: "{doc}"
target: code
model: model
scenarios:
  - length_p80_p100
  - name: loops
    splitter: ASTNodeSplitter(nodes=('while_statement',))
ood_kept: [0, 1]
methods: [full, lora]
training:
  learning_rate: 5e-5   # a number, as in YAML 1.2
  max_steps: 2
  train_batch_size: 4
  eval_strategy: no
  lora:
    learning_rate: 1e-3
metrics:
  - negative_log_likelihood
audit: false
"""


def place(folder: Path) -> Path:
    """Return a folder with the rows and the model that the files name."""
    some = rows(80)
    write(folder / "rows.jsonl", some)
    save_tiny_t5(folder / "model", [row["func"] for row in some])
    return folder


def study_file(folder: Path, text: str = YAML, name: str = "study.yaml") -> str:
    """Return the path of a file with this text."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)

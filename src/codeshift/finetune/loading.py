"""The loading of models of folders and of the hub, for any task."""

from __future__ import annotations

import os
from typing import Literal

import torch

from codeshift.checks import check_choice
from codeshift.finetune.models import Model, Tokenizer
from codeshift.finetune.tasks import TASKS, TaskName
from codeshift.finetune.trained import trained_with
from codeshift.task_kinds import GENERATION


def load_model(
    name: str | os.PathLike[str],
    tokenizer: Tokenizer | None = None,
    *,
    task: TaskName | None = None,
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    revision: str | None = None,
) -> Model:
    """Load the model of a folder or hub name, in evaluation mode; the folder of an adapter loads its base too.

    Only safetensors are read, and no code from the hub is run.

    Args:
        name: Folder or a hub name.
        tokenizer: Tokenizer of an encoder, which gives its fresh decoder the start and end token; None loads the
            one at ``name``.
        task: What the model is for, "generation" or "classification"; None takes what a folder written by ``Trainer``
            was trained for, and generation for other models.
        dtype: Type of the weights in memory. A checkpoint in half precision is loaded as float32 by default,
            because training and exact comparison need it; "auto" keeps the stored type, and ``torch.bfloat16`` halves
            the memory on a GPU.
        revision: Branch, tag or commit of the hub; None takes the newest.

    Raises:
        ParameterError: no model can be loaded from ``name``.

    >>> import tempfile
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tiny_model("gpt2", tiny_tokenizer(["a"])).half().save_pretrained(folder)
    ...     load_model(folder).dtype, load_model(folder, dtype="auto").dtype
    (torch.float32, torch.float16)
    """
    recorded = trained_with(name).task if task is None else None
    kind = task or (GENERATION if recorded is None else recorded.name)
    return TASKS[check_choice("task", kind, TASKS)].load_model(name, tokenizer, dtype=dtype, revision=revision)

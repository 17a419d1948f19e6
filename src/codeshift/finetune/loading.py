"""The loading of models of folders and of the hub, for any task."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

import torch

from codeshift.checks import check_choice
from codeshift.finetune.classifiers import load_classifier
from codeshift.finetune.generators import load_generator
from codeshift.finetune.limits import trained_with
from codeshift.finetune.models import Model, Tokenizer
from codeshift.finetune.tasks import Classification, Generation, TaskName

_LOADERS: dict[str, Callable[..., Model]] = {
    Generation.name: load_generator,
    Classification.name: lambda name, _, **options: load_classifier(name, **options),
}


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
        name: a folder or a hub name.
        tokenizer: the tokenizer of an encoder, which gives its fresh decoder the start and end token; None loads the
            one at ``name``.
        task: what the model is for, "generation" or "classification"; None takes what a folder written by ``Trainer``
            was trained for, and generation for other models.
        dtype: the type of the weights in memory. A checkpoint in half precision is loaded as float32 by default,
            because training and exact comparison need it; "auto" keeps the stored type, and ``torch.bfloat16`` halves
            the memory on a GPU.
        revision: a branch, tag or commit of the hub; None takes the newest.

    Raises:
        ParameterError: no model can be loaded from ``name``.

    >>> import tempfile
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tiny_model("gpt2", tiny_tokenizer(["a"])).half().save_pretrained(folder)
    ...     load_model(folder).dtype, load_model(folder, dtype="auto").dtype
    (torch.float32, torch.float16)
    """
    kind = trained_with(name).get("task", Generation.name) if task is None else task
    return _LOADERS[check_choice("task", kind, _LOADERS)](name, tokenizer, dtype=dtype, revision=revision)

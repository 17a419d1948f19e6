"""The folder of an adapter, which is loaded onto the model that it was trained on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from peft import PeftModel

from codeshift.finetune.models import Model, peft_quiet
from codeshift.finetune.stored_weights import base_of_adapter, with_stored_adapter


def is_adapter(name: str | os.PathLike[str]) -> bool:
    """Tell whether a folder holds an adapter."""
    return os.path.exists(Path(name) / "adapter_config.json")


def load_adapter(name: str | os.PathLike[str], load_base: Callable[[str, str | None], Model]) -> PeftModel:
    """Load the adapter of a folder.

    Args:
        name: Folder.
        load_base: Function that loads the model at a folder or hub name and a revision.

    Raises:
        ParameterError: the adapter is incomplete, or does not name its base.
    """
    config = base_of_adapter(Path(name))
    base = load_base(config.base_model_name_or_path, config.revision)
    with peft_quiet():
        return with_stored_adapter(base, Path(name))

"""The embedded model: a small pretrained encoder-decoder for code, installed with codeshift."""

from __future__ import annotations

from pathlib import Path

from codeshift.errors import DataError

_FOLDER = Path(__file__).parent / "embedded_model"


def embedded_model_path() -> Path:
    """Return the folder of the embedded model, in the format of transformers.

    A T5 of 4.9 million parameters with a byte-level BPE tokenizer of 4,096 entries, pretrained on Python and Java; its
    card is the folder's ``README.md``. It is used wherever a model is needed without a hub: in the demo, the notebooks
    and the documentation. It is no substitute for a model that was trained for longer than a morning.

    Raises:
        DataError: if the installation lacks the folder.

    >>> from codeshift.finetune import load_model
    >>> load_model(embedded_model_path()).num_parameters()
    4853504
    """
    if not (_FOLDER / "model.safetensors").is_file():
        remedy = "install codeshift from its wheel, or make the model: python -m tools.pretrain, in the repository"
        raise DataError("the embedded model", "a folder with model.safetensors", str(_FOLDER), remedy)
    return _FOLDER

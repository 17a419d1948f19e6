"""Linear probing, then fine-tuning, so that the head fits before the features move (arXiv 2202.10054)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import EncoderDecoderModel

from codeshift.errors import ParameterError
from codeshift.finetune.classifiers import head_of, is_classifier
from codeshift.finetune.dataset_parts import Splits
from codeshift.finetune.models import Model, ModelOrName, TokenizerOrName
from codeshift.finetune.trainer import Trainer
from codeshift.finetune.training_config import TrainingConfig
from codeshift.finetune.training_result import TrainingResult


def lp_ft(
    model: ModelOrName,
    tokenizer: TokenizerOrName,
    config: TrainingConfig,
    data: Splits,
    *,
    probe: TrainingConfig,
    head: tuple[str, ...] | None = None,
    output_dir: str | os.PathLike[str] | None = None,
    **options: Any,
) -> tuple[TrainingResult, TrainingResult]:
    """Train the head alone with ``probe``, then the whole model with ``config`` (Kumar et al., arXiv 2202.10054).

    Args:
        model: Model, as in ``Trainer``.
        tokenizer: Tokenizer, as in ``Trainer``.
        config: Config of the second stage.
        data: Dataset, as in ``Trainer.fit``.
        probe: Config of the first stage; its ``train_only`` is replaced by ``head``.
        head: Patterns of the names of the head's parameters. None takes the head of a
            classifier, the fresh decoder of an encoder, or the output layer if it shares no weights with the
            embeddings.
        output_dir: Folder in which the stages are written to ``probe`` and ``fine-tune``, each resumable; None
            writes nothing.
        options: Arguments of ``Trainer``: ``source``, ``target``, ``progress``, ``revision``, ...; a
            ``peft_config`` is used in the second stage only.

    Returns:
        The results of the two stages; the model of the second is the one to use.

    Raises:
        ParameterError: ``head`` is None and has no default for this model, or see ``Trainer``.

    >>> from datasets import Dataset
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> data = Dataset.from_dict({"doc": ["Add.", "Negate."] * 4, "code": ["return a + b", "return -a"] * 4})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> model = tiny_model("llama", tokenizer)
    >>> config = TrainingConfig(learning_rate=1e-3, max_steps=2, train_batch_size=4)
    >>> columns = {"source": "doc", "target": "code", "progress": False}
    >>> probed, tuned = lp_ft(model, tokenizer, config, data, probe=config, **columns)
    >>> probed.parameters.share < tuned.parameters.share == 1
    True
    """
    adapter, revision = options.pop("peft_config", None), options.pop("revision", None)
    first = Trainer(model, tokenizer, probe, revision=revision, **options)
    start = first.starting_model(data)
    folder = None if output_dir is None else Path(output_dir)
    stages = (
        (replace(probe, train_only=head or default_head(start)), None, "probe"),
        (config, adapter, "fine-tune"),
    )
    results = []
    for settings, method, name in stages:
        trainer = Trainer(start, first.tokenizer, settings, peft_config=method, **options)
        results.append(trainer.fit(data, folder and folder / name))
        start = results[-1].model
    return results[0], results[1]


def default_head(model: Model) -> tuple[str, ...]:
    """Return patterns of the parameters of the head.

    Raises:
        ParameterError: the output layer shares its weights with the embeddings.
    """
    if is_classifier(model):
        return tuple(f"*{module}.*" for module in head_of(model))
    if isinstance(model, EncoderDecoderModel):
        return ("decoder.*",)
    output = model.get_output_embeddings()
    names = tuple(name for name, parameter in model.named_parameters() if parameter is output.weight)
    if output.weight is model.get_input_embeddings().weight:
        remedy = 'name the parameters to train first, such as ("decoder.*",)'
        raise ParameterError("head", "given for a model whose output layer is its embeddings", None, remedy)
    return names

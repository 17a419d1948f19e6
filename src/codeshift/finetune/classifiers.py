"""Classifiers: models of transformers with a ``ForSequenceClassification`` head, by name, path or object.

A model without such a head (an encoder, an encoder-decoder, a decoder) is given a fresh one, which is random until it
is trained. The names of the classes are ``id2label`` and ``label2id`` of the model's config.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch
from transformers import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
    PreTrainedModel,
)

from codeshift.errors import ParameterError
from codeshift.finetune.label_column import Labels, is_unnamed
from codeshift.finetune.models import (
    SAFE,
    Model,
    Tokenizer,
    base_model,
    is_encoder,
    pad_id,
    told_by_transformers,
)
from codeshift.finetune.stored_adapters import is_adapter, load_adapter
from codeshift.finetune.stored_weights import check_index, whole_model
from codeshift.wording import Verbatim

_POOLER = "pooler"  # of BERT: a part of the encoder's module that belongs to the head
_CONFIG = "config.json"
_HEADLESS = 'train it first with Trainer(..., task="classification")'


def is_classifier(model: Model) -> bool:
    """Tell whether a model has a head for classification."""
    base = base_model(model)
    return isinstance(base, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING.get(type(base.config), ()))


def labels_of(model: Model | PreTrainedConfig) -> Labels:
    """Return the names of the classes of a classifier or of its config, in the order of its logits."""
    config = model if isinstance(model, PreTrainedConfig) else base_model(model).config
    return tuple(str(config.id2label[number]) for number in sorted(config.id2label))


def head_of(model: Model) -> tuple[str, ...]:
    """Return the names of the modules of a classifier's head, as an adapter must train and save them.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> head_of(with_fresh_head(tiny_model("llama", tiny_tokenizer(["a"])), ("bug", "no bug")))
    ('score',)
    """
    base = base_model(model)
    beside = [(name, child) for name, child in base.named_children() if name != base.base_model_prefix]
    children = [name for name, child in beside if any(True for _ in child.parameters())]
    poolers = [_POOLER] if any(name == _POOLER for name, _ in base.base_model.named_children()) else []
    return (*children, *poolers)


def load_classifier(
    name: str | os.PathLike[str],
    *,
    labels: Labels | None = None,
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    revision: str | None = None,
) -> Model:
    """Load the classifier at a folder or hub name, or an adapter and the classifier that it was trained on.

    Args:
        name: Folder or a hub name.
        labels: Names of the classes: a model that is stored without a head is given a fresh one for them. None
            takes those of the stored head.
        dtype: Type of the weights in memory, as in ``load_model``.
        revision: Branch, tag or commit of the hub.

    Raises:
        ParameterError: no model can be loaded from ``name``, transformers has no head for it, part of its weights is
            missing, it is for other classes, or it has no head and ``labels`` is None.
    """
    if not is_adapter(name):
        return _load_whole(name, labels, dtype=dtype, revision=revision)
    stored = _stored_config(Path(name))

    def load_base(base: str, revision: str | None) -> Model:
        return _load_whole(base, labels_of(stored), dtype=dtype, revision=revision)

    model = load_adapter(name, load_base)
    base_model(model).config.pad_token_id = stored.pad_token_id
    check_labels(model, labels)
    return model


def _load_whole(
    name: str | os.PathLike[str],
    labels: Labels | None,
    *,
    dtype: torch.dtype | Literal["auto"],
    revision: str | None,
) -> PreTrainedModel:
    model, has_head = stored_classifier(name, dtype=dtype, revision=revision)
    if has_head:
        return as_classifier(model, labels)
    if labels is None:
        raise ParameterError("model", "a classifier", Verbatim(f"{os.fspath(name)}, which stores no head"), _HEADLESS)
    return with_fresh_head(model, labels)


def stored_classifier(
    name: str | os.PathLike[str], *, dtype: torch.dtype | Literal["auto"] = torch.float32, revision: str | None = None
) -> tuple[PreTrainedModel, bool]:
    """Load a folder or hub name as a classifier, and tell whether it stores a head; a head that it lacks is random.

    Raises:
        ParameterError: no model can be loaded from ``name``, transformers has no head for it, or part of its weights is
            missing.
    """
    where = {"revision": revision} if revision is not None else {}
    check_index(name)
    with told_by_transformers("model", name), _without_report():
        options = SAFE | where | {"dtype": dtype, "output_loading_info": True}
        model, facts = AutoModelForSequenceClassification.from_pretrained(name, **options)
    head = tuple(f"{part}." for part in head_of(model) if part != _POOLER)
    if any(key.startswith(head) and key not in facts["missing_keys"] for key in model.state_dict()):
        return whole_model(name, (model, facts)), True
    missing = {key for key in facts["missing_keys"] if not key.startswith(head)}
    return whole_model(name, (model, facts | {"missing_keys": missing, "unexpected_keys": ()})), False


@contextmanager
def _without_report() -> Iterator[None]:
    """Suppress the report of transformers about weights that a head lacks: here they are checked and named."""
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def as_classifier(model: PreTrainedModel, labels: Labels | None) -> PreTrainedModel:
    """Return the model as a classifier of ``labels``: itself if it has a head, else one with a fresh head.

    A head whose classes have no names is given ``labels`` as names. A head may have more classes than ``labels``.

    Raises:
        ParameterError: the head is for other classes, or there is none and ``labels`` is None or transformers has no
            head for the model.
    """
    if not is_classifier(model):
        if labels is None:
            raise ParameterError("model", "a classifier", Verbatim(f"a {type(model).__name__}"), _HEADLESS)
        return with_fresh_head(model, labels)
    check_labels(model, labels)
    return model


def check_labels(model: Model, labels: Labels | None) -> None:
    """Check that a classifier, which may have an adapter, knows ``labels``, and name its classes if they have no names.

    Raises:
        ParameterError: it does not.
    """
    if not is_classifier(model):
        raise ParameterError("model", "a classifier", Verbatim(f"a {type(base_model(model)).__name__}"), _HEADLESS)
    own = labels_of(model)
    if labels is None or set(labels) <= set(own):
        return
    if not is_unnamed(own) or len(own) != len(labels):
        remedy = "give the model without its head (its encoder, or the language model) for a fresh one"
        unknown = [label for label in labels if label not in own]
        raise ParameterError(
            "model", f"a classifier that has {unknown[:3]}", Verbatim(f"one of {list(own[:9])}"), remedy
        )
    _name_classes(base_model(model).config, labels)


def _name_classes(config: PreTrainedConfig, labels: Labels) -> None:
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}


def backbone_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return a model without its head; T5 has its language model's head beside its layers and is returned whole."""
    backbone: PreTrainedModel = getattr(model, model.base_model_prefix, model)
    return backbone


def with_fresh_head(model: PreTrainedModel, labels: Labels) -> PreTrainedModel:
    """Return a classifier of ``labels`` around the backbone of ``model``, without the head that it has.

    The weights of the head are random (torch's global generator); those of the backbone are copied.

    Raises:
        ParameterError: transformers has no head for such a model, or it is quantised.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> classifier = with_fresh_head(tiny_model("t5", tiny_tokenizer(["a"])), ("bug", "no bug"))
    >>> type(classifier).__name__, classifier.config.id2label
    ('T5ForSequenceClassification', {0: 'bug', 1: 'no bug'})
    """
    if getattr(model, "is_quantized", False):
        remedy = "load it with AutoModelForSequenceClassification and num_labels, and give the object"
        raise ParameterError("model", "in floating point for a fresh head", Verbatim("a quantised model"), remedy)
    classifier = fresh_classifier(model.config, labels, model.dtype)
    missing = classifier.base_model.load_state_dict(backbone_of(model).state_dict(), strict=False).missing_keys
    missing = [key for key in missing if _POOLER not in key.split(".")]
    if missing:
        kind = Verbatim(f"a {type(model).__name__}, which lacks {missing[0]}")
        raise ParameterError("model", "with all weights of its classifier but the head", kind, "choose another")
    return classifier.to(device=model.device, dtype=model.dtype).eval()


def fresh_classifier(config: PreTrainedConfig, labels: Labels, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Return a classifier of a config and of ``labels``, with random weights.

    Raises:
        ParameterError: transformers has no head for such a model.
    """
    config = copy.deepcopy(config)
    _name_classes(config, labels)
    config.problem_type = "single_label_classification"
    try:
        classifier: PreTrainedModel = AutoModelForSequenceClassification.from_config(config, dtype=dtype)
    except ValueError as error:
        kind = Verbatim(f"a {config.model_type}, for which transformers has none")
        raise ParameterError("model", "of a family with a head for classification", kind, "choose another") from error
    return classifier


def tell_padding(model: Model, tokenizer: Tokenizer) -> None:
    """Write into the config of a classifier which token is padding, if it does not say: a decoder looks for it."""
    base_model(model).config.pad_token_id = pad_id(model, tokenizer)


@contextmanager
def padded(model: Model, tokenizer: Tokenizer) -> Iterator[None]:
    """Tell a classifier inside this context which token is padding; its config is restored on exit."""
    config = base_model(model).config
    before = config.pad_token_id
    tell_padding(model, tokenizer)
    try:
        yield
    finally:
        config.pad_token_id = before


def reads_left_to_right(model: Model) -> bool:
    """Tell whether a classifier is a decoder, whose last token has seen all others and is given to the head."""
    config = base_model(model).config
    return not config.is_encoder_decoder and not is_encoder(config)


def save_labels(model: Model, folder: Path) -> None:
    """Write the config of a classifier, with the names of its classes, into a folder that may be an adapter's."""
    base_model(model).config.save_pretrained(folder)


def _stored_config(folder: Path) -> PreTrainedConfig:
    """Return the config that ``save_labels`` wrote beside an adapter.

    Raises:
        ParameterError: there is none.
    """
    if not (folder / _CONFIG).is_file():
        remedy = f"save the config of the classifier that it was trained on into that folder, as {_CONFIG}"
        raise ParameterError("model", "an adapter beside the names of its classes", str(folder), remedy)
    return AutoConfig.from_pretrained(folder, trust_remote_code=False)

"""Interpolation between the weights of a pretrained and a fine-tuned model, with no new training."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator

import torch
from peft import PeftModel, PeftType
from peft.tuners.lora import LoraLayer
from peft.utils.constants import SEQ_CLS_HEAD_NAMES

from codeshift.checks import check_number
from codeshift.errors import ParameterError
from codeshift.finetune.classifiers import backbone_of, head_of, is_classifier, stored_classifier
from codeshift.finetune.loading import load_model
from codeshift.finetune.models import Model, ModelOrName
from codeshift.finetune.stored_adapters import is_adapter
from codeshift.reaching_hub import check_revision


def wise_ft(pretrained: ModelOrName, finetuned: ModelOrName, alpha: float, *, revision: str | None = None) -> Model:
    """Return a model whose weights are ``(1 - alpha) * pretrained + alpha * finetuned``.

    Weight-space ensembling (WiSE-FT; Wortsman et al., arXiv 2109.01903): it often keeps what the pretrained model does
    out of distribution and what the fine-tuned one has learned.

    Args:
        pretrained: Model, or the path or hub name of one. If ``finetuned`` is a classifier and this is not, the head
            is that of ``finetuned`` for every alpha.
        finetuned: Same model after full fine-tuning. For a model with an adapter give ``merge_and_unload()`` of it,
            or scale the adapter with ``scale_adapter``.
        alpha: Weight of the fine-tuned model: 0 gives the pretrained weights, 1 the fine-tuned ones, both exactly.
        revision: Branch, tag or commit of ``pretrained`` if it is a name of the hub; None takes the newest.

    Returns:
        A new model in evaluation mode; neither of the two is changed.

    Raises:
        ParameterError: ``alpha`` is not in [0, 1], or the models do not have the same weights by name and shape.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> tokenizer = tiny_tokenizer(["a"])
    >>> before, after = (tiny_model("gpt2", tokenizer, seed=seed) for seed in (0, 1))
    >>> halfway = wise_ft(before, after, 0.5)
    >>> torch.allclose(halfway.lm_head.weight, (before.lm_head.weight + after.lm_head.weight) / 2)
    True
    """
    alpha = check_number("alpha", alpha, smallest=0, largest=1, remedy="0 is pretrained, 1 is fine-tuned")
    start, end = _loaded(pretrained, finetuned, revision)
    before = _weights_before(start, end)
    between = copy.deepcopy(end)
    with torch.no_grad():
        for name, weights in between.named_parameters():
            from_start = before[name].to(weights.device, weights.dtype)
            weights.copy_(torch.lerp(from_start, weights, float(alpha)))
    return between.eval()


def wise_ft_sweep(
    pretrained: ModelOrName, finetuned: ModelOrName, alphas: Iterable[float], *, revision: str | None = None
) -> Iterator[tuple[float, Model]]:
    """Yield pairs of alpha and the model of ``wise_ft``, for each of ``alphas``.

    Raises:
        ParameterError: see ``wise_ft``.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> tokenizer = tiny_tokenizer(["a"])
    >>> before, after = (tiny_model("gpt2", tokenizer, seed=seed) for seed in (0, 1))
    >>> for alpha, model in wise_ft_sweep(before, after, (0.0, 0.5, 1.0)):
    ...     print(alpha, torch.equal(model.lm_head.weight, after.lm_head.weight))
    0.0 False
    0.5 False
    1.0 True
    """
    start, end = _loaded(pretrained, finetuned, revision)
    for alpha in alphas:
        yield alpha, wise_ft(start, end, alpha)


def scale_adapter(model: PeftModel, scale: float) -> PeftModel:
    """Return the model with ``scale`` times what its LoRA adapter adds to each weight.

    For LoRA this is the same line between the pretrained and the fine-tuned weights as that of ``wise_ft``: 0 gives the
    output of the base model, 1 that of the fine-tuned one. The scale goes into the weights of the adapter, so saving
    and merging keep it. The head of a classifier, which the base model does not have, stays as it is for every scale.

    Args:
        model: Model of PEFT that has LoRA adapters only.
        scale: Factor, at least 0; above 1 it extrapolates.

    Returns:
        A new model in evaluation mode; ``model`` is not changed.

    Raises:
        ParameterError: the adapter is not LoRA, or trains weights that a scale cannot take back (DoRA's magnitudes,
            biases, ``modules_to_save``).

    >>> from peft import LoraConfig, get_peft_model
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> model = get_peft_model(tiny_model("llama", tiny_tokenizer(["a"])), LoraConfig(init_lora_weights=False))
    >>> half = scale_adapter(model, 0.5)
    >>> name = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.default.weight"
    >>> torch.equal(half.get_parameter(name), model.get_parameter(name) / 2)
    True
    """
    scale = check_number("scale", scale, smallest=0, remedy="0 is the base model, 1 the fine-tuned one")
    if not isinstance(model, PeftModel):
        raise ParameterError("model", "one with an adapter", type(model).__name__, "wise_ft is for full fine-tuning")
    for config in model.peft_config.values():
        plain = config.peft_type == PeftType.LORA and not config.use_dora and config.bias == "none"
        if not plain or {*(config.modules_to_save or ())} - _head_modules(model):
            kind = "LoRA without DoRA, biases or modules_to_save other than a classifier's head"
            raise ParameterError("model", f"one with {kind}", config, "merge it and use wise_ft")
    scaled = copy.deepcopy(model)
    with torch.no_grad():
        for layer in scaled.modules():
            if isinstance(layer, LoraLayer):
                for weights in (*layer.lora_B.parameters(), *layer.lora_embedding_B.parameters()):
                    weights.mul_(scale)
    return scaled.eval()


def _head_modules(model: PeftModel) -> set[str]:
    """Return the modules of a classifier's head, and the names under which PEFT looks for it; none without a head."""
    return {*head_of(model), *SEQ_CLS_HEAD_NAMES} if is_classifier(model) else set()


def _loaded(pretrained: ModelOrName, finetuned: ModelOrName, revision: str | None) -> tuple[Model, Model]:
    check_revision(pretrained, revision)
    end = load_model(finetuned) if isinstance(finetuned, str | os.PathLike) else finetuned
    if not isinstance(pretrained, str | os.PathLike):
        return pretrained, end
    if not is_classifier(end) or is_adapter(pretrained):
        return load_model(pretrained, revision=revision), end
    start, has_head = stored_classifier(pretrained, revision=revision)
    return start if has_head else backbone_of(start), end


def _weights_before(start: Model, end: Model) -> dict[str, torch.nn.Parameter]:
    """Return the weights at the start of the line by their names in ``end``.

    Raises:
        ParameterError: one of the two has an adapter, or their weights differ by name or shape.
    """
    for name, model in (("pretrained", start), ("finetuned", end)):
        if isinstance(model, PeftModel):
            raise ParameterError(name, "without an adapter", type(model).__name__, "merge it, or use scale_adapter")
    after = dict(end.named_parameters())
    before = dict(start.named_parameters())
    if is_classifier(end) and not is_classifier(start):
        prefix = f"{end.base_model_prefix}."
        backbone = {f"{prefix}{name}": p for name, p in backbone_of(start).named_parameters()}
        head = {name: p for name, p in after.items() if not name.startswith(prefix)}
        before = {name: p for name, p in backbone.items() if name in after} | head
    shapes = [{name: tuple(p.shape) for name, p in weights.items()} for weights in (before, after)]
    differing = sorted(name for name in {*before, *after} if shapes[0].get(name) != shapes[1].get(name))
    if differing:
        remedy = "give the model that fine-tuning started from"
        raise ParameterError("finetuned", "of the same weights as pretrained", differing[:3], remedy)
    return before

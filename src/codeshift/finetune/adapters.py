"""Adapters of PEFT: the modules that they are put on, and the share of a model that they train."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from peft import PeftConfig, PeftModel, PeftType, TaskType, get_peft_model
from peft import utils as peft_utils

from codeshift.arithmetic import ratio
from codeshift.checks import check_choice, check_integer, check_number
from codeshift.errors import ParameterError, warn
from codeshift.finetune.classifiers import head_of, is_classifier
from codeshift.finetune.errors import AdapterWarning
from codeshift.finetune.generators import has_fresh_decoder
from codeshift.finetune.models import Model, base_model, is_decoder, is_encoder, peft_quiet
from codeshift.finetune.quantisation import numbers_in, quantization_of
from codeshift.wording import Verbatim, closest

_ALL_LINEAR = "all-linear"  # PEFT's word for all linear layers, which is no pattern
# If PEFT has no default for a model, these two cannot be put on all linear layers: IA3 also needs the names of its
# feed-forward modules, and the other trains norms.
_NEVER_ALL_LINEAR = (PeftType.IA3, PeftType.LN_TUNING)
# AdaLoRA changes its ranks only if the training loop calls it after every step.
_NEEDS_A_LOOP_OF_ITS_OWN = (PeftType.ADALORA,)
# Ways to initialise LoRA that read the weights, which a model on the device "meta" does not have.
_FROM_WEIGHTS = ("pissa", "olora", "loftq", "eva", "corda", "orthogonal", "lora_ga")
_LONGEST = 300  # number of characters shown of an error of PEFT
_WITH_RANKS = (PeftType.LORA, PeftType.LOHA, PeftType.LOKR)


@dataclass(frozen=True)
class TrainableParameters:
    """The number of parameters of a model that are trained.

    Attributes:
        trainable: Number of parameters that training changes.
        total: Number of parameters in the model, those of the adapter included.

    >>> TrainableParameters(trainable=5, total=200).share
    0.025
    """

    trainable: int
    total: int

    @property
    def share(self) -> float:
        """Share of the parameters that is trained."""
        return ratio(self.trainable, self.total)

    def __str__(self) -> str:
        return f"{self.trainable:,} of {self.total:,} parameters ({self.share:.2%})"


def trainable_parameters(model: torch.nn.Module) -> TrainableParameters:
    """Count the parameters of a model; tied ones count once.

    >>> import torch
    >>> trainable_parameters(torch.nn.Linear(3, 2))
    TrainableParameters(trainable=8, total=8)
    """
    counts = [(numbers_in(p), p.requires_grad) for p in model.parameters()]
    return TrainableParameters(sum(n for n, grad in counts if grad), sum(n for n, _ in counts))


def kept_modules(model: Model, config: PeftConfig | None) -> tuple[str, ...]:
    """Return the names of the modules that are trained in full beside an adapter: those of the config, and a head."""
    of_config = getattr(config, "modules_to_save", None) or ()
    return (*of_config, *(head_of(model) if is_classifier(model) else ()))


def with_adapter(model: Model, config: PeftConfig | None) -> Model:
    """Return the model with a fresh adapter on it, or the model itself if ``config`` is None (full fine-tuning).

    ``config`` is not changed. If it leaves the target modules open and PEFT has no default for the model, they are
    "all-linear". The fresh decoder of an encoder is trained in full and saved with the adapter, which is then on the
    encoder alone: random weights that are not trained are worth nothing. Both choices raise an ``AdapterWarning``. The
    head of a classifier is trained in full and saved with the adapter, whatever the method.

    Args:
        model: Model to adapt; its own modules are replaced.
        config: Config of the method; None for full fine-tuning, which returns the model as it is.

    Raises:
        ParameterError: a module name is unknown (PEFT itself skips an unknown name among known ones), the method does
            not fit the model, or the model already has an adapter.

    >>> from peft import LoraConfig
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> model = with_adapter(tiny_model("t5", tiny_tokenizer(["a"])), LoraConfig(r=2))
    >>> trainable_parameters(model).share < 0.1
    True
    """
    if config is None:
        return model
    if isinstance(model, PeftModel):
        raise ParameterError("peft_config", "None for a model that has an adapter", config, "call merge_and_unload()")
    if not isinstance(config, PeftConfig):
        raise ParameterError("peft_config", "a config of PEFT or None", config, "such as peft.LoraConfig(r=8)")
    config = _checked_copy(model, config)
    if config.is_prompt_learning:
        if is_classifier(model):
            _check_prompt(model, config)
        _tell_sizes(model, config)
    else:
        if has_fresh_decoder(model):
            if quantization_of(model) is not None:
                fresh = Verbatim("an encoder with a fresh decoder, which is trained in full")
                raise ParameterError("quantization", "None for such a model", fresh, "leave it out")
            _train_fresh_decoder(config)
        if is_classifier(model):
            _train_head(model, config)
        if getattr(config, "target_modules", "") is None:
            _choose_targets(model, config)
    try:
        with peft_quiet():
            return get_peft_model(model, config)
    except (ValueError, TypeError, NotImplementedError) as error:
        method, kind = config.peft_type.value, type(base_model(model)).__name__
        raise ParameterError("peft_config", f"one that fits {kind}", Verbatim(method), _in_short(error)) from error


def check_adapter(model: Model, config: PeftConfig) -> None:
    """Check that a fresh adapter fits a model, which may be without weights; LoRA is put on it, other methods are not.

    Raises:
        ParameterError: see ``with_adapter``.
    """
    if config.peft_type != PeftType.LORA:
        _checked_copy(model, config)
        return
    if str(config.init_lora_weights).startswith(_FROM_WEIGHTS):
        config = copy.deepcopy(config)
        config.init_lora_weights = True
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore", AdapterWarning)  # the training gives them
        with_adapter(model, config)


def _in_short(error: Exception) -> str:
    """Return a text of PEFT in one line; it may show a whole module."""
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _checked_copy(model: Model, config: PeftConfig) -> PeftConfig:
    """Return a copy of a config for the task of a model, with numbers and modules checked.

    Raises:
        ParameterError: training cannot use the method, a number is out of range, or the model lacks a module.
    """
    if config.peft_type in _NEEDS_A_LOOP_OF_ITS_OWN:
        needs = "of a method that needs no calls of its own in the loop"
        raise ParameterError("peft_config", needs, Verbatim(config.peft_type.value), "try LoRA")
    config = copy.deepcopy(config)
    _settle_task(model, config)
    _check_sizes(config)
    _check_modules(model, config)
    return config


def _settle_task(model: Model, config: PeftConfig) -> None:
    usual = TaskType.CAUSAL_LM if is_decoder(model) else TaskType.SEQ_2_SEQ_LM
    if is_classifier(model):
        usual = TaskType.SEQ_CLS
    if config.task_type is None:
        config.task_type = usual
    if config.task_type != usual:
        kind = Verbatim(f"task_type={TaskType(config.task_type).value}")
        raise ParameterError("peft_config", f"of the task of the model, {usual.value}", kind, "leave task_type out")


def _train_head(model: Model, config: PeftConfig) -> None:
    """Train the head of a classifier in full and save it with the adapter, which PEFT then keeps off it.

    PEFT finds a head by two names of its own, which those of T5 and PLBart do not have.
    """
    config.modules_to_save = list(dict.fromkeys((*(config.modules_to_save or ()), *head_of(model))))


def _check_prompt(model: Model, config: PeftConfig) -> None:
    """Check that a classifier finds the end of a row behind virtual tokens.

    Raises:
        ParameterError: it looks for it among token ids, of which it is given none, or PEFT cannot put any before it.
    """
    encodes = is_encoder(base_model(model).config)
    if not encodes and (base_model(model).config.is_encoder_decoder or config.peft_type != PeftType.PREFIX_TUNING):
        kind = Verbatim(f"{config.peft_type.value} for a {type(base_model(model)).__name__}")
        raise ParameterError("peft_config", "of a method that a classifier can have", kind, "try LoRA")


def _choose_targets(model: Model, config: PeftConfig) -> None:
    method, kind = config.peft_type.value, model.config.model_type
    defaults = getattr(peft_utils, f"TRANSFORMERS_MODELS_TO_{method.replace('_', '')}_TARGET_MODULES_MAPPING", {})
    if kind not in defaults and config.peft_type not in _NEVER_ALL_LINEAR:
        config.target_modules = _ALL_LINEAR
        message = f"PEFT has no default {method} targets for {kind!r}: target_modules='all-linear' is chosen"
        warn(AdapterWarning(message))


def _train_fresh_decoder(config: PeftConfig) -> None:
    if config.modules_to_save is None and config.exclude_modules is None:
        config.modules_to_save, config.exclude_modules = ["decoder"], r"decoder\..*"
        message = (
            "the fresh decoder is trained in full, the adapter is on the encoder (modules_to_save, exclude_modules)"
        )
        warn(AdapterWarning(message))


def _tell_sizes(model: Model, config: PeftConfig) -> None:
    """Set the sizes of prompt learning for an ``EncoderDecoderModel``, which has two configs where PEFT expects one."""
    decoder = getattr(model.config, "decoder", None)
    if decoder is None:
        return
    heads, layers, width = decoder.num_attention_heads, decoder.num_hidden_layers, decoder.hidden_size
    for name, size in (("num_layers", layers), ("token_dim", width), ("num_attention_heads", heads)):
        if getattr(config, name) is None:
            setattr(config, name, size)


def _check_sizes(config: PeftConfig) -> None:
    """Check the numbers that PEFT takes as they are, and fails on without a name.

    Raises:
        ParameterError: one cannot be; the message names it.
    """
    if config.peft_type in _WITH_RANKS:
        for rank in (config.r, *(config.rank_pattern or {}).values()):
            check_integer("r", rank, smallest=1)
    if config.peft_type == PeftType.LORA:
        check_number("lora_alpha", config.lora_alpha)
        check_number("lora_dropout", config.lora_dropout, smallest=0.0, largest=1.0)
        check_choice("bias", config.bias, ("none", "all", "lora_only"))
    if config.is_prompt_learning:
        check_integer("num_virtual_tokens", config.num_virtual_tokens, smallest=1)


def _check_modules(model: Model, config: PeftConfig) -> None:
    """Check that the model has the modules that a config names, one by one or by a pattern.

    Raises:
        ParameterError: it lacks one; the message names close ones.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    for field in ("target_modules", "modules_to_save", "exclude_modules"):
        patterns = getattr(config, field, None) or ()
        if isinstance(patterns, str):
            _check_pattern(field, patterns, modules)
            continue
        for target in patterns:
            if not any(name == target or name.endswith(f".{target}") for name in modules):
                leaves = {name.rsplit(".", 1)[-1] for name, module in modules.items() if not list(module.children())}
                remedy = closest(target, [leaf for leaf in leaves if not leaf.isdigit()])
                raise ParameterError(field, "names of modules of the model", target, remedy)


def _check_pattern(field: str, pattern: str, names: Iterable[str]) -> None:
    """Check that a pattern, which PEFT takes a text for, fits the whole name of a module."""
    try:
        fits = pattern.lower() == _ALL_LINEAR or any(re.fullmatch(pattern, name) for name in names)
    except re.error as error:
        raise ParameterError(field, "a pattern", pattern, str(error)) from error
    if not fits:
        remedy = f"a text must fit the whole name; to give the end of a name, write [{pattern!r}]"
        raise ParameterError(field, "a pattern that fits a module of the model", pattern, remedy)

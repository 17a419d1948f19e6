"""The settings of a training run, checked when they are given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, get_args

from codeshift.checks import (
    Check,
    check_bool,
    check_choice,
    check_integer,
    check_number,
    check_texts,
    is_integer,
    optional,
    settings,
)
from codeshift.errors import ParameterError
from codeshift.finetune.limits import LIMIT_CHECKS as LIMITS
from codeshift.finetune.limits import Limits

Schedule = Literal["linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt"]
Strategy = Literal["no", "steps", "epoch"]
WeightType = Literal["float32", "bfloat16"]

RENAMED = {
    "num_epochs": "num_train_epochs",
    "batch_size": "train_batch_size, the rows of one update: batch_size times gradient_accumulation_steps",
    "per_device_train_batch_size": "train_batch_size, the rows of one update on all devices together",
    "warmup": "warmup_steps",
    "warmup_ratio": "warmup_steps, where a float is a share",
    "schedule": "lr_scheduler_type",
    "betas": "adam_beta1 and adam_beta2",
    "epsilon": "adam_epsilon",
    "precision": "bf16=True or fp16=True",
    "weights": 'dtype, "float32" or "bfloat16"',
    "eval_every": 'eval_strategy ("no", "steps" or "epoch") and eval_steps',
    "checkpoint_every": 'save_strategy ("no", "steps" or "epoch") and save_steps',
    "keep_best": "load_best_model_at_end",
    "log_every": "logging_steps",
}
"""Names that are refused, with the names to use instead: earlier ones and those of transformers."""


def _warmup_steps(name: str, value: Any) -> int | float:
    remedy = "give steps (a whole number) or a share of all steps (a float below 1)"
    if is_integer(value):
        return check_integer(name, value, smallest=0, remedy=remedy)
    return check_number(name, value, smallest=0, below=1, remedy=remedy)


_count = partial(check_integer, smallest=1)
_above_0 = partial(check_number, above=0)
_from_0 = partial(check_number, smallest=0)
_beta = partial(check_number, smallest=0, below=1, remedy="0.9 and 0.999 are usual")
_patterns = partial(check_texts, members="patterns", example='("lm_head.*",)')


def _class_weight(name: str, value: Any) -> str | tuple[tuple[str, float], ...]:
    """Return "balanced", or the weights by the name of the class, as pairs."""
    remedy = 'give "balanced", or such as {"bug": 2.0}'
    if isinstance(value, str):
        return check_choice(name, value, ("balanced",))
    try:
        pairs = dict(value)
    except (TypeError, ValueError) as error:
        raise ParameterError(name, '"balanced" or weights by label', value, remedy) from error
    if not pairs:
        raise ParameterError(name, '"balanced" or weights by label', value, remedy)
    weights = {str(label): float(check_number(name, weight, above=0)) for label, weight in pairs.items()}
    if len(weights) < len(pairs):
        raise ParameterError(name, "one weight for each class", value, "1 and '1' name the same class: name it once")
    return tuple(weights.items())


_CHECKS: dict[str, Check] = {
    "learning_rate": _above_0,
    "num_train_epochs": _above_0,
    "max_steps": optional(partial(_count, remedy="leave it out to take num_train_epochs")),
    "train_batch_size": _count,
    "gradient_accumulation_steps": _count,
    "warmup_steps": _warmup_steps,
    "lr_scheduler_type": partial(check_choice, options=get_args(Schedule)),
    "scale_by_weights": check_bool,
    "weight_decay": _from_0,
    "adam_beta1": _beta,
    "adam_beta2": _beta,
    "adam_epsilon": _above_0,
    "max_grad_norm": optional(partial(_above_0, remedy="give None for no clipping")),
    **LIMITS,
    "seed": partial(check_integer, smallest=0),
    "bf16": check_bool,
    "fp16": check_bool,
    "dtype": partial(check_choice, options=get_args(WeightType)),
    "quantization": optional(partial(check_choice, options=("nf4",))),
    "bucket_by_length": check_bool,
    "gradient_checkpointing": check_bool,
    "freeze": _patterns,
    "train_only": _patterns,
    "l2_sp": _from_0,
    "label_smoothing_factor": partial(check_number, smallest=0, below=1, remedy="0.1 is usual"),
    "class_weight": optional(_class_weight),
    "eval_strategy": partial(check_choice, options=get_args(Strategy)),
    "eval_steps": optional(_count),
    "early_stopping_patience": optional(_count),
    "load_best_model_at_end": check_bool,
    "save_strategy": partial(check_choice, options=get_args(Strategy)),
    "save_steps": optional(_count),
    "logging_steps": _count,
}


@settings(_CHECKS, RENAMED)
@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The settings of a training run; immutable, and equal if all settings are equal.

    A setting of transformers' ``TrainingArguments`` has the same name here; the defaults are codeshift's own.

    One *step* is one update of the weights, from ``train_batch_size`` rows over all processes and accumulated batches
    together. So neither accumulation nor the number of processes changes what a step learns from, unlike with
    ``per_device_train_batch_size``.

    Attributes:
        learning_rate: Highest learning rate of the schedule.
        num_train_epochs: Number of passes over the training rows; ignored if ``max_steps`` is given.
        max_steps: Total number of updates of the weights; None takes ``num_train_epochs``.
        train_batch_size: Number of rows of one update of the weights.
        gradient_accumulation_steps: Number of batches that these rows are computed in, to save memory: each has
            ``train_batch_size / gradient_accumulation_steps`` rows, over all processes together.
        warmup_steps: Number of steps of linear warmup (an int), or their share of all steps (a float below 1).
        lr_scheduler_type: Schedule of the learning rate after the warmup: "linear" and "cosine" (both to 0),
            "constant_with_warmup", or "inverse_sqrt"; "constant" has no warmup.
        scale_by_weights: Whether to multiply the learning rate of each matrix by the root mean square of its weights
            before training (at least 0.001), as Adafactor does (arXiv 1804.04235), and that of biases and norms by 0.1.
            Meant for training from random weights: T5's matrices start at scales from 0.01 to 1, and the same step
            would be too long for some and too short for others. ``learning_rate`` is then near 0.02.
        weight_decay: Decoupled weight decay of AdamW, on matrices only (neither biases nor norms).
        adam_beta1: Decay rate of AdamW's first moment.
        adam_beta2: Decay rate of AdamW's second moment.
        adam_epsilon: Epsilon of AdamW.
        max_grad_norm: Largest norm of the gradients, to which longer ones are scaled down; None leaves them.
        max_source_length: Length of the longest source, in tokens; longer ones are cut, counted and reported.
        max_target_length: Length of the longest target, in tokens, the end token included; longer ones are cut, counted
            and reported.
        special_tokens: Special tokens of the tokenizer that count as such in the columns as well: T5's sentinels in
            rows of hidden spans, marks of a chat in rendered conversations. All others are text if a column holds them,
            such as ``</s>`` in a program; in the text of a template itself they are always tokens.
        seed: Seed of the order of rows, of dropout and of new weights.
        bf16: Whether to compute in bfloat16 where it is safe (mixed precision) rather than in float32.
        fp16: Whether to compute in float16 where it is safe; it needs a GPU.
        dtype: Type of the weights in memory, whatever type they are stored in: "float32", or "bfloat16" for half the
            memory. A LoRA adapter stays in float32 beside a bfloat16 model; full fine-tuning in bfloat16 loses small
            updates.
        quantization: Type of the quantised weights under an adapter: "nf4" for QLoRA's four bits, by bitsandbytes
            (``codeshift-ood[qlora]``); None keeps them. Products are computed in ``dtype``. The base of a stored
            adapter is quantised again when the folder is loaded, and is never merged with it.
        bucket_by_length: Whether to compute the rows of a step in batches of similar lengths, which saves padding. It
            makes no batch larger and changes no step: rows of a step are those of a plain shuffle either way.
        gradient_checkpointing: Whether to save memory at the cost of about a third more time.
        freeze: Shell-style patterns of the names of parameters that are not trained, such as ``"*.embed_tokens.*"``.
        train_only: Patterns of the names of parameters to train; the others are not trained.
        l2_sp: Weight of the squared distance to the starting weights, added to the loss (L2-SP, arXiv 1802.01483).
        label_smoothing_factor: Share of the probability that is spread evenly over all tokens, or all classes, in the
            loss of training; validation is without it.
        class_weight: Weights of the classes in the loss, for ``task="classification"``: "balanced" for the number of
            rows over that of classes times the rows of the class, as in scikit-learn, or a mapping from labels to
            weights, which is kept as pairs; a label that is left out has the weight 1. None weighs all rows alike.
        eval_strategy: Times of validation: after each "epoch", every ``eval_steps`` "steps" and after the last one, or
            "no" for never. Needs a part ``validation``.
        eval_steps: Number of steps from one validation to the next, for "steps".
        early_stopping_patience: Number of validations without a lower loss that end a run; None never ends it early.
        load_best_model_at_end: Whether to return the weights of the lowest validation loss instead of the last ones.
        save_strategy: Times of checkpoints, with the values of ``eval_strategy``. Needs a folder.
        save_steps: Number of steps from one checkpoint to the next, for "steps".
        logging_steps: Number of steps between two updates of the progress bar and of trackers (the history holds every
            step).

    Raises:
        ParameterError: a value is invalid, or there is no such setting; for an earlier name the message gives the new.

    >>> TrainingConfig(learning_rate=3e-4, num_train_epochs=2, train_batch_size=8).learning_rate
    0.0003
    >>> TrainingConfig(train_batch_size=0)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: train_batch_size must be a whole number from 1 up, got 0: such as 1
    """

    learning_rate: float = 5e-5
    num_train_epochs: float = 3
    max_steps: int | None = None
    train_batch_size: int = 16
    gradient_accumulation_steps: int = 1
    warmup_steps: int | float = 0
    lr_scheduler_type: Schedule = "linear"
    scale_by_weights: bool = False
    weight_decay: float = 0.01
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    adam_epsilon: float = 1e-8
    max_grad_norm: float | None = 1.0
    max_source_length: int = 512
    max_target_length: int = 512
    special_tokens: Sequence[str] = ()
    seed: int = 0
    bf16: bool = False
    fp16: bool = False
    dtype: WeightType = "float32"
    quantization: Literal["nf4"] | None = None
    bucket_by_length: bool = True
    gradient_checkpointing: bool = False
    freeze: Sequence[str] = ()
    train_only: Sequence[str] = ("*",)
    l2_sp: float = 0.0
    label_smoothing_factor: float = 0.0
    class_weight: Literal["balanced"] | Mapping[str, float] | tuple[tuple[str, float], ...] | None = None
    eval_strategy: Strategy = "epoch"
    eval_steps: int | None = None
    early_stopping_patience: int | None = None
    load_best_model_at_end: bool = False
    save_strategy: Strategy = "no"
    save_steps: int | None = None
    logging_steps: int = 10

    def __post_init__(self) -> None:
        if self.bf16 and self.fp16:
            raise ParameterError("fp16", "False with bf16", True, "choose one of the two")
        if self.lr_scheduler_type == "constant" and self.warmup_steps:
            remedy = 'give lr_scheduler_type="constant_with_warmup"'
            raise ParameterError("warmup_steps", "0 where the learning rate is constant", self.warmup_steps, remedy)
        for strategy, steps in (("eval_strategy", "eval_steps"), ("save_strategy", "save_steps")):
            if (getattr(self, strategy) == "steps") != (getattr(self, steps) is not None):
                remedy = "give both or neither"
                raise ParameterError(
                    strategy, f'"steps" if and only if {steps} is given', getattr(self, strategy), remedy
                )
        if self.chooses_by_validation and self.eval_strategy == "no":
            remedy = "or leave out early_stopping_patience and load_best_model_at_end"
            raise ParameterError("eval_strategy", '"epoch" or "steps" where validation chooses', "no", remedy)

    @property
    def chooses_by_validation(self) -> bool:
        """Whether validation decides which weights are returned or when training ends."""
        return self.load_best_model_at_end or self.early_stopping_patience is not None

    @property
    def limits(self) -> Limits:
        """Limits of length and special tokens that rows are encoded with."""
        return Limits(self.max_source_length, self.max_target_length, tuple(self.special_tokens))

    @property
    def micro_batch_size(self) -> int:
        """Largest number of rows in memory at once, over all processes together."""
        return math.ceil(self.train_batch_size / self.gradient_accumulation_steps)

    def steps_per_epoch(self, rows: int) -> int:
        """Return the number of steps in one pass over ``rows`` rows; the last step may have fewer rows."""
        return math.ceil(rows / self.train_batch_size)

    def total_steps(self, rows: int) -> int:
        """Return the number of steps in the whole run on ``rows`` rows."""
        if self.max_steps is not None:
            return self.max_steps
        return math.ceil(self.num_train_epochs * self.steps_per_epoch(rows))

    def get_warmup_steps(self, num_training_steps: int) -> int:
        """Return the number of warmup steps in a run of ``num_training_steps`` steps."""
        share = isinstance(self.warmup_steps, float)
        return round(self.warmup_steps * num_training_steps) if share else int(self.warmup_steps)

    def eval_interval(self, rows: int) -> int | None:
        """Return the number of steps between validations in a run on ``rows`` rows; None without validation."""
        return {"no": None, "steps": self.eval_steps, "epoch": self.steps_per_epoch(rows)}[self.eval_strategy]

    def rows_between_validations(self, rows: int) -> int:
        """Return the number of rows that are trained on from one validation to the next; 0 without validation.

        >>> TrainingConfig(eval_strategy="steps", eval_steps=4, train_batch_size=8).rows_between_validations(1000)
        32
        """
        if self.eval_strategy == "epoch":
            return rows
        return (self.eval_steps or 0) * self.train_batch_size if self.eval_strategy == "steps" else 0

    def save_interval(self, rows: int) -> int | None:
        """Return the number of steps between checkpoints in a run on ``rows`` rows; None without checkpoints."""
        return {"no": None, "steps": self.save_steps, "epoch": self.steps_per_epoch(rows)}[self.save_strategy]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a dict of JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def check_config(parameter: str, value: TrainingConfig | None) -> TrainingConfig:
    """Return the config, or one with all defaults for None.

    Raises:
        ParameterError: the value is of another type, such as transformers' ``TrainingArguments``.
    """
    if value is not None and not isinstance(value, TrainingConfig):
        raise ParameterError(parameter, "a TrainingConfig or None", value, "see codeshift.finetune.TrainingConfig")
    return TrainingConfig() if value is None else value

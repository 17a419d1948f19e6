"""The settings of one training run, checked when they are given."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from codeshift.errors import ParameterError, closest

SCHEDULES = ("constant", "linear", "cosine", "inverse_sqrt")
PRECISIONS = ("fp32", "bf16", "fp16")
WEIGHTS = ("fp32", "bf16")

Schedule = Literal["constant", "linear", "cosine", "inverse_sqrt"]
Precision = Literal["fp32", "bf16", "fp16"]
Weights = Literal["fp32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How to train: a frozen value, equal for equal settings.

    One *step* is one update of the weights, from ``batch_size * gradient_accumulation_steps`` rows over all processes
    together, so neither accumulation nor the number of processes changes what a step learns from.

    Attributes:
        learning_rate: the highest learning rate of the schedule.
        num_epochs: passes over the training rows; ignored where ``max_steps`` is given.
        max_steps: updates of the weights in all; None takes ``num_epochs``.
        batch_size: rows in memory at once, over all processes together.
        gradient_accumulation_steps: batches in a step.
        warmup: steps of linear warmup (an int), or their share of all steps (a float below 1).
        schedule: what the learning rate does after the warmup: "constant", "linear" and "cosine" (both to 0), or
            "inverse_sqrt".
        scale_by_weights: multiply the learning rate of each matrix by the root mean square of its weights as training
            starts (at least 0.001), as Adafactor does (arXiv 1804.04235), and of biases and norms by 0.1. For training
            from random weights: a T5's matrices start at scales from 0.01 to 1, and one step for all is too long for
            some and too short for others. ``learning_rate`` is then near 0.02.
        weight_decay: decoupled weight decay of AdamW, on matrices alone (neither biases nor norms).
        betas: decay rates of AdamW's two moments.
        epsilon: AdamW's epsilon.
        max_grad_norm: gradients of a longer norm are scaled down to it; None leaves them.
        max_source_length: longest source, in tokens; longer ones are cut, counted and reported.
        max_target_length: longest target, in tokens, the end token included; longer ones likewise.
        special_tokens: special tokens of the tokenizer that are such in the columns as well: T5's sentinels in rows of
            hidden spans, marks of a chat in rendered conversations. All others are text where a column holds them, as
            ``</s>`` in a program; what a template itself writes is always the token.
        seed: of the order of rows, of dropout and of new weights.
        precision: of the computation: "fp32", or "bf16" or "fp16" for mixed precision (fp16 needs a GPU).
        weights: the type of the weights in memory, whatever they were stored in: "fp32", or "bf16" for half the memory.
            A LoRA adapter stays in float32 beside a bf16 model; full fine-tuning in bf16 loses small updates.
        bucket_by_length: whether the rows of a step are computed in batches of like lengths, at most ``batch_size`` in
            each, which saves padding and changes no step: its rows are a plain shuffle's either way.
        gradient_checkpointing: less memory for about a third more time.
        freeze: patterns (as of a shell) of the names of parameters to leave as they are, such as
            ``"*.embed_tokens.*"``.
        train_only: patterns of the parameters to train; the others are left as they are.
        l2_sp: weight of the squared distance to the starting weights, added to the loss (L2-SP, arXiv 1802.01483).
        eval_every: validate every so many steps, or at each "epoch", or never (None). Needs a part ``validation``.
        early_stopping_patience: stop after so many validations without a lower loss; None goes on to the end.
        keep_best: return the weights of the lowest validation loss instead of the last ones.
        checkpoint_every: write a checkpoint every so many steps, or at each "epoch", or never (None). Needs a folder.
        log_every: steps between two updates of the progress bar and of trackers (the history holds every step).

    Raises:
        ParameterError: a value cannot work.

    >>> TrainingConfig(learning_rate=3e-4, num_epochs=2, batch_size=8).learning_rate
    0.0003
    >>> TrainingConfig(batch_size=0)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: batch_size must be an int of at least 1, got 0: give a whole number
    """

    learning_rate: float = 5e-5
    num_epochs: int = 3
    max_steps: int | None = None
    batch_size: int = 16
    gradient_accumulation_steps: int = 1
    warmup: int | float = 0
    schedule: Schedule = "linear"
    scale_by_weights: bool = False
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    max_grad_norm: float | None = 1.0
    max_source_length: int = 512
    max_target_length: int = 512
    special_tokens: tuple[str, ...] = ()
    seed: int = 0
    precision: Precision = "fp32"
    weights: Weights = "fp32"
    bucket_by_length: bool = True
    gradient_checkpointing: bool = False
    freeze: tuple[str, ...] = ()
    train_only: tuple[str, ...] = ("*",)
    l2_sp: float = 0.0
    eval_every: int | Literal["epoch"] | None = "epoch"
    early_stopping_patience: int | None = None
    keep_best: bool = False
    checkpoint_every: int | Literal["epoch"] | None = None
    log_every: int = 10

    def __post_init__(self) -> None:
        for name in ("num_epochs", "batch_size", "gradient_accumulation_steps", "max_source_length", "log_every"):
            check_count(name, getattr(self, name), at_least=1)
        check_count("max_target_length", self.max_target_length, at_least=2)
        check_count("seed", self.seed, at_least=0)
        for name in ("max_steps", "early_stopping_patience"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), at_least=1)
        for name in ("eval_every", "checkpoint_every"):
            if getattr(self, name) not in (None, "epoch"):
                check_count(name, getattr(self, name), at_least=1, remedy='give steps, "epoch" or None')
        check_number("learning_rate", self.learning_rate, above=0.0)
        check_number("epsilon", self.epsilon, above=0.0)
        check_number("weight_decay", self.weight_decay)
        check_number("l2_sp", self.l2_sp)
        if self.max_grad_norm is not None:
            check_number("max_grad_norm", self.max_grad_norm, above=0.0, remedy="give None for no clipping")
        check_option("schedule", self.schedule, SCHEDULES)
        check_option("precision", self.precision, PRECISIONS)
        check_option("weights", self.weights, WEIGHTS)
        self._check_warmup()
        self._check_betas()
        for name in ("freeze", "train_only"):
            check_texts(name, getattr(self, name), "patterns", '("lm_head.*",)')
        check_texts("special_tokens", self.special_tokens, "tokens", '("<extra_id_0>",)')
        if (self.early_stopping_patience is not None or self.keep_best) and self.eval_every is None:
            raise ParameterError(
                "eval_every", "set with early_stopping_patience or keep_best", None, 'give eval_every="epoch" or steps'
            )

    def _check_warmup(self) -> None:
        remedy = "give steps (an int) or a share of all steps (a float below 1)"
        if isinstance(self.warmup, float):
            if not 0.0 <= self.warmup < 1.0:
                raise ParameterError("warmup", "in [0, 1) as a float", self.warmup, remedy)
        else:
            check_count("warmup", self.warmup, at_least=0, remedy=remedy)

    def _check_betas(self) -> None:
        betas = self.betas
        if not (isinstance(betas, tuple) and len(betas) == 2 and all(0.0 <= b < 1.0 for b in betas)):
            raise ParameterError("betas", "two numbers in [0, 1)", betas, "(0.9, 0.999) is usual")

    @property
    def rows_per_step(self) -> int:
        """Rows that one update of the weights is made from."""
        return self.batch_size * self.gradient_accumulation_steps

    def steps_per_epoch(self, rows: int) -> int:
        """Updates of the weights in one pass over ``rows`` rows; the last one may be made from fewer."""
        return math.ceil(rows / self.rows_per_step)

    def total_steps(self, rows: int) -> int:
        """Updates of the weights in the whole run on ``rows`` rows."""
        return self.max_steps if self.max_steps is not None else self.num_epochs * self.steps_per_epoch(rows)

    def warmup_steps(self, total: int) -> int:
        """Steps of warmup in a run of ``total`` steps."""
        return round(self.warmup * total) if isinstance(self.warmup, float) else self.warmup

    def to_dict(self) -> dict[str, Any]:
        """The settings as a dict of JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def check_count(name: str, value: Any, *, at_least: int, remedy: str = "give a whole number") -> None:
    """Raise a ParameterError unless ``value`` is an int of at least ``at_least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise ParameterError(name, f"an int of at least {at_least}", value, remedy)


def check_number(name: str, value: Any, *, above: float | None = None, remedy: str = "give another number") -> None:
    """Raise a ParameterError unless ``value`` is finite and above ``above`` (None: at least 0)."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not numeric or (value < 0 if above is None else value <= above):
        raise ParameterError(name, "a number of at least 0" if above is None else f"above {above:g}", value, remedy)


def check_option(name: str, value: Any, options: tuple[str, ...]) -> None:
    """Raise a ParameterError that names close matches unless ``value`` is one of ``options``."""
    if value not in options:
        raise ParameterError(name, f"one of {', '.join(options)}", value, closest(str(value), options))


def check_texts(name: str, texts: Any, what: str, example: str) -> None:
    """Raise a ParameterError unless ``texts`` is a sequence of texts rather than one."""
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise ParameterError(name, f"a tuple of {what}", texts, f"write it as {example}")

"""The settings of a run: each bad value is an error with its remedy."""

from __future__ import annotations

import pytest

from codeshift.errors import ParameterError
from codeshift.finetune import TrainingConfig
from codeshift.finetune.optimisation import learning_rates

BAD = {
    "learning_rate": (0.0, "learning_rate must be above 0, got 0.0: give another number"),
    "num_epochs": (0, "num_epochs must be an int of at least 1"),
    "max_steps": (0, "max_steps must be an int of at least 1"),
    "batch_size": (2.5, "batch_size must be an int of at least 1, got 2.5"),
    "gradient_accumulation_steps": (True, "gradient_accumulation_steps must be an int"),
    "warmup": (1.5, r"warmup must be in \[0, 1\) as a float, got 1.5: give steps"),
    "schedule": ("cosin", r"schedule must be one of .*, got 'cosin': did you mean cosine\?"),
    "weight_decay": (-1, "weight_decay must be a number of at least 0"),
    "betas": ((0.9, 1.0), r"betas must be two numbers in \[0, 1\)"),
    "epsilon": (float("nan"), "epsilon must be above 0"),
    "max_grad_norm": (0.0, "max_grad_norm must be above 0, got 0.0: give None for no clipping"),
    "max_target_length": (1, "max_target_length must be an int of at least 2"),
    "seed": (-1, "seed must be an int of at least 0"),
    "precision": ("fp8", "precision must be one of fp32, bf16, fp16, got 'fp8'"),
    "freeze": ("lm_head.*", "freeze must be a tuple of patterns"),
    "eval_every": ("step", "eval_every must be an int of at least 1, got 'step': give steps, \"epoch\" or None"),
    "early_stopping_patience": (0, "early_stopping_patience must be an int of at least 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_named(name):
    """The message says the parameter, the constraint, the value and the remedy."""
    value, message = BAD[name]
    with pytest.raises(ParameterError, match=message) as caught:
        TrainingConfig(**{name: value})
    assert caught.value.parameter == name


def test_early_stopping_needs_validation():
    """Patience without validation could never end."""
    with pytest.raises(ParameterError, match="eval_every must be set with early_stopping_patience or keep_best"):
        TrainingConfig(keep_best=True, eval_every=None)


def test_steps_follow_from_rows():
    """A step takes batch_size * accumulation rows, and the last of an epoch what is left."""
    config = TrainingConfig(batch_size=4, gradient_accumulation_steps=3, num_epochs=2, warmup=0.25)
    assert (config.rows_per_step, config.steps_per_epoch(25), config.total_steps(25)) == (12, 3, 6)
    assert (config.warmup_steps(8), TrainingConfig(max_steps=5).total_steps(1000)) == (2, 5)


@pytest.mark.parametrize(("schedule", "last"), [("constant", 1.0), ("linear", 0.125), ("cosine", 0.0381)])
def test_schedules(schedule, last):
    """The rate rises over the warmup, and ends where its schedule says."""
    rate = learning_rates(TrainingConfig(learning_rate=1.0, schedule=schedule, warmup=2), 10)
    assert [rate(0), rate(1), rate(2)] == [0.0, 0.5, 1.0]
    assert rate(9) == pytest.approx(last, abs=1e-3)

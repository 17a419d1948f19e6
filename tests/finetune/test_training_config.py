"""The settings of a run: each bad value is an error with its remedy."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import replace

import numpy as np
import pytest
from transformers import TrainingArguments

from codeshift.errors import ParameterError
from codeshift.finetune import Decoding, TrainingConfig
from codeshift.finetune.optimisation import learning_rates
from codeshift.finetune.training_config import RENAMED

BAD = {
    "learning_rate": (0.0, "learning_rate must be a number above 0, got 0.0: give another number"),
    "num_train_epochs": (0, "num_train_epochs must be a number above 0"),
    "max_steps": (0, "max_steps must be a whole number from 1 up, got 0: leave it out to take num_train_epochs"),
    "train_batch_size": (2.5, "train_batch_size must be a whole number from 1 up, got 2.5"),
    "gradient_accumulation_steps": (True, "gradient_accumulation_steps must be a whole number"),
    "warmup_steps": (1.5, "warmup_steps must be a number at least 0 and below 1, got 1.5: give steps"),
    "lr_scheduler_type": ("cosin", r"lr_scheduler_type must be one of .*, got 'cosin': did you mean cosine\?"),
    "weight_decay": (-1, "weight_decay must be a number from 0 up"),
    "adam_beta1": (1.0, "adam_beta1 must be a number at least 0 and below 1"),
    "adam_beta2": ("0.9", "adam_beta2 must be a number"),
    "adam_epsilon": (float("nan"), "adam_epsilon must be a number above 0"),
    "max_grad_norm": (0.0, "max_grad_norm must be a number above 0, got 0.0: give None for no clipping"),
    "max_target_length": (1, "max_target_length must be a whole number from 2 up"),
    "seed": (-1, "seed must be a whole number from 0 up"),
    "bf16": ("no", "bf16 must be True or False, got 'no': give False"),
    "dtype": ("bf16", "dtype must be one of float32, bfloat16, got 'bf16'"),
    "freeze": ("lm_head.*", "freeze must be several patterns"),
    "train_only": (("*", 1), "train_only must be several patterns"),
    "eval_strategy": ("step", r"eval_strategy must be one of no, steps, epoch, got 'step': did you mean steps\?"),
    "save_strategy": (None, "save_strategy must be one of no, steps, epoch, got None"),
    "early_stopping_patience": (0, "early_stopping_patience must be a whole number from 1 up"),
    "load_best_model_at_end": ("false", "load_best_model_at_end must be True or False, got 'false': give False"),
}

TOGETHER = {
    "patience": (
        {"early_stopping_patience": 2, "eval_strategy": "no"},
        'eval_strategy must be "epoch" or "steps" where',
    ),
    "best": ({"load_best_model_at_end": True, "eval_strategy": "no"}, 'eval_strategy must be "epoch" or "steps" where'),
    "steps without a number": (
        {"eval_strategy": "steps"},
        'eval_strategy must be "steps" if and only if eval_steps is given',
    ),
    "a number without steps": (
        {"save_steps": 5},
        'save_strategy must be "steps" if and only if save_steps is given, got',
    ),
    "both precisions": ({"bf16": True, "fp16": True}, "fp16 must be False with bf16"),
    "warmup of a constant": ({"lr_scheduler_type": "constant", "warmup_steps": 0.1}, "constant_with_warmup"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_named(name):
    """The message says the parameter, the constraint, the value and the remedy."""
    value, message = BAD[name]
    with pytest.raises(ParameterError, match=message) as caught:
        TrainingConfig(**{name: value})
    assert caught.value.parameter == name


@pytest.mark.parametrize("case", TOGETHER)
def test_values_that_do_not_go_together(case):
    """Each alone would do."""
    given, message = TOGETHER[case]
    with pytest.raises(ParameterError, match=message):
        TrainingConfig(**given)


@pytest.mark.parametrize("name", RENAMED)
def test_a_name_of_before_is_told_its_new_one(name):
    """The error has the words of the table, whose entries name existing settings."""
    with pytest.raises(ParameterError, match=f"{name} must be given by its current name, got 3: it is ") as caught:
        TrainingConfig(**{name: 3})
    words = caught.value.remedy.replace(",", " ").replace("=", " ").split()
    assert set(words) & set(TrainingConfig().to_dict())


@pytest.mark.parametrize(
    ("cls", "name", "close"), [(TrainingConfig, "max_step", "max_steps"), (Decoding, "beams", "num_beams")]
)
def test_an_unknown_name_is_told_what_comes_close(cls, name, close):
    """The error names close matches, as everywhere, not in the words of a dataclass."""
    with pytest.raises(
        ParameterError, match=f"{cls.__name__} must be given settings that it has, got {name}: .*{close}"
    ):
        cls(**{name: 1})


def test_names_are_those_of_transformers():
    """But for what means something else there, or is not there."""
    ours = {
        "train_batch_size", "scale_by_weights", "max_source_length", "max_target_length", "special_tokens", "dtype",
        "bucket_by_length", "freeze", "train_only", "l2_sp", "early_stopping_patience", "class_weight", "quantization",
    }  # fmt: skip
    assert set(TrainingConfig().to_dict()) - set(inspect.signature(TrainingArguments).parameters) == ours


def test_a_config_is_a_plain_value():
    """Arguments settle to one type of value; copies and pickles are equal; the signature is readable."""
    config = TrainingConfig(max_steps=np.int64(4), learning_rate=np.float32(0.5), freeze=["a.*"], bf16=np.True_)
    assert [type(v) for v in (config.max_steps, config.learning_rate, config.freeze, config.bf16)] == [
        int,
        float,
        tuple,
        bool,
    ]
    assert config == TrainingConfig(max_steps=4, learning_rate=0.5, freeze=("a.*",), bf16=True)
    assert config == copy.deepcopy(config) == pickle.loads(pickle.dumps(config)) == replace(config)  # noqa: S301
    assert hash(config) == hash(replace(config))
    assert inspect.signature(TrainingConfig).parameters["train_batch_size"].default == 16


def test_steps_follow_from_rows():
    """A step takes train_batch_size rows however they are accumulated, and the last of an epoch what is left."""
    config = TrainingConfig(train_batch_size=12, gradient_accumulation_steps=5, num_train_epochs=2, warmup_steps=0.25)
    assert (config.micro_batch_size, config.steps_per_epoch(25), config.total_steps(25)) == (3, 3, 6)
    assert (config.get_warmup_steps(8), TrainingConfig(max_steps=5).total_steps(1000)) == (2, 5)
    assert TrainingConfig(train_batch_size=10, num_train_epochs=0.5).total_steps(45) == 3


def test_when_it_validates_and_saves():
    """Each epoch, every so many steps, or never."""
    config = TrainingConfig(train_batch_size=10, save_strategy="steps", save_steps=7)
    assert (config.eval_interval(45), config.save_interval(45)) == (5, 7)
    assert replace(config, eval_strategy="no").eval_interval(45) is None


@pytest.mark.parametrize(
    ("kind", "last"), [("constant_with_warmup", 1.0), ("linear", 0.125), ("cosine", 0.0381), ("inverse_sqrt", 0.4714)]
)
def test_schedules(kind, last):
    """The rate rises over the warmup, and ends where its schedule says."""
    rate = learning_rates(TrainingConfig(learning_rate=1.0, lr_scheduler_type=kind, warmup_steps=2), 10)
    assert [rate(0), rate(1), rate(2)] == [0.0, 0.5, 1.0]
    assert rate(9) == pytest.approx(last, abs=1e-3)


def test_a_constant_rate_has_no_warmup():
    """It is the same from the first step on."""
    rate = learning_rates(TrainingConfig(learning_rate=0.5, lr_scheduler_type="constant"), 10)
    assert {rate(step) for step in range(10)} == {0.5}

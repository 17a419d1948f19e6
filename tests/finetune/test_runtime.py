"""Engines for runs: those with loops of their own are refused before they are used."""

from __future__ import annotations

import pytest
from accelerate import PartialState
from accelerate.utils import DistributedType

from codeshift.errors import ParameterError
from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.runtime import make_accelerator
from codeshift.finetune.testing import tiny_model

ENGINES = ("DEEPSPEED", "MEGATRON_LM")


def refused(engine: str) -> str:
    return f"distributed_type must be copies of the model or FSDP 2, got '{engine}': launch with --use_fsdp"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_launch_for_another_engine_is_refused(engine, monkeypatch, tokenizer, data):
    """``accelerate launch`` sets a variable; the error says what to launch with, installed or not."""
    monkeypatch.setenv(f"ACCELERATE_USE_{engine}", "true")
    trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, source="doc", target="code", progress=False)
    with pytest.raises(ParameterError, match=refused(engine)):
        trainer.fit(data)


@pytest.mark.parametrize("engine", ENGINES)
def test_so_is_a_script_that_has_begun_with_one(engine, monkeypatch):
    """A script may have made an Accelerator with a plugin before the trainer makes its own."""
    PartialState()
    monkeypatch.setitem(PartialState._shared_state, "distributed_type", DistributedType(engine))
    with pytest.raises(ParameterError, match=refused(engine)):
        make_accelerator(TrainingConfig())


@pytest.mark.parametrize("flag", ["false", "0"])
def test_a_flag_that_is_off_is_none(flag, monkeypatch):
    """``accelerate launch`` may say of an engine that it is not asked for."""
    for engine in ENGINES:
        monkeypatch.setenv(f"ACCELERATE_USE_{engine}", flag)
    assert make_accelerator(TrainingConfig()).distributed_type == DistributedType.NO

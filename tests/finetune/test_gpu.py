"""On a GPU it is as on a CPU: losses, scores and texts agree, runs go on where they stopped, half precision learns.

Where torch finds no GPU these are skipped. ``CODESHIFT_TEST_DEVICE=cpu`` runs them on the CPU in its place, to check
the tests themselves.
"""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from peft import LoraConfig
from safetensors.torch import load_file

from codeshift.finetune import Decoding, Evaluator, Trainer, TrainingConfig, training_loop
from codeshift.finetune.shrinking_batches import in_batches
from codeshift.finetune.testing import tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from helpers.killed_run import METHODS, deterministic, fit, fit_until_deterministically

DEVICE = os.environ.get("CODESHIFT_TEST_DEVICE", "cuda")
pytestmark = pytest.mark.skipif(
    DEVICE == "cuda" and not torch.cuda.is_available(), reason="needs a GPU: torch finds no CUDA device"
)
of_a_gpu = pytest.mark.skipif(DEVICE != "cuda", reason="is of a GPU alone")
FAMILIES = ("t5", "llama")
COLUMNS = {"source": "doc", "target": "code", "progress": False}
CONFIG = TrainingConfig(learning_rate=1e-2, num_train_epochs=4, train_batch_size=8)


@contextmanager
def trained_on(device):
    """Run on ``device`` within the context: by default accelerate takes a GPU if there is one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCELERATE_USE_CPU", str(device == "cpu").lower())
        AcceleratorState._reset_state(reset_partial_state=True)
        yield
    AcceleratorState._reset_state(reset_partial_state=True)


def train(family, data, tokenizer, config=CONFIG, peft=None, device=DEVICE, out=None, **settings):
    """A tiny model of random weights, trained on 24 rows."""
    model = tiny_model(family, tokenizer, **settings)
    with trained_on(device):
        result = Trainer(model, tokenizer, config, peft_config=peft, **COLUMNS).fit(data["train"], out)
    assert {parameter.device.type for parameter in result.model.parameters()} == {device}
    return result


def assert_same(left, right):
    """The same history and the same weights, to the last bit."""
    assert left.history == right.history
    weights, expected = dict(left.model.named_parameters()), dict(right.model.named_parameters())
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.fixture(scope="module", params=FAMILIES)
def knowing(request, data, tokenizer):
    """A model that was trained on a CPU until it knew its rows by heart."""
    no_dropout = {"dropout_rate": 0.0} if request.param == "t5" else {}
    result = train(request.param, data, tokenizer, replace(CONFIG, num_train_epochs=100), device="cpu", **no_dropout)
    assert result.losses[-1] < 0.05
    return result.model


def evaluated(model, data, tokenizer, device, metrics, **options):
    """The evaluation of a model on a device; the model itself stays where it is."""
    evaluator = Evaluator(metrics, **COLUMNS, **options)
    return evaluator.evaluate(copy.deepcopy(model).to(device), data["train"], tokenizer=tokenizer)["data"]


@pytest.mark.parametrize("peft", [None, LoraConfig(r=4)], ids=["full", "lora"])
@pytest.mark.parametrize(("family", "settings"), [("t5", {"dropout_rate": 0.0}), ("llama", {})])
def test_losses_are_those_of_a_cpu(family, settings, peft, data, tokenizer):
    """In float32, step by step, though the rows of a step are computed in other batches there."""
    ours, theirs = (
        train(family, data, tokenizer, peft=peft, device=device, **settings).losses for device in (DEVICE, "cpu")
    )
    assert len(ours) == 12
    assert theirs[-1] < theirs[0] - (0.1 if peft else 2)
    assert np.allclose(ours, theirs, rtol=1e-3)


@pytest.mark.parametrize("bf16", [False, True], ids=["fp32", "bf16"])
@pytest.mark.parametrize("peft", [None, LoraConfig(r=4, lora_dropout=0.2)], ids=["full", "lora"])
@pytest.mark.parametrize("family", FAMILIES)
def test_one_seed_gives_one_run(family, peft, bf16, data, tokenizer):
    """With torch's deterministic algorithms, two runs are the same bitwise, and another seed is another run."""
    config = replace(CONFIG, bf16=bf16)
    with deterministic():
        first, second, other = (train(family, data, tokenizer, replace(config, seed=seed), peft) for seed in (0, 0, 1))
    assert_same(first, second)
    assert first.losses != other.losses


@pytest.fixture(scope="module")
def killed(data, tokenizer, tmp_path_factory):
    """The folders of two runs, by method, that were killed by ``kill -9`` in the fifth step, before it was saved."""
    folder = tmp_path_factory.mktemp("gpu")
    data.save_to_disk(folder / "data")
    tokenizer.save_pretrained(folder / "tokenizer")
    context = multiprocessing.get_context("spawn")  # a process that was forked cannot use the GPU
    children = {
        method: context.Process(target=fit_until_deterministically, args=(folder, folder / method, method, 5))
        for method in METHODS
    }
    with trained_on(DEVICE):  # a process that is started has this one's environment
        for child in children.values():
            child.start()
    for child in children.values():
        child.join()
        assert child.exitcode == -signal.SIGKILL
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_killed_and_started_again(method, killed, data, tokenizer, tmp_path):
    """With torch's deterministic algorithms, a run that was killed ends bitwise as the one that never was."""
    out = killed / method
    assert [path.name for path in (out / "checkpoints").iterdir()] == ["step-00000004"]
    with trained_on(DEVICE), deterministic():
        again = fit(data, tokenizer, out, method)
        straight = fit(data, tokenizer, tmp_path, method)
    assert_same(again, straight)
    weights, expected = (load_file(next(folder.glob("*model.safetensors"))) for folder in (out, tmp_path))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    history = json.loads((out / "training.json").read_text(encoding="utf-8"))["history"]
    assert history == straight.history


class StoppedError(Exception):
    """Ends a run from inside."""


@pytest.mark.parametrize("precision", ["bf16", pytest.param("fp16", marks=of_a_gpu)])
@pytest.mark.parametrize("family", FAMILIES)
def test_stopped_in_half_precision(family, precision, data, tokenizer, tmp_path, monkeypatch):
    """The same for mixed precision, where the scale of fp16's loss is part of what a run is."""
    config = replace(CONFIG, **{precision: True}, save_strategy="steps", save_steps=2)
    step = training_loop.TrainingRun._step

    def stopping(run, rows):
        if run.state.step == 7:
            raise StoppedError
        step(run, rows)

    with deterministic():
        straight = train(family, data, tokenizer, config)
        monkeypatch.setattr(training_loop.TrainingRun, "_step", stopping)
        with pytest.raises(StoppedError):
            train(family, data, tokenizer, config, out=tmp_path)
        monkeypatch.setattr(training_loop.TrainingRun, "_step", step)
        again = train(family, data, tokenizer, config, out=tmp_path)
    assert_same(again, straight)


@pytest.mark.parametrize(
    ("config", "peft"),
    [
        ({"bf16": True}, None),
        ({"bf16": True}, LoraConfig(r=8)),
        ({"bf16": True, "dtype": "bfloat16"}, LoraConfig(r=8)),
        ({"bf16": True, "gradient_checkpointing": True}, None),
        pytest.param({"fp16": True}, None, marks=of_a_gpu),
        pytest.param({"fp16": True}, LoraConfig(r=8), marks=of_a_gpu),
    ],
    ids=["bf16", "bf16-lora", "bf16-weights", "bf16-checkpointing", "fp16", "fp16-lora"],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_learns(family, config, peft, data, tokenizer):
    """The loss falls as in float32, and what is trained stays float32 and finite."""
    half = train(family, data, tokenizer, replace(CONFIG, **config), peft)
    whole = train(family, data, tokenizer, peft=peft)
    trained = [p for p in half.model.parameters() if p.requires_grad]
    assert trained
    assert all(p.dtype == torch.float32 and bool(torch.isfinite(p).all()) for p in trained)
    fallen, expected = (np.mean(r.losses[:3]) - np.mean(r.losses[-3:]) for r in (half, whole))
    assert fallen > 0.8 * expected > 0.05


def test_scores_are_those_of_a_cpu(knowing, data, tokenizer, tmp_path):
    """Teacher forcing gives each row its likelihood to 1e-4 nats, of an object and of what is loaded from a folder."""
    metrics = [NegativeLogLikelihood()]
    ours, theirs = (evaluated(knowing, data, tokenizer, device, metrics) for device in (DEVICE, "cpu"))
    knowing.save_pretrained(tmp_path)
    with trained_on(DEVICE):
        evaluator = Evaluator(metrics, **COLUMNS)
        loaded = evaluator.evaluate(str(tmp_path), data["train"], tokenizer=tokenizer)["data"]
    expected = theirs.statistics_of("negative_log_likelihood")
    assert expected.min() > 0
    for found in (ours, loaded):
        assert np.allclose(found.statistics_of("negative_log_likelihood"), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("beams", [1, 4])
def test_texts_are_those_of_a_cpu(beams, knowing, data, tokenizer):
    """A model writes the text it has memorised on either device, row by row and in batches."""
    metrics, decoding = [ExactMatch()], Decoding(num_beams=beams, max_new_tokens=32)
    expected = evaluated(knowing, data, tokenizer, "cpu", metrics, decoding=decoding)
    assert expected.estimates["exact_match"].value > 0.9
    for batch_size in (1, 8):
        found = evaluated(knowing, data, tokenizer, DEVICE, metrics, decoding=decoding, batch_size=batch_size)
        assert found.predictions == expected.predictions


def test_drawn_texts_do_not_depend_on_the_batch(knowing, data, tokenizer):
    """Each row has random numbers of its own on a GPU too; the draws differ from what is likeliest."""
    decoding = Decoding(do_sample=True, temperature=3.0, max_new_tokens=8)
    alone, together = (
        evaluated(knowing, data, tokenizer, DEVICE, [ExactMatch()], decoding=decoding, batch_size=n) for n in (1, 8)
    )
    same = [a == b for a, b in zip(alone.predictions, together.predictions, strict=True)]
    assert np.mean(same) > 0.9  # a number that falls next to a bound may pick either side of it
    assert alone.estimates["exact_match"].value < 0.9


@of_a_gpu
def test_batches_shrink_where_the_gpu_is_full():
    """Rows that do not fit together are worked on in halves, by what torch raises when memory is out."""
    torch.cuda.empty_cache()
    row = torch.cuda.mem_get_info()[1] // 4  # bytes; four do not fit, as something is always in use

    def work(rows):
        return torch.empty(len(rows) * row, dtype=torch.uint8, device=DEVICE).numel()

    found = [len(rows) for rows, _ in in_batches(np.arange(4), 4, work)]
    torch.cuda.empty_cache()
    assert found in ([2, 2], [1, 1, 1, 1])

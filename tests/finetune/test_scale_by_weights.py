"""A learning rate for each matrix, by the scale of its weights."""

from __future__ import annotations

import pytest
import torch

from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.optimisation import make_optimizer
from codeshift.finetune.testing import tiny_model

CONFIG = TrainingConfig(
    learning_rate=1e-2, max_steps=1, scale_by_weights=True, weight_decay=0.0, max_grad_norm=None, eval_strategy="no"
)


def rms(tensor: torch.Tensor) -> float:
    return float(tensor.detach().square().mean().sqrt())


def test_the_first_step_is_in_proportion_to_the_weights(data, tokenizer):
    """Adam's first step is the learning rate in each weight that has a gradient; here it is that share of the RMS."""
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    result = Trainer(model, tokenizer, CONFIG, source="doc", target="code", progress=False).fit(data["train"])
    trained = dict(result.model.named_parameters())
    for name, before in model.named_parameters():
        scale = max(1e-3, rms(before)) if before.ndim >= 2 else 0.1
        moved = (trained[name] - before).detach().abs().max()
        assert float(moved) == pytest.approx(1e-2 * scale, rel=1e-2), name


def test_the_history_holds_the_rate_of_the_schedule(data, tokenizer):
    """The reported rate is the schedule's, before the scale of any matrix."""
    model = tiny_model("t5", tokenizer)
    config = TrainingConfig(learning_rate=1e-2, max_steps=3, scale_by_weights=True, eval_strategy="no")
    result = Trainer(model, tokenizer, config, source="doc", target="code", progress=False).fit(data["train"])
    assert [row["learning_rate"] for row in result.history] == pytest.approx([1e-2, 1e-2 * 2 / 3, 1e-2 / 3])


def test_without_it_all_have_one_rate(tokenizer):
    """Every scale is 1."""
    optimizer = make_optimizer(tiny_model("t5", tokenizer), TrainingConfig())
    assert {group["scale"] for group in optimizer.param_groups} == {1.0}


def test_a_matrix_of_zeros_still_moves(tokenizer):
    """The scale has a least value, since a new adapter's second matrix starts at 0."""
    model = tiny_model("t5", tokenizer)
    with torch.no_grad():
        model.shared.weight.zero_()
    scales = [group["scale"] for group in make_optimizer(model, CONFIG).param_groups]
    assert min(scales) == 1e-3

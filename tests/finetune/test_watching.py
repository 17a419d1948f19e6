"""Parts that are scored while a model trains: their values, that they change nothing, and a resumed run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from datasets import Dataset
from peft import LoraConfig

from codeshift.errors import ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.checkpoint import Checkpoints
from codeshift.finetune.teacher_forcing import longest_first
from codeshift.finetune.testing import tiny_model
from codeshift.finetune.watching import watched_rows
from codeshift.metrics import NegativeLogLikelihood, TokenAccuracy

COLUMNS = {"source": "doc", "target": "code", "progress": False}
SETTINGS = {
    "learning_rate": 5e-3, "max_steps": 6, "train_batch_size": 8, "eval_strategy": "steps", "eval_steps": 2,
    "save_strategy": "steps", "save_steps": 3,
}  # fmt: skip
WATCH = {"test_id": 4, "test_ood": 100}


def trainer(tokenizer, **options) -> Trainer:
    model = tiny_model("t5", tokenizer)
    config = TrainingConfig(**SETTINGS, **options.pop("settings", {}))
    lora = LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.1)
    return Trainer(model, tokenizer, config, peft_config=lora, **COLUMNS, **options)


def weights(result) -> list[torch.Tensor]:
    return [p for p in result.model.parameters() if p.requires_grad]


def test_what_is_watched_is_measured_and_changes_nothing(data, tokenizer):
    """The loss of the drawn rows at each validation; weights and validation are those without a watch."""
    evaluator = Evaluator([TokenAccuracy()], **COLUMNS)
    plain = trainer(tokenizer, evaluator=evaluator).fit(data)
    watched = trainer(tokenizer, evaluator=evaluator, watch=WATCH).fit(data)
    assert all(torch.equal(a, b) for a, b in zip(weights(plain), weights(watched), strict=True))
    assert (watched.validation_losses, watched.best_step) == (plain.validation_losses, plain.best_step)
    assert [step for step, _ in watched.watched("test_id")] == [2, 4, 6]
    rows = watched_rows(data, WATCH, seed=0)
    assert {part: len(some) for part, some in rows.items()} == {"test_id": 4, "test_ood": 8}
    scored = Evaluator([NegativeLogLikelihood(), TokenAccuracy()], **COLUMNS).evaluate(
        watched.model, rows, tokenizer=tokenizer
    )
    for part in WATCH:
        estimates = scored[part].estimates
        assert watched.watched(part)[-1][1] == pytest.approx(estimates["negative_log_likelihood"].value, rel=1e-6)
        assert watched.watched(part, "token_accuracy")[-1][1] == estimates["token_accuracy"].value
    with pytest.raises(ParameterError, match="part must be one that was watched"):
        plain.watched("test_id")


def test_a_resumed_run_has_the_same_history(data, tokenizer, tmp_path):
    """Killed after the first checkpoint and started again, the history is that of one run to the last bit."""
    whole = trainer(tokenizer, watch=WATCH).fit(data, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        saved = Checkpoints.save

        def killed(self, *arguments):
            saved(self, *arguments)
            raise KeyboardInterrupt

        patch.setattr(Checkpoints, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            trainer(tokenizer, watch=WATCH).fit(data, tmp_path / "halves")
    halves = trainer(tokenizer, watch=WATCH).fit(data, tmp_path / "halves")
    assert halves.history == whole.history
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(halves), strict=True))


def test_it_never_chooses(data, tokenizer):
    """Without validation there is no best step, however low the loss of a watched part."""
    parts = {part: rows for part, rows in data.items() if part != "validation"}
    result = trainer(tokenizer, watch=WATCH).fit(parts)
    assert result.best_step is None
    assert result.validation_losses == []
    assert len(result.watched("test_ood")) == 3


@pytest.mark.parametrize(
    ("watch", "message"),
    [
        ({"validation": 5}, "watch must be made of other parts than validation"),
        ({"test_id": 0}, "watch must be a whole number from 1 up"),
        (["test_id"], "watch must be numbers of rows by part"),
    ],
)
def test_what_cannot_be_watched(tokenizer, watch, message):
    with pytest.raises(ParameterError, match=message):
        trainer(tokenizer, watch=watch)


def test_rows_of_like_length_are_scored_together(tokenizer):
    """A part is padded little where targets are unequal and sources short, as docstrings with their functions are."""
    rng = np.random.default_rng(0)
    rows = {
        "doc": ["sum " * int(n) for n in rng.integers(1, 4, 64)],
        "code": ["a " * int(n) for n in 1 + np.arange(64)],
    }
    data = Dataset.from_dict(rows)
    own = trainer(tokenizer)
    encoded = own.task.objective(own.starting_model(data), tokenizer, own.config, data).encode(data, "test")
    order = longest_first(encoded)
    lengths = encoded.targets.lengths
    padded = sum(lengths[order[i : i + 8]].max() * 8 for i in range(0, 64, 8))
    assert padded < 1.3 * lengths.sum()
    assert sorted(order.tolist()) == list(range(64))


def test_a_missing_part_is_told(data, tokenizer):
    with pytest.raises(ParameterError, match="watch must be made of parts of the data, got 'test_odd'"):
        trainer(tokenizer, watch={"test_odd": 3}).fit(data)

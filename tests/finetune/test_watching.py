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


@pytest.mark.parametrize(
    ("settings", "trained_rows"),
    [
        ({"eval_strategy": "epoch", "eval_steps": None}, 600),
        ({"eval_strategy": "steps", "eval_steps": 30}, 240),
        ({"eval_strategy": "steps", "eval_steps": 1}, 8),
        ({"eval_strategy": "epoch", "eval_steps": None, "train_batch_size": 1000}, 600),
        ({"eval_strategy": "epoch", "eval_steps": None}, 100_000),
    ],
)
def test_names_alone_take_less_than_a_tenth_of_the_time(settings, trained_rows):
    """A watched row took 1.1 of a trained one at most: a tenth of the time; but one row of a part is watched."""
    config = TrainingConfig(**{**SETTINGS, **settings})
    rows_of_epoch = trained_rows if settings["eval_strategy"] == "epoch" else 600
    assert config.rows_between_validations(rows_of_epoch) == trained_rows
    parts = {part: Dataset.from_dict({"x": range(500)}) for part in ("test_id", "test_ood")}
    watch = dict.fromkeys(parts)
    drawn = watched_rows(parts, watch, seed=0, trained_rows=trained_rows)
    sizes = [len(rows) for rows in drawn.values()]
    assert sizes == [min(max(trained_rows // 32, 1), 200)] * 2
    assert 1.1 * sum(sizes) <= trained_rows / 10 or sizes == [1, 1]
    assert len(watched_rows(parts, {"test_id": 300, "test_ood": None}, seed=0, trained_rows=60)["test_ood"]) == 3


def test_names_alone_are_watched(data, tokenizer):
    """A training draws as many rows as its own rows allow."""
    result = trainer(tokenizer, watch=("test_id", "test_ood")).fit(data)
    drawn = watched_rows(data, {"test_id": 1, "test_ood": 1}, seed=0)  # 16 rows in two steps of 8: one of each part
    scored = Evaluator([NegativeLogLikelihood()], **COLUMNS).evaluate(result.model, drawn, tokenizer=tokenizer)
    for part in drawn:
        expected = scored[part].estimates["negative_log_likelihood"].value
        assert result.watched(part)[-1][1] == pytest.approx(expected, rel=1e-6)


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
        ("test_id", "watch must be several names of parts"),
        (["test_id", 3], "watch must be several names of parts"),
        (["validation"], "watch must be made of other parts than validation"),
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

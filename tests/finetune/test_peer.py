"""Beside transformers' Trainer and Seq2SeqTrainer: where the batches are the same, so are the losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import transformers
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainingArguments,
)

from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.batching import StepPlan
from codeshift.finetune.testing import tiny_model

CONFIG = TrainingConfig(
    learning_rate=1e-2, num_train_epochs=1, train_batch_size=4, weight_decay=0.0, eval_strategy="no"
)


def in_order_of_steps(data):
    """The rows as the steps of the first epoch take them."""
    return data.select(np.concatenate(StepPlan(len(data), CONFIG.train_batch_size, CONFIG.seed).epoch(0)))


def peer_losses(data, model, tokenizer, folder):
    """The loss of each step of Seq2SeqTrainer, on the rows in their order."""
    inputs = data.map(lambda row: tokenizer(row["doc"], text_target=row["code"]), remove_columns=data.column_names)
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(folder), per_device_train_batch_size=CONFIG.train_batch_size, learning_rate=CONFIG.learning_rate,
        num_train_epochs=1, train_sampling_strategy="sequential", logging_steps=1, save_strategy="no", report_to=[],
        disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    collate = DataCollatorForSeq2Seq(tokenizer, model=model)
    peer = Seq2SeqTrainer(model=model, args=arguments, train_dataset=inputs, data_collator=collate)
    peer.train()
    return [row["loss"] for row in peer.state.log_history if "loss" in row]


def test_losses_are_those_of_the_peer_on_the_same_batches(data, tokenizer, tmp_path):
    """Step by step, over an epoch of updates by the same optimiser and schedule."""
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    train = data["train"]
    ours = Trainer(model, tokenizer, CONFIG, source="doc", target="code", progress=False).fit(train).losses
    theirs = peer_losses(in_order_of_steps(train), model, tokenizer, tmp_path)
    assert len(ours) == len(theirs) == 6
    assert ours[-1] < ours[0] - 0.1
    assert np.allclose(ours, np.array(theirs, dtype=float), rtol=1e-3, atol=1e-3)  # the peer logs five digits


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("family", ["roberta", "t5", "llama"])
def test_losses_of_a_classification(family, smoothing, data, tokenizer, tmp_path):
    """Losses of pairs of texts equal those of transformers' head, step by step."""
    settings = {
        "roberta": {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
        "t5": {"dropout_rate": 0.0},
    }
    train = data["train"].add_column("label", [int(len(code) % 3) for code in data["train"]["code"]])
    config = replace(CONFIG, label_smoothing_factor=smoothing)
    columns = {"source": ("doc", "code"), "target": "label", "task": "classification"}
    model = tiny_model(family, tokenizer, **settings.get(family, {}))
    trainer = Trainer(model, tokenizer, config, **columns, progress=False)
    start = trainer.starting_model(train)
    ours = trainer.fit(train).losses

    inputs = in_order_of_steps(train).map(
        lambda row: tokenizer(row["doc"], row["code"]), remove_columns=["doc", "code"]
    )
    arguments = TrainingArguments(
        output_dir=str(tmp_path), per_device_train_batch_size=CONFIG.train_batch_size, num_train_epochs=1,
        learning_rate=CONFIG.learning_rate, train_sampling_strategy="sequential", logging_steps=1, save_strategy="no",
        report_to=[], disable_tqdm=True, use_cpu=True, label_smoothing_factor=smoothing,
    )  # fmt: skip
    collate = DataCollatorWithPadding(tokenizer)
    peer = transformers.Trainer(model=start, args=arguments, train_dataset=inputs, data_collator=collate)
    peer.train()
    theirs = [row["loss"] for row in peer.state.log_history if "loss" in row]
    assert len(ours) == len(theirs) == 6
    assert np.allclose(ours, np.array(theirs, dtype=float), rtol=1e-3, atol=1e-3)

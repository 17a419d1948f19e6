"""Training of a classifier beside transformers' Trainer: one process, one thread, CPU seconds.

    python benchmarks/classification.py [--rows 600] [--data FILE.jsonl --source code --target label]

Each side trains the same RoBERTa (about 2.7M parameters, random weights) on the same rows, batch 16, one epoch,
tokenizing included. Rows come from a JSONL file, those without a label left out, or else from the functions of the
running Python's standard library, whose package is the label. The tokens counted are the real ones, padding left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from accelerate import Accelerator
from datasets import Dataset, disable_progress_bars
from transformers import DataCollatorWithPadding, TrainingArguments
from transformers.utils import logging

from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.batching import BatchCost, StepPlan, batches
from codeshift.finetune.testing import tiny_model, tiny_tokenizer

LENGTH, BATCH, RATE = 256, 16, 1e-3
SHAPE = {"hidden_size": 192, "intermediate_size": 768, "num_attention_heads": 6, "num_hidden_layers": 3}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
COLUMNS = {"source": "source", "target": "label", "task": "classification", "progress": False}


def load_rows(options: argparse.Namespace) -> Dataset:
    """The rows to train on, as source and label."""
    if options.data:
        lines = Path(options.data).read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if row[options.target] is not None]
        pairs = [{"source": row[options.source], "label": str(row[options.target])} for row in rows]
    else:
        from codeshift.data import stdlib_functions

        pairs = [{"source": row["code"], "label": row["path"].split("/")[0]} for row in stdlib_functions()]
    some = np.random.default_rng(0).permutation(len(pairs))[: options.rows]
    return Dataset.from_list([pairs[i] for i in some])


def config_for(**settings: Any) -> TrainingConfig:
    """The settings of our side."""
    usual = {"learning_rate": RATE, "num_train_epochs": 1, "train_batch_size": BATCH, "weight_decay": 0.0}
    return TrainingConfig(**usual, max_source_length=LENGTH, **settings)


def peer(model: Any, tokenizer: Any, data: Dataset, **options: Any) -> transformers.Trainer:
    """Transformers' Trainer with its defaults but for batch size and rate and what ``options`` say."""
    labels = model.config.label2id
    inputs = data.map(
        lambda rows: tokenizer(rows["source"], truncation=True, max_length=LENGTH)
        | {"label": [labels[label] for label in rows["label"]]},
        batched=True, remove_columns=["source"],
    )  # fmt: skip
    settings = {"per_device_train_batch_size": BATCH, "num_train_epochs": 1, "learning_rate": RATE, "use_cpu": True,
                "save_strategy": "no", "report_to": [], "disable_tqdm": True, "logging_strategy": "no"}  # fmt: skip
    arguments = TrainingArguments(output_dir=tempfile.mkdtemp(), **settings | options)
    collate = DataCollatorWithPadding(tokenizer)
    return transformers.Trainer(model=model, args=arguments, train_dataset=inputs, data_collator=collate)


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU seconds that ``work()`` takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def training(data: Dataset, tokenizer: Any, make: Callable[..., Any]) -> None:
    """Print the CPU seconds of one epoch on each side, and how many times faster codeshift is."""
    tokens = sum(min(len(ids), LENGTH) for ids in tokenizer(list(data["source"]))["input_ids"])
    start = Trainer(make(), tokenizer, config_for(), **COLUMNS).starting_model(data)
    grouped = {"train_sampling_strategy": "group_by_length"}
    sides = {
        "Trainer": lambda: peer(start, tokenizer, data).train(),
        "grouped": lambda: peer(start, tokenizer, data, **grouped).train(),
        "codeshift": lambda: Trainer(make(), tokenizer, config_for(), **COLUMNS).fit(data),
    }
    seconds = {side: cpu_seconds(work) for side, work in sides.items()}
    for side, spent in seconds.items():
        print(json.dumps({"work": "train", "side": side, "seconds": round(spent, 1), "per_second": tokens / spent}))
    for side in ("Trainer", "grouped"):
        print(f"{seconds[side] / seconds['codeshift']:.2f}x {side}", flush=True)


def padding(data: Dataset, tokenizer: Any, make: Callable[..., Any]) -> None:
    """Print how many tokens each side computes for a real one, in one epoch."""
    lengths = np.array([min(len(ids), LENGTH) for ids in tokenizer(list(data["source"]))["input_ids"]])
    cost = BatchCost.of(config_for(), Accelerator(), make().num_parameters())
    steps = StepPlan(len(data), BATCH, seed=0).epoch(0)
    ours = [part for step in steps for part in batches(step, np.stack([lengths] * 2, axis=1), cost)]
    for side, together in (("Trainer", steps), ("codeshift", ours)):
        computed = sum(len(rows) * int(lengths[rows].max()) for rows in together)
        print(json.dumps({"work": "padding", "side": side, "tokens_for_a_real_one": computed / int(lengths.sum())}))


def losses(data: Dataset, tokenizer: Any, make: Callable[..., Any], steps: int) -> None:
    """Print the largest distance of the losses of two sides that take the same steps, without dropout."""
    config = config_for(max_steps=steps, bucket_by_length=False)
    trainer = Trainer(make(**STILL), tokenizer, config, **COLUMNS)
    start = trainer.starting_model(data)
    ours = np.array(trainer.fit(data).losses)
    ordered = data.select(np.concatenate(StepPlan(len(data), BATCH, config.seed).epoch(0)))
    options = {"train_sampling_strategy": "sequential", "logging_strategy": "steps", "logging_steps": 1}
    theirs = peer(start, tokenizer, ordered, max_steps=steps, **options)
    theirs.train()
    logged = np.array([float(row["loss"]) for row in theirs.state.log_history if "loss" in row])
    print(json.dumps({"work": "losses", "steps": steps, "largest_distance": float(np.abs(ours - logged).max())}))


def main() -> None:
    """Print padding, times and losses of both sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--data")
    parser.add_argument("--source", default="code")
    parser.add_argument("--target", default="label")
    parser.add_argument("--steps", type=int, default=12, help="steps whose losses are compared")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    disable_progress_bars()
    data = load_rows(options)
    tokenizer = tiny_tokenizer(data["source"], vocab_size=8000)

    def make(**settings: Any) -> Any:
        return tiny_model("roberta", tokenizer, **SHAPE, **settings)

    count = sum(parameter.numel() for parameter in make().parameters())
    print(f"{count:,} parameters, {len(data)} rows, {len(set(data['label']))} labels", flush=True)
    padding(data, tokenizer, make)
    losses(data, tokenizer, make, options.steps)
    training(data, tokenizer, make)


if __name__ == "__main__":
    main()

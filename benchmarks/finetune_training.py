"""Training and generation beside transformers' Seq2SeqTrainer: one process, one thread, CPU seconds.

    python benchmarks/finetune_training.py [--rows 2000] [--data FILE.jsonl --source nl --target code] [--only train]

Each side trains the same T5 (about 4.9M parameters, random weights) on the same rows, batch 16, one epoch, and then
generates for the same rows. Rows come from a JSONL file, or else from the functions of the running Python's standard
library. The tokens counted are the real ones, padding left out.
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
from unittest import mock

import numpy as np
import torch
from accelerate import Accelerator
from datasets import Dataset, DatasetDict, disable_progress_bars
from peft import LoraConfig, get_peft_model
from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer, Seq2SeqTrainingArguments
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.utils import logging

from codeshift.finetune import Decoding, Evaluator, Trainer, TrainingConfig
from codeshift.finetune.batching import BatchCost, StepPlan, batches
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.finetune.validation import Validation
from codeshift.metrics import ExactMatch

LENGTH, BATCH, RATE = 256, 16, 1e-3
SHAPE = {"d_model": 192, "d_ff": 768, "d_kv": 32, "num_heads": 6, "num_layers": 3}


def load_rows(options: argparse.Namespace) -> Dataset:
    """The rows to train on, as source and target."""
    if options.data:
        lines = Path(options.data).read_text(encoding="utf-8").splitlines()[: options.rows]
        rows = [json.loads(line) for line in lines]
        return Dataset.from_list([{"source": r[options.source], "target": r[options.target]} for r in rows])
    from codeshift.data import stdlib_functions

    functions = stdlib_functions().shuffle(seed=0).select(range(options.rows))
    return functions.select_columns(["docstring", "code"]).rename_columns({"docstring": "source", "code": "target"})


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds that ``work()`` takes, and what it returns."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def peer(model: Any, tokenizer: Any, data: Dataset, **options: Any) -> Seq2SeqTrainer:
    """Seq2SeqTrainer with its defaults but for the batch size, the rate and what ``options`` say."""
    settings = {"per_device_train_batch_size": BATCH, "num_train_epochs": 1, "learning_rate": RATE,
                "save_strategy": "no", "report_to": [], "disable_tqdm": True, "use_cpu": True,
                "logging_strategy": "no"}  # fmt: skip
    arguments = Seq2SeqTrainingArguments(output_dir=tempfile.mkdtemp(), **settings | options)
    collator = DataCollatorForSeq2Seq(tokenizer, model=model)
    return Seq2SeqTrainer(model=model, args=arguments, train_dataset=data, data_collator=collator)


def tokenized(data: Dataset, tokenizer: Any) -> Dataset:
    """As a user of Seq2SeqTrainer tokenizes."""
    return data.map(
        lambda rows: tokenizer(rows["source"], text_target=rows["target"], truncation=True, max_length=LENGTH),
        batched=True, remove_columns=data.column_names,
    )  # fmt: skip


def padding(data: Dataset, tokenizer: Any, make: Callable[[], Any]) -> None:
    """Print how many tokens each side computes for a real one, in one epoch."""
    inputs = tokenized(data, tokenizer)
    lengths = np.array([[len(i), len(t)] for i, t in zip(inputs["input_ids"], inputs["labels"], strict=True)])
    cost = BatchCost.of(TrainingConfig(train_batch_size=BATCH), Accelerator(), make().num_parameters())
    ours = [part for step in StepPlan(len(data), BATCH, seed=0).epoch(0) for part in batches(step, lengths, cost)]
    torch.manual_seed(0)
    orders = {
        "Seq2SeqTrainer": np.random.default_rng(0).permutation(len(data)),
        "grouped": np.array(list(LengthGroupedSampler(BATCH, lengths=lengths[:, 0].tolist()))),
    }
    computed_by = {side: [order[i : i + BATCH] for i in range(0, len(order), BATCH)] for side, order in orders.items()}
    for side, computed_together in (computed_by | {"codeshift": ours}).items():
        computed = sum(len(rows) * int(lengths[rows].max(axis=0).sum()) for rows in computed_together)
        ratio = round(computed / int(lengths.sum()), 2)
        print(json.dumps({"work": "padding", "side": side, "tokens_for_a_real_one": ratio}), flush=True)


def training(data: Dataset, tokenizer: Any, make: Callable[[], Any]) -> list[dict]:
    """CPU seconds of one epoch, tokenizing included, on each side."""
    inputs = tokenized(data, tokenizer)
    tokens = sum(map(len, inputs["input_ids"])) + sum(map(len, inputs["labels"]))
    grouped = {"train_sampling_strategy": "group_by_length"}
    rows = []
    for method, peft in (("full", None), ("lora", LoraConfig(r=8, task_type="SEQ_2_SEQ_LM"))):

        def theirs(peft: Any = peft, **options: Any) -> Any:
            model = make() if peft is None else get_peft_model(make(), peft)
            return peer(model, tokenizer, tokenized(data, tokenizer), **options).train()

        def ours(peft: Any = peft) -> Any:
            config = TrainingConfig(learning_rate=RATE, num_train_epochs=1, train_batch_size=BATCH, weight_decay=0.0,
                                    max_source_length=LENGTH, max_target_length=LENGTH)  # fmt: skip
            trainer = Trainer(
                make(), tokenizer, config, source="source", target="target", peft_config=peft, progress=False
            )
            return trainer.fit(data)

        for name, work in (("Seq2SeqTrainer", theirs), ("grouped", lambda t=theirs: t(**grouped)), ("codeshift", ours)):
            seconds, _ = cpu_seconds(work)
            rows.append({"work": f"train {method}", "side": name, "seconds": seconds, "per_second": tokens / seconds})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def watching(data: Dataset, tokenizer: Any, make: Callable[[], Any]) -> None:
    """Print the share of an epoch's CPU seconds that watching two parts takes, and what a watched row costs."""
    held_out = len(data) // 5
    cuts = {"test_id": (0, held_out), "test_ood": (held_out, 2 * held_out), "train": (2 * held_out, len(data))}
    parts = DatasetDict({part: data.select(range(*cut)) for part, cut in cuts.items()})
    config = TrainingConfig(learning_rate=RATE, num_train_epochs=1, train_batch_size=BATCH,
                            max_source_length=LENGTH, max_target_length=LENGTH)  # fmt: skip
    seconds: list[float] = []
    watched: list[int] = []
    measure = Validation.measure

    def timed(self: Validation, model: Any) -> dict[str, float]:
        of_part, measured = cpu_seconds(lambda: measure(self, model))
        seconds.append(of_part)
        watched.append(len(self.data))
        return measured

    with mock.patch.object(Validation, "measure", timed):
        trainer = Trainer(make(), tokenizer, config, source="source", target="target", progress=False,
                          watch=("test_id", "test_ood"))  # fmt: skip
        whole, _ = cpu_seconds(lambda: trainer.fit(parts))
    training = whole - sum(seconds)
    row = (sum(seconds) / sum(watched)) / (training / len(parts["train"]))
    print(json.dumps({
        "work": "watch", "trained_rows": len(parts["train"]), "watched_rows": sum(watched), "seconds": whole,
        "share": sum(seconds) / training, "watched_row_in_trained_rows": row,
    }), flush=True)  # fmt: skip


def generation(data: Dataset, tokenizer: Any, model: Any, new_tokens: int) -> list[dict]:
    """CPU seconds to generate for rows, by beams, on each side, at the same batch size; the texts must agree."""
    inputs, rows = tokenized(data, tokenizer), []
    for beams in (1, 5, 10):
        predictor = peer(model, tokenizer, inputs, predict_with_generate=True, per_device_eval_batch_size=BATCH)

        def theirs(predictor: Any = predictor, beams: int = beams) -> list[str]:
            predicted = predictor.predict(inputs, max_new_tokens=new_tokens, num_beams=beams)
            ids = np.where(predicted.predictions == -100, tokenizer.pad_token_id, predicted.predictions)
            return tokenizer.batch_decode(ids, skip_special_tokens=True)

        def ours(beams: int = beams) -> list[str]:
            decoding = Decoding(num_beams=beams, max_new_tokens=new_tokens)
            evaluator = Evaluator([ExactMatch()], source="source", target="target", batch_size=BATCH, decoding=decoding,
                                  max_source_length=LENGTH, max_target_length=LENGTH, progress=False)  # fmt: skip
            return evaluator.evaluate(model, data, tokenizer=tokenizer)["data"].predictions

        texts = []
        for name, work in (("Seq2SeqTrainer", theirs), ("codeshift", ours)):
            seconds, result = cpu_seconds(work)
            texts.append(result)
            rows.append({"work": f"beam {beams}", "side": name, "seconds": seconds, "per_second": len(data) / seconds})
            print(json.dumps(rows[-1]), flush=True)
        rows[-1]["same"] = sum(a == b for a, b in zip(*texts, strict=True))
        print(json.dumps({"work": f"beam {beams}", "same_texts": rows[-1]["same"], "of": len(data)}), flush=True)
    return rows


def ratios(rows: list[dict]) -> None:
    """How many times faster than each peer of the same work."""
    ours = {row["work"]: row["seconds"] for row in rows if row["side"] == "codeshift"}
    for row in rows:
        if row["side"] != "codeshift":
            print(f"{row['work']:<12} {row['seconds'] / ours[row['work']]:.2f}x {row['side']}", flush=True)


def main() -> None:
    """Run all parts and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--generate-rows", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--data")
    parser.add_argument("--source", default="nl")
    parser.add_argument("--target", default="code")
    parser.add_argument("--only", choices=["padding", "train", "watch", "generate"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    disable_progress_bars()
    data = load_rows(options)
    tokenizer = tiny_tokenizer([*data["source"], *data["target"]], vocab_size=8000)

    def make() -> Any:
        return tiny_model("t5", tokenizer, **SHAPE)

    print(f"{sum(p.numel() for p in make().parameters()):,} parameters, {len(data)} rows", flush=True)
    rows = []
    if options.only in (None, "padding"):
        padding(data, tokenizer, make)
    if options.only in (None, "train"):
        rows += training(data, tokenizer, make)
    if options.only in (None, "watch"):
        watching(data, tokenizer, make)
    if options.only in (None, "generate"):
        some = data.select(range(min(options.generate_rows, len(data))))
        rows += generation(some, tokenizer, make(), options.new_tokens)
    ratios(rows)


if __name__ == "__main__":
    main()

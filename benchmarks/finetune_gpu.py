"""Training beside transformers' Seq2SeqTrainer on a GPU: tokens a second and memory, bf16, full and LoRA.

    python benchmarks/finetune_gpu.py [--rows 4000] [--batch-size 32] [--data FILE.jsonl --source nl --target code]

The models are T5s of 60M and 220M parameters (the shapes of t5-small and t5-base) with random weights. Each side trains
the same model on the same rows for one epoch; tokens counted are the real ones, padding left out. Seconds are those of
the training loop on the clock; memory is the most that torch held on the GPU at a time. ``--toy`` takes a model of 0.1M
parameters and few rows, to see the script run on a CPU: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import warnings
from collections.abc import Callable
from typing import Any

import torch
from datasets import Dataset
from finetune_training import LENGTH, RATE, load_rows, peer, tokenized
from peft import LoraConfig, get_peft_model
from transformers.utils import logging

from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.testing import tiny_model, tiny_tokenizer

SHAPES = {
    "60M": {"d_model": 512, "d_ff": 2048, "d_kv": 64, "num_heads": 8, "num_layers": 6, "vocab_size": 32100},
    "220M": {"d_model": 768, "d_ff": 3072, "d_kv": 64, "num_heads": 12, "num_layers": 12, "vocab_size": 32100},
}
TOY: dict[str, dict[str, int]] = {"0.1M": {}}
METHODS = {"full": None, "lora": LoraConfig(r=8, task_type="SEQ_2_SEQ_LM")}
SIDES = ("Seq2SeqTrainer", "grouped", "codeshift")


def measured(work: Callable[[], float]) -> tuple[float, float | None]:
    """The seconds that ``work`` returns, and the most GiB that torch held meanwhile (None without a GPU)."""
    gc.collect()
    if not torch.cuda.is_available():
        return work(), None
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    seconds = work()
    return seconds, torch.cuda.max_memory_allocated() / 2**30


def train(side: str, model: Any, tokenizer: Any, data: Dataset, inputs: Dataset, method: str, batch_size: int) -> float:
    """Seconds of one epoch of the training loop."""
    adapter = METHODS[method]
    if side == "codeshift":
        config = TrainingConfig(
            learning_rate=RATE, num_epochs=1, batch_size=batch_size, precision="bf16", weight_decay=0.0,
            max_source_length=LENGTH, max_target_length=LENGTH,
        )  # fmt: skip
        columns = {"source": "source", "target": "target", "progress": False}
        return Trainer(model, tokenizer, config, peft_config=adapter, **columns).fit(data).seconds
    model = model if adapter is None else get_peft_model(model, adapter)
    options = {"per_device_train_batch_size": batch_size, "bf16": True, "use_cpu": not torch.cuda.is_available()}
    if side == "grouped":
        options["train_sampling_strategy"] = "group_by_length"
    return float(peer(model, tokenizer, inputs, **options).train().metrics["train_runtime"])


def main() -> None:
    """Measure every model, method and side, and print one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--data")
    parser.add_argument("--source", default="nl")
    parser.add_argument("--target", default="code")
    parser.add_argument("--toy", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    options.rows = min(options.rows, 32) if options.toy else options.rows
    data = load_rows(options)
    tokenizer = tiny_tokenizer([*data["source"], *data["target"]], vocab_size=600 if options.toy else 8000)
    inputs = tokenized(data, tokenizer)
    tokens = sum(map(len, inputs["input_ids"])) + sum(map(len, inputs["labels"]))
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(json.dumps({"device": device, "rows": len(data), "tokens": tokens, "torch": torch.__version__}), flush=True)
    shapes = TOY if options.toy else SHAPES
    few = min(8 * options.batch_size, len(data))
    for size, method, side in itertools.product(shapes, METHODS, SIDES):

        def work(rows: int, size: str = size, method: str = method, side: str = side) -> float:
            model = tiny_model("t5", tokenizer, **shapes[size])
            parts = data.select(range(rows)), inputs.select(range(rows))
            return train(side, model, tokenizer, *parts, method, options.batch_size)

        work(few)  # kernels are chosen and memory is mapped before the clock runs
        seconds, memory = measured(lambda work=work: work(len(data)))
        row = {"model": size, "method": method, "side": side, "tokens_per_second": round(tokens / seconds)}
        print(json.dumps(row | {"gib": memory and round(memory, 2)}), flush=True)


if __name__ == "__main__":
    main()

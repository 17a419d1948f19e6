"""Training on a GPU beside transformers' Seq2SeqTrainer and TRL's SFTTrainer: tokens a second and memory, in bf16.

    python benchmarks/finetune_gpu.py [--seconds 170] [--batch-size 32] [--data FILE.jsonl --source nl --target code]

The models have random weights: T5s of 60M and 220M parameters (the shapes of t5-small and t5-base), and Llamas of the
shapes of SmolLM2-135M and Llama-3.2-1B, with the vocabulary of the rows' own tokenizer unless ``--vocabulary`` says
another. They are trained in full, with LoRA, and the Llamas with LoRA on weights of 4 bits too (NF4, by bitsandbytes:
QLoRA). Each side trains the same model on the same rows for one epoch, with the same AdamW, learning rate and batch
size, weight decay 0 and no gradient checkpointing (a default of TRL's, which takes less memory and more time);
"grouped" is the peer with its ``group_by_length``. All are given the same token ids, but for the last one of a text
that is cut, and the loss is of the target alone on every side.

Tokens counted are the real ones, padding left out. Seconds are those of the training loop on the clock, after some
steps that are not counted. GiB are the most that torch held on the GPU at a time, beyond the model as it was given. The
loss is the mean of the last quarter of the steps: sides that did the same work agree in it. The rows are as many as fit
into ``--seconds``, of the whole script after its imports, the same for all sides of a model and a method. A side that
fails leaves a line with its error, and the script then ends with 1. ``--toy`` takes tiny models and few rows, to see
the script run on a CPU: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset, disable_progress_bars
from finetune_training import LENGTH, RATE, load_rows, peer, tokenized
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    BitsAndBytesConfig,
    LlamaConfig,
    PrinterCallback,
    T5Config,
    TrainerCallback,
)
from transformers.utils import logging

from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.testing import tiny_tokenizer

STARTED = time.perf_counter()
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
QUARTERS = 4
T5 = {"d_kv": 64, "vocab_size": 32100}
LLAMA = {"head_dim": 64, "tie_word_embeddings": True, "max_position_embeddings": 2 * LENGTH}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "T5 60M": ("t5", T5 | {"d_model": 512, "d_ff": 2048, "num_heads": 8, "num_layers": 6}),
    "T5 220M": ("t5", T5 | {"d_model": 768, "d_ff": 3072, "num_heads": 12, "num_layers": 12}),
    "Llama 135M": ("llama", LLAMA | {
        "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3,
    }),
    "Llama 1B": ("llama", LLAMA | {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8,
    }),
}  # fmt: skip
TOY: dict[str, tuple[str, dict[str, Any]]] = {
    "T5 toy": ("t5", {"d_model": 32, "d_ff": 64, "d_kv": 8, "num_heads": 4, "num_layers": 2}),
    "Llama toy": ("llama", {
        "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "tie_word_embeddings": True,
    }),
}  # fmt: skip
CLASSES = {"t5": (AutoModelForSeq2SeqLM, T5Config), "llama": (AutoModelForCausalLM, LlamaConfig)}
METHODS = {"t5": ("full", "lora"), "llama": ("full", "lora", "nf4")}
PEERS = {"t5": "Seq2SeqTrainer", "llama": "SFTTrainer"}
TASKS = {"t5": "SEQ_2_SEQ_LM", "llama": "CAUSAL_LM"}


@dataclass
class Work:
    """What is trained: a model as it is given, how, and on which rows.

    Attributes:
        family: "t5" or "llama".
        method: "full", "lora" or "nf4".
        model: as every side is given it; none changes it.
        tokenizer: of all models.
        data: the rows as source and target.
        inputs: the same rows as token ids, as the peer takes them.
        batch_size: rows in a step.
    """

    family: str
    method: str
    model: Any
    tokenizer: Any
    data: Dataset
    inputs: Dataset
    batch_size: int

    @property
    def sides(self) -> tuple[str, ...]:
        """The peer with its defaults, the peer with ``group_by_length``, and this library."""
        name = PEERS[self.family]
        return name, f"{name} grouped", "codeshift"

    @property
    def adapter(self) -> LoraConfig | None:
        """LoRA of rank 8 where PEFT puts it by default; None trains in full."""
        return None if self.method == "full" else LoraConfig(r=8, task_type=TASKS[self.family])

    def first(self, steps: int) -> Work:
        """The same on the rows of so many steps."""
        rows = range(min(steps * self.batch_size, len(self.data)))
        return Work(self.family, self.method, self.model, self.tokenizer, self.data.select(rows),
                    self.inputs.select(rows), self.batch_size)  # fmt: skip

    @property
    def steps(self) -> int:
        """Updates in one epoch."""
        return -(-len(self.data) // self.batch_size)

    @property
    def tokens(self) -> int:
        """Real tokens of one epoch; a row of a decoder is source and target in one."""
        labels = 0 if self.family == "llama" else sum(map(len, self.inputs["labels"]))
        return sum(map(len, self.inputs["input_ids"])) + labels

    def train(self, side: str) -> tuple[float, float]:
        """Seconds of the training loop, and the loss of the last quarter of the steps."""
        last = max(1, self.steps // QUARTERS)
        if side == "codeshift":
            config = TrainingConfig(
                learning_rate=RATE, num_train_epochs=1, train_batch_size=self.batch_size, bf16=True, weight_decay=0.0,
                max_source_length=LENGTH, max_target_length=LENGTH,
            )  # fmt: skip
            columns = {"source": "source", "target": "target", "progress": False}
            result = Trainer(self.model, self.tokenizer, config, peft_config=self.adapter, **columns).fit(self.data)
            return result.seconds, sum(result.losses[-last:]) / last
        options = {"per_device_train_batch_size": self.batch_size, "bf16": True, "use_cpu": DEVICE == "cpu",
                   "logging_strategy": "steps", "logging_steps": last}  # fmt: skip
        if side.endswith("grouped"):
            options["train_sampling_strategy"] = "group_by_length"
        model = copy.deepcopy(self.model)
        trainer = (self._seq2seq_trainer if self.family == "t5" else self._sft_trainer)(model, options)
        clock = Clock()
        trainer.add_callback(clock)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        return clock.seconds, float(next(row["loss"] for row in reversed(trainer.state.log_history) if "loss" in row))

    def _seq2seq_trainer(self, model: Any, options: dict[str, Any]) -> Any:
        model = model if self.adapter is None else get_peft_model(model, self.adapter)
        return peer(model, self.tokenizer, self.inputs, **options)

    def _sft_trainer(self, model: Any, options: dict[str, Any]) -> Any:
        from trl import SFTConfig, SFTTrainer

        arguments = SFTConfig(
            num_train_epochs=1, learning_rate=RATE, save_strategy="no", report_to=[], disable_tqdm=True,
            gradient_checkpointing=False, max_length=2 * LENGTH, dataset_kwargs={"skip_prepare_dataset": True},
            **options,
        )  # fmt: skip
        return SFTTrainer(model, arguments, train_dataset=self.inputs, processing_class=copy.deepcopy(self.tokenizer),
                          peft_config=self.adapter)  # fmt: skip


class Clock(TrainerCallback):
    """Seconds from the first step of a trainer of transformers to its last."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        self.seconds = -now()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Stop."""
        self.seconds += now()


def now() -> float:
    """The time on the clock once the GPU has done all it was given."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def build(family: str, shape: dict[str, Any], tokenizer: Any) -> Any:
    """A model of random weights on the device."""
    auto, config = CLASSES[family]
    ids = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id,
           "eos_token_id": tokenizer.eos_token_id}  # fmt: skip
    starts = {"decoder_start_token_id": tokenizer.pad_token_id} if family == "t5" else {}
    torch.manual_seed(0)
    with torch.device(DEVICE):
        return auto.from_config(config(**({"vocab_size": len(tokenizer)} | ids | starts | shape))).eval()


def in_nf4(model: Any) -> Any:
    """The model with its linear layers in 4 bits, as a user of QLoRA loads it."""
    quantised = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return AutoModelForCausalLM.from_pretrained(
            folder,
            quantization_config=quantised,
            dtype=torch.bfloat16,
            device_map={"": 0 if DEVICE == "cuda" else "cpu"},
        )


def as_one_sequence(inputs: Dataset) -> Dataset:
    """Source and target in one, as a decoder is trained on them: the loss is of the target and of its end."""

    def joined(row: dict[str, list[int]], end: int) -> dict[str, list[int]]:
        source = row["input_ids"][:-1] if row["input_ids"][-1] == end else row["input_ids"]
        return {"input_ids": source + row["labels"], "labels": [-100] * len(source) + row["labels"]}

    end = inputs[0]["input_ids"][-1]
    return inputs.map(joined, fn_kwargs={"end": end}, remove_columns=inputs.column_names)


def free() -> None:
    """Let go of what the trainer before left."""
    gc.collect()  # trainers of transformers hold themselves
    if DEVICE == "cuda":
        torch.cuda.empty_cache()


def measured(work: Callable[[], tuple[float, float]]) -> tuple[float, float, float | None]:
    """What ``work`` returns, and the most GiB that torch held meanwhile beyond what it held before (None on a CPU)."""
    free()
    if DEVICE == "cpu":
        return *work(), None
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = work()
    return *result, (torch.cuda.max_memory_allocated() - before) / 2**30


def steps_that_fit(work: Work, side: str, deadline: float, few: int, sides: int) -> int:
    """Steps that all sides have time for until ``deadline``, a multiple of ``QUARTERS``.

    Args:
        work: on all rows there are.
        side: whose kernels are loaded already.
        deadline: on the clock.
        few: steps that each of the other sides makes first.
        sides: that are left, this one included.
    """
    free()
    started = now()
    seconds, _ = work.first(few).train(side)
    ended = now()
    fixed, step = ended - started - seconds, seconds / few  # of a trainer, and of a step
    others = 1.5 * (sides - 1)  # they are slower: by how much is not known yet
    left = 0.9 * (deadline - ended) - fixed * (2 * others + 1) - step * others * few
    fits = int(left / (step * (1 + others)))
    return max(few, min(fits, work.steps)) // QUARTERS * QUARTERS


def compare(name: str, work: Work, deadline: float, few: int) -> bool:
    """Print one line a side; whether every side went through.

    Args:
        name: of the model.
        work: on all rows there are.
        deadline: on the clock, for all sides together.
        few: steps that are made before the clock runs: kernels are loaded and memory is mapped.
    """
    steps, whole = 0, True
    for i, side in enumerate(reversed(work.sides)):  # ours first: its speed says how many steps fit
        row: dict[str, Any] = {"model": name, "method": work.method, "side": side}
        try:
            free()
            work.first(few).train(side)
            if not steps:
                steps = steps_that_fit(work, side, deadline, few, len(work.sides) - i)
            some = work.first(steps)
            taken, loss, gib = measured(lambda some=some, side=side: some.train(side))
            row |= {"steps": some.steps, "seconds": round(taken, 3), "tokens_per_second": round(some.tokens / taken),
                    "gib": gib and round(gib, 2), "loss": round(loss, 4)}  # fmt: skip
        except Exception as error:  # noqa: BLE001 - the other sides go on; main tells by its exit status
            traceback.print_exc()
            row |= {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
            whole = False
        print(json.dumps(row), flush=True)
    return whole


def main() -> int:
    """Measure every model, method and side, and print one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=170.0)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--vocabulary", type=int)
    parser.add_argument("--data")
    parser.add_argument("--source", default="nl")
    parser.add_argument("--target", default="code")
    parser.add_argument("--toy", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    if options.toy:
        options.rows, options.batch_size = 64, 8
    data = load_rows(options)
    tokenizer = tiny_tokenizer([*data["source"], *data["target"]], vocab_size=600 if options.toy else 8000)
    inputs = tokenized(data, tokenizer)
    by_family = {"t5": inputs, "llama": as_one_sequence(inputs)}
    device = torch.cuda.get_device_name() if DEVICE == "cuda" else "CPU"
    print(json.dumps({"device": device, "rows": len(data), "torch": torch.__version__}), flush=True)
    shapes = TOY if options.toy else SHAPES
    left = sum(len(METHODS[family]) for family, _ in shapes.values())
    whole = True
    for name, (family, shape) in shapes.items():
        wider = {"vocab_size": options.vocabulary} if options.vocabulary and family == "llama" else {}
        model = build(family, shape | wider, tokenizer)
        print(json.dumps({"model": name, "parameters": model.num_parameters()}), flush=True)
        for method in METHODS[family]:
            deadline = time.perf_counter() + (options.seconds - (time.perf_counter() - STARTED)) / left
            left -= 1
            try:
                trained = in_nf4(model) if method == "nf4" else model
            except Exception as error:  # noqa: BLE001 - as in compare
                traceback.print_exc()
                message = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
                print(json.dumps({"model": name, "method": method, "error": message}), flush=True)
                whole = False
                continue
            work = Work(family, method, trained, tokenizer, data, by_family[family], options.batch_size)
            whole &= compare(name, work, deadline, few=4 if options.toy else 12)
    print(json.dumps({"seconds": round(time.perf_counter() - STARTED, 1)}), flush=True)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())

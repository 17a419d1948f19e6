"""From a corpus to a folder with a pretrained model, in steps that a killed run takes up again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict

from codeshift.audit import audit
from codeshift.checks import check_choice
from codeshift.errors import DataError
from codeshift.finetune import Trainer, TrainingConfig, TrainingResult, load_model
from codeshift.finetune.models import load_tokenizer
from tools.pretrain.code_tokenizer import SENTINELS, train_code_tokenizer
from tools.pretrain.corpus import Corpus
from tools.pretrain.model import VOCABULARY, untrained_model
from tools.pretrain.tasks import SOURCE_TOKENS, TARGET_TOKENS, docstring_rows, layout, pretraining_rows

_VALIDATED_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig:
    """How long to pretrain, and how.

    Attributes:
        steps: updates of the weights.
        batch_size: rows in each.
        learning_rate: the highest one, which each matrix gets times its own scale (``scale_by_weights``); it rises over
            the first 4% of the steps and falls to 0 as a cosine.
        precision: of the arithmetic, "fp32" or "bf16"; weights are float32.
        vocabulary: entries of the tokenizer.
        seed: of weights, hidden spans and order.
        checkpoint_every: steps between two checkpoints, from which a killed run goes on.
        validate_every: steps between two measurements on held-out functions; they choose nothing.
    """

    steps: int = 5_000
    batch_size: int = 32
    learning_rate: float = 2.5e-2
    precision: str = "bf16"
    vocabulary: int = VOCABULARY
    seed: int = 0
    checkpoint_every: int = 250
    validate_every: int = 500

    def training(self) -> TrainingConfig:
        """The trainer's settings.

        Raises:
            ParameterError: one of them cannot work.
        """
        return TrainingConfig(
            learning_rate=self.learning_rate,
            max_steps=self.steps,
            train_batch_size=self.batch_size,
            scale_by_weights=True,
            warmup_steps=0.04,
            lr_scheduler_type="cosine",
            max_source_length=SOURCE_TOKENS,
            max_target_length=TARGET_TOKENS,
            special_tokens=SENTINELS,
            seed=self.seed,
            bf16=check_choice("precision", self.precision, ("fp32", "bf16")) == "bf16",
            eval_strategy="steps",
            eval_steps=self.validate_every,
            save_strategy="steps",
            save_steps=self.checkpoint_every,
        )


def check_held_out(corpus: Corpus) -> dict[str, Any]:
    """The audit of the corpus against what is held out.

    Returns:
        How many rows were compared, and how many held-out ones have an exact or near-duplicate in the corpus: none.

    Raises:
        DataError: some have.
    """
    parts = {
        "train": Dataset.from_dict({"code": [fragment.code for fragment in corpus.fragments]}),
        "test": Dataset.from_dict({"code": [fragment.code for fragment in corpus.held_out]}),
    }
    report = audit(DatasetDict(parts), column="code", properties=(), n_permutations=19)
    leakage = next(leak for leak in report.leakage if leak.part == "test")
    if leakage.near:
        raise DataError("corpus", "free of what is held out", str(report.verdict), "hold out whole components")
    return {"train": len(parts["train"]), "test": len(parts["test"]), "leaked": leakage.near}


def pretrain(
    corpus: Corpus, folder: Path, config: PretrainingConfig, *, start: Path | None = None, progress: bool = False
) -> TrainingResult:
    """Train a tokenizer and a model on ``corpus``; a run that was killed is taken up at its last checkpoint.

    Args:
        corpus: what to learn from, and what to measure on.
        folder: gets ``checkpoints/`` and, at the end, the trained model in float32.
        config: how long, and how.
        start: a folder with a model and its tokenizer to train on; None starts from random weights.
        progress: whether a progress bar is shown.

    Raises:
        CheckpointError: the folder holds the checkpoints of another run.
    """
    tokenizer = load_tokenizer(start) if start else _trained_tokenizer(corpus, config.vocabulary)
    every = max(1, len(corpus.held_out) // _VALIDATED_ROWS)
    splits = {"train": pretraining_rows(corpus.fragments, tokenizer, seed=config.seed)}
    if corpus.held_out:
        in_order = sorted(corpus.held_out, key=lambda fragment: fragment.digest)
        splits["validation"] = docstring_rows(in_order[::every])
    started = time.time()
    model = load_model(start) if start else untrained_model(tokenizer, seed=config.seed)
    trainer = Trainer(model, tokenizer, config.training(), source="source", target="target", progress=progress)
    result = trainer.fit(DatasetDict(splits), folder)
    session = {"seconds": round(time.time() - started), "steps": len(result.losses), "rows": len(splits["train"])}
    with (folder / "sessions.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(session) + "\n")
    return result


def _trained_tokenizer(corpus: Corpus, vocabulary: int) -> Any:
    documented = [fragment.docstring for fragment in corpus.fragments if fragment.docstring]
    texts = [layout(fragment) for fragment in corpus.fragments]
    return train_code_tokenizer([*texts, *documented], vocabulary=vocabulary)

"""From a finished run to the folder that others load: half precision, the tokenizer, the recipe, the card."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from codeshift import __version__
from codeshift.errors import DataError
from codeshift.finetune import Evaluator, TrainingResult, load_model
from codeshift.finetune.models import load_tokenizer
from codeshift.metrics import NegativeLogLikelihood
from tools.pretrain.card import card, loss_curve
from tools.pretrain.corpus import Corpus
from tools.pretrain.model import ARCHITECTURE, untrained_model
from tools.pretrain.running import PretrainingConfig
from tools.pretrain.tasks import SOURCE_TOKENS, TARGET_TOKENS, docstring_rows

RECIPE = "pretraining.json"
_LIBRARIES = ("torch", "transformers", "tokenizers", "accelerate", "numpy", "tree-sitter", "tree-sitter-java")
_OF_A_STAGE = ("settings", "training", "rows", "target_tokens", "seconds", "threads", "curve")
_SMOOTHED = 50  # steps in a point of the curve
_MEASURED = 1000
_LONGEST = 600  # characters of the held-out functions that are measured


def export(
    run: Path,
    folder: Path,
    corpus: Corpus,
    config: PretrainingConfig,
    result: TrainingResult,
    *,
    about: dict[str, Any],
) -> dict[str, Any]:
    """Write the model of a finished run to ``folder``, whole or not at all.

    Weights are float16 on disk, and float32 in memory: the folder's config says so to every loader of transformers.

    Args:
        run: the folder that ``pretrain`` wrote.
        folder: replaced where it exists.
        corpus: that it was trained on.
        config: that it was trained with.
        result: of the training.
        about: what else the recipe is to say, by name.

    Returns:
        The recipe, which stands in ``pretraining.json``; the card ``README.md`` is its words.
    """
    tokenizer, model = load_tokenizer(run), load_model(run)
    for name in ("is_local", "local_files_only"):  # how this run loaded it, which is nothing to save
        tokenizer.init_kwargs.pop(name, None)
    recipe = about | _recipe(run, corpus, config, result, model, tokenizer)
    first = [*about.get("earlier", []), recipe][0]["settings"]
    untrained = untrained_model(tokenizer, seed=first["seed"])  # what the first stage began with, not this one
    recipe["likelihood_before"] = held_out_likelihood(untrained, tokenizer, corpus)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        model.half().save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        _loads_as_float32(temporary / "config.json")
        (temporary / RECIPE).write_text(json.dumps(recipe, indent=1), encoding="utf-8")
        (temporary / "loss.svg").write_text(loss_curve(recipe), encoding="utf-8")
        (temporary / "README.md").write_text(card(recipe), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return recipe


def earlier_stages(folder: Path) -> list[dict[str, Any]]:
    """What the recipe of an exported model, or of the run that exported it, says of its training, stage by stage.

    Raises:
        DataError: the folder holds no recipe.
    """
    path = next((path for path in (folder / RECIPE, folder / "model" / RECIPE) if path.is_file()), None)
    if path is None:
        raise DataError("start", f"a folder with {RECIPE}", str(folder), "give a folder that an earlier run exported")
    recipe = json.loads(path.read_text(encoding="utf-8"))
    return [*recipe.get("earlier", []), {name: recipe[name] for name in _OF_A_STAGE}]


def held_out_likelihood(model: Any, tokenizer: Any, corpus: Corpus) -> dict[str, float]:
    """The NLL a token of a thousand held-out functions of at most 600 characters, with its interval; no fine-tuning."""
    short = sorted((f for f in corpus.held_out if len(f.code) <= _LONGEST), key=lambda fragment: fragment.digest)
    rows: Dataset = docstring_rows(short[:_MEASURED])
    evaluator = Evaluator(
        [NegativeLogLikelihood()], source="source", target="target", progress=False,
        max_source_length=SOURCE_TOKENS, max_target_length=TARGET_TOKENS,
    )  # fmt: skip
    result = evaluator.evaluate(model, rows, tokenizer=tokenizer, parts=["data"])["data"]
    estimate = result.estimates["negative_log_likelihood"]
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "rows": estimate.n}


def _recipe(
    run: Path, corpus: Corpus, config: PretrainingConfig, result: TrainingResult, model: Any, tokenizer: Any
) -> dict[str, Any]:
    sessions = [json.loads(line) for line in (run / "sessions.jsonl").read_text(encoding="utf-8").splitlines()]
    return {
        "sources": list(corpus.counts),
        "fragments": len(corpus.fragments),
        "documented": sum(bool(fragment.docstring) for fragment in corpus.fragments),
        "characters": sum(len(fragment.code) for fragment in corpus.fragments),
        "rows": max(session["rows"] for session in sessions),
        "architecture": ARCHITECTURE,
        "parameters": model.num_parameters(),
        "vocabulary": len(tokenizer),
        "settings": asdict(config),
        "training": config.training().to_dict(),
        "target_tokens": int(sum(row.get("tokens", 0) for row in result.history)),
        "seconds": max(session["seconds"] for session in sessions),
        "machine": _machine(),
        "threads": torch.get_num_threads(),
        "likelihood_after": held_out_likelihood(model, tokenizer, corpus),
        "curve": _curve(result),
        "versions": {"codeshift": __version__, "python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def _curve(result: TrainingResult) -> dict[str, Any]:
    losses = np.array(result.losses)
    starts = range(0, len(losses), _SMOOTHED)
    return {
        "training": [
            [min(start + _SMOOTHED, len(losses)), round(float(losses[start : start + _SMOOTHED].mean()), 4)]
            for start in starts
        ],
        "validation": [
            [int(row["step"]), round(row["validation_loss"], 4)] for row in result.history if "validation_loss" in row
        ],
    }


def _machine() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, no GPU"


def _loads_as_float32(path: Path) -> None:
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(settings | {"dtype": "float32"}, indent=2) + "\n", encoding="utf-8")

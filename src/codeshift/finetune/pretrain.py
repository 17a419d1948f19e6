"""A small encoder-decoder of one's own: a T5 of two million parameters, pretrained by denoising on the texts at hand.

It is for demonstrations, tests and machines that reach no hub. It is no substitute for a real pretrained model.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets
from transformers import T5Config, T5ForConditionalGeneration

from codeshift import __version__
from codeshift.errors import DataError
from codeshift.finetune.code_tokenizer import train_code_tokenizer
from codeshift.finetune.config import TrainingConfig
from codeshift.finetune.denoising import corrupt_spans
from codeshift.finetune.runtime import seeded
from codeshift.finetune.trainer import Trainer

VOCABULARY = 4096
STEPS = 1000
_BATCH_SIZE = 16
_ARCHITECTURE = {
    "d_model": 160,
    "d_kv": 40,
    "d_ff": 640,
    "num_heads": 4,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "dropout_rate": 0.0,
    "tie_word_embeddings": True,
}
_LIBRARIES = ("torch", "transformers", "tokenizers", "accelerate", "numpy")
_CARD = "pretraining.json"


def tiny_t5(tokenizer: Any, *, seed: int = 0) -> T5ForConditionalGeneration:
    """A T5 with random weights: two layers each way of width 160, 2.1 million parameters with 4,096 entries.

    Input and output embeddings are tied. There is no dropout: a budget of minutes shows the model each text once or
    twice, so what it lacks is fit and not restraint.

    Args:
        tokenizer: whose vocabulary, padding and end token it gets.
        seed: of the weights.

    >>> tokenizer = train_code_tokenizer(["def add(a, b): return a + b"], vocabulary=400)
    >>> tiny_t5(tokenizer).config.d_model
    160
    """
    config = T5Config(
        **_ARCHITECTURE,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    with seeded(seed):
        return T5ForConditionalGeneration(config).eval()


def pretrained_t5(
    texts: Sequence[str],
    cache: str | os.PathLike[str],
    *,
    steps: int = STEPS,
    vocabulary: int = VOCABULARY,
    seed: int = 0,
    progress: bool = False,
) -> Path:
    """The folder of a tiny T5 pretrained on ``texts`` by denoising; made at the first call, read from the cache after.

    The folder is in the ordinary format of transformers, for ``AutoTokenizer`` and ``AutoModelForSeq2SeqLM``, with a
    ``pretraining.json`` beside it that holds the recipe and the loss of each step. Its name is a digest of all that
    determines the weights: texts, settings and versions of libraries. The budget is a number of steps, never a time,
    so that one seed gives one model (on one machine: another number of threads rounds sums in another order).

    Args:
        texts: programs, one a row. Whatever the model is tested on must not be among them.
        cache: the folder that the model's folder stands in.
        steps: updates of the weights, of 16 rows each; 1,000 took two to three CPU minutes in ``codeshift demo``.
        vocabulary: entries of the tokenizer.
        seed: of weights, masks and order.
        progress: whether a progress bar is shown.

    Raises:
        DataError: no text.
        ParameterError: a setting cannot work.

    >>> import tempfile
    >>> from codeshift.finetune import load_model
    >>> with tempfile.TemporaryDirectory() as cache:
    ...     folder = pretrained_t5(["def add(a, b): return a + b"] * 4, cache, steps=1, vocabulary=400)
    ...     load_model(folder).num_parameters() > 1_000_000
    True
    """
    texts = list(texts)
    if not texts:
        raise DataError("texts", "programs to learn from", texts, "give one program a row")
    config = TrainingConfig(
        learning_rate=2e-3, max_steps=steps, batch_size=_BATCH_SIZE, warmup=0.1, weight_decay=0.0, seed=seed,
        eval_every=None,
    )  # fmt: skip
    recipe = _recipe(texts, config, vocabulary)
    folder = Path(cache) / f"t5-{_digest(json.dumps(recipe, sort_keys=True).encode())[:16]}"
    if not (folder / _CARD).exists():
        _make(folder, texts, config, recipe, progress)
    return folder


def _recipe(texts: list[str], config: TrainingConfig, vocabulary: int) -> dict[str, Any]:
    """All that determines the weights."""
    return {
        "task": "span corruption: half of the rows 15% of the tokens in spans of 3, half 50% in one span",
        "texts": len(texts),
        "texts_sha256": _digest("\0".join(sorted(texts)).encode("utf-8", "surrogatepass")),
        "vocabulary": vocabulary,
        "training": config.to_dict(),
        "architecture": _ARCHITECTURE,
        "versions": {"codeshift": __version__} | {name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _make(folder: Path, texts: list[str], config: TrainingConfig, recipe: dict[str, Any], progress: bool) -> None:
    texts = sorted(texts)  # the recipe does not know their order, so the weights must not either
    tokenizer = train_code_tokenizer(texts, vocabulary=recipe["vocabulary"])
    rows = denoising_rows(texts, tokenizer, rows=config.batch_size * config.total_steps(len(texts)), seed=config.seed)
    model = tiny_t5(tokenizer, seed=config.seed)
    result = Trainer(model, tokenizer, config, source="source", target="target", progress=progress).fit(rows)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        result.model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        card = {"recipe": recipe, "seconds": result.seconds, "losses": result.losses}
        (temporary / _CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")
        _move(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def denoising_rows(texts: Sequence[str], tokenizer: Any, *, rows: int, seed: int) -> Dataset:
    """At least ``rows`` rows (whole passes over the texts), half with short spans hidden and half with one long one.

    Short spans are T5's task. A long span, half of the text, makes a model write code and not fill gaps alone: it is
    the extreme denoiser of UL2 (Tay et al. 2022, arXiv 2205.05131).
    """
    passes: list[Dataset] = []
    while not passes or 0 < sum(map(len, passes)) < rows:
        own_seed = seed + 1_000_003 * len(passes)
        passes.append(corrupt_spans(texts, tokenizer, seed=own_seed))
        passes.append(
            corrupt_spans(texts, tokenizer, noise_density=0.5, mean_span_length=128, max_length=128, seed=own_seed)
        )
    return concatenate_datasets(passes)


def _move(temporary: Path, folder: Path) -> None:
    try:
        os.replace(temporary, folder)
    except OSError:
        # Another process was first with the same weights. A folder without its card is a torn one of an older crash.
        if not (folder / _CARD).exists():
            raise

"""Span corruption: the denoising task that T5 is pretrained with (Raffel et al. 2020, arXiv 1910.10683, section 3.1.4).

Some spans of a text's tokens are cut out. The source is the text with a sentinel token in place of each; the target is
each sentinel followed by what it hides, and a last sentinel that ends the list.

T5's own code always shows the start of a row and hides its end. In its rows of 512 tokens that hardly matters; a short
function would only ever lose its last tokens, so here the spans may stand anywhere.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from datasets import Dataset, Features, Value
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError
from codeshift.properties.text_tokens import renamed_backend, special_tokens
from tools.pretrain.code_tokenizer import SENTINELS


def corrupt_spans(
    texts: Sequence[str],
    tokenizer: Any,
    *,
    noise_density: float = 0.15,
    mean_span_length: float = 3.0,
    max_length: int = 192,
    seed: int = 0,
) -> Dataset:
    """Denoising rows of texts: filling the spans of a target into its source gives the text back, to the character.

    Sentinels are special tokens only where a run is told so: ``TrainingConfig(special_tokens=SENTINELS)``. Any other
    special token in a text is text.

    Texts longer than ``max_length`` tokens give several rows, one for each piece. What is hidden depends on the text
    and the seed alone, so neither the order of the texts nor the process changes a row.

    Args:
        texts: what to corrupt.
        tokenizer: a fast tokenizer of transformers that has T5's sentinels.
        noise_density: share of the tokens that is hidden; at least one token of each row is.
        mean_span_length: tokens in a hidden span, on average.
        max_length: tokens of text in a row.
        seed: of the choice of spans.

    Returns:
        A dataset with the columns ``source`` and ``target``, in the order of the texts. Pieces of one token, which
        would leave nothing to go by, are left out.

    Raises:
        ParameterError: a setting is out of range, or asks for more spans than there are sentinels.
        DataError: a text holds a sentinel of its own.

    >>> from tools.pretrain.code_tokenizer import train_code_tokenizer
    >>> texts = ["def add(a, b): return a + b"]
    >>> row = corrupt_spans(texts, train_code_tokenizer(texts, vocabulary=358), seed=12)[0]
    >>> row["source"], row["target"]
    ('def add(<extra_id_0>): return a + b', '<extra_id_0>a, b<extra_id_1>')
    """
    _check(noise_density, mean_span_length, max_length)
    rows: dict[str, list[str]] = {"source": [], "target": []}
    for start in range(0, len(texts), 1000):
        some = list(texts[start : start + 1000])
        for text, offsets in zip(some, offsets_of(tokenizer, some), strict=True):
            if "<extra_id_" in text:
                raise DataError("texts", "free of sentinels such as <extra_id_0>", text, "leave such texts out")
            generator = np.random.default_rng([seed, *_words(text)])
            # A token is cut where it starts, so pieces meet without a gap even where a token is part of a character.
            cuts = [first for first, _ in offsets] + [len(text)]
            for piece in range(0, len(offsets), max_length):
                _corrupt(text, cuts[piece : piece + max_length + 1], noise_density, mean_span_length, generator, rows)
    return Dataset.from_dict(rows, features=Features({"source": Value("string"), "target": Value("string")}))


def _check(noise_density: float, mean_span_length: float, max_length: int) -> None:
    if not 0.0 < noise_density < 1.0:
        raise ParameterError("noise_density", "between 0 and 1", noise_density, "0.15 is T5's")
    if mean_span_length < 1.0:
        raise ParameterError("mean_span_length", "at least 1", mean_span_length, "3.0 is T5's")
    if max_length < 2:
        raise ParameterError("max_length", "at least 2", max_length, "a row needs a token to hide and one to show")
    if _counts(max_length, noise_density, mean_span_length)[1] >= len(SENTINELS):
        remedy = f"with {max_length} tokens a row this needs more than the {len(SENTINELS)} sentinels: shorten rows"
        raise ParameterError("max_length", "within what the sentinels can mark", max_length, remedy)


def _counts(length: int, noise_density: float, mean_span_length: float) -> tuple[int, int]:
    """How many tokens to hide of ``length``, in how many spans."""
    hidden = min(max(round(length * noise_density), 1), length - 1)
    spans = min(max(round(hidden / mean_span_length), 1), hidden, length - hidden)
    return hidden, spans


def _words(text: str) -> list[int]:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]


def _corrupt(
    text: str,
    cuts: list[int],
    noise_density: float,
    mean_span_length: float,
    generator: np.random.Generator,
    rows: dict[str, list[str]],
) -> None:
    length = len(cuts) - 1
    if length < 2:
        return
    hidden, spans = _counts(length, noise_density, mean_span_length)
    # What is shown stands before, between and after the spans; before and after there may be nothing.
    shown = _parts(length - hidden + 2, spans + 1, generator)
    shown[[0, -1]] -= 1
    steps = np.zeros(2 * spans + 1, dtype=np.int64)
    steps[0::2], steps[1::2] = shown, _parts(hidden, spans, generator)
    pieces = [text[cuts[a] : cuts[b]] for a, b in itertools.pairwise([0, *np.cumsum(steps)])]
    marked = [piece + sentinel for piece, sentinel in zip(pieces[0:-1:2], SENTINELS, strict=False)]
    rows["source"].append("".join(marked) + pieces[-1])
    rows["target"].append("".join(SENTINELS[i] + gone for i, gone in enumerate(pieces[1::2])) + SENTINELS[spans])


def _parts(total: int, parts: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """``total`` as a sum of ``parts`` whole numbers of at least 1, each such sum as likely as any other."""
    inner = np.sort(generator.choice(total - 1, size=parts - 1, replace=False)) + 1
    return np.diff(np.concatenate([[0], inner, [total]])).astype(np.int64)


def offsets_of(tokenizer: Any, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Return the start and end of each token in the texts, in characters; for fast tokenizers."""
    encoded = tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    offsets: list[list[tuple[int, int]]] = list(encoded["offset_mapping"])
    special = special_tokens(tokenizer)
    numbers = frozenset(special.values())
    wrong = [i for i, ids in enumerate(encoded["input_ids"]) if not numbers.isdisjoint(ids)]
    renamed = renamed_backend(tokenizer, special) if wrong else None
    if renamed is not None:
        again = renamed.encode_batch([texts[i] for i in wrong], add_special_tokens=False)
        for i, encoding in zip(wrong, again, strict=True):
            offsets[i] = encoding.offsets
    return offsets

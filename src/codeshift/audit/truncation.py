"""Rows that a model's context truncates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.checks import check_integer
from codeshift.errors import ParameterError
from codeshift.properties.model_tokens import load_counting_tokenizer
from codeshift.properties.text_tokens import frame_of, tokenize_plain
from codeshift.reaching_hub import check_revision

_BOUNDLESS = 10**9  # tokenizers without a maximum length state 10**30


@dataclass(frozen=True, kw_only=True)
class Truncation:
    """Counts of the rows of a part that are longer than a model's context.

    Attributes:
        part: Part.
        n: Number of rows of the part.
        truncated: Number of rows with more than ``max_length`` tokens, special tokens included.
        max_length: Length of the context, in the model's tokens.
        median: Median number of tokens of a row; NaN for an empty part.
        longest: Number of tokens of the longest row; 0 for an empty part.

    >>> Truncation(part="test_ood", n=200, truncated=50, max_length=512, median=310.0, longest=2048).share
    0.25
    """

    part: str
    n: int
    truncated: int
    max_length: int
    median: float
    longest: int

    @property
    def share(self) -> float:
        """Share of truncated rows; NaN for an empty part."""
        return ratio(self.truncated, self.n)


@dataclass(frozen=True, eq=False)
class TokenCounter:
    """Counter of a model's tokens.

    Attributes:
        lengths: Function from texts to their numbers of tokens.
        max_length: Length of the model's context, in tokens.
    """

    lengths: Callable[[Sequence[str]], list[int]]
    max_length: int


def token_counter(tokenizer: Any, max_length: int | None, revision: str | None = None) -> TokenCounter | None:
    """Create a token counter from the arguments of ``audit``; None if neither is given.

    Args:
        tokenizer: Hugging Face tokenizer, its name or path, or a function from a text to its tokens.
        max_length: Length of the context in tokens; by default the one that the tokenizer states.
        revision: Branch, tag or commit of a tokenizer of the hub; None for the newest.

    Raises:
        ParameterError: if only ``max_length`` is given, no context is known, or a folder or object has a revision.
        MissingExtraError: if a name is given and transformers is not installed.
    """
    check_revision(tokenizer, revision, parameter="tokenizer_revision", of="tokenizer")
    if tokenizer is None:
        if max_length is not None:
            raise ParameterError("tokenizer", "given where max_length is", None, "name the model, or leave out both")
        return None
    if isinstance(tokenizer, str | PathLike):
        tokenizer = load_counting_tokenizer(str(tokenizer), revision)[0]
    if not callable(tokenizer):
        remedy = "such as Salesforce/codet5p-220m"
        raise ParameterError("tokenizer", "a tokenizer, its name, or a function of a text", tokenizer, remedy)
    stated = getattr(tokenizer, "model_max_length", None)
    if max_length is None and isinstance(stated, int) and stated < _BOUNDLESS:
        max_length = stated
    remedy = "this tokenizer states none: give the model's" if max_length is None else "such as 512"
    max_length = check_integer("max_length", max_length, smallest=1, remedy=remedy)
    is_model = hasattr(tokenizer, "model_max_length")
    return TokenCounter(_by_model(tokenizer) if is_model else _by_function(tokenizer), max_length)


def measure_truncation(part: str, texts: Sequence[str], counter: TokenCounter) -> Truncation:
    """Count the tokens of each row of a part, and the rows that are truncated.

    >>> counter = token_counter(str.split, 2)
    >>> measure_truncation("test", ["a b c", "a"], counter).share
    0.5
    """
    lengths = np.array(counter.lengths(texts), dtype=np.int64)
    return Truncation(
        part=part,
        n=len(lengths),
        truncated=int((lengths > counter.max_length).sum()),
        max_length=counter.max_length,
        median=float(np.median(lengths)) if len(lengths) else math.nan,
        longest=int(lengths.max(initial=0)),
    )


def _by_model(tokenizer: Any) -> Callable[[Sequence[str]], list[int]]:
    def lengths(texts: Sequence[str]) -> list[int]:
        around = sum(map(len, frame_of(tokenizer, "text")))
        return [len(ids) + around for ids in tokenize_plain(tokenizer, texts)]

    return lengths


def _by_function(tokenizer: Callable[[str], Any]) -> Callable[[Sequence[str]], list[int]]:
    return lambda texts: [len(tokenizer(text)) for text in texts]

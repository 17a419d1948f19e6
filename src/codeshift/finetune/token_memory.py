"""A memory of the texts that a tokenizer has tokenised."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.text_tokens import Pieces

if TYPE_CHECKING:
    from codeshift.finetune.models import Tokenizer

_REMEMBERED: WeakKeyDictionary[Tokenizer, dict[str, dict[Pieces, TokenizedRow]]] = WeakKeyDictionary()


class TokenizedRow(NamedTuple):
    """The ids of a text without the special tokens around it, and their decoded text: None if it is the text itself."""

    ids: NDArray[np.int32]
    back: str | None


def remember_tokens(tokenizer: Tokenizer) -> Tokenizer:
    """Make this tokenizer remember its results, so that each text is tokenised once however many runs encode it.

    The memory holds four bytes a token and the texts themselves, and lives as long as the tokenizer. It is meant for
    many runs on the same rows, as in a study.

    Returns:
        The tokenizer itself.
    """
    _REMEMBERED.setdefault(tokenizer, {})
    return tokenizer


def recalled(tokenizer: Tokenizer, side: str) -> dict[Pieces, TokenizedRow]:
    """Return the rows tokenised before, for the caller to add to; an empty dict if the tokenizer remembers nothing."""
    kept = _REMEMBERED.get(tokenizer)
    return {} if kept is None else kept.setdefault(side, {})

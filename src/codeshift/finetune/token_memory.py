"""What a tokenizer has tokenised before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.text_tokens import Pieces

if TYPE_CHECKING:
    from codeshift.finetune.models import Tokenizer

_REMEMBERED: WeakKeyDictionary[Tokenizer, dict[str, dict[Pieces, Row]]] = WeakKeyDictionary()


class Row(NamedTuple):
    """A text's ids without such a frame, and what the tokenizer says that they say: None for the text itself."""

    ids: NDArray[np.int32]
    back: str | None


def remember_tokens(tokenizer: Tokenizer) -> Tokenizer:
    """Have each text tokenised once by this tokenizer, however many runs encode it, for as long as it lives.

    It takes four bytes a token and the texts themselves: for many runs on the same rows, as in a study.

    Returns:
        The tokenizer itself.
    """
    _REMEMBERED.setdefault(tokenizer, {})
    return tokenizer


def recalled(tokenizer: Tokenizer, side: str) -> dict[Pieces, Row]:
    """The rows tokenised before, to be added to; of a tokenizer that remembers nothing, none."""
    kept = _REMEMBERED.get(tokenizer)
    return {} if kept is None else kept.setdefault(side, {})

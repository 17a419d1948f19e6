"""Tokenisation of the texts of a dataset, in which only what is meant to be a special token is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.finetune.models import Tokenizer
from codeshift.finetune.round_trip import LostText
from codeshift.finetune.template import Template
from codeshift.finetune.token_memory import TokenizedRow, recalled
from codeshift.properties.text_tokens import Pieces, as_text, detokenize, special_tokens
from codeshift.wording import closest

_ROWS_AT_ONCE = 1000

Ids = TypeVar("Ids", list[int], NDArray[Any])
"""Type of the ids of a text."""


@dataclass(frozen=True)
class Tokenizing:
    """Tokenizer of the texts of templates, without the special tokens that it puts around a text.

    Attributes:
        tokenizer: Tokenizer of transformers.
        in_columns: Special tokens that count as such in the columns too; all others are text there.
    """

    tokenizer: Tokenizer
    in_columns: tuple[str, ...] = ()

    @cached_property
    def special(self) -> dict[str, int]:
        """Ids of the tokenizer's special tokens by token."""
        return special_tokens(self.tokenizer)

    def pieces(self, template: Template, batch: Mapping[str, Sequence[str]]) -> list[Pieces]:
        """Return the text of a template for each row of ``batch``, divided at its special tokens."""
        return template.pieces(batch, self.special, self.in_columns)

    def rows(self, texts: list[Pieces], side: str, of: str = "text") -> list[TokenizedRow]:
        """Tokenise each text; texts that the tokenizer remembers are not tokenised again.

        Args:
            texts: Texts in pieces.
            side: Name under which they are remembered.
            of: "text" or, for texts to be generated, "text_target".
        """
        seen = recalled(self.tokenizer, side)
        new = list(dict.fromkeys(text for text in texts if text not in seen))
        for start in range(0, len(new), _ROWS_AT_ONCE):
            texts_at_once = new[start : start + _ROWS_AT_ONCE]
            plain_ids = self._tokenized(["".join(text) for text in texts_at_once], of)
            ids = as_text(self.tokenizer, texts_at_once, plain_ids, special=self.special)
            seen.update(zip(texts_at_once, map(self._row, texts_at_once, ids), strict=True))
        return [seen[text] for text in texts]

    def _tokenized(self, texts: list[str], of: str) -> list[list[int]]:
        options = {"add_special_tokens": False, "truncation": False, "padding": False, "verbose": False}
        ids: list[list[int]] = self.tokenizer(**{of: texts}, **options)["input_ids"]
        return ids

    def _row(self, pieces: Pieces, ids: list[int]) -> TokenizedRow:
        text, back = "".join(pieces), self._given_back(pieces, ids)
        return TokenizedRow(np.array(ids, dtype=np.int32), None if back == text else back)

    def _given_back(self, pieces: Pieces, ids: list[int]) -> str:
        kept = [self.special[token] for token in pieces[1::2]]
        return detokenize(self.tokenizer, ids, kept=kept, special=self.special)

    def lost(
        self, template: Template, rows: list[TokenizedRow], texts: list[Pieces], batch: Mapping[str, Sequence[str]]
    ) -> tuple[list[int], tuple[LostText, ...]]:
        """Return the numbers of the rows that the tokenizer does not give back, and an example if there are any."""
        lost = [i for i, row in enumerate(rows) if row.back is not None]
        if not lost:
            return lost, ()
        first = lost[0]
        columns = self._columns_lost(template, batch, first)
        return lost, (LostText.of(columns, first, "".join(texts[first]), rows[first].back or ""),)

    def _columns_lost(self, template: Template, batch: Mapping[str, Sequence[str]], row: int) -> str:
        """Return the columns whose text on its own is not given back, or all columns if the text of each is."""
        columns = [column for column in template.columns if column in batch]
        if len(columns) > 1:
            texts = [(batch[column][row],) for column in columns]
            alone = as_text(self.tokenizer, texts, self._tokenized(["".join(t) for t in texts], "text"))
            lost = [c for c, t, ids in zip(columns, texts, alone, strict=True) if self._given_back(t, ids) != t[0]]
            columns = lost or columns
        return ", ".join(columns or template.columns)


def cut_to(ids: Ids, room: int, tokenizer: Tokenizer) -> Ids:
    """Return the ids of a text that fit into ``room`` tokens, cut at the tokenizer's side of truncation.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> cut_to([5, 6, 7], 2, tiny_tokenizer(["a"]))
    [5, 6]
    """
    if getattr(tokenizer, "truncation_side", "right") == "left":
        return ids[max(0, len(ids) - room) :]
    return ids[:room]


def check_special_tokens(tokens: Sequence[str], tokenizer: Tokenizer) -> None:
    """Check that tokens are special tokens of the tokenizer.

    Raises:
        ParameterError: if one is not; close matches are named.
    """
    special = special_tokens(tokenizer) if tokens else {}
    for token in tokens:
        if token not in special:
            raise ParameterError("special_tokens", "special tokens of the tokenizer", token, closest(token, special))

"""Rows of text to token ids: what is cut is counted."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import DataError
from codeshift.finetune.errors import TruncationWarning
from codeshift.finetune.models import base_model, is_decoder
from codeshift.finetune.template import Template

Ids = NDArray[np.int32]
_ROWS_AT_ONCE = 1000
_REMEMBERED: WeakKeyDictionary[Any, dict[Any, dict[str, Ids]]] = WeakKeyDictionary()


def remember_tokens(tokenizer: Any) -> Any:
    """Have each text tokenised once by this tokenizer, however many runs encode it, for as long as it lives.

    It takes four bytes a token and the texts themselves: for many runs on the same rows, as in a study.

    Returns:
        The tokenizer itself.
    """
    _REMEMBERED.setdefault(tokenizer, {})
    return tokenizer


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal lengths in one flat array.

    Attributes:
        values: all rows, one after the other.
        offsets: where each row starts, and the end: one more than there are rows.

    >>> rows = Ragged.of([[1, 2], [3]])
    >>> len(rows), rows[0].tolist(), rows.lengths.tolist()
    (2, [1, 2], [2, 1])
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any] | NDArray[Any]], dtype: Any = np.int32) -> Ragged:
        """From rows."""
        arrays = [np.asarray(row, dtype=dtype) for row in rows]
        offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
        np.cumsum([len(a) for a in arrays], out=offsets[1:])
        return cls(np.concatenate(arrays) if arrays else np.zeros(0, dtype=dtype), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> NDArray[Any]:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Values in each row."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class Truncation:
    """How much of a part did not fit.

    Attributes:
        rows: rows in the part.
        sources: rows whose source was cut.
        targets: rows whose target was cut.
        lost_source_tokens: tokens cut off the sources.
        lost_target_tokens: tokens cut off the targets.

    >>> print(Truncation(rows=200, sources=3, targets=40, lost_source_tokens=70, lost_target_tokens=9000))
    3 of 200 sources and 40 of 200 targets cut
    """

    rows: int
    sources: int
    targets: int
    lost_source_tokens: int
    lost_target_tokens: int

    def __str__(self) -> str:
        return f"{self.sources} of {self.rows} sources and {self.targets} of {self.rows} targets cut"


@dataclass(frozen=True)
class Encoded:
    """The token ids of one part.

    Attributes:
        sources: one row of ids each, special tokens included.
        targets: likewise, the end token included unless the target was cut.
        truncation: what did not fit.
    """

    sources: Ragged
    targets: Ragged
    truncation: Truncation

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class Encoder:
    """Turns rows into token ids as one model family reads them.

    Attributes:
        tokenizer: a tokenizer of transformers.
        source: of the text that the model is given.
        target: of the text that it must write.
        max_source_length: in tokens.
        max_target_length: in tokens, the end token included.
        is_decoder: source and target are one sequence (a decoder) rather than two (an encoder-decoder).
        start: the token that an encoder-decoder is started with; a tokenizer that begins each text with it would have
            the model predict what it was given.
    """

    tokenizer: Any
    source: Template
    target: Template
    max_source_length: int
    max_target_length: int
    is_decoder: bool
    start: int | None = None

    @classmethod
    def of(cls, model: Any, tokenizer: Any, texts: tuple[Template, Template], lengths: tuple[int, int]) -> Encoder:
        """For a model: ``texts`` are source and target, ``lengths`` the longest of each in tokens."""
        start = getattr(base_model(model).config, "decoder_start_token_id", None)
        return cls(tokenizer, *texts, *lengths, is_decoder(model), start)

    def encode(self, data: Any, part: str = "data") -> Encoded:
        """The token ids of a ``datasets.Dataset``.

        Raises:
            ParameterError: a column is missing.
            DataError: a value is not text, or there is no row.
        """
        self.source.check(data.features)
        self.target.check(data.features)
        if len(data) == 0:
            raise DataError(part, "a dataset with rows", 0, "it is empty: choose another part or another split")
        columns = list(dict.fromkeys(self.source.columns + self.target.columns))
        batch = {column: list(data[column]) for column in columns}
        return self.encode_texts(self.source.texts(batch), self.target.texts(batch))

    def encode_texts(self, sources: list[str], targets: list[str]) -> Encoded:
        """The token ids of texts; a source that is too long is cut as its tokenizer cuts, a target at its end."""
        source_ids, target_ids = self._sources(sources), self._targets(targets)
        cut_sources = [max(0, len(ids) - self.max_source_length) for ids in source_ids]
        cut_targets = [max(0, len(ids) - self.max_target_length) for ids in target_ids]
        for row in np.flatnonzero(cut_sources):
            source_ids[row] = self._cut_source(sources[row], source_ids[row])
        for row in np.flatnonzero(cut_targets):
            target_ids[row] = self._cut_target(targets[row], target_ids[row])
        truncation = Truncation(
            len(sources), int(np.count_nonzero(cut_sources)), int(np.count_nonzero(cut_targets)),
            sum(cut_sources), sum(cut_targets),
        )  # fmt: skip
        return Encoded(Ragged.of(source_ids), Ragged.of(target_ids), truncation)

    def warn_of(self, truncation: Truncation, part: str) -> None:
        """Warn of what was cut, if anything was, and name the arguments that cut it."""
        cut = {"max_source_length": truncation.sources, "max_target_length": truncation.targets}
        limits = " and ".join(f"{name}={getattr(self, name)}" for name, rows in cut.items() if rows)
        if limits:
            warnings.warn(TruncationWarning(f"{part}: {truncation} at {limits} tokens"), stacklevel=4)

    def _sources(self, texts: list[str]) -> list[list[int]]:
        rows = self._tokenize(texts)
        if self.is_decoder:
            # Some tokenizers end every text; a source that ends would tell a decoder that all is said.
            rows = [ids[:-1] if ids and ids[-1] == self._end else ids for ids in rows]
        return [ids or [self._first] for ids in rows]

    def _targets(self, texts: list[str]) -> list[list[int]]:
        if self.is_decoder:
            return [[*ids, self._end] for ids in self._tokenize(texts, add_special_tokens=False)]
        rows = [self._without_start(ids) for ids in self._tokenize(texts, of="text_target")]
        # Not only the last token: PLBart's tokenizer puts the language after the end.
        return [ids if self._end in ids else [*ids, self._end] for ids in rows]

    def _without_start(self, ids: list[int]) -> list[int]:
        return ids[1:] if ids and ids[0] == self.start else ids

    def _cut_target(self, text: str, ids: list[int]) -> list[int]:
        """A target that was cut does not end there, so it must not teach the model to end: it has no end token."""
        kept = ids[: self.max_target_length]
        if not self.is_decoder and ids[-1] != self._end:  # the end, then a language: the model needs the last token
            kept = self._without_start(self._cut(self.max_target_length, text_target=text))
        return kept

    def _cut_source(self, text: str, ids: list[int]) -> list[int]:
        kept = self._cut(self.max_source_length, text=text)
        if self.is_decoder and kept[-1] == self._end:
            kept = ids[: self.max_source_length]
        return kept

    def _cut(self, length: int, **text: str) -> list[int]:
        """As the tokenizer cuts; its backend, which would go on cutting and be saved so with a model, is reset."""
        kept: list[int] = self.tokenizer(**text, truncation=True, max_length=length)["input_ids"]
        if (backend := getattr(self.tokenizer, "backend_tokenizer", None)) is not None:
            backend.no_truncation()
        return kept

    def _tokenize(self, texts: list[str], *, of: str = "text", **options: Any) -> list[list[int]]:
        kept = _REMEMBERED.get(self.tokenizer)
        if kept is None:
            return self._tokenized(texts, of, options)
        seen = kept.setdefault((of, *sorted(options.items())), {})
        new = list(dict.fromkeys(text for text in texts if text not in seen))
        seen.update(zip(new, (np.array(ids, dtype=np.int32) for ids in self._tokenized(new, of, options)), strict=True))
        return [seen[text].tolist() for text in texts]

    def _tokenized(self, texts: list[str], of: str, options: dict[str, Any]) -> list[list[int]]:
        options = options | {"truncation": False, "padding": False, "verbose": False}
        rows: list[list[int]] = []
        for start in range(0, len(texts), _ROWS_AT_ONCE):
            some = texts[start : start + _ROWS_AT_ONCE]
            rows.extend(self.tokenizer(**{of: some}, **options)["input_ids"])
        return rows

    @property
    def _end(self) -> int:
        end = self.tokenizer.eos_token_id
        return int(self.tokenizer.sep_token_id if end is None else end)

    @property
    def _first(self) -> int:
        """What stands for an empty source: a decoder needs one token before the first that it predicts."""
        first = self.tokenizer.bos_token_id if self.is_decoder else None
        return self._end if first is None else int(first)

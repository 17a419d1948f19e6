"""Encoding of rows of text as token ids, with counts of texts that are cut or do not round-trip."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.finetune.encoded_part import PartEncoder, check_part_rows, warn_of_losses
from codeshift.finetune.limits import Limits
from codeshift.finetune.models import Model, Tokenizer, base_model, is_decoder
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.round_trip import RoundTrip
from codeshift.finetune.template import Template
from codeshift.finetune.tokenizing import Tokenizing, check_special_tokens, cut_to
from codeshift.finetune.truncation import TruncationCounts
from codeshift.properties.text_tokens import Frame, Pieces, frame_of
from codeshift.wording import Verbatim


@dataclass(frozen=True)
class Encoded:
    """The token ids of one part.

    Attributes:
        sources: Ids of each source, special tokens included.
        targets: Ids of each target, special tokens included, with an end token unless the target was cut.
        truncation: Amount of text that was cut.
        round_trip: Texts that the tokenizer does not give back, counted before truncation.
    """

    sources: Ragged
    targets: Ragged
    truncation: TruncationCounts
    round_trip: RoundTrip

    def __len__(self) -> int:
        return len(self.sources)

    def digest(self) -> str:
        """Return the SHA-256 of the token ids."""
        digest = hashlib.sha256()
        for ragged in (self.sources, self.targets):
            ragged.add_to(digest)
        return digest.hexdigest()


class TextEncoder(PartEncoder[Encoded], Protocol):
    """Encoder of sources and targets, which also says how outputs of a model are read."""

    @property
    def lead(self) -> str:
        """Text that comes before a target in what a model writes."""

    @property
    def ends(self) -> tuple[int, ...]:
        """Ids at which an output ends, besides the tokenizer's end token."""

    @property
    def written(self) -> frozenset[int]:
        """Ids of special tokens that stay in the text of an output."""


@dataclass(frozen=True)
class Encoder:
    """Encoder of rows as token ids for one model family.

    Attributes:
        tokenizer: Tokenizer of transformers.
        source: Template of the text that the model is given.
        target: Template of the text that the model must write.
        max_source_length: Length of the longest source, in tokens.
        max_target_length: Length of the longest target, in tokens, the end token included.
        is_decoder: Whether source and target are one sequence (a decoder) rather than two (an encoder-decoder).
        start: Id of the start token of an encoder-decoder, which is removed from a target whose tokenizer begins
            each text with it; otherwise the model would predict a token that it is given.
        special_tokens: Special tokens that count as such in the columns too; all others are text there.
    """

    tokenizer: Tokenizer
    source: Template
    target: Template
    max_source_length: int
    max_target_length: int
    is_decoder: bool
    start: int | None = None
    special_tokens: tuple[str, ...] = ()

    @classmethod
    def of(cls, model: Model, tokenizer: Tokenizer, texts: tuple[Template, Template], limits: Limits) -> Encoder:
        """Return the encoder for a model; ``texts`` are the templates of source and target.

        Raises:
            ParameterError: a special token of ``limits`` is not one of the tokenizer, or it has no end token.
        """
        check_special_tokens(limits.special_tokens, tokenizer)
        if tokenizer.eos_token_id is None and tokenizer.sep_token_id is None:
            remedy = "set tokenizer.eos_token to the token that ends a text"
            raise ParameterError("tokenizer", "one with an end token", Verbatim("one without"), remedy)
        start = getattr(base_model(model).config, "decoder_start_token_id", None)
        lengths = limits.max_source_length, limits.max_target_length
        return cls(tokenizer, *texts, *lengths, is_decoder(model), start, limits.special_tokens)

    def encode(self, data: Dataset, part: str = "data") -> Encoded:
        """Encode a ``datasets.Dataset``.

        Raises:
            ParameterError: a column is missing.
            DataError: a value is not text, or there is no row.
        """
        check_part_rows((self.source, self.target), data, part)
        columns = list(dict.fromkeys(self.source.columns + self.target.columns))
        batch = {column: list(data[column]) for column in columns}
        sources, targets = (self._texts.pieces(template, batch) for template in (self.source, self.target))
        return self._encode(sources, targets, batch)

    def _encode(self, sources: list[Pieces], targets: list[Pieces], batch: Mapping[str, Sequence[str]]) -> Encoded:
        read = self._texts.rows(sources, "source")
        written = self._texts.rows(targets, "target", "text" if self.is_decoder else "text_target")
        source_ids = [self._source(row.ids.tolist()) for row in read]
        target_ids = [self._target(row.ids.tolist()) for row in written]
        cut_sources = [max(0, len(ids) - self.max_source_length) for ids in source_ids]
        cut_targets = [max(0, len(ids) - self.max_target_length) for ids in target_ids]
        for row in np.flatnonzero(cut_sources):
            source_ids[row] = self._cut_source(read[row].ids.tolist())
        for row in np.flatnonzero(cut_targets):
            target_ids[row] = self._cut_target(written[row].ids.tolist(), target_ids[row])
        lost_sources, source_examples = self._texts.lost(self.source, read, sources, batch)
        lost_targets, target_examples = self._texts.lost(self.target, written, targets, batch)
        round_trip = RoundTrip(
            rows=len(read),
            sources=len(lost_sources),
            targets=len(lost_targets),
            examples=(*source_examples, *target_examples),
        )
        return Encoded(
            Ragged.of(source_ids), Ragged.of(target_ids), TruncationCounts.of(cut_sources, cut_targets), round_trip
        )

    def warn_of(self, encoded: Encoded, part: str) -> None:
        """Warn if texts were cut, naming the arguments that cut them, or are not given back by the tokenizer."""
        lengths = {"max_source_length": self.max_source_length, "max_target_length": self.max_target_length}
        warn_of_losses(encoded, part, **lengths)

    def _source(self, ids: list[int]) -> list[int]:
        before, after = self._source_frame
        return [*before, *ids, *after] or [self._first]

    def _target(self, ids: list[int]) -> list[int]:
        before, after = self._target_frame
        return [*before, *ids, *after]

    @cached_property
    def _source_frame(self) -> Frame:
        before, after = frame_of(self.tokenizer, "text")
        # Some tokenizers end every text; an end token after the source would tell a decoder that the text is finished.
        ends = self.is_decoder and after[-1:] == [self._end]
        return Frame(before, after[:-1] if ends else after)

    @cached_property
    def _target_frame(self) -> Frame:
        if self.is_decoder:
            return Frame([], [self._end])
        before, after = frame_of(self.tokenizer, "text_target")
        before = before[1:] if before[:1] == [self.start] else before
        # Not only the last token: PLBart's tokenizer puts the language after the end.
        return Frame(before, after if self._end in after else [*after, self._end])

    def _cut_source(self, ids: list[int]) -> list[int]:
        before, after = self._source_frame
        room = self.max_source_length - len(before) - len(after)
        if room < 0:
            return [*before, *after][: self.max_source_length]
        return [*before, *cut_to(ids, room, self.tokenizer), *after]

    def _cut_target(self, ids: list[int], target_ids: list[int]) -> list[int]:
        """Cut a target, leaving out the end token: the model must not learn to end where the text was cut."""
        before, after = self._target_frame
        room = self.max_target_length - len(before) - len(after)
        if after[-1] != self._end and room >= 0:  # the end, then a language: the model needs the last token
            return [*before, *ids[:room], *after]
        return target_ids[: self.max_target_length]

    @cached_property
    def _texts(self) -> Tokenizing:
        return Tokenizing(self.tokenizer, self.special_tokens)

    @property
    def lead(self) -> str:
        """Text that comes before a target in what a model writes: none."""
        return ""

    @property
    def ends(self) -> tuple[int, ...]:
        """Ids at which an output ends, besides the tokenizer's end token: none."""
        return ()

    @property
    def written(self) -> frozenset[int]:
        """Ids of special tokens that are part of the texts and therefore stay in the text of an output."""
        tokens = (*self.target.special_tokens(self._texts.special), *self.special_tokens)
        return frozenset(self._texts.special[token] for token in tokens)

    @property
    def frame_ids(self) -> frozenset[int]:
        """Ids that may occur in every row: the tokens around a text, and special tokens that are part of the texts."""
        frames = (*self._source_frame, *self._target_frame)
        tokens = self.source.special_tokens(self._texts.special)
        return frozenset(n for frame in frames for n in frame) | self.written | {self._texts.special[t] for t in tokens}

    @property
    def _end(self) -> int:
        end = self.tokenizer.eos_token_id
        return int(self.tokenizer.sep_token_id if end is None else end)

    @property
    def _first(self) -> int:
        """Id that represents an empty source: a decoder needs one token before the first that it predicts."""
        first = self.tokenizer.bos_token_id if self.is_decoder else None
        return self._end if first is None else int(first)

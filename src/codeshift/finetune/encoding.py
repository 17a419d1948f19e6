"""Encoding of rows of text as token ids, with counts of texts that are cut or do not round-trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from datasets import Dataset

from codeshift.errors import DataError, ParameterError, Told, closest, warn
from codeshift.finetune.errors import TruncationWarning
from codeshift.finetune.limits import Limits
from codeshift.finetune.models import Model, Tokenizer, base_model, is_decoder
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.round_trip import LostText, RoundTrip
from codeshift.finetune.template import Template
from codeshift.finetune.token_memory import Row, recalled
from codeshift.properties.text_tokens import Frame, Pieces, as_text, detokenize, frame_of, special_tokens

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Truncation:
    """The amount of text of a part that was cut.

    Attributes:
        rows: the number of rows in the part.
        sources: the number of rows whose source was cut.
        targets: the number of rows whose target was cut.
        lost_source_tokens: the number of tokens cut off the sources.
        lost_target_tokens: the number of tokens cut off the targets.

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
        sources: the ids of each source, special tokens included.
        targets: the ids of each target, special tokens included, with an end token unless the target was cut.
        truncation: the amount of text that was cut.
        round_trip: the texts that the tokenizer does not give back, counted before truncation.
    """

    sources: Ragged
    targets: Ragged
    truncation: Truncation
    round_trip: RoundTrip

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class Encoder:
    """Encoder of rows as token ids for one model family.

    Attributes:
        tokenizer: a tokenizer of transformers.
        source: the template of the text that the model is given.
        target: the template of the text that the model must write.
        max_source_length: the length of the longest source, in tokens.
        max_target_length: the length of the longest target, in tokens, the end token included.
        is_decoder: whether source and target are one sequence (a decoder) rather than two (an encoder-decoder).
        start: the id of the start token of an encoder-decoder, which is removed from a target whose tokenizer begins
            each text with it; otherwise the model would predict a token that it is given.
        special_tokens: the special tokens that count as such in the columns too; all others are text there.
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
            raise ParameterError("tokenizer", "one with an end token", Told("one without"), remedy)
        start = getattr(base_model(model).config, "decoder_start_token_id", None)
        lengths = limits.max_source_length, limits.max_target_length
        return cls(tokenizer, *texts, *lengths, is_decoder(model), start, limits.special_tokens)

    def encode(self, data: Dataset, part: str = "data") -> Encoded:
        """Encode a ``datasets.Dataset``.

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
        sources, targets = (
            template.pieces(batch, self._special, self.special_tokens) for template in (self.source, self.target)
        )
        return self._encode(sources, targets, batch)

    def _encode(self, sources: list[Pieces], targets: list[Pieces], batch: Mapping[str, Sequence[str]]) -> Encoded:
        read, written = self._tokenize(sources, "source"), self._tokenize(targets, "target")
        source_ids = [self._source(row.ids.tolist()) for row in read]
        target_ids = [self._target(row.ids.tolist()) for row in written]
        cut_sources = [max(0, len(ids) - self.max_source_length) for ids in source_ids]
        cut_targets = [max(0, len(ids) - self.max_target_length) for ids in target_ids]
        for row in np.flatnonzero(cut_sources):
            source_ids[row] = self._cut_source(read[row].ids.tolist())
        for row in np.flatnonzero(cut_targets):
            target_ids[row] = self._cut_target(written[row].ids.tolist(), target_ids[row])
        truncation = Truncation(
            len(sources), int(np.count_nonzero(cut_sources)), int(np.count_nonzero(cut_targets)),
            sum(cut_sources), sum(cut_targets),
        )  # fmt: skip
        round_trip = self._round_trip((read, written), (sources, targets), batch)
        return Encoded(Ragged.of(source_ids), Ragged.of(target_ids), truncation, round_trip)

    def warn_of(self, encoded: Encoded, part: str) -> None:
        """Warn if texts were cut, naming the arguments that cut them, or are not given back by the tokenizer."""
        truncation = encoded.truncation
        cut = {"max_source_length": truncation.sources, "max_target_length": truncation.targets}
        limits = " and ".join(f"{name}={getattr(self, name)}" for name, rows in cut.items() if rows)
        if limits:
            warn(TruncationWarning(f"{part}: {truncation} at {limits} tokens"))
        encoded.round_trip.warn(part)

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
        left = getattr(self.tokenizer, "truncation_side", "right") == "left"
        return [*before, *(ids[len(ids) - room :] if left else ids[:room]), *after]

    def _cut_target(self, ids: list[int], whole: list[int]) -> list[int]:
        """Cut a target, leaving out the end token: the model must not learn to end where the text was cut."""
        before, after = self._target_frame
        room = self.max_target_length - len(before) - len(after)
        if after[-1] != self._end and room >= 0:  # the end, then a language: the model needs the last token
            return [*before, *ids[:room], *after]
        return whole[: self.max_target_length]

    def _tokenize(self, rows: list[Pieces], side: str) -> list[Row]:
        """Tokenise each row without adding special tokens; remembered texts are not tokenised again."""
        seen = recalled(self.tokenizer, side)
        new = list(dict.fromkeys(row for row in rows if row not in seen))
        of = "text" if side == "source" or self.is_decoder else "text_target"
        for start in range(0, len(new), _ROWS_AT_ONCE):
            some = new[start : start + _ROWS_AT_ONCE]
            plain_ids = self._tokenized(["".join(row) for row in some], of)
            ids = as_text(self.tokenizer, some, plain_ids, special=self._special)
            seen.update(zip(some, map(self._row, some, ids), strict=True))
        return [seen[row] for row in rows]

    def _tokenized(self, texts: list[str], of: str) -> list[list[int]]:
        options = {"add_special_tokens": False, "truncation": False, "padding": False, "verbose": False}
        ids: list[list[int]] = self.tokenizer(**{of: texts}, **options)["input_ids"]
        return ids

    def _row(self, pieces: Pieces, ids: list[int]) -> Row:
        text, back = "".join(pieces), self._given_back(pieces, ids)
        return Row(np.array(ids, dtype=np.int32), None if back == text else back)

    def _given_back(self, pieces: Pieces, ids: list[int]) -> str:
        kept = [self._special[token] for token in pieces[1::2]]
        return detokenize(self.tokenizer, ids, kept=kept, special=self._special)

    def _round_trip(
        self,
        sides: tuple[list[Row], list[Row]],
        pieces: tuple[list[Pieces], list[Pieces]],
        batch: Mapping[str, Sequence[str]],
    ) -> RoundTrip:
        lost = [[i for i, row in enumerate(rows) if row.back is not None] for rows in sides]
        examples = []
        for template, rows, texts, wrong in zip((self.source, self.target), sides, pieces, lost, strict=True):
            if wrong:
                first = wrong[0]
                columns = self._columns_lost(template, batch, first)
                examples.append(LostText.of(columns, first, "".join(texts[first]), rows[first].back or ""))
        return RoundTrip(rows=len(sides[0]), sources=len(lost[0]), targets=len(lost[1]), examples=tuple(examples))

    def _columns_lost(self, template: Template, batch: Mapping[str, Sequence[str]], row: int) -> str:
        """Return the columns whose text on its own is not given back, or all columns if the text of each is."""
        columns = [column for column in template.columns if column in batch]
        if len(columns) > 1:
            texts = [(batch[column][row],) for column in columns]
            alone = as_text(self.tokenizer, texts, self._tokenized(["".join(t) for t in texts], "text"))
            lost = [c for c, t, ids in zip(columns, texts, alone, strict=True) if self._given_back(t, ids) != t[0]]
            columns = lost or columns
        return ", ".join(columns or template.columns)

    @cached_property
    def _special(self) -> dict[str, int]:
        return special_tokens(self.tokenizer)

    @property
    def written(self) -> frozenset[int]:
        """Ids of special tokens that are part of the texts and therefore stay in the text of an output."""
        tokens = (*self.target.special_tokens(self._special), *self.special_tokens)
        return frozenset(self._special[token] for token in tokens)

    @property
    def frame_ids(self) -> frozenset[int]:
        """Ids that may occur in every row: the tokens around a text, and special tokens that are part of the texts."""
        frames = (*self._source_frame, *self._target_frame)
        tokens = self.source.special_tokens(self._special)
        return frozenset(n for some in frames for n in some) | self.written | {self._special[t] for t in tokens}

    @property
    def _end(self) -> int:
        end = self.tokenizer.eos_token_id
        return int(self.tokenizer.sep_token_id if end is None else end)

    @property
    def _first(self) -> int:
        """Id that represents an empty source: a decoder needs one token before the first that it predicts."""
        first = self.tokenizer.bos_token_id if self.is_decoder else None
        return self._end if first is None else int(first)


def check_special_tokens(tokens: Sequence[str], tokenizer: Tokenizer) -> None:
    """Raise a ParameterError that names close matches if one of ``tokens`` is no special token of the tokenizer."""
    known = special_tokens(tokenizer) if tokens else {}
    for token in tokens:
        if token not in known:
            raise ParameterError("special_tokens", "special tokens of the tokenizer", token, closest(token, known))

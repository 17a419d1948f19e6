"""Encoding of the rows of a classifier: a source, or a pair of texts in the tokenizer's own form, and a label."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.finetune.encoded_part import check_part_rows, warn_of_losses
from codeshift.finetune.label_column import LabelColumn, Labelling
from codeshift.finetune.models import Tokenizer
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.round_trip import LostText, RoundTrip
from codeshift.finetune.template import Template
from codeshift.finetune.token_memory import TokenizedRow
from codeshift.finetune.tokenizing import Tokenizing, cut_to
from codeshift.finetune.truncation import SourceTruncation
from codeshift.properties.text_tokens import frame_of
from codeshift.wording import Verbatim

_SAMPLES = ("a b", "c d e")  # a pair of texts, to see what a tokenizer puts around and between the two


@dataclass(frozen=True)
class LabelledRows:
    """The token ids and labels of one part.

    Attributes:
        sources: Ids of each row, special tokens included.
        second: Position at which the second text of each row begins, (rows,); the length of a row without one.
        labelling: Labels as numbers of classes.
        truncation: Amount of text that was cut.
        round_trip: Texts that the tokenizer does not give back, counted before truncation.
    """

    sources: Ragged
    second: NDArray[np.int64] = field(repr=False)
    labelling: Labelling
    truncation: SourceTruncation
    round_trip: RoundTrip

    def __len__(self) -> int:
        return len(self.sources)

    def digest(self) -> str:
        """Return the SHA-256 of the token ids and labels."""
        digest = hashlib.sha256()
        self.sources.add_to(digest)
        digest.update(self.second.tobytes())
        digest.update(self.labelling.numbers.tobytes())
        return digest.hexdigest()


class PairFrame(NamedTuple):
    """Ids that a tokenizer puts before, between and after a pair of texts, and whether it numbers the two."""

    before: list[int]
    between: list[int]
    after: list[int]
    numbered: bool


def pair_frame_of(tokenizer: Tokenizer) -> PairFrame:
    """Return what a tokenizer puts around a pair of texts.

    Raises:
        ParameterError: the tokenizer has no form for pairs.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> pair_frame_of(tiny_tokenizer(["a"]))
    PairFrame(before=[], between=[2], after=[2], numbered=False)
    """
    options: dict[str, Any] = {"truncation": False, "padding": False, "verbose": False}
    first, second = (tokenizer(text, add_special_tokens=False, **options)["input_ids"] for text in _SAMPLES)
    pair = tokenizer(*_SAMPLES, return_token_type_ids=True, **options)
    ids: list[int] = pair["input_ids"]
    start = _find(ids, first, 0)
    then = None if start is None else _find(ids, second, start + len(first))
    if start is None or then is None:
        remedy = "give one source as a template of both columns, such as '{query}\\n{code}'"
        raise ParameterError(
            "source", "one text for this tokenizer", Verbatim("a pair, which it has no form for"), remedy
        )
    end = then + len(second)
    numbered = any(pair.get("token_type_ids", ())) and "token_type_ids" in tokenizer.model_input_names
    return PairFrame(ids[:start], ids[start + len(first) : then], ids[end:], numbered)


def _find(ids: list[int], part: list[int], start: int) -> int | None:
    places = range(start, len(ids) - len(part) + 1)
    return next((place for place in places if ids[place : place + len(part)] == part), None)


def shortened(first: int, second: int, room: int) -> tuple[int, int]:
    """Return the lengths of two texts after the longer one is cut, token by token, until both fit into ``room``.

    Where both are of one length, the second keeps the odd token, as in the tokenizers of transformers.

    >>> shortened(10, 3, 8), shortened(10, 9, 8), shortened(2, 3, 8), shortened(9, 10, 7)
    ((5, 3), (4, 4), (2, 3), (3, 4))
    """
    if first + second <= room:
        return first, second
    short = min(first, second)
    if 2 * short <= room:
        return (short, room - short) if first <= second else (room - short, short)
    half = room // 2
    return (half, room - half) if first <= second else (room - half, half)


@dataclass(frozen=True)
class LabelledEncoder:
    """Encoder of the rows of a classifier.

    Attributes:
        tokenizer: Tokenizer of transformers.
        source: Template of the text that the model is given, or those of a pair of texts.
        label: Column of labels.
        classes: Names of the classes, in the order of their numbers.
        max_source_length: Length of the longest row, in tokens.
        special_tokens: Special tokens that count as such in the columns too; all others are text there.
        end: Id of a token that must stand in every row, because the model looks for it; None for none.
    """

    tokenizer: Tokenizer
    source: tuple[Template, ...]
    label: LabelColumn
    classes: tuple[str, ...]
    max_source_length: int
    special_tokens: tuple[str, ...] = ()
    end: int | None = None

    def encode(self, data: Dataset, part: str = "data") -> LabelledRows:
        """Encode a ``datasets.Dataset``.

        Raises:
            ParameterError: a column is missing.
            DataError: a value is not text, a row has no label, or there is no row.
        """
        check_part_rows((*self.source, self.label), data, part)
        sides, lost, examples = [], set[int](), list[LostText]()
        for template in self.source:
            batch = {column: list(data[column]) for column in template.columns}
            texts = self._texts.pieces(template, batch)
            sides.append(self._texts.rows(texts, "source"))
            wrong, lost_texts = self._texts.lost(template, sides[-1], texts, batch)
            lost.update(wrong)
            examples += lost_texts
        round_trip = RoundTrip(rows=len(data), sources=len(lost), targets=0, examples=tuple(examples))
        ids, second, truncation = self._framed(sides)
        labelling = self.label.numbers(data, self.classes)
        return LabelledRows(Ragged.of(ids), np.array(second, dtype=np.int64), labelling, truncation, round_trip)

    def warn_of(self, encoded: LabelledRows, part: str) -> None:
        """Warn of rows that were cut, that the tokenizer does not give back, or whose label is none of the classes."""
        warn_of_losses(encoded, part, max_source_length=self.max_source_length)
        encoded.labelling.warn(part)

    def _framed(self, sides: list[list[TokenizedRow]]) -> tuple[list[list[int]], list[int], SourceTruncation]:
        before, between, after, _ = self._frame
        room = max(0, self.max_source_length - len(before) - len(between) - len(after))
        ids, second, cut = [], [], []
        for row in zip(*sides, strict=True):
            lengths = [len(text.ids) for text in row]
            lengths_kept = shortened(lengths[0], lengths[1], room) if len(row) == 2 else (min(lengths[0], room),)
            first, *rest = (
                cut_to(text.ids, n, self.tokenizer).tolist() for text, n in zip(row, lengths_kept, strict=True)
            )
            start = [*before, *first, *between]
            ids.append([*start, *(rest[0] if rest else []), *after] or [self._lone])
            second.append(len(start) if rest else len(ids[-1]))
            cut.append([length - length_kept for length, length_kept in zip(lengths, lengths_kept, strict=True)])
        lost = np.array(cut)
        counts = (lost > 0).sum(axis=0).tolist()
        truncation = SourceTruncation(
            len(ids), int((lost > 0).any(axis=1).sum()), 0, int(lost.sum()), 0, counts[0], sum(counts[1:])
        )
        return ids, second, truncation

    @cached_property
    def _texts(self) -> Tokenizing:
        return Tokenizing(self.tokenizer, self.special_tokens)

    @cached_property
    def _frame(self) -> PairFrame:
        if len(self.source) == 2:
            frame = pair_frame_of(self.tokenizer)
        else:
            before, after = frame_of(self.tokenizer, "text")
            frame = PairFrame(before, [], after, False)
        lacks_end = self.end is not None and self.end not in frame.after
        return frame._replace(after=[*frame.after, self.end]) if lacks_end else frame  # type: ignore[list-item]

    @property
    def numbered(self) -> bool:
        """Whether the model is given which tokens are of the second text (``token_type_ids``)."""
        return self._frame.numbered

    @property
    def frame_ids(self) -> frozenset[int]:
        """Ids that may occur in every row: the tokens around texts, and special tokens that are part of the texts."""
        tokens = (
            *(t for source in self.source for t in source.special_tokens(self._texts.special)),
            *self.special_tokens,
        )
        around = {*self._frame.before, *self._frame.between, *self._frame.after}
        return frozenset(around) | {self._texts.special[token] for token in tokens}

    @property
    def _lone(self) -> int:
        """Id that represents an empty row: a model needs one token."""
        names = ("bos_token_id", "eos_token_id", "sep_token_id", "pad_token_id")
        return next(int(i) for name in names if (i := getattr(self.tokenizer, name)) is not None)


def templates_of(source: Any) -> tuple[Template, ...]:
    """Return the templates of a source: one, or two for a pair.

    Raises:
        ParameterError: the source is neither a text nor a pair of texts.

    >>> [template.spec for template in templates_of(("query", "code"))]
    ['query', 'code']
    """
    if isinstance(source, str):
        return (Template(source, "source"),)
    if not isinstance(source, Sequence) or len(source) != 2:
        remedy = 'such as "code" or ("query", "code")'
        raise ParameterError("source", "a column, a template or a pair of them", source, remedy)
    return tuple(Template(spec, "source") for spec in source)

"""Encoded rows of a part and their encoder, whatever the task, and the checks and warnings of all encoders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from datasets import Dataset, Features

from codeshift.errors import DataError, warn
from codeshift.finetune.errors import TruncationWarning
from codeshift.finetune.models import Tokenizer
from codeshift.finetune.round_trip import RoundTrip
from codeshift.finetune.truncation import TruncationCounts


class EncodedPart(Protocol):
    """The token ids of the rows of a part, and what a model must learn of them."""

    @property
    def truncation(self) -> TruncationCounts:
        """Amount of text that was cut."""

    @property
    def round_trip(self) -> RoundTrip:
        """Texts that the tokenizer does not give back."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def digest(self) -> str:
        """Return the SHA-256 of what a model is given and must learn."""


AnyEncodedPart = TypeVar("AnyEncodedPart", bound=EncodedPart)
"""Type of the encoded rows of a part."""


class Vocabulary(Protocol):
    """Tokens that the rows of an encoder may hold."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer of the rows."""

    @property
    def frame_ids(self) -> frozenset[int]:
        """Ids of the special tokens that may occur in a row."""


class PartEncoder(Vocabulary, Protocol[AnyEncodedPart]):
    """Encoder of the rows of a part, whatever the task."""

    def encode(self, data: Dataset, part: str = ...) -> AnyEncodedPart:
        """Encode the rows.

        Raises:
            ParameterError: a column is missing.
            DataError: a value cannot be used, or there is no row.
        """

    def warn_of(self, encoded: AnyEncodedPart, part: str) -> None:
        """Warn of texts that are cut, or that the tokenizer does not give back."""


class ReadColumn(Protocol):
    """Reader of a value of each row: a template of texts, or a column of labels."""

    def check(self, features: Features) -> None:
        """Check that the data have the columns, of the right kind."""


def check_part_rows(columns: Iterable[ReadColumn], rows: Dataset, part: str) -> None:
    """Check that a part has rows, and the columns that are read of them.

    Raises:
        ParameterError: a column is missing.
        DataError: a column is of another kind, or there is no row.
    """
    for column in columns:
        column.check(rows.features)
    if len(rows) == 0:
        raise DataError(part, "a dataset with rows", 0, "it is empty: choose another part or another split")


def warn_of_losses(encoded: EncodedPart, part: str, **limits: int) -> None:
    """Warn if texts were cut, or are not given back by the tokenizer.

    Args:
        encoded: Encoded rows.
        part: Name of the part.
        limits: ``max_source_length`` and, if rows have targets, ``max_target_length``, which the warning names.
    """
    truncation = encoded.truncation
    cut = {"max_source_length": truncation.sources, "max_target_length": truncation.targets}
    names = " and ".join(f"{name}={limits[name]}" for name, rows in cut.items() if rows)
    if names:
        warn(TruncationWarning(f"{part}: {truncation} at {names} tokens"))
    encoded.round_trip.warn(part)

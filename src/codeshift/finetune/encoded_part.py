"""What the encoded rows of a part are, whatever the task."""

from __future__ import annotations

from typing import Protocol

from codeshift.finetune.round_trip import RoundTrip
from codeshift.finetune.truncation import Truncation


class EncodedPart(Protocol):
    """The token ids of the rows of a part, and what a model must learn of them."""

    @property
    def truncation(self) -> Truncation:
        """Amount of text that was cut."""

    @property
    def round_trip(self) -> RoundTrip:
        """Texts that the tokenizer does not give back."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def digest(self) -> str:
        """Return the SHA-256 of what a model is given and must learn."""

"""Texts that do not survive a round trip through the tokenizer, which no model can read or write as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codeshift.errors import warn
from codeshift.finetune.errors import RoundTripWarning

_SHOWN = 40  # characters of an example


@dataclass(frozen=True, kw_only=True)
class LostText:
    """A text that a tokenizer does not decode to what it was.

    Attributes:
        column: Columns that the text comes from.
        row: Number of the row in the part.
        text: Excerpt of the text, where the two begin to differ.
        back: Same excerpt of the decoded tokens.

    >>> print(LostText(column="code", row=0, text="{ return a }", back="<unk> return a <unk>"))
    'code' of row 0, where '{ return a }' becomes '<unk> return a <unk>'
    """

    column: str
    row: int
    text: str
    back: str

    def __str__(self) -> str:
        return f"{self.column!r} of row {self.row}, where {self.text!r} becomes {self.back!r}"

    @classmethod
    def of(cls, column: str, row: int, text: str, back: str) -> LostText:
        """Build an example from the whole texts."""
        same = next((i for i, (a, b) in enumerate(zip(text, back, strict=False)) if a != b), min(len(text), len(back)))
        start = max(0, same - _SHOWN // 4)
        return cls(column=column, row=row, text=text[start : start + _SHOWN], back=back[start : start + _SHOWN])


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """The number of texts of a part that a tokenizer does not decode to what they were.

    A model cannot write such a target and does not see such a source as it is.

    Attributes:
        rows: Number of rows in the part.
        sources: Number of rows whose source is not given back.
        targets: Number of rows whose target is not given back.
        examples: One example of a source and one of a target, if there are any.

    >>> print(RoundTrip(rows=200, sources=3, targets=40))
    3 of 200 sources and 40 of 200 targets are not given back by the tokenizer
    """

    rows: int
    sources: int
    targets: int
    examples: tuple[LostText, ...] = ()

    def __str__(self) -> str:
        counts = f"{self.sources} of {self.rows} sources and {self.targets} of {self.rows} targets"
        return f"{counts} are not given back by the tokenizer"

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and examples as JSON values."""
        return vars(self) | {"examples": [vars(example) for example in self.examples]}

    def warn(self, part: str) -> None:
        """Issue a ``RoundTripWarning`` if any text is lost."""
        if self.sources or self.targets:
            examples = "; ".join(map(str, self.examples))
            message = f"{part}: {self}: {examples}. Choose a tokenizer that keeps them, or leave such rows out"
            warn(RoundTripWarning(message))

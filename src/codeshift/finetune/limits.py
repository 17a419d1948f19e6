"""The limits of length and special tokens that rows are encoded with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from codeshift.checks import Check, check_integer, check_texts

TRAINING_FILE = "training.json"
"""Name of the file in which a trainer records a training."""
_LONGEST = 512

LIMIT_CHECKS: dict[str, Check] = {
    "max_source_length": partial(check_integer, smallest=1),
    "max_target_length": partial(check_integer, smallest=2),
    "special_tokens": partial(check_texts, members="tokens", example='("<extra_id_0>",)'),
}
"""Checks of the values of ``Limits``, by name."""


@dataclass(frozen=True)
class Limits:
    """How rows are encoded.

    Attributes:
        max_source_length: Length of the longest source, in tokens.
        max_target_length: Length of the longest target, in tokens.
        special_tokens: Special tokens that count as such in the columns too.
    """

    max_source_length: int = _LONGEST
    max_target_length: int = _LONGEST
    special_tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class GivenLimits:
    """Limits of which some are given; the attributes are those of ``Limits``, and None where a limit is not given.

    >>> GivenLimits(max_target_length=64).filled(Limits(max_source_length=128))
    Limits(max_source_length=128, max_target_length=64, special_tokens=())
    """

    max_source_length: int | None = None
    max_target_length: int | None = None
    special_tokens: tuple[str, ...] | None = None

    def filled(self, by: Limits) -> Limits:
        """Return the limits with those of ``by`` where none are given."""
        return replace(by, **self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the limits that are given, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

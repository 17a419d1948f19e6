"""Settings of a calculation of power: assumptions, and the wanted power."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from codeshift.checks import check_number, optional, settings, settle
from codeshift.errors import ParameterError

_SHARE = partial(check_number, smallest=0, largest=1, remedy="1 if two models score alike on each row")
_WITHIN = partial(check_number, above=0, below=1, remedy="such as 0.8 for power, 0.95 for confidence")


@settings(
    {
        "seed_spread": optional(partial(check_number, smallest=0, remedy="such as 0.02 for two points of a share")),
        "row_spread": optional(partial(check_number, above=0, remedy="0.5 is the widest that a share can have")),
        "correlation": optional(_SHARE),
        "seed_correlation": optional(_SHARE),
        "difference": optional(partial(check_number, above=0, remedy="such as 0.05 for five points of a share")),
        "power": _WITHIN,
        "confidence": _WITHIN,
    }
)
@dataclass(frozen=True, kw_only=True)
class PowerSettings:
    """Assumptions on two models that are compared on the same rows, and the wanted power.

    All are in the metric's own unit: a share of 1 is 100 points. A pilot is a study that was run before, such as one of
    few rows, two training seeds and one scenario; what is given beside it comes first.

    Attributes:
        seed_spread: Standard deviation of a model's value over training seeds; needed unless there is a pilot.
        row_spread: Standard deviation of the score over rows. By default it is measured on the model without
            fine-tuning; if that scores all rows alike, it is the widest that the metric can have.
        correlation: Correlation over rows of the scores of two models, from 0 to 1; by default that of the pilot, or
            .5.
        seed_correlation: Correlation over rows of two training seeds of one model; at least ``correlation``. By default
            that of the pilot, or halfway between ``correlation`` and 1.
        pilot: Folder of the pilot.
        difference: Difference to show, for the number of seeds that it takes.
        power: Probability to show a difference that exists.
        confidence: Confidence of the study's intervals.

    Raises:
        ParameterError: if a value is invalid, or there is neither a spread over seeds nor a pilot.

    >>> PowerSettings(seed_spread=0.02, difference=0.05).power
    0.8
    """

    seed_spread: float | None = None
    row_spread: float | None = None
    correlation: float | None = None
    seed_correlation: float | None = None
    pilot: str | os.PathLike[str] | None = None
    difference: float | None = None
    power: float = 0.8
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.seed_spread is None and self.pilot is None:
            remedy = "state it, such as 0.02 for two points of a share, or name the folder of a pilot study"
            raise ParameterError("seed_spread", "given where there is no pilot", None, remedy)
        if self.correlation is not None and self.seed_correlation is not None:
            settle(self, seed_correlation=check_number(
                "seed_correlation", self.seed_correlation, smallest=self.correlation,
                remedy="two seeds of one model are at least as alike as two models",
            ))  # fmt: skip

    @classmethod
    def of(cls, settings: PowerSettings | Mapping[str, Any] | None) -> PowerSettings | None:
        """Return the settings, or make them of a mapping.

        Raises:
            ParameterError: if they are neither, or a setting is unknown or invalid.

        >>> PowerSettings.of({"seed_spread": 0.01}).seed_spread
        0.01
        """
        if settings is None or isinstance(settings, PowerSettings):
            return settings
        if not isinstance(settings, Mapping):
            raise ParameterError("power", "settings of the power", settings, 'such as {"seed_spread": 0.02}')
        return cls(**{str(name): value for name, value in settings.items()})

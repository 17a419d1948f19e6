"""Base class of splitters by a band of whole numbers: lengths, complexities."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

from codeshift.checks import check_choice, settle
from codeshift.errors import ParameterError
from codeshift.properties import Property, PropertyTable
from codeshift.properties.untied import Untied
from codeshift.regions.base import Region
from codeshift.splitters.in_languages import LanguageSplitter
from codeshift.splitters.quantiles import band_of, check_band

_TIES = ("together", "split")


@dataclass(frozen=True, kw_only=True, repr=False)
class BandSplitter(LanguageSplitter):
    """Base class of splitters that take a band of a property of whole numbers; by default the top fifth of the rows.

    Attributes:
        column: Column that holds the code.
        quantiles: Band as shares of the rows, ``(low, high)``.
        bounds: Band as values instead, ``low <= value < high``; ``None`` for an open end.
        ties: Treatment of rows of one value at a quantile, ``"together"`` or ``"split"``.

    Raises:
        ParameterError: if a value is invalid.
    """

    always_shown: ClassVar[tuple[str, ...]]
    """Fields that the repr shows in this order; others follow where they differ from their default."""

    quantiles: tuple[float, float] | None = None
    bounds: tuple[float | None, float | None] | None = None
    ties: str = "together"

    def __post_init__(self) -> None:
        quantiles, bounds = check_band(self.quantiles, self.bounds)
        settle(self, quantiles=quantiles, bounds=bounds, ties=check_choice("ties", self.ties, _TIES))
        if self.ties == "split" and self.bounds is not None:
            raise ParameterError("ties", "left out if bounds is given", self.ties, "bounds name the values")

    @property
    @abstractmethod
    def measured(self) -> Property:
        """Property whose band this splitter takes."""

    def fit(self, table: PropertyTable) -> Region:
        """Return an interval of the property; quantiles are taken over all rows of ``table``."""
        measured = Untied(self.column, self.measured) if self.ties == "split" else self.measured
        return band_of(measured, table, self.quantiles, self.bounds)

    def __repr__(self) -> str:
        defaults = {field.name: field.default for field in fields(self) if field.name not in self.always_shown}
        names = (*self.always_shown, *(name for name, usual in defaults.items() if getattr(self, name) != usual))
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

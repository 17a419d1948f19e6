"""Regions of programs by an interval of a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.checks import plain_number, settle
from codeshift.properties import Property, PropertyTable
from codeshift.properties.base import property_class
from codeshift.regions.base import Region


@dataclass(frozen=True)
class Interval(Region):
    """Rows whose number lies in ``[low, high)``.

    Attributes:
        property: Property, which gives each row a number.
        low: Least number inside; None for no bound.
        high: Least number above the region; None for no bound.

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "xx", "xxx"]}))
    >>> Interval(CharCount("code"), low=2, high=3).contains(table)
    array([False,  True, False])
    """

    property: Property
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        settle(self, low=plain_number(self.low), high=plain_number(self.high))

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        values = np.asarray(table.values(self.property), dtype=np.float64)
        inside = np.ones(len(values), dtype=bool)
        if self.low is not None:
            inside &= values >= self.low
        if self.high is not None:
            inside &= values < self.high
        return inside

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Return the clause of the property, which formats its own numbers."""
        return property_class(plain["property"]).words_between(plain["property"], plain["low"], plain["high"])

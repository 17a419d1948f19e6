"""Whole numbers without ties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.properties.base import Property, property_class
from codeshift.properties.columns import ContentHash

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True)
class Untied(Property):
    """Property of whole numbers plus a fraction from the hash of each row's text.

    Rows keep their order, and equal ones get an order that depends on their content alone. So a quantile can divide
    rows where it would otherwise have to take all or none.

    Attributes:
        whole: the property of whole numbers.

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount, PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["a", "b", "cc"]}))
    >>> first, second, third = table.values(Untied("code", CharCount("code"))).tolist()
    >>> first != second, 1 < first < 2 and 1 < second < 2 < third < 3
    (True, True)
    """

    whole: Property

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute numbers of shape ``(n,)``."""
        fractions: np.ndarray = table.values(ContentHash(self.column))
        return fractions + np.asarray(table.values(self.whole), dtype=np.float64)

    @property
    def shown(self) -> Property | None:
        """Property of the whole numbers."""
        return self.whole.shown

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Return the name of the whole numbers."""
        return property_class(plain["whole"]).words_of(plain["whole"])

    @classmethod
    def words_between(cls, plain: Mapping[str, Any], low: float | None, high: float | None) -> str:
        """Describe the programs as for the whole numbers."""
        return property_class(plain["whole"]).words_between(plain["whole"], low, high)

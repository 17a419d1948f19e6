"""Whole numbers without ties."""

from __future__ import annotations

import math
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
        whole: Property of whole numbers.

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
        """Describe the programs by the whole numbers, and say of which of these only some rows lie inside.

        >>> from codeshift.properties import CharCount
        >>> Untied.words_between(Untied("code", CharCount("code")).to_dict(), 2.25, 4.5)
        'whose length in characters is at least 2 and at most 4, with only some of those of 2 and 4'
        """
        whole = property_class(plain["whole"])
        ends = [None if end is None else math.floor(end) for end in (low, high)]
        split = [end for end, bound in zip(ends, (low, high), strict=True) if end is not None and end != bound]
        upper = "below {}" if ends[1] == high else "at most {}"
        clause = whole._between(plain["whole"], ("at least {}", ends[0]), (upper, ends[1]))
        numbers = " and ".join(whole.number_words(end) for end in dict.fromkeys(split))
        return f"{clause}, with only some of those of {numbers}" if split else clause

"""Regions of rows by a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties import Property, PropertyTable
from codeshift.properties.labels import LabelValue, typed_text
from codeshift.regions.base import Region
from codeshift.regions.words import joined_words


@dataclass(frozen=True)
class OneOf(Region):
    """Rows whose label is one of some values; 1, True and "1" are different labels.

    Attributes:
        property: Property that gives each row its label.
        values: Labels inside.

    >>> from datasets import Dataset
    >>> from codeshift.properties.columns import Label
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "y"], "project": ["django", "flask"]}))
    >>> OneOf(Label("project"), ("flask", "requests")).contains(table)
    array([False,  True])
    """

    property: Property
    values: tuple[LabelValue, ...]

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        kept_values = {typed_text(value) for value in self.values}
        labels = table.values(self.property).tolist()
        return np.fromiter((typed_text(label) in kept_values for label in labels), dtype=bool, count=len(labels))

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Describe the region by its column and labels."""
        return f"whose {plain['property']['column']} is {joined_words(plain['values'], 'or')}"

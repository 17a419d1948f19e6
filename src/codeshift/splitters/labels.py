"""Regions of rows by a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codeshift.properties import Property, PropertyTable
from codeshift.splitters.identity import typed_text
from codeshift.splitters.regions import Region

LabelValue = str | int | bool


@dataclass(frozen=True)
class OneOf(Region):
    """Rows whose label is one of ``values``; 1, True and "1" are three labels.

    >>> from datasets import Dataset
    >>> from codeshift.properties.columns import Label
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "y"], "project": ["django", "flask"]}))
    >>> OneOf(Label("project"), ("flask", "requests")).contains(table)
    array([False,  True])
    """

    property: Property
    values: tuple[LabelValue, ...]

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        wanted = {typed_text(value) for value in self.values}
        labels = table.values(self.property).tolist()
        return np.fromiter((typed_text(label) in wanted for label in labels), dtype=bool, count=len(labels))

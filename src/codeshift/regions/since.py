"""Regions of rows by a number that starts elsewhere for each label: the latest programs of each project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties import Property, PropertyTable
from codeshift.properties.base import property_class
from codeshift.properties.labels import LabelValue, typed_text
from codeshift.regions.base import Region


@dataclass(frozen=True)
class SinceOfLabel(Region):
    """Rows whose number is at least the start of their label.

    Attributes:
        property: Number of each row, such as its time.
        label: Label of each row, such as its project.
        starts: Labels, each with its start; None for a label that is wholly outside.
        otherwise: Start of a label that is not among them; None if it is wholly outside.

    >>> from datasets import Dataset
    >>> from codeshift.properties.columns import Label, Timestamp
    >>> rows = {"code": ["x", "y", "z"], "year": [2019, 2020, 2019], "project": ["django", "django", "flask"]}
    >>> region = SinceOfLabel(Timestamp("year"), Label("project"), (("django", 2020.0), ("flask", 2019.0)))
    >>> region.contains(PropertyTable(Dataset.from_dict(rows)))
    array([False,  True,  True])
    """

    property: Property
    label: Property
    starts: tuple[tuple[LabelValue, float | None], ...]
    otherwise: float | None = None

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        never = float("inf")
        starts = {typed_text(label): never if start is None else start for label, start in self.starts}
        otherwise = never if self.otherwise is None else self.otherwise
        labels = table.values(self.label).tolist()
        of_rows = np.array([starts.get(typed_text(label), otherwise) for label in labels], dtype=np.float64)
        return np.asarray(np.asarray(table.values(self.property), dtype=np.float64) >= of_rows)

    def properties(self) -> tuple[Property, ...]:
        """Return the number alone: each label is on both sides, and is not meant to shift."""
        return (self.property,)

    def remedy_if_empty(self) -> str:
        """Return what to do if no label has a start: to take labels that more rows share."""
        if any(start is not None for _, start in self.starts):
            return ""
        (column,) = self.label.columns
        few = f"no value of {column!r} has enough rows of several moments for a cut of its own"
        return f"{few}: name a column whose values repeat more in within, raise share, or leave within out"

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Describe the region by its property and label."""
        number = property_class(plain["property"]).words_of(plain["property"])
        return f"whose {number} is among the latest of their {plain['label']['column']}"

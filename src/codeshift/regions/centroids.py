"""Regions of rows by their nearest cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties import Property, PropertyTable
from codeshift.properties.clustering import NearestCluster
from codeshift.properties.matrix import Matrix
from codeshift.regions.base import Region
from codeshift.regions.words import joined_words


@dataclass(frozen=True)
class NearestCentroid(Region):
    """Rows whose nearest centroid is one of those ``chosen``.

    Attributes:
        property: Property whose values are vectors, of shape ``(n, dimensions)``.
        centroids: Centroids, of shape ``(n_clusters, dimensions)``.
        chosen: Indices of the chosen centroids.

    >>> from datasets import Dataset
    >>> from codeshift.properties.encoder import ColumnVectors
    >>> rows = Dataset.from_dict({"code": ["f()", "g()"], "vector": [[0.0, 0.1], [1.0, 0.9]]})
    >>> centroids = Matrix.pack(np.array([[0.0, 0.0], [1.0, 1.0]]))
    >>> NearestCentroid(ColumnVectors("code", "vector"), centroids, chosen=(1,)).contains(PropertyTable(rows))
    array([False,  True])
    """

    property: Property
    centroids: Matrix
    chosen: tuple[int, ...]

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        return np.isin(table.values(self.labels()), self.chosen)

    def labels(self) -> NearestCluster:
        """Return the cluster of each row as a property, so that regions of one clustering compute it once."""
        return NearestCluster(self.property.column, self.property, self.centroids)

    def properties(self) -> tuple[Property, ...]:
        """Return no property: vectors have no distribution of their own to compare, and may need a model's pass."""
        return ()

    def shown(self) -> tuple[Property, ...]:
        """Return the property of clusters."""
        return (self.labels(),)

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Describe the region by the numbers of its clusters."""
        several = "s" if len(plain["chosen"]) > 1 else ""
        return f"of cluster{several} {joined_words(plain['chosen'], 'and')} of {plain['centroids']['rows']}"

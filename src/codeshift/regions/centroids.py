"""Regions of rows by the cluster that they are nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties import Property, PropertyTable
from codeshift.properties.clustering import NearestCluster
from codeshift.properties.matrix import Matrix
from codeshift.regions.base import Region
from codeshift.regions.words import listed


@dataclass(frozen=True)
class NearestCentroid(Region):
    """Rows whose nearest centroid is one of those ``chosen``.

    Attributes:
        property: gives vectors of shape ``(n, dimensions)``.
        centroids: of shape ``(n_clusters, dimensions)``.
        chosen: numbers of centroids.

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
        """Booleans of shape ``(n,)``."""
        return np.isin(table.values(self.labels()), self.chosen)

    def labels(self) -> NearestCluster:
        """The cluster of each row: a property of its own, which regions of one clustering compute once a table."""
        return NearestCluster(self.property.column, self.property, self.centroids)

    def properties(self) -> tuple[Property, ...]:
        """None: vectors have no distribution of their own to compare, and may cost a model's pass over all rows."""
        return ()

    def shown(self) -> tuple[Property, ...]:
        """The clusters."""
        return (self.labels(),)

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """The clusters' numbers."""
        several = "s" if len(plain["chosen"]) > 1 else ""
        return f"of cluster{several} {listed(plain['chosen'], 'and')} of {plain['centroids']['rows']}"

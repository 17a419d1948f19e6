"""Clusters of a table's rows, by the vectors of their programs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import ParameterError
from codeshift.properties.base import Property
from codeshift.properties.cluster_count import count_clusters
from codeshift.properties.embedding import Embedding
from codeshift.properties.identity_order import DistinctTexts
from codeshift.properties.kmeans import check_count, fit_centroids, nearest, one_thread, sample_size
from codeshift.properties.matrix import Matrix
from codeshift.properties.progress import Stages
from codeshift.properties.tallies import NumberTally

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable

_TIE = 1e-9
FITTED_SAMPLE = 50_000
"""Distinct programs that are enough for the vocabulary, the principal components and the default clusters."""


@dataclass(frozen=True)
class ProjectedVectors(Property):
    """Vectors projected on their principal components.

    Attributes:
        vectors: Property that is projected.
        mean: Mean of the fitted vectors, shape ``(1, dimensions)``.
        components: Principal components, shape ``(n_components, dimensions)``.
    """

    title = "projected vectors"

    vectors: Property
    mean: Matrix
    components: Matrix

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute vectors of shape ``(n, n_components)``."""
        return np.asarray((table.values(self.vectors) - self.mean.array) @ self.components.array.T)


@dataclass(frozen=True)
class NearestCluster(Property):
    """Cluster of each row: that of the nearest centroid (Euclidean distance; the lower number in a tie).

    Attributes:
        vectors: Property whose values are compared.
        centroids: Centroids, shape ``(n_clusters, dimensions)``.
    """

    title = "cluster"
    dimension = "semantics"
    nominal = True

    vectors: Property
    centroids: Matrix

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute cluster numbers of shape ``(n,)``."""
        with one_thread():
            return nearest(np.asarray(table.values(self.vectors)), self.centroids.array)


@dataclass(frozen=True, eq=False)
class Clustering:
    """Clusters of a table's rows, numbered by their size in the sample that they were fitted on, the largest first.

    Attributes:
        labels: Property that gives the cluster of any row.
        sizes: Number of rows of each cluster, shape ``(n_clusters,)``.
    """

    labels: NearestCluster
    sizes: np.ndarray

    @cached_property
    def isolation(self) -> np.ndarray:
        """Distance of each centroid to the nearest other one, shape ``(n_clusters,)``."""
        centroids = self.labels.centroids.array
        distances = np.sqrt(((centroids[:, None] - centroids[None]) ** 2).sum(axis=2))
        np.fill_diagonal(distances, np.inf)
        return np.asarray(distances.min(axis=1))


@dataclass(frozen=True)
class Clusters(Property):
    """``Clustering`` of a table's own rows: one value for all of them.

    k-means (Lloyd) from one k-means++ start (Arthur and Vassilvitskii, 2007), in double precision on one thread, on the
    distinct programs, each weighted by the number of its rows, in the order of their digests. If there are many
    programs, the first 100 per cluster (but at least 10,000) in that order are the sample that the centroids are fitted
    on, in at most 12 rounds; all rows are then assigned to the nearest centroid.

    Attributes:
        embedding: Embedding that turns programs into vectors.
        n_clusters: Number of clusters, or ``"elbow"`` or ``"silhouette"``.
        pca: Number of principal components to project the vectors on; None to leave them unprojected.
        seed: Seed of k-means.
    """

    embedding: Embedding
    n_clusters: int | str = 35
    pca: int | None = None
    seed: int = 0

    def evaluate(self, table: PropertyTable) -> Clustering:
        """Fit one clustering for all rows.

        Raises:
            ParameterError: if there are fewer distinct vectors than clusters, or than principal components.
        """
        at_most = sample_size(None if isinstance(self.n_clusters, str) else self.n_clusters)
        sample = table.sample(self.column, max(at_most, FITTED_SAMPLE))
        distinct = sample.values(DistinctTexts(self.column))
        with one_thread(), Stages("Clustering", 3, rows=len(table)) as stages:
            stages.at("vectors")
            prop, vectors = self._vectors(sample)
            points, weights = vectors[distinct.first[:at_most]], distinct.counts[:at_most].astype(np.float64)
            stages.at("centroids")
            if isinstance(self.n_clusters, str):
                count = count_clusters(points, weights, self.n_clusters, self.seed)
            else:
                count = self.n_clusters
            check_count(points, count)
            centroids = fit_centroids(points, weights, count, self.seed)[0]
            stages.at("nearest centroids")
            labels = NearestCluster(self.column, prop, Matrix.pack(centroids))
            tally = table.summarise(NumberTally(labels))
            sizes = np.zeros(count, dtype=np.int64)
            sizes[tally.values.astype(np.int64)] = tally.counts
            return Clustering(labels, sizes)

    def _vectors(self, table: PropertyTable) -> tuple[Property, np.ndarray]:
        prop = self.embedding.fit(table, self.column)
        vectors = np.asarray(table.values(prop))
        if self.pca is None:
            return prop, vectors
        points = vectors[table.values(DistinctTexts(self.column)).first[:FITTED_SAMPLE]]
        if self.pca > min(points.shape):
            raise ParameterError(
                "pca",
                f"at most {min(points.shape)}, for {points.shape[0]} distinct programs of {points.shape[1]} dimensions",
                self.pca,
                "ask for fewer components, or leave it out",
            )
        mean = points.mean(axis=0, keepdims=True)
        _, directions = np.linalg.eigh((points - mean).T @ (points - mean))
        components = _signed(directions[:, ::-1][:, : self.pca].T)
        projected = ProjectedVectors(self.column, prop, Matrix.pack(mean), Matrix.pack(components))
        return projected, table.values(projected)


def _signed(components: np.ndarray) -> np.ndarray:
    """Return each component with the sign that makes its largest number positive, the first one in a tie."""
    sizes = np.abs(components)
    first = np.argmax(sizes >= sizes.max(axis=1, keepdims=True) - _TIE, axis=1)
    return np.asarray(components * np.sign(components[np.arange(len(components)), first])[:, None])

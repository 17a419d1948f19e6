"""Splits by clusters of programs' embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codeshift.checks import check_choice, check_integer, check_share, settle, several
from codeshift.errors import ParameterError
from codeshift.hashing import seeded_order
from codeshift.literals import expressible
from codeshift.properties import PropertyTable
from codeshift.properties.cluster_count import CRITERIA
from codeshift.properties.clustering import Clustering, Clusters
from codeshift.properties.embedding import Embedding, as_embedding
from codeshift.regions.base import Region
from codeshift.regions.centroids import NearestCentroid
from codeshift.splitters.base import Splitter
from codeshift.splitters.shares import take_share
from codeshift.wording import closest

_CHOICES = ("most_isolated", "largest", "seeded")


@expressible
@dataclass(frozen=True, kw_only=True)
class ClusterSplitter(Splitter):
    """Programs of some clusters of an embedding are out of distribution.

    Clusters are named, or chosen until their rows make up ``share`` of all rows; they are never filled up with the
    smallest ones first, which would test on odd programs only. A cluster that does not fit is skipped, but the first of
    ``"most_isolated"`` and ``"largest"`` must fit: if it alone exceeds the share, the error names its size. The fitted
    region contains the centroids and all that the embedding has learnt, so new programs can be assigned. Equal data
    give equal clusters in any row order; other versions of NumPy or scikit-learn, or another processor, can give
    others, which is why a manifest lists the rows.

    Attributes:
        column: Column that holds the code.
        embedding: Embedding: ``"tfidf"`` (the default; ``TfidfEmbedding()``), the name or folder of a transformers
            encoder (``EncoderEmbedding(...)`` sets its pooling), a function of a list of programs
            (``FunctionEmbedding``), or ``ColumnEmbedding(...)`` for vectors that the dataset has.
        n_clusters: Number of clusters; ``"elbow"`` or ``"silhouette"`` to choose it from the data.
        pca: Number of principal components to project vectors on before clustering; None to leave them unprojected.
        clusters: Numbers of the clusters that are out of distribution, from 0, the largest, down
            (``table.values(splitter.clustering).sizes`` are their numbers of rows).
        choose: Choice of clusters if ``clusters`` is not given: ``"most_isolated"`` (those whose centroid is
            farthest from the nearest other one; the default), ``"largest"``, or ``"seeded"`` (drawn by
            ``cluster_seed``).
        share: Share of all rows, if ``clusters`` is not given; 0.2 by default.
        cluster_seed: Seed of k-means and of ``"seeded"``.

    Raises:
        ParameterError: if a value is invalid.

    >>> ClusterSplitter(column="code", n_clusters=8, clusters=(0, 3)).embedding
    TfidfEmbedding(features=4096, dimensions=128)
    """

    embedding: Embedding | str | Path | Callable[[Sequence[str]], Any] = "tfidf"
    n_clusters: int | str = 35
    pca: int | None = None
    clusters: tuple[int, ...] | None = None
    choose: str | None = None
    share: float | None = None
    cluster_seed: int = 0

    def __post_init__(self) -> None:
        settle(self, embedding=as_embedding(self.embedding))
        if isinstance(self.n_clusters, str):
            if self.n_clusters not in CRITERIA:
                hint = closest(self.n_clusters, CRITERIA)
                raise ParameterError("n_clusters", 'a number, "elbow" or "silhouette"', self.n_clusters, hint)
        else:
            settle(self, n_clusters=check_integer("n_clusters", self.n_clusters, smallest=2))
        if self.pca is not None:
            settle(self, pca=check_integer("pca", self.pca, smallest=1))
        settle(self, cluster_seed=check_integer("cluster_seed", self.cluster_seed, smallest=0))
        if self.clusters is None:
            settle(self, choose=check_choice("choose", self.choose or "most_isolated", _CHOICES))
            settle(self, share=check_share("share", 0.2 if self.share is None else self.share))
            return
        for name in ("choose", "share"):
            if getattr(self, name) is not None:
                remedy = "the clusters are named, so nothing is chosen"
                raise ParameterError(name, "left out if clusters is given", getattr(self, name), remedy)
        settle(self, clusters=_check_clusters(self.clusters))

    @property
    def clustering(self) -> Clusters:
        """Property that clusters a table: ``table.values(splitter.clustering).sizes`` are the sizes of the clusters."""
        assert isinstance(self.embedding, Embedding)  # noqa: S101 - set in __post_init__
        return Clusters(self.column, self.embedding, self.n_clusters, self.pca, self.cluster_seed)

    def fit(self, table: PropertyTable) -> Region:
        """Return the region of the chosen clusters, with all centroids.

        Raises:
            ParameterError: if there are fewer distinct programs than clusters, or no cluster of a number given.
            RegionError: if no set of whole clusters comes near the share.
        """
        clustering: Clustering = table.values(self.clustering)
        chosen = self._chosen(clustering)
        return NearestCentroid(clustering.labels.vectors, clustering.labels.centroids, tuple(chosen))

    def _chosen(self, clustering: Clustering) -> list[int]:
        count = len(clustering.sizes)
        if self.clusters is not None:
            beyond = [cluster for cluster in self.clusters if cluster >= count]
            if beyond:
                raise ParameterError(
                    "clusters", f"numbers from 0 to {count - 1}", beyond[0], f"there are {count} clusters"
                )
            return list(self.clusters)
        assert self.share is not None  # noqa: S101 - set in __post_init__
        names = [str(i) for i in range(count)]
        if self.choose == "largest":
            order = np.argsort(-clustering.sizes, kind="stable")
        elif self.choose == "most_isolated":
            order = np.lexsort((np.arange(count), -clustering.isolation))
        else:
            order = seeded_order(names, self.cluster_seed, "cluster")
        first = self.choose != "seeded"
        return [int(i) for i in take_share(clustering.sizes, order, self.share, names, "cluster", first=first)]


def _check_clusters(clusters: Any) -> tuple[int, ...]:
    numbers = several("clusters", clusters, "numbers of clusters", "such as (0, 3)")
    if not numbers:
        raise ParameterError("clusters", "at least one cluster", clusters, "leave it out to choose them")
    for number in numbers:
        check_integer("clusters", number, smallest=0)
    return tuple(sorted({int(number) for number in numbers}))

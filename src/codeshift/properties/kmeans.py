"""k-means whose result does not depend on row order, processes or threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from codeshift.errors import ParameterError

_PER_CLUSTER, _AT_LEAST = 100, 10_000
_START_PER_CLUSTER, _START_AT_LEAST = 40, 4_000
_ROUNDS = 12
_TIE = 1e-9
_BLOCK = 4096


def fit_centroids(points: np.ndarray, weights: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, float]:
    """Return centroids, shape ``(count, dimensions)``, largest first, and the mean squared distance on the sample."""
    from sklearn.cluster import KMeans, kmeans_plusplus

    sample, start = slice(sample_size(count)), slice(max(_START_PER_CLUSTER * count, _START_AT_LEAST))
    centers, _ = kmeans_plusplus(
        points[start], count, sample_weight=weights[start], random_state=seed, n_local_trials=1
    )
    model = KMeans(count, init=centers, n_init=1, max_iter=_ROUNDS)
    model.fit(points[sample], sample_weight=weights[sample])
    order = np.argsort(-np.bincount(model.labels_, weights=weights[sample], minlength=count), kind="stable")
    return model.cluster_centers_[order], float(model.inertia_ / weights[sample].sum())


def sample_size(count: int | None) -> int:
    """Return the number of programs that centroids are fitted on, for a number of clusters or one yet to be chosen."""
    return max(_PER_CLUSTER * (count or 0), _AT_LEAST)


def check_count(points: np.ndarray, count: int) -> None:
    """Check that there are at least as many distinct vectors as clusters.

    Raises:
        ParameterError: if there are fewer.
    """
    if len(points) >= _AT_LEAST:
        return
    distinct = len(np.unique(points, axis=0))
    if count > distinct:
        remedy = "ask for fewer clusters"
        raise ParameterError("n_clusters", f"at most {distinct}, the number of distinct vectors", count, remedy)


def nearest(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the nearest centroid of each vector, the lower number if two are equally near.

    The rounding of a row in a matrix product depends on the rows around it, so if the two nearest are closer than that
    rounding, the distances are computed again row by row.

    >>> nearest(np.array([[0.0], [1.0], [0.5]]), np.array([[0.0], [1.0]])).tolist()
    [0, 1, 0]
    """
    squares = (centroids * centroids).sum(axis=1)
    labels = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        distances = block @ centroids.T
        distances *= -2
        distances += squares
        labels[start : start + _BLOCK] = closest = distances.argmin(axis=1)
        best = distances[np.arange(len(block)), closest]
        scale = _TIE * (1 + np.abs(best))
        distances[np.arange(len(block)), closest] = np.inf
        for row in np.flatnonzero(distances.min(axis=1) - best <= scale):
            exact = ((centroids - block[row]) ** 2).sum(axis=1)
            labels[start + row] = int(np.flatnonzero(exact <= exact.min() + scale[row])[0])
    return labels


@contextmanager
def one_thread() -> Iterator[None]:
    """Run numerical libraries on one thread: with more threads they sum in another order."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield

"""Choice of the number of clusters: the elbow of the k-means curve, or the best silhouette."""

from __future__ import annotations

import numpy as np

from codeshift.errors import ParameterError
from codeshift.properties.kmeans import fit_centroids, nearest
from codeshift.properties.progress import progress_bar

CRITERIA = ("elbow", "silhouette")

_COUNTS = (2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80)
_SAMPLE = {"elbow": 5_000, "silhouette": 2_000}


def count_clusters(points: np.ndarray, weights: np.ndarray, criterion: str, seed: int) -> int:
    """Choose among 2, 5, 10, 15, ..., 50, 60, 70 and 80 clusters, if there are at least five programs per cluster.

    ``"elbow"`` is the point at which the mean squared distance, as a curve over the number of clusters, lies farthest
    below the line from its first to its last point (the knee of Satopää et al., 2011, on the normalised curve).
    ``"silhouette"`` is the largest mean silhouette (Rousseeuw, 1987). Both use the first 5,000 or 2,000 programs in the
    order of their digests.

    Raises:
        ParameterError: if there are too few programs to choose.
    """
    points, weights = points[: _SAMPLE[criterion]], weights[: _SAMPLE[criterion]]
    counts = [count for count in _COUNTS if 5 * count <= len(np.unique(points, axis=0))]
    if len(counts) < 3:
        remedy = "50 distinct vectors are needed to choose it"
        raise ParameterError("n_clusters", "a number for so few programs", criterion, remedy)
    shown_counts = progress_bar("Clustering: how many", len(counts), "count", over=counts)
    fits = [fit_centroids(points, weights, count, seed) for count in shown_counts]
    if criterion == "elbow":
        return elbow(counts, [distance for _, distance in fits])
    scores = [_silhouette(points, nearest(points, centroids)) for centroids, _ in fits]
    return counts[int(np.argmax(scores))]


def elbow(counts: list[int], distances: list[float]) -> int:
    """Return the count whose distance lies farthest below the line between the ends of the curve.

    >>> elbow([1, 2, 3, 4, 5], [10.0, 4.0, 3.0, 2.5, 2.0])
    2
    """
    x, y = np.array(counts, dtype=np.float64), np.array(distances)
    x = (x - x[0]) / (x[-1] - x[0])
    y = (y - y[-1]) / ((y[0] - y[-1]) or 1)
    return counts[int(np.argmax(1 - x - y))]


def _silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(points, labels)) if len(np.unique(labels)) > 1 else -1.0

"""Time a split by clusters, 100,000 vectors of 256 dimensions in 100 clusters, against MiniBatchKMeans and greedy fill.

Run: OMP_NUM_THREADS=1 python benchmarks/clusters.py

CPU seconds on one thread, both in one process, medians of several runs; what counts is the ratio. The peer is what
users of scikit-learn write: ``MiniBatchKMeans``, then whole clusters, smallest first, until the test part is full, the
last one cut to the exact number of rows. Ours is a whole ``ClusterSplitter(...).assign``: identities, clusters, the
region, exact parts and the manifest.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from datasets import Dataset
from sklearn.cluster import MiniBatchKMeans

from codeshift.properties import PropertyTable
from codeshift.properties.clustering import nearest
from codeshift.splitters import ClusterSplitter, ColumnEmbedding


def make_vectors(rows: int, dimensions: int) -> np.ndarray:
    """Points around 300 centres, so that 100 clusters must merge some of them."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(300, dimensions))
    return centres[rng.integers(0, 300, rows)] + 1.5 * rng.normal(size=(rows, dimensions))


def peer(vectors: np.ndarray, clusters: int, test_rows: int) -> np.ndarray:
    """MiniBatchKMeans and greedy fill: the centroids; the test rows are found on the way."""
    model = MiniBatchKMeans(clusters, n_init=1, random_state=0).fit(vectors)
    order = np.argsort(np.bincount(model.labels_, minlength=clusters), kind="stable")
    place = np.empty(clusters, dtype=np.int64)
    place[order] = np.arange(clusters)
    test = np.argsort(place[model.labels_], kind="stable")[:test_rows]
    assert len(test) == test_rows
    return model.cluster_centers_


def ours(data: Dataset, clusters: int, test_rows: int, stages: dict[str, list[float]]) -> np.ndarray:
    """A whole assignment with exactly ``test_rows`` test rows: the centroids."""
    splitter = ClusterSplitter(column="code", embedding=ColumnEmbedding("vector"), n_clusters=clusters, share=0.25)
    table = PropertyTable(data)
    start = time.process_time()
    region = splitter.fit(table)
    region.contains(table)
    stages["clusters and region"].append(time.process_time() - start)
    assignment = splitter.assign(table, seed=0, test_ood_size=test_rows, near_duplicates=None)
    assert assignment.sizes["test_ood"] == test_rows
    return region.centroids.array


def cpu(function: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """CPU seconds and the result."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def spread(vectors: np.ndarray, centroids: np.ndarray) -> float:
    """Mean squared distance of the vectors to the nearest centroid: how good the clusters are."""
    return float(((vectors - centroids[nearest(vectors, centroids)]) ** 2).sum(axis=1).mean())


def main() -> None:
    """Print medians, their ratio, and how good the clusters of each are."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--dimensions", type=int, default=256)
    arguments.add_argument("--clusters", type=int, default=100)
    arguments.add_argument("--repeats", type=int, default=5)
    options = arguments.parse_args()
    vectors = make_vectors(options.rows, options.dimensions)
    flat = Dataset.from_dict({"code": [f"x = {i}" for i in range(options.rows)]})
    data = flat.add_column("vector", list(vectors))
    test_rows = options.rows // 5
    seconds: dict[str, list[float]] = {"MiniBatchKMeans + greedy": [], "codeshift": []}
    stages: dict[str, list[float]] = {"clusters and region": []}
    spreads = {}
    for _ in range(options.repeats):
        for name, run in (
            ("MiniBatchKMeans + greedy", lambda: peer(vectors, options.clusters, test_rows)),
            ("codeshift", lambda: ours(data, options.clusters, test_rows, stages)),
        ):
            spent, centroids = cpu(run)
            seconds[name].append(spent)
            spreads[name] = spread(vectors, centroids)
    for name, spent in seconds.items():
        print(f"{name:<26} {statistics.median(spent):6.2f} CPU s   mean squared distance {spreads[name]:.1f}")
    print(f"  of which {'clusters and region':<17} {statistics.median(stages['clusters and region']):6.2f} CPU s")
    theirs, mine = (statistics.median(spent) for spent in seconds.values())
    print(f"ratio {mine / theirs:.2f}")


if __name__ == "__main__":
    main()

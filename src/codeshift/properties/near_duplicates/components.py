"""What a search for near-duplicates gives: components of rows, and how they hang together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Floats, Ints

__all__ = ["DuplicateComponents", "labels_of_links"]

_EXACT_DIAMETER = 1000  # distinct rows in a component; all shortest paths take the square of it in memory


@dataclass(frozen=True, kw_only=True, eq=False)
class DuplicateComponents:
    """Connected components of near-duplicate rows.

    Attributes:
        labels: Component of each row, shape (n,). Components are numbered by their first row; which rows share
            one depends on nothing but the rows' content.
        pairs: Links, as row numbers ``first < second``, sorted, shape (p, 2). Rows with equal sets of shingles are
            represented by the first of them, which is linked to each of the others.
        jaccard: Similarity of each link, shape (p,); 1 exactly for equal sets.
        complete: Whether every pair of distinct sets at the threshold is linked; where that would be too many to
            list, the links still connect all that belongs together.
        assumed: Links between sets that may be less similar than the threshold: they stand for comparisons that were
            too many to make, and can join what does not belong together.
        columns: Number of columns in which links were looked for. If there are several, a link is the one of the
            column in which its rows are most alike, and not all pairs are linked.
    """

    labels: Ints
    pairs: Ints
    jaccard: Floats
    complete: bool
    assumed: int = 0
    columns: int = 1

    @classmethod
    def of_classes(cls, classes: Ints, links: Ints, similarities: Floats) -> Self:
        """Make the components of rows of which some have equal sets of shingles.

        Args:
            classes: Number of each row's set, shape (n,).
            links: All pairs of similar sets, by their numbers, shape (p, 2).
            similarities: Similarity of each pair, shape (p,).
        """
        pairs, jaccard = _row_links(classes, links, similarities)
        return cls(labels=labels_of_links(classes.size, pairs), pairs=pairs, jaccard=jaccard, complete=True)

    @cached_property
    def sizes(self) -> Ints:
        """Number of rows of each component, shape (components,)."""
        return np.bincount(self.labels)

    @cached_property
    def diameters(self) -> Ints:
        """How far each component chains: the most links on a shortest path between two rows, shape (components,).

        A row alone has 0, rows that are all near-duplicates of each other have 1, and a large value warns of rows that
        are bound although they have little in common. Exact up to 1,000 distinct rows in a component; beyond that an
        upper bound, twice the links from the row with the most of them to the farthest one (so at most twice the
        truth). Where the links are not ``complete``, the paths run over those that are listed: an upper bound too.
        """
        diameters = np.minimum(self.sizes - 1, 1)
        equal = (self.jaccard == 1) & (self.columns == 1)  # rows that are equal in one of several columns differ
        nodes, links = _distinct(self.labels.size, self.pairs[equal], self.pairs[~equal])
        counts = np.bincount(self.labels[nodes], minlength=self.sizes.size)
        linked = np.bincount(self.labels[links[:, 0]], minlength=self.sizes.size)
        chained = linked < counts * (counts - 1) // 2
        number = np.full(self.labels.size, -1)
        for component, members, edges in _grouped(self.labels, chained, nodes, links):
            number[members] = np.arange(members.size)
            diameters[component] = _diameter(members.size, number[edges])
        return diameters

    @property
    def diameter(self) -> int:
        """Largest of ``diameters``; 0 where there is no row or no near-duplicate."""
        return int(self.diameters.max(initial=0))

    def summary(self) -> str:
        """Describe in one sentence how many rows are bound, in how many components, and how far they chain."""
        bound = self.sizes[self.sizes > 1]
        rows = self.labels.size
        share = f"{bound.sum() / rows:.1%}" if rows else "none"
        assumed = f"; {self.assumed:,} links are assumed, not compared" if self.assumed else ""
        components = "1 component" if bound.size == 1 else f"{bound.size:,} components"
        return (
            f"{bound.sum():,} of {rows:,} rows ({share}) are near-duplicates of another, in {components}; "
            f"the largest holds {bound.max(initial=0):,} rows, the longest chain is {self.diameter:,} "
            f"{'link' if self.diameter == 1 else 'links'}{assumed}"
        )


def _row_links(classes: Ints, links: Ints, similarities: Floats) -> tuple[Ints, Floats]:
    """Return links between rows: of each class's first to its others, and between the first of linked classes."""
    first = np.zeros(classes.max(initial=0) + 1, np.int64)
    first[classes[::-1]] = np.arange(classes.size)[::-1]
    others = np.flatnonzero(first[classes] != np.arange(classes.size))
    equal = np.stack([first[classes[others]], others], axis=1)
    linked = np.sort(first[links], axis=1)
    pairs = np.concatenate([equal, linked])
    jaccard = np.concatenate([np.ones(others.size), similarities])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], jaccard[order]


def labels_of_links(rows: int, pairs: Ints) -> Ints:
    """Return the component of each row under the links; components are numbered by their first row."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    links = sparse.coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows))
    components = connected_components(links, directed=False)[1]
    _, first, labels = np.unique(components, return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[labels].astype(np.int64)


def _distinct(rows: int, equal: Ints, links: Ints) -> tuple[Ints, Ints]:
    """Return the rows that stand for themselves, and the links between them."""
    first = np.arange(rows)
    first[equal[:, 1]] = equal[:, 0]
    return np.flatnonzero(first == np.arange(rows)), first[links]


def _grouped(labels: Ints, chained: Bools, nodes: Ints, links: Ints) -> Iterator[tuple[int, Ints, Ints]]:
    """Return the distinct rows and the links of each of the given components."""
    nodes = nodes[chained[labels[nodes]]]
    links = links[chained[labels[links[:, 0]]]]
    nodes = nodes[np.argsort(labels[nodes], kind="stable")]
    links = links[np.argsort(labels[links[:, 0]], kind="stable")]
    owners, link_owners = labels[nodes], labels[links[:, 0]]
    for component in np.flatnonzero(chained).tolist():
        within = slice(*np.searchsorted(owners, [component, component + 1]))
        among = slice(*np.searchsorted(link_owners, [component, component + 1]))
        yield component, nodes[within], links[among]


def _diameter(size: int, edges: Ints) -> int:
    from scipy import sparse
    from scipy.sparse.csgraph import shortest_path

    edges = edges.astype(np.int32)  # scipy 1.11's shortest paths take no wider indices
    graph = sparse.csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
    if size <= _EXACT_DIAMETER:
        return int(shortest_path(graph, directed=False, unweighted=True).max())
    hub = int(np.argmax(np.bincount(edges.ravel())))
    return 2 * int(shortest_path(graph, directed=False, unweighted=True, indices=hub).max())

"""Near-duplicates among the rows of shards: rows meet by a shuffle, are compared there, and are joined here.

1. Each shard makes the shingle sets of its rows. Their sizes and signatures (12 bytes a row) are gathered, which tells
   equal sets; the shingles of each set's prefix are the keys of the shuffle.
2. Each partition of the keys lists the pairs of sets that meet there and may be similar; these are shuffled by pair, so
   that each is compared once.
3. Sketches of the sets in such pairs (128 bytes each) are sent there, by which most of the pairs are ruled out.
4. Each shard makes the sets of its rows in the pairs that are left again, and sends them to be compared in full.
5. The similar pairs are gathered, and their components made in one place.

A search that names columns does this once for each, of the rows that hold a text there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from codeshift.distributed.cluster import on_shard
from codeshift.distributed.shards import Unreadable, check_read
from codeshift.distributed.sources import Shards
from codeshift.errors import DataError
from codeshift.properties.near_duplicates import DuplicateComponents, NearDuplicates
from codeshift.properties.near_duplicates.arrays import mixed
from codeshift.properties.near_duplicates.several_columns import holds_text, joined_columns
from codeshift.properties.near_duplicates.whole import (
    SET,
    Array,
    Frequent,
    WholeSets,
    candidates,
    distinct_pairs,
    distinct_sets,
    likely,
    similar,
    sketches,
)
from codeshift.splits.rows import SplitRows
from codeshift.wording import Verbatim

ROWS_A_PARTITION = 250_000
"""Rows, in all shards, for each partition of the shuffle, of which there are at least four for each worker."""

_PARTITIONS_A_WORKER = 4  # so that what it sorts at once is a small part of what it holds

_COUNTED = 4  # shards that tell which shingles are frequent
_COUNTED_ROWS = 10_000  # rows of each, at most
_MOST_CANDIDATES = 20_000_000  # pairs of entries of one partition


def duplicate_components(source: Shards, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
    """Return the components of near-duplicates among the rows of shards, as ``SplitRows.near_duplicates`` does.

    Args:
        source: Shards.
        columns: Columns of code, whose texts are joined, for a search that names no columns.
        search: Search, whose columns are looked in one by one.

    Raises:
        DataError: if so many rows are nearly alike that not all pairs can be compared.
    """
    if search.columns is None:
        return _of_texts(source, columns, search)
    return joined_columns([_filled(source, column, search) for column in search.columns])


def _filled(source: Shards, column: str, search: NearDuplicates) -> tuple[Array, DuplicateComponents]:
    """Return which rows hold a text, and what the search finds among these."""
    holding = np.concatenate(source.each(_holding, column))
    if not holding.any():
        return holding, search.components([])
    return holding, _of_texts(source if holding.all() else source.only(holding), (column,), search)


def _of_texts(source: Shards, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
    """Return the components of near-duplicates among the rows of shards, as ``search.components`` does of texts.

    Args:
        source: Shards.
        columns: Columns, whose texts are joined.
        search: Search.

    Raises:
        DataError: if so many rows are nearly alike that not all pairs can be compared.
    """
    cluster = source.cluster
    counted = source.some(_COUNTED)
    frequent = cluster.shared(Frequent.merged(counted.each(_frequent, columns, search)))
    partitions = max(int(source.starts[-1]) // ROWS_A_PARTITION + 1, _PARTITIONS_A_WORKER * cluster.workers)
    entries = cluster.futures(on_shard, source.calls(_entries, columns, search, frequent, partitions))
    names = cluster.each(_names, [(each,) for each in entries])
    check_read(names)
    classes, example, of_rows = distinct_sets(np.concatenate(names))
    names_and_sketches = cluster.futures(_known, [(each,) for each in entries])
    meeting = cluster.futures(
        _met, [(search.threshold, partitions, *parts) for parts in _shuffled(cluster, entries, partitions)]
    )
    del entries  # what no call needs any more leaves the workers
    pairs = cluster.futures(_distinct, _shuffled(cluster, meeting, partitions))
    del meeting
    pairs = _likely_pairs(source, search, pairs, names_and_sketches, classes, example)
    links = [(np.empty((0, 2), SET), np.empty(0)), *_compared(source, columns, search, pairs, classes, example)]
    linked = np.searchsorted(classes, np.concatenate([link for link, _ in links]))
    jaccard = np.concatenate([similarity for _, similarity in links])
    return DuplicateComponents.of_classes(of_rows, linked, jaccard)


def _shuffled(cluster: Any, futures: Sequence[Any], partitions: int) -> list[list[Any]]:
    """Return what each partition is given, of calls that gave a list with an item for each."""
    return [cluster.futures(_item, [(each, part) for each in futures]) for part in range(partitions)]


def _likely_pairs(
    source: Shards,
    search: NearDuplicates,
    pairs: Sequence[Any],
    names_and_sketches: Sequence[Any],
    classes: Array,
    example: npt.NDArray[np.int64],
) -> list[Any]:
    """Return the pairs of each partition, on the workers, that may be similar by the sketches of their sets.

    Args:
        source: Shards.
        search: Search.
        pairs: Pairs of each partition, on the workers.
        names_and_sketches: Names and the sketches of all sets of each shard, on the workers.
        classes: Distinct sets of all rows, ascending.
        example: Row of each.
    """
    cluster, calls = source.cluster, []
    for of_partition, rows in zip(pairs, _rows_of(cluster, pairs, classes, example), strict=True):
        parts = [
            (futures_of_shard, positions)
            for futures_of_shard, positions in zip(names_and_sketches, source.positions(rows), strict=True)
            if positions.size
        ]
        calls.append((search.threshold, of_partition, *cluster.futures(_known_of, parts)))
    return cluster.futures(_likely, calls)


def _rows_of(
    cluster: Any, pairs: Sequence[Any], classes: Array, example: npt.NDArray[np.int64]
) -> list[npt.NDArray[np.int64]]:
    """Return a row of each set in the pairs of each partition, ascending."""
    used = cluster.each(_used, [(each,) for each in pairs])
    return [np.sort(example[np.searchsorted(classes, of_partition)]) for of_partition in used]


def _compared(
    source: Shards,
    columns: tuple[str, ...],
    search: NearDuplicates,
    pairs: Sequence[Any],
    classes: Array,
    example: npt.NDArray[np.int64],
) -> list[tuple[Array, npt.NDArray[np.float64]]]:
    """Return the similar pairs of each partition, and their similarities.

    Args:
        source: Shards.
        columns: Columns of code.
        search: Search.
        pairs: Pairs of each partition, on the workers.
        classes: Distinct sets of all rows, ascending.
        example: Row of each.
    """
    cluster = source.cluster
    # The rows of each partition's pairs, and those of all: each shard makes its sets once.
    rows = _rows_of(cluster, pairs, classes, example)
    compared_rows = np.unique(np.concatenate(rows))
    own = [(positions,) for positions in source.positions(compared_rows)]
    sets = cluster.futures(on_shard, source.calls(_sets, columns, search, own=own))
    calls = []
    for of_partition, of_rows in zip(pairs, rows, strict=True):
        places = [
            np.searchsorted(of_shard, positions)
            for (of_shard,), positions in zip(own, source.positions(of_rows), strict=True)
        ]
        parts = [(sets_of_shard, place) for sets_of_shard, place in zip(sets, places, strict=True) if place.size]
        if parts:
            calls.append((search.threshold, of_partition, *cluster.futures(_taken, parts)))
    return cluster.each(_similar, calls)


# What workers do.


def _holding(rows: SplitRows, column: str) -> npt.NDArray[np.bool_]:
    return holds_text(rows.texts((column,)))


def _frequent(rows: SplitRows, columns: tuple[str, ...], search: NearDuplicates) -> Frequent:
    return Frequent.of(search.whole_sets(rows.texts(columns)[:_COUNTED_ROWS]).distinct())


def _entries(
    rows: SplitRows, columns: tuple[str, ...], search: NearDuplicates, frequent: Frequent, partitions: int
) -> list[Array]:
    """Return the entries of each partition, then the names of all rows' sets, and their sketches."""
    sets = search.whole_sets(rows.texts(columns))
    entries = sets.distinct().prefixes(frequent, search.threshold)
    return [*_divided(entries, entries["shingle"], partitions), sets.names, sketches(sets)]


def _divided(values: Array, keys: npt.NDArray[np.uint64], partitions: int) -> list[Array]:
    """Divide values by the hash of a key."""
    number = mixed(keys) % np.uint64(partitions)
    order = np.argsort(number, kind="stable")
    return np.split(values[order], np.searchsorted(number[order], np.arange(1, partitions, dtype=np.uint64)))


def _names(entries: Any) -> Any:
    return entries if isinstance(entries, Unreadable) else entries[-2]


def _known(entries: list[Array]) -> tuple[Array, Array]:
    return entries[-2], entries[-1]


def _known_of(names_and_sketches: tuple[Array, Array], positions: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    names, of_names = names_and_sketches
    return names[positions], of_names[positions]


def _likely(threshold: float, pairs: Array, *names_and_sketches: tuple[Array, Array]) -> Array:
    if not names_and_sketches:
        return pairs
    names, of_names = (np.concatenate(parts) for parts in zip(*names_and_sketches, strict=True))
    return likely(pairs, names, of_names, threshold)


def _item(parts: Any, number: int) -> Any:
    return parts[number]


def _met(threshold: float, partitions: int, *entries: Array) -> list[Array]:
    """Return the pairs that meet in a partition, for each partition of pairs."""
    pairs = candidates(np.concatenate(entries), threshold, _MOST_CANDIDATES)
    if isinstance(pairs, int):
        raise DataError(
            "near_duplicates",
            "a search that can compare all rows that are nearly alike",
            Verbatim(f"{pairs:,} pairs to look at in one partition"),
            "a higher threshold tells them apart; None does not look for near-duplicates",
        )
    signatures = pairs["signature"]
    return _divided(pairs, mixed(signatures[:, 0]) + signatures[:, 1], partitions)


def _distinct(*pairs: Array) -> Array:
    return distinct_pairs(np.concatenate(pairs))


def _used(pairs: Array) -> Array:
    return distinct_sets(pairs.ravel())[0]


def _sets(
    rows: SplitRows, columns: tuple[str, ...], search: NearDuplicates, positions: npt.NDArray[np.int64]
) -> WholeSets:
    texts = [rows.training_table.texts(column).take(positions) for column in columns]
    return search.whole_sets(map("\n".join, zip(*texts, strict=True)))


def _taken(sets: Any, numbers: npt.NDArray[np.int64]) -> WholeSets:
    check_read([sets])
    taken: WholeSets = sets.take(numbers)
    return taken


def _similar(threshold: float, pairs: Array, *sets: WholeSets) -> tuple[Array, npt.NDArray[np.float64]]:
    return similar(pairs, WholeSets.joined(sets), threshold)

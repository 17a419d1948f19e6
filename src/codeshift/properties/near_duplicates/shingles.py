"""Sets of token n-grams ("shingles") of many texts, cut down to what a join at a threshold can need.

Broder, "On the resemblance and containment of documents" (1997), calls the set of a document's token n-grams its
shingling, and the Jaccard similarity of two shinglings the documents' resemblance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties.near_duplicates.arrays import (
    AnyInts,
    Bools,
    Ints,
    UInts,
    changes,
    mixed,
    order_of_hashes,
    ragged,
    stable_order,
)
from codeshift.properties.near_duplicates.partners import Shingles, least_overlap, settled
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.near_duplicates.tokens import join_blocks
from codeshift.properties.near_duplicates.workers import Workers
from codeshift.properties.progress import progress_bar

__all__ = ["ShingleSets", "shingle_hashes", "shingle_sets"]

_NOTHING = Ignored()
_BASE = np.uint64(0x9FB21C651E98DF25)  # odd, so that no multiplication loses a bit
_PART = 1 << 20  # shingles that are numbered at once
_IN_MEMORY = 1 << 24  # bytes of all of them, beyond which they lie in a file
_CHARACTERS_A_TOKEN = 4
_ROWS = 512  # texts that are read at once
_TASK = 2048  # texts that a worker hashes at once


@dataclass(frozen=True, kw_only=True)
class ShingleSets:
    """The distinct shingle sets that may have a partner, in an order of their content (size, then hash).

    Attributes:
        sizes: the number of shingles of each set, all of them counted, shape (m,).
        indptr: where each set's shared shingles start in ``shingles``, shape (m + 1,).
        shingles: numbers of the shingles that stand in several sets, rarest first within each set. The others,
            ``sizes - diff(indptr)`` of them, are rarer still, match nothing and are only counted.
        members: for each text the number of its set, -1 where its set can have no partner, shape (n,).
    """

    sizes: Ints
    indptr: Ints
    shingles: Ints
    members: Ints


def shingle_hashes(texts: Iterable[str], ngram: int, ignored: Ignored = _NOTHING) -> Iterator[tuple[UInts, Ints]]:
    """A 64-bit hash of each token n-gram of each text, repeated ones included, and their number in each text.

    A text of fewer than ``ngram`` tokens has one shingle, the tuple of all its tokens; one without tokens has none.

    >>> hashes, counts = join_blocks(shingle_hashes(["a b c d", "a b", "c b a", ""], ngram=3))
    >>> counts.tolist()
    [2, 1, 1, 0]
    """
    return (_block_shingles(*block) for block in ignored.blocks(texts, ngram))


def _block_shingles(tokens: Sequence[UInts], counts: Ints) -> tuple[UInts, Ints]:
    """The shingles of a block, of its tokens as they count at each place of an n-gram."""
    ngram, size = len(tokens), tokens[0].size
    row_starts = np.cumsum(counts) - counts
    whole = max(size - ngram + 1, 0)
    hashes = np.zeros(size, np.uint64)
    hashes[:whole] = _polynomials([tokens[offset][offset : offset + whole] for offset in range(ngram)])
    for length in np.unique(counts[(counts > 0) & (counts < ngram)]).tolist():
        starts = row_starts[counts == length]
        hashes[starts] = _polynomials([tokens[offset][starts + offset] for offset in range(length)])
    windows = np.maximum(counts - ngram + 1, np.minimum(counts, 1))
    keep = np.ones(size, np.bool_)
    keep[ragged(row_starts + windows, counts - windows)] = False
    return mixed(hashes[keep]), windows


def shingle_sets(
    texts: Sequence[str],
    rows: Ints,
    ngram: int,
    threshold: float,
    *,
    characters: int,
    processes: int = 1,
    ignored: Ignored = _NOTHING,
) -> ShingleSets:
    """The shingle sets of some texts, without those that no other can match at the threshold.

    What remains of a corpus is a small part, and equal sets count once.

    Args:
        texts: the texts.
        rows: the positions of the texts to compare, ascending.
        ngram: the number of tokens in a shingle.
        threshold: the least similarity.
        characters: about how many characters these texts have.
        processes: the number of processes that hash the n-grams.
        ignored: what does not count where tokens are compared.
    """
    with ExitStack() as files, progress_bar("Near-duplicates: n-grams", len(rows), "row") as bar:
        blocks = _blocks(texts, rows, ngram, processes, ignored)
        shingles = Shingles.of(_told(blocks, bar), len(rows), characters // _CHARACTERS_A_TOKEN, files)
        alive = shingles.with_partner(threshold)
        sizes, signatures, of_text, numbers = _numbered(shingles, alive, files)
    groups, examples = _equal_groups(sizes, signatures)
    members = np.full(alive.size, -1)
    members[alive] = groups
    place = np.full(sizes.size, -1, np.int32)
    place[examples] = np.arange(examples.size)
    places = place[of_text]
    of_example = places >= 0
    sets: AnyInts = places[of_example]
    shingles_of_sets: AnyInts = numbers[of_example]
    del of_text, numbers, places, of_example  # they are as long as what follows
    sizes = sizes[examples]
    sets, shingles_of_sets = _shared(sets, shingles_of_sets, least_overlap(threshold, sizes), total=int(sizes.sum()))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(sets, minlength=sizes.size))])
    return ShingleSets(sizes=sizes, indptr=indptr, shingles=_rarest_first(sets, shingles_of_sets), members=members)


def _blocks(
    texts: Sequence[str], rows: Ints, ngram: int, processes: int, ignored: Ignored
) -> Iterator[tuple[UInts, Ints]]:
    """Yield the shingles of some texts, block by block, in order; of several processes each makes some blocks."""
    if processes == 1:
        yield from shingle_hashes(_read(texts, rows), ngram, ignored)
        return
    with Workers(processes, shared=texts) as workers:
        parts = np.split(rows, range(_TASK, rows.size, _TASK))
        yield from workers.map(_hashes, ((part, ngram, ignored) for part in parts))


def _hashes(texts: Sequence[str], rows: Ints, ngram: int, ignored: Ignored) -> tuple[UInts, Ints]:
    return join_blocks(shingle_hashes(_read(texts, rows), ngram, ignored))


def _read(texts: Sequence[str], rows: Ints) -> Iterator[str]:
    """Yield texts, of which only some are read at once."""
    numbers = rows // _ROWS
    for block in np.split(rows, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1):
        if block.size:
            first = int(block[0]) // _ROWS * _ROWS
            read = texts[first : first + _ROWS]
            yield from read if block.size == len(read) else [read[row - first] for row in block.tolist()]


def _told(blocks: Iterable[tuple[UInts, Ints]], bar: Any) -> Iterator[tuple[UInts, Ints]]:
    for block in blocks:
        bar.update(block[1].size)
        yield block


def _polynomials(columns: Sequence[UInts]) -> UInts:
    """A hash of the rows of a table that is given column by column; tables of other widths start from another value."""
    hashes = np.full(columns[0].size, len(columns), np.uint64)
    for column in columns:
        hashes *= _BASE
        hashes += column
    return hashes


def _numbered(shingles: Shingles, alive: Bools, files: ExitStack) -> tuple[Ints, UInts, AnyInts, AnyInts]:
    """Number the distinct shingles of some texts, in the order of their hashes, part by part.

    Returns:
        The number of shingles of each of these texts, a hash of all of them, and the shingles that stand in several of
        the texts: the text of each one and its number.
    """
    texts, total = int(alive.sum()), int(shingles.counts[alive].sum())
    sizes, signatures = np.zeros(texts, np.int64), np.zeros(texts, np.uint64)
    small = np.int32 if total <= np.iinfo(np.int32).max else np.int64
    of_text, numbers = [np.empty(0, small)], [np.empty(0, small)]
    first = 0
    for hashes, rows in _parts(shingles.of_texts(alive), total, files):
        rows, of_part, values = _distinct(hashes, rows)
        sizes_of_part = np.bincount(rows, minlength=texts)
        sizes += sizes_of_part
        signatures += _segment_sums(mixed(values)[of_part], sizes_of_part)
        several = np.bincount(of_part) > 1 if of_part.size else np.empty(0, np.bool_)
        keep = several[of_part]
        of_text.append(rows[keep].astype(small))
        numbers.append((first + np.cumsum(several) - 1).astype(small)[of_part[keep]])
        first += int(several.sum())
    return sizes, signatures, np.concatenate(of_text), np.concatenate(numbers)


def _parts(pieces: Iterable[tuple[UInts, Ints]], total: int, files: ExitStack) -> Iterator[tuple[UInts, Ints]]:
    """Yield hashes and their rows in parts by the hash, ascending, so that no more than a part is in memory."""
    parts = 1 << max(total // _PART, 1).bit_length() - 1
    if parts == 1:
        yield join_blocks(pieces)
        return
    shift = np.uint64(64 - parts.bit_length() + 1)
    spools = [tuple(files.enter_context(Spool(t, _IN_MEMORY // parts)) for t in ("u8", "i8")) for _ in range(parts)]
    for hashes, rows in pieces:
        of_part = (hashes >> shift).astype(np.uint16)
        order = np.argsort(of_part, kind="stable")
        cuts = np.searchsorted(of_part[order], np.arange(1, parts))
        for spool, rows_of_part in zip(spools, np.split(order, cuts), strict=True):
            spool[0].write(hashes[rows_of_part])
            spool[1].write(rows[rows_of_part])
    for spool in spools:
        yield spool[0].whole(), spool[1].whole()


def _distinct(hashes: UInts, rows: Ints) -> tuple[Ints, Ints, UInts]:
    """The rows and the shingle numbers of the distinct shingles of each row, row after row, and the numbers' hashes."""
    order = order_of_hashes(hashes)
    in_order = hashes[order]
    new = changes(in_order)
    values = in_order[new]
    numbers, rows = np.cumsum(new) - 1, rows[order]
    order = stable_order(rows)
    by_row, of_row = rows[order], numbers[order]
    new = changes(by_row) | changes(of_row)
    return by_row[new].astype(np.int64, copy=False), of_row[new].astype(np.int64, copy=False), values


def _segment_sums(values: UInts, lengths: Ints) -> UInts:
    """Sums modulo 2^64 of consecutive segments; empty ones are 0."""
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values)])
    ends = np.cumsum(lengths)
    totals: UInts = sums[ends] - sums[ends - lengths]
    return totals


def _equal_groups(sizes: Ints, signatures: UInts) -> tuple[Ints, Ints]:
    """A number for each distinct (size, signature), ascending, and one row that has it."""
    order = np.lexsort((signatures, sizes))
    new = changes(sizes[order]) | changes(signatures[order])
    groups = np.empty_like(order)
    groups[order] = np.cumsum(new) - 1
    return groups, order[new]


def _shared(rows: AnyInts, shingles: AnyInts, needed: Ints, *, total: int) -> tuple[AnyInts, AnyInts]:
    """The shingles of two sets or more, of sets that have as many of them as needed, and few others.

    ``total`` counts the shingles that stand in one set alone too, which need not be given.
    """
    before = total
    while True:
        shared = (np.bincount(shingles) > 1)[shingles] if shingles.size else np.ones(0, np.bool_)
        keep = shared & (np.bincount(rows[shared], minlength=needed.size) >= needed)[rows]
        rows, shingles = rows[keep], shingles[keep]
        if settled(rows.size, before):
            return rows, shingles
        before = rows.size


def _rarest_first(rows: AnyInts, shingles: AnyInts) -> Ints:
    """Number the shingles by how many sets have them, then by hash; return the numbers, sorted within each set."""
    frequencies = np.bincount(shingles)
    order = np.argsort(frequencies, kind="stable")
    rank = np.empty(order.size, shingles.dtype)
    rank[order] = np.arange(order.size) - np.count_nonzero(frequencies == 0)
    del frequencies, order
    # As one number each, which is sorted several times faster than two keys.
    width = int(rank.max(initial=0)) + 1
    keys: Ints = np.multiply(rows, width, dtype=np.int64)
    keys += rank[shingles]
    keys.sort()
    keys %= width
    return keys

"""The shingles of rows, hashed block by block and stored: by this process, or by others that share the rows.

What other processes hash they write to files themselves, each to one of its own, and this process is told where. So no
hashes are sent between them, and they sort each block as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codeshift.properties.near_duplicates.arrays import Ints
from codeshift.properties.near_duplicates.partners import ShingleKeys, Shingles
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.shingles import shingle_hashes, texts_of_rows
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.near_duplicates.tokens import join_blocks
from codeshift.properties.near_duplicates.workers import Workers

__all__ = ["ShinglesOfRows"]

_TASK = 2048  # texts that a worker hashes at once


@dataclass(frozen=True, kw_only=True)
class ShinglesOfRows:
    """Hashes and stores the shingles of some texts.

    Attributes:
        ngram: Number of tokens in a shingle.
        ignored: What does not count where tokens are compared.
        keys: What makes keys of them.
        folder: Folder for the files of other processes, which must stay while the shingles are used.
    """

    ngram: int
    ignored: Ignored
    keys: ShingleKeys
    folder: str

    def stored(self, texts: Sequence[str], rows: Ints, processes: int, done: Callable[[int], object]) -> Shingles:
        """Return the shingles of some texts.

        Args:
            texts: Texts.
            rows: Positions of those to hash, ascending.
            processes: Number of processes that hash them; with one it is this one.
            done: Function that is told of how many texts more the shingles are stored.
        """
        hashes, keys = Spool(np.uint64), Spool(np.uint64, self.keys.parts)
        counts = [np.empty(0, np.int64)]
        if processes == 1:
            first = 0
            for of_block, counts_of_block in shingle_hashes(texts_of_rows(texts, rows), self.ngram, self.ignored):
                hashes.write(of_block)
                keys_of_block, sizes = self.keys.distinct(of_block, counts_of_block, first)
                for part, some in enumerate(np.split(keys_of_block, np.cumsum(sizes[:-1]))):
                    keys.write(some, part)
                first += counts_of_block.size
                counts.append(counts_of_block)
                done(counts_of_block.size)
        else:
            with Workers(processes, shared=texts) as workers:
                tasks = ((self, rows[first : first + _TASK], first) for first in range(0, rows.size, _TASK))
                for written in workers.map(_write, tasks):
                    hashes.adopt(written.path, written.place, [int(written.counts.sum())])
                    keys.adopt(written.path, written.place_of_keys, written.sizes)
                    counts.append(written.counts)
                    done(written.counts.size)
        return Shingles(np.concatenate(counts), hashes, keys, self.keys)


@dataclass(frozen=True, kw_only=True)
class _Written:
    """Where a process wrote the hashes of some texts, and after them their keys.

    Attributes:
        path: Path of the file.
        place: Byte at which the hashes begin.
        place_of_keys: Byte at which the keys begin.
        sizes: Number of keys in each part.
        counts: Number of hashes of each text.
    """

    path: str
    place: int
    place_of_keys: int
    sizes: list[int]
    counts: Ints


def _write(texts: Sequence[str], shingles: ShinglesOfRows, rows: Ints, first: int) -> _Written:
    """Hash some texts and write what was found to the end of this process's file.

    Args:
        texts: Texts.
        shingles: How they are hashed.
        rows: Positions of those to hash.
        first: Number of the first one among all that are hashed.
    """
    hashes, counts = join_blocks(shingle_hashes(texts_of_rows(texts, rows), shingles.ngram, shingles.ignored))
    keys, sizes = shingles.keys.distinct(hashes, counts, first)
    path = Path(shingles.folder, str(os.getpid()))
    with path.open("ab") as file:
        place = file.tell()
        file.write(hashes.data)
        file.write(keys.data)
    return _Written(path=str(path), place=place, place_of_keys=place + hashes.nbytes, sizes=sizes, counts=counts)

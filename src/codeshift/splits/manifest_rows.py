"""Rows of a manifest: from parts to lists of digests, and from digests back to parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self, overload

import numpy as np

from codeshift.errors import ManifestError
from codeshift.hashing import DIGEST
from codeshift.parts import DUPLICATE, EXCLUDED, NO_REASON, PARTS, REASONS

_LABELS = (*PARTS[:EXCLUDED], *(f"excluded:{reason}" for reason in REASONS))
_PART_AND_REASON = dict(
    zip(
        _LABELS,
        [*((part, NO_REASON) for part in range(EXCLUDED)), *((EXCLUDED, reason) for reason in range(len(REASONS)))],
        strict=True,
    )
)
_AT_ONCE = 10_000

DigestsWith = Callable[[np.ndarray, str], np.ndarray]
"""Digests that rows at some positions of a split would have if another line end stood in their code."""


def parts_and_reasons(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts and reasons of labels, each of shape ``(n,)``.

    Raises:
        ManifestError: if a label is unknown.
    """
    for label in dict.fromkeys(labels):
        if label not in _PART_AND_REASON:
            raise ManifestError(f"the manifest names a part that does not exist: {label!r}")
    pairs = np.array([_PART_AND_REASON[label] for label in labels], dtype=np.int8).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _sorted_labels(labels: Iterable[str]) -> list[str]:
    """Return labels in the order of parts; those of one place in it by name."""
    return sorted(labels, key=lambda label: (_rank(label), label))


def _rank(label: str) -> tuple[int, bool]:
    """Return the sort key of a label. Of equal rows, the first in order is kept, so dropped duplicates come last."""
    part, reason = _PART_AND_REASON.get(label, (len(PARTS), NO_REASON))
    return part, reason == DUPLICATE


class RowDigests(Sequence[str]):
    """Digests of rows, sorted, in 16 bytes each; as items, their hexadecimal digits.

    Args:
        digests: Digests, of shape ``(n,)`` and the dtype ``codeshift.hashing.DIGEST``, in any order.

    >>> digests = RowDigests.from_hex(["ff" * 16, "0a" * 16])
    >>> len(digests), digests[0], digests == RowDigests.from_hex(["0a" * 16, "ff" * 16])
    (2, '0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', True)
    """

    def __init__(self, digests: np.ndarray) -> None:
        self.array = np.sort(digests)

    @classmethod
    def from_hex(cls, digests: Sequence[str]) -> Self:
        """Read digests from their hexadecimal digits.

        Raises:
            ManifestError: if one has other characters or another length.
        """
        try:
            raw = [bytes.fromhex(digest) for digest in digests]
        except ValueError as error:
            raise ManifestError(f"the manifest holds a digest that is none: {error}") from error
        odd = next((digest for digest, each in zip(digests, raw, strict=True) if len(each) != DIGEST.itemsize), None)
        if odd is not None:
            raise ManifestError(f"the manifest holds a digest of {len(odd)} digits: {odd!r}")
        return cls(np.frombuffer(b"".join(raw), dtype=DIGEST))

    @classmethod
    def joined(cls, parts: Iterable[RowDigests]) -> RowDigests:
        """Return the digests of several lists, one after the other.

        >>> len(RowDigests.joined([RowDigests.from_hex(["0a" * 16]), RowDigests.from_hex(["0b" * 16])]))
        2
        """
        return cls(np.concatenate([np.empty(0, DIGEST), *(part.array for part in parts)]))

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [digest.hex() for digest in self.array[place].tolist()]
        digits: str = self.array[place].tobytes().hex()
        return digits

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RowDigests):
            return NotImplemented
        return bool(np.array_equal(self.array, other.array))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} digests>"


def joined_by_part(digests: Mapping[str, Mapping[str, RowDigests]]) -> dict[str, RowDigests]:
    """Return the digests of each label over all splits, in the order of parts."""
    return {
        label: RowDigests.joined(of_split[label] for of_split in digests.values() if label in of_split)
        for label in _sorted_labels({label for of_split in digests.values() for label in of_split})
    }


def in_several(digests: Mapping[str, Mapping[str, RowDigests]]) -> int:
    """Return how many digests are listed in several splits."""
    of_splits = [np.unique(RowDigests.joined(of_split.values()).array) for of_split in digests.values()]
    _, splits = np.unique(np.concatenate(of_splits), return_counts=True)
    return int((splits > 1).sum())


def by_part(digests: np.ndarray, parts: np.ndarray, reasons: np.ndarray) -> dict[str, RowDigests]:
    """Return the digests of each label: a part, with the reason if it is excluded. Labels are in the order of parts."""
    codes = np.where(parts == EXCLUDED, EXCLUDED + reasons, parts)
    present = {_LABELS[code]: code for code in np.flatnonzero(np.bincount(codes, minlength=len(_LABELS))).tolist()}
    return {label: RowDigests(digests[codes == present[label]]) for label in _sorted_labels(present)}


def difference(split: str, expected: np.ndarray, digests: np.ndarray, digests_with: DigestsWith) -> str:
    """Describe how the rows of the manifest and those of the data differ, and whether line ends are the reason."""
    listed, listed_counts = np.unique(expected, return_counts=True)
    present, present_counts = np.unique(digests, return_counts=True)
    unlisted = np.flatnonzero(~np.isin(digests, listed))
    missing = listed[~np.isin(listed, present)]
    common, at_listed, at_present = np.intersect1d(listed, present, return_indices=True)
    recounted = common[listed_counts[at_listed] != present_counts[at_present]]
    differences = [f"the manifest lists {len(expected)} rows of {split!r}, the data has {len(digests)}"]
    if unlisted.size:
        differences.append(f"{unlisted.size} rows are not in the manifest (the first is row {unlisted[0]})")
    if missing.size:
        differences.append(
            f"{missing.size} rows of the manifest are not in the data (such as {missing[0].tobytes().hex()})"
        )
    if recounted.size:
        differences.append(
            f"{recounted.size} rows stand there another number of times (such as {recounted[0].tobytes().hex()})"
        )
    remedy = "pass the rows that the manifest was made of"
    end = _listed_line_end(listed, unlisted[:1], digests_with)
    if end is not None:
        remedy = f"only line ends differ, at least in the first of them: it is listed with {end!r}; {remedy}, unchanged"
    return f"{'; '.join(differences)}: {remedy}"


def _listed_line_end(listed: np.ndarray, unlisted: np.ndarray, digests_with: DigestsWith) -> str | None:
    """Return the line end with which some rows are listed; None if it is with none, or there are no rows."""
    ends = (end for end in ("\n", "\r\n") if unlisted.size and np.isin(digests_with(unlisted, end), listed).all())
    return next(ends, None)


def matched_labels(
    split: str,
    listed: Mapping[str, RowDigests],
    digests: np.ndarray,
    order: np.ndarray,
    digests_with: DigestsWith,
) -> np.ndarray:
    """Return the label of each row. Rows with the same digest get its labels in the order of parts.

    Args:
        split: Name of the official split, for errors.
        listed: Digests of each label.
        digests: Digests of the data's rows, of shape ``(n,)``.
        order: Rank of each row, as ``SplitRows.row_order`` gives it.
        digests_with: Function that returns the digests of rows, by their positions, with another line end.

    Raises:
        ManifestError: if the digests differ from the listed ones; the message says how.
    """
    labels = _sorted_labels(listed)
    expected = np.concatenate([np.empty(0, DIGEST), *(listed[label].array for label in labels)])
    codes = np.repeat(np.arange(len(labels)), [len(listed[label]) for label in labels])
    ranked = np.argsort(expected, kind="stable")  # of equal digests, the labels stay in their order
    here = np.argsort(order)
    if not np.array_equal(expected[ranked], digests[here]):
        raise ManifestError(difference(split, expected[ranked], digests, digests_with))
    of_rows = np.empty(len(digests), dtype=object)
    of_rows[here] = np.array(labels, dtype=object)[codes[ranked]]
    return of_rows


def find(listed: RowDigests, digests: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return which rows have the listed digests: as many of each as are listed, the first ones in order.

    >>> first, second = ("0a" * 16, "0b" * 16)
    >>> rows = np.array([bytes.fromhex(digest) for digest in (second, first, second)], DIGEST)
    >>> find(RowDigests.from_hex([first, second]), rows, np.array([2, 0, 1])).tolist()
    [False, True, True]
    """
    here = np.argsort(order)
    inverse = np.unique(np.concatenate([listed.array, digests[here]]), return_inverse=True)[1]
    of_listed, of_rows = inverse[: len(listed)], inverse[len(listed) :]
    by_digest = np.argsort(of_rows, kind="stable")
    in_turn = of_rows[by_digest]
    number = np.arange(len(in_turn)) - np.searchsorted(in_turn, in_turn)
    chosen = np.zeros(len(digests), dtype=bool)
    chosen[here[by_digest]] = number < np.bincount(of_listed, minlength=len(inverse))[in_turn]
    return chosen

"""Rows of a manifest: from parts to lists of digests, and from digests back to parts."""

from __future__ import annotations

import numpy as np

from codeshift.errors import ManifestError
from codeshift.parts import DUPLICATE, EXCLUDED, PARTS, REASONS


def labels_of(parts: np.ndarray, reasons: np.ndarray) -> np.ndarray:
    """Return the label of each row: its part, with the reason if it is excluded."""
    names = np.array([*PARTS[:EXCLUDED], *(f"excluded:{reason}" for reason in REASONS)], dtype=object)
    return np.asarray(names[np.where(parts == EXCLUDED, EXCLUDED + reasons, parts)])


def parts_of(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts and reasons of labels, each of shape ``(n,)``.

    Raises:
        ManifestError: if a label is unknown.
    """
    split = [str(label).partition(":") for label in labels]
    try:
        parts = np.array([PARTS.index(part) for part, _, _ in split], dtype=np.int8)
        reasons = np.array([REASONS.index(reason) for _, _, reason in split], dtype=np.int8)
    except ValueError as error:
        raise ManifestError(f"the manifest names a part that does not exist: {error}") from error
    return parts, reasons


def _rank(label: str) -> tuple[int, bool]:
    """Return the sort key of a label. Of equal rows, the first in order is kept, so dropped duplicates come last."""
    part, _, reason = label.partition(":")
    return PARTS.index(part) if part in PARTS else len(PARTS), reason == REASONS[DUPLICATE]


def by_part(digests: np.ndarray, labels: np.ndarray) -> dict[str, list[str]]:
    """Return the digests of each label, sorted; labels are in the order of parts."""
    present = sorted(set(labels.tolist()), key=lambda label: (_rank(label), label))
    return {label: listed(digests[labels == label]) for label in present}


def listed(digests: np.ndarray) -> list[str]:
    """Return digests as sorted texts."""
    return [digest.hex() for digest in np.sort(digests).tolist()]


def difference(split: str, expected: np.ndarray, got: np.ndarray) -> str:
    """Describe how the rows of the manifest and those of the data differ."""
    listed, listed_counts = np.unique(expected, return_counts=True)
    present, present_counts = np.unique(got, return_counts=True)
    unlisted = np.flatnonzero(~np.isin(got, listed))
    missing = listed[~np.isin(listed, present)]
    common, at_listed, at_present = np.intersect1d(listed, present, return_indices=True)
    recounted = common[listed_counts[at_listed] != present_counts[at_present]]
    differences = [f"the manifest lists {len(expected)} rows of {split!r}, the data has {len(got)}"]
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
    return "; ".join(differences) + ": pass the rows that the manifest was made of"


def match(split: str, listed: dict[str, list[str]], digests: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the label of each row. Rows with the same digest get its labels in the order of parts.

    Args:
        split: the name of the official split, for errors.
        listed: the digests of each label.
        digests: the digests of the data's rows, of shape ``(n,)``.
        order: the rank of each row, as ``SplitRows.row_order`` gives it.

    Raises:
        ManifestError: if the digests differ from the listed ones; the message says how.
    """
    entries = sorted((digest, _rank(label), label) for label, members in listed.items() for digest in members)
    here = np.argsort(order)
    expected = np.frombuffer(bytes.fromhex("".join(entry[0] for entry in entries)), dtype=digests.dtype)
    if not np.array_equal(expected, digests[here]):
        raise ManifestError(difference(split, expected, digests))
    labels = np.empty(len(digests), dtype=object)
    labels[here] = [entry[2] for entry in entries]
    return labels


def find(listed: list[str], digests: np.ndarray, order: np.ndarray) -> np.ndarray:
    r"""Return which rows have the listed digests: as many of each as are listed, the first ones in order.

    >>> find(["0a", "0b"], np.array([b"\x0b", b"\x0a", b"\x0b"], "V1"), np.array([2, 0, 1])).tolist()
    [False, True, True]
    """
    left: dict[bytes, int] = {}
    for digest in listed:
        left[bytes.fromhex(digest)] = left.get(bytes.fromhex(digest), 0) + 1
    chosen = np.zeros(len(digests), dtype=bool)
    for row in np.argsort(order).tolist():
        digest = digests[row].tobytes()
        if left.get(digest, 0):
            left[digest] -= 1
            chosen[row] = True
    return chosen

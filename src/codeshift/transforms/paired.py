"""Splits with a part whose rows are those of ``test_id``, rewritten row by row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import ManifestError, ParameterError
from codeshift.hashing import digest, row_digests
from codeshift.parts import PARTS, TEST_ID, TRANSFORMED
from codeshift.properties.serialise import from_dict
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.manifest import SplitManifest
from codeshift.splits.transformed import TransformedPart
from codeshift.transforms.base import Chain, Transform
from codeshift.wording import Verbatim, closest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PairedShift:
    """Parts of a split with ``test_transformed``, whose rows are those of another part, rewritten.

    Attributes:
        parts: All parts; rows of ``test_transformed`` stand in the order of those that they were made of.
        transform: Transform.
        changed: Whether each row of ``test_transformed`` differs from the one that it was made of: booleans of shape
            ``(n,)``.
        manifest: Manifest of the split with the transform recorded in it; None for parts without a manifest.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.transforms import DropComments, paired_shift
    >>> rows = Dataset.from_dict({"code": ["x = 1  # one", "y = 2"]})
    >>> shift = paired_shift(DatasetDict(test_id=rows), DropComments(language="python"))
    >>> shift.changed.tolist(), shift.parts["test_transformed"]["code"][:]
    ([True, False], ['x = 1', 'y = 2'])
    """

    parts: DatasetDict = field(repr=False)
    transform: Transform | Chain
    changed: NDArray[np.bool_] = field(repr=False)
    manifest: SplitManifest | None = field(repr=False, default=None)

    def to_dataset_dict(self) -> DatasetDict:
        """Return the parts, for an evaluator: it takes ``test_transformed`` as any part of test rows."""
        return self.parts

    @property
    def unchanged(self) -> int:
        """Number of rows that the transform leaves as they are."""
        return int((~self.changed).sum())


def paired_shift(
    splits: DatasetDict | SplitAssignment, transform: Transform | Chain | None = None, *, part: str = PARTS[TEST_ID]
) -> PairedShift:
    r"""Add the part ``test_transformed`` to a split: row by row the transform of ``test_id``.

    What a model loses there is lost to the transform alone, since each row has its counterpart.

    Args:
        splits: Parts, or the assignment of a split, whose manifest then records the transform and a digest of the
            rewritten rows.
        transform: Transform; None for that of the manifest, whose digests are checked.
        part: Part whose rows are rewritten.

    Raises:
        ParameterError: if there is no such part, or neither a transform nor a manifest that records one.
        DataError: if a column that is rewritten is missing.
        ManifestError: if the manifest records another transform, or rows that this transform does not give.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> from codeshift.transforms import RenameIdentifiers
    >>> code = [f"def f{i}(x):\n    y = x" + " + 1" * i + "\n    return y" for i in range(40)]
    >>> assignment = LengthSplitter().assign(Dataset.from_dict({"code": code}), near_duplicates=None, min_test_rows=0)
    >>> shift = paired_shift(assignment, RenameIdentifiers(language="python"))
    >>> shift.unchanged, shift.parts["test_transformed"].num_rows == shift.parts["test_id"].num_rows
    (0, True)
    >>> shift.manifest.transformed["test_transformed"].digest == shift.transform.digest
    True
    """
    recorded = splits.manifest.transformed.get(TRANSFORMED) if isinstance(splits, SplitAssignment) else None
    chosen = _transform_of(transform, recorded)
    parts = splits.to_dataset_dict() if isinstance(splits, SplitAssignment) else splits
    if part not in parts:
        raise ParameterError("part", "a part of the split", part, closest(part, parts))
    rows = parts[part]
    rewritten = chosen.apply(rows)
    changed = changed_rows(rows, rewritten, chosen.columns)
    transformed = transformed_part(part, chosen, rewritten, changed)
    if recorded is not None and transformed != recorded:
        difference = (
            "another transform" if transformed.digest != recorded.digest else "other rows than this transform gives"
        )
        raise ManifestError(f"the manifest records {difference}: take its own transform, or split the rows again")
    all_parts = type(parts)({**parts, TRANSFORMED: rewritten})
    manifest = None
    if isinstance(splits, SplitAssignment):
        manifest = replace(splits.manifest, transformed=splits.manifest.transformed | {TRANSFORMED: transformed})
    return PairedShift(all_parts, chosen, changed, manifest)


def _transform_of(transform: Transform | Chain | None, recorded: TransformedPart | None) -> Transform | Chain:
    if transform is None and recorded is not None:
        transform = from_dict(recorded.transform)
    if not isinstance(transform, Transform | Chain):
        remedy = 'such as RenameIdentifiers(language="python"), of codeshift.transforms'
        raise ParameterError("transform", "a transform", Verbatim(repr(transform)), remedy)
    return transform


def changed_rows(rows: Dataset, rewritten: Dataset, columns: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return whether each row differs from the rewritten one in one of the columns, shape (rows,)."""
    changed = np.zeros(len(rows), dtype=bool)
    for column in columns:
        pairs = zip(rows[column], rewritten[column], strict=True)
        changed |= np.fromiter((before != after for before, after in pairs), dtype=bool, count=len(rows))
    return changed


def transformed_part(
    part: str, transform: Transform | Chain, rewritten: Dataset, changed: NDArray[np.bool_]
) -> TransformedPart:
    """Return the record of a rewritten part."""
    digests = np.sort(row_digests([rewritten[column] for column in transform.columns]))
    return TransformedPart(
        of=part,
        transform=transform.to_dict(),
        digest=transform.digest,
        rows=digest([row_digest.hex() for row_digest in digests.tolist()]),
        n=len(rewritten),
        unchanged=int((~changed).sum()),
    )

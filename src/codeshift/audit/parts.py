"""Parts of a split for the audit: one table of all rows, and each part's rows in the order of their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, ParameterError
from codeshift.hashing import content_order, row_digests
from codeshift.parts import SELECTED_ON
from codeshift.properties import PropertyTable
from codeshift.properties.selection import Selection
from codeshift.properties.texts import column_texts
from codeshift.splitters import Region, SplitAssignment, SplitManifest
from codeshift.wording import Verbatim, closest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

NamedParts = Mapping[str, "Dataset"]


@dataclass(frozen=True, eq=False)
class AuditParts:
    """Rows of a split.

    Attributes:
        table: Table of the rows of all parts.
        rows: Positions of each part's rows in ``table``, sorted by content, so that the given order of rows does
            not affect draws and sums.
        given_order: Positions of those rows in their part as given.
        train: Name of the part that models are trained on.
        test: Name of the part whose shift is measured.
        reference: Name of the in-distribution test part, or None.
        region: Out-of-distribution region of a codeshift split, or None.
    """

    table: PropertyTable
    rows: dict[str, np.ndarray]
    given_order: dict[str, np.ndarray]
    train: str
    test: str
    reference: str | None
    region: Region | None = None

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the parts that are compared with train: test, and the reference if there is one."""
        return (self.test,) if self.reference is None else (self.test, self.reference)

    @property
    def with_train(self) -> tuple[str, ...]:
        """Names of the parts that are compared, train first."""
        return self.train, *self.compared

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the parts that must not leak: those compared, and validation unless it is what they are held to."""
        others = (name for name in SELECTED_ON if name in self.rows and name not in self.with_train)
        return (*self.compared, *others)

    def parsable(self, column: str, language: str) -> tuple[AuditParts, dict[str, int]]:
        """Return the parts without the rows on which the parser gives up, and the number of those rows by part.

        Raises:
            DataError: if a part that is compared has no other row.
        """
        stopped = self.table.stopped(column, language)
        if not stopped.any():
            return self, {}
        keep = {part: ~stopped[rows] for part, rows in self.rows.items()}
        for part in self.with_train:
            if keep[part].size and not keep[part].any():
                remedy = "check the language and the column: the parser gave up on every row"
                raise DataError(part, "rows that can be parsed", Verbatim("none"), remedy)
        left_out = {part: int((~mask).sum()) for part, mask in keep.items() if not mask.all()}
        places = np.cumsum(~stopped) - 1
        rows = {part: places[rows[keep[part]]] for part, rows in self.rows.items()}
        order = {part: rows[keep[part]] for part, rows in self.given_order.items()}
        table = Selection(self.table, np.flatnonzero(~stopped))
        return replace(self, table=table, rows=rows, given_order=order), left_out

    def texts(self, part: str, column: str) -> list[str]:
        """Return the texts of a part, in the order of content."""
        return self.table.texts(column).take(self.rows[part])

    def given_texts(self, part: str, column: str) -> list[str]:
        """Return the texts of a part, in the order in which its rows were given."""
        return self.table.texts(column).take(self.rows[part][np.argsort(self.given_order[part])])


def take_parts(
    splits: SplitAssignment | DatasetDict | NamedParts,
    data: Dataset | DatasetDict | PropertyTable | None,
    manifest: SplitManifest | None,
    *,
    column: str,
    train: str,
    test: str | None,
    reference: str | None,
    num_proc: int | None = None,
) -> AuditParts:
    """Collect the parts from the arguments of ``audit``.

    Raises:
        ParameterError: if the splits are of another type, a named part is missing, or a table brings ``num_proc``.
        DataError: if a part lacks the column, or the column contains values other than text.
    """
    digests: dict[str, np.ndarray | None] = {}
    positions: dict[str, np.ndarray] = {}
    if isinstance(data, PropertyTable) and num_proc is not None:
        raise ParameterError("num_proc", "left out for a PropertyTable", num_proc, "give it to the table")
    if isinstance(splits, SplitAssignment):
        region: Region | None = splits.region
        digests = {part: splits.content_digests(part, column) for part in splits.delivered}
        if isinstance(data, PropertyTable):
            positions = {part: splits.indices(part) for part in splits.delivered}
        splits = splits.to_dataset_dict(data)
    else:
        region = None if manifest is None else manifest.fitted_region()
        if data is not None:
            remedy = "a DatasetDict brings its rows along"
            raise ParameterError("data", "left out where splits are given", type(data).__name__, remedy)
    parts = _checked_splits(splits)
    names = _names_of_roles(parts, train=train, test=test, reference=reference)
    used = {name: parts[name] for name in [*names.values(), *SELECTED_ON] if name in parts}
    orders = {name: _content_order(rows, name, column, digests.get(name)) for name, rows in used.items()}
    starts = dict(zip(used, np.cumsum([0, *(len(rows) for rows in used.values())])[:-1], strict=True))
    if isinstance(data, PropertyTable):  # which may know values of the rows from other audits
        table: PropertyTable = Selection(data, np.concatenate([positions[name] for name in used]))
    else:
        table = PropertyTable(_concatenated(used, column), num_proc=num_proc)
    return AuditParts(
        table=table,
        rows={name: starts[name] + order for name, order in orders.items()},
        given_order=orders,
        train=names["train"],
        test=names["test"],
        reference=names.get("reference"),
        region=region,
    )


def manifest_of(splits: Any, manifest: SplitManifest | None) -> SplitManifest | None:
    """Return the manifest of the audited split: an assignment's own, or the one given.

    Raises:
        ParameterError: if there are both.
    """
    if not isinstance(splits, SplitAssignment):
        return manifest
    if manifest is not None:
        raise ParameterError("manifest", "left out for an assignment", "a manifest", "it brings its own")
    return splits.manifest


def column_of(manifest: SplitManifest | None) -> str:
    """Return the column of code of a split; ``"code"`` without a manifest.

    Raises:
        ParameterError: if there are several columns.
    """
    columns = ("code",) if manifest is None else manifest.columns
    if len(columns) > 1:
        raise ParameterError("column", "given where the split reads several", columns, f"such as {columns[0]!r}")
    return columns[0]


def _checked_splits(splits: Any) -> dict[str, Dataset]:
    from datasets import Dataset

    remedy = "pass what Splitter.split or load_dataset returns, or the assignment and its data"
    if not isinstance(splits, Mapping):
        raise ParameterError("splits", "a DatasetDict or a SplitAssignment", type(splits).__name__, remedy)
    for name, rows in splits.items():
        if not isinstance(rows, Dataset):
            raise ParameterError("splits", "a DatasetDict", f"{name}: {type(rows).__name__}", remedy)
    return dict(splits)


def _names_of_roles(splits: NamedParts, *, train: str, test: str | None, reference: str | None) -> dict[str, str]:
    if test is None:
        test = "test" if "test" in splits and "test_ood" not in splits else "test_ood"
    if reference is None and "test_id" in splits and test != "test_id":
        reference = "test_id"
    names = {"train": train, "test": test} | ({} if reference is None else {"reference": reference})
    for role, name in names.items():
        if name not in splits:
            raise ParameterError(role, "a part of the splits", name, closest(name, splits))
    if len(set(names.values())) < len(names):
        raise ParameterError("train, test and reference", "different parts", tuple(names.values()), "name each one")
    return names


def _content_order(rows: Dataset, part: str, column: str, digests: np.ndarray | None) -> np.ndarray:
    """Return positions sorted by the digest of the code, then by that of the whole row; rows that tie are equal."""
    if digests is None:
        try:
            digests = row_digests([column_texts(rows, column)])
        except DataError as error:
            raise DataError(f"column of {part}", error.constraint, error.value, error.remedy) from None
    return content_order(digests, rows.with_format(None).__getitem__)


def _concatenated(parts: dict[str, Dataset], column: str) -> Dataset:
    """Return all rows end to end, with the columns that all parts have with the same type."""
    from datasets import Value, concatenate_datasets

    # An empty part may have columns without a type; it has no rows to add either.
    filled = [rows for rows in parts.values() if len(rows)] or list(parts.values())[:1]
    first, *others = filled
    common = [
        name
        for name, feature in first.features.items()
        if name != column and all(rows.features.get(name) == feature for rows in others)
    ]
    text = Value("string")
    plain = [rows.with_format(None).select_columns([column, *common]) for rows in filled]
    return concatenate_datasets(
        [rows if rows.features[column] == text else rows.cast_column(column, text) for rows in plain]
    )

"""Splitting in full: fit a recipe on rows, find the rows inside its region, assign all rows, and write the manifest."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Protocol

import numpy as np

from codeshift.errors import LeftOutWarning, ParameterError, RegionError, SizeWarning, SmallPartWarning, Told, warn
from codeshift.formatting import counted
from codeshift.properties import PropertyTable
from codeshift.properties.columns import check_name
from codeshift.regions.base import Region
from codeshift.splits.assignment import SplitAssignment, SplitManifest
from codeshift.splits.config import SplitConfig
from codeshift.splits.groups import Grouping, group_rows
from codeshift.splits.partition import (
    DUPLICATE,
    MASKED,
    PARTS,
    TEST_ID,
    UNPARSABLE,
    Partition,
    add_control,
    divide,
    tell_near_duplicates,
    trim_train,
)
from codeshift.splits.predefined import check_predefined, divide_predefined
from codeshift.splits.rows import SplitRows
from codeshift.splits.small_parts import in_words, small_parts


class Recipe(Protocol):
    """Interface that ``assign`` needs of a splitter; its repr is recorded."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of code: rows that are equal in all of them are one identity."""

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Other columns that the region depends on."""

    def fit(self, table: PropertyTable) -> Region:
        """Fit the recipe to the rows of ``table`` and return the region."""


def assign(recipe: Recipe, rows: SplitRows, config: SplitConfig, *, region: Region | None = None) -> SplitAssignment:
    """Assign rows to parts.

    Args:
        recipe: the splitter, which defines what is out of distribution.
        rows: the rows of the call.
        config: the seed, sizes and groups.
        region: the region if it was fitted on these rows before, as for several seeds; None to fit it.

    Raises:
        ParameterError: if an argument is invalid.
        DataError: if a column is missing or contains None.
        RegionError: if the region contains no row or every row.
    """
    has_validation = "validation" in rows.names
    if rows.is_official:
        check_predefined(config, has_validation)
    _check_columns(recipe, rows)
    grouping = group_rows(rows, recipe.columns, config)
    also = _also_read(recipe, config)
    digests = rows.digests(recipe.columns, also)
    fitted = recipe.fit(rows.fitting) if region is None else region
    stopped = rows.stopped(fitted.parsed())
    dealt = rows
    if stopped.any():  # nothing is known of these: what is fitted and dealt is what a dataset without them gives
        warn(LeftOutWarning(_stopped_in_words(rows, stopped)))
        dealt = rows.only(~stopped)
        grouping = group_rows(dealt, recipe.columns, config)
        fitted = recipe.fit(dealt.fitting) if region is None else region
    inside = np.zeros(len(digests), dtype=bool)
    inside[~stopped] = _inside(fitted, dealt, recipe, grouping.kept)
    partition = divide_rows(dealt, inside[~stopped], grouping, digests[~stopped], config)
    _check_sizes(partition, config)
    _check_test_parts(partition, dealt.identities(recipe.columns, grouping.similar), config)
    if stopped.any():
        partition = partition.spread(~stopped, UNPARSABLE)
    manifest = SplitManifest.create(
        splitter=repr(recipe),
        region=fitted,
        config=config,
        columns=recipe.columns,
        also_reads=also,
        spans=rows.spans,
        digests=digests,
        inside=inside,
        partition=partition,
        similar=grouping.similar,
    )
    return SplitAssignment(
        rows.names,
        rows.lengths,
        partition.parts,
        partition.reasons,
        partition.control,
        manifest,
        rows=rows.without_values(),
        fitted=fitted,
    )


def _stopped_in_words(rows: SplitRows, stopped: np.ndarray) -> str:
    count = int(stopped.sum())
    excluded = f"{counted(count, 'row is', 'rows are')} excluded as unparsable ({rows.named(stopped)})"
    return f"{excluded}: the parser gives up on a text that takes far more operations or memory than code of its length"


def _also_read(recipe: Recipe, config: SplitConfig) -> tuple[str, ...]:
    """Return the columns other than the code that a row's part depends on, sorted."""
    named = {column for column in (config.groups, config.stratify_by_column) if column is not None}
    return tuple(sorted({*recipe.also_reads, *named} - {*recipe.columns}))


def _check_columns(recipe: Recipe, rows: SplitRows) -> None:
    for column in recipe.columns:
        check_name("column", column)
    for column in recipe.also_reads:
        rows.values(column, _naming(recipe, column) or "also_reads")


def _naming(recipe: Any, column: str) -> str | None:
    """Return the argument of a recipe, or of one of its operands, that names a column."""
    names = [field.name for field in fields(recipe)] if is_dataclass(recipe) else [*vars(recipe)]
    arguments = {name: getattr(recipe, name) for name in names}
    for name, value in arguments.items():
        if isinstance(value, str | tuple) and column in ((value,) if isinstance(value, str) else value):
            return name
    operands = (value for value in arguments.values() if hasattr(value, "also_reads"))
    return next((inner for operand in operands if (inner := _naming(operand, column))), None)


def _inside(region: Region, rows: SplitRows, recipe: Recipe, kept: np.ndarray | None) -> np.ndarray:
    masks = [region.contains(table) for table in rows.tables]
    among = "" if kept is None else " that are kept of near-duplicates"
    for name, whole_mask in zip(rows.names, masks, strict=True):
        mask = whole_mask if kept is None else whole_mask[kept[slice(*rows.spans[name])]]
        whole = ("" if name == "data" else f" of the official {name} split") + among
        if name == "validation":
            continue  # if all of it is inside or outside, there are still rows to test on
        if not mask.any():
            raise RegionError(
                "the region",
                "some of the rows",
                Told(f"0 of {len(mask)} rows{whole}"),
                f"widen {recipe!r} (fitted, it takes programs {region.describe()})",
            )
        if mask.all():
            raise RegionError(
                "the region",
                "not all of the rows",
                Told(f"all {len(mask)} rows{whole}"),
                f"narrow {recipe!r} (fitted, it takes programs {region.describe()})",
            )
    return np.concatenate(masks)


def divide_rows(
    rows: SplitRows, inside: np.ndarray, grouping: Grouping, digests: np.ndarray, config: SplitConfig
) -> Partition:
    """Assign all rows except dropped duplicates, then exclude these.

    Args:
        rows: the rows of the call.
        inside: whether each row lies in the region: booleans of shape ``(n,)``.
        grouping: the groups of rows that stay together.
        digests: the digests of all rows.
        config: the seed and sizes.
    """
    kept = slice(None) if grouping.kept is None else grouping.kept
    if rows.is_official:
        partition = divide_predefined(rows.source_of_rows()[kept], inside[kept], grouping.dealt, config)
    else:
        partition = divide(inside[kept], grouping.dealt, config)
    tell_near_duplicates(partition, grouping.strict)
    if config.train_size is not None or config.train_control:
        row_order = rows.row_order(digests)[kept]
        if config.train_size is not None:
            total = int((rows.source_of_rows()[kept] == 0).sum()) if rows.is_official else len(partition.parts)
            trim_train(partition, grouping.dealt, config, row_order, total)
        if config.train_control:
            add_control(partition, grouping.dealt, config, row_order)
    return partition if grouping.kept is None else partition.spread(grouping.kept, DUPLICATE)


def _check_sizes(partition: Partition, config: SplitConfig) -> None:
    got = {part: int((partition.parts == i).sum()) for i, part in enumerate(PARTS)}
    got["kept"] = int((partition.pool & (partition.reasons != MASKED)).sum())
    missed = {name: got[name] - rows for name, rows in partition.asked.items() if got[name] != rows}
    if not missed:
        return
    differences = "; ".join(f"{name}: asked {partition.asked[name]} rows, got {got[name]}" for name in missed)
    reason = "equal rows, near-duplicates and groups are kept together"
    if config.tolerance is not None and max(map(abs, missed.values())) > config.tolerance * len(partition.parts):
        remedy = f"{differences} ({reason}): allow more, or ask for sizes that the groups can make up"
        raise ParameterError("tolerance", "large enough for the sizes that are possible", config.tolerance, remedy)
    warn(SizeWarning(f"{differences} ({reason})"))


def _check_test_parts(partition: Partition, identities: np.ndarray, config: SplitConfig) -> None:
    unasked = (TEST_ID,) if partition.asked.get("test_id") == 0 else ()
    small = small_parts(partition.parts, identities, config.min_test_rows, unasked=unasked)
    if small:
        warn(SmallPartWarning(in_words(small, config.min_test_rows)))

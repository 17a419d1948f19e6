"""The whole act: fit a recipe on rows, ask which lie inside of its region, deal them, and keep the evidence."""

from __future__ import annotations

import warnings
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

import numpy as np

from codeshift.errors import LeftOutWarning, ParameterError, RegionError, SizeWarning, SmallPartWarning, Told
from codeshift.formatting import counted
from codeshift.properties import PropertyTable
from codeshift.properties.columns import check_name
from codeshift.regions.base import Region
from codeshift.splits.assignment import SplitAssignment, SplitManifest
from codeshift.splits.config import SplitConfig
from codeshift.splits.facts import parsed_in
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
    """What dealing asks of a splitter; its repr names it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of code: rows that are equal in all of them are one identity."""

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Columns beside these that the region depends on."""

    def fit(self, table: PropertyTable) -> Region:
        """The region, with the rows at hand."""


def assign(recipe: Recipe, rows: SplitRows, config: SplitConfig, *, region: Region | None = None) -> SplitAssignment:
    """Deal rows into parts.

    Args:
        recipe: says what is out of distribution.
        rows: the rows of the call.
        config: seed, sizes and groups.
        region: as fitted on these rows already, where they are dealt several times.

    Raises:
        ParameterError: if an argument cannot work.
        DataError: if a column is missing, or rows of it are None.
        RegionError: if the region holds no row or every row.
    """
    has_validation = "validation" in rows.names
    if rows.is_official:
        check_predefined(config, has_validation)
    _check_columns(recipe, rows)
    grouping = group_rows(rows, recipe.columns, config)
    also = _also_read(recipe, config)
    digests = rows.digests(recipe.columns, also)
    fitted = recipe.fit(rows.fitting) if region is None else region
    stopped = rows.stopped(parsed_in(fitted.to_dict()))
    dealt = rows
    if stopped.any():  # nothing is known of these: what is fitted and dealt is what a dataset without them gives
        warnings.warn(_stopped_in_words(rows, stopped), LeftOutWarning, stacklevel=3)
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
    """The columns beside the code that a row's part depends on, sorted."""
    named = {column for column in (config.groups, config.stratify_by_column) if column is not None}
    return tuple(sorted({*recipe.also_reads, *named} - {*recipe.columns}))


def _check_columns(recipe: Recipe, rows: SplitRows) -> None:
    for column in recipe.columns:
        check_name("column", column)
    for column in recipe.also_reads:
        rows.values(column, _naming(recipe, column) or "also_reads")


def _naming(recipe: Any, column: str) -> str | None:
    """The argument of a recipe, or of one that it is composed of, that names a column."""
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
            continue  # with all of it inside or outside there is still something to test
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
    """Deal all rows, those that are dropped as duplicates apart.

    Args:
        rows: the rows of the call.
        inside: which of them lie in the region.
        grouping: how they belong together.
        digests: of all rows.
        config: seed and sizes.
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
        raise ParameterError("tolerance", "large enough for what could be had", config.tolerance, remedy)
    warnings.warn(f"{differences} ({reason})", SizeWarning, stacklevel=4)


def _check_test_parts(partition: Partition, identities: np.ndarray, config: SplitConfig) -> None:
    unasked = (TEST_ID,) if partition.asked.get("test_id") == 0 else ()
    small = small_parts(partition.parts, identities, config.min_test_rows, unasked=unasked)
    if small:
        warnings.warn(in_words(small, config.min_test_rows), SmallPartWarning, stacklevel=4)

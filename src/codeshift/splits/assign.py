"""Assignment of rows to parts, from top to bottom: fit a recipe, group the rows, divide them, write the manifest."""

from __future__ import annotations

from codeshift.parts import UNPARSABLE
from codeshift.regions.base import Region
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.config import SplitConfig
from codeshift.splits.division import divide_rows
from codeshift.splits.fitting import Recipe, fit_region, rows_inside
from codeshift.splits.groups import group_rows
from codeshift.splits.official import check_official
from codeshift.splits.part_sizes import check_sizes
from codeshift.splits.rows import SplitRows


def assign(recipe: Recipe, rows: SplitRows, config: SplitConfig, *, region: Region | None = None) -> SplitAssignment:
    """Assign rows to parts.

    Args:
        recipe: Splitter, which defines what is out of distribution.
        rows: Rows of the call.
        config: Seed, sizes and groups.
        region: Region if it was fitted on these rows before, as for several seeds; None to fit it.

    Raises:
        ParameterError: if an argument is invalid.
        DataError: if a column is missing or contains None.
        RegionError: if the region contains no row or every row.
    """
    if rows.is_official:
        check_official(config, has_validation="validation" in rows.names)
    also = _also_read(recipe, config)
    digests = rows.digests(recipe.columns, also)
    fitted = fit_region(recipe, rows, region)
    grouping = group_rows(fitted.rows, recipe.columns, config)
    inside = rows_inside(fitted, recipe, grouping.kept)
    of_fitted = digests if fitted.rows is rows else digests[fitted.parsable]
    partition = divide_rows(fitted.rows, inside, grouping, of_fitted, config)
    check_sizes(partition, grouping.identities, config)
    return SplitAssignment.create(
        recipe,
        also_reads=also,
        config=config,
        rows=rows,
        region=fitted.region,
        region_rows=int(inside.sum()),
        partition=partition if fitted.rows is rows else partition.spread(fitted.parsable, UNPARSABLE),
        similar=grouping.similar,
    )


def _also_read(recipe: Recipe, config: SplitConfig) -> dict[str, str]:
    """Return the columns other than the code that a row's part depends on, sorted, each with its argument."""
    named = {**recipe.also_reads}
    for argument in ("groups", "stratify_by_column"):
        column = getattr(config, argument)
        if column is not None:
            named.setdefault(column, argument)
    for column in config.searched_columns:
        named.setdefault(column, "near_duplicates")
    return {column: named[column] for column in sorted(named) if column not in recipe.columns}

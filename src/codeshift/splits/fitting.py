"""Fit of a recipe on the rows of a call: its region, and the rows inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from codeshift.errors import LeftOutWarning, RegionError, warn
from codeshift.formatting import counted
from codeshift.parts import WHOLE
from codeshift.properties import PropertyTable
from codeshift.regions.base import Region
from codeshift.splits.rows import SplitRows
from codeshift.wording import Verbatim


class Recipe(Protocol):
    """Interface of a splitter, as splitting uses it; its repr is recorded."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of code: rows that are equal in all of them are one identity."""

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Other columns that the region depends on, each with the argument that names it."""

    def fit(self, table: PropertyTable) -> Region:
        """Fit the recipe to the rows of ``table`` and return the region."""


class FittedRegion(NamedTuple):
    """Region of a recipe, with the rows that it can be applied to.

    Attributes:
        region: Region.
        rows: Rows on which no parser of the region gives up.
        parsable: Mask of these rows over all rows of the call, of shape ``(n,)``.
        inside: Mask of the rows inside the region over ``rows``.
    """

    region: Region
    rows: SplitRows
    parsable: np.ndarray
    inside: np.ndarray


def fit_region(recipe: Recipe, rows: SplitRows, region: Region | None = None) -> FittedRegion:
    """Fit a recipe on the rows that its region can parse.

    Which rows these are is known from the region alone. Nothing is known of the others, so where there are any, the
    recipe is fitted again without them: the result is that of a dataset without them.

    Args:
        recipe: Splitter.
        rows: Rows of the call.
        region: Region if it was fitted before; None to fit it.

    Raises:
        DataError: if no row of the data, or of an official split, can be parsed.

    Warns:
        LeftOutWarning: if there are rows that cannot be parsed.
    """
    fitted = recipe.fit(rows.training_table) if region is None else region
    parsable, inside = rows.applied(fitted)
    if parsable.all():
        return FittedRegion(fitted, rows, parsable, inside)
    stopped = counted(int((~parsable).sum()), "row is", "rows are")
    why = "the parser gives up on a text that takes far more operations or memory than code of its length"
    warn(LeftOutWarning(f"{stopped} excluded as unparsable ({rows.named(~parsable)}): {why}"))
    usable = rows.only(parsable)
    fitted = recipe.fit(usable.training_table) if region is None else region
    return FittedRegion(fitted, usable, parsable, usable.applied(fitted)[1])


def rows_inside(fitted: FittedRegion, recipe: Recipe, kept: np.ndarray | None) -> np.ndarray:
    """Return which of the rows lie inside the region: booleans of shape ``(n,)``.

    Args:
        fitted: Region and its rows.
        recipe: Splitter, which an error shows.
        kept: Mask of the rows that are kept of near-duplicates; None if all are.

    Raises:
        RegionError: if the region holds none or all of the rows that are kept, or of those of an official train or test
            split.
    """
    region, rows, inside = fitted.region, fitted.rows, fitted.inside
    for name, span in rows.spans.items():
        if name == "validation":
            continue  # if all of it is inside or outside, there are still rows to test on
        of_source = inside[slice(*span)] if kept is None else inside[slice(*span)][kept[slice(*span)]]
        if of_source.any() and not of_source.all():
            continue
        words = f"programs {region.describe()}"
        where = "" if name == WHOLE else f" of the official {name} split"
        count = f"{len(of_source)} rows{where}{'' if kept is None else ' that are kept of near-duplicates'}"
        if of_source.any():
            remedy = f"narrow {recipe!r} (fitted, it takes {words})"
            raise RegionError("the region", "not all of the rows", Verbatim(f"all {count}"), remedy)
        remedy = region.remedy_if_empty() or f"widen {recipe!r} (fitted, it takes {words})"
        raise RegionError("the region", "some of the rows", Verbatim(f"0 of {count}"), remedy)
    return inside

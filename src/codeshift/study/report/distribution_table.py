"""The table of the properties that splits cut, for Markdown and papers; a page has plots instead."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from codeshift.documents.document import Column, Table, Value
from codeshift.formatting import MISSING, share
from codeshift.regions.distribution import Distribution
from codeshift.study.findings import Findings
from codeshift.study.report.figures.distributions import drawn_distributions, first_splits
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.tables import named

_PARTS = ("train", "test_id", "test_ood")


def distribution_table(findings: Findings) -> Table | None:
    """Make the table of each split's properties by part: medians of numbers, shares of rows by element or group."""
    rows = tuple(
        (
            named(scenario),
            named(distribution.name),
            named(series),
            *(_share_or_number(distribution, cells.get(part)) for part in _PARTS),
        )
        for scenario, facts in first_splits(findings).items()
        for distribution in drawn_distributions(facts)
        for series, cells in _lines_of(distribution)
    )
    columns = tuple(Column(head, numeric=False) for head in ("scenario", "property", "value"))
    note = "Median and quartiles of numbers; otherwise the share of the part's rows. Starred values define the region. "
    note += "All rows of the first split seed, as counted in the table of splits."
    heads = (*columns, *map(Column, _PARTS))
    return (
        Table(name=ReportTable.DISTRIBUTIONS, caption="What the splits cut", columns=heads, rows=rows, note=note)
        if rows
        else None
    )


def _lines_of(distribution: Distribution) -> Iterator[tuple[str, dict[str, NDArray[np.float64]]]]:
    if not distribution.categories:
        yield "median", {part: np.quantile(v, (0.5, 0.25, 0.75)) for part, v in distribution.values.items() if len(v)}
    for i, (category, inside) in enumerate(zip(distribution.categories, distribution.inside, strict=True)):
        yield category + ("*" if inside else ""), {part: v[i : i + 1] for part, v in distribution.values.items()}


def _share_or_number(distribution: Distribution, values: NDArray[np.float64] | None) -> Value:
    if values is None:
        return Value(MISSING)
    if len(values) == 1:
        return Value(share(float(values[0])), order=float(values[0]))
    middle, low, high = map(float, values)
    return Value(
        distribution.text(middle), order=middle, aside=f"[{distribution.text(low)}, {distribution.text(high)}]"
    )

"""Claims about rewritten test rows: whether a transform costs anything, and whether a method keeps more under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codeshift.formatting import counted
from codeshift.parts import PARTS, TEST_ID, transformed_by
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.claim import Claim, claim_about, naming_left_out
from codeshift.study.findings.finding import kept_in_words
from codeshift.study.findings.large_enough import too_small
from codeshift.study.findings.quantity import Quantity, mean_of
from codeshift.study.findings.transformed import rewritten_counts, sides_of
from codeshift.study.results.measures import SHARE, method_name


def transformed_claims(cells: Cells, metric: str) -> Iterator[Claim]:
    """Yield the claims about each transform, at the smallest share kept; none unless the study has transforms."""
    transforms = cells.results.settings.transforms
    if not transforms or not cells.methods or cells.lowest_share is None:
        return
    small = too_small(cells, metric, PARTS[TEST_ID])
    names = [name for name in cells.results.scenarios if name not in small]
    for transform in transforms:
        yield naming_left_out(cells, _transform_costs(cells, metric, transform, names), small, PARTS[TEST_ID])
        for method in cells.methods:
            if method != cells.reference_method:
                kept = _keeps_more_under(cells, metric, transform, method, names)
                yield naming_left_out(cells, kept, small, PARTS[TEST_ID])


def _transform_costs(cells: Cells, metric: str, transform: str, names: Sequence[str]) -> Claim:
    """Test whether models do worse on the same programs rewritten: the mean over methods and scenarios."""
    measure = cells.measure(metric)
    by_method = {
        method: mean_of([_difference(cells, metric, transform, cell) for cell in cells.at_lowest_share(method, names)])
        for method in cells.methods
    }
    changes = "; ".join(
        f"{method_name(method)} {measure.change(cells.estimate(change))}" for method, change in by_method.items()
    )
    part, of_part = transformed_by(transform), PARTS[TEST_ID]
    evidence = f"{measure.title} on {part} less that on {of_part}, row by row, mean over scenarios, "
    evidence += f"{kept_in_words(cells.lowest_share)}: {changes}."
    counts = [rewritten_counts(cells, cell, transform) for cell in cells.at_lowest_share(cells.methods[0], names)]
    rows, changed = (sum(side) for side in zip(*counts, strict=True)) if counts else (0, 0)
    evidence += f" Of {counted(rows, 'row')} {changed:,} are rewritten."
    worse = mean_of([cells.worse(metric, change) for change in by_method.values()])
    claim = f"The transform {transform} costs models performance on the same programs"
    return claim_about(cells, claim, worse, evidence, measure=measure)


def _difference(cells: Cells, metric: str, transform: str, cell: Cell) -> Quantity:
    after, before = sides_of(cells, metric, cell, transform)
    return after - before


def _keeps_more_under(cells: Cells, metric: str, transform: str, method: str, names: Sequence[str]) -> Claim:
    """Test whether a method keeps a larger share of its own score than the reference method does."""
    reference = cells.reference_method or ""
    lost = {
        name: [_share_taken(cells, metric, transform, cell) for cell in cells.at_lowest_share(name, names)]
        for name in (method, reference)
    }
    pooled = mean_of([theirs - ours for ours, theirs in zip(lost[method], lost[reference], strict=True)])
    evidence = "Share of the own score on test_id that the transform takes, mean over scenarios, "
    evidence += f"{kept_in_words(cells.lowest_share)}: "
    evidence += "; ".join(
        f"{method_name(name)} {SHARE.estimate(cells.estimate(mean_of(shares)))}" for name, shares in lost.items()
    )
    evidence += f". Difference {SHARE.change(cells.estimate(pooled))}."
    claim = f"{method_name(method)} keeps more than {method_name(reference)} under the transform {transform}"
    return claim_about(cells, claim, pooled, evidence)


def _share_taken(cells: Cells, metric: str, transform: str, cell: Cell) -> Quantity:
    """Return the share of the score on ``test_id`` that is lost on its rows rewritten; added if lower is better."""
    after, before = sides_of(cells, metric, cell, transform)
    return cells.worse(metric, (after - before) / before)

"""The claim about how near training rows are: whether that explains most of what is lost out of distribution."""

from __future__ import annotations

from collections.abc import Iterator

from codeshift.formatting import counted
from codeshift.study.findings.cells import Cells
from codeshift.study.findings.claim import Claim, no_scenario, reach, verdict
from codeshift.study.findings.claims import masks
from codeshift.study.findings.how_far import ComparedGap, compared_gap, mean_gap
from codeshift.study.findings.quantity import nothing
from codeshift.study.results.measures import SHARE, method_name

_CLAIM = "How near training rows are explains most of the gap out of distribution"
_MOST = 0.5
_BOTH = "of both parts that are compared at equal similarity"
_NO_GAP = "The gap itself is not shown, or too unsure for a share of it."


def how_far_claims(cells: Cells, metric: str) -> Iterator[Claim]:
    """Yield the claim about the gap at equal similarity, at the smallest share kept; none unless splits are audited."""
    if not cells.methods or not masks(cells):
        return
    of_methods = {method: _of_method(cells, metric, method) for method in cells.methods}
    if any(gap is not None for gaps in of_methods.values() for gap in gaps):
        measured = {
            method: [gap for gap in gaps if gap is not None and gap.is_known(cells.min_rows)]
            for method, gaps in of_methods.items()
        }
        yield _claim_on_gap(cells, metric, {method: gaps for method, gaps in measured.items() if gaps})


def _of_method(cells: Cells, metric: str, method: str) -> list[ComparedGap | None]:
    return [compared_gap(cells, metric, cell) for cell in cells.at_lowest_share(method, cells.results.scenarios)]


def _claim_on_gap(cells: Cells, metric: str, measured: dict[str, list[ComparedGap]]) -> Claim:
    """Test the share of the mean gap that goes away at equal similarity, which says nothing of a gap that may be 0."""
    if not measured:
        too_few = no_scenario(cells, _BOTH)
        return Claim(estimate=cells.estimate(nothing()), seeds=0, claim=_CLAIM, verdict="not shown", evidence=too_few)
    pooled = mean_gap([gap for gaps in measured.values() for gap in gaps])
    is_lost = verdict(cells.estimate(cells.worse(metric, -pooled.gap))) == "holds"
    share = (pooled.gap - pooled.equal) / pooled.gap if is_lost else nothing()
    share = share if cells.estimate(share).has_interval else nothing()
    measure = cells.measure(metric)
    what_is_left = "; ".join(
        f"{method_name(method)} {measure.change(cells.estimate(mean_gap(gaps).equal))} of "
        f"{measure.change(cells.estimate(mean_gap(gaps).gap))}"
        for method, gaps in measured.items()
    )
    words = f"Of the gap in {measure.title}, test_id less test_ood, is left at equal similarity: {what_is_left}. "
    explained = f"Similarity explains {SHARE.estimate(cells.estimate(share))} of the mean gap. "
    rests = f"{pooled.share:.0%} of the rows of test_ood are compared, at least {counted(pooled.distinct, 'row')}"
    words += f"{explained if share.defined else f'{_NO_GAP} '}{rests} of each part and scenario. {reach(pooled.gap)}"
    estimate = cells.estimate(share)
    return Claim(
        estimate=estimate, seeds=share.seeds, claim=_CLAIM, verdict=verdict(estimate, _MOST), evidence=words.rstrip(),
        quantity=share, above=_MOST,
    )  # fmt: skip

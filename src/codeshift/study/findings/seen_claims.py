"""Claims about rows that corpora hold: whether they are scored better, and whether they favour a method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.claim import Claim, claim_about, naming_left_out, no_scenario
from codeshift.study.findings.finding import kept_in_words
from codeshift.study.findings.large_enough import too_small
from codeshift.study.findings.quantity import Quantity, mean_of
from codeshift.study.findings.seen import advantage, on_rows
from codeshift.study.results.measures import method_name

_BOTH = "of test_ood that a corpus holds and as many that none does"


def seen_claims(cells: Cells, metric: str) -> Iterator[Claim]:
    """Yield the claims about rows that corpora hold, at the smallest share kept; none unless corpora were searched."""
    if not cells.results.marks or not cells.methods or cells.lowest_share is None:
        return
    small = too_small(cells, metric)
    names = [name for name in cells.results.scenarios if name not in small]
    yield naming_left_out(cells, _scored_better(cells, metric, names), small)
    for method in cells.methods:
        if method != cells.reference_method:
            yield naming_left_out(cells, _favours(cells, metric, method, names), small)


def _scored_better(cells: Cells, metric: str, names: Sequence[str]) -> Claim:
    def better(cell: Cell) -> Quantity:
        seen, unseen = (on_rows(cells, cell, metric, "test_ood", seen=seen) for seen in (True, False))
        return cells.worse(metric, unseen - seen)

    by_method = {
        method: mean_of([better(cell) for cell in cells.at_lowest_share(method, names)]) for method in cells.methods
    }
    measure = cells.measure(metric)
    by_methods = "; ".join(
        f"{method_name(method)} {measure.change(cells.estimate(_in_scores(cells, metric, more)))}"
        for method, more in by_method.items()
    )
    what = f"{measure.title} on rows of test_ood that a corpus holds less that on rows that none does, "
    changes = f"{what}{kept_in_words(cells.lowest_share)}: {by_methods}."
    changes += " Rows of the two kinds can differ in difficulty as well."
    claim = "Rows that a corpus holds are scored better than rows that none does"
    return _claim_on_seen(cells, metric, claim, mean_of(list(by_method.values())), changes)


def _favours(cells: Cells, metric: str, method: str, names: Sequence[str]) -> Claim:
    """Test whether the advantage of a method is larger on seen rows; that on unseen rows is told all the same."""
    seen, unseen = (
        [
            _ahead(cells, metric, advantage(cells, cell, metric, "test_ood", seen=seen))
            for cell in cells.at_lowest_share(method, names)
        ]
        for seen in (True, False)
    )
    more = mean_of([on_seen - on_unseen for on_seen, on_unseen in zip(seen, unseen, strict=True)])
    measure, names_of = cells.measure(metric), (method_name(method), method_name(cells.reference_method or ""))
    on_both = [measure.change(cells.estimate(_in_scores(cells, metric, mean_of(sides)))) for sides in (unseen, seen)]
    evidence = f"{measure.title} of {names_of[0]} less that of {names_of[1]} on test_ood, mean over scenarios, "
    evidence += f"{kept_in_words(cells.lowest_share)}: "
    evidence += f"{on_both[0]} on rows that no corpus holds, {on_both[1]} on rows that one does."
    claim = f"What corpora hold favours {names_of[0]} over {names_of[1]}"
    return _claim_on_seen(cells, metric, claim, more, evidence)


def _ahead(cells: Cells, metric: str, difference: Quantity) -> Quantity:
    """Return a difference with its sign set so that above 0 is better, whichever way the metric counts."""
    return -cells.worse(metric, difference)


def _in_scores(cells: Cells, metric: str, better: Quantity) -> Quantity:
    """Return a difference of which above 0 is better as one of scores."""
    return better if cells.metric(metric).higher_is_better else -better


def _claim_on_seen(cells: Cells, metric: str, claim: str, quantity: Quantity, evidence: str) -> Claim:
    return claim_about(
        cells, claim, quantity, evidence, compared="of each scenario that has enough of both",
        missing=f"{no_scenario(cells, _BOTH)} {evidence}", measure=cells.measure(metric),
    )  # fmt: skip

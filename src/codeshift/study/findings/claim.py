"""A claim: the number that it is about, the verdict that its interval gives, and the evidence in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from codeshift.formatting import counted
from codeshift.metrics import Estimate
from codeshift.study.findings.cells import Cells
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.quantity import Quantity, nothing
from codeshift.study.results.measures import SHARE, Measure

NOT_MEASURED = "It was not measured: its runs are pending, failed, or score nothing."

ClaimVerdict = Literal["holds", "does not hold", "not shown"]


@dataclass(frozen=True, kw_only=True)
class Claim(Finding):
    """A claim, its verdict in this study, and the numbers.

    It holds if the whole interval of its number lies on the side that it says, does not hold if the whole interval
    lies on the other, and is not shown otherwise.

    Attributes:
        claim: Claim in words.
        verdict: Verdict: ``"holds"``, ``"does not hold"`` or ``"not shown"``.
        evidence: Numbers in words.
        quantity: Number that the verdict is about, with the cells that it is made of.
        above: Bound that the number must lie above.
        measure: Display of the number.

    >>> Claim(
    ...     estimate=Estimate(0.2, 0.1, 0.3, 90, 0.95, "percentile"),
    ...     seeds=2, claim="Masking costs", verdict="holds", evidence="The loss is 20 points.",
    ... ).sentence
    'Masking costs: holds. The loss is 20 points.'
    """

    claim: str
    verdict: ClaimVerdict
    evidence: str
    quantity: Quantity = field(default_factory=nothing, repr=False)
    above: float = 0.0
    measure: Measure = SHARE

    @property
    def sentence(self) -> str:
        """Finding in words."""
        return f"{self.claim}: {self.verdict}. {self.evidence}"


def verdict(estimate: Estimate, above: float = 0.0) -> ClaimVerdict:
    """Return whether the interval of an estimate shows that it lies above a number.

    >>> verdict(Estimate(0.2, 0.1, 0.3, n=9, confidence=0.95, method="percentile"))
    'holds'
    >>> verdict(Estimate(0.2, -0.1, 0.3, n=9, confidence=0.95, method="percentile"))
    'not shown'
    """
    if not estimate.has_interval or estimate.low <= above <= estimate.high:
        return "not shown"
    return "holds" if estimate.low > above else "does not hold"


def reach(quantity: Quantity) -> str:
    """Describe the limits of a number of few seeds in words; empty for three or more trained models."""
    if quantity.trained == 1:
        return "One seed: this is said of these trained models alone, not of the method."
    if quantity.trained == 2:
        return "Two seeds: they say little of how seeds differ."
    return ""


def claim_about(
    cells: Cells,
    claim: str,
    quantity: Quantity,
    evidence: str,
    *,
    above: float = 0.0,
    missing: str = NOT_MEASURED,
    compared: str = "of each scenario",
    measure: Measure = SHARE,
) -> Claim:
    """Return a claim with the verdict that the interval of its number gives.

    Args:
        cells: Cells of the study.
        claim: Claim in words.
        quantity: Number that the verdict is about.
        evidence: Numbers in words.
        above: Bound that the number must lie above.
        missing: Evidence where the number is undefined.
        compared: Rows that the number rests on, in words after their count.
        measure: Display of the number.
    """
    estimate = cells.estimate(quantity)
    rests = f"Each number rests on at least {counted(quantity.n, 'row')} {compared}."
    sentences = f"{evidence} {rests} {reach(quantity)}".rstrip() if quantity.defined else missing
    return Claim(
        estimate=estimate, seeds=quantity.seeds, claim=claim, verdict=verdict(estimate, above), evidence=sentences,
        quantity=quantity, above=above, measure=measure,
    )  # fmt: skip


def no_scenario(cells: Cells, rows: str = "of test_ood") -> str:
    """Return the sentence that no scenario has enough rows for a claim.

    Args:
        cells: Cells of the study.
        rows: Rows that count, in words.
    """
    return f"No scenario has {cells.min_rows} distinct rows {rows}."


def naming_left_out(cells: Cells, claim: Claim, small: Mapping[str, int], part: str = "test_ood") -> Claim:
    """Add to a claim's evidence the scenarios that it leaves out, and say so if they are all.

    Args:
        cells: Cells of the study.
        claim: Claim about the other scenarios.
        small: Number of distinct rows by scenario left out.
        part: Part whose rows were counted.
    """
    if not small:
        return claim
    evidence = claim.evidence if set(cells.results.scenarios) - set(small) else no_scenario(cells, f"of {part}")
    named = ", ".join(f"{name} ({count})" for name, count in small.items())
    left_out = f"Left out, with fewer than {cells.min_rows} distinct rows of {part}: {named}."
    return replace(claim, evidence=f"{evidence} {left_out}")

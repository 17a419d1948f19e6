"""Claims about generalisation over several models: what holds in their mean, and what holds in every one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codeshift.study.findings.claim import Claim, ClaimVerdict, verdict
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.quantity import mean_of
from codeshift.study.results.measures import Measure


@dataclass(frozen=True, kw_only=True)
class ModelsClaim(Finding):
    """A claim over several models: their mean, with an interval over seeds and rows, and the verdict on each.

    The models are those of the study, not a sample of all: the interval says how sure the mean of these is. Training
    seeds of one number are resampled together in all models, and so are rows, which the models share.

    Attributes:
        claim: Claim in words.
        verdict: Verdict on the mean of the models.
        in_every: Whether it holds in every model: "holds" if it holds in each (an intersection-union test, which needs
            no correction for their number: Berger, Technometrics 1982), "does not hold" if it does not hold in one,
            "not shown" otherwise.
        by_model: Claim by model; models that have no runs for it are left out.
    """

    claim: str
    verdict: ClaimVerdict
    in_every: ClaimVerdict
    by_model: Mapping[str, Claim]

    @property
    def measure(self) -> Measure:
        """Display of its number."""
        return next(iter(self.by_model.values())).measure

    @property
    def counts(self) -> dict[ClaimVerdict, int]:
        """Number of models with each verdict."""
        verdicts = [claim.verdict for claim in self.by_model.values()]
        return {answer: verdicts.count(answer) for answer in ("holds", "does not hold", "not shown")}

    @property
    def evidence(self) -> str:
        """Numbers in words."""
        measured = sum(claim.value == claim.value for claim in self.by_model.values())
        if not measured:
            return (
                f"No model has a number. {' '.join(dict.fromkeys(claim.evidence for claim in self.by_model.values()))}"
            )
        models = "models" if measured == len(self.by_model) else f"{measured} of {len(self.by_model)} models"
        mean = f"Mean over {models} {self.measure.change(self.estimate)}" if self.value == self.value else "No mean"
        verdicts = "; ".join(f"{name} {_shown_number(claim)}: {claim.verdict}" for name, claim in self.by_model.items())
        return f"{mean}. {verdicts}. In every model: {self.in_every}."

    @property
    def sentence(self) -> str:
        """Finding in words."""
        return f"{self.claim}: {self.verdict}. {self.evidence}"


def claims_over_models(by_model: Mapping[str, Sequence[Claim]], confidence: float = 0.95) -> tuple[ModelsClaim, ...]:
    """Return the claims of all models, in the order in which the first of them has them.

    Args:
        by_model: Claims of each model, by its name.
        confidence: Confidence of the intervals.
    """
    names = dict.fromkeys(claim.claim for claims in by_model.values() for claim in claims)
    by_claim = {model: {claim.claim: claim for claim in claims} for model, claims in by_model.items()}
    return tuple(
        _over_models({model: claims[name] for model, claims in by_claim.items() if name in claims}, confidence)
        for name in names
    )


def _over_models(by_model: Mapping[str, Claim], confidence: float) -> ModelsClaim:
    claims = list(by_model.values())
    pooled = mean_of([claim.quantity for claim in claims])
    estimate = pooled.estimate(confidence)
    verdicts = {claim.verdict for claim in claims}
    every: ClaimVerdict = "not shown"
    if verdicts == {"holds"}:
        every = "holds"
    elif "does not hold" in verdicts:
        every = "does not hold"
    return ModelsClaim(
        estimate=estimate, seeds=pooled.seeds, claim=claims[0].claim,
        verdict=verdict(estimate, claims[0].above) if pooled.defined else every,
        in_every=every, by_model=dict(by_model),
    )  # fmt: skip


def _shown_number(claim: Claim) -> str:
    return claim.measure.change(claim.estimate)

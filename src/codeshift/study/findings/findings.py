"""All that a study found, each kind computed when it is first asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from codeshift.study.findings.cells import Cells
from codeshift.study.findings.claims import Claim, claims
from codeshift.study.findings.comparisons import Comparison, comparisons
from codeshift.study.findings.curves import Curve, kept_curves, variant_curves
from codeshift.study.findings.disagreements import Disagreement, ExampleRow, disagreements, examples
from codeshift.study.findings.failures import RIGHT, FailureModes, failure_modes
from codeshift.study.findings.forgetting import Forgetting, forgettings
from codeshift.study.findings.scores import Gap, RelativePerformance, Score, gaps, relative_performances, scores
from codeshift.study.findings.strength import StrengthEffect, strength_effects
from codeshift.study.findings.unseen import UnseenElement, unseen_elements
from codeshift.study.keys import NONE
from codeshift.study.measures import method_name
from codeshift.study.results import StudyResults


@dataclass(kw_only=True, eq=False)
class Findings:
    """What a study found, with intervals over seeds and rows.

    Each finding has a ``value``, ``low``, ``high``, ``n`` rows, ``seeds`` trained models and a ``sentence``. What
    failed, is pending or could not be measured is NaN and says so, and never counts as 0.

    Attributes:
        results: of the study, finished or not.
        metric: the one that claims, comparisons and curves are about; by default the study's first.
        n_resamples: of the intervals of single runs; those over several runs have a closed form.
        seed: of those intervals, and of tests.
        confidence: of the intervals.
        min_rows: distinct rows of ``test_ood`` that a scenario must have for claims to stand on it; smaller ones are
            named and left out.

    Raises:
        ParameterError: the study has no such metric, or an option cannot work.

    >>> from codeshift.metrics import ExactMatch
    >>> from codeshift.study import RunKey, RunRecord, RunScores
    >>> key, metric = RunKey(method="none"), ExactMatch()
    >>> scores = RunScores(["a", "b"], ["a", "c"], {metric.name: metric.statistics(["a", "c"], ["a", "b"])})
    >>> results = StudyResults(settings={}, metrics={metric.name: metric}, scenarios=(), splits={},
    ...                        records=(RunRecord(key=key, status="done"),), load=lambda key, part: scores)
    >>> findings = Findings(results=results, n_resamples=100)
    >>> findings.summary(), findings.gaps
    (['Of 1 runs 1 done.'], ())
    """

    results: StudyResults
    metric: str | None = None
    n_resamples: int = 1000
    seed: int = 0
    confidence: float = 0.95
    min_rows: int = 30

    def __post_init__(self) -> None:
        self.cells = Cells(
            results=self.results,
            n_resamples=self.n_resamples,
            seed=self.seed,
            confidence=self.confidence,
            min_rows=self.min_rows,
        )
        self.metric = next(iter(self.results.metrics)) if self.metric is None else self.metric
        self.measure = self.cells.measure(self.metric)

    @property
    def _metric(self) -> str:
        return self.measure.metric

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """The score of each cell on each part, by every metric."""
        return tuple(scores(self.cells))

    @cached_property
    def relative(self) -> tuple[RelativePerformance, ...]:
        """Each cell's score on ``test_ood`` as a share of its 100% baseline's, by every metric."""
        return tuple(relative_performances(self.cells))

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """``test_id`` less ``test_ood`` of each cell, by every metric."""
        return tuple(gaps(self.cells))

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every other method less full fine-tuning on ``test_ood``, with p-values."""
        return tuple(comparisons(self.cells, self._metric))

    @cached_property
    def forgetting(self) -> tuple[Forgetting, ...]:
        """The model without fine-tuning against each method, on the general set and on ``test_ood``."""
        parts = ("general", "test_ood")
        return tuple(found for part in parts for found in forgettings(self.cells, self._metric, part))

    @cached_property
    def unseen(self) -> tuple[UnseenElement, ...]:
        """How often references hold the masked elements, and how often each method writes them."""
        return tuple(unseen_elements(self.cells))

    @cached_property
    def strength(self) -> tuple[StrengthEffect, ...]:
        """The correlation of the shift's strength with what it costs, over scenarios."""
        return tuple(strength_effects(self.cells, self._metric))

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """How often one method is right on ``test_ood`` where the other is wrong."""
        return tuple(disagreements(self.cells))

    def examples(self, of_each: int = 2) -> tuple[ExampleRow, ...]:
        """Rows of ``test_ood`` with what each method wrote: of each scenario and kind of difference some."""
        return tuple(examples(self.cells, of_each=of_each))

    @cached_property
    def failures(self) -> tuple[FailureModes, ...]:
        """In which ways the outputs of each cell are wrong."""
        return tuple(failure_modes(self.cells))

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The score over the share of the region kept."""
        return tuple(kept_curves(self.cells, self._metric))

    @cached_property
    def variants(self) -> tuple[Curve, ...]:
        """The score along WiSE-FT and scaled adapters."""
        return tuple(variant_curves(self.cells, self._metric))

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that the study can say something of."""
        return tuple(claims(self.cells, self._metric))

    def summary(self) -> list[str]:
        """The findings in a few sentences: how far the study is, each claim with its verdict, how outputs fail."""
        counts = ", ".join(f"{count} {status}" for status, count in self.results.counts.items() if count)
        return [f"Of {len(self.results.records)} runs {counts}.", *(c.sentence for c in self.claims), *self._failing()]

    def _failing(self) -> list[str]:
        """One sentence a method: how its outputs fail on the masked region, against those outside of it."""
        told = []
        for method in ((NONE,) if self.cells.has_none else ()) + self.cells.methods:
            shares = {part: self._failure_shares(method, part) for part in ("test_ood", "test_id")}
            if shares["test_ood"]:
                listed = ", ".join(
                    f"{mode} {100 * part:.0f}% (test_id {100 * shares['test_id'].get(mode, 0.0):.0f}%)"
                    for mode, part in sorted(shares["test_ood"].items(), key=lambda pair: -pair[1])
                    if part
                )
                whose = "the model without fine-tuning" if method == NONE else method_name(method)
                told.append(f"Outputs of {whose} on test_ood: {listed}.")
        return told

    def _failure_shares(self, method: str, part: str) -> dict[str, float]:
        kept = None if method == NONE else self.cells.masked
        counts: Counter[str] = Counter()
        for found in self.failures:
            if found.cell.method == method and found.cell.ood_kept == kept and found.part == part:
                counts.update(found.counts)
        total = sum(counts.values())
        modes = [mode for mode in counts if mode != RIGHT] + [RIGHT]
        return {mode: counts[mode] / total for mode in modes} if total else {}

"""All findings of a study, each kind computed at the first access."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from codeshift.errors import ParameterError
from codeshift.formatting import counted, share
from codeshift.study.findings.along_training import Regret, TrainingCurve, regrets, training_curves
from codeshift.study.findings.cells import Cells
from codeshift.study.findings.claim import Claim
from codeshift.study.findings.claims import claims
from codeshift.study.findings.classes import Calibration, Confusion, calibrations, confusions
from codeshift.study.findings.comparisons import Comparison, comparisons
from codeshift.study.findings.curves import Curve, kept_curves, variant_curves
from codeshift.study.findings.detection import ShiftDetection, shift_detections
from codeshift.study.findings.disagreements import Disagreement, ExampleRow, disagreements, examples
from codeshift.study.findings.failures import MODES, RIGHT, FailureModes, failure_modes
from codeshift.study.findings.forgetting import Forgetting, forgettings
from codeshift.study.findings.how_far import EqualGap, SimilarityCurve, equal_gaps, similarity_curves
from codeshift.study.findings.how_far_claims import how_far_claims
from codeshift.study.findings.prior_gap import PriorGap, prior_gaps
from codeshift.study.findings.scores import Gap, RelativePerformance, Score, gaps, relative_performances, scores
from codeshift.study.findings.seen import (
    SeenAdvantage,
    SeenScore,
    SeenShare,
    seen_advantages,
    seen_scores,
    seen_shares,
)
from codeshift.study.findings.seen_claims import seen_claims
from codeshift.study.findings.seen_pairs import ScenarioPairs, scenario_pairs
from codeshift.study.findings.strength import StrengthEffect, strength_effects
from codeshift.study.findings.transformed import TransformedChange, transformed_changes
from codeshift.study.findings.transformed_claims import transformed_claims
from codeshift.study.findings.unseen import UnseenElement, unseen_elements
from codeshift.study.results.measures import method_name
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import NONE


@dataclass(kw_only=True, eq=False)
class Findings:
    """Findings of a study, with intervals over seeds and rows.

    Each finding has a ``value``, ``low``, ``high``, ``n`` rows, ``seeds`` trained models and a ``sentence``. Values
    that failed, are pending or could not be measured are NaN and say so; they never count as 0.

    Attributes:
        results: Results of the study, finished or not.
        metric: Metric of claims, comparisons and curves; by default the study's first.
        n_resamples: Number of resamples of the intervals of single runs; those over several runs have a closed form.
        seed: Seed of those intervals, and of tests.
        confidence: Confidence of the intervals.
        min_rows: Number of distinct rows of ``test_ood`` that a scenario needs to count in claims; smaller ones are
            named and left out.

    Raises:
        ParameterError: if the study has no such metric, or an option is invalid.

    >>> from codeshift.metrics import ExactMatch
    >>> from codeshift.study import RunKey, RunRecord, RunScores
    >>> key, metric = RunKey(method="none"), ExactMatch()
    >>> scores = RunScores(["a", "b"], ["a", "c"], {metric.name: metric.statistics(["a", "c"], ["a", "b"])})
    >>> results = StudyResults(metrics={metric.name: metric}, splits={}, load=lambda key, part: scores,
    ...                        records=(RunRecord(key=key, status="done"),))
    >>> findings = Findings(results=results, n_resamples=100)
    >>> findings.summary(), findings.gaps
    (['Of 1 run 1 done.'], ())
    """

    results: StudyResults
    metric: str | None = None
    n_resamples: int = 1000
    seed: int = 0
    confidence: float = 0.95
    min_rows: int = 30

    def __post_init__(self) -> None:
        if len(self.results.models) > 1:
            remedy = "take results.of_model(name), or ModelsReport(results) for all of them"
            raise ParameterError("results", "those of one model", list(self.results.models), remedy)
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
        """Score of each cell on each part, by every metric."""
        return tuple(scores(self.cells))

    @cached_property
    def relative(self) -> tuple[RelativePerformance, ...]:
        """Each cell's score on ``test_ood`` as a share of its 100% baseline's, by every metric."""
        return tuple(relative_performances(self.cells))

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Score on ``test_id`` minus that on ``test_ood`` of each cell, by every metric."""
        return tuple(gaps(self.cells))

    @cached_property
    def prior_gaps(self) -> tuple[PriorGap, ...]:
        """Part of each cell's gap that the mix of classes alone explains; none for text."""
        return tuple(prior_gaps(self.cells, self._metric))

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Differences of all other methods from full fine-tuning on ``test_ood``, with p-values."""
        return tuple(comparisons(self.cells, self._metric))

    @cached_property
    def forgetting(self) -> tuple[Forgetting, ...]:
        """Comparison of each method with no fine-tuning, on the general set and on ``test_ood``."""
        parts = ("general", "test_ood")
        return tuple(change for part in parts for change in forgettings(self.cells, self._metric, part))

    @cached_property
    def unseen(self) -> tuple[UnseenElement, ...]:
        """Shares of references that hold the masked elements, and of each method's outputs that do."""
        return tuple(unseen_elements(self.cells))

    @cached_property
    def seen_shares(self) -> tuple[SeenShare, ...]:
        """Rows of each part that each corpus holds; none unless the study has ``against``."""
        return tuple(seen_shares(self.cells))

    def seen_pairs(self, of_each: int = 2) -> tuple[ScenarioPairs, ...]:
        """Return rows that are most similar to one of a corpus, ``of_each`` scenario, part, corpus and column."""
        return tuple(scenario_pairs(self.cells, of_each))

    @cached_property
    def seen(self) -> tuple[SeenScore, ...]:
        """Score of each cell on rows that a corpus holds and on those that none does, by every metric."""
        return tuple(seen_scores(self.cells))

    @cached_property
    def seen_advantages(self) -> tuple[SeenAdvantage, ...]:
        """Advantage of each method on rows that a corpus holds less that on rows that none does."""
        return tuple(seen_advantages(self.cells, self._metric))

    @cached_property
    def strength(self) -> tuple[StrengthEffect, ...]:
        """Correlation of the shift's strength with the loss, over scenarios."""
        return tuple(strength_effects(self.cells, self._metric))

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """Counts of rows of ``test_ood`` that one method gets right and the other wrong."""
        return tuple(disagreements(self.cells))

    def examples(self, of_each: int = 2) -> tuple[ExampleRow, ...]:
        """Return rows of ``test_ood`` with all outputs, ``of_each`` scenario and kind of difference."""
        return tuple(examples(self.cells, of_each=of_each))

    @cached_property
    def failures(self) -> tuple[FailureModes, ...]:
        """Failure modes of the outputs of each cell."""
        return tuple(failure_modes(self.cells))

    @cached_property
    def confusions(self) -> tuple[Confusion, ...]:
        """Rows of each cell by their class and the predicted class; none for text."""
        return tuple(confusions(self.cells))

    @cached_property
    def calibrations(self) -> tuple[Calibration, ...]:
        """Confidence and accuracy of each cell; none for text."""
        return tuple(calibrations(self.cells))

    @cached_property
    def detections(self) -> tuple[ShiftDetection, ...]:
        """How well each score of each cell's outputs tells the shift, beside what is lost; none if not measured."""
        return tuple(shift_detections(self.cells, self._metric))

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """Score over the share of the region kept."""
        return tuple(kept_curves(self.cells, self._metric))

    @cached_property
    def variants(self) -> tuple[Curve, ...]:
        """Score along WiSE-FT and scaled adapters."""
        return tuple(variant_curves(self.cells, self._metric))

    @cached_property
    def training_curves(self) -> tuple[TrainingCurve, ...]:
        """Losses of watched parts along training; none unless the study has ``watch``."""
        return tuple(training_curves(self.cells))

    @cached_property
    def regrets(self) -> tuple[Regret, ...]:
        """What choosing the step by ID validation loses on ``test_ood``; none unless the study has ``watch``."""
        return tuple(regrets(self.cells))

    @cached_property
    def transformed(self) -> tuple[TransformedChange, ...]:
        """Changes from ``test_id`` to its rows as each transform leaves them; none without transforms."""
        return tuple(transformed_changes(self.cells, self._metric))

    @cached_property
    def similarity_curves(self) -> tuple[SimilarityCurve, ...]:
        """Scores over the similarity to the nearest training row; none without audits."""
        return tuple(similarity_curves(self.cells, self._metric))

    @cached_property
    def equal_gaps(self) -> tuple[EqualGap, ...]:
        """Gaps at equal similarity to the nearest training row; none without audits."""
        return tuple(equal_gaps(self.cells, self._metric))

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Claims that the study has runs for."""
        makers = (claims, transformed_claims, how_far_claims, seen_claims)
        return tuple(claim for make in makers for claim in make(self.cells, self._metric))

    def summary(self) -> list[str]:
        """Return the findings in a few sentences: the counts of runs, the claims with verdicts, the failure modes."""
        counts = ", ".join(f"{count} {status}" for status, count in self.results.counts.items() if count)
        runs = f"Of {counted(len(self.results.records), 'run')} {counts}."
        return [runs, *(c.sentence for c in self.claims), *self.failing()]

    def failing(self) -> list[str]:
        """Return sentences on how methods fail on the masked region.

        There is one for all texts that a method wrote, with the shares outside of the region, and one for the classes
        that it predicted in each scenario.
        """
        shown = [matrix for matrix in self.confusions if matrix.part == "test_ood"]
        sentences = [
            matrix.sentence for matrix in shown if matrix.n and matrix.cell.ood_kept == self.cells.lowest_share
        ]
        for method in ((NONE,) if self.cells.has_none else ()) + self.cells.methods:
            ood, inside = (self.outputs.get((method, part), Counter()) for part in ("test_ood", "test_id"))
            modes = sorted((mode for mode in (*MODES, RIGHT) if ood[mode]), key=lambda mode: -ood[mode])
            if modes:
                listed = ", ".join(
                    f"{mode} {_share_of_mode(ood, mode)} (test_id {_share_of_mode(inside, mode)})" for mode in modes
                )
                whose = "the model without fine-tuning" if method == NONE else method_name(method)
                sizes = f"n = {ood.total():,}; test_id n = {inside.total():,}"
                sentences.append(f"Outputs of {whose} on test_ood ({sizes}): {listed}.")
        return sentences

    @cached_property
    def outputs(self) -> dict[tuple[str, str], Counter[str]]:
        """Counts of failure modes by method, at the smallest share kept, and part, over all scenarios and seeds.

        A row that lies in the part of several scenarios is counted in each of them.
        """
        counts: dict[tuple[str, str], Counter[str]] = {}
        for failure in self.failures:
            kept = None if failure.cell.method == NONE else self.cells.lowest_share
            if failure.cell.ood_kept == kept and failure.n:
                counts.setdefault((failure.cell.method, failure.part), Counter()).update(failure.counts)
        return counts


def _share_of_mode(counts: Counter[str], mode: str) -> str:
    """Format the share of outputs in a mode; a dash if there are no outputs."""
    return share(counts[mode] / counts.total() if counts else math.nan, 0)

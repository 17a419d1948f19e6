"""Forgetting: the loss of each method against the model without fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.finding import Finding, flipped, kept_in_words
from codeshift.study.findings.quantity import Quantity, mean_of
from codeshift.study.results.measures import Measure, method_name
from codeshift.study.settings.keys import NONE


@dataclass(frozen=True, kw_only=True)
class Forgetting(Finding):
    """Loss on a part that fine-tuning caused; above 0 is forgotten, below 0 is learned.

    Attributes:
        scenario: Name of the scenario; None for the mean over scenarios.
        method: Name of the method.
        ood_kept: Share of the region kept.
        part: Part: ``"test_ood"``, or ``"general"``, a held-out set that is unrelated to the task.
        measure: Display of the metric.
        scenarios: Number of scenarios behind the value.

    >>> from codeshift.metrics import Estimate
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> value = Estimate(0.2, 0.1, 0.3, 90, 0.95, "percentile")
    >>> print(Forgetting(
    ...     estimate=value, seeds=1, scenario="loops", method="lora", ood_kept=0.0, part="general",
    ...     measure=EXACT_MATCH, scenarios=1,
    ... ))
    loops, LoRA, none of the region kept: worse on general than without fine-tuning (-20.0 points [-30.0, -10.0], n
    = 90).
    """

    scenario: str | None
    method: str
    ood_kept: float
    part: str
    measure: Measure
    scenarios: int

    @property
    def sentence(self) -> str:
        """Finding in words."""
        where = f"the mean of {self.scenarios} scenarios" if self.scenario is None else self.scenario
        place = f"{where}, {method_name(self.method)}, {kept_in_words(self.ood_kept)}"
        if self.value != self.value:
            return f"{place}: not measured on {self.part}."
        change = self.measure.change(flipped(self.estimate) if self.measure.higher_is_better else self.estimate)
        change += self.rows_told
        if not self.estimate.has_interval or self.low <= 0 <= self.high:
            return f"{place}: no change shown on {self.part} against no fine-tuning ({change})."
        return f"{place}: {'worse' if self.value > 0 else 'better'} on {self.part} than without fine-tuning ({change})."


def forgettings(cells: Cells, metric: str, part: str) -> Iterator[Forgetting]:
    """Yield the loss for each scenario, method and share kept; none without a model without fine-tuning."""
    if not cells.has_none or part not in cells.parts:
        return
    for method in cells.methods:
        for kept in cells.results.ood_kept:
            by_scenario = {
                scenario: _forgotten(cells, metric, part, Cell(scenario=scenario, method=method, ood_kept=kept))
                for scenario in cells.results.scenarios
            }
            yield _forgetting(cells, metric, part, None, method, kept, list(by_scenario.values()))
            for scenario, change in by_scenario.items():
                yield _forgetting(cells, metric, part, scenario, method, kept, [change])


def _forgotten(cells: Cells, metric: str, part: str, cell: Cell) -> Quantity:
    before = Cell(scenario=cell.scenario, method=NONE, ood_kept=None)
    after, without = cells.quantity(cell, metric, part), cells.quantity(before, metric, part)
    return cells.worse(metric, after - without)


def _forgetting(
    cells: Cells, metric: str, part: str, scenario: str | None, method: str, kept: float, changes: Sequence[Quantity]
) -> Forgetting:
    mean = mean_of(changes)
    return Forgetting(
        estimate=cells.estimate(mean), seeds=mean.seeds, scenario=scenario, method=method, ood_kept=kept, part=part,
        measure=cells.measure(metric), scenarios=sum(change.defined for change in changes),
    )  # fmt: skip

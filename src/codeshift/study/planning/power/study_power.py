"""The power of a study by scenario, as values and as text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from codeshift.documents.document import Table, names, numbers, row
from codeshift.documents.text import table
from codeshift.formatting import counted
from codeshift.study.planning.power.settings import PowerSettings
from codeshift.study.planning.power.simulation import Design, fewest_seeds, power_of, smallest_difference
from codeshift.study.planning.power.spreads import Spreads
from codeshift.study.results.measures import Measure


@dataclass(frozen=True, kw_only=True)
class ScenarioPower:
    """Difference of two trained models that a study can show on ``test_ood`` of one scenario.

    Attributes:
        scenario: Name of the scenario.
        design: Rows and seeds of the study.
        spreads: Spreads that are assumed.
        smallest: Smallest difference that is shown with the wanted power; NaN if there are too few rows.
        corrected: Smallest such difference after Holm's correction for all scenarios, at its strictest.
        train_seeds: Number of training seeds that the wanted difference takes for each split seed; None if more than
            128, or no difference is wanted.
        split_seeds: Number of split seeds that it takes with the study's training seeds; None also if all split seeds
            share official test rows.

    >>> design, spreads = Design(rows=200, trainings=3), Spreads(rows=0.5, seeds=0.02)
    >>> ScenarioPower(scenario="loops", design=design, spreads=spreads, smallest=0.13, corrected=0.17).design.runs
    3
    """

    scenario: str
    design: Design
    spreads: Spreads
    smallest: float
    corrected: float
    train_seeds: int | None = None
    split_seeds: int | None = None


@dataclass(frozen=True)
class StudyPower:
    """Smallest differences that a study can show, by scenario.

    They are those of two trained models on the same rows of ``test_ood``: of two methods, or of one with the region
    masked and kept. The study's own interval over seeds and rows decides.

    Attributes:
        measure: Display of the metric.
        settings: What was assumed, and asked for.
        scenarios: Power of each scenario.

    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> settings = PowerSettings(seed_spread=0.02, row_spread=0.5, difference=0.1)
    >>> spreads = Spreads(rows=0.5, seeds=0.02)
    >>> print(power_by_scenario(EXACT_MATCH, settings, [("loops", Design(rows=200, trainings=3), spreads)]))
    smallest difference in exact match (points) of two trained models, 1 split seed x 3 training seeds, 80% power
    scenario  test_ood rows  spread over rows  smallest  of 1 scenario  training seeds for 10.0  split seeds
    loops               200       50 (stated)      13.2           13.2                        5            -
    Assumed: 2.0 over training seeds; scores of two models on a row correlate .5, of two seeds .75.
    """

    measure: Measure = field(repr=False)
    settings: PowerSettings
    scenarios: tuple[ScenarioPower, ...]

    def __str__(self) -> str:
        return "\n".join([self._heading(), table(self._table()), *self._notes()])

    def _heading(self) -> str:
        design = self.scenarios[0].design
        unit = "points" if self.measure.scale.factor != 1 else self.measure.scale.unit.strip()
        title = f"{self.measure.title} ({unit})" if unit else self.measure.title
        seeds = f"{counted(design.splits, 'split seed')} x {counted(design.trainings, 'training seed')}"
        return f"smallest difference in {title} of two trained models, {seeds}, {self.settings.power:.0%} power"

    def _table(self) -> Table:
        head = ["test_ood rows", "spread over rows", "smallest", f"of {counted(len(self.scenarios), 'scenario')}"]
        if self.settings.difference is not None:
            head += [f"training seeds for {self.measure.text(self.settings.difference)}", "split seeds"]
        return Table(
            columns=names("scenario") + numbers(*head),
            rows=tuple(row(*self._cells(scenario)) for scenario in self.scenarios),
        )

    def _cells(self, scenario: ScenarioPower) -> list[str]:
        text = self.measure.text
        spread = f"{scenario.spreads.rows * self.measure.scale.factor:.2g} ({scenario.spreads.source})"
        smallest = [text(scenario.smallest), text(scenario.corrected)]
        cells = [scenario.scenario, f"{scenario.design.rows:,}", spread, *smallest]
        if self.settings.difference is None:
            return cells
        return cells + ["-" if count is None else str(count) for count in (scenario.train_seeds, scenario.split_seeds)]

    def _notes(self) -> list[str]:
        assumed = {
            (scenario.spreads.seeds, scenario.spreads.correlation, scenario.spreads.seed_correlation)
            for scenario in self.scenarios
        }
        notes = [
            f"Assumed: {self.measure.text(seeds)} over training seeds; scores of two models on a row correlate "
            f"{_decimal(models)}, of two seeds {_decimal(trainings)}."
            for seeds, models, trainings in sorted(assumed)
        ]
        if self.scenarios[0].design.runs == 1:
            notes.append("One seed: a difference is that of these trained models alone, not of the methods.")
        return notes

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with one line for each scenario."""
        return pd.DataFrame(self.to_rows())

    def to_rows(self) -> list[dict[str, object]]:
        """Return a mapping of plain values for each scenario."""
        return [
            {
                "scenario": scenario.scenario, **vars(scenario.design), "row_spread": scenario.spreads.rows,
                "row_spread_from": scenario.spreads.source, "seed_spread": scenario.spreads.seeds,
                "correlation": scenario.spreads.correlation, "seed_correlation": scenario.spreads.seed_correlation,
                "smallest": scenario.smallest, "corrected": scenario.corrected, "train_seeds": scenario.train_seeds,
                "split_seeds": scenario.split_seeds,
            }
            for scenario in self.scenarios
        ]  # fmt: skip


def power_by_scenario(
    measure: Measure, settings: PowerSettings, scenarios: Iterable[tuple[str, Design, Spreads]]
) -> StudyPower:
    """Return the power of a study.

    Args:
        measure: Display of the metric.
        settings: What is assumed, and asked for.
        scenarios: Name, rows and seeds, and spreads of each scenario.
    """
    listed = list(scenarios)
    strictest = 1 - (1 - settings.confidence) / max(len(listed), 1)
    powers = [_of_scenario(settings, strictest, *facts) for facts in listed]
    return StudyPower(measure, settings, tuple(powers))


def _of_scenario(
    settings: PowerSettings, strictest: float, scenario: str, design: Design, spreads: Spreads
) -> ScenarioPower:
    variances, power = spreads.of_difference(), settings.power

    def shows(design: Design) -> bool:
        difference = settings.difference or math.nan
        return power_of(design, variances, difference, confidence=settings.confidence) >= power

    is_asked = settings.difference is not None and design.rows > 1
    smallest = partial(smallest_difference, design, variances, power=power)
    return ScenarioPower(
        scenario=scenario, design=design, spreads=spreads,
        smallest=smallest(confidence=settings.confidence), corrected=smallest(confidence=strictest),
        train_seeds=fewest_seeds(lambda count: shows(replace(design, trainings=count))) if is_asked else None,
        split_seeds=(
            fewest_seeds(lambda count: shows(replace(design, splits=count))) if is_asked and design.own_rows else None
        ),
    )  # fmt: skip


def _decimal(value: float) -> str:
    return f"{value:.2g}".removeprefix("0") or "0"

"""Curves of scores over the share of the region kept, the weight of fine-tuning, or the scale of an adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codeshift.metrics import Estimate
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.quantity import Quantity, mean_of, nothing
from codeshift.study.results.measures import Measure, method_name
from codeshift.study.settings.keys import NONE, Variant


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a curve.

    Attributes:
        x: Share kept, weight or scale.
        estimate: Value with its interval; NaN with n=0 if its runs failed or are pending.
        scenarios: Number of scenarios behind the value.

    >>> from codeshift.metrics import Estimate
    >>> Point(x=0.5, estimate=Estimate(0.5, 0.4, 0.6, 90, 0.95, "percentile"), scenarios=1).estimate.value
    0.5
    """

    x: float
    estimate: Estimate
    scenarios: int


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Score on a part over a varied setting.

    Attributes:
        over: Setting: ``"ood_kept"``, or the kind of a variant such as ``"wise_ft"`` or ``"adapter"``.
        scenario: Name of the scenario; None for the mean over scenarios.
        method: Name of the method.
        part: Part: ``"test_ood"``, ``"test_id"`` or ``"general"``.
        measure: Display of the metric.
        points: Points in the order of ``x``. A mean over scenarios includes only those that have a value at each ``x``
            where any has, so that a curve changes only because of the setting.

    >>> from codeshift.metrics import Estimate
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> points = tuple(Point(x=x, estimate=Estimate(x, 0, 1, 90, 0.95, "percentile"), scenarios=1) for x in (0, 0.5))
    >>> print(Curve(
    ...     over="ood_kept", scenario="loops", method="lora", part="test_ood", measure=EXACT_MATCH, points=points
    ... ).sentence)
    loops, LoRA: exact match on test_ood over ood_kept 0: 0.0% [0.0, 100.0], n = 90; 0.5: 50.0% [0.0, 100.0], n = 90.
    """

    over: str
    scenario: str | None
    method: str
    part: str
    measure: Measure
    points: tuple[Point, ...]

    @property
    def sentence(self) -> str:
        """Finding in words."""
        where = "mean over scenarios" if self.scenario is None else self.scenario
        values = "; ".join(f"{point.x:g}: {self._at(point)}" for point in self.points)
        return f"{where}, {method_name(self.method)}: {self.measure.title} on {self.part} over {self.over} {values}."

    def _at(self, point: Point) -> str:
        value = self.measure.estimate(point.estimate)
        return f"{value}, n = {point.estimate.n:,}" if point.scenarios else value


def kept_curves(cells: Cells, metric: str) -> Iterator[Curve]:
    """Yield curves over the share of the region kept: of each scenario, and the mean over all."""
    for part in cells.parts:
        for method in cells.methods:
            by_share = {
                kept: {
                    name: cells.quantity(Cell(scenario=name, method=method, ood_kept=kept), metric, part)
                    for name in cells.results.scenarios
                }
                for kept in cells.results.ood_kept
            }
            yield _curve(cells, metric, part, method, "ood_kept", None, by_share)
            for name in cells.results.scenarios:
                alone = {kept: {name: of_scenarios[name]} for kept, of_scenarios in by_share.items()}
                yield _curve(cells, metric, part, method, "ood_kept", name, alone)


def variant_curves(cells: Cells, metric: str) -> Iterator[Curve]:
    """Yield curves of the mean over scenarios for each kind of variant at the smallest share kept.

    The point at 0 is the model without fine-tuning, that at 1 the model as it was trained.
    """
    if cells.lowest_share is None:
        return
    for part in cells.parts:
        for method in cells.methods:
            for kind, variants in _scales(cells).items():
                along = {x: name for x, name in variants.items() if _has(cells, method, name)}
                if along:
                    turned = {x: _along(cells, metric, part, method, along[x]) for x in along}
                    turned.setdefault(1.0, _along(cells, metric, part, method, None))
                    if cells.has_none:
                        turned.setdefault(0.0, _along(cells, metric, part, NONE, None))
                    yield _curve(cells, metric, part, method, kind, None, turned)


def _scales(cells: Cells) -> dict[str, dict[float, str]]:
    """Return the variants by kind and value: ``{"wise_ft": {0.5: "wise_ft=0.5"}}``."""
    by_kind: dict[str, dict[float, str]] = {}
    for variant in cells.results.variants:
        if isinstance(variant, Variant):
            by_kind.setdefault(variant.kind, {})[variant.value] = variant
    return by_kind


def _has(cells: Cells, method: str, variant: str | None) -> bool:
    return bool(cells.results.find(method=method, ood_kept=cells.lowest_share, variant=variant))


def _along(cells: Cells, metric: str, part: str, method: str, variant: str | None) -> dict[str, Quantity]:
    kept = None if method == NONE else cells.lowest_share
    measured = {
        name: Cell(scenario=name, method=method, ood_kept=kept, variant=variant) for name in cells.results.scenarios
    }
    return {name: cells.quantity(cell, metric, part) for name, cell in measured.items()}


def _curve(
    cells: Cells,
    metric: str,
    part: str,
    method: str,
    over: str,
    scenario: str | None,
    quantities: Mapping[float, Mapping[str, Quantity]],
) -> Curve:
    reached = [by_scenario for by_scenario in quantities.values() if any(q.defined for q in by_scenario.values())]
    common = [name for name in cells.results.scenarios if all(name in by and by[name].defined for by in reached)]
    points = []
    for x in sorted(quantities):
        taken = [quantities[x][name] for name in common] if quantities[x] in reached else []
        estimate = cells.estimate(mean_of(taken) if taken else nothing())
        points.append(Point(x=x, estimate=estimate, scenarios=len(taken)))
    return Curve(
        over=over, scenario=scenario, method=method, part=part, measure=cells.measure(metric), points=tuple(points)
    )

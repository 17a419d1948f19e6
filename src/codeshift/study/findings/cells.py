"""The cells of a study: scenario, method, share kept and variant, with the runs of each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from codeshift.checks import check_integer, check_number, settle
from codeshift.errors import ParameterError
from codeshift.metrics import Estimate, Metric
from codeshift.metrics.classes import OfPositive
from codeshift.study.findings.finding import kept_in_words
from codeshift.study.findings.quantity import Quantity, nothing
from codeshift.study.findings.resampling import Resampler
from codeshift.study.folder.records import RunRecord
from codeshift.study.results.measures import Measure, measure_of, method_name
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import NONE
from codeshift.wording import closest

Kept = TypeVar("Kept")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a study's table, over all seeds.

    Attributes:
        scenario: Name of the scenario.
        method: Name of the method, or ``"none"``.
        ood_kept: Share of the region's rows in training; None without fine-tuning.
        variant: Name of the variant; None for models as trained.

    >>> Cell(scenario="loops", method="lora", ood_kept=0.5)
    Cell(scenario='loops', method='lora', ood_kept=0.5, variant=None)
    """

    scenario: str
    method: str
    ood_kept: float | None
    variant: str | None = None

    @property
    def title(self) -> str:
        """Cell in words: scenario, method and, if it was fine-tuned, the share kept.

        >>> Cell(scenario="loops", method="lora", ood_kept=0.5).title
        'loops, LoRA, 50% of the region kept'
        >>> Cell(scenario="loops", method="none", ood_kept=None).title
        'loops, without fine-tuning'
        """
        kept = "" if self.ood_kept is None else f", {kept_in_words(self.ood_kept)}"
        return f"{self.scenario}, {method_name(self.method, self.variant)}{kept}"


@dataclass(frozen=True, kw_only=True)
class State:
    """State of the runs of a cell.

    Attributes:
        status: Status: ``"done"``, ``"partly"`` (some seeds are missing), ``"failed"`` or ``"pending"``.
        done: Number of runs that are done.
        planned: Number of all runs.
        errors: Errors of the failed runs.

    >>> State(status="failed", done=0, planned=2, errors=("out of memory",)).unmeasured
    'failed'
    """

    status: str
    done: int
    planned: int
    errors: tuple[str, ...] = ()

    @property
    def unmeasured(self) -> str:
        """Status ``"failed"`` or ``"pending"`` if no run is done; empty otherwise."""
        return self.status if self.status in ("failed", "pending") else ""


@dataclass(kw_only=True, eq=False)
class Cells:
    """Cells of a study and their values.

    Attributes:
        results: Results of the study.
        n_resamples: Number of resamples of the intervals.
        seed: Seed of the intervals.
        confidence: Confidence of the intervals.
        min_rows: Number of distinct rows of ``test_ood`` that a scenario needs to count in headline claims.
    """

    results: StudyResults
    n_resamples: int = 1000
    seed: int = 0
    confidence: float = 0.95
    min_rows: int = 30

    def __post_init__(self) -> None:
        settle(
            self,
            confidence=check_number("confidence", self.confidence, above=0, below=1, remedy="0.95 is a 95% interval"),
            n_resamples=check_integer("n_resamples", self.n_resamples, smallest=1, remedy="leave it out to take 1000"),
            min_rows=check_integer("min_rows", self.min_rows, smallest=1, remedy="1 lets claims stand on any scenario"),
            seed=check_integer("seed", self.seed, smallest=0, remedy="leave it out to take 0"),
        )
        self._kept: dict[Hashable, Any] = {}
        self.resampler = Resampler(results=self.results, n_resamples=self.n_resamples, seed=self.seed)

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells of all scenarios, without variants."""
        for scenario in self.results.scenarios:
            yield from self.of_scenario(scenario)

    def once(self, name: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return the result of ``make``, called once for each name: several findings use the same numbers."""
        if name not in self._kept:
            self._kept[name] = make()
        result: Kept = self._kept[name]
        return result

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Methods that train."""
        return tuple(method for method in self.results.methods if method != NONE)

    @property
    def has_none(self) -> bool:
        """Whether the model without fine-tuning is part of the study."""
        return NONE in self.results.methods

    @cached_property
    def reference_method(self) -> str | None:
        """Method that others are compared with: ``"full"``, or the first; None if nothing is trained."""
        return "full" if "full" in self.methods else next(iter(self.methods), None)

    @property
    def lowest_share(self) -> float | None:
        """Smallest share kept, which defines out of distribution in this study; None if nothing is trained."""
        return min(self.results.ood_kept, default=None)

    @property
    def parts(self) -> tuple[str, ...]:
        """Parts that cells have values on."""
        return ("test_ood", "test_id", *(("general",) if "general" in self.results.sets else ()))

    def metric(self, name: str) -> Metric:
        """Return a metric by name.

        Raises:
            ParameterError: if the study has no metric of that name.
        """
        if name not in self.results.metrics:
            raise ParameterError("metric", "one of the study", name, closest(name, self.results.metrics))
        return self.results.metrics[name]

    def measure(self, name: str) -> Measure:
        """Return the display of a metric, without its options if no other metric of the study has the same key."""
        metric = self.metric(name)
        alone = sum(other.key == metric.key for other in self.results.metrics.values()) == 1
        return replace(measure_of(_with_label(metric, self.results.classes), options=not alone), metric=name)

    def of_scenario(self, scenario: str, *, variants: bool = False) -> Iterator[Cell]:
        """Yield a scenario's cells: without fine-tuning, then by method and share kept."""
        if self.has_none:
            yield Cell(scenario=scenario, method=NONE, ood_kept=None)
        for method in self.methods:
            for kept in self.results.ood_kept:
                for variant in self.results.variants if variants else (None,):
                    cell = Cell(scenario=scenario, method=method, ood_kept=kept, variant=variant)
                    if self.records(cell):
                        yield cell

    def records(self, cell: Cell) -> tuple[RunRecord, ...]:
        """Return the runs of a cell, of all seeds."""
        return self.results.find(
            method=cell.method, scenario=cell.scenario, ood_kept=cell.ood_kept, variant=cell.variant
        )

    def done_records(self, cell: Cell) -> list[RunRecord]:
        """Return the runs of a cell that are done and whose split is known."""
        splits = self.results.splits
        return [r for r in self.records(cell) if r.status == "done" and (cell.scenario, r.key.split_seed) in splits]

    def state(self, cell: Cell) -> State:
        """Return the state of the runs of a cell."""
        records = self.records(cell)
        done = sum(record.status == "done" for record in records)
        errors = tuple(dict.fromkeys(record.error for record in records if record.status == "failed"))
        complete = "done" if done == len(records) else "partly"
        status = complete if done else "failed" if errors else "pending"
        return State(status=status, done=done, planned=len(records), errors=errors)

    def quantity(self, cell: Cell, metric: str, part: str) -> Quantity:
        """Return a cell's value of a metric on a part, over all its runs that are done."""
        if part not in self.parts:
            return nothing()
        return self.resampler.quantity(self.records(cell), metric, part, cell.scenario)

    def at_lowest_share(self, method: str, scenarios: Iterable[str]) -> list[Cell]:
        """Return a method's cells at the smallest share kept, one for each scenario."""
        return [Cell(scenario=name, method=method, ood_kept=self.lowest_share) for name in scenarios]

    def baseline(self, cell: Cell) -> Cell:
        """Return the 100% baseline of a cell: the same method and variant with all rows of the region."""
        return Cell(scenario=cell.scenario, method=cell.method, ood_kept=1.0, variant=cell.variant)

    def relative(self, cell: Cell, metric: str, part: str = "test_ood") -> Quantity:
        """Return a cell's value as a share of its 100% baseline's."""
        return self.quantity(cell, metric, part) / self.quantity(self.baseline(cell), metric, part)

    def worse(self, metric: str, quantity: Quantity) -> Quantity:
        """Return a difference with its sign set so that above 0 is worse, whichever way the metric counts."""
        return -quantity if self.metric(metric).higher_is_better else quantity

    def estimate(self, quantity: Quantity) -> Estimate:
        """Return a quantity's estimate with an interval at the study's confidence."""
        return quantity.estimate(self.confidence)


def _with_label(metric: Metric, classes: Sequence[str]) -> Metric:
    """Return a metric of one class with the label of the class, whose number it has."""
    if isinstance(metric, OfPositive) and isinstance(metric.positive, int) and classes:
        return replace(metric, positive=classes[metric.positive])  # type: ignore[type-var]  # every metric is a dataclass
    return metric

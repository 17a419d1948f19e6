"""Seen rows: each score for test rows that a corpus holds and for those that none does, and methods compared on both.

What a model read in pretraining raises its scores, and by how much depends on the method: Overlap between the data of
pretraining and of fine-tuning is amplified by LoRA (arXiv 2401.07930). So a difference of methods is told for rows that
no corpus holds as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeshift.defaults import MARKS
from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray
from codeshift.parts import TEST_PARTS
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.comparisons import of_both
from codeshift.study.findings.finding import Finding, kept_in_words
from codeshift.study.findings.large_enough import distinct_rows
from codeshift.study.findings.quantity import Quantity, nothing
from codeshift.study.folder.records import RunRecord
from codeshift.study.results.measures import Measure, method_name
from codeshift.study.settings.keys import RunKey

SEEN_PARTS = tuple(reversed(TEST_PARTS))
"""Parts that are looked for in corpora, out of distribution first."""


@dataclass(frozen=True, kw_only=True)
class SeenShare:
    """Rows of a part of a scenario that one corpus holds, by one column or by any that was looked for.

    Attributes:
        scenario: Name of the scenario.
        part: Part: ``"test_ood"`` or ``"test_id"``.
        split_seed: Seed of the split.
        corpus: Name of the corpus.
        column: Column whose texts are held; None for any of several.
        n: Number of rows of the part.
        copies: Number of these rows by kind of copy; each kind includes those before it.
    """

    scenario: str
    part: str
    split_seed: int
    corpus: str
    column: str | None
    n: int
    copies: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class SeenScore(Finding):
    """Score of a cell on the rows of a part that a corpus holds, or on those that none does.

    Attributes:
        cell: Cell of the score.
        part: Part: ``"test_ood"`` or ``"test_id"``.
        measure: Display of the metric.
        state: State of the cell's runs.
        seen: Whether a corpus holds the rows.
        distinct: Number of distinct rows, of the split seed with fewest.
        needed: Number of distinct rows below which no score is told.
    """

    cell: Cell
    part: str
    measure: Measure
    state: State
    seen: bool
    distinct: int
    needed: int

    @property
    def text(self) -> str:
        """Value with its interval, or the reason why there is none."""
        if self.state.unmeasured:
            return self.state.unmeasured
        if self.distinct < self.needed:
            return f"{self.distinct} distinct rows, too few"
        return self.measure.estimate(self.estimate) if self.value == self.value else "not measured"

    @property
    def sentence(self) -> str:
        """Finding in words."""
        rows = "rows that a corpus holds" if self.seen else "rows that no corpus holds"
        return f"{self.cell.title}: {self.measure.title} on {rows} of {self.part} {self.text}{self.rows_told}."


@dataclass(frozen=True, kw_only=True)
class SeenAdvantage(Finding):
    """Advantage of a method on rows that a corpus holds, minus its advantage on rows that none does.

    The advantage is the score of the method minus that of the reference method on the same rows.

    Attributes:
        scenario: Name of the scenario.
        method: Name of the method.
        reference: Name of the reference method.
        ood_kept: Share of the region that both methods kept.
        part: Part: ``"test_ood"`` or ``"test_id"``.
        measure: Display of the metric.
        on_seen: Advantage on rows that a corpus holds.
        on_unseen: Advantage on rows that none does.
        p_value: P-value of the difference of the two.
    """

    scenario: str
    method: str
    reference: str
    ood_kept: float
    part: str
    measure: Measure
    on_seen: Estimate
    on_unseen: Estimate
    p_value: float

    @property
    def sentence(self) -> str:
        """Finding in words."""
        names = f"{method_name(self.method)} less {method_name(self.reference)}"
        both = f"{self.measure.change(self.on_unseen)} on rows that no corpus holds"
        both += f", {self.measure.change(self.on_seen)} on rows that one does"
        place = f"{self.scenario}, {kept_in_words(self.ood_kept)}: {names} in {self.measure.title} of {self.part}"
        return f"{place}: {both}; difference {self.measure.change(self.estimate)}."


def seen_shares(cells: Cells) -> Iterator[SeenShare]:
    """Yield what each corpus holds of each part of each scenario, by split seed; by each column, then by any."""
    results = cells.results
    for (scenario, split_seed), facts in results.splits.items():
        if split_seed not in results.marks:
            continue
        marks = results.marks[split_seed]
        for corpus in marks.corpora:
            by_column = {column: of[corpus] for column, of in marks.by_column.items() if corpus in of}
            searched = by_column | ({None: marks.copies[corpus]} if len(by_column) > 1 else {})
            for part in SEEN_PARTS:
                members = facts.members[part]
                for column, kinds in searched.items():
                    by_kind = {kind: marks.seen(corpus, kind, column=column) for kind in MARKS if kind in kinds}
                    yield SeenShare(
                        scenario=scenario, part=part, split_seed=split_seed, corpus=corpus, column=column,
                        n=int(members.sum()),
                        copies={kind: int((mask & members).sum()) for kind, mask in by_kind.items()},
                    )  # fmt: skip


def seen_scores(cells: Cells) -> Iterator[SeenScore]:
    """Yield the score of every cell on seen and on unseen rows of both test parts, by every metric."""
    if not cells.results.marks:
        return
    for cell in cells:
        for part in SEEN_PARTS:
            for metric in cells.results.metrics:
                for seen in (True, False):
                    quantity = on_rows(cells, cell, metric, part, seen=seen)
                    yield SeenScore(
                        estimate=cells.estimate(quantity), seeds=quantity.seeds, cell=cell, part=part,
                        measure=cells.measure(metric), state=cells.state(cell), seen=seen,
                        distinct=_distinct_rows(cells, metric, part, cell.scenario, seen=seen), needed=cells.min_rows,
                    )  # fmt: skip


def seen_advantages(cells: Cells, metric: str) -> Iterator[SeenAdvantage]:
    """Yield the difference between the advantages on seen and unseen rows, of all methods but the reference."""
    reference = cells.reference_method
    if not cells.results.marks or reference is None:
        return
    for method in (name for name in cells.methods if name != reference):
        for kept in cells.results.ood_kept:
            for scenario in cells.results.scenarios:
                for part in SEEN_PARTS:
                    ours = Cell(scenario=scenario, method=method, ood_kept=kept)
                    seen, unseen = (advantage(cells, ours, metric, part, seen=seen) for seen in (True, False))
                    more = seen - unseen
                    yield SeenAdvantage(
                        estimate=cells.estimate(more), seeds=more.seeds, scenario=scenario, method=method,
                        reference=reference, ood_kept=kept, part=part, measure=cells.measure(metric),
                        on_seen=cells.estimate(seen), on_unseen=cells.estimate(unseen), p_value=more.p_value(),
                    )  # fmt: skip


def advantage(cells: Cells, cell: Cell, metric: str, part: str, *, seen: bool) -> Quantity:
    """Return the score of a cell minus that of the reference method, on the same seen or unseen rows."""
    other = Cell(scenario=cell.scenario, method=cells.reference_method or "", ood_kept=cell.ood_kept)
    both = of_both(_marked(cells, cell), _marked(cells, other))
    ours, theirs = (_of_records(cells, records, cell.scenario, metric, part, seen) for records in both)
    return ours - theirs


def on_rows(cells: Cells, cell: Cell, metric: str, part: str, *, seen: bool) -> Quantity:
    """Return a cell's value of a metric on the seen or the unseen rows of a part; nothing if these are too few."""
    return _of_records(cells, _marked(cells, cell), cell.scenario, metric, part, seen)


def _of_records(cells: Cells, records: list[RunRecord], scenario: str, metric: str, part: str, seen: bool) -> Quantity:
    if _distinct_rows(cells, metric, part, scenario, seen=seen) < cells.min_rows:
        return nothing()

    def statistics(key: RunKey) -> FloatArray:
        values = cells.results.set_statistics(key, metric, part, scenario)
        return np.where(_seen_mask(cells, key, seen)[:, None], values, np.nan)

    name = f"{metric} of rows that {'a' if seen else 'no'} corpus holds"
    return cells.resampler.of_rows(records, part, scenario, name, statistics, cells.metric(metric))


def _marked(cells: Cells, cell: Cell) -> list[RunRecord]:
    """Return the runs of a cell of the split seeds whose rows are marked."""
    return [record for record in cells.records(cell) if record.key.split_seed in cells.results.marks]


def _seen_mask(cells: Cells, key: RunKey, seen: bool) -> NDArray[np.bool_]:
    marks = cells.results.marks[key.split_seed]
    is_seen: NDArray[np.bool_] = cells.once(("seen", key.split_seed), marks.seen)
    return is_seen if seen else ~is_seen


def _distinct_rows(cells: Cells, metric: str, part: str, scenario: str, *, seen: bool) -> int:
    """Count the distinct rows of a part that a corpus holds, or none does, of the marked split seed with fewest."""

    def rows(key: RunKey) -> NDArray[np.bool_] | None:
        return _seen_mask(cells, key, seen) if key.split_seed in cells.results.marks else None

    name = ("distinct", metric, part, scenario, seen)
    return cells.once(name, lambda: distinct_rows(cells, metric, part, scenario, rows=rows) or 0)

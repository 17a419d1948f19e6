"""Which classes a model takes for which, and how sure it is of the classes that it tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from codeshift.formatting import counted
from codeshift.metrics import Estimate, ExpectedCalibrationError, Metric, Reliability, reliability
from codeshift.metrics.aggregates.binomial import wilson
from codeshift.metrics.base import FloatArray
from codeshift.metrics.classes import outside_note
from codeshift.parts import TEST_PARTS
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.settings.keys import RunKey

Statistics: TypeAlias = Callable[[FloatArray, NDArray[np.int64]], FloatArray]
"""Function of the probabilities and the classes of rows that returns statistics of each."""

CONFIDENCE_BINS = 10
"""Number of bins of confidence of a study without such a metric: it leaves some rows in each bin of a small part."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Confusion:
    """Rows of a part by their class and by the class that models tell, of all seeds together.

    Attributes:
        cell: Cell of the models.
        part: Part of the test rows.
        state: State of the cell's runs.
        labels: Names of the classes.
        counts: Number of rows by true class and by the predicted class; shape (classes, classes).
        outside: Number of rows whose label is none of the classes; all of them are wrong.

    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> counts = np.array([[3, 1], [0, 4]])
    >>> print(Confusion(cell=cell, part="test_ood", state=state, labels=("bug", "fine"), counts=counts).sentence)
    loops, LoRA, none of the region kept, test_ood: 7 of 8 rows right; bug: 1 of 4 wrong, 1 taken for fine.
    """

    cell: Cell
    part: str
    state: State
    labels: Sequence[str] = field(repr=False)
    counts: NDArray[np.int64] = field(repr=False)
    outside: int = 0

    @property
    def n(self) -> int:
        """Number of rows, each counted once for each seed."""
        return int(self.counts.sum()) + self.outside

    @property
    def by_class(self) -> tuple[ClassFailures, ...]:
        """Failures of each class that some row has."""
        return tuple(
            ClassFailures(label=label, labels=self.labels, predicted=self.counts[number], number=number)
            for number, label in enumerate(self.labels)
            if self.counts[number].any()
        )

    @property
    def sentence(self) -> str:
        """Finding in words."""
        place = f"{self.cell.title}, {self.part}"
        if not self.n:
            return f"{place}: {self.state.status if self.state.status != 'done' else 'not measured'}."
        right = int(np.trace(self.counts))
        wrong = [failed for failed in self.by_class if failed.wrong]
        worst = sorted(wrong, key=lambda failed: -failed.wrong / failed.n)
        listed = "; ".join(failed.sentence for failed in worst[:3])
        clauses = (f"{right} of {counted(self.n, 'row')} right", listed, outside_note(self.outside, self.n))
        return f"{place}: {'; '.join(filter(None, clauses))}."


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassFailures:
    """Rows of one class: how many are right, and what the others are taken for.

    Attributes:
        label: Name of the class.
        labels: Names of all classes.
        predicted: Number of rows by the predicted class; shape (classes,).
        number: Number of the class.

    >>> counts = np.array([2, 5, 1])
    >>> print(ClassFailures(label="bug", labels=("bug", "fine", "odd"), predicted=counts, number=0).sentence)
    bug: 6 of 8 wrong, 5 taken for fine
    """

    label: str
    labels: Sequence[str] = field(repr=False)
    predicted: NDArray[np.int64] = field(repr=False)
    number: int = field(repr=False)

    @property
    def n(self) -> int:
        """Number of rows of the class."""
        return int(self.predicted.sum())

    @property
    def right(self) -> int:
        """Number of rows that are right."""
        return int(self.predicted[self.number])

    @property
    def wrong(self) -> int:
        """Number of rows that are taken for another class."""
        return self.n - self.right

    @property
    def taken_for(self) -> tuple[str, int]:
        """Class that the wrong rows are most often taken for, the first of equals, and how many; "" and 0 without."""
        others = self.predicted.copy()
        others[self.number] = 0
        most = int(others.argmax())
        return (self.labels[most], int(others[most])) if others[most] else ("", 0)

    @property
    def sentence(self) -> str:
        """Failures in words."""
        label, count = self.taken_for
        return f"{self.label}: {self.wrong} of {self.n} wrong" + (f", {count} taken for {label}" if count else "")


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """Confidence and accuracy of a cell on a part.

    Attributes:
        cell: Cell of the models.
        part: Part of the test rows.
        state: State of the cell's runs.
        bins: Confidence and accuracy by bins of confidence, of all seeds together, whose intervals are for the mean
            number of rows of one seed; None if no run is done.
        confidence: Mean probability of the likeliest class.
        accuracy: Share of rows that are right.
        error: Expected calibration error, with the bins of ``error_metric``.

    >>> from codeshift.metrics import Estimate
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> sure, right, error = (Estimate(value, 0, 1, 90, 0.95, "percentile") for value in (0.9, 0.7, 0.2))
    >>> Calibration(
    ...     cell=cell, part="test_ood", state=state, bins=None, confidence=sure, accuracy=right, error=error
    ... ).n
    90
    """

    cell: Cell
    part: str
    state: State
    bins: Reliability | None = field(repr=False)
    confidence: Estimate
    accuracy: Estimate
    error: Estimate

    @property
    def n(self) -> int:
        """Number of rows behind it; of several seeds the smallest."""
        return self.error.n


def confusions(cells: Cells) -> Iterator[Confusion]:
    """Yield the confusion of classes of every cell on both parts of the test rows; none for text."""
    labels = cells.results.classes
    for cell, part in _cells_and_parts(cells):
        counts, outside = np.zeros((len(labels), len(labels)), dtype=np.int64), 0
        for shares, classes in _probabilities_and_classes(cells, cell, part):
            labelled = classes >= 0
            np.add.at(counts, (classes[labelled], shares[labelled].argmax(axis=1)), 1)
            outside += int((~labelled).sum())
        yield Confusion(
            cell=cell, part=part, state=cells.state(cell), labels=labels, counts=counts, outside=outside
        )  # fmt: skip


def error_metric(metrics: Iterable[Metric]) -> ExpectedCalibrationError:
    """Return the calibration error among the metrics of a study, which its report then has once, or one of ten bins.

    >>> error_metric([ExpectedCalibrationError(20)]).bins, error_metric([]).bins
    (20, 10)
    """
    measured = (metric for metric in metrics if isinstance(metric, ExpectedCalibrationError))
    return next(measured, ExpectedCalibrationError(CONFIDENCE_BINS))


def calibrations(cells: Cells) -> Iterator[Calibration]:
    """Yield the calibration of every cell on both parts of the test rows; none for text."""
    error = error_metric(cells.results.metrics.values())
    for cell, part in _cells_and_parts(cells):
        rows = list(_probabilities_and_classes(cells, cell, part))
        pooled = [np.concatenate(side) for side in zip(*rows, strict=True)]
        figures = [
            cells.resampler.of_rows(cells.records(cell), part, cell.scenario, name, statistics, metric)
            for name, statistics, metric in (
                ("confidence", lambda key: _of_set(cells, key, confidence_rows), None),
                ("right class", lambda key: _of_set(cells, key, right_rows), None),
                ("calibration error", lambda key: _of_set(cells, key, error.statistics), error),
            )
        ]  # fmt: skip
        estimates = [cells.estimate(figure) for figure in figures]
        yield Calibration(
            cell=cell, part=part, state=cells.state(cell),
            bins=_reliability(pooled[0], pooled[1], len(rows), error.bins) if pooled and len(pooled[0]) else None,
            confidence=estimates[0], accuracy=estimates[1], error=estimates[2],
        )  # fmt: skip


def _reliability(shares: FloatArray, classes: NDArray[np.int64], runs: int, count: int) -> Reliability:
    """Return the reliability of the rows of several runs, with intervals as wide as those of the rows of one.

    Seeds judge the same rows, which are no more rows for that.
    """
    bins = reliability(shares, classes, bins=count)
    ends = [
        wilson(accuracy * of_bin / runs, of_bin / runs, 0.95) if of_bin else (math.nan, math.nan)
        for accuracy, of_bin in zip(bins.accuracy, bins.rows, strict=True)
    ]
    low, high = np.array(ends).T
    return replace(bins, low=low, high=high)


def confidence_rows(shares: FloatArray, classes: NDArray[np.int64]) -> FloatArray:
    """Return 1 and the probability of the likeliest class of each row, shape (rows, 2)."""
    return np.column_stack([np.ones(len(shares)), shares.max(axis=1)])


def right_rows(shares: FloatArray, classes: NDArray[np.int64]) -> FloatArray:
    """Return 1 and whether the likeliest class is right for each row, shape (rows, 2)."""
    return np.column_stack([np.ones(len(shares)), shares.argmax(axis=1) == classes])


def _of_set(cells: Cells, key: RunKey, statistics: Statistics) -> FloatArray:
    scores = cells.results.scores(key)
    return statistics(scores.probabilities, scores.classes)


def _cells_and_parts(cells: Cells) -> Iterator[tuple[Cell, str]]:
    if cells.results.classes:
        for cell in cells:
            yield from ((cell, part) for part in reversed(TEST_PARTS))


def _probabilities_and_classes(cells: Cells, cell: Cell, part: str) -> Iterator[tuple[FloatArray, NDArray[np.int64]]]:
    """Yield the probabilities and the classes of the rows of a part, for each run that is done."""
    for record in cells.done_records(cell):
        scores = cells.results.scores(record.key)
        inside = cells.results.members(part, cell.scenario, record.key.split_seed)
        yield scores.probabilities[inside], scores.classes[inside]

"""Measurement of a split step by step: a figure of the report is a step here, and a field of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from codeshift.audit.atoms import measure_atoms
from codeshift.audit.column_leakage import ColumnLeakage, measure_columns
from codeshift.audit.confounds import Confound, measure_confounds
from codeshift.audit.copies import Copies, count_copies
from codeshift.audit.label_mix import LabelMixShift, measure_label_mix
from codeshift.audit.labels import LabelShift, label_column, measure_labels
from codeshift.audit.leakage import Leakage, measure_leakage
from codeshift.audit.parts import AuditParts
from codeshift.audit.report import AuditReport
from codeshift.audit.series import Series, gather_series
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import Strength, components_of, first_of_each, measure_strength
from codeshift.audit.truncation import TokenCounter, Truncation, measure_truncation
from codeshift.audit.verdict import Verdict, judge
from codeshift.errors import LeftOutWarning, warn
from codeshift.properties import ElementCounts
from codeshift.properties.progress import Stages
from codeshift.regions.distribution import Distribution

Step = tuple[str, Callable[[], None]]
"""Words for the bar, and the function that measures."""


def measure_parts(parts: AuditParts, settings: AuditSettings, counter: TokenCounter | None) -> AuditReport:
    """Measure all figures of a split; call it with one thread, so that sums have the same order on every machine."""
    measurement = Measurement(parts, settings, counter)
    steps = measurement.steps()
    with Stages("Audit", len(steps), rows=sum(map(len, parts.rows.values()))) as stages:
        for words, measure in steps:
            stages.at(words)
            measure()
        return measurement.report()


class Measurement:
    """Figures of a split, as far as they are measured.

    Args:
        parts: the parts of the split.
        settings: the arguments of the audit.
        counter: the counter of a model's tokens; None to count no truncated rows.
    """

    def __init__(self, parts: AuditParts, settings: AuditSettings, counter: TokenCounter | None) -> None:
        self._parts, self._settings, self._counter = parts, settings, counter
        self._unparsable: dict[str, int] = {}
        self._series: Sequence[Series] = ()
        self._components: dict[str, np.ndarray] = {}
        self._distinct: dict[str, np.ndarray] = {}
        self._leakage: list[Leakage] = []
        self._column_leakage: list[ColumnLeakage] = []
        self._copies: list[Copies] = []
        self._strength: list[Strength] = []
        self._labels: list[LabelShift] = []
        self._label_mix: list[LabelMixShift] = []
        self._confounds: tuple[Confound, ...] = ()
        self._truncation: list[Truncation] = []

    def steps(self) -> list[Step]:
        """Return the steps in their order; each uses what those before it measured."""
        return [
            ("properties", self._measure_properties),
            ("leakage", self._measure_leakage),
            ("distinct rows", self._find_distinct),
            *((f"shift of {part}", partial(self._measure_strength, part)) for part in self._parts.compared),
            *([("labels", self._measure_labels)] if self._settings.label is not None else []),
            ("confounds", self._measure_confounds),
            *([("truncation", self._measure_truncation)] if self._counter is not None else []),
        ]

    def report(self) -> AuditReport:
        """Return the report, once all steps are done."""
        parts = self._parts
        elements = [series for series in self._series if isinstance(series.values, ElementCounts)]
        return AuditReport(
            train=parts.train,
            test=parts.test,
            reference=parts.reference,
            sizes={part: len(rows) for part, rows in parts.rows.items()},
            settings=self._settings,
            leakage=tuple(self._leakage),
            column_leakage=tuple(self._column_leakage),
            copies=tuple(self._copies),
            labels=tuple(self._labels),
            label_mix=tuple(self._label_mix),
            strength=tuple(self._strength),
            confounds=self._confounds,
            atoms=tuple(measure_atoms(parts, part, series) for series in elements for part in parts.compared),
            truncation=tuple(self._truncation),
            unparsable=self._unparsable,
            verdict=self._verdict(),
            distributions=self._distributions(),
        )

    def _measure_properties(self) -> None:
        settings = self._settings
        if settings.language is not None:
            self._parts, self._unparsable = self._parts.parsable(settings.column, settings.language)
        if self._unparsable:
            counts = ", ".join(f"{count:,} of {part}" for part, count in self._unparsable.items())
            warn(LeftOutWarning(f"rows are left out as unparsable: {counts}"))
        self._series = gather_series(self._parts.table, settings, self._parts.region)

    def _measure_leakage(self) -> None:
        parts, settings = self._parts, self._settings
        self._leakage = measure_leakage(
            parts,
            column=settings.column,
            groups=settings.groups,
            near_duplicates=settings.near_duplicates,
            worst=settings.worst,
        )
        for part in parts.held_out:
            self._column_leakage += measure_columns(parts, part, settings.near_duplicates, settings.worst)

    def _find_distinct(self) -> None:
        parts = self._parts
        for part in (parts.train, *parts.held_out):
            self._components[part] = components_of(parts, part, self._settings)
        self._copies = [count_copies(part, self._components[part]) for part in parts.held_out]
        for part in self._compared:
            self._distinct[part] = first_of_each(parts.rows[part], self._components[part])

    def _measure_strength(self, part: str) -> None:
        train, rows = self._distinct[self._parts.train], self._distinct[part]
        self._strength.append(measure_strength(self._parts, part, train, rows, self._series, self._settings))

    def _measure_labels(self) -> None:
        parts, settings = self._parts, self._settings
        labels = label_column(parts, settings.label or "")
        counted = sum(series.counts for series in self._series)
        for part in parts.held_out:
            self._labels.append(measure_labels(labels, parts, part, self._components, settings, counted))
        train = self._distinct[parts.train]
        for part in parts.compared:
            self._label_mix += measure_label_mix(labels, part, train, self._distinct[part], self._series)

    def _measure_confounds(self) -> None:
        parts, distinct = self._parts, self._distinct
        reference = None if parts.reference is None else distinct[parts.reference]
        self._confounds = measure_confounds(self._series, distinct[parts.train], distinct[parts.test], reference)

    def _measure_truncation(self) -> None:
        if self._counter is not None:
            for part in self._compared:
                texts = self._parts.texts(part, self._settings.column)
                self._truncation.append(measure_truncation(part, texts, self._counter))

    @property
    def _compared(self) -> tuple[str, ...]:
        return self._parts.train, *self._parts.compared

    def _verdict(self) -> Verdict:
        return judge(
            leakage=self._leakage,
            column_leakage=[leak for leak in self._column_leakage if leak.columns != (self._settings.column,)],
            copies=self._copies,
            labels=self._labels,
            strength=self._strength,
            confounds=self._confounds,
            truncation=self._truncation,
            n_permutations=self._settings.n_permutations,
            thresholds=self._settings.thresholds,
        )

    def _distributions(self) -> dict[str, Distribution]:
        rows = {part: self._parts.rows[part] for part in self._compared}
        return {
            series.name: Distribution.of_numbers(series.name, series.values, rows, series.times)
            for series in self._series
            if isinstance(series.values, np.ndarray) and series.is_number
        }

"""Measurement of a split stage by stage: each figure of the report is made of those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.audit.column_leakage import ColumnLeakage, measure_columns
from codeshift.audit.compared_properties import ComparedProperty, gather_properties
from codeshift.audit.confounds import Confound, measure_confounds
from codeshift.audit.copies import Copies, count_copies
from codeshift.audit.label_mix import LabelMixShift, measure_label_mix
from codeshift.audit.labels import LabelShift, label_column, measure_labels
from codeshift.audit.leakage import Leakage, measure_leakage
from codeshift.audit.parts import AuditParts
from codeshift.audit.report import AuditReport
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import Strength, components_of, first_of_each, measure_strength
from codeshift.audit.truncation import TokenCounter, Truncation, measure_truncation
from codeshift.audit.unseen_elements import UnseenElements, measure_unseen
from codeshift.audit.verdict import judge
from codeshift.errors import LeftOutWarning, warn
from codeshift.properties import ElementCounts
from codeshift.properties.progress import Stages
from codeshift.regions.distribution import Distribution


def measure_parts(parts: AuditParts, settings: AuditSettings, counter: TokenCounter | None) -> AuditReport:
    """Measure all figures of a split; call it with one thread, so that sums have the same order on every machine.

    Args:
        parts: Parts of the split.
        settings: Arguments of the audit.
        counter: Counter of a model's tokens; None to count no truncated rows.

    Warns:
        LeftOutWarning: if the parser gives up on rows, which are then left out of all figures.
    """
    count = 4 + len(parts.compared) + (settings.label is not None) + (counter is not None)
    with Stages("Audit", count, rows=sum(map(len, parts.rows.values()))) as stages:
        stages.at("properties")
        parts, unparsable = _parsable(parts, settings)
        properties = gather_properties(parts.table, settings, parts.region)
        stages.at("leakage")
        leakage, column_leakage = _leakage_measures(parts, settings)
        stages.at("distinct rows")
        distinct = _DistinctRows.of(parts, settings)
        strength = _shift_measures(parts, settings, distinct, properties, stages)
        if settings.label is not None:
            stages.at("labels")
        labels, label_mix = _label_measures(parts, settings, distinct, properties)
        stages.at("confounds")
        confounds = _confounds(parts, distinct, properties)
        if counter is not None:
            stages.at("truncation")
        truncation = _truncation(parts, settings, counter)
        verdict = judge(
            leakage=leakage,
            column_leakage=[leak for leak in column_leakage if leak.columns != (settings.column,)],
            copies=distinct.copies,
            labels=labels,
            strength=strength,
            confounds=confounds,
            truncation=truncation,
            n_permutations=settings.n_permutations,
            thresholds=settings.thresholds,
        )
        return AuditReport(
            train=parts.train,
            test=parts.test,
            reference=parts.reference,
            sizes={part: len(rows) for part, rows in parts.rows.items()},
            settings=settings,
            leakage=tuple(leakage),
            column_leakage=tuple(column_leakage),
            copies=distinct.copies,
            labels=tuple(labels),
            label_mix=tuple(label_mix),
            strength=tuple(strength),
            confounds=confounds,
            unseen_elements=_unseen_measures(parts, properties),
            truncation=truncation,
            unparsable=unparsable,
            verdict=verdict,
            distributions=_distributions_of_properties(parts, properties),
        )


@dataclass(frozen=True, eq=False)
class _DistinctRows:
    """Rows of parts without those that repeat others.

    Attributes:
        components: Near-duplicate component of each row of train and of each held-out part, in the order of
            content.
        rows: First row of each component, of train and of each part that is compared with it.
        copies: Copies within each held-out part.
    """

    components: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]
    copies: tuple[Copies, ...]

    @classmethod
    def of(cls, parts: AuditParts, settings: AuditSettings) -> _DistinctRows:
        components = {part: components_of(parts, part, settings) for part in (parts.train, *parts.held_out)}
        rows = {part: first_of_each(parts.rows[part], components[part]) for part in parts.with_train}
        return cls(components, rows, tuple(count_copies(part, components[part]) for part in parts.held_out))


def _parsable(parts: AuditParts, settings: AuditSettings) -> tuple[AuditParts, dict[str, int]]:
    """Return the parts without the rows that cannot be parsed, if there is a language, and the number of these."""
    if settings.language is None:
        return parts, {}
    parts, unparsable = parts.parsable(settings.column, settings.language)
    if unparsable:
        counts = ", ".join(f"{count:,} of {part}" for part, count in unparsable.items())
        warn(LeftOutWarning(f"rows are left out as unparsable: {counts}"))
    return parts, unparsable


def _leakage_measures(parts: AuditParts, settings: AuditSettings) -> tuple[list[Leakage], list[ColumnLeakage]]:
    leakage = measure_leakage(
        parts,
        column=settings.column,
        groups=settings.groups,
        near_duplicates=settings.near_duplicates,
        worst=settings.worst,
    )
    by_column: list[ColumnLeakage] = []
    for part in parts.held_out:
        by_column += measure_columns(parts, part, settings.near_duplicates, settings.worst)
    return leakage, by_column


def _shift_measures(
    parts: AuditParts,
    settings: AuditSettings,
    distinct: _DistinctRows,
    properties: Sequence[ComparedProperty],
    stages: Stages,
) -> list[Strength]:
    strength = []
    for part in parts.compared:
        stages.at(f"shift of {part}")
        train, rows = distinct.rows[parts.train], distinct.rows[part]
        strength.append(measure_strength(parts, part, train, rows, properties, settings))
    return strength


def _label_measures(
    parts: AuditParts, settings: AuditSettings, distinct: _DistinctRows, properties: Sequence[ComparedProperty]
) -> tuple[list[LabelShift], list[LabelMixShift]]:
    """Return the labels of each held-out part, and what their mix explains of each compared one; nothing without."""
    if settings.label is None:
        return [], []
    labels = label_column(parts, settings.label)
    tested = sum(prop.in_verdict for prop in properties)
    shifts = [measure_labels(labels, parts, part, distinct.components, settings, tested) for part in parts.held_out]
    of_mix: list[LabelMixShift] = []
    for part in parts.compared:
        of_mix += measure_label_mix(labels.numbers, part, distinct.rows[parts.train], distinct.rows[part], properties)
    return shifts, of_mix


def _confounds(
    parts: AuditParts, distinct: _DistinctRows, properties: Sequence[ComparedProperty]
) -> tuple[Confound, ...]:
    reference = None if parts.reference is None else distinct.rows[parts.reference]
    return measure_confounds(properties, distinct.rows[parts.train], distinct.rows[parts.test], reference)


def _unseen_measures(parts: AuditParts, properties: Sequence[ComparedProperty]) -> tuple[UnseenElements, ...]:
    with_elements = [prop for prop in properties if isinstance(prop.values, ElementCounts)]
    return tuple(measure_unseen(parts, part, prop) for prop in with_elements for part in parts.compared)


def _truncation(parts: AuditParts, settings: AuditSettings, counter: TokenCounter | None) -> tuple[Truncation, ...]:
    if counter is None:
        return ()
    return tuple(measure_truncation(part, parts.texts(part, settings.column), counter) for part in parts.with_train)


def _distributions_of_properties(parts: AuditParts, properties: Sequence[ComparedProperty]) -> dict[str, Distribution]:
    rows = {part: parts.rows[part] for part in parts.with_train}
    return {
        prop.name: Distribution.of_numbers(prop.name, prop.values, rows, prop.times)
        for prop in properties
        if isinstance(prop.values, np.ndarray) and prop.is_number
    }

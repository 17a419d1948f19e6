"""Audit of a split in one call, which measures leakage, strength and confounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.audit.atoms import measure_atoms
from codeshift.audit.confounds import measure_confounds
from codeshift.audit.copies import count_copies
from codeshift.audit.labels import measure_labels
from codeshift.audit.leakage import Leakage, measure_leakage
from codeshift.audit.overlapping import overlap_of_parts
from codeshift.audit.parts import AuditParts, Splits, column_of, manifest_of, take_parts
from codeshift.audit.report import AuditReport
from codeshift.audit.series import gather_series
from codeshift.audit.settings import AuditSettings, Thresholds, checked_properties
from codeshift.audit.strength import components_of, distinct_rows, measure_strength
from codeshift.audit.truncation import TokenCounter, measure_truncation, token_counter
from codeshift.audit.verdict import judge
from codeshift.checks import check_bool
from codeshift.errors import LeftOutWarning, warn
from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.progress import Stages, bars
from codeshift.regions.distribution import Distribution

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.splitters import SplitAssignment, SplitManifest


_NEAR_DUPLICATES = NearDuplicates()


def audit(
    splits: SplitAssignment | DatasetDict | Splits,
    data: Dataset | DatasetDict | PropertyTable | None = None,
    *,
    column: str | None = None,
    manifest: SplitManifest | None = None,
    language: str | None = None,
    groups: str | None = None,
    label: str | None = None,
    against: Mapping[str, Any] | None = None,
    properties: Sequence[Property] | None = None,
    intended: Sequence[Property] | None = None,
    train: str = "train",
    test: str | None = None,
    reference: str | None = None,
    near_duplicates: NearDuplicates = _NEAR_DUPLICATES,
    tokenizer: Any = None,
    max_length: int | None = None,
    seed: int = 0,
    n_permutations: int = 200,
    sample: int = 2_000,
    worst: int = 5,
    thresholds: Thresholds | None = None,
    num_proc: int | None = None,
    progress: bool = True,
) -> AuditReport:
    r"""Measure whether a split leaks, how strong its shift is, and what else moved with it.

    The order of rows within parts has no effect. ``docs/guides/reading-an-audit.md`` explains each figure.

    Args:
        splits: the split, a codeshift ``SplitAssignment`` or any ``DatasetDict``.
        data: the data that was assigned, if the assignment was pickled.
        column: the column that holds the code; by default that of the assignment or manifest, else ``"code"``.
        manifest: the manifest of the split, if ``splits`` are parts written by codeshift; an assignment has its own.
        language: the language of the code, for properties of the syntax tree; by default the one that the region of the
            assignment or manifest parses. Without a language these properties are left out.
        groups: the column whose values should not be on both sides; by default that of the assignment or manifest.
        label: the column of a classification task's labels; the report then has their mix in each part, and the rows
            whose near-duplicates have other labels. Rows without a label (None, or -1 of a ``ClassLabel``) are counted.
        against: the corpora to look for the held-out rows in, by name: datasets, streams or paths as in ``overlap``,
            such as what a model was pretrained on. They pass by in blocks; the report says what each holds.
        properties: the properties to compare between parts; by default length in three units and, with ``language``,
            tree depth, node types and API names.
        intended: the properties that the split was meant to move, which are not confounds; by default those of the
            region of the assignment or manifest.
        train: the part that models are trained on.
        test: the part whose shift is measured; by default ``"test_ood"``, or ``"test"`` if there is no such part.
        reference: the in-distribution test part, with which to compare every figure; by default ``"test_id"`` if there
            is such a part.
        near_duplicates: the definition of near-duplicates, which an audit always searches for.
        tokenizer: the Hugging Face tokenizer, its name or path, or a function from a text to its tokens, to count the
            rows that the model's context truncates.
        max_length: the length of that context in tokens; by default the one that the tokenizer states.
        seed: the seed of samples, folds and permutations.
        n_permutations: the number of permutations for each p-value, at least 19 (for a property, at least 40 times the
            number of properties that count). A verdict on a shift at level .05 needs 39, since its tests share it.
        sample: the largest number of rows of each part in the two-sample tests and the nearest-row search.
        worst: the number of leaking pairs in the report.
        thresholds: the thresholds of the verdict.
        num_proc: the number of processes that compute properties, as in ``Splitter.assign``.
        progress: whether to show bars on long work, unless those of ``datasets`` are turned off.

    Raises:
        ParameterError: if an argument is invalid, or a named part is missing.
        DataError: if a part lacks a column, or a column contains None.

    >>> from datasets import Dataset, DatasetDict
    >>> short = [f"def f{i}(): return {i} + {i * i}" for i in range(80)]
    >>> long = [f"class C{i}:\n    def get(self):\n        self.x = [{i}]\n        return self.x" for i in range(40)]
    >>> splits = DatasetDict({"train": Dataset.from_dict({"code": short}), "test": Dataset.from_dict({"code": long})})
    >>> report = audit(splits, column="code", n_permutations=39)
    >>> report.verdict.label
    'sound'
    >>> report.leakage[0].near_share, round(report.strength[0].classifier.statistic, 2)
    (0.0, 1.0)
    """
    described = manifest_of(splits, manifest)
    column = column_of(described) if column is None else column
    settings = AuditSettings(
        column=column,
        language=described.language if language is None and described is not None else language,
        groups=groups,
        label=label,
        properties=checked_properties("properties", properties),
        intended=checked_properties("intended", intended),
        near_duplicates=near_duplicates,
        max_length=max_length,
        seed=seed,
        n_permutations=n_permutations,
        sample=sample,
        worst=worst,
        thresholds=Thresholds() if thresholds is None else thresholds,
    )
    check_bool("progress", progress)
    counter = token_counter(tokenizer, max_length)
    parts = take_parts(
        splits, data, described, column=column, train=train, test=test, reference=reference, num_proc=num_proc
    )
    # More threads would gain little here, and would sum in another order on another machine.
    with threadpool_limits(limits=1), bars(progress):
        report = measure_parts(parts, settings, counter)
        return report if against is None else replace(report, overlap=overlap_of_parts(parts, against, settings))


def measure_parts(parts: AuditParts, settings: AuditSettings, counter: TokenCounter | None) -> AuditReport:
    """Measure all figures of a split; call it with one thread, so that sums have the same order on every machine."""
    rows = sum(map(len, parts.rows.values()))
    with Stages(
        "Audit", 3 + len(parts.held_out) + len(parts.compared) + (settings.label is not None), rows=rows
    ) as stages:
        return _measured(parts, settings, counter, stages)


def _measured(parts: AuditParts, settings: AuditSettings, counter: TokenCounter | None, stages: Stages) -> AuditReport:
    stages.at("properties")
    parts, unparsable = (parts, {}) if settings.language is None else parts.parsable(settings.column, settings.language)
    if unparsable:
        counts = ", ".join(f"{count:,} of {part}" for part, count in unparsable.items())
        warn(LeftOutWarning(f"rows are left out as unparsable: {counts}"))
    series = gather_series(parts.table, settings, parts.region)
    leakage = []
    for part in parts.held_out:
        stages.at(f"leakage of {part}")
        leakage.append(_leakage(parts, part, settings))
    stages.at("distinct rows")
    components = {part: components_of(parts, part, settings) for part in (parts.train, *parts.held_out)}
    copies = tuple(count_copies(part, components[part]) for part in parts.held_out)
    distinct = {part: distinct_rows(parts, part, components[part]) for part in (parts.train, *parts.compared)}
    train, test = distinct[parts.train], distinct[parts.test]
    strength = []
    for part in parts.compared:
        stages.at(f"shift of {part}")
        strength.append(measure_strength(parts, part, train, distinct[part], series, settings))
    labels = []
    if settings.label is not None:
        stages.at("labels")
        counted = sum(one.counts for one in series)
        labels = [measure_labels(parts, part, components, settings, counted) for part in parts.held_out]
    stages.at("confounds")
    confounds = measure_confounds(series, train, test, distinct.get(parts.reference or ""))
    measured = (parts.train, *parts.compared)
    truncation = tuple(
        measure_truncation(part, parts.texts(part, settings.column), counter) for part in measured if counter
    )
    elements = [one for one in series if isinstance(one.values, ElementCounts)]
    return AuditReport(
        train=parts.train,
        test=parts.test,
        reference=parts.reference,
        sizes={part: len(rows) for part, rows in parts.rows.items()},
        settings=settings,
        leakage=tuple(leakage),
        copies=copies,
        labels=tuple(labels),
        strength=tuple(strength),
        confounds=confounds,
        atoms=tuple(measure_atoms(parts, part, one) for one in elements for part in parts.compared),
        truncation=truncation,
        unparsable=unparsable,
        verdict=judge(
            leakage=leakage,
            copies=copies,
            labels=labels,
            strength=strength,
            confounds=confounds,
            truncation=truncation,
            n_permutations=settings.n_permutations,
            thresholds=settings.thresholds,
        ),
        distributions={
            one.name: Distribution.of_numbers(
                one.name, one.values, {part: parts.rows[part] for part in measured}, one.times
            )
            for one in series
            if isinstance(one.values, np.ndarray) and one.is_number
        },
    )


def _leakage(parts: AuditParts, part: str, settings: AuditSettings) -> Leakage:
    return measure_leakage(
        parts,
        part,
        column=settings.column,
        groups=settings.groups if settings.groups is not None else parts.groups,
        near_duplicates=settings.near_duplicates,
        worst=settings.worst,
    )

"""Audit of a split in one call, which measures leakage, strength and confounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.audit.corpora import opened_corpora
from codeshift.audit.measuring import measure_parts
from codeshift.audit.overlapping import overlap_of_parts
from codeshift.audit.parts import NamedParts, column_of, manifest_of, take_parts
from codeshift.audit.report import AuditReport
from codeshift.audit.settings import AuditSettings, Thresholds
from codeshift.audit.truncation import token_counter
from codeshift.checks import check_bool
from codeshift.errors import ParameterError
from codeshift.properties import Property, PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.progress import bars

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.splitters import SplitAssignment, SplitManifest


def audit(
    splits: SplitAssignment | DatasetDict | NamedParts,
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
    near_duplicates: NearDuplicates = AuditSettings.near_duplicates,
    tokenizer: Any = None,
    tokenizer_revision: str | None = None,
    max_length: int | None = None,
    seed: int = AuditSettings.seed,
    n_permutations: int = AuditSettings.n_permutations,
    sample: int = AuditSettings.sample,
    worst: int = AuditSettings.worst,
    thresholds: Thresholds = AuditSettings.thresholds,
    num_proc: int | None = None,
    progress: bool = True,
) -> AuditReport:
    r"""Measure whether a split leaks, how strong its shift is, and what else moved with it.

    The order of rows within parts has no effect. ``docs/guides/reading-an-audit.md`` explains each figure.

    Args:
        splits: Split, a codeshift ``SplitAssignment`` or any ``DatasetDict``.
        data: Data that was assigned, if the assignment was pickled; or a ``PropertyTable`` of it, to share parses
            and other values of the rows with other audits and splits.
        column: Column that holds the code; by default that of the assignment or manifest, else ``"code"``.
        manifest: Manifest of the split, if ``splits`` are parts written by codeshift; an assignment has its own.
        language: Language of the code, or ``"column:lang"`` for the one that each row names, for properties of the
            syntax tree; by default that of the region of the assignment or manifest. Without a language these
            properties are left out.
        groups: Column whose values should not be on both sides; by default that of the assignment or manifest.
        label: Column of a classification task's labels; the report then has their mix in each part, and the rows
            whose near-duplicates have other labels. Rows without a label (None, or -1 of a ``ClassLabel``) are counted.
        against: Corpora to look for the held-out rows in, by name: datasets, streams or paths as in ``overlap``,
            such as what a model was pretrained on. They pass by in blocks; the report says what each holds.
        properties: Properties to compare between parts; by default length in three units and, with ``language``,
            tree depth, node types and API names.
        intended: Properties that the split was meant to move, which are not confounds; by default those of the
            region of the assignment or manifest.
        train: Part that models are trained on.
        test: Part whose shift is measured; by default ``"test_ood"``, or ``"test"`` if there is no such part.
        reference: In-distribution test part, with which to compare every figure; by default ``"test_id"`` if there
            is such a part.
        near_duplicates: Definition of near-duplicates, which an audit always searches for. If it names ``columns``
            (by default those that the split was bound over), the report also says what leaks by each of them, such as
            by the prompt, and by all together, and what the corpora of ``against`` hold by each.
        tokenizer: Hugging Face tokenizer, its name or path, or a function from a text to its tokens, to count the
            rows that the model's context truncates.
        tokenizer_revision: Branch, tag or commit of a tokenizer of the hub; None for the newest.
        max_length: Length of that context in tokens; by default the one that the tokenizer states.
        seed: Seed of samples, folds and permutations.
        n_permutations: Number of permutations for each p-value, at least 19 (for a property, at least 40 times the
            number of properties that count). A verdict on a shift at level .05 needs 39, since its tests share it.
        sample: Largest number of rows of each part in the two-sample tests and the nearest-row search.
        worst: Number of leaking pairs in the report.
        thresholds: Thresholds of the verdict.
        num_proc: Number of processes that compute properties, as in ``Splitter.assign``, and that search corpora,
            as in ``overlap``. A ``PropertyTable`` brings its own.
        progress: Whether to show bars on long work, unless those of ``datasets`` are turned off.

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
    settings = AuditSettings(
        column=column_of(described) if column is None else column,
        language=described.language if language is None and described is not None else language,
        groups=described.config.groups if groups is None and described is not None else groups,
        label=label,
        properties=properties,
        intended=intended,
        near_duplicates=_over_columns(near_duplicates, described),
        max_length=max_length,
        seed=seed,
        n_permutations=n_permutations,
        sample=sample,
        worst=worst,
        thresholds=thresholds,
    )
    check_bool("progress", progress)
    counter = token_counter(tokenizer, max_length, tokenizer_revision)
    corpora = None if against is None else _opened(against, settings)
    parts = take_parts(
        splits,
        data,
        described,
        column=settings.column,
        train=train,
        test=test,
        reference=reference,
        num_proc=num_proc,
    )
    # More threads would gain little here, and would sum in another order on another machine.
    with threadpool_limits(limits=1), bars(progress):
        report = measure_parts(parts, settings, counter)
        return report if corpora is None else replace(report, overlap=overlap_of_parts(parts, corpora, settings))


def _opened(against: Mapping[str, Any], settings: AuditSettings) -> dict[str, Any]:
    """Return opened corpora by name, so that what is wrong with one is known before anything is measured."""
    if not isinstance(against, Mapping) or not against:
        raise ParameterError("against", "corpora by name", against, 'such as {"pretraining": "pretraining/*.parquet"}')
    columns = settings.near_duplicates.columns_with(settings.column)
    return opened_corpora(against, columns, settings.column, None)


def _over_columns(near_duplicates: NearDuplicates, manifest: SplitManifest | None) -> NearDuplicates:
    """Return a search in the columns that a split was bound over, if it names none itself."""
    columns = () if manifest is None else manifest.config.searched_columns
    if not columns or not isinstance(near_duplicates, NearDuplicates) or near_duplicates.columns is not None:
        return near_duplicates
    return replace(near_duplicates, columns=columns)

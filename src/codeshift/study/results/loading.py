"""Loading of results from a study's folder alone, without the dataset or the model."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from codeshift.errors import ParameterError
from codeshift.marks import RowMarks
from codeshift.metrics import Metric, metric_by_name
from codeshift.study.folder.corpus_marks import CorpusMarks, MarkedPair
from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.store import StudyStore
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.results.study_results import StudyResults


def load_results(folder: str | os.PathLike[str], *, metrics: Iterable[Metric] | None = None) -> StudyResults:
    """Load the results of a study so far, also while it runs.

    Args:
        folder: Folder that the study was run in.
        metrics: Metrics of the study that cannot be loaded from ``codeshift.metrics`` by name.

    Raises:
        ParameterError: if there is no study in the folder, or a metric is not known.

    >>> load_results("runs/of-nobody")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: folder must be one that a study was run in, got 'runs/of-nobody': name the folder
    that Study.run was given
    """
    store = StudyStore(Path(folder))
    study = store.read_study()
    if study is None:
        remedy = "name the folder that Study.run was given"
        raise ParameterError("folder", "one that a study was run in", str(folder), remedy)
    stored = store.read_all_marks()
    return StudyResults(
        settings=study.settings,
        metrics=_metrics_by_name(study.settings, metrics),
        records=tuple(store.read_record(key) or RunRecord(key=key, status="pending") for key in study.keys),
        splits=_splits(store, study.settings),
        load=lambda key, part: RunScores.load(store.check_scores(key, part)),
        marks=_joined_marks(stored),
        pairs=_joined_pairs(stored),
        unmarked={marks.corpus: marks.error for marks in stored if marks.marks is None},
    )


def _joined_marks(stored: Sequence[CorpusMarks]) -> dict[int, RowMarks]:
    """Return the marks of the corpora that were searched, joined by split seed."""
    marks: dict[int, RowMarks] = {}
    for each in stored:
        if each.marks is not None:
            before = marks.get(each.split_seed)
            marks[each.split_seed] = each.marks if before is None else before.joined(each.marks)
    return marks


def _joined_pairs(stored: Sequence[CorpusMarks]) -> dict[int, tuple[MarkedPair, ...]]:
    """Return the most similar pairs of all corpora, by split seed."""
    pairs: dict[int, tuple[MarkedPair, ...]] = {}
    for each in stored:
        pairs[each.split_seed] = (*pairs.get(each.split_seed, ()), *each.pairs)
    return pairs


def _metrics_by_name(settings: StoredSettings, extra: Iterable[Metric] | None) -> dict[str, Metric]:
    by_name = {} if extra is None else {metric.name: metric for metric in extra}
    metrics = {}
    for name, language in settings.metric_languages.items():
        try:
            metric = by_name[name] if name in by_name else metric_by_name(name, language=language)
        except ParameterError as error:
            remedy = f"pass it: load_results(folder, metrics=[...]) ({error})"
            raise ParameterError(
                "metrics", f"given for {name!r}, which no name leads back to", extra, remedy
            ) from error
        metrics[name] = metric.for_labels(settings.classes) if settings.classes else metric
    return metrics


def _splits(store: StudyStore, settings: StoredSettings) -> dict[tuple[str, int], SplitFacts]:
    """Load the splits that are made so far, with the audits that are done."""
    splits = {}
    for scenario in settings.scenarios:
        for split_seed in settings.split_seeds:
            path = store.facts(scenario, split_seed)
            if path.exists():
                splits[scenario, split_seed] = replace(
                    SplitFacts.load(path),
                    audit=store.read_audit(scenario, split_seed),
                    nearest=store.read_nearest(scenario, split_seed),
                )
    return splits

"""Loading of results from a study's folder alone, without the dataset or the model."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from codeshift.errors import ParameterError
from codeshift.metrics import Metric, metric_by_name
from codeshift.study.keys import RunKey
from codeshift.study.records import RunRecord
from codeshift.study.results import StudyResults
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitAudit, SplitFacts
from codeshift.study.store import StudyStore


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
    content = store.read_study()
    if content is None:
        remedy = "name the folder that Study.run was given"
        raise ParameterError("folder", "one that a study was run in", str(folder), remedy)
    settings = content["settings"]
    keys = [RunKey(**key) for key in content["runs"]]
    records = tuple(store.read_record(key) or RunRecord(key=key, status="pending") for key in keys)
    return StudyResults(
        settings=settings | {"versions": content["versions"]},
        metrics=_metrics(settings["metrics"], metrics, settings.get("classes", ())),
        records=records,
        scenarios=tuple(settings["scenarios"]),
        splits=_splits(store, settings),
        load=lambda key, part: RunScores.load(store.check_scores(key, part)),
        sets=("test",) if settings["general"] is None else ("test", "general"),
    )


def _metrics(named: dict[str, str | None], given: Iterable[Metric] | None, classes: Sequence[str]) -> dict[str, Metric]:
    known = {} if given is None else {metric.name: metric for metric in given}
    metrics = {}
    for name, language in named.items():
        try:
            metric = known[name] if name in known else metric_by_name(name, language=language)
        except ParameterError as error:
            remedy = f"pass it: load_results(folder, metrics=[...]) ({error})"
            raise ParameterError(
                "metrics", f"given for {name!r}, which no name leads back to", given, remedy
            ) from error
        metrics[name] = metric.for_labels(classes) if classes else metric
    return metrics


def _splits(store: StudyStore, settings: dict[str, Any]) -> dict[tuple[str, int], SplitFacts]:
    """Load the splits that are made so far, with the figures of the audits that are done."""
    splits = {}
    for scenario in settings["scenarios"]:
        for split_seed in settings["split_seeds"]:
            path = store.facts(scenario, split_seed)
            if path.exists():
                figures = store.read_audit(scenario, split_seed)
                audit = None if figures is None or "error" in figures else SplitAudit.from_dict(figures)
                splits[scenario, split_seed] = replace(SplitFacts.load(path), audit=audit)
    return splits

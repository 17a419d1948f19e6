"""The demo's splits and evaluations as results of a study, so that both have one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.metrics import Metric
from codeshift.properties import PropertyTable
from codeshift.splitters import SplitAssignment, Splitter
from codeshift.study.keys import NONE, RunKey, RunRecord
from codeshift.study.results import TEST_PARTS, StudyResults
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitFacts


def run_key(scenario: str, method: str, seed: int) -> RunKey:
    """The key of an evaluation; each scenario of the demo has test rows of its own.

    >>> run_key("length", "full", 0).ood_kept, run_key("length", "none", 0).ood_kept
    (0.0, None)
    """
    if method == NONE:
        return RunKey(method=NONE, scenario=scenario)
    return RunKey(method=method, scenario=scenario, ood_kept=0.0, train_seed=seed)


def split_facts(
    name: str, meaning: str, splitter: Splitter, assignment: SplitAssignment, table: PropertyTable, manifest: str
) -> SplitFacts:
    """What the report tells of a split; its test rows are those of ``test_id``, then those of ``test_ood``."""
    rows = {part: assignment.indices(part) for part in ("train", *TEST_PARTS)}
    region = splitter.fit(table)
    first = np.arange(sum(len(rows[part]) for part in TEST_PARTS)) < len(rows["test_id"])
    return SplitFacts(
        scenario=name,
        splitter=repr(splitter),
        meaning=meaning,
        manifest=manifest,
        members={"test_id": first, "test_ood": ~first},
        sizes=assignment.sizes,
        masked=region.masked(),
        dimension=region.dimension(),
        distributions=region.distributions(table, rows),
    )


def run_scores(parts: Mapping[str, PartEvaluation], sources: Sequence[str]) -> RunScores:
    """The rows of ``test_id``, then those of ``test_ood``; ``sources`` likewise."""
    found = [parts[part] for part in TEST_PARTS]
    statistics = {name: np.concatenate([_whole(one, name) for one in found]) for name in found[0].metrics}
    return RunScores(
        [text for one in found for text in one.references],
        [text for one in found for text in one.predictions],
        statistics,
        sources,
        [None if output is None else output.finished for one in found for output in one.outputs],
    )


def _whole(part: PartEvaluation, metric: str) -> np.ndarray:
    """Statistics of all rows, NaN where a row was not scored."""
    scored = part.statistics_of(metric)
    rows = np.full((len(part.references), scored.shape[1]), np.nan)
    rows[part.scored[metric]] = scored
    return rows


def demo_results(
    scored: Mapping[RunKey, RunScores],
    steps: Mapping[RunKey, int],
    facts: Sequence[SplitFacts],
    metrics: Mapping[str, Metric],
    settings: Mapping[str, Any],
) -> StudyResults:
    """All of it as one value."""
    return StudyResults(
        settings=settings,
        metrics=metrics,
        records=tuple(RunRecord(key=key, status="done", steps=steps.get(key)) for key in scored),
        scenarios=tuple(one.scenario for one in facts),
        splits={(one.scenario, 0): one for one in facts},
        load=lambda key, part: scored[key],
    )

"""Laws that every metric obeys, as checks that any metric can be put to, including yours.

``check_metric`` runs all of them, the ``METRIC_CHECKS``. A check raises ``AssertionError`` with the law in words.
"""

from __future__ import annotations

import copy
import math
import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import codeshift.metrics
from codeshift.errors import ParameterError
from codeshift.metrics.aggregates import bootstrap_ci
from codeshift.metrics.base import CorpusScore, FloatArray, Metric, WeightedMetric, column_sums

_ROUNDING = 1e-9
# Text that occurs in datasets and model outputs, and that breaks parsers, regular expressions and encoders.
_HOSTILE = (
    "",
    " \t\r\n\v\f\x1c\u2028",
    "\0",
    "\ud800",
    "\ufeff\u202e\U0001f600e\u0301",
    "(" * 500,
    "{" * 500 + "}" * 500,
    "if ( x ) " * 200,
    "x" * 5000,
    "\"'`" * 200,
    "/*" * 200,
    "\\" * 500,
)


@dataclass(frozen=True)
class Case:
    """Metric under test, the rows to test it on, and what it promises for them."""

    metric: Metric
    predictions: list[Any]
    references: list[Any] | None
    bounds: tuple[float, float]
    identity: bool

    def score(self, rows: Sequence[int] | None = None) -> FloatArray:
        """Return the scores of all rows, or of those at these positions."""
        return self.metric.score(*self.sides(rows))

    def corpus(self, rows: Sequence[int] | None = None) -> CorpusScore:
        """Return the corpus score of all rows, or of those at these positions."""
        return self.metric.corpus(*self.sides(rows))

    def statistics(self, rows: Sequence[int] | None = None) -> FloatArray:
        """Return the statistics of all rows, or of those at these positions."""
        return self.metric.statistics(*self.sides(rows))

    def sides(self, rows: Sequence[int] | None = None) -> list[Any]:
        """Return the arguments of ``score``: predictions and, if the metric takes them, references."""
        at = range(len(self.predictions)) if rows is None else rows
        sides = [self.predictions] if self.references is None else [self.predictions, self.references]
        return [[side[i] for i in at] for side in sides]


MetricCheck = Callable[[Case], None]


def check_metric(
    metric: Metric,
    predictions: Iterable[Any],
    references: Iterable[Any] | None = None,
    *,
    bounds: tuple[float, float] | None = None,
    identity: bool = True,
    fresh_process: bool = True,
) -> None:
    """Check that ``metric`` obeys every law on these rows.

    Args:
        metric: Metric.
        predictions: At least two rows that do not all have the same score.
        references: As many references; None for a metric that takes none.
        bounds: Lowest and the highest possible score; None for the metric's own, or 0 and 1.
        identity: Whether a row that is its own reference scores best. False if the two sides are of different kinds
            (log-probabilities and ids), or if the reference plays no part. Of classes, such a row is sure of its class.
        fresh_process: Whether to compare with the scores of another process with another hash seed as well (about 2 s);
            the metric's class must then be in a module that the process can import.

    Raises:
        AssertionError: if a law is broken; the message states it.

    >>> from codeshift.metrics import EditSimilarity
    >>> check_metric(EditSimilarity(), ["return a", "x"], ["return b", "x"], fresh_process=False)
    """
    right = None if references is None else list(references)
    limits = bounds or metric.bounds or (0.0, 1.0)
    case = Case(metric, list(predictions), right, limits, identity and right is not None)
    _require(len(case.predictions) >= 2, "the checks have at least two rows to work on")
    for check in METRIC_CHECKS:
        if check is not check_fresh_process or fresh_process:
            check(case)


def check_repr(case: Case) -> None:
    """Check that a metric is a value: its repr is its specification, copies and pickles equal it, and it has a name."""
    metric = case.metric
    again = eval(repr(metric), _names_of_repr(metric))  # noqa: S307 - the repr of the metric under test
    _require(again == metric, f"eval(repr(m)) == m, but {again!r} != {metric!r}")
    _require(hash(again) == hash(metric), "equal metrics have equal hashes")
    _require(copy.deepcopy(metric) == metric, "a copy of a metric equals it")
    _require(pickle.loads(pickle.dumps(metric)) == metric, "pickling round-trips")  # noqa: S301 - own bytes
    _require(bool(metric.name) and metric.name == again.name, "a metric has a name for tables, and always the same")


def check_scores(case: Case) -> None:
    """Check that each row has one float64 score within the bounds, or NaN if undefined, and so does the corpus."""
    scores = case.score()
    _require(scores.shape == (len(case.predictions),), "there is one score a row")
    _require(scores.dtype == np.float64, "scores are float64")
    corpus = case.corpus()
    _require(_bounded(case, scores), f"scores lie in {list(case.bounds)}, or are NaN")
    _require(_bounded(case, np.array([corpus.value])), f"the corpus value lies in {list(case.bounds)}, or is NaN")
    _require(corpus.n == len(case.predictions), "n counts the rows")
    _require(all(isinstance(key, str) for key in corpus.parts), "the corpus score's parts have names")


def check_identity(case: Case) -> None:
    """Check that a row that is its own reference scores best, and so does a corpus of such rows."""
    if not case.identity:
        return
    same = _perfect_case(case)
    best = case.bounds[1 if case.metric.higher_is_better else 0]
    scores = np.append(same.score(), same.corpus().value)
    scores = scores[~np.isnan(scores)]
    _require(bool(np.allclose(scores, best, rtol=0, atol=_ROUNDING)), "a row that is its own reference scores best")


def check_order(case: Case) -> None:
    """Check that the order of rows moves the scores along, and leaves the corpus score unchanged to the last bit."""
    scores, corpus = case.score(), case.corpus()
    for order in (range(len(scores))[::-1], np.random.default_rng(1).permutation(len(scores)).tolist()):
        _require(_equal_arrays(case.score(order), scores[list(order)]), "the order of rows changes no score")
        _require(str(case.corpus(order)) == str(corpus), "the order of rows changes no bit of the corpus score")


def check_batch(case: Case) -> None:
    """Check that a row scores the same alone as among others, and the same the second time."""
    scores = case.score()
    alone = np.concatenate([case.score([i]) for i in range(len(scores))])
    _require(_equal_arrays(alone, scores), "a row scores the same alone as among others")
    _require(_equal_arrays(case.score(), scores), "the same rows score the same again")


def check_statistics(case: Case) -> None:
    """Check that row statistics are (n, d) with 1 in column 0, and give the corpus score: summed, unless weighted."""
    rows = case.statistics()
    _require(rows.ndim == 2 and len(rows) == len(case.predictions), "statistics have shape (n, d)")
    _require(bool((rows[:, 0] == 1).all()), "column 0 of the statistics is 1 in every row")
    _require(_equal_arrays(case.metric.row_scores(rows), case.score()), "statistics give the rows' scores")
    for part in (slice(None), slice(None, None, 2), slice(1, None)):
        corpus = str(case.corpus(range(len(rows))[part]))
        if not isinstance(case.metric, WeightedMetric):
            from_sums = case.metric.from_statistics(column_sums(rows[part]))
            _require(str(from_sums) == corpus, "summed statistics give the corpus score")
        _require(str(case.metric.of_rows(rows[part])) == corpus, "statistics give the corpus score")
    value = case.corpus().value
    resampled = bootstrap_ci(rows, metric=case.metric, n_resamples=2)
    _require(resampled.value == value or math.isnan(value), "the bootstrap's point estimate is the corpus score")


def check_weights(case: Case) -> None:
    """Check that a row of weight 2 is as good as two rows, a row of weight 0 as none, and each weighting by itself."""
    if not isinstance(case.metric, WeightedMetric):
        return
    rows = case.statistics()
    n = len(rows)
    weights = np.random.default_rng(2).integers(0, 3, size=(4, n)).astype(np.float64)
    weights[0] = 1.0
    values = case.metric.weighted_values(rows, weights)
    _require(values.shape == (4,), "there is one value a weighting")
    for value, counts in zip(values, weights, strict=True):
        again = np.repeat(np.arange(n), counts.astype(np.int64))
        if len(again):
            repeated = case.corpus(again.tolist()).value
            _require(_near(value, repeated), "a row counts as often as its weight")
        alone = case.metric.weighted_values(rows, counts[None, :])[0]
        _require(_near(value, alone), "a weighting has the same value alone as among others")


def check_empty(case: Case) -> None:
    """Check that no rows give scores of shape (0,) and a corpus score of NaN with n=0."""
    _require(case.score([]).shape == (0,), "no rows have scores of shape (0,)")
    nothing = case.corpus([])
    _require(math.isnan(nothing.value) and nothing.n == 0, "no rows are NaN with n=0, never 0.0")


def check_rows(case: Case) -> None:
    """Check that rows may be any iterable and stay unchanged, and that an invalid row, or one too many, is an error."""
    before = copy.deepcopy(case.sides())
    sides = case.sides()
    scores = case.metric.score(*sides)
    _require(all(_equal_rows(a, b) for a, b in zip(sides, before, strict=True)), "rows are left as they were")
    lazy = case.metric.score(*(iter(side) for side in sides))
    _require(_equal_arrays(scores, lazy), "rows may come from any iterable")
    wrong: list[tuple[Any, ...]] = [("text", *sides[1:])]
    if case.references is not None:
        wrong.append((sides[0], sides[1][:-1]))
    for arguments in wrong:
        try:
            case.metric.score(*arguments)
        except ParameterError:
            continue
        raise AssertionError("broken law: one string for all rows, or sides of different lengths, are ParameterErrors")


def check_hostile(case: Case) -> None:
    """Check that text that is not code (empty, deep, long, NUL, lone surrogates) has scores too.

    For classes: certainty about a wrong one, ties everywhere, one class only, labels that are none of the classes.
    """
    if case.metric.takes == "class_probabilities":
        check_hostile_classes(case)
        return
    if case.references is None or not all(isinstance(row, str) for row in [*case.predictions, *case.references]):
        return
    ordinary = str(case.references[0])
    predictions, references = [*_HOSTILE, *[ordinary] * len(_HOSTILE)], [*[ordinary] * len(_HOSTILE), *_HOSTILE]
    hostile = Case(case.metric, predictions, references, case.bounds, False)
    check_scores(hostile)
    check_identity(Case(case.metric, list(_HOSTILE), list(_HOSTILE), case.bounds, case.identity))


def check_hostile_classes(case: Case) -> None:
    """Check that classes that are all wrong, all alike or none of the known ones have scores within the bounds."""
    count = len(case.predictions[0])
    sure, even = np.eye(count), np.full((count, count), 1 / count)
    labelled, unlabelled = list(range(count)), [-1] * count
    for predictions, references in (
        (sure, labelled), (sure[::-1], labelled), (even, labelled),
        (sure, unlabelled), (even, [0] * count), (sure, [1] * count),
        (np.vstack([sure, even]), labelled + unlabelled),
    ):  # fmt: skip
        check_scores(Case(case.metric, list(predictions), list(references), case.bounds, False))


def check_fresh_process(case: Case) -> None:
    """Check that a fresh process with another hash seed gives the same scores to the last bit."""
    here = _outcome(case.metric, case.sides())
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = "1" if before != "1" else "2"
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            there = pool.apply(_outcome, (case.metric, case.sides()))
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before
    _require(here == there, "a fresh process gives the same scores")


METRIC_CHECKS: tuple[MetricCheck, ...] = (
    check_repr,
    check_scores,
    check_identity,
    check_order,
    check_batch,
    check_statistics,
    check_weights,
    check_empty,
    check_rows,
    check_hostile,
    check_fresh_process,
)


def _require(holds: bool, law: str) -> None:
    if not holds:
        raise AssertionError(f"broken law: {law}")


def _perfect_case(case: Case) -> Case:
    """Return the rows as their own references; of classes, with certainty about the right one."""
    references: list[Any] = case.references or []
    predictions = references
    if case.metric.takes == "class_probabilities":
        labelled = [i for i, reference in enumerate(references) if reference >= 0]
        references = [references[i] for i in labelled]
        predictions = list(np.eye(len(case.predictions[0]))[references]) if labelled else []
    return Case(case.metric, predictions, references, case.bounds, True)


def _bounded(case: Case, scores: FloatArray) -> bool:
    low, high = case.bounds
    defined = scores[~np.isnan(scores)]
    return bool(((defined >= low) & (defined <= high)).all())


def _near(left: float, right: float) -> bool:
    return bool(np.isclose(left, right, rtol=0, atol=_ROUNDING, equal_nan=True))


def _equal_arrays(left: FloatArray, right: FloatArray) -> bool:
    return bool(np.array_equal(left, right, equal_nan=True))


def _equal_rows(left: list[Any], right: list[Any]) -> bool:
    """Return whether rows are equal, including NaN in them; rows may be arrays."""
    return len(left) == len(right) and all(
        a == b if isinstance(a, str) else np.array_equal(np.asarray(a), np.asarray(b), equal_nan=_numeric(a))
        for a, b in zip(left, right, strict=True)
    )


def _numeric(row: Any) -> bool:
    return bool(np.issubdtype(np.asarray(row).dtype, np.number))


def _outcome(metric: Metric, sides: list[Any]) -> tuple[list[str], str]:
    """Return scores and corpus score as text, which distinguishes every bit and treats NaN as equal to NaN."""
    return [repr(score) for score in metric.score(*sides).tolist()], repr(metric.corpus(*sides))


def _names_of_repr(metric: Metric) -> dict[str, Any]:
    """Return the names that a repr may use: the public metrics, and the classes of the metric and of its fields."""
    names = {name: getattr(codeshift.metrics, name) for name in codeshift.metrics.__all__}
    return names | {type(value).__name__: type(value) for value in (metric, *vars(metric).values())}

"""Prior shift: how a score would change if nothing but the mix of classes moved."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.errors import ParameterError
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import (
    check_options,
    expanded,
    quantile_levels,
    quantiles,
    resampling_generator,
    without_missing,
)
from codeshift.metrics.aggregates.sample import as_sample, group_labels
from codeshift.metrics.aggregates.units import (
    Sample,
    SummedSample,
    WeightedSample,
    resampled_counts,
    sums_by_label,
    weighted_sums,
)
from codeshift.metrics.base import FloatArray, SufficientStatistics

_Labels = Sequence[Hashable] | NDArray[Any]


@dataclass(frozen=True)
class PriorShift(Estimate):
    """Change of a score that the mix of classes alone explains; ``n`` counts the in-distribution rows.

    Attributes:
        id_value: Value of the in-distribution rows.
        reweighted: Their value with the classes in the shares of the out-of-distribution rows; ``value`` is this minus
            ``id_value``.

    >>> shift = prior_shift([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"], ["b", "b", "b", "a"])
    >>> shift.id_value, shift.reweighted, shift.value
    (0.5, 0.25, -0.25)
    """

    id_value: float
    reweighted: float


def prior_shift(
    id_values: ArrayLike,
    id_classes: _Labels,
    ood_classes: _Labels,
    *,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> PriorShift:
    """Estimate how a score would change if only the classes' shares moved from in- to out-of-distribution rows.

    In-distribution rows are weighted by the share of their class among the out-of-distribution rows over that among
    themselves. What the measured gap exceeds this by is due to other programs of the same class. Scores that rank one
    class against another, such as AUROC of two classes, do not change.

    Args:
        id_values: In-distribution rows' scores, shape (n,); with ``metric``, its row statistics, shape (n, d).
        id_classes: True class of each of these rows, shape (n,).
        ood_classes: True class of each out-of-distribution row, shape (m,). Classes without an in-distribution row
            tell nothing: they are left out, and ``note`` has their share.
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage of the interval.
        n_resamples: Number of resamples, of both sides.
        seed: Seed of the resampling.

    Raises:
        ParameterError: if there are not as many classes as rows, or an option is wrong.

    Source: Saerens, Latinne and Decaestecker, Adjusting the outputs of a classifier to new a priori probabilities
    (Neural Comput. 2002); Lipton, Wang and Smola, Detecting and correcting for label shift (ICML 2018).

    >>> print(prior_shift([1.0, 0.8, 0.1, 0.3] * 10, ["a", "a", "b", "b"] * 10, ["b", "b", "b", "a"] * 5, seed=0))
    -0.175 [-0.3535, 0.02184] (95% percentile, n=40)
    """
    check_options(confidence, "percentile", n_resamples, ("percentile",))
    sample = as_sample(id_values, metric=metric, name="id_values")
    inside, outside, unseen = _sides(sample.n, id_classes, ood_classes)
    count = int(inside.max(initial=-1)) + 1
    value, reweighted, ends, lacking = sample.value, math.nan, (math.nan, math.nan), None
    if sample.n and len(outside):
        reweighting = _Reweighting(sample, inside, np.bincount(outside, minlength=count).astype(np.float64))
        reweighted = reweighting.value()
        changes, lacking = without_missing(reweighting.changes(n_resamples, resampling_generator(seed)), partial=True)
        fewest = min(sample.n, len(outside))
        if not lacking and fewest > 1:
            ends = quantiles(changes, *quantile_levels(expanded(fewest - 1, (fewest - 1) / fewest, confidence)))
    note = "; ".join(filter(None, (unseen, lacking)))
    return PriorShift(reweighted - value, *ends, sample.n, confidence, "percentile", value, reweighted, note=note)


def prior_shift_sample(rows: FloatArray, metric: SufficientStatistics) -> WeightedSample:
    """Return the rows of both sides as a sample whose value is that of ``prior_shift``, for intervals over seeds.

    Here a resample without in-distribution rows of a class leaves the class out, as the value of all rows does.

    Args:
        rows: 1 for an out-of-distribution row and 0 for others, the number of its class, and its statistics; shape
            (n, 2 + d).
        metric: Metric whose statistics they are.

    >>> from codeshift.metrics import Accuracy
    >>> right = [[0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0], [0, 1, 1, 0, 0]]
    >>> prior_shift_sample(np.array([*right, [1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], float), Accuracy()).value
    -0.5
    """
    outside = int(rows[:, 0].sum())
    changes, without_each = partial(_changes_by_mix, metric=metric), partial(_without_each, metric=metric)
    fewest = float(min(outside, len(rows) - outside))
    return WeightedSample(rows, changes, without_of=without_each, trials=fewest, partial=True)


def _outside_and_inside(
    rows: FloatArray, metric: SufficientStatistics
) -> tuple[NDArray[np.bool_], NDArray[np.int64], Sample, FloatArray]:
    """Return which rows lie outside, each row's class from 0, the sample of the others, and their classes by column."""
    outside = rows[:, 0] > 0
    classes = np.unique(rows[:, 1], return_inverse=True)[1].reshape(-1).astype(np.int64)
    of_classes = np.eye(int(classes.max(initial=0)) + 1)[classes]
    return outside, classes, as_sample(rows[~outside, 2:], metric=metric), of_classes


def _changes_by_mix(rows: FloatArray, weights: FloatArray, metric: SufficientStatistics) -> FloatArray:
    """Return the change of the in-distribution score by the mix of classes for each row of weights, shape (r,)."""
    outside, classes, sample, of_classes = _outside_and_inside(rows, metric)
    inside = weights[:, ~outside]
    seen = weighted_sums(inside, of_classes[~outside]) > 0
    priors = weighted_sums(weights[:, outside], of_classes[outside]) * seen
    return _valued(sample, _weights(inside, priors, classes[~outside])) - _valued(sample, inside)


def _without_each(rows: FloatArray, metric: SufficientStatistics) -> FloatArray | None:
    """Return the change without each row in turn, shape (n,), from sums by class; None if there are no such sums."""
    outside, classes, sample, of_classes = _outside_and_inside(rows, metric)
    if not isinstance(sample, SummedSample) or not sample.n:
        return None
    own, others = of_classes[~outside].sum(axis=0), of_classes[outside].sum(axis=0)
    present = own > 0
    sums = np.zeros((len(own), sample.rows.shape[1]))
    sums[present] = sums_by_label(sample.rows, classes[~outside])
    factors = np.divide(others, own, out=np.zeros_like(own), where=present)
    weighted, plain = weighted_sums(factors[None, :], sums)[0], sums.sum(axis=0)
    values = np.empty(len(rows))

    of_row = classes[~outside]
    left = own[of_row] - 1
    smaller = np.divide(others[of_row], left, out=np.zeros_like(left), where=left > 0)[:, None]
    without = weighted + smaller * (sums[of_row] - sample.rows) - (factors[:, None] * sums)[of_row]
    values[~outside] = sample.values_of(without) - sample.values_of(plain - sample.rows)

    fewer = np.divide(others - 1, own, out=np.zeros_like(own), where=present)
    of_class = sample.values_of(weighted + (fewer - factors)[:, None] * sums) - sample.values_of(plain[None, :])
    values[outside] = of_class[classes[outside]]
    return values


def _sides(n: int, id_classes: _Labels, ood_classes: _Labels) -> tuple[NDArray[np.int64], NDArray[np.int64], str]:
    """Return the number of the class of each row, shapes (n,) and (m,), and what is said of the rows left out.

    Raises:
        ParameterError: if there are not ``n`` in-distribution classes.
    """
    numbers = group_labels([*id_classes, *ood_classes], len(id_classes) + len(ood_classes), "id_classes")
    assert numbers is not None  # noqa: S101 - there are labels
    if len(id_classes) != n:
        remedy = "give as many classes as rows"
        raise ParameterError("id_classes", f"one class for each of {n} rows", len(id_classes), remedy)
    inside, outside = numbers[:n], numbers[n:]
    seen = outside <= inside.max(initial=-1)  # classes are numbered in order of appearance
    unseen = len(outside) - int(seen.sum())
    note = f"{unseen} of {len(outside)} rows are of classes without an in-distribution row" if unseen else ""
    return inside, outside[seen], note


class _Reweighting:
    """Score of in-distribution rows whose classes have the shares of other rows.

    Args:
        sample: In-distribution rows.
        classes: Class of each of them, shape (n,).
        prior: Number of other rows of each class, shape (classes,).
    """

    def __init__(self, sample: Sample, classes: NDArray[np.int64], prior: FloatArray) -> None:
        order = np.lexsort([*sample.rows.T, classes])  # the order of rows changes nothing
        self._sample, self._classes, self._prior = replace(sample, rows=sample.rows[order]), classes[order], prior

    def value(self) -> float:
        """Return the score."""
        ones = np.ones((1, self._sample.n))
        return float(_valued(self._sample, _weights(ones, self._prior[None, :], self._classes))[0])

    def changes(self, n_resamples: int, rng: np.random.Generator) -> FloatArray:
        """Return how much the score changes in each resample of both sides, shape (n_resamples,)."""
        changes = []
        others, shares = int(self._prior.sum()), self._prior / self._prior.sum()
        for counts in resampled_counts(self._sample.n, n_resamples, rng):
            priors = rng.multinomial(others, shares, size=len(counts)).astype(np.float64)
            weights = _weights(counts, priors, self._classes)
            changes.append(_valued(self._sample, weights) - _valued(self._sample, counts))
        return np.concatenate(changes)


def _valued(sample: Sample, weights: FloatArray) -> FloatArray:
    """Return the score of rows for each row of weights, shape (r,); NaN where a weight is."""
    values, defined = np.full(len(weights), np.nan), ~np.isnan(weights).any(axis=1)
    if defined.any() and isinstance(sample, WeightedSample):
        values[defined] = sample.values_of(sample.rows, weights[defined])
    elif defined.any() and isinstance(sample, SummedSample):
        values[defined] = sample.values_of(weighted_sums(weights[defined], sample.rows))
    return values


def _weights(counts: FloatArray, priors: FloatArray, classes: NDArray[np.int64]) -> FloatArray:
    """Return the weight of each row for each resample, shape (r, n); NaN where a class is needed and lacks.

    Args:
        counts: How often each row is drawn, shape (r, n).
        priors: Wanted rows of each class, shape (r, classes).
        classes: Class of each row, shape (n,).
    """
    drawn = weighted_sums(counts, np.eye(priors.shape[1])[classes])
    factors = np.divide(priors, drawn, out=np.zeros_like(priors), where=drawn > 0)
    lacking = ((drawn == 0) & (priors > 0)).any(axis=1)
    weights = counts * factors[:, classes]
    weights[lacking] = np.nan
    return weights

"""Scores by group, and the group with the worst score."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_bool, check_integer
from codeshift.errors import ParameterError
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import bootstrap_interval
from codeshift.metrics.aggregates.sample import as_sample, group_labels, within
from codeshift.metrics.base import SufficientStatistics


@dataclass(frozen=True)
class WorstGroup:
    """Group with the worst value.

    Attributes:
        group: Label of the group; None if no group has enough rows.
        estimate: Group's value, interval and number of rows.

    >>> worst = worst_group([1.0, 0.0, 1.0, 0.0], ["java", "go", "java", "go"], min_rows=2)
    >>> worst.group, worst.estimate.value
    ('go', 0.0)
    """

    group: Hashable
    estimate: Estimate


def grouped(
    values: ArrayLike,
    groups: Iterable[Hashable] | Mapping[Any, ArrayLike],
    *,
    weights: ArrayLike | None = None,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    method: str = "percentile",
    n_resamples: int = 2000,
    seed: int = 0,
    nan_policy: str = "propagate",
    units: Sequence[Hashable] | NDArray[Any] | None = None,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> dict[Any, Estimate]:
    """Estimate the value and interval of each group of rows.

    Args:
        values: One score per row, shape (n,); with ``metric``, that metric's row statistics, shape (n, d).
        groups: One label per row, or a mapping from label to a boolean mask of shape (n,). Masks may overlap; an empty
            mask gives NaN with n=0.
        weights: One weight per row, as in ``bootstrap_ci``.
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage of each group's interval; intervals are not corrected for their number.
        method: Kind of interval, ``"percentile"`` or ``"BCa"``.
        n_resamples: Number of resamples of each group's bootstrap.
        seed: Seed of each group's bootstrap.
        nan_policy: Treatment of NaN, as in ``mean``.
        units: One label per row; rows of one label are resampled together, as with ``groups`` in ``bootstrap_ci``.
        bounds: Lowest and the highest score, as in ``bootstrap_ci``; they apply to the scores of all groups, or to
            none.

    Returns:
        One estimate per group: masks in the order given, labels sorted.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    >>> for group, estimate in grouped([1.0, 0.0, 1.0], ["java", "java", "go"]).items():
    ...     print(group, estimate)
    go 1 (no interval: n=1)
    java 0.5 [0, 1] (95% percentile, n=2)
    """
    rows = np.asarray(values, dtype=np.float64)
    w = None if weights is None else np.asarray(weights, dtype=np.float64)
    labels = group_labels(units, len(rows), "units")
    bounds = within(bounds, rows) if metric is None else bounds
    estimates = {}
    for label, mask in _masks(groups, len(rows)).items():
        part = None if w is None else w[mask]
        alike = None if labels is None else labels[mask]
        sample = as_sample(rows[mask], weights=part, metric=metric, nan_policy=nan_policy, groups=alike, bounds=bounds)
        estimates[label] = bootstrap_interval(
            sample, confidence=confidence, method=method, n_resamples=n_resamples, seed=seed
        )
    return estimates


def worst_group(
    values: ArrayLike,
    groups: Iterable[Hashable] | Mapping[Any, ArrayLike],
    *,
    higher_is_better: bool | None = None,
    min_rows: int = 1,
    **options: Any,
) -> WorstGroup:
    """Return the group with the lowest value (the highest if lower is better); empty groups do not count.

    The worst of many groups looks worse than it is, the more so the smaller they are: its interval is not corrected for
    the choice. ``min_rows`` leaves out groups whose value is mostly noise.

    Args:
        values: Row scores or statistics, as in ``grouped``.
        groups: Labels or masks, as in ``grouped``.
        higher_is_better: Whether a high value is good; by default as ``metric`` says, or True without a metric.
        min_rows: Lowest number of rows of a group that counts.
        **options: Other arguments of ``grouped``.

    Returns:
        The group; if no group counts, ``group=None`` and an estimate of NaN with n=0.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    >>> worst = worst_group([1.0, 0.0, 1.0], ["java", "java", "go"])
    >>> worst.group, worst.estimate.value, worst.estimate.n
    ('java', 0.5, 2)
    """
    check_integer("min_rows", min_rows, smallest=1, remedy="leave it out to take every group with a row")
    estimates = {g: e for g, e in grouped(values, groups, **options).items() if e.n >= min_rows}
    defined = {g: e for g, e in estimates.items() if not math.isnan(e.value)}
    if not defined:
        confidence, method = options.get("confidence", 0.95), options.get("method", "percentile")
        return WorstGroup(None, Estimate(math.nan, math.nan, math.nan, 0, confidence, method))
    if higher_is_better is not None:
        check_bool("higher_is_better", higher_is_better)
    else:
        higher_is_better = getattr(options.get("metric"), "higher_is_better", True)
    sign = 1 if higher_is_better else -1
    group = min(defined, key=lambda g: sign * defined[g].value)
    return WorstGroup(group, defined[group])


def _masks(groups: Iterable[Hashable] | Mapping[Any, ArrayLike], n: int) -> dict[Any, np.ndarray]:
    if isinstance(groups, Mapping):
        masks = {label: np.asarray(mask) for label, mask in groups.items()}
        for label, mask in masks.items():
            if mask.shape != (n,) or mask.dtype != bool:
                constraint = f"a boolean mask of shape ({n},)"
                raise ParameterError(f"groups[{label!r}]", constraint, mask, "give one truth value a row")
        return masks
    labels = list(groups)
    if len(labels) != n:
        raise ParameterError("groups", f"one label for each of {n} rows", len(labels), "give as many labels as rows")
    places: dict[Any, list[int]] = {}
    for i, label in enumerate(labels):
        places.setdefault(label, []).append(i)
    return {label: _mask_of(places[label], n) for label in _sorted(places)}


def _sorted(labels: Iterable[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:  # labels of several types
        return sorted(labels, key=lambda label: (str(label), repr(label)))


def _mask_of(places: list[int], n: int) -> np.ndarray:
    mask = np.zeros(n, dtype=bool)
    mask[places] = True
    return mask

"""Distances between the distributions of one property in two samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.audit.rounding import SLACK
from codeshift.audit.settings import check_permutations
from codeshift.defaults import N_PERMUTATIONS
from codeshift.formatting import fixed
from codeshift.hashing import generator
from codeshift.properties.labels import typed_text
from codeshift.properties.progress import progress_bar

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BINS = 20
_ROUNDING = 1e-12  # bits; the square root would make rounding errors visible
_CELLS = 1 << 19  # numbers of an array while permuting: few enough for a processor's cache
_KEPT = 1 << 24  # rows of all permutations that are kept for several properties


def standardised_effect(first: np.ndarray, second: np.ndarray) -> float:
    """Return the difference of the means of two samples in standard deviations, positive if the second is larger.

    ``(mean2 - mean1) / sqrt((var1 + var2) / 2)``, with population variances. It is Cohen's d (.2 small, .5 medium, .8
    large), and for numbers that are 0 or 1 the same formula compares shares. NaN if a sample is empty; infinite if
    neither sample varies and the means differ.

    Sources: Cohen, Statistical Power Analysis (1988); Austin, Statistics in Medicine 28 (2009), for shares.

    Args:
        first: Numbers of the first sample, of shape ``(n,)``.
        second: Numbers of the second sample, of shape ``(m,)``.

    >>> standardised_effect(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    1.0
    """
    if not len(first) or not len(second):
        return math.nan
    return scaled_effect(first.mean(), second.mean(), (first.var() + second.var()) / 2)


def effect_words(value: float) -> str:
    """Format a standardised effect; if neither part varies, it has a direction only.

    >>> effect_words(0.914), effect_words(float("-inf")), effect_words(float("nan"))
    ('+0.91', 'lower in every row', '-')
    """
    if math.isinf(value):
        return f"{'higher' if value > 0 else 'lower'} in every row"
    return "-" if math.isnan(value) else fixed(value, 2, signed=True)


def presence_effects(first: csr_matrix, second: csr_matrix) -> np.ndarray:
    """Return the standardised effect of the share of rows that contain each element: floats of shape ``(elements,)``.

    Args:
        first: Element counts of the first sample, of shape ``(n, elements)``.
        second: Element counts of the second sample, of shape ``(m, elements)``.
    """
    if not first.shape[0] or not second.shape[0]:
        return np.full(first.shape[1], np.nan)
    before, after = (np.bincount(m.indices, minlength=m.shape[1]) / m.shape[0] for m in (first, second))
    variance = (before * (1 - before) + after * (1 - after)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        effects = (after - before) / np.sqrt(variance)
    return np.where(after == before, 0.0, effects)


def wasserstein(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Wasserstein-1 ("earth mover's") distance, in the property's own unit; NaN if a sample is empty.

    Args:
        first: Numbers of the first sample, of shape ``(n,)``.
        second: Numbers of the second sample, of shape ``(m,)``.

    >>> wasserstein(np.array([0.0, 1.0]), np.array([5.0, 6.0]))
    5.0
    """
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(first, second)) if len(first) and len(second) else math.nan


def memberships(values: np.ndarray) -> csr_matrix:
    """Assign each row to a bin: a matrix with one 1 per row, of shape ``(n, bins)``.

    Numbers are cut at the 20-quantiles of all rows together (so that the cuts do not depend on the samples), which
    gives at most 20 bins; labels, which are objects, have one bin each.

    >>> memberships(np.array(["java", "go", "java"], dtype=object)).toarray().tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    if values.dtype == object:
        keys = np.array(list(map(typed_text, values)), dtype=object)
        _, bins = np.unique(keys, return_inverse=True)
    else:
        cuts: np.ndarray = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(values) else values
        bins = np.searchsorted(cuts, values, side="left")
    return one_hot(bins)


def one_hot(bins: np.ndarray) -> csr_matrix:
    """Return a matrix with one 1 per row, at the row's bin, of shape ``(n, bins)``.

    >>> one_hot(np.array([1, 0])).toarray().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    from scipy.sparse import csr_matrix

    width = int(bins.max(initial=0)) + 1
    return csr_matrix((np.ones(len(bins)), (np.arange(len(bins)), bins)), shape=(len(bins), width))


def jensen_shannon(
    counts: csr_matrix, is_second: np.ndarray, *, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> tuple[float, float]:
    """Return the Jensen-Shannon distance of the contents of two samples, and its p-value by permuting rows.

    The distance is the square root of the divergence to the base 2: 0 for equal distributions, 1 for those that share
    nothing. For small samples it is above 0 even without any shift, which the p-value takes into account.

    Source: Lin, Divergence measures based on the Shannon entropy (IEEE Trans. Inf. Theory 1991); Endres and Schindelin
    (2003) for the root.

    Args:
        counts: Counts of k values or elements in each row, of shape ``(n, k)``.
        is_second: Whether each row is in the second sample: booleans of shape ``(n,)``.
        n_permutations: Number of permutations, at least 19.
        seed: Seed of the permutations.

    Returns:
        The distance and the p-value; NaN if a sample contains nothing.

    Raises:
        ParameterError: if there are too few permutations.

    >>> distance, p_value = jensen_shannon(memberships(np.repeat([1.0, 2.0], 30)), np.repeat([False, True], 30))
    >>> distance, p_value < 0.05
    (1.0, True)
    """
    return permuted_jensen_shannon(counts, PermutedSamples(is_second, n_permutations, seed))


class PermutedSamples:
    """Permutations of which rows are in the second sample, drawn once for all properties of the same rows.

    Args:
        is_second: Whether each row is in the second sample: booleans of shape ``(n,)``.
        n_permutations: Number of permutations, at least 19.
        seed: Seed of the permutations.

    Raises:
        ParameterError: if there are too few permutations.
    """

    def __init__(self, is_second: np.ndarray, n_permutations: int, seed: int) -> None:
        check_permutations(n_permutations)
        self.is_second, self.n_permutations, self._seed = is_second, n_permutations, seed
        self._kept: np.ndarray | None = None

    def blocks(self, step: int) -> Iterator[np.ndarray]:
        """Yield floats of shape ``(n, step)``, the last ones of fewer columns: 1 in the second sample, else 0."""
        if self._kept is None and len(self.is_second) * self.n_permutations <= _KEPT:
            [self._kept] = self._drawn(self.n_permutations)
        if self._kept is None:
            blocks = self._drawn(step)
        else:
            blocks = (self._kept[:, start : start + step] for start in range(0, self.n_permutations, step))
        return (block.astype(np.float64, order="C") for block in blocks)

    def _drawn(self, step: int) -> Iterator[np.ndarray]:
        rng = generator(self._seed, "jensen-shannon")
        for start in range(0, self.n_permutations, step):
            columns = [rng.permutation(self.is_second) for _ in range(min(step, self.n_permutations - start))]
            yield np.stack(columns, axis=1)


def permuted_jensen_shannon(counts: csr_matrix, samples: PermutedSamples) -> tuple[float, float]:
    """Return what ``jensen_shannon`` does, with permutations that other properties of the rows share."""
    # Columns without counts add nothing, but would change the last digits through the order of sums.
    counts = counts[:, np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]))]
    observed = float(_distances(counts, samples.is_second[:, None].astype(np.float64))[0])
    if math.isnan(observed):
        return math.nan, math.nan
    hits = 0
    step = max(1, _CELLS // max(counts.shape[0], counts.shape[1], 1))
    with progress_bar("Jensen-Shannon distance", samples.n_permutations, "permutation") as bar:
        for second in samples.blocks(step):
            # NaN, from a permuted sample without counts, is not a hit.
            hits += int((_distances(counts, second) >= observed - SLACK).sum())
            bar.update(second.shape[1])
    return observed, (1 + hits) / (1 + samples.n_permutations)


def _distances(counts: Any, second: np.ndarray) -> np.ndarray:
    """Return the distance for each column of 0 and 1, which marks the second sample."""
    of_second = counts.T @ second
    of_first = np.asarray(counts.sum(axis=0)).reshape(-1, 1) - of_second
    first_sum, second_sum = of_first.sum(axis=0), of_second.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = of_first / first_sum, of_second / second_sum
    divergence = _entropies((p + q) / 2) - (_entropies(p) + _entropies(q)) / 2
    bits = np.clip(divergence / np.log(2), 0.0, 1.0)
    distances = np.sqrt(np.where(bits < _ROUNDING, 0.0, bits))
    return np.where((first_sum == 0) | (second_sum == 0), np.nan, distances)


def _entropies(shares: np.ndarray) -> np.ndarray:
    """Return the entropy of each column in nats; several times faster than ``scipy.special.entr``."""
    terms = np.log(np.maximum(shares, np.finfo(np.float64).tiny))  # 0 log 0 is 0
    terms *= shares
    entropies: np.ndarray = -terms.sum(axis=0)
    return entropies


def scaled_effect(before: float, after: float, variance: float) -> float:
    """Return the difference of two means in standard deviations; infinite if nothing varies and they differ."""
    if before == after:
        return 0.0
    return float((after - before) / math.sqrt(variance)) if variance > 0 else math.copysign(math.inf, after - before)

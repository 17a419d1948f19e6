"""Logistic regressions of the folds of cross-validations, fitted together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

GRADIENT_TOLERANCE = 1e-4
"""Largest gradient of a fit that has converged, as in scikit-learn, like the penalty (``C=1``)."""
MOST_STEPS = 100
_SUFFICIENT = 2.0**-11  # share of the promised decrease of the loss that a step must reach
_HALVINGS = 20
_MOST_CELLS = 1 << 24  # products of columns that are kept: 128 MiB


def held_out_scores(rows: np.ndarray, labels: np.ndarray, held_out: np.ndarray) -> list[np.ndarray]:
    """Score the rows of each fold by a logistic regression that is fitted on the rows of the other folds.

    Args:
        rows: Vectors, of shape ``(n, d)``.
        labels: Class of each row, 0 or 1, of shape ``(n,)``; both are present outside each fold.
        held_out: Whether a fold holds a row, of shape ``(folds, n)``.

    Returns:
        For each fold the scores of its rows, in their order: log-odds without the intercept.

    >>> rows, labels = np.array([[-2.0], [-1.0], [1.0], [2.0]] * 2), np.array([0, 0, 1, 1] * 2)
    >>> folds = np.arange(8) < 4
    >>> [scores.argsort().tolist() for scores in held_out_scores(rows, labels, np.stack([folds, ~folds]))]
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    return HeldOutScores(rows).of(np.broadcast_to(labels, held_out.shape), held_out)


class HeldOutScores:
    """Logistic regressions on the same vectors, each with its own labels and held-out rows.

    It is Newton's method on the loss of scikit-learn's ``LogisticRegression``, and a step computes what all fits have
    in common once: a fit of a hundred rows takes far less time than scikit-learn takes to check its arguments. Those
    that fail, such as on vectors of huge length, are fitted by scikit-learn.

    Args:
        rows: Vectors, of shape ``(n, d)``.
        many: Whether many fits follow, for which products of columns are worth keeping, if they are not too large.
    """

    def __init__(self, rows: np.ndarray, *, many: bool = False) -> None:
        self._rows = rows
        self._design = np.column_stack([rows, np.ones(len(rows))])
        self._products = _Products(self._design) if many and _Products.cells(self._design) <= _MOST_CELLS else None

    def of(self, labels: np.ndarray, held_out: np.ndarray) -> list[np.ndarray]:
        """Return the scores of each fit's held-out rows, in the order of the rows: log-odds without the intercept.

        Args:
            labels: Class of each row in each fit, 0 or 1, of shape ``(fits, n)``; both are present in each fit.
            held_out: Whether a fit leaves out a row and scores it, of shape ``(fits, n)``.
        """
        weights, converged = _newton(_Problem(self._design, labels, ~held_out, self._products))
        for fit in np.flatnonzero(~converged).tolist():
            fitted = ~held_out[fit]
            weights[fit, :-1] = _by_scikit_learn(self._rows[fitted], labels[fit, fitted])
        return [self._rows[tested] @ of_fit[:-1] for tested, of_fit in zip(held_out, weights, strict=True)]


def _newton(problem: _Problem) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of each fit, the intercept last, of shape ``(fits, d + 1)``, and which have converged."""
    fits, width = problem.penalties.shape
    weights, converged = np.zeros((fits, width)), np.zeros(fits, dtype=bool)
    active = np.arange(fits)
    at = problem.at(weights, active)
    for _ in range(MOST_STEPS):
        hessians = problem.hessians(at.other, active)
        try:
            step = -np.linalg.solve(hessians, at.gradients[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        decrement = (step[:, None, :] @ hessians @ step[:, :, None])[:, 0, 0] / 2
        sizes, at = _stepped(problem, weights[active], step, at, active)
        weights[active] += sizes[:, None] * step
        reached = np.abs(at.gradients).max(axis=1) <= GRADIENT_TOLERANCE
        converged[active[reached & (decrement <= GRADIENT_TOLERANCE) & (sizes > 0)]] = True
        unfinished = (sizes > 0) & ~converged[active]
        active, at = active[unfinished], _Point(*(values[unfinished] for values in at))
        if not len(active):
            break
    return weights, converged


def _stepped(
    problem: _Problem, weights: np.ndarray, step: np.ndarray, before: _Point, fits: np.ndarray
) -> tuple[np.ndarray, _Point]:
    """Return for each fit the first of 1, 1/2, 1/4 ... at which its loss falls enough (0 if none), and where it leads.

    Near the minimum the loss falls by less than its rounding error: such a step is taken.
    """
    slope = (before.gradients * step).sum(axis=1)
    least = 16 * np.finfo(float).eps * np.abs(before.losses)
    sizes = np.ones(len(fits))
    for _ in range(_HALVINGS):
        after = problem.at(weights + sizes[:, None] * step, fits)
        change = after.losses - before.losses
        enough = (change <= _SUFFICIENT * sizes * slope) | (np.abs(change) <= least)
        if enough.all():
            return sizes, after
        sizes[~enough] /= 2
    return np.where(enough, sizes, 0.0), after


class _Point(NamedTuple):
    """What a problem is at some weights: each fit's loss and gradient, and each row's chance of the other class."""

    losses: np.ndarray
    gradients: np.ndarray
    other: np.ndarray


class _Problem:
    """The penalised loss of each fit, a function of its weights, and its derivatives."""

    def __init__(
        self, design: np.ndarray, labels: np.ndarray, fitted: np.ndarray, products: _Products | None = None
    ) -> None:
        self.design = design
        self.products = products
        self.signs = np.where(labels, 1.0, -1.0)
        self.shares = fitted / fitted.sum(axis=1, keepdims=True)
        self.penalties = np.outer(1 / fitted.sum(axis=1), np.arange(design.shape[1]) < design.shape[1] - 1)

    def at(self, weights: np.ndarray, fits: np.ndarray) -> _Point:
        """Return the losses, gradients and chances of some fits."""
        signs, shares, penalties = (of_fits[fits] for of_fits in (self.signs, self.shares, self.penalties))
        margins = weights @ self.design.T
        margins *= signs
        small = np.exp(-np.abs(margins))
        sums = 1 + small
        other = np.where(margins >= 0, small, 1.0)
        other /= sums
        of_rows = np.log(sums)  # the loss is ln(1 + exp(-margin))
        of_rows -= np.minimum(margins, 0)
        of_rows *= shares
        losses = of_rows.sum(axis=1) + (penalties * weights**2).sum(axis=1) / 2
        signs *= shares
        signs *= other
        return _Point(losses, penalties * weights - signs @ self.design, other)

    def hessians(self, other: np.ndarray, fits: np.ndarray) -> np.ndarray:
        """Return the matrix of second derivatives of some fits' losses, of shape ``(fits, d + 1, d + 1)``."""
        curvatures = other * (1 - other)
        curvatures *= self.shares[fits]
        if self.products is None:
            hessians = np.stack([self.design.T @ (of_fit[:, None] * self.design) for of_fit in curvatures])
        else:
            hessians = self.products.weighted(curvatures)
        diagonal = np.arange(hessians.shape[1])
        hessians[:, diagonal, diagonal] += self.penalties[fits]
        return hessians


class _Products:
    """Products of each two columns of a design, row by row: a weighted sum of them for many fits is one product."""

    def __init__(self, design: np.ndarray) -> None:
        width = design.shape[1]
        self._products = np.empty((len(design), width * (width + 1) // 2))
        self._places = np.empty((width, width), dtype=np.int64)
        start = 0
        for column in range(width):
            stop = start + width - column
            np.multiply(design[:, column, None], design[:, column:], out=self._products[:, start:stop])
            self._places[column, column:] = self._places[column:, column] = np.arange(start, stop)
            start = stop

    @staticmethod
    def cells(design: np.ndarray) -> int:
        """Return the number of products."""
        rows, width = design.shape
        return int(rows * width * (width + 1) // 2)

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """Return ``design.T @ diag(w) @ design`` for each row of weights."""
        return np.asarray((weights @ self._products)[:, self._places])


def _by_scikit_learn(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    weights: np.ndarray = LogisticRegression(solver="newton-cholesky").fit(rows, labels).coef_[0]
    return weights

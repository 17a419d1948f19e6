"""Logistic regressions of all folds of a cross-validation, fitted together."""

from __future__ import annotations

import numpy as np

GRADIENT_TOLERANCE = 1e-4
"""Largest gradient of a fit that has converged, as in scikit-learn, like the penalty (``C=1``)."""
MOST_STEPS = 100
_SUFFICIENT = 2.0**-11  # share of the promised decrease of the loss that a step must reach
_HALVINGS = 20


def held_out_scores(rows: np.ndarray, labels: np.ndarray, held_out: np.ndarray) -> list[np.ndarray]:
    """Score the rows of each fold by a logistic regression that is fitted on the rows of the other folds.

    It is Newton's method on the loss of scikit-learn's ``LogisticRegression``, and a step computes what all folds have
    in common once: a fit of a hundred rows takes far less time than scikit-learn takes to check its arguments. Folds on
    which it fails, such as those of vectors of huge length, are fitted by scikit-learn.

    Args:
        rows: the vectors, of shape ``(n, d)``.
        labels: the class of each row, 0 or 1, of shape ``(n,)``; both are present outside each fold.
        held_out: whether a fold holds a row, of shape ``(folds, n)``.

    Returns:
        For each fold the scores of its rows, in their order: log-odds without the intercept.

    >>> rows, labels = np.array([[-2.0], [-1.0], [1.0], [2.0]] * 2), np.array([0, 0, 1, 1] * 2)
    >>> folds = np.arange(8) < 4
    >>> [scores.argsort().tolist() for scores in held_out_scores(rows, labels, np.stack([folds, ~folds]))]
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    weights, converged = _newton(rows, labels, ~held_out)
    scores = []
    for fold, tested in enumerate(held_out):
        fold_weights = weights[fold, :-1] if converged[fold] else _by_scikit_learn(rows[~tested], labels[~tested])
        scores.append(rows[tested] @ fold_weights)
    return scores


def _newton(rows: np.ndarray, labels: np.ndarray, fitted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of each fold, the intercept last, of shape ``(folds, d + 1)``, and which have converged."""
    design = np.column_stack([rows, np.ones(len(rows))])
    problem = _Problem(design, labels, fitted)
    weights, converged = np.zeros((len(fitted), design.shape[1])), np.zeros(len(fitted), dtype=bool)
    active = np.arange(len(fitted))
    for _ in range(MOST_STEPS):
        gradient, hessian = problem.derivatives(weights[active], active)
        try:
            step = -np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        size = problem.step_sizes(weights[active], step, (gradient * step).sum(axis=1), active)
        weights[active] += size[:, None] * step
        reached = np.abs(problem.gradient(weights[active], active)).max(axis=1) <= GRADIENT_TOLERANCE
        decrement = np.einsum("ki,kij,kj->k", step, hessian, step) / 2
        converged[active[reached & (decrement <= GRADIENT_TOLERANCE) & (size > 0)]] = True
        active = active[(size > 0) & ~converged[active]]
        if not len(active):
            break
    return weights, converged


class _Problem:
    """The penalised loss of each fold, a function of its weights, and its derivatives."""

    def __init__(self, design: np.ndarray, labels: np.ndarray, fitted: np.ndarray) -> None:
        self.design = design
        self.labels = labels
        self.shares = fitted / fitted.sum(axis=1, keepdims=True)
        self.penalties = np.outer(1 / fitted.sum(axis=1), np.arange(design.shape[1]) < design.shape[1] - 1)

    def losses(self, weights: np.ndarray, folds: np.ndarray) -> np.ndarray:
        """Return the loss of each fold."""
        odds = weights @ self.design.T
        of_rows = np.logaddexp(0, odds) - self.labels * odds
        losses: np.ndarray = (self.shares[folds] * of_rows).sum(axis=1)
        losses += (self.penalties[folds] * weights**2).sum(axis=1) / 2
        return losses

    def gradient(self, weights: np.ndarray, folds: np.ndarray) -> np.ndarray:
        """Return the gradient of each fold's loss."""
        return self._gradient_of(_expit(weights @ self.design.T), weights, folds)

    def _gradient_of(self, chances: np.ndarray, weights: np.ndarray, folds: np.ndarray) -> np.ndarray:
        residuals = self.shares[folds] * (chances - self.labels)
        gradient: np.ndarray = residuals @ self.design + self.penalties[folds] * weights
        return gradient

    def derivatives(self, weights: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient and the matrix of second derivatives of each fold's loss."""
        chances = _expit(weights @ self.design.T)
        curvatures = self.shares[folds] * chances * (1 - chances)
        hessian = np.stack([self.design.T @ (of_fold[:, None] * self.design) for of_fold in curvatures])
        diagonal = np.arange(hessian.shape[1])
        hessian[:, diagonal, diagonal] += self.penalties[folds]
        return self._gradient_of(chances, weights, folds), hessian

    def step_sizes(self, weights: np.ndarray, step: np.ndarray, slope: np.ndarray, folds: np.ndarray) -> np.ndarray:
        """Return for each fold the first of 1, 1/2, 1/4 ... at which its loss falls enough, and 0 if it does at none.

        Near the minimum the loss falls by less than its rounding error: such a step is taken.
        """
        before = self.losses(weights, folds)
        least = 16 * np.finfo(float).eps * np.abs(before)
        sizes = np.ones(len(folds))
        for _ in range(_HALVINGS):
            change = self.losses(weights + sizes[:, None] * step, folds) - before
            enough = (change <= _SUFFICIENT * sizes * slope) | (np.abs(change) <= least)
            if enough.all():
                return sizes
            sizes[~enough] /= 2
        return np.where(enough, sizes, 0.0)


def _expit(odds: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    chances: np.ndarray = expit(odds)
    return chances


def _by_scikit_learn(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    weights: np.ndarray = LogisticRegression(solver="newton-cholesky").fit(rows, labels).coef_[0]
    return weights

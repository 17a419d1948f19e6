"""The folds' logistic regressions are those of scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from codeshift.audit.logistic import held_out_scores


@pytest.mark.parametrize(
    ("rows", "columns", "scale", "power"),
    [
        (45, 5, 0.0, 1),
        (80, 40, 0.2, 1),
        (60, 3, 1.0, 3),  # a whole step of Newton's leads away, but a shorter one does not
        (60, 3, 1e17, 1),  # no step leads on
    ],
)
def test_scores_are_those_of_scikit_learn(rows: int, columns: int, scale: float, power: int) -> None:
    """Fitted fold by fold on the same rows, it gives the same scores, whatever the rows."""
    vectors = np.random.default_rng(18).standard_cauchy((rows, columns)) ** power * scale
    labels = (np.arange(rows) >= 30).astype(int)
    held_out = np.arange(rows) % 5 == np.arange(5)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that overflow
        by_fold = held_out_scores(vectors, labels, held_out)
        for scores, tested in zip(by_fold, held_out, strict=True):
            model = LogisticRegression(solver="newton-cholesky").fit(vectors[~tested], labels[~tested])
            assert scores == pytest.approx(vectors[tested] @ model.coef_[0], rel=1e-9, abs=1e-12)

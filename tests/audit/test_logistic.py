"""The folds' logistic regressions are those of scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from codeshift.audit import logistic
from codeshift.audit.logistic import HeldOutScores, held_out_scores


@pytest.mark.parametrize(
    ("rows", "columns", "scale", "power"),
    [
        (45, 5, 0.0, 1),
        (80, 40, 0.2, 1),
        (60, 3, 1.0, 3),  # a whole step of Newton's leads away, but a shorter one does not
        (60, 3, 1e160, 1),  # no step leads on: second derivatives overflow
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


def test_many_fits_together_are_those_made_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of columns are kept if they are not too large, and change nothing."""
    rng = np.random.default_rng(5)
    vectors = rng.standard_cauchy((90, 6)) ** 3 / 10  # whole steps lead away in some fits
    labels = rng.permuted(np.tile(np.arange(90) >= 60, (8, 1)).astype(int), axis=1)
    held_out = rng.permuted(np.tile(np.arange(90) < 18, (8, 1)), axis=1)
    one_by_one = [held_out_scores(vectors, *fit)[0] for fit in zip(labels, held_out[:, None], strict=True)]
    monkeypatch.setattr(logistic, "_by_scikit_learn", None)  # all converge
    together = HeldOutScores(vectors, many=True)
    assert together.of(labels, held_out) == [pytest.approx(scores, rel=1e-9) for scores in one_by_one]
    monkeypatch.setattr(logistic, "_MOST_CELLS", 90 * 7 * 8 // 2 - 1)
    for scores, expected in zip(HeldOutScores(vectors, many=True).of(labels, held_out), one_by_one, strict=True):
        assert scores == pytest.approx(expected, rel=1e-9)

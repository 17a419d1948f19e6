"""Splitters as ``cv=`` of scikit-learn."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsRegressor

from codeshift.errors import DataError, ParameterError
from codeshift.properties import PropertyTable
from codeshift.splitters import LengthSplitter, Splitter, TimeSplitter
from helpers.splitter_rows import python_rows

SPLITTER = LengthSplitter(column="code")
LINES = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})

pytestmark = pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")


def features(rows: Dataset) -> np.ndarray:
    return np.array([[len(code), code.count("\n")] for code in rows["code"]], dtype=float)


@given(seed=st.integers(-(10**6), 10**6), n_splits=st.integers(1, 6))
def test_each_split_is_the_dealing_of_its_seed(seed: int, n_splits: int) -> None:
    """Split ``i`` is ``assign(data, seed=seeds[i])``; no two splits are the same, nor do two seeds share one."""
    cv = SPLITTER.as_cv(LINES, seed=seed, n_splits=n_splits, near_duplicates=None)
    splits = list(cv.split())
    assert len(splits) == cv.get_n_splits() == n_splits
    for each, (train, test) in zip(cv.seeds, splits, strict=True):
        assignment = SPLITTER.assign(LINES, seed=each, near_duplicates=None)
        assert np.array_equal(train, assignment.indices("train"))
        assert np.array_equal(test, assignment.indices("test_ood"))
    assert len({test.tobytes() for _, test in splits}) == n_splits
    neighbour = SPLITTER.as_cv(LINES, seed=seed + 1, n_splits=n_splits, near_duplicates=None)
    assert not {*cv.seeds} & {*neighbour.seeds}


def test_the_same_seed_gives_the_same_splits() -> None:
    """Splits depend on nothing but data and arguments, and may be asked for as often as one likes."""
    first, again = (SPLITTER.as_cv(LINES, seed=3) for _ in range(2))
    for (train, test), (same_train, same_test), (once_more, _) in zip(
        first.split(LINES), again.split(LINES), first.split(LINES), strict=True
    ):
        assert np.array_equal(train, same_train)
        assert np.array_equal(test, same_test)
        train[:] = -1  # a caller's own array
        assert np.array_equal(once_more, same_train)


def test_scores_are_those_of_the_dealings() -> None:
    """``cross_val_score`` gives what fitting and scoring by hand on each dealing gives, on real functions too."""
    rows = python_rows()
    x, y = features(rows), features(rows)[:, 0]
    cv = SPLITTER.as_cv(rows, seed=0, n_splits=3, groups="project", ood_kept=0.5)
    expected = []
    for seed in cv.seeds:
        assignment = SPLITTER.assign(rows, seed=seed, groups="project", ood_kept=0.5)
        train, test = assignment.indices("train"), assignment.indices("test_ood")
        expected.append(KNeighborsRegressor(3).fit(x[train], y[train]).score(x[test], y[test]))
    assert cross_val_score(KNeighborsRegressor(3), x, y, cv=cv).tolist() == expected


def test_the_gap_between_two_parts() -> None:
    """``on`` scores another part with models fitted on the very same rows: neighbours fail outside, a line does not."""
    x = features(LINES)
    cv = SPLITTER.as_cv(LINES, seed=0, near_duplicates=None)
    inside = cv.on("test_id")
    for (train, test), (same_train, other) in zip(cv.split(x), inside.split(x), strict=True):
        assert np.array_equal(train, same_train)
        assert not {*test.tolist()} & {*other.tolist()}
    gaps = {
        type(model).__name__: cross_val_score(model, x, x[:, 0], cv=inside).mean()
        - cross_val_score(model, x, x[:, 0], cv=cv).mean()
        for model in (KNeighborsRegressor(2), LinearRegression())
    }
    assert gaps["KNeighborsRegressor"] > 1
    assert abs(gaps["LinearRegression"]) < 1e-6
    made = SPLITTER.as_cv(LINES, seed=0, part="test_id", near_duplicates=None)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(made.split(), inside.split(), strict=True))


def test_the_control_can_be_fitted_on() -> None:
    """With ``train_control`` models are fitted on as many rows, some of them of the region."""
    cv = SPLITTER.as_cv(LINES, seed=0, train_control=True, near_duplicates=None)
    for (train, test), (control, same_test) in zip(
        cv.split(), cv.on("test_ood", train="train_control").split(), strict=True
    ):
        assert len(train) == len(control)
        assert not np.array_equal(train, control)
        assert np.array_equal(test, same_test)


def test_other_tools_of_scikit_learn() -> None:
    """A search and ``cross_validate`` take it, in processes too; cloning and pickling keep it."""
    x = features(LINES)
    cv = SPLITTER.as_cv(LINES, seed=0, n_splits=2, near_duplicates=None)
    search = GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [1, 3]}, cv=cv, refit=False).fit(x, x[:, 0])
    assert search.n_splits_ == 2
    found = cross_validate(LinearRegression(), csr_matrix(x), x[:, 0], cv=cv, return_indices=True, n_jobs=2)
    assert [each.tolist() for each in found["indices"]["test"]] == [test.tolist() for _, test in cv.split()]
    for same in (copy.deepcopy(cv), pickle.loads(pickle.dumps(cv))):  # noqa: S301 - own bytes
        assert all(np.array_equal(a[0], b[0]) for a, b in zip(same.split(), cv.split(), strict=True))


def test_a_table_may_be_given() -> None:
    """A table of the rows gives the same splits, and its properties are shared."""
    whole, table = SPLITTER.as_cv(LINES, seed=0), SPLITTER.as_cv(PropertyTable(LINES), seed=0)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(whole.split(), table.split(), strict=True))


@pytest.mark.parametrize("given", [np.zeros((79, 2)), csr_matrix((81, 2)), ["row"] * 3, LINES.select(range(10))])
def test_other_features_are_refused(given) -> None:
    """Positions would pick the wrong rows of features that are not those of the data."""
    cv = SPLITTER.as_cv(LINES, seed=0)
    n_rows = given.shape[0] if hasattr(given, "shape") else len(given)
    with pytest.raises(DataError, match=f"X must be the 80 rows that were split, got {n_rows} rows: X must hold one"):
        cv.split(given)


def test_groups_are_settled_before() -> None:
    """Groups given to scikit-learn would have no effect, so they are an error."""
    cv = SPLITTER.as_cv(LINES, seed=0)
    with pytest.raises(ParameterError, match=r"groups must be None, got a value: .* pass the column to as_cv"):
        cross_val_score(LinearRegression(), features(LINES), np.zeros(80), cv=cv, groups=np.zeros(80))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_splits": 0}, "n_splits must be a whole number from 1 up, got 0"),
        ({"n_splits": True}, "n_splits must be a whole number from 1 up, got True"),
        ({"seed": None}, "seed must be a whole number, got None: any will do, such as 0"),
        ({"part": "test_odd"}, "part must be a part of the split, got 'test_odd': did you mean test_ood"),
        ({"part": "train"}, "part must be a part of the split, got 'train'"),
        ({"part": "excluded"}, "part must be a part of the split, got 'excluded'"),
        ({"part": "validation", "validation_size": 0}, "part must be a part that holds rows, got 'validation'"),
        ({"ood_kept": 2}, "ood_kept must be a number from 0 to 1, got 2: a share of the pool"),
        (
            {"test_ood_size": 1.0, "test_id_size": 0, "validation_size": 0},
            "n_splits must be at most 1, the splits that d",
        ),
    ],
)
def test_bad_arguments(arguments: dict, message: str) -> None:
    """Each invalid argument is named, and misspelt parts with close matches."""
    with pytest.raises(ParameterError, match=message):
        SPLITTER.as_cv(LINES, **{"seed": 0, **arguments})
    with pytest.raises(ParameterError, match="train must be a part of the split, got 'train_control'"):
        SPLITTER.as_cv(LINES, seed=0).on("test_ood", train="train_control")


def test_more_splits_than_there_are() -> None:
    """If two rows leave two ways to draw, ten splits would repeat them: an error says how many there are."""
    rows = Dataset.from_dict({"code": [f"x = {i}" for i in range(40)], "year": [2020] * 2 + [2000] * 38})
    splitter = TimeSplitter(column="code", by="year", cutoff=2010)
    asked = {"test_id_size": 0, "validation_size": 0, "near_duplicates": None}
    with pytest.raises(
        ParameterError, match=r"n_splits must be at most 2, the splits that differ, got 10: so few rows"
    ):
        splitter.as_cv(rows, seed=0, n_splits=10, **asked)


def test_official_splits_are_refused() -> None:
    """A DatasetDict brings its own test rows, so there is nothing to draw again."""
    data = DatasetDict(train=LINES.select(range(60)), test=LINES.select(range(60, 80)))
    with pytest.raises(DataError, match="data must be one Dataset, got a DatasetDict"):
        SPLITTER.as_cv(data, seed=0)


def test_no_splitter_overrides_it() -> None:
    """``as_cv`` is shared by all, as ``assign`` and ``split`` are."""
    with pytest.raises(TypeError, match="overrides as_cv"):
        type("Own", (Splitter,), {"as_cv": lambda self: None})

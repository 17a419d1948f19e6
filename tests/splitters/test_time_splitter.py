"""TimeSplitter: train before, test after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError, RegionError
from codeshift.properties import PropertyTable, columns
from codeshift.properties.columns import moment
from codeshift.splitters import LengthSplitter, SinceOfLabel, TimeSplitter
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds, in a fresh process too."""
    check_splitter(TimeSplitter(column="code", cutoff="2012-01-01"), python_rows())


@pytest.mark.parametrize("rows", [java_rows, c_sharp_rows], ids=["java", "c_sharp"])
def test_it_keeps_the_laws_composed(rows) -> None:
    """Every law holds for a composition, on real Java and C#, with a column of numbers."""
    data = rows()
    data = data.add_column("year", [2000 + int(project[1:]) for project in data["project"]])
    check_splitter(TimeSplitter(column="code", by="year") | LengthSplitter(column="code"), data, fresh_process=False)


def _inside(times: list, **arguments) -> list[bool]:
    table = PropertyTable(Dataset.from_dict({"code": [f"x = {i}" for i in range(len(times))], "date": times}))
    return TimeSplitter(column="code", **arguments).fit(table).contains(table).tolist()


@pytest.mark.parametrize(
    ("times", "cutoff"),
    [
        (["2020-01-01", "2020-01-02", "2020-01-03T00:00:01"], "2020-01-02"),
        ([date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 3)], date(2020, 1, 2)),
        ([datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2), datetime(2020, 1, 3)], datetime(2020, 1, 2)),
        ([2019, 2020, 2021], 2020),
        ([0.5, 1.0, 1.5], 1.0),
        (["2020-01-02T00:59:00+01:00", "2020-01-02T00:00:00Z", "2020-01-01T23:00:00-02:00"], "2020-01-02"),
    ],
    ids=["iso", "date", "datetime", "year", "float", "zones"],
)
def test_the_cutoff_is_the_first_moment_outside_of_training(times: list, cutoff: object) -> None:
    """For any type of column, rows before the cutoff are outside, those at and after it inside."""
    assert _inside(times, cutoff=cutoff) == [False, True, True]


@given(days=st.lists(st.integers(0, 400), min_size=5, max_size=60), share=st.floats(0.1, 0.9))
def test_a_share_takes_the_latest_rows(days: list[int], share: float) -> None:
    """Every row inside is later than every row outside, and at least the share is inside."""
    inside = _inside([date(2020, 1, 1) + timedelta(day) for day in days], share=share)
    later = [day for day, held in zip(days, inside, strict=True) if held]
    earlier = [day for day, held in zip(days, inside, strict=True) if not held]
    assert sum(inside) >= share * len(days) - 0.5
    assert not earlier or min(later) > max(earlier)


def test_a_cutoff_is_kept_as_text_whatever_it_was_given_as() -> None:
    """A date, a datetime and their ISO texts give equal splitters, so that the repr says it all."""
    assert TimeSplitter(column="code", cutoff=date(2020, 1, 2)) == TimeSplitter(column="code", cutoff="2020-01-02")
    zoned = datetime(2020, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
    assert TimeSplitter(column="code", cutoff=zoned).cutoff == "2020-01-02T03:00:00+01:00"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"cutoff": "June 2021"},
            "cutoff must be a date, an ISO 8601 text or a number, got 'June 2021': such as \"2021-06-01\"",
        ),
        (
            {"cutoff": float("nan")},
            'cutoff must be a date, an ISO 8601 text or a number, got nan: such as "2021-06-01"',
        ),
        (
            {"cutoff": 2020, "share": 0.1},
            "share must be left out if cutoff is given, got 0.1: choose one of the two",
        ),
        ({"share": 1}, "share must be a share of rows above 0 and below 1, got 1: 0.2 takes a fifth"),
        ({"by": None}, 'by must be the name of a column, got None: such as "project"'),
    ],
)
def test_errors_of_arguments(arguments: dict, message: str) -> None:
    """Each invalid argument is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        TimeSplitter(column="code", **arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("times", "cutoff", "message"),
    [
        (
            ["2020-01-01", "yesterday"],
            "2020-01-01",
            "by must be a column of dates, ISO 8601 texts or numbers, got 'date': row 1 holds 'yesterday'",
        ),
        (
            [2019, 2020],
            "2020-01-01",
            "cutoff must be of the kind of 'date', which holds numbers, got '2020-01-01': such as 2021",
        ),
        (
            ["2020-01-01", "2021-01-01"],
            2020,
            "cutoff must be of the kind of 'date', which holds dates, got 2020: such as \"2021-06-01\"",
        ),
        (
            [1.0, float("nan")],
            1.0,
            "by must be a column of dates, ISO 8601 texts or numbers, got 'date': row 1 holds nan",
        ),
    ],
)
def test_errors_of_data(times: list, cutoff: object, message: str) -> None:
    """A value that is no time, and a cutoff of another type than the column, are errors with a remedy."""
    with pytest.raises(ParameterError) as error:
        _inside(times, cutoff=cutoff)
    assert str(error.value) == message


def test_a_column_that_is_missing_names_close_matches() -> None:
    """The error of a misspelt column names the right one."""
    with pytest.raises(DataError, match="got 'dat': did you mean date"):
        TimeSplitter(column="code", by="dat").assign(python_rows(), seed=0)


def test_each_project_s_own_cut_keeps_the_laws() -> None:
    """Every law of a split holds where each project is cut by itself, alone and composed, in a fresh process too."""
    within = TimeSplitter(column="code", share=0.3, within="project")
    check_splitter(within, python_rows())
    check_splitter(within - LengthSplitter(column="code"), python_rows(), fresh_process=False)


PROJECTS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 30)), min_size=4, max_size=80)


def _dataset(rows: list[tuple[str, int]]) -> Dataset:
    projects, days = zip(*rows, strict=True)
    return Dataset.from_dict({"code": [f"x = {i}" for i in range(len(rows))], "date": days, "project": projects})


def _within(rows: list[tuple[str, int]], share: float) -> tuple[SinceOfLabel, list[bool]]:
    table = PropertyTable(_dataset(rows))
    region = TimeSplitter(column="code", share=share, within="project").fit(table)
    return region, region.contains(table).tolist()


@given(rows=PROJECTS, share=st.floats(0.1, 0.9), rng=st.randoms(use_true_random=False))
def test_each_project_is_cut_by_itself(rows: list[tuple[str, int]], share: float, rng) -> None:
    """Within a project the rows inside are the latest; a project of several moments is never wholly inside."""
    region, inside = _within(rows, share)
    for project in {project for project, _ in rows}:
        later = [d for (p, d), held in zip(rows, inside, strict=True) if p == project and held]
        earlier = [d for (p, d), held in zip(rows, inside, strict=True) if p == project and not held]
        assert earlier
        assert not later or max(earlier) < min(later)
    shuffled = list(rows)
    rng.shuffle(shuffled)
    assert _within(shuffled, share)[0] == region


def test_the_mix_of_projects_stays() -> None:
    """A project that came late is half of the rows after one cut for all, and as many as before after its own."""
    rows = [("old", day) for day in range(100)] + [("new", day) for day in range(100, 200)]
    projects = [project for project, _ in rows]
    mixes = {}
    for within in (None, "project"):
        table = PropertyTable(_dataset(rows))
        inside = TimeSplitter(column="code", share=0.2, within=within).fit(table).contains(table)
        assert inside.sum() == 40
        mixes[within] = sum(held and project == "new" for project, held in zip(projects, inside, strict=True)) / 40
    assert mixes == {None: 1.0, "project": 0.5}


def test_many_small_projects_have_the_share() -> None:
    """A fifth of all rows is inside for 100 projects of two rows, though no project has a fifth of a row."""
    _, inside = _within([(f"p{i:03}", day) for i in range(100) for day in (1, 2)], 0.2)
    assert sum(inside) == 40


def test_a_column_whose_values_do_not_repeat_is_told() -> None:
    """Widening the region would not help: another column would."""
    rows = [{"code": f"x = {i}", "date": i, "project": str(i)} for i in range(40)]
    splitter = TimeSplitter(column="code", within="project")
    with pytest.raises(
        RegionError, match=r"0 of 40 rows.*no value of 'project' has enough rows.*name a column"
    ) as told:
        splitter.split(Dataset.from_list(rows), seed=0, near_duplicates=None)
    assert "widen" not in str(told.value)


def test_a_project_that_was_not_seen_is_cut_with_all() -> None:
    """Its rows are inside from the moment on that one cut for all would have."""
    region, _ = _within([("a", day) for day in range(10)] + [("b", day) for day in range(90, 100)], 0.25)
    table = PropertyTable(Dataset.from_dict({"code": ["x", "y"], "date": [94, 95], "project": ["c", "c"]}))
    assert region.contains(table).tolist() == [False, True]
    assert region.describe() == "whose time (date) is among the latest of their project"
    assert [prop.columns for prop in region.properties()] == [("date",)]
    assert region.columns() == ("date", "project")


def test_a_cutoff_for_all_and_one_for_each_exclude_each_other() -> None:
    """Each project has a cut of its own, so there is none to give."""
    with pytest.raises(ParameterError, match="cutoff must be left out if within is given"):
        TimeSplitter(column="code", cutoff="2020-01-01", within="project")


def test_a_column_of_no_labels_is_named() -> None:
    """An error of the projects does not blame the column of times."""
    data = Dataset.from_dict({"code": ["a", "b"], "date": [1, 2], "project": [0.5, 1.5]})
    with pytest.raises(DataError, match=r"project must be a column of labels: .*, got 0.5 in row 0"):
        TimeSplitter(column="code", within="project").fit(PropertyTable(data))


def test_each_time_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fit asks for the kind of the column and for its numbers, which one reading gives."""
    read = []
    monkeypatch.setattr(columns, "moment", lambda value: read.append(value) or moment(value))
    times = ["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"]
    assert _inside(times, share=0.5) == [False, False, True, True]
    assert read == times

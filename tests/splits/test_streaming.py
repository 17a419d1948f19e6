"""A fitted region and hash thresholds deal a stream in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from datasets import Dataset, IterableDataset
from hypothesis import assume, given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.properties import CharCount, PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splitters import (
    ASTNodeSplitter,
    GroupSplitter,
    Interval,
    LengthSplitter,
    PredicateSplitter,
    Splitter,
    StreamDealer,
    TimeSplitter,
)
from helpers.predicates import from_early_years
from helpers.strategies import PROGRAMS, datasets, splitters, unless_impossible

LONG = Interval(CharCount("code"), low=80)


def _dealer(**arguments) -> StreamDealer:
    return StreamDealer(**{"region": LONG, "region_share": 0.4, **arguments})


def _rows(n: int, *, seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    code = [f"{i:06d}".ljust(int(random.integers(20, 120)), "x") for i in range(n)]
    return Dataset.from_dict({"code": code, "project": [f"p{i}" for i in random.integers(0, n // 5, n)]})


def test_a_stream_is_read_once_and_never_held() -> None:
    """Labelling reads each row of a generator once, as it is asked for."""
    read: list[int] = []

    def rows() -> Iterator[dict[str, str]]:
        for i, code in enumerate(PROGRAMS):
            read.append(i)
            yield {"code": code}

    region = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",)).fit(None)
    labelled = _dealer(region=region).label(IterableDataset.from_generator(rows))
    read.clear()
    parts = {row["code"]: row["part"] for row in labelled}
    assert len(read) == len(PROGRAMS)
    assert all(("while " in code) == (part in ("test_ood", "excluded")) for code, part in parts.items())


def test_split_gives_what_label_says() -> None:
    """The parts of ``split`` are the rows of that label; excluded rows are in none."""
    data = _rows(500)
    dealer = _dealer(ood_kept=0.3)
    labels = dealer.parts(data)
    splits = dealer.split(data.to_iterable_dataset())
    for part, rows in splits.items():
        assert [row["code"] for row in rows] == [data[int(i)]["code"] for i in np.flatnonzero(labels == part)]


def test_shares_are_met_on_average() -> None:
    """On 20,000 rows every share is met to within four standard errors: of the same rows as in ``assign``."""
    data = _rows(20_000)
    parts = _dealer(ood_kept=0.2, validation_ood_size=0.1).parts(data)
    inside = np.array([len(code) >= 80 for code in data["code"]])
    assert abs(inside.mean() - 0.4) < 0.01
    everywhere, pool = np.ones(len(data), dtype=bool), inside & (parts != "test_ood") & (parts != "validation_ood")
    for chosen, of, share in (
        (parts == "test_ood", inside, 0.5),
        (parts == "validation_ood", inside, 0.1),
        (parts == "test_id", everywhere, 0.2),  # as many as test_ood has: half of 0.4
        (parts == "validation", everywhere, 0.1),
        (parts == "train", pool, 0.2),
    ):
        error = np.sqrt(share * (1 - share) / of.sum())
        assert abs(chosen[of].mean() - share) < 4 * error


def test_sizes_are_those_of_a_dealing_in_memory() -> None:
    """The same arguments give the same sizes on average, defaults included."""
    data = _rows(6_000)
    assignment = LengthSplitter(unit="chars", bounds=(80, None)).assign(data, ood_kept=0.5, near_duplicates=None)
    manifest = assignment.manifest
    parts = _dealer(region=assignment.region, region_share=manifest.region_share, ood_kept=0.5).parts(data)
    for part, rows in assignment.sizes.items():
        assert abs((parts == part).mean() - rows / len(data)) < 0.02, part


@given(old=st.integers(1, 300), seed=st.integers())
def test_new_rows_move_no_old_row(old: int, seed: int) -> None:
    """A row's part depends on the row and the seed alone."""
    data = _rows(300)
    dealer = _dealer(seed=seed)
    assert (dealer.parts(data.select(range(old))) == dealer.parts(data)[:old]).all()


@given(kept=st.tuples(st.floats(0, 1), st.floats(0, 1)), grouped=st.booleans())
def test_regimes_are_nested_with_the_same_held_out_rows(kept: tuple[float, float], grouped: bool) -> None:
    """A larger ``ood_kept`` trains on all that a smaller one trains on; the held-out parts stay."""
    data = _rows(300)
    groups = "project" if grouped else None
    less, more = (_dealer(ood_kept=share, groups=groups).parts(data) for share in sorted(kept))
    assert (more[less == "train"] == "train").all()
    assert ((less == more) | np.isin(less, ("train", "excluded"))).all()


@given(seed=st.integers(), sizes=st.tuples(st.floats(0.01, 0.9), st.floats(0, 0.25), st.floats(0, 0.25)))
def test_no_group_trains_and_is_held_out(seed: int, sizes: tuple[float, float, float]) -> None:
    """For any shares, a group with a row in train has none in a held-out part."""
    data = _rows(300)
    dealer = _dealer(
        seed=seed,
        test_ood_size=sizes[0],
        test_id_size=sizes[1],
        validation_size=sizes[2],
        validation_ood_size=0.1,
        ood_kept=1.0,
        groups="project",
    )
    parts, projects = dealer.parts(data), np.array(data["project"])
    held_out = np.isin(parts, ("validation", "validation_ood", "test_id", "test_ood"))
    assert not set(projects[parts == "train"]) & set(projects[held_out])


@pytest.mark.parametrize(
    "splitter",
    [
        GroupSplitter(by="project", values=("a",)),
        TimeSplitter(by="year", cutoff=1998),
        PredicateSplitter(predicate=from_early_years, reads=("year",)),
    ],
    ids=["group", "time", "predicate"],
)
@pytest.mark.parametrize("sizes", [(0.5, 0.0), (0.2, 1.0), (0.9, 1.0)])
def test_no_code_trains_and_is_held_out_though_the_region_reads_another_column(
    splitter: Splitter, sizes: tuple[float, float]
) -> None:
    """Programs that two projects share are in train or held out, never in both; all those of a plain region stay."""
    code = [f"x{i}" for i in range(300)]
    data = Dataset.from_dict(
        {"code": code * 2, "project": ["a"] * 300 + ["b"] * 300, "year": [1999] * 300 + [1990] * 300}
    )
    dealer = StreamDealer(
        region=splitter.fit(PropertyTable(data)),
        region_share=0.5,
        test_ood_size=sizes[0],
        test_id_size=0.1,
        validation_size=0.1,
        ood_kept=sizes[1],
    )
    parts = dealer.parts(data)
    train, test_ood = ({code[i % 300] for i in np.flatnonzero(parts == part)} for part in ("train", "test_ood"))
    held_out = {code[i % 300] for i in np.flatnonzero(np.isin(parts, ("validation", "test_id", "test_ood")))}
    assert test_ood
    assert train
    assert not train & held_out


@given(data=datasets(), splitter=splitters(), seed=st.integers())
def test_a_stream_is_bound_as_a_split_in_memory_is(data: Dataset, splitter: Splitter, seed: int) -> None:
    """Whatever the region reads, no program is in both train and a held-out part of a stream."""
    region = unless_impossible(lambda: splitter.fit(PropertyTable(data)))
    assume(region is not None)
    dealer = StreamDealer(region=region, region_share=0.4, seed=seed, ood_kept=1.0, test_id_size=0.1)
    parts, code = dealer.parts(data), np.array(data["code"])
    assert not set(code[parts == "train"]) & set(code[np.isin(parts, ("validation", "test_id", "test_ood"))])


def test_a_region_of_a_manifest_deals_a_stream() -> None:
    """A region fitted on a sample divides the stream that the sample came from."""
    data = _rows(1000)
    manifest = LengthSplitter(column="code", unit="chars").assign(data.select(range(200)), seed=0).manifest
    parts = _dealer(region=manifest.fitted_region()).parts(data)
    assert 0.05 < (parts == "test_ood").mean() < 0.15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test_ood_size": 500}, "test_ood_size must be a share, a float, got 500: a stream's rows cannot be counted"),
        (
            {"test_id_size": 0.4, "validation_size": 0.2},
            "must be shares that leave rows for train of the 60% outside of the region, got (0.4, 0.2)",
        ),
        ({"test_ood_size": 0.8, "validation_ood_size": 0.3}, "must be shares that add up to 1 at most, got (0.8, 0.3)"),
        ({"seed": "0"}, "seed must be a whole number, got '0'"),
        ({"test_id_size": 1}, 'test_id_size must be "match", a share'),
        ({"region_share": 1}, "region_share must be a share of rows above 0 and below 1, got 1"),
        (
            {"near_duplicates": "bind"},
            "near_duplicates must be left out for a stream, got 'bind': a row is assigned alone",
        ),
        ({"train_size": 500}, "train_size must be left out for a stream, got 500: rows are assigned one by one"),
        ({"stratify_by_column": "label"}, "stratify_by_column must be left out for a stream, got 'label'"),
        ({"train_control": True}, "train_control must be left out for a stream, got True"),
        ({"tolerance": 0.0}, "tolerance must be left out for a stream, got 0.0"),
        ({"min_test_rows": 0}, "min_test_rows must be left out for a stream, got 0"),
    ],
)
def test_bad_arguments(arguments: dict, message: str) -> None:
    """Numbers of rows, and what needs all rows, mean nothing in a stream; train needs rows."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        _dealer(**arguments)


def test_near_duplicates_of_test_rows_are_excluded() -> None:
    """A bound dealer takes from train and validation the near-duplicates of test rows, and moves no other."""
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(400)]
    bases = [random.choice(words, size=int(random.integers(8, 40))).tolist() for _ in range(150)]
    copies = [[*base[:-1], f"other{i}"] for i, base in enumerate(bases)]
    data = Dataset.from_dict({"code": [" ".join(text) for text in [*bases, *copies, [], []]]})
    search = NearDuplicates(ngram=2, threshold=0.6)
    dealer = _dealer(ood_kept=0.5)
    before, bound = dealer.parts(data), dealer.bind(data.to_iterable_dataset(), search=search)
    after = bound.parts(data)
    code = np.array(data["code"], dtype=object)
    tests = np.isin(before, ("test_id", "test_ood"))
    near = search.nearest(code.tolist(), code[tests].tolist()).index >= 0
    taken = np.isin(before, ("train", "validation")) & near
    assert taken.sum() > 30
    assert after.tolist() == np.where(taken, "excluded", before).tolist()
    assert [row["part"] for row in bound.label(data.to_iterable_dataset())] == after.tolist()
    with pytest.raises(ParameterError, match="search must be a NearDuplicates"):
        dealer.bind(data.to_iterable_dataset(), search="bind")

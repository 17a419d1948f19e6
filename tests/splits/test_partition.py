"""The arithmetic of a partition, on arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codeshift.parts import PARTS
from codeshift.splits import groups
from codeshift.splits.config import SplitConfig
from codeshift.splits.filling import fill, nearest_prefix
from codeshift.splits.groups import RowGroups
from codeshift.splits.partition import divide
from helpers.strategies import unless_impossible

sizes = st.lists(st.integers(1, 30), min_size=1, max_size=40).map(np.array)


@given(sizes=sizes, share=st.floats(0, 1))
def test_fill_is_exact_to_within_one_unit(sizes: np.ndarray, share: float) -> None:
    """The rows taken miss the target by less than the smallest unit that was not taken."""
    target = int(share * sizes.sum())
    taken = fill(sizes, target)
    left_out = np.setdiff1d(np.arange(len(sizes)), taken)
    missed = abs(int(sizes[taken].sum()) - target)
    assert len(set(taken.tolist())) == len(taken)
    assert missed == 0 or missed < max(sizes[left_out].min(initial=31), sizes[taken].max(initial=0))


@given(sizes=sizes, shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_prefixes_are_nested_and_nearest(sizes: np.ndarray, shares: tuple[float, float]) -> None:
    """A larger target never has a shorter prefix, and no prefix comes nearer to the target."""
    low, high = (int(share * sizes.sum()) for share in sorted(shares))
    assert nearest_prefix(sizes, low) <= nearest_prefix(sizes, high)
    totals = np.concatenate([[0], np.cumsum(sizes)])
    assert abs(totals[nearest_prefix(sizes, low)] - low) == np.abs(totals - low).min()


@st.composite
def dealings(draw: st.DrawFn) -> tuple[np.ndarray, RowGroups, SplitConfig]:
    """Masks, units and sizes; units may hold rows on both sides of the region."""
    labels = np.array(draw(st.lists(st.integers(0, 25), min_size=10, max_size=60)))
    _, labels = np.unique(labels, return_inverse=True)
    inside = np.array(draw(st.lists(st.booleans(), min_size=len(labels), max_size=len(labels))))
    assume(inside.any() and not inside.all())
    keys = np.array([f"{i:04d}".encode() for i in range(labels.max() + 1)])
    request = SplitConfig(
        seed=draw(st.integers()),
        test_ood_size=draw(st.floats(0.05, 0.95)),
        validation_size=draw(st.floats(0, 0.3)),
        test_id_size=draw(st.one_of(st.just("match"), st.floats(0, 0.3))),
    )
    return inside, RowGroups(labels, keys), request


@given(dealing=dealings())
def test_no_unit_stands_in_two_delivered_parts(dealing: tuple[np.ndarray, RowGroups, SplitConfig]) -> None:
    """For any masks, the rows of a unit lie in one part, except excluded ones."""
    inside, units, request = dealing
    dealt = unless_impossible(lambda: divide(inside, units, request))
    assume(dealt is not None)
    delivered = dealt.parts != PARTS.index("excluded")
    for unit in range(len(units.keys)):
        assert len(set(dealt.parts[(units.labels == unit) & delivered].tolist())) <= 1


@given(dealing=dealings(), order=st.randoms(use_true_random=False))
def test_dealing_ignores_positions(dealing: tuple[np.ndarray, RowGroups, SplitConfig], order) -> None:
    """Rows in another order, with their units, get the parts they had."""
    inside, units, request = dealing
    dealt = unless_impossible(lambda: divide(inside, units, request))
    assume(dealt is not None)
    moved = np.array(order.sample(range(len(inside)), len(inside)))
    again = unless_impossible(lambda: divide(inside[moved], RowGroups(units.labels[moved], units.keys), request))
    assert (again.parts == dealt.parts[moved]).all()


@given(seed=st.integers(), other=st.integers())
def test_orders_are_permutations_that_depend_on_seed_and_role(seed: int, other: int) -> None:
    """An order is a permutation; two seeds, or two roles of one seed, give different ones."""
    units = RowGroups(np.arange(50), np.array([f"{i:04d}".encode() for i in range(50)]))
    everything = np.ones(50, dtype=bool)
    order = units.ordered(everything, seed, "pool")
    assert sorted(order.tolist()) == list(range(50))
    assert (order != units.ordered(everything, seed, "region")).any()
    assert seed == other or (order != units.ordered(everything, other, "pool")).any()


@given(seed=st.integers(), strata=st.lists(st.integers(0, 3), min_size=5, max_size=60), share=st.floats(0, 1))
def test_every_stretch_holds_each_stratum_in_its_share(seed: int, strata: list[int], share: float) -> None:
    """Each stratum has its share of the first units of a stratified order, to within one unit."""
    labels = np.arange(len(strata))
    keys = np.array([f"{i:04d}".encode() for i in labels])
    units = RowGroups(labels, keys).stratified(np.array(strata).astype(str))
    order = units.ordered(np.ones(len(strata), dtype=bool), seed, "test_id")
    front = order[: int(share * len(strata))]
    for stratum in set(strata):
        members = np.array(strata) == stratum
        assert abs(members[front].sum() - len(front) * members.mean()) <= 1 + len(set(strata)) / 2


@given(inside=st.lists(st.booleans(), min_size=12, max_size=40), share=st.floats(0.05, 0.95), seed=st.integers())
def test_shares_that_add_up_to_one_fit_a_region_of_any_size(inside: list[bool], share: float, seed: int) -> None:
    """Two halves of five rows are three and two: the region's rows are in one of the two parts, none is left over."""
    masks = np.array(inside)
    n_inside = int(masks.sum())
    assume(n_inside >= 2 and len(masks) - n_inside >= 4 and share * n_inside >= 0.5)
    units = RowGroups(np.arange(len(masks)), np.array([f"{i:04d}".encode() for i in range(len(masks))]))
    sizes = {"test_ood_size": share, "validation_ood_size": 1 - share, "test_id_size": 0, "validation_size": 0}
    partition = divide(masks, units, SplitConfig(seed=seed, **sizes))
    names = [PARTS[part] for part in partition.parts[masks]]
    assert names.count("test_ood") == int(np.floor(share * n_inside + 0.5))
    assert names.count("test_ood") + names.count("validation_ood") == n_inside
    assert partition.requested["test_ood"] == names.count("test_ood")
    assert partition.requested.get("validation_ood", 0) == names.count("validation_ood")


@given(dealing=dealings(), kept=st.floats(0.01, 1))
def test_a_share_of_nothing_is_refused(dealing: tuple[np.ndarray, RowGroups, SplitConfig], kept: float) -> None:
    """Where a split keeps a share above 0, there are rows to keep it of."""
    inside, units, config = dealing
    partition = unless_impossible(lambda: divide(inside, units, replace(config, ood_kept=kept)))
    masked = unless_impossible(lambda: divide(inside, units, config))
    assume(masked is not None)
    in_pool = bool(masked.pool.any())
    assert (partition is not None) == in_pool


def test_groups_of_one_hash_are_ordered_by_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hashes are the same the keys decide, so that the order of the rows does not."""
    keys = np.array([b"c", b"a", b"d", b"b"])
    monkeypatch.setattr(groups, "keyed_hashes", lambda some, *_: np.full(len(some), 7, np.uint64))
    ordered = RowGroups(np.arange(4), keys).ordered(np.array([True, True, False, True]), 0, "test_ood")
    assert keys[ordered].tolist() == [b"a", b"b", b"c"]

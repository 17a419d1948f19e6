"""Each check of ``codeshift.splitters.testing`` fails if its law is broken: one law at a time, on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from datasets import Dataset

from codeshift import parts
from codeshift.regions import base as regions
from codeshift.splits import assign, division, groups, partition
from codeshift.splits.config import SplitConfig
from codeshift.splits.rows import SplitRows
from codeshift.splitters import (
    LengthSplitter,
    SplitAssignment,
    SplitManifest,
    Splitter,
    StreamDealer,
    testing,
)
from helpers.broken_splitters import ByHash, ByPosition, Forgetful
from helpers.strategies import PROGRAMS

LONG = LengthSplitter(column="code", unit="chars")
Break = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Small programs, many of them alike, and some exact copies."""
    alike = [f"{program}\n    pass" for program in PROGRAMS[1:90:3]]
    return Dataset.from_dict({"code": [*PROGRAMS[:150], *PROGRAMS[:45:3], *alike]})


def _no_reasons(patch: pytest.MonkeyPatch) -> None:
    def divide(*arguments):
        dealt = partition.divide(*arguments)
        dealt.reasons[:] = 0
        return dealt

    patch.setattr(division, "divide", divide)


def _twice(patch: pytest.MonkeyPatch) -> None:
    indices = SplitAssignment.indices
    patch.setattr(SplitAssignment, "indices", lambda self, part: indices(self, part.replace("validation", "train")))


def _seed_is_ignored(patch: pytest.MonkeyPatch) -> None:
    hashes = groups.keyed_hashes
    patch.setattr(groups, "keyed_hashes", lambda keys, seed, role: hashes(keys, 0, role))


def _drawn_without_saying(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SplitConfig, "is_drawn", lambda self, names: True)


def _each_row_alone(patch: pytest.MonkeyPatch) -> None:
    def join(digests, projects=None, *, similar=None):
        return groups.RowGroups(np.arange(len(digests)), np.array([b"%d" % i for i in range(len(digests))]))

    patch.setattr(groups.RowGroups, "join", join)


def _nothing_is_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SplitConfig, "search", None)


def _control_of_anything(patch: pytest.MonkeyPatch) -> None:
    def add_control(dealt, units, request, row_order):
        dealt.control = np.arange(len(dealt.parts)) < (dealt.parts == parts.TRAIN).sum()

    patch.setattr(division, "add_control", add_control)


def _control_too_small(patch: pytest.MonkeyPatch) -> None:
    def add_control(dealt, units, request, row_order):
        dealt.control = np.zeros(len(dealt.parts), dtype=bool)

    patch.setattr(division, "add_control", add_control)


def _regimes_drawn_apart(patch: pytest.MonkeyPatch) -> None:
    keep = partition.keep_pool
    patch.setattr(
        partition,
        "keep_pool",
        lambda dealt, units, request: keep(dealt, units, replace(request, seed=int(request.ood_kept * 10))),
    )


def _keep(share: Callable[[float], float]) -> Break:
    def broken(patch: pytest.MonkeyPatch) -> None:
        keep = partition.keep_pool
        patch.setattr(
            partition,
            "keep_pool",
            lambda dealt, units, request: keep(dealt, units, replace(request, ood_kept=share(request.ood_kept))),
        )

    return broken


def _fewer_tests(patch: pytest.MonkeyPatch) -> None:
    def divide(inside, units, request):
        dealt = partition.divide(inside, units, request)
        if request.ood_kept > 0.5:
            dealt.exclude(dealt.parts == parts.TEST_ID, parts.TRIMMED)
        return dealt

    patch.setattr(division, "divide", divide)


def _one_row_too_many(patch: pytest.MonkeyPatch) -> None:
    trim = partition.trim_train
    patch.setattr(
        division,
        "trim_train",
        lambda dealt, units, request, *rest: trim(
            dealt, units, replace(request, train_size=request.train_size + (request.ood_kept > 0)), *rest
        ),
    )


def _wrong_side(patch: pytest.MonkeyPatch) -> None:
    inside = assign.rows_inside
    patch.setattr(assign, "rows_inside", lambda *arguments: np.roll(inside(*arguments), 1))


def _forgotten_seed(patch: pytest.MonkeyPatch) -> None:
    read = SplitManifest.from_json.__func__
    patch.setattr(
        SplitManifest, "from_json", classmethod(lambda cls, text: replace(read(cls, text), config=SplitConfig(seed=99)))
    )


def _rows_by_place(patch: pytest.MonkeyPatch) -> None:
    find = SplitManifest.find_parts

    def turned(self, rows, **options):
        parts, reasons, control = find(self, rows, **options)
        return parts[::-1].copy(), reasons[::-1].copy(), control

    patch.setattr(SplitManifest, "find_parts", turned)


def _stream_by_place(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StreamDealer, "_place", lambda self, keys, role: np.arange(len(keys)) / len(keys))


def _no_complement(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(regions.OutsideRegion, "contains", lambda self, table: self.inner.contains(table))


def _left_operand_wins(patch: pytest.MonkeyPatch) -> None:
    for region in (regions.BothRegions, regions.EitherRegion):
        patch.setattr(region, "contains", lambda self, table: self.left.contains(table))


def _reordered(patch: pytest.MonkeyPatch) -> None:
    select = SplitRows.select
    patch.setattr(SplitRows, "select", lambda self, *given: select(self, *given).shuffle(seed=0))


def _renamed(patch: pytest.MonkeyPatch) -> None:
    select = SplitRows.select
    patch.setattr(SplitRows, "select", lambda self, *given: select(self, *given).rename_column("code", "text"))


def _nothing_is_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(groups, "one_of_each", lambda rows, contents, labels: np.ones(len(labels), dtype=bool))


def _first_is_kept(patch: pytest.MonkeyPatch) -> None:
    def first(rows, contents, labels):
        kept = np.zeros(len(labels), dtype=bool)
        kept[np.unique(labels, return_index=True)[1]] = True
        return kept

    patch.setattr(groups, "one_of_each", first)


def _empty_is_fine(patch: pytest.MonkeyPatch) -> None:
    def inside(fitted, recipe, kept):
        return np.arange(len(fitted.parsable)) % 5 == 0

    patch.setattr(assign, "rows_inside", inside)


@pytest.mark.parametrize(
    ("check", "broken", "law"),
    [
        (testing.check_partition, _no_reasons, "excluded rows, and only they, have a reason"),
        (testing.check_partition, _twice, "every row is in exactly one part"),
        (testing.check_seed, _seed_is_ignored, "another seed gives another split"),
        (testing.check_seed, _drawn_without_saying, "where nothing is drawn, the summary says so"),
        (testing.check_identity, _each_row_alone, "rows of equal code stand in one part"),
        (testing.check_near_duplicates, _nothing_is_bound, "has a near-duplicate in train"),
        (testing.check_dropped, _nothing_is_dropped, "one row of each component is kept"),
        (testing.check_dropped, _first_is_kept, "the row that is kept has the least digest"),
        (testing.check_parts_on_request, _control_of_anything, "train_control shares no held-out row"),
        (testing.check_parts_on_request, _control_too_small, "train_control is as large as train"),
        (testing.check_regimes, _regimes_drawn_apart, "regimes are nested"),
        (testing.check_regimes, _fewer_tests, "is the same in every regime"),
        (testing.check_regimes, _keep(lambda share: 0.0), "ood_kept=1 masks nothing"),
        (testing.check_regimes, _keep(lambda share: max(share, 0.1)), "ood_kept=0 keeps no row of the region"),
        (testing.check_regimes, _keep(lambda share: share**3), "ood_kept=k keeps the share k of the pool"),
        (testing.check_train_size, _one_row_too_many, "train_size is met exactly in every regime"),
        (testing.check_sides, _wrong_side, "test_ood lies wholly inside of the region"),
        (testing.check_manifest, _forgotten_seed, "a manifest round-trips through JSON"),
        (testing.check_manifest, _rows_by_place, "a manifest rebuilds the assignment"),
        (testing.check_stream, _stream_by_place, "new rows move no old row"),
        (testing.check_algebra, _no_complement, "De Morgan"),
        (testing.check_algebra, _left_operand_wins, "commutativity"),
        (testing.check_content, _reordered, "rows are untouched"),
        (testing.check_content, _renamed, "features are untouched"),
        (testing.check_degenerate, _empty_is_fine, "a region that is empty or everything raises RegionError"),
    ],
)
def test_a_broken_law_is_told(
    check: testing.Check, broken: Break, law: str, rows: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check passes on the library as it is, and names the law once it is broken."""
    with testing._sizes_may_differ():
        check(LONG, rows)
        broken(monkeypatch)
        with pytest.raises(AssertionError, match=law.replace("(", r"\(").replace(")", r"\)")):
            check(LONG, rows)


@pytest.mark.parametrize(
    ("check", "splitter", "law"),
    [
        (testing.check_repr, Forgetful(column="code", low=3), "eval.repr.s.. == s"),
        (testing.check_row_order, ByPosition(column="code"), "row order changes"),
        (testing.check_stream, ByPosition(column="code"), "new rows move no old row"),
        (testing.check_fresh_process, ByHash(column="code"), "a fresh process makes the same split"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_splitter_that_breaks_a_law_is_told(
    check: testing.Check, splitter: Splitter, law: str, rows: Dataset
) -> None:
    """The checks name the law that a user's splitter breaks."""
    with testing._sizes_may_differ(), pytest.raises(AssertionError, match=law):
        check(splitter, rows)


def test_every_check_is_shown_to_fail() -> None:
    """No check of the list is missing above."""
    shown = {
        mark.args[1][i][0]
        for test in (test_a_broken_law_is_told, test_a_splitter_that_breaks_a_law_is_told)
        for mark in test.pytestmark
        for i in range(len(mark.args[1]))
    }
    assert shown == set(testing.SPLITTER_CHECKS)

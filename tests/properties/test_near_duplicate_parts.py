"""N-grams that are counted and sorted in many parts, by several threads and processes: the results are those of one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from codeshift.data import stdlib_functions
from codeshift.hashing import row_digests
from codeshift.properties.near_duplicates import NearDuplicates, partners, sets
from codeshift.properties.near_duplicates.arrays import Ints
from codeshift.properties.near_duplicates.sets import shingle_sets
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.near_duplicates.threads import in_threads
from helpers.nearly_alike import nearly_alike


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Parts of a few n-grams, so that little code has many of them, and threads that take turns all the time."""
    monkeypatch.setattr(partners, "_PART", 500)
    monkeypatch.setattr(partners, "_PIECE", 700)
    monkeypatch.setattr(sets, "_PART", 400)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def code() -> list[str]:
    """Functions, most of which have no near-duplicate, and rows that are nearly alike."""
    return [*stdlib_functions()["code"][:300], *nearly_alike(60)]


def fields_of(processes: int) -> list[Ints]:
    texts = code()
    found = shingle_sets(texts, np.arange(len(texts)), 5, 0.7, characters=40_000, processes=processes)
    return [found.sizes, found.indptr, found.members, found.block(0, found.sizes.size), np.array([found.width])]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("processes", [2, 3])
def test_sets_are_those_of_one_process(processes: int) -> None:
    """However many processes hash n-grams and threads sort them, the sets are the same, shingle by shingle."""
    expected = fields_of(1)
    assert expected[1][-1] > 3_000  # several sets share some of their shingles
    for field, of_one in zip(fields_of(processes), expected, strict=True):
        np.testing.assert_array_equal(field, of_one)


@pytest.mark.usefixtures("small_parts")
def test_parts_change_no_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """One part of all n-grams gives the sets that many parts give."""
    many = fields_of(2)
    for module in (partners, sets):
        monkeypatch.setattr(module, "_PART", 1 << 20)
    for field, of_one_part in zip(many, fields_of(1), strict=True):
        np.testing.assert_array_equal(field, of_one_part)


def test_known_digests_change_no_component() -> None:
    """Digests of the texts that were computed before stand for those that the search computes."""
    texts = [*code(), *code()[:7]]
    found, expected = (NearDuplicates().components(texts, digests=given) for given in (row_digests([texts]), None))
    assert expected.pairs.size
    assert found.labels.tolist() == expected.labels.tolist()
    assert found.pairs.tolist() == expected.pairs.tolist()


def test_results_come_in_order_and_no_thread_stays() -> None:
    """Tasks that end in another order than they began give their results in order."""
    second_began = threading.Event()

    def task(number: int) -> int:
        if number == 0:
            assert second_began.wait(60)
        if number == 1:
            second_began.set()
        return -number

    before = threading.active_count()
    assert list(in_threads(2, task, range(5))) == [0, -1, -2, -3, -4]
    assert threading.active_count() == before


def test_no_task_begins_long_before_its_result_is_taken() -> None:
    """Memory holds the results of as many tasks as there are threads, and the one that is taken."""
    begun: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(10):
            begun.append(number)
            yield number

    results = in_threads(2, lambda number: number, tasks())
    assert next(results) == 0
    assert begun == [0, 1, 2]
    results.close()


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_of_a_task_is_raised(count: int) -> None:
    """The caller sees the error of a task, after the results of those before it."""
    results = in_threads(count, lambda number: 1 // number, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("in_memory", [None, 64])
def test_threads_share_a_spool(in_memory: int | None) -> None:
    """What several threads write, replace and read at once stays apart by part."""
    spool = Spool(np.int64, parts=4, in_memory=in_memory)

    def fill(part: int) -> list[int]:
        for number in range(200):
            spool.write(np.full(number % 5, 1000 * part + number), part)
        held = spool.read(part)
        spool.replace(held[::2], part)
        return spool.read(part).tolist()

    expected = [[1000 * part + number for number in range(200) for _ in range(number % 5)][::2] for part in range(4)]
    assert list(in_threads(4, fill, range(4))) == expected

"""Laws of a split as checks that any splitter can be put to, including yours.

``check_splitter`` runs all of them, the ``SPLITTER_CHECKS``. A check raises ``AssertionError`` with the law in words.
"""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

import codeshift.splitters
from codeshift.errors import ParameterError, RegionError, SizeWarning, SmallPartWarning
from codeshift.hashing import digest
from codeshift.parts import PARTS, REASONS
from codeshift.properties import PropertyTable
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.manifest import SplitManifest
from codeshift.splits.streaming import StreamDealer
from codeshift.splitters.base import Splitter
from codeshift.splitters.random import RandomSplitter

if TYPE_CHECKING:
    from datasets import Dataset

SplitterCheck = Callable[[Splitter, "Dataset"], None]


def check_splitter(splitter: Splitter, data: Dataset, *, fresh_process: bool = True) -> None:
    """Check that ``splitter`` obeys every law on ``data``.

    Args:
        splitter: Splitter, or a composition.
        data: Rows, some of them inside the splitter's region and several times as many outside; two hundred rows
            with some exact duplicates show more than twenty.
        fresh_process: Whether to compare with the split of another process with another hash seed as well (about 2 s).

    Raises:
        AssertionError: if a law is broken; the message states it.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * (i % 50) + "1" for i in range(200)]})
    >>> check_splitter(LengthSplitter(column="code"), rows, fresh_process=False)
    """
    with _sizes_may_differ(), _shared_table(data):
        for check in SPLITTER_CHECKS:
            if check is not check_fresh_process or fresh_process:
                check(splitter, data)


def check_repr(splitter: Splitter, data: Dataset) -> None:
    """Check that the repr is the specification: evaluating it, copying and pickling give an equal splitter."""
    again = eval(repr(splitter), _names_of_repr(splitter))  # noqa: S307 - the repr of the splitter under test
    _require(again == splitter, f"eval(repr(s)) == s, but {again!r} != {splitter!r}")
    _require(copy.deepcopy(splitter) == splitter, "a copy of a splitter equals it")
    _require(pickle.loads(pickle.dumps(splitter)) == splitter, "pickling round-trips")  # noqa: S301 - own bytes
    _require(hash(again) == hash(splitter), "equal splitters have equal hashes")


def check_partition(splitter: Splitter, data: Dataset) -> None:
    """Check that every row is in exactly one part, including ``excluded``, and that an excluded row has a reason."""
    assignment = splitter.assign(_property_table(data), seed=0)
    positions = np.concatenate([assignment.indices(part) for part in (*assignment.delivered, "excluded")])
    _require(sorted(positions.tolist()) == list(range(len(data))), "every row is in exactly one part")
    excluded = assignment.parts == PARTS.index("excluded")
    _require(bool(((assignment.reasons > 0) == excluded).all()), "excluded rows, and only they, have a reason")


def check_row_order(splitter: Splitter, data: Dataset) -> None:
    """Check that the order of rows changes nothing."""
    there = splitter.assign(_property_table(data), seed=0)
    order = np.random.default_rng(1).permutation(len(data))
    back = splitter.assign(data.select(order), seed=0)
    _require(there.manifest == back.manifest, "row order changes nothing in the manifest")
    _require(bool((there.parts[order] == back.parts).all()), "row order changes no row's part")


def check_fresh_process(splitter: Splitter, data: Dataset) -> None:
    """Check that a fresh process with another hash seed makes the same split."""
    here = splitter.assign(_property_table(data), seed=0)
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = "1" if before != "1" else "2"
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            there = pool.apply(_assigned_parts, (splitter, data.with_format(None).to_dict()))
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before
    _require(here.parts.tolist() == there, "a fresh process makes the same split")


def check_seed(splitter: Splitter, data: Dataset) -> None:
    """Check that a seed always gives the same split, and another seed another one, unless nothing is drawn."""
    table = PropertyTable(data)
    first = splitter.assign(table, seed=0)
    _require(first == splitter.assign(data, seed=0), "the same seed gives the same split")
    others = [splitter.assign(table, seed=seed) for seed in range(1, 9)]
    _require(any((other.parts != first.parts).any() for other in others), "another seed gives another split")
    undrawn, again = (
        splitter.assign(table, seed=seed, test_ood_size=1.0, test_id_size=0, validation_size=0) for seed in (0, 1)
    )
    _require(bool((undrawn.parts == again.parts).all()), "a seed without effect changes nothing")
    _require("nothing was drawn" in undrawn.summary(), "where nothing is drawn, the summary says so")


def check_identity(splitter: Splitter, data: Dataset) -> None:
    """Check that no content is in two parts.

    A copy may be excluded if the region depends on more than the code (a date): the other would leak it.
    """
    assignment = splitter.assign(_property_table(data), seed=0)
    parts_of: dict[str, set[int]] = {}
    for row, part in zip(_contents(splitter, data), assignment.parts.tolist(), strict=True):
        parts_of.setdefault(row, set()).add(part)
    excluded = {PARTS.index("excluded")}
    _require(all(len(parts - excluded) <= 1 for parts in parts_of.values()), "rows of equal code stand in one part")


def check_near_duplicates(splitter: Splitter, data: Dataset) -> None:
    """Check that no near-duplicate pair is divided between train and another part, unless they are ignored."""
    table = _property_table(data)
    assignment = splitter.assign(table, seed=0, ood_kept=0.5 if _has_pool(splitter, table) else 0.0)
    code = ["\n".join(row) for row in _row_texts(splitter, data)]
    train = [code[row] for row in assignment.indices("train")]
    for part in ("validation", "test_id", "test_ood"):
        nearest = NearDuplicates().nearest([code[row] for row in assignment.indices(part)], train)
        _require(not (nearest.index >= 0).any(), f"no row of {part} has a near-duplicate in train")


def check_dropped(splitter: Splitter, data: Dataset) -> None:
    """Check that dropping duplicates assigns the row of the lowest digest of each component, and no other.

    Nothing is checked if too few rows are kept to be assigned.
    """
    table, search = _property_table(data), NearDuplicates()
    try:
        assignment = splitter.assign(table, seed=0, near_duplicates=DropNearDuplicates(search))
    except (RegionError, ParameterError):
        return
    code = _row_texts(splitter, data)
    digests, labels = [digest(row) for row in code], search.components(["\n".join(row) for row in code]).labels
    kept = np.flatnonzero(assignment.reasons != REASONS.index("duplicate"))
    _require(len(np.unique(labels[kept])) == len(kept) == len(np.unique(labels)), "one row of each component is kept")
    least: dict[int, str] = {}
    for label, own in zip(labels.tolist(), digests, strict=True):
        least[label] = min(own, least.get(label, own))
    _require(all(digests[row] == least[labels[row]] for row in kept), "the row that is kept has the least digest")
    order = np.random.default_rng(3).permutation(len(data))
    back = splitter.assign(data.select(order), seed=0, near_duplicates=DropNearDuplicates(search))
    _require(assignment.manifest == back.manifest, "which rows are dropped does not depend on their order")
    again = SplitAssignment.from_manifest(SplitManifest.from_json(assignment.manifest.to_json()), data)
    _require(again == assignment, "the manifest holds the rows that were dropped")


def check_parts_on_request(splitter: Splitter, data: Dataset) -> None:
    """Check that ``validation_ood`` is inside the region and moves no test row, and the size of ``train_control``.

    ``train_control`` is as large as train. It shares no row with the held-out parts, and its pool lacks no other row of
    the region.
    """
    table = _property_table(data)
    plain = splitter.assign(table, seed=0)
    requested = splitter.assign(table, seed=0, validation_ood_size=0.25, train_control=True)
    _require(
        bool(_rows_in_region(splitter, table)[requested.indices("validation_ood")].all()), "validation_ood lies inside"
    )
    _require(np.array_equal(plain.indices("test_ood"), requested.indices("test_ood")), "test_ood is the same beside it")
    _require(requested.sizes["train_control"] == requested.sizes["train"], "train_control is as large as train")
    held_out = np.concatenate([requested.indices(part) for part in requested.delivered if not part.startswith("train")])
    _require(not np.isin(requested.indices("train_control"), held_out).any(), "train_control shares no held-out row")
    again = SplitAssignment.from_manifest(SplitManifest.from_json(requested.manifest.to_json()), data)
    _require(again == requested, "the manifest holds the parts on request")


def check_regimes(splitter: Splitter, data: Dataset) -> None:
    """Check that regimes are nested and share every part but train; 0 keeps no row of the pool, 1 all, k that share.

    Where the pool has no row, every share above 0 is refused.
    """
    table = _property_table(data)
    if not _has_pool(splitter, table):
        _refused(splitter, table, "where no row of the region is left, none is left to keep", ood_kept=0.5)
        return
    regimes = {kept: splitter.assign(table, seed=0, ood_kept=kept) for kept in (0.0, 0.3, 0.7, 1.0)}
    full = regimes[1.0]
    for smaller, larger in zip(list(regimes)[:-1], list(regimes)[1:], strict=True):
        kept = set(regimes[smaller].indices("train").tolist())
        _require(kept <= set(regimes[larger].indices("train").tolist()), "regimes are nested")
    for assignment in regimes.values():
        for part in ("validation", "test_id", "test_ood"):
            same = np.array_equal(assignment.indices(part), full.indices(part))
            _require(same, f"{part} is the same in every regime")
    _require(full.excluded.get("masked", 0) == 0, "ood_kept=1 masks nothing")
    inside = _rows_in_region(splitter, table)
    _require(not inside[regimes[0.0].indices("train")].any(), "ood_kept=0 keeps no row of the region")
    for size in (1.0, max(2, int(inside.sum()))):
        law = "where all of the region is tested, none is left to keep"
        _refused(splitter, table, law, test_ood_size=size, ood_kept=0.5)
    _check_share_kept(splitter, table, inside)


def _check_share_kept(splitter: Splitter, table: PropertyTable, inside: np.ndarray) -> None:
    """Check that the share is met to within half the largest set of rows of equal code, which stay together."""
    trained = {
        kept: splitter.assign(table, seed=0, ood_kept=kept, near_duplicates=None).indices("train")
        for kept in (0.5, 1.0)
    }
    half, pool = (rows[inside[rows]] for rows in trained.values())
    contents = _contents(splitter, table.data)
    most = max(Counter(contents[row] for row in pool.tolist()).values(), default=0)
    _require(abs(len(half) - len(pool) / 2) <= (most + 1) / 2, "ood_kept=k keeps the share k of the pool")


def check_train_size(splitter: Splitter, data: Dataset) -> None:
    """Check that ``train_size`` is exact in every regime, and that the kept rows of the region are nested."""
    table = _property_table(data)
    size = _half_of_train(splitter, table)
    inside = _rows_in_region(splitter, table)
    kept: set[int] = set()
    for share in (0.0, 0.3, 0.7, 1.0) if _has_pool(splitter, table) else (0.0,):
        train = splitter.assign(table, seed=0, ood_kept=share, train_size=size).indices("train")
        _require(len(train) == size, "train_size is met exactly in every regime")
        now = set(train[inside[train]].tolist())
        _require(kept <= now, "rows kept of the region are nested under train_size too")
        kept = now


def check_sides(splitter: Splitter, data: Dataset) -> None:
    """Check that ``test_ood`` is inside the region; ``train`` at ``ood_kept=0``, and in-distribution parts, outside."""
    table = _property_table(data)
    assignment = splitter.assign(table, seed=0)
    inside = _rows_in_region(splitter, table)
    _require(bool(inside[assignment.indices("test_ood")].all()), "test_ood lies wholly inside of the region")
    for part in ("train", "validation", "test_id"):
        _require(not inside[assignment.indices(part)].any(), f"{part} lies wholly outside the region")


def check_manifest(splitter: Splitter, data: Dataset) -> None:
    """Check that a manifest survives JSON, and applied to the rows in any order gives the same split."""
    table = _property_table(data)
    kept = 0.3 if _has_pool(splitter, table) else 0.0
    assignment = splitter.assign(table, seed=0, ood_kept=kept, train_size=_half_of_train(splitter, table))
    manifest = SplitManifest.from_json(assignment.manifest.to_json())
    _require(manifest == assignment.manifest, "a manifest round-trips through JSON")
    rebuilt = SplitAssignment.from_manifest(manifest, data)
    _require(rebuilt == assignment, "a manifest rebuilds the assignment")
    order = np.random.default_rng(2).permutation(len(data))
    shuffled = manifest.apply(data.select(order))
    for part, rows in assignment.to_dataset_dict(data).items():
        same = Counter(map(repr, rows)) == Counter(map(repr, shuffled[part]))
        _require(same, "a manifest gives the same split in any order of the rows")
    region = splitter.fit(_property_table(data))
    _require(manifest.fitted_region() == region, "the fitted region round-trips through JSON")


def check_stream(splitter: Splitter, data: Dataset) -> None:
    """Check that new rows move no old one, if the region is fixed and rows are assigned by threshold.

    A stream's ``test_ood`` is inside the region, its ``train``, ``validation`` and ``test_id`` outside. No code is in
    both its ``train`` and a held-out part.
    """
    table = _property_table(data)
    region = splitter.fit(table)
    inside = region.contains(table)
    size, contents = (~inside).mean() / 10, np.array(_contents(splitter, data))
    for test_ood_size, kept in ((0.5, 0.0), (0.1, 1.0)):
        dealer = StreamDealer(
            region=region,
            region_share=inside.mean(),
            columns=splitter.columns,
            test_ood_size=test_ood_size,
            test_id_size=size,
            validation_size=size,
            ood_kept=kept,
        )
        parts, half = dealer.parts(data), len(data) // 2
        _require(bool((dealer.parts(data.select(range(half))) == parts[:half]).all()), "new rows move no old row")
        _require(bool(inside[parts == "test_ood"].all()), "a stream's test_ood lies inside of the region")
        id_parts = np.isin(parts, ("validation", "test_id") if kept else ("train", "validation", "test_id"))
        _require(not inside[id_parts].any(), "its other parts lie outside")
        held_out = np.isin(parts, ("validation", "test_id", "test_ood"))
        both = np.intersect1d(contents[parts == "train"], contents[held_out])
        _require(not len(both), "no code of a stream is in both train and a held-out part")


def check_algebra(splitter: Splitter, data: Dataset) -> None:
    """Check that the Boolean laws hold on masks, with two random regions that overlap the splitter's."""
    column, table = splitter.columns[0], _property_table(data)
    a, b = splitter, RandomSplitter(column=column, share=0.5)
    c = RandomSplitter(column=column, share=0.3, region_seed=1)

    def mask(composed: Splitter) -> list[bool]:
        return composed.fit(table).contains(table).tolist()  # type: ignore[no-any-return]

    _require(mask(~~a) == mask(a), "double complement")
    _require(mask(~(a & b)) == mask(~a | ~b) and mask(~(a | b)) == mask(~a & ~b), "De Morgan")
    _require(mask(a & b) == mask(b & a) and mask(a | b) == mask(b | a), "commutativity")
    _require(mask((a & b) & c) == mask(a & (b & c)) and mask((a | b) | c) == mask(a | (b | c)), "associativity")
    _require(mask(a - b) == mask(a & ~b), "a - b is a & ~b")
    _require(not any(mask(a & ~a)) and all(mask(a | ~a)), "a & ~a is empty, a | ~a is everything")


def check_content(splitter: Splitter, data: Dataset) -> None:
    """Check that columns, features and rows come back unchanged, and the input is not changed."""
    before = data.with_format(None).to_dict()
    splits = splitter.split(data, seed=0)
    assignment = splitter.assign(data, seed=0)
    _require(data.with_format(None).to_dict() == before, "the input is not changed")
    for part, rows in splits.items():
        _require(rows.features == data.features, "features are untouched")
        expected = data.select(assignment.indices(part)).with_format(None).to_dict()
        _require(rows.with_format(None).to_dict() == expected, "rows are untouched")


def check_degenerate(splitter: Splitter, data: Dataset) -> None:
    """Check that a region that is empty or everything is an error that counts the rows."""
    table = _property_table(data)
    for composed, matched in ((splitter & ~splitter, f"0 of {len(data)}"), (splitter | ~splitter, f"all {len(data)}")):
        try:
            composed.assign(table, seed=0)
        except RegionError as error:
            _require(matched in str(error), "the error says how many rows matched")
            _require(repr(composed)[:20] in error.remedy, "the error says which splitter to change")
        else:
            raise AssertionError("a region that is empty or everything raises RegionError")


SPLITTER_CHECKS: tuple[SplitterCheck, ...] = (
    check_repr,
    check_partition,
    check_row_order,
    check_fresh_process,
    check_seed,
    check_identity,
    check_near_duplicates,
    check_dropped,
    check_parts_on_request,
    check_regimes,
    check_train_size,
    check_sides,
    check_manifest,
    check_stream,
    check_algebra,
    check_content,
    check_degenerate,
)


_SHARED: ContextVar[tuple[Dataset, PropertyTable] | None] = ContextVar("_SHARED", default=None)


@contextmanager
def _shared_table(data: Dataset) -> Iterator[None]:
    """Give the checks of these rows one table, so that each property is computed once rather than by each check."""
    token = _SHARED.set((data, PropertyTable(data)))
    try:
        yield
    finally:
        _SHARED.reset(token)


def _property_table(data: Dataset) -> PropertyTable:
    shared = _SHARED.get()
    return shared[1] if shared is not None and shared[0] is data else PropertyTable(data)


def _refused(splitter: Splitter, table: PropertyTable, law: str, **arguments: Any) -> None:
    try:
        splitter.assign(table, seed=0, **arguments)
    except ParameterError:
        return
    raise AssertionError(f"broken law: {law}")


def _require(holds: bool, law: str) -> None:
    if not holds:
        raise AssertionError(f"broken law: {law}")


@contextmanager
def _sizes_may_differ() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SizeWarning)
        warnings.simplefilter("ignore", SmallPartWarning)
        yield


def _assigned_parts(splitter: Splitter, columns: dict[str, list[Any]]) -> list[int]:
    from datasets import Dataset

    with _sizes_may_differ():
        assignment: SplitAssignment = splitter.assign(Dataset.from_dict(columns), seed=0)
    return assignment.parts.tolist()  # type: ignore[no-any-return]


def _rows_in_region(splitter: Splitter, table: PropertyTable) -> np.ndarray:
    return splitter.fit(table).contains(table)


def _contents(splitter: Splitter, data: Dataset) -> list[str]:
    return [digest(row) for row in _row_texts(splitter, data)]


def _row_texts(splitter: Splitter, data: Dataset) -> list[tuple[str, ...]]:
    plain = data.with_format(None)
    return list(zip(*(plain[column][:] for column in splitter.columns), strict=True))


def _has_pool(splitter: Splitter, table: PropertyTable) -> bool:
    """Return whether a row of the region is left over by the test parts, so that there is a share to keep."""
    return splitter.assign(table, seed=0).excluded.get("masked", 0) > 0


def _half_of_train(splitter: Splitter, table: PropertyTable) -> int:
    return max(1, splitter.assign(table, seed=0).sizes["train"] // 2)


def _names_of_repr(splitter: Splitter) -> dict[str, Any]:
    """Return the names that a repr may use: the public splitters, and the class under test with those inside it."""
    names = {name: getattr(codeshift.splitters, name) for name in codeshift.splitters.__all__}
    pending: list[Any] = [splitter]
    while pending:
        value = pending.pop()
        names[type(value).__name__] = type(value)
        pending.extend(item for item in vars(value).values() if isinstance(item, Splitter))
    return names

"""Units to parts: the arithmetic of a split, on arrays alone.

Every choice is made in the order that the seed gives to units, so regimes of one seed are nested and share their test
rows. ``Dealt.parts`` holds indices into ``PARTS``, ``Dealt.reasons`` indices into ``REASONS``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codeshift.errors import ParameterError, RegionError
from codeshift.splitters.identity import Units
from codeshift.splitters.request import MATCH, DealRequest, rows_asked

PARTS = ("train", "validation", "test_id", "test_ood", "excluded")
TRAIN, VALIDATION, TEST_ID, TEST_OOD, EXCLUDED = range(len(PARTS))

REASONS = ("", "masked", "bound", "trimmed")
"""Why a row is excluded: masked from training by its region, bound to a test row (an equal row or one group), or
trimmed away because ``train_size`` asks for fewer rows."""
NO_REASON, MASKED, BOUND, TRIMMED = range(len(REASONS))


@dataclass(eq=False)
class Dealt:
    """The part of each row, why it is excluded, and how many rows each part was asked to hold."""

    parts: np.ndarray
    reasons: np.ndarray
    asked: dict[str, int] = field(default_factory=dict)

    @classmethod
    def nothing(cls, n_rows: int) -> Dealt:
        """All rows in ``train``, from where dealing starts."""
        return cls(np.full(n_rows, TRAIN, dtype=np.int8), np.zeros(n_rows, dtype=np.int8))

    def exclude(self, rows: np.ndarray, reason: int) -> None:
        """Take the rows of a mask out of every part."""
        self.parts[rows] = EXCLUDED
        self.reasons[rows] = reason


def deal(inside: np.ndarray, units: Units, request: DealRequest) -> Dealt:
    """Deal rows of one dataset.

    Args:
        inside: which rows lie in the region, of shape ``(n,)``.
        units: the unit of each row.
        request: seed and sizes.

    Raises:
        RegionError: if no row of the region, or none outside, can be dealt to a part that must have one.
        ParameterError: if the sizes do not fit the rows.
    """
    dealt = Dealt.nothing(len(inside))
    rows_inside = np.bincount(units.labels, weights=inside, minlength=len(units.keys)).astype(np.int64)
    touching = np.flatnonzero(rows_inside)
    order = touching[np.argsort(units.rank(request.seed, "region")[touching])]
    target = dealt.asked["test_ood"] = rows_asked(request.test_ood_size, int(inside.sum()))
    if target > inside.sum():
        raise ParameterError(
            "test_ood_size",
            f"at most {int(inside.sum())}, the rows of the region",
            request.test_ood_size,
            "ask for less",
        )
    is_test = np.zeros(len(units.keys), dtype=bool)
    is_test[order[fill(rows_inside[order], target)]] = True
    if not is_test.any():
        raise RegionError(
            "test_ood_size",
            "large enough for one whole unit of equal rows or one group",
            request.test_ood_size,
            f"the smallest unit of the region has {int(rows_inside[touching].min())} rows",
        )
    in_test_unit = is_test[units.labels]
    dealt.parts[inside & in_test_unit] = TEST_OOD
    dealt.exclude(~inside & in_test_unit, BOUND)
    _deal_outside(dealt, rows_inside, units, request)
    if not ((dealt.parts == TRAIN) & ~inside).any():
        raise _too_large(dealt, "so small that rows outside of the region are left for train")
    keep_pool(dealt, inside & ~in_test_unit, units, request)
    return dealt


def _deal_outside(dealt: Dealt, rows_inside: np.ndarray, units: Units, request: DealRequest) -> None:
    """Draw ``test_id`` and ``validation`` from the units that lie wholly outside of the region."""
    n_rows = len(dealt.parts)
    if request.test_id_size == MATCH:
        dealt.asked["test_id"] = int((dealt.parts == TEST_OOD).sum())
    else:
        dealt.asked["test_id"] = rows_asked(request.test_id_size, n_rows)
    dealt.asked["validation"] = rows_asked(request.validation_size, n_rows)
    free = rows_inside == 0
    available = int(free[units.labels].sum())
    wanted = dealt.asked["test_id"] + dealt.asked["validation"]
    if wanted > available:
        raise _too_large(dealt, f"together at most {available} rows, those outside of the region that can be drawn")
    for part, name in ((TEST_ID, "test_id"), (VALIDATION, "validation")):
        drawn = draw(free, units, request.seed, name, dealt.asked[name])
        dealt.parts[drawn[units.labels]] = part
        free &= ~drawn


def _too_large(dealt: Dealt, constraint: str) -> ParameterError:
    return ParameterError(
        "test_id_size and validation_size",
        constraint,
        (dealt.asked["test_id"], dealt.asked["validation"]),
        "ask for smaller parts (test_id matches test_ood unless test_id_size says otherwise) or a smaller region",
    )


def draw(free: np.ndarray, units: Units, seed: int | None, role: str, target: int) -> np.ndarray:
    """Choose among the ``free`` units, in the seed's order, so many that their rows add up to ``target``."""
    sizes = np.bincount(units.labels, minlength=len(units.keys))
    candidates = np.flatnonzero(free)
    order = candidates[np.argsort(units.rank(seed, role)[candidates])]
    chosen = np.zeros(len(units.keys), dtype=bool)
    chosen[order[fill(sizes[order], target)]] = True
    return chosen


def keep_pool(dealt: Dealt, pool: np.ndarray, units: Units, request: DealRequest) -> None:
    """Keep the share ``ood_kept`` of the ``pool`` rows in train, mask the others, then cut train to ``train_size``."""
    sizes = np.bincount(units.labels, weights=pool, minlength=len(units.keys)).astype(np.int64)
    members = np.flatnonzero(sizes)
    order = members[np.argsort(units.rank(request.seed, "pool")[members])]
    target = dealt.asked["kept"] = rows_asked(request.ood_kept, int(pool.sum()))
    # A prefix, not a fill: a larger share must keep all that a smaller one keeps.
    kept = np.zeros(len(units.keys), dtype=bool)
    kept[order[: nearest_prefix(sizes[order], target)]] = True
    dealt.exclude(pool & ~kept[units.labels], MASKED)
    dealt.parts[pool & kept[units.labels]] = TRAIN


def trim_train(dealt: Dealt, pool: np.ndarray, units: Units, request: DealRequest, row_order: np.ndarray) -> None:
    """Cut train to exactly ``train_size`` rows, such that rows kept from the region stay nested over regimes.

    The region keeps its share of train (rounded), counted from the front of the pool's order; the rows outside fill
    the rest from the front of an order of their own.

    Args:
        dealt: is changed in place.
        pool: the rows of the region that are not test rows.
        units: the unit of each row.
        request: seed and sizes.
        row_order: the place of each row among rows of its unit, whatever the order they were given in.
    """
    if request.train_size is None:
        return
    in_train = dealt.parts == TRAIN
    outside = in_train & ~pool
    if request.train_size > outside.sum():
        raise ParameterError(
            "train_size",
            f"at most {int(outside.sum())}, the rows outside of the region that are left for train",
            request.train_size,
            "only so many can be had in every regime, ood_kept=0 included",
        )
    region_share = (in_train & pool).sum() / in_train.sum()
    from_region = int(np.floor(request.train_size * region_share + 0.5))
    for rows, role, count in (
        (in_train & pool, "pool", from_region),
        (outside, "train", request.train_size - from_region),
    ):
        members = np.flatnonzero(rows)
        rank = units.rank(request.seed, role)[units.labels[members]]
        ordered = members[np.lexsort((row_order[members], rank))]
        surplus = np.zeros(len(rows), dtype=bool)
        surplus[ordered[count:]] = True
        dealt.exclude(surplus, TRIMMED)


def fill(sizes: np.ndarray, target: int) -> np.ndarray:
    """Positions of units, taken in order while they fit, whose sizes add up to ``target`` or come nearest to it.

    A unit that does not fit is passed over, so a giant group cannot double a part. Where a gap is left, the unit
    that overshoots least closes it, unless that is farther from the target.

    >>> fill(np.array([3, 9, 2, 1]), 6).tolist()
    [0, 2, 3]
    >>> fill(np.array([4, 4]), 6).tolist()
    [0, 1]
    """
    prefix = int(np.searchsorted(np.cumsum(sizes), target, side="right"))
    taken = list(range(prefix))
    left = target - int(sizes[:prefix].sum())
    passed = []
    for position in range(prefix, len(sizes)):
        if left == 0:
            break
        if sizes[position] <= left:
            taken.append(position)
            left -= int(sizes[position])
        else:
            passed.append(position)
    if left > 0 and passed:
        smallest = min(passed, key=lambda position: (sizes[position], position))
        if sizes[smallest] - left <= left:
            taken.append(smallest)
    return np.array(sorted(taken), dtype=np.int64)


def nearest_prefix(sizes: np.ndarray, target: int) -> int:
    """How many units from the front come nearest to ``target`` rows in all (the shorter prefix where two tie).

    >>> nearest_prefix(np.array([2, 2, 2]), 5), nearest_prefix(np.array([1, 1, 1]), 2)
    (2, 2)
    """
    totals = np.concatenate([[0], np.cumsum(sizes)])
    return int(np.argmin(np.abs(totals - target)))

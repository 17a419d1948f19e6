"""Units to parts: the arithmetic of a split, on arrays alone.

Every choice is made in the order that the seed gives to units, so regimes of one seed are nested and share their test
rows. ``Dealt.parts`` holds indices into ``PARTS``, ``Dealt.reasons`` indices into ``REASONS``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codeshift.errors import ParameterError, RegionError
from codeshift.splitters.choice import fill, nearest_prefix
from codeshift.splitters.identity import Units
from codeshift.splitters.request import MATCH, DealRequest, rows_asked

PARTS = ("train", "validation", "validation_ood", "test_id", "test_ood", "excluded")
TRAIN, VALIDATION, VALIDATION_OOD, TEST_ID, TEST_OOD, EXCLUDED = range(len(PARTS))

REASONS = ("", "masked", "bound", "near_duplicate", "trimmed", "duplicate")
"""Why a row is excluded: masked from training by its region; bound to a row on the other side, being equal to it or of
one group with it; a near-duplicate of such a row, perhaps through others; trimmed away by ``train_size``; or dropped
before anything was dealt, as a duplicate of a row that was kept."""
NO_REASON, MASKED, BOUND, NEAR_DUPLICATE, TRIMMED, DUPLICATE = range(len(REASONS))


@dataclass(eq=False)
class Dealt:
    """What became of each row, and how many rows each part was asked to hold.

    Attributes:
        parts: the part of each row.
        reasons: why it is excluded.
        pool: whether it is a row of the region that a regime may keep in train.
        control: whether it is one of ``train_control``; None where that was not asked for.
        asked: rows asked of each part, and of the pool as ``"kept"``.
    """

    parts: np.ndarray
    reasons: np.ndarray
    pool: np.ndarray
    control: np.ndarray | None = None
    asked: dict[str, int] = field(default_factory=dict)

    @classmethod
    def nothing(cls, n_rows: int) -> Dealt:
        """All rows in ``train``, from where dealing starts."""
        return cls(
            parts=np.full(n_rows, TRAIN, dtype=np.int8),
            reasons=np.zeros(n_rows, dtype=np.int8),
            pool=np.zeros(n_rows, dtype=bool),
        )

    def exclude(self, rows: np.ndarray, reason: int) -> None:
        """Take the rows of a mask out of every part."""
        self.parts[rows] = EXCLUDED
        self.reasons[rows] = reason

    def spread(self, kept: np.ndarray) -> Dealt:
        """This dealing of the rows of a mask as one of all rows: the others are excluded as duplicates."""
        whole = Dealt.nothing(len(kept))
        whole.exclude(~kept, DUPLICATE)
        whole.parts[kept], whole.reasons[kept], whole.pool[kept] = self.parts, self.reasons, self.pool
        whole.asked = self.asked
        if self.control is not None:
            whole.control = np.zeros(len(kept), dtype=bool)
            whole.control[kept] = self.control
        return whole


def deal(inside: np.ndarray, units: Units, request: DealRequest) -> Dealt:
    """Deal rows of one dataset.

    Args:
        inside: which rows lie in the region, of shape ``(n,)``: some do and some do not.
        units: the unit of each row.
        request: seed and sizes.

    Raises:
        RegionError: if no unit of the region fits ``test_ood``.
        ParameterError: if the sizes do not fit the rows.
    """
    dealt = Dealt.nothing(len(inside))
    _deal_inside(dealt, inside, units, request)
    _deal_outside(dealt, inside, units, request)
    if not ((dealt.parts == TRAIN) & ~inside).any():
        raise _too_large(dealt, "so small that rows outside of the region are left for train")
    dealt.pool = inside & (dealt.parts == TRAIN)
    keep_pool(dealt, units, request)
    return dealt


def _deal_inside(dealt: Dealt, inside: np.ndarray, units: Units, request: DealRequest) -> None:
    """Divide the region's units into ``test_ood``, ``validation_ood`` and a pool."""
    rows_inside = units.count(inside)
    free = rows_inside > 0
    for part, name, size in (
        (TEST_OOD, "test_ood", request.test_ood_size),
        (VALIDATION_OOD, "validation_ood", request.validation_ood_size),
    ):
        target = rows_asked(size, int(inside.sum()))
        if target > rows_inside[free].sum():
            constraint = f"at most {int(rows_inside[free].sum())}, the rows of the region"
            raise ParameterError(f"{name}_size", constraint, size, "ask for fewer or widen the region")
        if target or part == TEST_OOD:
            dealt.asked[name] = target
        order = units.ordered(free, request.seed, "region")
        drawn = np.zeros(len(free), dtype=bool)
        drawn[order[fill(rows_inside[order], target)]] = True
        if part == TEST_OOD and not drawn.any():
            raise RegionError(
                "test_ood_size",
                "large enough for one whole unit of rows that belong together",
                size,
                f"the smallest unit of the region has {int(rows_inside[free].min())} rows",
            )
        in_drawn = drawn[units.labels]
        dealt.parts[inside & in_drawn] = part
        dealt.exclude(~inside & in_drawn, BOUND)
        free &= ~drawn


def _deal_outside(dealt: Dealt, inside: np.ndarray, units: Units, request: DealRequest) -> None:
    """Draw ``test_id`` and ``validation`` from the units that lie wholly outside of the region."""
    n_rows, touches_region = len(dealt.parts), units.holding(inside)
    if request.test_id_size == MATCH:
        dealt.asked["test_id"] = int((dealt.parts == TEST_OOD).sum())
    else:
        dealt.asked["test_id"] = rows_asked(request.test_id_size, n_rows)
    dealt.asked["validation"] = rows_asked(request.validation_size, n_rows)
    free = ~touches_region
    available = int(free[units.labels].sum())
    if dealt.asked["test_id"] + dealt.asked["validation"] > available:
        bound = int((touches_region[units.labels] & ~inside).sum())
        why = f" ({bound} others belong together with rows inside: near-duplicates or one group)" if bound else ""
        raise _too_large(
            dealt, f"together at most {available} rows, those outside of the region that can be drawn{why}"
        )
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
    order = units.ordered(free, seed, role)
    chosen = np.zeros(len(units.keys), dtype=bool)
    chosen[order[fill(units.sizes[order], target)]] = True
    return chosen


def keep_pool(dealt: Dealt, units: Units, request: DealRequest) -> None:
    """Keep the share ``ood_kept`` of the pool in train and mask the rest of it."""
    sizes = units.count(dealt.pool)
    order = units.ordered(sizes > 0, request.seed, "pool")
    target = dealt.asked["kept"] = rows_asked(request.ood_kept, int(dealt.pool.sum()))
    # A prefix, not a fill: a larger share must keep all that a smaller one keeps.
    kept = np.zeros(len(units.keys), dtype=bool)
    kept[order[: nearest_prefix(sizes[order], target)]] = True
    dealt.exclude(dealt.pool & ~kept[units.labels], MASKED)


def trim_train(dealt: Dealt, units: Units, request: DealRequest, row_order: np.ndarray) -> None:
    """Cut train to exactly ``train_size`` rows, such that rows kept from the region stay nested over regimes.

    Raises:
        ParameterError: if some regime has fewer rows.
    """
    assert request.train_size is not None  # noqa: S101 - the caller looks
    in_train = dealt.parts == TRAIN
    outside = int((in_train & ~dealt.pool).sum())
    if request.train_size > outside:
        raise ParameterError(
            "train_size",
            f"at most {outside}, the rows outside of the region that are left for train",
            request.train_size,
            "only so many can be had in every regime, ood_kept=0 included",
        )
    taken = take(in_train, dealt.pool, request.train_size, units, request.seed, row_order)
    dealt.exclude(in_train & ~taken, TRIMMED)


def add_control(dealt: Dealt, units: Units, request: DealRequest, row_order: np.ndarray) -> None:
    """Draw ``train_control``: as many rows as train has, from all that could train were nothing masked."""
    trainable = (dealt.parts == TRAIN) | (dealt.reasons == TRIMMED) | dealt.pool
    size = int((dealt.parts == TRAIN).sum())
    dealt.control = take(trainable, dealt.pool, size, units, request.seed, row_order)


def take(
    rows: np.ndarray, pool: np.ndarray, count: int, units: Units, seed: int | None, row_order: np.ndarray
) -> np.ndarray:
    """Choose exactly ``count`` of some rows, the region's as large a share of them as it is of those rows.

    The region's rows come from the front of the pool's order and the others from the front of an order of their own,
    so what is chosen of the region grows with its share.

    Args:
        rows: which rows to choose from.
        pool: which of all rows belong to the region.
        count: how many to choose.
        units: the unit of each row.
        seed: gives the order of units.
        row_order: the place of each row among rows of its unit, whatever the order they were given in.
    """
    chosen = np.zeros(len(rows), dtype=bool)
    from_region = int(np.floor(count * (rows & pool).sum() / rows.sum() + 0.5))
    for members, role, size in ((rows & pool, "pool", from_region), (rows & ~pool, "train", count - from_region)):
        rank = np.empty(len(units.keys), dtype=np.int64)
        order = units.ordered(units.holding(members), seed, role)
        rank[order] = np.arange(len(order))
        positions = np.flatnonzero(members)
        ordered = positions[np.lexsort((row_order[positions], rank[units.labels[positions]]))]
        chosen[ordered[:size]] = True
    return chosen


def tell_near_duplicates(dealt: Dealt, strict: Units) -> None:
    """Say which bound rows are bound by a near-duplicate alone.

    Args:
        dealt: is changed in place.
        strict: the units that equal rows and groups alone make.
    """
    held_out = np.isin(dealt.parts, (VALIDATION, VALIDATION_OOD, TEST_ID, TEST_OOD))
    bound = dealt.reasons == BOUND
    dealt.reasons[bound & ~strict.holding(held_out)[strict.labels]] = NEAR_DUPLICATE

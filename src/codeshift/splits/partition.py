"""Groups of rows to parts: the arithmetic of a split, on arrays alone.

Every choice is made in the order that the seed gives to groups, so regimes of one seed are nested and share their test
rows. ``Partition.parts`` holds indices into ``PARTS``, ``Partition.reasons`` indices into ``REASONS``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codeshift.errors import ParameterError, RegionError
from codeshift.splits.config import MATCH, SplitConfig, rows_asked
from codeshift.splits.filling import fill, nearest_prefix
from codeshift.splits.groups import RowGroups

PARTS = ("train", "validation", "validation_ood", "test_id", "test_ood", "excluded")
TRAIN, VALIDATION, VALIDATION_OOD, TEST_ID, TEST_OOD, EXCLUDED = range(len(PARTS))

REASONS = ("", "masked", "bound", "near_duplicate", "trimmed", "duplicate", "unparsable")
"""Why a row is excluded: masked from training by its region; bound to a row on the other side, being equal to it or of
one group with it; a near-duplicate of such a row, perhaps through others; trimmed away by ``train_size``; or dropped
before anything was dealt, as a duplicate of a row that was kept, or as one on which the region's parser gives up."""
NO_REASON, MASKED, BOUND, NEAR_DUPLICATE, TRIMMED, DUPLICATE, UNPARSABLE = range(len(REASONS))


@dataclass(eq=False)
class Partition:
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
    def nothing(cls, n_rows: int) -> Partition:
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

    def spread(self, kept: np.ndarray, reason: int) -> Partition:
        """This dealing of the rows of a mask as one of all rows: the others are excluded for a reason."""
        whole = Partition.nothing(len(kept))
        whole.exclude(~kept, reason)
        whole.parts[kept], whole.reasons[kept], whole.pool[kept] = self.parts, self.reasons, self.pool
        whole.asked = self.asked
        if self.control is not None:
            whole.control = np.zeros(len(kept), dtype=bool)
            whole.control[kept] = self.control
        return whole


def divide(inside: np.ndarray, groups: RowGroups, config: SplitConfig) -> Partition:
    """Deal rows of one dataset.

    Args:
        inside: which rows lie in the region, of shape ``(n,)``: some do and some do not.
        groups: the group of each row.
        config: seed and sizes.

    Raises:
        RegionError: if no group of the region fits ``test_ood``.
        ParameterError: if the sizes do not fit the rows.
    """
    partition = Partition.nothing(len(inside))
    _divide_inside(partition, inside, groups, config)
    _divide_outside(partition, inside, groups, config)
    if not ((partition.parts == TRAIN) & ~inside).any():
        raise _too_large(partition, "so small that rows outside of the region are left for train")
    partition.pool = inside & (partition.parts == TRAIN)
    keep_pool(partition, groups, config)
    return partition


def _divide_inside(partition: Partition, inside: np.ndarray, groups: RowGroups, config: SplitConfig) -> None:
    """Divide the region's groups into ``test_ood``, ``validation_ood`` and a pool."""
    rows_inside = groups.count(inside)
    free = rows_inside > 0
    for part, name, size in (
        (TEST_OOD, "test_ood", config.test_ood_size),
        (VALIDATION_OOD, "validation_ood", config.validation_ood_size),
    ):
        target = rows_asked(size, int(inside.sum()))
        if target > rows_inside[free].sum():
            constraint = f"at most {int(rows_inside[free].sum())}, the rows of the region"
            raise ParameterError(f"{name}_size", constraint, size, "ask for fewer or widen the region")
        if target or part == TEST_OOD:
            partition.asked[name] = target
        order = groups.ordered(free, config.seed, "region")
        drawn = np.zeros(len(free), dtype=bool)
        drawn[order[fill(rows_inside[order], target)]] = True
        if part == TEST_OOD and not drawn.any():
            raise RegionError(
                "test_ood_size",
                "large enough for one whole unit of rows that belong together",
                size,
                f"the smallest unit of the region has {int(rows_inside[free].min())} rows",
            )
        in_drawn = drawn[groups.labels]
        partition.parts[inside & in_drawn] = part
        partition.exclude(~inside & in_drawn, BOUND)
        free &= ~drawn


def _divide_outside(partition: Partition, inside: np.ndarray, groups: RowGroups, config: SplitConfig) -> None:
    """Draw ``test_id`` and ``validation`` from the groups that lie wholly outside of the region."""
    n_rows, touches_region = len(partition.parts), groups.holding(inside)
    if config.test_id_size == MATCH:
        partition.asked["test_id"] = int((partition.parts == TEST_OOD).sum())
    else:
        partition.asked["test_id"] = rows_asked(config.test_id_size, n_rows)
    partition.asked["validation"] = rows_asked(config.validation_size, n_rows)
    free = ~touches_region
    available = int(free[groups.labels].sum())
    if partition.asked["test_id"] + partition.asked["validation"] > available:
        bound = int((touches_region[groups.labels] & ~inside).sum())
        why = f" ({bound} others belong together with rows inside: near-duplicates or one group)" if bound else ""
        raise _too_large(
            partition, f"together at most {available} rows, those outside of the region that can be drawn{why}"
        )
    for part, name in ((TEST_ID, "test_id"), (VALIDATION, "validation")):
        drawn = draw(free, groups, config.seed, name, partition.asked[name])
        partition.parts[drawn[groups.labels]] = part
        free &= ~drawn


def _too_large(partition: Partition, constraint: str) -> ParameterError:
    return ParameterError(
        "test_id_size and validation_size",
        constraint,
        (partition.asked["test_id"], partition.asked["validation"]),
        "ask for smaller parts (test_id matches test_ood unless test_id_size says otherwise) or a smaller region",
    )


def draw(free: np.ndarray, groups: RowGroups, seed: int, role: str, target: int) -> np.ndarray:
    """Choose among the ``free`` groups, in the seed's order, so many that their rows add up to ``target``."""
    order = groups.ordered(free, seed, role)
    chosen = np.zeros(len(groups.keys), dtype=bool)
    chosen[order[fill(groups.sizes[order], target)]] = True
    return chosen


def keep_pool(partition: Partition, groups: RowGroups, config: SplitConfig) -> None:
    """Keep the share ``ood_kept`` of the pool in train and mask the rest of it."""
    sizes = groups.count(partition.pool)
    order = groups.ordered(sizes > 0, config.seed, "pool")
    target = partition.asked["kept"] = rows_asked(config.ood_kept, int(partition.pool.sum()))
    # A prefix, not a fill: a larger share must keep all that a smaller one keeps.
    kept = np.zeros(len(groups.keys), dtype=bool)
    kept[order[: nearest_prefix(sizes[order], target)]] = True
    partition.exclude(partition.pool & ~kept[groups.labels], MASKED)


def trim_train(partition: Partition, groups: RowGroups, config: SplitConfig, row_order: np.ndarray, total: int) -> None:
    """Cut train to exactly ``train_size`` rows, such that rows kept from the region stay nested over regimes.

    Args:
        partition: the one to change.
        groups: the group of each row.
        config: seed and size.
        row_order: the place of each row among rows of its group.
        total: how many rows a share is of.

    Raises:
        ParameterError: if some regime has fewer rows.
    """
    assert config.train_size is not None  # noqa: S101 - the caller looks
    size = partition.asked["train"] = rows_asked(config.train_size, total)
    in_train = partition.parts == TRAIN
    outside = int((in_train & ~partition.pool).sum())
    if not 0 < size <= outside:
        raise ParameterError(
            "train_size",
            f"at least one row and at most {outside}, those outside of the region that are left for train",
            config.train_size,
            "only so many can be had in every regime, ood_kept=0 included",
        )
    taken = take(in_train, partition.pool, size, groups, config.seed, row_order)
    partition.exclude(in_train & ~taken, TRIMMED)


def add_control(partition: Partition, groups: RowGroups, config: SplitConfig, row_order: np.ndarray) -> None:
    """Draw ``train_control``: as many rows as train has, from all that could train were nothing masked."""
    trainable = (partition.parts == TRAIN) | (partition.reasons == TRIMMED) | partition.pool
    size = int((partition.parts == TRAIN).sum())
    partition.control = take(trainable, partition.pool, size, groups, config.seed, row_order)


def take(
    rows: np.ndarray, pool: np.ndarray, count: int, groups: RowGroups, seed: int, row_order: np.ndarray
) -> np.ndarray:
    """Choose exactly ``count`` of some rows, the region's as large a share of them as it is of those rows.

    The region's rows come from the front of the pool's order and the others from the front of an order of their own,
    so what is chosen of the region grows with its share.

    Args:
        rows: which rows to choose from.
        pool: which of all rows belong to the region.
        count: how many to choose.
        groups: the group of each row.
        seed: gives the order of groups.
        row_order: the place of each row among rows of its group, whatever the order they were given in.
    """
    chosen = np.zeros(len(rows), dtype=bool)
    from_region = int(np.floor(count * (rows & pool).sum() / rows.sum() + 0.5))
    for members, role, size in ((rows & pool, "pool", from_region), (rows & ~pool, "train", count - from_region)):
        rank = np.empty(len(groups.keys), dtype=np.int64)
        order = groups.ordered(groups.holding(members), seed, role)
        rank[order] = np.arange(len(order))
        positions = np.flatnonzero(members)
        ordered = positions[np.lexsort((row_order[positions], rank[groups.labels[positions]]))]
        chosen[ordered[:size]] = True
    return chosen


def tell_near_duplicates(partition: Partition, strict: RowGroups) -> None:
    """Say which bound rows are bound by a near-duplicate alone.

    Args:
        partition: the one to change.
        strict: the groups that equal rows and the user's groups alone make.
    """
    held_out = np.isin(partition.parts, (VALIDATION, VALIDATION_OOD, TEST_ID, TEST_OOD))
    bound = partition.reasons == BOUND
    partition.reasons[bound & ~strict.holding(held_out)[strict.labels]] = NEAR_DUPLICATE

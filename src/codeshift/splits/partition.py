"""Assignment of groups of rows to parts: the arithmetic of a split, on arrays only.

Every choice follows the order that the seed gives to groups, so the values of ``ood_kept`` under one seed are nested
and share their test rows. ``Partition.parts`` holds indices into ``codeshift.parts.PARTS``, ``Partition.reasons`` into
``REASONS``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codeshift.errors import ParameterError, RegionError
from codeshift.parts import (
    BOUND,
    CONTROL,
    EXCLUDED,
    MASKED,
    NEAR_DUPLICATE,
    PARTS,
    TEST_ID,
    TEST_OOD,
    TRAIN,
    TRIMMED,
    VALIDATION,
    VALIDATION_OOD,
)
from codeshift.splits.config import MATCH, SplitConfig, are_shares_of_all, rows_requested
from codeshift.splits.filling import fill, nearest_prefix
from codeshift.splits.groups import RowGroups


@dataclass(eq=False)
class Partition:
    """Part of each row, and the requested size of each part. Arrays have the shape ``(n,)``.

    Attributes:
        parts: Part of each row.
        reasons: Reason why each row is excluded.
        pool: Whether each row is one of the region that ``ood_kept`` may keep in train.
        control: Whether each row is in ``train_control``; None if it was not requested.
        requested: Number of rows requested of each part, and of the pool as ``"kept"``.
    """

    parts: np.ndarray
    reasons: np.ndarray
    pool: np.ndarray
    control: np.ndarray | None = None
    requested: dict[str, int] = field(default_factory=dict)

    @classmethod
    def nothing(cls, n_rows: int) -> Partition:
        """Return a partition with all rows in ``train``, from which splitting starts."""
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
        """Extend this partition of the rows of a mask to all rows, with the others excluded for a reason."""
        extended = Partition.nothing(len(kept))
        extended.exclude(~kept, reason)
        extended.parts[kept], extended.reasons[kept], extended.pool[kept] = self.parts, self.reasons, self.pool
        extended.requested = self.requested
        if self.control is not None:
            extended.control = np.zeros(len(kept), dtype=bool)
            extended.control[kept] = self.control
        return extended


def positions_of(part: str, parts: np.ndarray, control: np.ndarray | None) -> np.ndarray:
    """Return the ascending positions of a part's rows.

    Args:
        part: Name of the part.
        parts: Part of each row, as an index into ``PARTS``: of shape ``(n,)``.
        control: Whether each row is in ``train_control``.

    >>> positions_of("train_control", np.array([TRAIN, TEST_OOD]), np.array([False, True])).tolist()
    [1]
    """
    if part == CONTROL:
        assert control is not None  # noqa: S101 - it is delivered
        return np.flatnonzero(control)
    return np.flatnonzero(parts == PARTS.index(part))


def divide(inside: np.ndarray, groups: RowGroups, config: SplitConfig) -> Partition:
    """Assign the rows of one dataset to parts.

    Args:
        inside: Whether each row lies in the region: booleans of shape ``(n,)``, of both values.
        groups: Group of each row.
        config: Seed and sizes.

    Raises:
        RegionError: if no group of the region fits ``test_ood``.
        ParameterError: if the sizes do not fit the rows, or ``ood_kept`` has no effect since they leave no row to keep.
    """
    partition = Partition.nothing(len(inside))
    _divide_inside(partition, inside, groups, config)
    _divide_outside(partition, inside, groups, config)
    if not ((partition.parts == TRAIN) & ~inside).any():
        raise _too_large(partition, "so small that rows outside of the region are left for train")
    partition.pool = inside & (partition.parts == TRAIN)
    if config.ood_kept > 0 and not partition.pool.any():
        constraint = "0 where no row of the region is left to keep in train"
        remedy = "ask for a smaller test_ood_size or validation_ood_size, or widen the region"
        raise ParameterError("ood_kept", constraint, config.ood_kept, remedy)
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
        rows_left, target = int(rows_inside[free].sum()), rows_requested(size, int(inside.sum()))
        if part == VALIDATION_OOD and are_shares_of_all(config.test_ood_size, size):
            left = int(inside.sum()) - partition.requested["test_ood"]
            target = min(target, left)  # two halves of five rows: 3 and 2
        elif target > rows_left:
            constraint = f"at most {rows_left}, the rows of the region"
            raise ParameterError(f"{name}_size", constraint, size, "ask for fewer or widen the region")
        if target or part == TEST_OOD:
            partition.requested[name] = target
        order = groups.ordered(free, config.seed, "region")
        drawn = np.zeros(len(free), dtype=bool)
        drawn[order[fill(rows_inside[order], min(target, rows_left))]] = True
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
    """Draw ``test_id`` and ``validation`` from the groups that lie wholly outside the region."""
    n_rows, touches_region = len(partition.parts), groups.holding(inside)
    if config.test_id_size == MATCH:
        partition.requested["test_id"] = int((partition.parts == TEST_OOD).sum())
    else:
        partition.requested["test_id"] = rows_requested(config.test_id_size, n_rows)
    partition.requested["validation"] = rows_requested(config.validation_size, n_rows)
    free = ~touches_region
    available = int(free[groups.labels].sum())
    if partition.requested["test_id"] + partition.requested["validation"] > available:
        bound = int((touches_region[groups.labels] & ~inside).sum())
        why = f" ({bound} others belong together with rows inside: near-duplicates or one group)" if bound else ""
        raise _too_large(
            partition, f"together at most {available} rows, those outside of the region that can be drawn{why}"
        )
    for part, name in ((TEST_ID, "test_id"), (VALIDATION, "validation")):
        drawn = draw(free, groups, config.seed, name, partition.requested[name])
        partition.parts[drawn[groups.labels]] = part
        free &= ~drawn


def _too_large(partition: Partition, constraint: str) -> ParameterError:
    return ParameterError(
        "test_id_size and validation_size",
        constraint,
        (partition.requested["test_id"], partition.requested["validation"]),
        "ask for smaller parts (test_id matches test_ood unless test_id_size says otherwise) or a smaller region",
    )


def draw(free: np.ndarray, groups: RowGroups, seed: int, role: str, target: int) -> np.ndarray:
    """Choose ``free`` groups, in the seed's order, until their rows add up to ``target`` or nearly."""
    order = groups.ordered(free, seed, role)
    chosen = np.zeros(len(groups.keys), dtype=bool)
    chosen[order[fill(groups.sizes[order], target)]] = True
    return chosen


def keep_pool(partition: Partition, groups: RowGroups, config: SplitConfig) -> None:
    """Keep the share ``ood_kept`` of the pool in train and mask the rest."""
    sizes = groups.count(partition.pool)
    order = groups.ordered(sizes > 0, config.seed, "pool")
    target = partition.requested["kept"] = rows_requested(config.ood_kept, int(partition.pool.sum()))
    # A prefix, not a fill: a larger share must keep all that a smaller one keeps.
    kept = np.zeros(len(groups.keys), dtype=bool)
    kept[order[: nearest_prefix(sizes[order], target)]] = True
    partition.exclude(partition.pool & ~kept[groups.labels], MASKED)


def trim_train(partition: Partition, groups: RowGroups, config: SplitConfig, row_order: np.ndarray, total: int) -> None:
    """Cut train to exactly ``train_size`` rows, so that rows kept from the region stay nested over ``ood_kept``.

    Args:
        partition: Partition to change.
        groups: Group of each row.
        config: Seed and size.
        row_order: Rank of each row within its group.
        total: Number of rows that a share refers to.

    Raises:
        ParameterError: if some value of ``ood_kept`` leaves fewer rows.
    """
    assert config.train_size is not None  # noqa: S101 - the caller looks
    size = partition.requested["train"] = rows_requested(config.train_size, total)
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
    """Draw ``train_control``: as many rows as train has, from all that could be in train if nothing were masked."""
    trainable = (partition.parts == TRAIN) | (partition.reasons == TRIMMED) | partition.pool
    size = int((partition.parts == TRAIN).sum())
    partition.control = take(trainable, partition.pool, size, groups, config.seed, row_order)


def take(
    rows: np.ndarray, pool: np.ndarray, count: int, groups: RowGroups, seed: int, row_order: np.ndarray
) -> np.ndarray:
    """Choose exactly ``count`` rows, with the same share of the region's rows as among all candidates.

    The region's rows are taken from the front of the pool's order and the others from the front of their own order, so
    a larger share of the region includes the rows chosen for a smaller one.

    Args:
        rows: Mask of the rows to choose from, of shape ``(n,)``.
        pool: Mask of the region's rows among all rows, of shape ``(n,)``.
        count: Number of rows to choose.
        groups: Group of each row.
        seed: Seed of the order of groups.
        row_order: Rank of each row within its group, independent of the order of rows in the data.
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


def mark_near_duplicates(partition: Partition, strict: RowGroups) -> None:
    """Set the reason of the bound rows that only a near-duplicate binds.

    Args:
        partition: Partition to change.
        strict: Groups formed by equal rows and the user's groups only.
    """
    held_out = np.isin(partition.parts, (VALIDATION, VALIDATION_OOD, TEST_ID, TEST_OOD))
    bound = partition.reasons == BOUND
    partition.reasons[bound & ~strict.holding(held_out)[strict.labels]] = NEAR_DUPLICATE

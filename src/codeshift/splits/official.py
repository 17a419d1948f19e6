"""Splitting of data with official train and test splits: rows are only masked, and none moves between splits."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from codeshift.errors import ParameterError
from codeshift.parts import BOUND, MASKED, OFFICIAL, TEST_ID, TEST_OOD, TRAIN, VALIDATION, VALIDATION_OOD
from codeshift.splits.config import SplitConfig, rows_requested
from codeshift.splits.groups import RowGroups
from codeshift.splits.partition import Partition, draw, keep_pool


def settled_by(*, has_validation: bool) -> tuple[str, ...]:
    """Return the names of the sizes that official splits determine, so that the arguments have no effect.

    >>> settled_by(has_validation=True)
    ('test_ood_size', 'test_id_size', 'validation_size')
    """
    return ("test_ood_size", "test_id_size", *(("validation_size",) if has_validation else ()))


def check_official(config: SplitConfig, *, has_validation: bool) -> None:
    """Check that no size is given that official splits leave without effect.

    Raises:
        ParameterError: if a size is given that the official splits determine.
    """
    remedy = "the official splits settle it; or pass one Dataset"
    default = {field.name: field.default for field in fields(SplitConfig)}
    for name in settled_by(has_validation=has_validation):
        value = getattr(config, name)
        none_wanted = name == "validation_size" and value == 0
        if value != default[name] and not none_wanted:
            raise ParameterError(name, "left out for official splits", value, remedy)
    if has_validation and config.validation_ood_size not in (0, 1):
        constraint = "0 or 1 where validation is official"
        raise ParameterError("validation_ood_size", constraint, config.validation_ood_size, remedy)


def divide_official(split: np.ndarray, inside: np.ndarray, groups: RowGroups, config: SplitConfig) -> Partition:
    """Assign the rows of official splits to parts.

    Args:
        split: Official split of each row as an index into ``OFFICIAL``, of shape ``(n,)``.
        inside: Whether each row lies in the region: booleans of shape ``(n,)``.
        groups: Group of each row.
        config: Seed and sizes.
    """
    partition = Partition.nothing(len(split))
    train, validation, test = (split == i for i in range(len(OFFICIAL)))
    partition.parts[test] = np.where(inside[test], TEST_OOD, TEST_ID)
    partition.parts[validation] = VALIDATION
    if config.validation_ood_size:
        partition.parts[validation & inside] = VALIDATION_OOD
    else:
        partition.exclude(validation & inside, MASKED)
    # A row equal to a test row would leak it, so the copy on the other side is excluded; the test split stays whole,
    # except for a group that is on both sides of the region.
    _exclude_bound(partition, test & ~inside, test & inside, groups)
    _exclude_bound(partition, train | validation, test, groups)
    _exclude_bound(partition, validation & ~inside, partition.parts == VALIDATION_OOD, groups)
    _exclude_bound(partition, train, np.isin(partition.parts, (VALIDATION, VALIDATION_OOD)), groups)
    if not validation.any():
        _draw_validation(partition, train, inside, groups, config)
    partition.pool = inside & (partition.parts == TRAIN)
    keep_pool(partition, groups, config)
    return partition


def _exclude_bound(partition: Partition, rows: np.ndarray, to: np.ndarray, groups: RowGroups) -> None:
    """Exclude those of ``rows`` that share a group with any of ``to`` and are not excluded already."""
    partition.exclude(rows & (partition.reasons == 0) & groups.holding(to)[groups.labels], BOUND)


def _draw_validation(
    partition: Partition, train: np.ndarray, inside: np.ndarray, groups: RowGroups, config: SplitConfig
) -> None:
    """Draw ``validation`` outside the region and ``validation_ood`` inside, if there is no official validation."""
    usable = partition.parts == TRAIN
    for part, name, size, rows in (
        (VALIDATION_OOD, "validation_ood", config.validation_ood_size, inside),
        (VALIDATION, "validation", config.validation_size, ~inside),
    ):
        if not size:
            continue
        total = int((train & rows).sum()) if part == VALIDATION_OOD else int(train.sum())
        partition.requested[name] = rows_requested(size, total)
        # Only groups that lie wholly on one side of the region can be drawn.
        drawn = draw(~groups.holding(~(usable & rows)), groups, config.seed, name, partition.requested[name])
        partition.parts[drawn[groups.labels]] = part

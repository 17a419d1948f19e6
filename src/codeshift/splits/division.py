"""Division of the rows of a call into parts: drawn, or along official splits, then trimmed and with a control."""

from __future__ import annotations

import numpy as np

from codeshift.parts import DUPLICATE, OFFICIAL
from codeshift.splits.config import SplitConfig
from codeshift.splits.groups import Grouping
from codeshift.splits.official import divide_official
from codeshift.splits.partition import Partition, add_control, divide, mark_near_duplicates, trim_train
from codeshift.splits.rows import SplitRows


def divide_rows(
    rows: SplitRows, inside: np.ndarray, grouping: Grouping, digests: np.ndarray, config: SplitConfig
) -> Partition:
    """Divide all rows except dropped duplicates, then exclude these.

    Args:
        rows: Rows of the call.
        inside: Whether each row lies in the region: booleans of shape ``(n,)``.
        grouping: Groups of rows that stay together.
        digests: Digests of all rows, which order the rows of a group.
        config: Seed and sizes.

    Raises:
        RegionError: if no group of the region fits ``test_ood``.
        ParameterError: if the sizes do not fit the rows.
    """
    kept = slice(None) if grouping.kept is None else grouping.kept
    split = rows.split_of_rows()[kept] if rows.is_official else None
    if split is None:
        partition = divide(inside[kept], grouping.groups, config)
    else:
        partition = divide_official(split, inside[kept], grouping.groups, config)
    mark_near_duplicates(partition, grouping.strict)
    if config.train_size is not None or config.train_control:
        order = rows.row_order(digests)[kept]
        if config.train_size is not None:
            total = len(order) if split is None else int((split == OFFICIAL.index("train")).sum())
            trim_train(partition, grouping.groups, config, order, total)
        if config.train_control:
            add_control(partition, grouping.groups, config, order)
    return partition if grouping.kept is None else partition.spread(grouping.kept, DUPLICATE)

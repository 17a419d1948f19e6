"""Dealing where the dataset brings its own train and test: no row moves between those, rows are only masked."""

from __future__ import annotations

import numpy as np

from codeshift.errors import ParameterError
from codeshift.splits.config import MATCH, SplitConfig, rows_asked
from codeshift.splits.groups import RowGroups
from codeshift.splits.partition import (
    BOUND,
    MASKED,
    TEST_ID,
    TEST_OOD,
    TRAIN,
    VALIDATION,
    VALIDATION_OOD,
    Dealt,
    draw,
    keep_pool,
)
from codeshift.splits.rows import OFFICIAL


def settled_by(*, has_validation: bool) -> tuple[str, ...]:
    """The sizes that official splits settle: of a split of them they say nothing.

    >>> settled_by(has_validation=True)
    ('test_ood_size', 'test_id_size', 'validation_size')
    """
    return ("test_ood_size", "test_id_size", *(("validation_size",) if has_validation else ()))


def check_official_request(config: SplitConfig, has_validation: bool) -> None:
    """Refuse sizes that official splits leave without effect.

    Raises:
        ParameterError: for a size that the official splits settle.
    """
    settled: dict[str, tuple[float | str, tuple[float | str, ...], str]] = {
        "test_ood_size": (config.test_ood_size, (0.5,), "left out for official splits"),
        "test_id_size": (config.test_id_size, (MATCH,), "left out for official splits"),
    }
    if has_validation:
        settled["validation_size"] = (config.validation_size, (0.1, 0), "left out for official splits")
        constraint = "0 or 1 where validation is official"
        settled["validation_ood_size"] = (config.validation_ood_size, (0, 1), constraint)
    for name, (value, allowed, constraint) in settled.items():
        if value not in allowed:
            raise ParameterError(name, constraint, value, "the official splits settle it; or pass one Dataset")


def deal_official(source: np.ndarray, inside: np.ndarray, units: RowGroups, config: SplitConfig) -> Dealt:
    """Deal the rows of official splits.

    Args:
        source: the official split of each row as an index into ``OFFICIAL``, of shape ``(n,)``.
        inside: which rows lie in the region.
        units: the unit of each row.
        config: seed and sizes.
    """
    dealt = Dealt.nothing(len(source))
    train, validation, test = (source == i for i in range(len(OFFICIAL)))
    dealt.parts[test] = np.where(inside[test], TEST_OOD, TEST_ID)
    dealt.parts[validation] = VALIDATION
    if config.validation_ood_size:
        dealt.parts[validation & inside] = VALIDATION_OOD
    else:
        dealt.exclude(validation & inside, MASKED)
    # A row equal to a test row would leak it, so the copy on the other side goes; the test split stays whole, but
    # for a group that stands on both sides of the region.
    _bind(dealt, test & ~inside, test & inside, units)
    _bind(dealt, train | validation, test, units)
    _bind(dealt, validation & ~inside, dealt.parts == VALIDATION_OOD, units)
    _bind(dealt, train, np.isin(dealt.parts, (VALIDATION, VALIDATION_OOD)), units)
    if not validation.any():
        _draw_validation(dealt, train, inside, units, config)
    dealt.pool = inside & (dealt.parts == TRAIN)
    keep_pool(dealt, units, config)
    return dealt


def _bind(dealt: Dealt, rows: np.ndarray, to: np.ndarray, units: RowGroups) -> None:
    """Exclude those of ``rows`` that share a unit with any of ``to``, where they are not excluded already."""
    dealt.exclude(rows & (dealt.reasons == 0) & units.holding(to)[units.labels], BOUND)


def _draw_validation(
    dealt: Dealt, train: np.ndarray, inside: np.ndarray, units: RowGroups, config: SplitConfig
) -> None:
    """Draw what there is no official part for: ``validation`` outside of the region, ``validation_ood`` inside."""
    usable = dealt.parts == TRAIN
    for part, name, size, rows in (
        (VALIDATION_OOD, "validation_ood", config.validation_ood_size, inside),
        (VALIDATION, "validation", config.validation_size, ~inside),
    ):
        if not size:
            continue
        total = int((train & rows).sum()) if part == VALIDATION_OOD else int(train.sum())
        dealt.asked[name] = rows_asked(size, total)
        # Only units that lie wholly on one side of the region can be drawn.
        drawn = draw(~units.holding(~(usable & rows)), units, config.seed, name, dealt.asked[name])
        dealt.parts[drawn[units.labels]] = part

"""Dealing where the dataset brings its own train and test: no row moves between those, rows are only masked."""

from __future__ import annotations

import numpy as np

from codeshift.errors import ParameterError
from codeshift.splitters.dealing import (
    BOUND,
    MASKED,
    TEST_ID,
    TEST_OOD,
    TRAIN,
    VALIDATION,
    Dealt,
    draw,
    keep_pool,
)
from codeshift.splitters.identity import Units
from codeshift.splitters.request import MATCH, DealRequest, rows_asked

OFFICIAL = ("train", "validation", "test")
"""The names that official splits have, in the order in which ``source`` counts them."""


def check_official_request(request: DealRequest, has_validation: bool) -> None:
    """Refuse sizes that official splits leave without effect.

    Raises:
        ParameterError: for a size that the official splits settle.
    """
    for name, value, default in (
        ("test_ood_size", request.test_ood_size, 0.5),
        ("test_id_size", request.test_id_size, MATCH),
    ):
        if value != default:
            raise ParameterError(
                name, "left out for official splits", value, "the official test split settles it; or pass one Dataset"
            )
    if has_validation and request.validation_size not in (0.1, 0):
        raise ParameterError(
            "validation_size", "left out for official splits", request.validation_size, "validation is the official one"
        )


def deal_official(source: np.ndarray, inside: np.ndarray, units: Units, request: DealRequest) -> Dealt:
    """Deal the rows of official splits.

    Args:
        source: the official split of each row as an index into ``OFFICIAL``, of shape ``(n,)``.
        inside: which rows lie in the region.
        units: the unit of each row.
        request: seed and sizes.
    """
    dealt = Dealt.nothing(len(source))
    train, validation, test = (source == i for i in range(len(OFFICIAL)))
    dealt.parts[test & inside] = TEST_OOD
    dealt.parts[test & ~inside] = TEST_ID
    dealt.parts[validation] = VALIDATION
    dealt.exclude(validation & inside, MASKED)
    # A row equal to a test row would leak it, so the copy on the other side goes; the test split stays whole, but
    # for a group that stands on both sides of the region.
    dealt.exclude(test & ~inside & _shares_unit(test & inside, units), BOUND)
    dealt.exclude((train | validation) & _shares_unit(test, units), BOUND)
    dealt.exclude(train & _shares_unit(dealt.parts == VALIDATION, units), BOUND)
    usable = dealt.parts == TRAIN
    pool = usable & inside
    if not validation.any() and request.validation_size:
        dealt.asked["validation"] = rows_asked(request.validation_size, int(train.sum()))
        free = ~_units_of(~usable | inside, units)
        drawn = draw(free, units, request.seed, "validation", dealt.asked["validation"])
        dealt.parts[drawn[units.labels]] = VALIDATION
    keep_pool(dealt, pool, units, request)
    return dealt


def _units_of(rows: np.ndarray, units: Units) -> np.ndarray:
    """Which units hold any of the rows of a mask: booleans of shape ``(n_units,)``."""
    return np.bincount(units.labels, weights=rows, minlength=len(units.keys)) > 0


def _shares_unit(rows: np.ndarray, units: Units) -> np.ndarray:
    return np.asarray(_units_of(rows, units)[units.labels])

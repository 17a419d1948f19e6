"""What a call asks of the dealing: seed and sizes, checked before any work starts."""

from __future__ import annotations

import math
import numbers
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import ParameterError

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import NearDuplicates

MATCH = "match"
MIN_TEST_ROWS = 30
BIND, DROP, IGNORE = "bind", "drop", "ignore"


@dataclass(frozen=True, kw_only=True)
class DealRequest:
    """The arguments of ``Splitter.assign`` that are no data. Each size is a share or a number of rows."""

    seed: int | None
    ood_kept: float = 0.0
    test_ood_size: float = 0.5
    validation_size: float = 0.1
    test_id_size: float | str = MATCH
    train_size: int | None = None
    groups: str | None = None
    stratify: str | None = None
    near_duplicates: NearDuplicates | None = None
    validation_ood_size: float = 0.0
    train_control: bool = False
    tolerance: float | None = None
    min_test_rows: int = MIN_TEST_ROWS

    def __post_init__(self) -> None:
        if self.seed is not None and not _is_integer(self.seed):
            raise ParameterError("seed", "an integer", self.seed, "any integer will do, such as 0")
        if not _is_number(self.ood_kept) or not 0 <= self.ood_kept <= 1:
            raise ParameterError(
                "ood_kept", "a share from 0 to 1", self.ood_kept, "0 masks the region, 1 is the 100% baseline"
            )
        _check_size("test_ood_size", self.test_ood_size, smallest="positive")
        _check_size("validation_size", self.validation_size)
        _check_size("validation_ood_size", self.validation_ood_size)
        if self.tolerance is not None and (not _is_number(self.tolerance) or not 0 <= self.tolerance <= 1):
            raise ParameterError("tolerance", "a share of all rows", self.tolerance, "0.01 allows a hundredth")
        if self.test_id_size != MATCH:
            _check_size("test_id_size", self.test_id_size, also='"match" or ')
        if self.train_size is not None and (not _is_integer(self.train_size) or self.train_size < 1):
            raise ParameterError("train_size", "rows, from 1 up", self.train_size, "leave it out for all rows")
        if not _is_integer(self.min_test_rows) or self.min_test_rows < 0:
            remedy = f"leave it out to be warned below {MIN_TEST_ROWS}, give 0 not to be"
            raise ParameterError("min_test_rows", "a number of rows from 0 up", self.min_test_rows, remedy)
        if self.test_ood_size == 1 and self.ood_kept > 0:
            raise ParameterError(
                "test_ood_size",
                "below 1 where ood_kept is above 0",
                self.test_ood_size,
                "no row of the region would be left to keep in train",
            )
        # NumPy's numbers are welcome, but a manifest is JSON.
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.generic):
                object.__setattr__(self, field.name, value.item())

    def check_seed(self, *, official: bool, has_validation: bool) -> None:
        """Refuse a seed where nothing is drawn, and its lack where something is.

        Raises:
            ParameterError: in either case.
        """
        drawn_sizes = (self.validation_size, self.validation_ood_size)
        draws = self.train_size is not None or self.train_control or (any(drawn_sizes) and not has_validation)
        if official:
            draws = draws or self.ood_kept not in (0, 1)
        else:
            draws = draws or self.test_ood_size != 1 or self.test_id_size != 0
        if draws and self.seed is None:
            raise ParameterError("seed", "an integer", None, "rows are drawn at random: any integer will do, such as 0")
        if self.seed is not None and not draws:
            raise ParameterError(
                "seed", "None where nothing is drawn", self.seed, "no part of this split is left to chance"
            )

    def to_dict(self) -> dict[str, Any]:
        """The arguments as plain values, but for those that change no row's part."""
        plain = asdict(self)
        del plain["min_test_rows"]
        if self.drops:
            plain["near_duplicates"]["drop"] = True
        return plain

    @property
    def drops(self) -> bool:
        """Whether one row of each component of near-duplicates is dealt, and the others are excluded."""
        if self.near_duplicates is None:
            return False
        from codeshift.properties.near_duplicates import DropNearDuplicates

        return isinstance(self.near_duplicates, DropNearDuplicates)


def rows_asked(size: float | str, total: int) -> int:
    """How many of ``total`` rows a size asks for: a share is rounded to whole rows, 1 is all of them.

    >>> rows_asked(0.25, 10), rows_asked(7, 10), rows_asked(1, 10), rows_asked(0.5, 5)
    (3, 7, 10, 3)
    """
    assert not isinstance(size, str)  # noqa: S101 - "match" is resolved by the caller
    if size <= 1:
        return math.floor(size * total + 0.5)
    return int(size)


def _check_size(name: str, value: Any, *, smallest: str = "zero", also: str = "") -> None:
    constraint = (
        f"{also}a share {'above 0' if smallest == 'positive' else 'from 0'} up to 1, or a number of rows from 2 up"
    )
    fits = _is_number(value) and (0 <= value <= 1 or (_is_integer(value) and value >= 2))
    if not fits or (smallest == "positive" and value == 0):
        raise ParameterError(name, constraint, value, "give 0.1 for a tenth, 500 for 500 rows")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def near_duplicates_asked(value: Any) -> NearDuplicates | None:
    """The search that an argument ``near_duplicates`` asks for; None for none.

    Raises:
        ParameterError: if it is neither a name nor a search.

    >>> near_duplicates_asked("bind")
    NearDuplicates(threshold=0.7, ngram=5)
    """
    if value == IGNORE:
        return None
    # Imported here, since it takes half a second that a splitter that is only made need not wait for.
    from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates

    if value == BIND:
        return NearDuplicates()
    if value == DROP:
        return DropNearDuplicates()
    if not isinstance(value, NearDuplicates):
        raise ParameterError(
            "near_duplicates", '"bind", "drop", "ignore" or a NearDuplicates', value, '"bind" keeps them on one side'
        )
    return value

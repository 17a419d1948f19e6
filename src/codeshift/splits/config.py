"""Every argument of a dealing: named, checked and described once."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Required, TypedDict, TypeVar

import numpy as np

from codeshift.checks import is_integer, is_number
from codeshift.errors import ParameterError

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import NearDuplicates

MATCH = "match"
MIN_TEST_ROWS = 30
BIND, DROP, IGNORE = "bind", "drop", "ignore"

Function = TypeVar("Function", bound=Callable[..., Any])


class SplitOptions(TypedDict, total=False):
    """The keyword arguments of ``SplitConfig``, for the signatures of the calls that take them."""

    seed: Required[int | None]
    ood_kept: float
    test_ood_size: float
    validation_size: float
    test_id_size: float | str
    train_size: int | None
    groups: str | None
    stratify: str | None
    near_duplicates: NearDuplicates | str
    validation_ood_size: float
    train_control: bool
    tolerance: float | None
    min_test_rows: int


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How rows are dealt: the keyword arguments of ``split``, ``assign`` and ``as_cv``.

    A size is a share (a float) or a number of rows (an integer from 2 up).

    Attributes:
        seed: any integer. ``None`` where nothing is drawn (official splits with a validation part and ``ood_kept`` 0
            or 1): a seed without effect is an error.
        ood_kept: the share of the pool that stays in ``train``: 0 masks the region, 1 is the 100% baseline. Rows kept
            at a smaller share are among those kept at a larger one, and all other parts are the same.
        test_ood_size: of the region's rows, how many are ``test_ood``; the others are the pool.
        validation_size: of all rows, how many are ``validation`` (in-distribution); 0 for none.
        test_id_size: of all rows, how many are ``test_id``; ``"match"`` for as many as ``test_ood`` has.
        train_size: exactly this many rows in ``train`` for whatever ``ood_kept``, so that size is no confound.
        groups: a column (project, author): rows that share its value stay on one side of train and test.
        stratify: a column (a label) of whose values every drawn part holds its share.
        near_duplicates: ``"bind"`` keeps near-duplicates (Jaccard similarity of token 5-grams of at least 0.7) on one
            side of train and test, as it does equal rows: where a test row has one outside of the region, that leaves
            train. ``"drop"`` deals one row of each component of near-duplicates, that of the least identity digest,
            wherever it lies, and excludes the others before anything is dealt (of official splits each keeps one).
            ``"ignore"`` leaves them where they fall. Of ``codeshift.properties.near_duplicates``, a
            ``NearDuplicates`` binds and a ``DropNearDuplicates`` drops with another threshold and n-gram.
        validation_ood_size: of the region's rows, how many are ``validation_ood``, to study model selection that sees
            the shift; there is no such part unless it is asked for. 1 takes the region's part of an official
            ``validation``.
        train_control: also return ``train_control``: as many rows as ``train`` has, drawn from all rows that could
            train were nothing masked. It overlaps with ``train`` and shares no row with the other parts.
        tolerance: how far a part may miss the size asked, as a share of all rows, before that is an error rather than
            a warning. Rows that belong together are never cut, so a giant group may leave no exact answer.
        min_test_rows: warn where ``test_ood`` or ``test_id`` has fewer distinct rows; 0 never warns. Copies count
            once, near-duplicates too unless they are ignored.

    Raises:
        ParameterError: if an argument cannot work.

    >>> SplitConfig(seed=0, test_id_size=500).search
    NearDuplicates(threshold=0.7, ngram=5)
    >>> SplitConfig(seed=0, ood_kept=2)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: ood_kept must be a share from 0 to 1, got 2: 0 masks the region, 1 is the 100% \
baseline
    """

    seed: int | None
    ood_kept: float = 0.0
    test_ood_size: float = 0.5
    validation_size: float = 0.1
    test_id_size: float | str = MATCH
    train_size: int | None = None
    groups: str | None = None
    stratify: str | None = None
    near_duplicates: NearDuplicates | str = BIND
    validation_ood_size: float = 0.0
    train_control: bool = False
    tolerance: float | None = None
    min_test_rows: int = MIN_TEST_ROWS

    def __post_init__(self) -> None:
        _check_near_duplicates(self.near_duplicates)
        if self.seed is not None and not is_integer(self.seed):
            raise ParameterError("seed", "an integer", self.seed, "any integer will do, such as 0")
        if not is_number(self.ood_kept) or not 0 <= self.ood_kept <= 1:
            raise ParameterError(
                "ood_kept", "a share from 0 to 1", self.ood_kept, "0 masks the region, 1 is the 100% baseline"
            )
        _check_size("test_ood_size", self.test_ood_size, smallest="positive")
        _check_size("validation_size", self.validation_size)
        _check_size("validation_ood_size", self.validation_ood_size)
        if self.tolerance is not None and (not is_number(self.tolerance) or not 0 <= self.tolerance <= 1):
            raise ParameterError("tolerance", "a share of all rows", self.tolerance, "0.01 allows a hundredth")
        if self.test_id_size != MATCH:
            _check_size("test_id_size", self.test_id_size, also='"match" or ')
        if self.train_size is not None and (not is_integer(self.train_size) or self.train_size < 1):
            raise ParameterError("train_size", "rows, from 1 up", self.train_size, "leave it out for all rows")
        if not is_integer(self.min_test_rows) or self.min_test_rows < 0:
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
        plain = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "min_test_rows"}
        search = self.search
        plain["near_duplicates"] = None if search is None else asdict(search) | ({"drop": True} if self.drops else {})
        return plain

    @property
    def search(self) -> NearDuplicates | None:
        """The search for near-duplicates; None where they are ignored."""
        if self.near_duplicates == IGNORE:
            return None
        # Imported here, since it takes half a second that a splitter that is only made need not wait for.
        from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates

        if isinstance(self.near_duplicates, NearDuplicates):
            return self.near_duplicates
        return DropNearDuplicates() if self.near_duplicates == DROP else NearDuplicates()

    @property
    def drops(self) -> bool:
        """Whether one row of each component of near-duplicates is dealt, and the others are excluded."""
        if self.near_duplicates in (BIND, IGNORE):
            return False
        from codeshift.properties.near_duplicates import DropNearDuplicates

        return isinstance(self.search, DropNearDuplicates)


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
    fits = is_number(value) and (0 <= value <= 1 or (is_integer(value) and value >= 2))
    if not fits or (smallest == "positive" and value == 0):
        raise ParameterError(name, constraint, value, "give 0.1 for a tenth, 500 for 500 rows")


def _check_near_duplicates(value: Any) -> None:
    if isinstance(value, str) and value in (BIND, DROP, IGNORE):
        return
    from codeshift.properties.near_duplicates import NearDuplicates

    if not isinstance(value, NearDuplicates):
        raise ParameterError(
            "near_duplicates", '"bind", "drop", "ignore" or a NearDuplicates', value, '"bind" keeps them on one side'
        )


def takes_options(function: Function) -> Function:
    """Let help and ``inspect.signature`` show the fields of ``SplitConfig`` where a function takes ``**options``.

    >>> from codeshift.splitters import Splitter
    >>> inspect.signature(Splitter.assign).parameters["validation_size"].default
    0.1
    """
    signature = inspect.signature(function)
    keyword = inspect.Parameter.KEYWORD_ONLY
    given = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(
            field.name,
            keyword,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=field.type,
        )
        for field in fields(SplitConfig)
        if field.name not in signature.parameters
    ]
    shown = [each for each in given if each.kind is not keyword], [each for each in given if each.kind is keyword]
    function.__signature__ = signature.replace(parameters=[*shown[0], *options, *shown[1]])  # type: ignore[attr-defined]
    return function

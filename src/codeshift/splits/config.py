"""Every argument of a dealing: named, checked and described once."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from codeshift.checks import check_bool, check_integer, check_number, is_integer, is_number
from codeshift.errors import ParameterError

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import NearDuplicates

MATCH = "match"
MIN_TEST_ROWS = 30
BIND, DROP = "bind", "drop"

Function = TypeVar("Function", bound=Callable[..., Any])


class SplitOptions(TypedDict, total=False):
    """The keyword arguments of ``SplitConfig``, for the signatures of the calls that take them."""

    seed: int
    ood_kept: float
    test_ood_size: float
    validation_size: float
    test_id_size: float | str
    train_size: float | None
    groups: str | None
    stratify_by_column: str | None
    near_duplicates: NearDuplicates | str | None
    validation_ood_size: float
    train_control: bool
    tolerance: float | None
    min_test_rows: int


RECORDED = tuple(name for name in SplitOptions.__annotations__ if name != "min_test_rows")
"""The arguments that a manifest holds: those that can change a row's part."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CommonOptions:
    """The arguments of a dealing that a study takes too, as ``SplitConfig`` describes them."""

    validation_size: float = 0.1
    train_size: float | None = None
    groups: str | None = None
    stratify_by_column: str | None = None
    near_duplicates: NearDuplicates | str | None = BIND
    tolerance: float | None = None
    min_test_rows: int = MIN_TEST_ROWS


@dataclass(frozen=True, kw_only=True)
class SplitConfig(CommonOptions):
    """How rows are dealt: the keyword arguments of ``split``, ``assign`` and ``as_cv``.

    A size is a share where it is a float, and a number of rows where it is an int, as in scikit-learn and ``datasets``.
    ``ood_kept`` and ``tolerance`` are always shares.

    Attributes:
        seed: any integer. Where nothing is drawn (official splits with a validation part and ``ood_kept`` 0 or 1) it
            changes nothing, and the summary says so.
        ood_kept: the share of the pool that stays in ``train``: 0 masks the region, 1 is the 100% baseline. Rows kept
            at a smaller share are among those kept at a larger one, and all other parts are the same.
        test_ood_size: of the region's rows, how many are ``test_ood``; the others are the pool.
        validation_size: of all rows, how many are ``validation`` (in-distribution); 0 for none.
        test_id_size: of all rows, how many are ``test_id``; ``"match"`` for as many as ``test_ood`` has.
        train_size: of all rows, exactly how many are ``train`` for whatever ``ood_kept``, so that size is no confound;
            None for all that are left.
        groups: a column (project, author): rows that share its value stay on one side of train and test.
        stratify_by_column: a column (a label) of whose values every drawn part holds its share.
        near_duplicates: ``"bind"`` keeps near-duplicates (Jaccard similarity of token 5-grams of at least 0.7) on one
            side of train and test, as it does equal rows: where a test row has one outside of the region, that leaves
            train. ``"drop"`` deals one row of each component of near-duplicates, that of the least identity digest,
            wherever it lies, and excludes the others before anything is dealt (of official splits each keeps one).
            ``None`` does not look for them: they fall where they may. Of ``codeshift.properties.near_duplicates``, a
            ``NearDuplicates`` binds and a ``DropNearDuplicates`` drops with another threshold and n-gram.
        validation_ood_size: of the region's rows, how many are ``validation_ood``, to study model selection that sees
            the shift; there is no such part unless it is asked for. 1.0 takes the region's part of an official
            ``validation``.
        train_control: also return ``train_control``: as many rows as ``train`` has, drawn from all rows that could
            train were nothing masked. It overlaps with ``train`` and shares no row with the other parts.
        tolerance: how far a part may miss the size asked, as a share of all rows, before that is an error rather than
            a warning. Rows that belong together are never cut, so a giant group may leave no exact answer.
        min_test_rows: warn where ``test_ood`` or ``test_id`` has fewer distinct rows; 0 never warns. Copies count
            once, near-duplicates too where they are looked for.

    Raises:
        ParameterError: if an argument cannot work.

    >>> SplitConfig(test_id_size=500).search
    NearDuplicates(threshold=0.7, ngram=5)
    >>> SplitConfig(test_ood_size=1)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: test_ood_size must be a share (a float above 0 up to 1.0) or a number of rows (an \
int from 2 up), got 1: a whole number counts rows: 1.0 takes all of them
    """

    seed: int = 0
    ood_kept: float = 0.0
    test_ood_size: float = 0.5
    test_id_size: float | str = MATCH
    validation_ood_size: float = 0.0
    train_control: bool = False

    def __post_init__(self) -> None:
        _check_near_duplicates(self.near_duplicates)
        remedy = "a share of the pool: 0 masks the region, 1 is the 100% baseline"
        kept = check_number("ood_kept", self.ood_kept, smallest=0, largest=1, remedy=remedy)
        settled = {
            "seed": check_integer("seed", self.seed, remedy="any will do, such as 0"),
            "ood_kept": float(kept),  # an int would count rows
            "test_ood_size": check_size("test_ood_size", self.test_ood_size, none=False),
            "validation_size": check_size("validation_size", self.validation_size),
            "validation_ood_size": check_size("validation_ood_size", self.validation_ood_size),
            "train_control": check_bool("train_control", self.train_control),
            "min_test_rows": check_integer(
                "min_test_rows",
                self.min_test_rows,
                smallest=0,
                remedy=f"leave it out to be warned below {MIN_TEST_ROWS}, give 0 not to be",
            ),
        }
        if not isinstance(self.test_id_size, str) or self.test_id_size != MATCH:
            settled["test_id_size"] = check_size("test_id_size", self.test_id_size, or_else='"match", ')
        if self.train_size is not None:
            settled["train_size"] = check_size("train_size", self.train_size, none=False, or_else="None, ")
        if self.tolerance is not None:
            remedy = "a share of all rows: 0.01 allows a hundredth"
            settled["tolerance"] = check_number("tolerance", self.tolerance, smallest=0, largest=1, remedy=remedy)
        for name, value in settled.items():  # NumPy's numbers are welcome, but a manifest is JSON
            object.__setattr__(self, name, value)
        if self.test_ood_size == 1 and self.ood_kept > 0:
            raise ParameterError(
                "test_ood_size",
                "below 1.0 where ood_kept is above 0",
                self.test_ood_size,
                "no row of the region would be left to keep in train",
            )

    def to_dict(self) -> dict[str, Any]:
        """The arguments as plain values, but for those that change no row's part."""
        plain = {name: getattr(self, name) for name in RECORDED}
        search = self.search
        plain["near_duplicates"] = None if search is None else asdict(search) | ({"drop": True} if self.drops else {})
        return plain

    @property
    def search(self) -> NearDuplicates | None:
        """The search for near-duplicates; None where they are not looked for."""
        if self.near_duplicates is None:
            return None
        # Imported here, since it takes half a second that a splitter that is only made need not wait for.
        from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates

        if isinstance(self.near_duplicates, NearDuplicates):
            return self.near_duplicates
        return DropNearDuplicates() if self.near_duplicates == DROP else NearDuplicates()

    @property
    def drops(self) -> bool:
        """Whether one row of each component of near-duplicates is dealt, and the others are excluded."""
        if self.near_duplicates is None or self.near_duplicates == BIND:
            return False
        from codeshift.properties.near_duplicates import DropNearDuplicates

        return isinstance(self.search, DropNearDuplicates)


def is_drawn(request: Mapping[str, Any], sources: Collection[str]) -> bool:
    """Whether chance has any part in a dealing, so that another seed might give another one.

    Args:
        request: the arguments of the call, ``SplitConfig.to_dict()``.
        sources: the official splits, or ``"data"`` alone.

    >>> is_drawn(SplitConfig().to_dict(), ("data",)), is_drawn(SplitConfig().to_dict(), ("train", "validation", "test"))
    (True, False)
    """
    if request["train_size"] is not None or request["train_control"]:
        return True
    if "validation" not in sources and (request["validation_size"] or request["validation_ood_size"]):
        return True
    if "test" in sources:
        return bool(0 < request["ood_kept"] < 1)
    return bool(request["test_ood_size"] != 1 or request["test_id_size"] != 0)


def rows_asked(size: float | str, total: int) -> int:
    """How many of ``total`` rows a size asks for: a share is rounded to whole rows.

    >>> rows_asked(0.25, 10), rows_asked(7, 10), rows_asked(1.0, 10), rows_asked(0.5, 5)
    (3, 7, 10, 3)
    """
    assert not isinstance(size, str)  # noqa: S101 - "match" is resolved by the caller
    return size if isinstance(size, int) else math.floor(size * total + 0.5)


def check_size(parameter: str, value: Any, *, none: bool = True, or_else: str = "") -> float:
    """Return a size: a share as a float, a number of rows as an int.

    Args:
        parameter: the argument's name, for errors.
        value: what was given; NumPy's numbers are welcome, True and False are not.
        none: whether no row at all may be asked for.
        or_else: what else the argument may be, for errors.

    Raises:
        ParameterError: if it is none.

    >>> check_size("test_size", 0.2), check_size("test_size", 500)
    (0.2, 500)
    """
    share, remedy = f"a float {'from 0' if none else 'above 0'} up to 1.0", "give 0.1 for a tenth, 500 for 500 rows"
    constraint = f"{or_else}a share ({share}) or a number of rows (an int from 2 up)"
    if is_integer(value):
        if value >= 2 or (none and value == 0):
            return int(value)
        if value == 1:
            remedy = "a whole number counts rows: 1.0 takes all of them"
    elif is_number(value):
        if 0 <= value <= 1 and (none or value > 0):
            return float(value)
        if value > 1 and float(value).is_integer():
            remedy = f"a float is a share: give {int(value)} for as many rows"
    raise ParameterError(parameter, constraint, value, remedy)


def _check_near_duplicates(value: Any) -> None:
    if value is None or (isinstance(value, str) and value in (BIND, DROP)):
        return
    from codeshift.properties.near_duplicates import NearDuplicates

    if not isinstance(value, NearDuplicates):
        remedy = '"bind" keeps them on one side; None does not look for them'
        raise ParameterError("near_duplicates", '"bind", "drop", None or a NearDuplicates', value, remedy)


def takes_options(function: Function) -> Function:
    """Let help and ``inspect.signature`` show the fields of ``SplitConfig`` where a function takes ``**options``.

    >>> from codeshift.splitters import Splitter
    >>> inspect.signature(Splitter.assign).parameters["validation_size"].default
    0.1
    """
    signature = inspect.signature(function)
    keyword = inspect.Parameter.KEYWORD_ONLY
    given = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    known = {field.name: field for field in fields(SplitConfig)}
    options = [
        inspect.Parameter(name, keyword, default=known[name].default, annotation=known[name].type)
        for name in SplitOptions.__annotations__
        if name not in signature.parameters
    ]
    shown = [each for each in given if each.kind is not keyword], [each for each in given if each.kind is keyword]
    function.__signature__ = signature.replace(parameters=[*shown[0], *options, *shown[1]])  # type: ignore[attr-defined]
    return function

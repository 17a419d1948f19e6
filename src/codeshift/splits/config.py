"""Arguments of ``split`` and ``assign``: named, checked and described in one place."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypedDict, TypeVar

import numpy as np

from codeshift.checks import check_bool, check_integer, check_number, is_integer, is_number, settle
from codeshift.errors import ManifestError, ParameterError
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates
from codeshift.wording import closest, shown

MATCH = "match"
MIN_TEST_ROWS = 30
BIND, DROP = "bind", "drop"

Callee = TypeVar("Callee", bound=Callable[..., Any])


class SplitOptions(TypedDict, total=False):
    """Keyword arguments of ``SplitConfig``, for the signatures of the functions that accept them."""

    seed: int
    ood_kept: float
    test_ood_size: float
    validation_size: float
    test_id_size: float | str
    train_size: float | None
    groups: str | None
    stratify_by_column: str | None
    near_duplicates: NearDuplicates | DropNearDuplicates | Mapping[str, Any] | str | None
    validation_ood_size: float
    train_control: bool
    tolerance: float | None
    min_test_rows: int


RECORDED = tuple(name for name in SplitOptions.__annotations__ if name != "min_test_rows")
"""Arguments that a manifest records: those that can change a row's part."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CommonOptions:
    """Arguments of ``SplitConfig`` that a study accepts too; ``SplitConfig`` describes them."""

    validation_size: float = 0.1
    train_size: float | None = None
    groups: str | None = None
    stratify_by_column: str | None = None
    near_duplicates: NearDuplicates | DropNearDuplicates | Mapping[str, Any] | str | None = BIND
    tolerance: float | None = None
    min_test_rows: int = MIN_TEST_ROWS


@dataclass(frozen=True, kw_only=True)
class SplitConfig(CommonOptions):
    """Keyword arguments of ``split``, ``assign`` and ``as_cv``, which determine how rows are assigned to parts.

    A size is a share if it is a float and a number of rows if it is an int, as in scikit-learn and ``datasets``.
    ``ood_kept`` and ``tolerance`` are always shares.

    Attributes:
        seed: Seed, any integer. If nothing is drawn (official splits with a validation part and ``ood_kept`` 0 or
            1), it has no effect, and the summary says so.
        ood_kept: Share of the pool that stays in ``train``: 0 masks the region, 1 is the 100% baseline. Rows kept
            at a smaller share are among those kept at a larger one, and all other parts are the same.
        test_ood_size: Size of ``test_ood``, of the region's rows; the other rows of the region are the pool.
        validation_size: Size of ``validation`` (in-distribution), of all rows; 0 for none.
        test_id_size: Size of ``test_id``, of all rows; ``"match"`` for as many rows as ``test_ood`` has.
        train_size: Exact size of ``train``, of all rows, for any ``ood_kept``, so that size is not a confound; None
            for all remaining rows.
        groups: Column (project, author) whose equal values keep rows on one side of train and test.
        stratify_by_column: Column (a label) whose values have the same shares in every drawn part.
        near_duplicates: Handling of near-duplicates. ``"bind"`` keeps near-duplicates (Jaccard similarity of token
            5-grams of at least 0.7) on one side of train and test, like equal rows: if a test row has one outside the
            region, it is removed from train. ``"drop"`` keeps one row of each component of near-duplicates, the one
            with the smallest identity digest, whether or not it lies in the region, and excludes the others before any
            row is assigned (each official split keeps one). ``None`` does not search for them, so they may be in any
            part. For another threshold and n-gram, or other columns than the code, a ``NearDuplicates`` of
            ``codeshift.properties.near_duplicates`` binds and a ``DropNearDuplicates`` of one drops; a mapping of the
            search's arguments (with ``"drop": True`` for the latter) does the same, as in a study's file.
        validation_ood_size: Size of ``validation_ood``, of the region's rows, to study model selection that sees
            the shift; by default there is no such part. 1.0 takes the region's part of an official ``validation``.
        train_control: Whether to return ``train_control`` too: as many rows as ``train`` has, drawn from all rows that
            could be in train if nothing were masked. It overlaps with ``train`` and shares no row with other parts.
        tolerance: Largest difference from a requested size, as a share of all rows, that is a warning and not an
            error. Rows that belong together are never separated, so a giant group may rule out the exact size.
        min_test_rows: Number of distinct rows of ``test_ood`` and ``test_id`` below which a warning is given; 0
            for no warning. Copies count once, and near-duplicates too if they are searched for.

    Raises:
        ParameterError: if an argument is invalid.

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
        if isinstance(self.near_duplicates, Mapping):
            settle(self, near_duplicates=_handling_of(self.near_duplicates))
        _check_near_duplicates(self.near_duplicates)
        remedy = "a share of the pool: 0 masks the region, 1 is the 100% baseline"
        kept = check_number("ood_kept", self.ood_kept, smallest=0, largest=1, remedy=remedy)
        settled: dict[str, Any] = {
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
        for name in ("groups", "stratify_by_column"):
            value = getattr(self, name)
            if isinstance(value, np.str_):
                settled[name] = str(value)
        settle(self, **settled)  # NumPy's numbers are accepted, but a manifest is JSON
        if self.test_ood_size == 1 and self.ood_kept > 0:
            raise ParameterError(
                "test_ood_size",
                "below 1.0 where ood_kept is above 0",
                self.test_ood_size,
                "no row of the region would be left to keep in train",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments that can change a row's part, as plain values."""
        plain = {name: getattr(self, name) for name in RECORDED}
        search = self.search
        plain["near_duplicates"] = None if search is None else search.to_dict() | ({"drop": True} if self.drops else {})
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the arguments that ``to_dict`` wrote; others have their defaults.

        Raises:
            ManifestError: if an argument is missing, unknown or invalid.

        >>> SplitConfig.from_dict(SplitConfig(seed=3).to_dict()) == SplitConfig(seed=3).recorded()
        True
        """
        missing, unknown = sorted(set(RECORDED) - set(plain)), sorted(set(plain) - set(RECORDED))
        if missing or unknown:
            raise ManifestError(f"the arguments of a split lack {missing} and hold the unknown {unknown}")
        try:
            return cls(**{**plain, "near_duplicates": _handling_of(plain["near_duplicates"])})
        except (ParameterError, TypeError) as error:
            raise ManifestError(f"the arguments of a split are {shown(dict(plain))}: {error}") from error

    def recorded(self) -> Self:
        """Return the config as a manifest records it: near-duplicates in full, without what changes no row's part."""
        return replace(self, near_duplicates=self._handling, min_test_rows=MIN_TEST_ROWS)

    def is_drawn(self, names: Collection[str]) -> bool:
        """Return whether a split depends on chance, so that another seed may give a different one.

        Args:
            names: Names of the official splits, or ``"data"`` alone.

        >>> SplitConfig().is_drawn(("data",)), SplitConfig().is_drawn(("train", "validation", "test"))
        (True, False)
        """
        if self.train_size is not None or self.train_control:
            return True
        if "validation" not in names and (self.validation_size or self.validation_ood_size):
            return True
        if "test" in names:
            return 0 < self.ood_kept < 1
        return self.test_ood_size != 1 or self.test_id_size != 0

    @property
    def search(self) -> NearDuplicates | None:
        """Search for near-duplicates; None if they are not searched for."""
        handling = self._handling
        return handling.search if isinstance(handling, DropNearDuplicates) else handling

    @property
    def _handling(self) -> NearDuplicates | DropNearDuplicates | None:
        """Handling of near-duplicates in full: a search binds."""
        if self.near_duplicates is None:
            return None
        if isinstance(self.near_duplicates, NearDuplicates | DropNearDuplicates):
            return self.near_duplicates
        return DropNearDuplicates() if self.near_duplicates == DROP else NearDuplicates()

    @property
    def searched_columns(self) -> tuple[str, ...]:
        """Columns in which near-duplicates are searched for, if they are named; otherwise they are those of code."""
        search = None if isinstance(self.near_duplicates, str) else self.search
        return () if search is None or search.columns is None else search.columns

    @property
    def drops(self) -> bool:
        """Whether one row of each component of near-duplicates is kept and the others are excluded."""
        return isinstance(self._handling, DropNearDuplicates)


def rows_requested(size: float | str, total: int) -> int:
    """Return how many of ``total`` rows a size requests; a share is rounded to whole rows.

    >>> rows_requested(0.25, 10), rows_requested(7, 10), rows_requested(1.0, 10), rows_requested(0.5, 5)
    (3, 7, 10, 3)
    """
    assert not isinstance(size, str)  # noqa: S101 - "match" is resolved by the caller
    return size if isinstance(size, int) else math.floor(size * total + 0.5)


def are_shares_of_all(*sizes: float | str) -> bool:
    """Return whether sizes are shares that add up to 1 at most, so that there are rows for all of them.

    >>> are_shares_of_all(0.5, 0.5), are_shares_of_all(0.7, 0.2, 0.1), are_shares_of_all(0.5, 3)
    (True, True, False)
    """
    shares = [size for size in sizes if isinstance(size, float)]
    return len(shares) == len(sizes) and math.fsum(shares) <= 1 + 1e-9


def check_size(parameter: str, value: Any, *, none: bool = True, or_else: str = "") -> float:
    """Check a size and return it: a share as a float, a number of rows as an int.

    Args:
        parameter: Argument's name, for errors.
        value: Value; NumPy's numbers are accepted, True and False are not.
        none: Whether 0 is allowed.
        or_else: Other values that the argument accepts, for errors.

    Raises:
        ParameterError: if ``value`` is not a size.

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


def _handling_of(plain: Any) -> NearDuplicates | DropNearDuplicates | None:
    """Return the handling of near-duplicates by the arguments of the search, as ``SplitConfig.to_dict`` writes it."""
    if plain is None:
        return None
    if not isinstance(plain, Mapping):
        raise ParameterError("near_duplicates", "the arguments of a search or None", plain, "as to_dict writes them")
    settings = ("drop", *(field.name for field in fields(NearDuplicates)))
    for name in plain:
        if name not in settings:
            raise ParameterError("near_duplicates", "made of the arguments of a search", name, closest(name, settings))
    search = NearDuplicates(**{name: value for name, value in plain.items() if name != "drop"})
    return DropNearDuplicates(search) if check_bool("drop", plain.get("drop", False)) else search


def _check_near_duplicates(value: Any) -> None:
    if value is None or (isinstance(value, str) and value in (BIND, DROP)):
        return
    if not isinstance(value, NearDuplicates | DropNearDuplicates):
        remedy = '"bind" keeps them on one side; None (null in a file) does not look for them'
        raise ParameterError(
            "near_duplicates", '"bind", "drop", None, a NearDuplicates or a DropNearDuplicates', value, remedy
        )


def takes_options(function: Callee) -> Callee:
    """Show the fields of ``SplitConfig`` in place of ``**options`` in a function's help and ``inspect.signature``.

    >>> from codeshift.splitters import Splitter
    >>> inspect.signature(Splitter.assign).parameters["validation_size"].default
    0.1
    """
    signature = inspect.signature(function)
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        parameter for parameter in signature.parameters.values() if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    config_fields = {field.name: field for field in fields(SplitConfig)}
    options = [
        inspect.Parameter(name, keyword, default=config_fields[name].default, annotation=config_fields[name].type)
        for name in SplitOptions.__annotations__
        if name not in signature.parameters
    ]
    shown = (
        [parameter for parameter in parameters if parameter.kind is not keyword],
        [parameter for parameter in parameters if parameter.kind is keyword],
    )
    function.__signature__ = signature.replace(parameters=[*shown[0], *options, *shown[1]])  # type: ignore[attr-defined]
    return function

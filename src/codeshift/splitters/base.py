"""Base class of splitters: a recipe for what is out of distribution, and the two calls that all splitters share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack, final

from codeshift.checks import settle
from codeshift.properties import PropertyTable
from codeshift.properties.progress import bars
from codeshift.regions.base import Region
from codeshift.splits.assign import assign
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.config import SplitConfig, SplitOptions, takes_options
from codeshift.splits.cross_validation import CrossValidator, cross_validator
from codeshift.splits.rows import SplitRows

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

_FINAL = ("split", "assign", "as_cv")


@dataclass(frozen=True, kw_only=True)
class Splitter(ABC):
    """Recipe for which rows are out of distribution. Implement ``fit``; everything else is inherited.

    A splitter is a frozen dataclass without seed or sizes: those are arguments of the call. Splitters combine with
    ``&``, ``|``, ``~`` and ``-``, and their repr builds them again.

    Attributes:
        column: Column that holds the code, the only positional argument of every splitter. Rows with equal code are
            one identity and are never in two parts.

    A splitter of your own:

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount
    >>> from codeshift.splitters import Interval
    >>> @dataclass(frozen=True, kw_only=True)
    ... class ShortCalls(Splitter):
    ...     def fit(self, table):
    ...         return Interval(CharCount(self.column), high=20)
    >>> rows = Dataset.from_dict({"code": [f"f{i}(" + "x, " * (i % 30) + ")" for i in range(60)]})
    >>> splits = ShortCalls("code").split(rows, near_duplicates=None)
    >>> all(len(code) < 20 for code in splits["test_ood"]["code"])
    True
    >>> any(len(code) < 20 for code in splits["train"]["code"])
    False
    """

    column: str = field(default="code", kw_only=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        overridden = [name for name in _FINAL if name in cls.__dict__]
        if overridden:
            raise TypeError(f"{cls.__name__} overrides {overridden[0]}, which every splitter shares: fill in fit")

    @abstractmethod
    def fit(self, table: PropertyTable) -> Region:
        """Fit the recipe to the rows of ``table`` and return the region."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of code, sorted: rows that are equal in all of them are one identity."""
        return (self.column,)

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Other columns that the region depends on (a project, a date), each with the argument that names it.

        Most splitters read none.
        """
        return {}

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of code that the splitter names, sorted. Most splitters name none."""
        return ()

    @final
    @takes_options
    def assign(
        self,
        data: Dataset | DatasetDict | PropertyTable,
        *,
        num_proc: int | None = None,
        progress: bool = True,
        **options: Unpack[SplitOptions],
    ) -> SplitAssignment:
        """Assign the rows of ``data`` to parts.

        The rows of the region are divided by the seed into ``test_ood`` and a pool. The pool is masked from ``train``
        except for the share ``ood_kept``. The rows outside the region are divided into ``test_id``, ``validation`` and
        ``train``. Rows with equal code, near-duplicates, and rows of one group stay together.

        Args:
            data: ``Dataset``, a ``PropertyTable`` of one (to share computed properties between calls), or a
                ``DatasetDict`` with official ``train`` and ``test`` (and perhaps ``validation``): the region is then
                fitted on ``train``, its rows are masked from ``train`` and ``validation``, and ``test`` is divided into
                ``test_id`` and ``test_ood``; ``test_ood_size`` and ``test_id_size`` do not apply.
            num_proc: Number of processes that compute properties, for any of which the split is the same; None for
                one a core from 20,000 rows on (on Linux, and not in a worker process), and one for fewer. A
                ``PropertyTable`` brings its own.
            progress: Whether to show bars on long work, unless those of ``datasets`` are turned off.
            **options: Seed, sizes, groups and near-duplicates: the fields of ``SplitConfig``, which describes them.

        Raises:
            ParameterError: if an argument is invalid.
            DataError: if the data lacks a column, or a column contains None.
            RegionError: if the region holds no row or every row.

        Warns:
            SizeWarning: if a part could not get the requested size because rows that belong together are kept whole.
            SmallPartWarning: if a test part has fewer than ``min_test_rows`` distinct rows.
        """
        config = SplitConfig(**options)
        with bars(progress):
            return assign(self, SplitRows.of(data, num_proc=num_proc), config)

    @final
    @takes_options
    def split(
        self,
        data: Dataset | DatasetDict,
        *,
        num_proc: int | None = None,
        progress: bool = True,
        **options: Unpack[SplitOptions],
    ) -> DatasetDict:
        """Split ``data`` and return ``train``, ``validation``, ``test_id`` and ``test_ood``.

        The arguments are those of ``assign``, which also returns the summary and the manifest.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> splits = LengthSplitter(column="code", quantiles=(0.5, 1.0)).split(rows, seed=0)
        >>> {part: len(rows) for part, rows in splits.items()}
        {'train': 6, 'validation': 4, 'test_id': 10, 'test_ood': 10}
        """
        return self.assign(data, num_proc=num_proc, progress=progress, **options).to_dataset_dict()

    @final
    @takes_options
    def as_cv(
        self,
        data: Dataset | PropertyTable,
        *,
        n_splits: int = 5,
        part: str = "test_ood",
        num_proc: int | None = None,
        progress: bool = True,
        **options: Unpack[SplitOptions],
    ) -> CrossValidator:
        """Return the splitter as ``cv=`` of scikit-learn: each split assigns the rows of ``data`` with another seed.

        The region is the same in all splits; the drawn rows differ. Rows are assigned here, once, so the data need not
        be kept afterwards.

        Args:
            data: Rows; scikit-learn must be given one row of features for each, in the same order.
            n_splits: Number of splits.
            part: Part that models are scored on: ``"test_ood"``, ``"test_id"``, ``"validation"``. The ``on`` method
                of the result gives the same splits scored on another part, so the two scores make a gap.
            num_proc: Number of processes, as in ``assign``.
            progress: Whether to show bars on long work, unless those of ``datasets`` are turned off.
            **options: Options of ``assign``; the seeds of the splits (``seeds`` of the result) follow from ``seed``.

        Raises:
            ParameterError: if an argument is invalid, or two of the splits would be the same.
            DataError: if the data is a ``DatasetDict``, or as in ``assign``.

        >>> import numpy as np
        >>> from datasets import Dataset
        >>> from sklearn.model_selection import cross_val_score
        >>> from sklearn.neighbors import KNeighborsRegressor
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
        >>> X = np.array([[len(code)] for code in rows["code"]])
        >>> cv = LengthSplitter(column="code").as_cv(rows, seed=0, n_splits=3, near_duplicates=None)
        >>> cv
        <3 splits of 80 rows by LengthSplitter(...), scored on test_ood>
        >>> outside = cross_val_score(KNeighborsRegressor(2), X, X[:, 0], cv=cv)
        >>> inside = cross_val_score(KNeighborsRegressor(2), X, X[:, 0], cv=cv.on("test_id"))
        >>> bool((inside > 0.9).all()), bool((outside < 0).all())  # neighbours cannot extrapolate
        (True, True)
        """
        with bars(progress):
            return cross_validator(self, data, options, n_splits=n_splits, part=part, num_proc=num_proc)

    def __and__(self, other: object) -> Splitter:
        return BothSplitters(left=self, right=other) if isinstance(other, Splitter) else NotImplemented

    def __or__(self, other: object) -> Splitter:
        return EitherSplitter(left=self, right=other) if isinstance(other, Splitter) else NotImplemented

    def __sub__(self, other: object) -> Splitter:
        return self & ~other if isinstance(other, Splitter) else NotImplemented

    def __invert__(self) -> Splitter:
        return OutsideSplitter(inner=self)


# The compositions are in this file because the operators above make them.


@dataclass(frozen=True, kw_only=True, repr=False)
class _Pair(Splitter):
    left: Splitter
    right: Splitter
    column: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        settle(self, column=self.left.column)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of code of both operands."""
        return tuple(sorted({*self.left.columns, *self.right.columns}))

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Other columns that either operand reads."""
        return {**self.right.also_reads, **self.left.also_reads}

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that either operand names."""
        return tuple(sorted({*self.left.languages, *self.right.languages}))


@dataclass(frozen=True, kw_only=True, repr=False)
class BothSplitters(_Pair):
    """Rows that both splitters call out of distribution: ``left & right``."""

    def fit(self, table: PropertyTable) -> Region:
        """Fit both on all rows of ``table``, so that ``a & b`` is ``b & a``."""
        return self.left.fit(table) & self.right.fit(table)

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class EitherSplitter(_Pair):
    """Rows that at least one splitter calls out of distribution: ``left | right``."""

    def fit(self, table: PropertyTable) -> Region:
        """Fit both on all rows of ``table``."""
        return self.left.fit(table) | self.right.fit(table)

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class OutsideSplitter(Splitter):
    """Rows that the splitter calls in-distribution: ``~inner``."""

    inner: Splitter
    column: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        settle(self, column=self.inner.column)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of code of the splitter."""
        return self.inner.columns

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Other columns that the splitter reads."""
        return self.inner.also_reads

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that the splitter names."""
        return self.inner.languages

    def fit(self, table: PropertyTable) -> Region:
        """Fit the splitter and return the complement of its region."""
        return ~self.inner.fit(table)

    def __repr__(self) -> str:
        return f"~{self.inner!r}"

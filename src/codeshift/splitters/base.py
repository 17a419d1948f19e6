"""The splitter: a recipe for what is out of distribution, and the two calls that every splitter shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from codeshift.properties import PropertyTable
from codeshift.properties.progress import bars
from codeshift.splitters.regions import Region
from codeshift.splitters.request import BIND, MIN_TEST_ROWS, DealRequest, near_duplicates_asked

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.properties.near_duplicates import NearDuplicates
    from codeshift.splitters.assignment import SplitAssignment
    from codeshift.splitters.cross_validation import CrossValidator

_FINAL = ("split", "assign", "as_cv")


@dataclass(frozen=True, kw_only=True)
class Splitter(ABC):
    """Says which rows are out of distribution. Fill in ``fit``; everything else comes with it.

    A splitter is a frozen dataclass without seed or sizes: those belong to the call. Splitters compose with ``&``,
    ``|``, ``~`` and ``-``, and their repr builds them again.

    Attributes:
        column: the column that holds the code. Rows with equal code are one identity and never stand in two parts.

    One of your own:

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount
    >>> from codeshift.splitters import Interval
    >>> @dataclass(frozen=True, kw_only=True)
    ... class ShortCalls(Splitter):
    ...     def fit(self, table):
    ...         return Interval(CharCount(self.column), high=20)
    >>> rows = Dataset.from_dict({"code": [f"f{i}(" + "x, " * (i % 30) + ")" for i in range(60)]})
    >>> splits = ShortCalls(column="code").split(rows, seed=0, near_duplicates="ignore")
    >>> all(len(code) < 20 for code in splits["test_ood"]["code"])
    True
    >>> any(len(code) < 20 for code in splits["train"]["code"])
    False
    """

    column: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        overridden = [name for name in _FINAL if name in cls.__dict__]
        if overridden:
            raise TypeError(f"{cls.__name__} overrides {overridden[0]}, which every splitter shares: fill in fit")

    @abstractmethod
    def fit(self, table: PropertyTable) -> Region:
        """Turn the recipe, with the rows at hand, into a region."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of code, sorted: rows that are equal in all of them are one identity."""
        return (self.column,)

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Columns beside ``columns`` that the region depends on (a project, a date), sorted; most have none."""
        return ()

    @final
    def assign(
        self,
        data: Dataset | DatasetDict | PropertyTable,
        *,
        seed: int | None,
        ood_kept: float = 0.0,
        test_ood_size: float = 0.5,
        validation_size: float = 0.1,
        test_id_size: float | str = "match",
        train_size: int | None = None,
        groups: str | None = None,
        stratify: str | None = None,
        near_duplicates: NearDuplicates | str = BIND,
        validation_ood_size: float = 0.0,
        train_control: bool = False,
        tolerance: float | None = None,
        min_test_rows: int = MIN_TEST_ROWS,
        progress: bool = True,
    ) -> SplitAssignment:
        """Deal the rows of ``data`` into parts.

        The rows of the region are divided by the seed into ``test_ood`` and a pool. The pool is masked from ``train``
        but for the share ``ood_kept``. The rows outside of the region are divided into ``test_id``, ``validation``
        and ``train``. Rows with equal code, near-duplicates, and rows of one group stay together.

        A size is a share (a float) or a number of rows (an integer from 2 up).

        Args:
            data: a ``Dataset``, a ``PropertyTable`` of one (to share computed properties between calls), or a
                ``DatasetDict`` with official ``train`` and ``test`` (and perhaps ``validation``): the region is then
                fitted on ``train``, its rows are masked from ``train`` and ``validation``, and ``test`` is divided
                into ``test_id`` and ``test_ood``; ``test_ood_size`` and ``test_id_size`` do not apply.
            seed: any integer. ``None`` where nothing is drawn (official splits with a validation part and
                ``ood_kept`` 0 or 1): a seed without effect is an error.
            ood_kept: the share of the pool that stays in ``train``: 0 masks the region, 1 is the 100% baseline. Rows
                kept at a smaller share are among those kept at a larger one, and all other parts are the same.
            test_ood_size: of the region's rows, how many are ``test_ood``; the others are the pool.
            validation_size: of all rows, how many are ``validation`` (in-distribution); 0 for none.
            test_id_size: of all rows, how many are ``test_id``; ``"match"`` for as many as ``test_ood`` has.
            train_size: exactly this many rows in ``train`` for whatever ``ood_kept``, so that size is no confound.
            groups: a column (project, author): rows that share its value stay on one side of train and test.
            stratify: a column (a label) of whose values every drawn part holds its share.
            near_duplicates: ``"bind"`` keeps near-duplicates (Jaccard similarity of token 5-grams of at least 0.7) on
                one side of train and test, as it does equal rows: where a test row has one outside of the region,
                that leaves train. ``"drop"`` deals one row of each component of near-duplicates, that of the least
                identity digest, wherever it lies, and excludes the others before anything is dealt (of official splits
                each keeps one). ``"ignore"`` leaves them where they fall. Of
                ``codeshift.properties.near_duplicates``, a ``NearDuplicates`` binds and a ``DropNearDuplicates`` drops
                with another threshold and n-gram.
            validation_ood_size: of the region's rows, how many are ``validation_ood``, to study model selection that
                sees the shift; there is no such part unless it is asked for. 1 takes the region's part of an
                official ``validation``.
            train_control: also return ``train_control``: as many rows as ``train`` has, drawn from all rows that
                could train were nothing masked. It overlaps with ``train`` and shares no row with the other parts.
            tolerance: how far a part may miss the size asked, as a share of all rows, before that is an error rather
                than a warning. Rows that belong together are never cut, so a giant group may leave no exact answer.
            min_test_rows: warn where ``test_ood`` or ``test_id`` has fewer distinct rows; 0 never warns. Copies count
                once, near-duplicates too unless they are ignored.
            progress: show bars on long work, unless those of ``datasets`` are turned off.

        Raises:
            ParameterError: if an argument cannot work.
            DataError: if the data lacks a column, or rows of it are None.
            RegionError: if the region holds no row or every row.

        Warns:
            SizeWarning: if a part could not get the size asked because rows that belong together are kept whole.
            SmallPartWarning: if a test part has fewer than ``min_test_rows`` distinct rows.
        """
        from codeshift.splitters.assigning import assign

        request = DealRequest(
            seed=seed,
            ood_kept=ood_kept,
            test_ood_size=test_ood_size,
            validation_size=validation_size,
            test_id_size=test_id_size,
            train_size=train_size,
            groups=groups,
            stratify=stratify,
            near_duplicates=near_duplicates_asked(near_duplicates),
            validation_ood_size=validation_ood_size,
            train_control=train_control,
            tolerance=tolerance,
            min_test_rows=min_test_rows,
        )
        with bars(progress):
            return assign(self, data, request)

    @final
    def split(
        self,
        data: Dataset | DatasetDict,
        *,
        seed: int | None,
        ood_kept: float = 0.0,
        test_ood_size: float = 0.5,
        validation_size: float = 0.1,
        test_id_size: float | str = "match",
        train_size: int | None = None,
        groups: str | None = None,
        stratify: str | None = None,
        near_duplicates: NearDuplicates | str = BIND,
        validation_ood_size: float = 0.0,
        train_control: bool = False,
        tolerance: float | None = None,
        min_test_rows: int = MIN_TEST_ROWS,
        progress: bool = True,
    ) -> DatasetDict:
        """Deal the rows of ``data`` and return ``train``, ``validation``, ``test_id`` and ``test_ood``.

        The arguments are those of ``assign``, which also gives the evidence: the summary and the manifest.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> splits = LengthSplitter(column="code", quantiles=(0.5, 1.0)).split(rows, seed=0)
        >>> {part: len(rows) for part, rows in splits.items()}
        {'train': 6, 'validation': 4, 'test_id': 10, 'test_ood': 10}
        """
        assignment = self.assign(
            data,
            seed=seed,
            ood_kept=ood_kept,
            test_ood_size=test_ood_size,
            validation_size=validation_size,
            test_id_size=test_id_size,
            train_size=train_size,
            groups=groups,
            stratify=stratify,
            near_duplicates=near_duplicates,
            validation_ood_size=validation_ood_size,
            train_control=train_control,
            tolerance=tolerance,
            min_test_rows=min_test_rows,
            progress=progress,
        )
        return assignment.to_dataset_dict(data)

    @final
    def as_cv(
        self,
        data: Dataset | PropertyTable,
        *,
        seed: int,
        n_splits: int = 5,
        part: str = "test_ood",
        **arguments: Any,
    ) -> CrossValidator:
        """The splitter as ``cv=`` of scikit-learn: each split is a dealing of ``data`` with another seed.

        The region is the same in all splits; what is drawn differs. Rows are dealt here, once, so the data may be
        forgotten afterwards.

        Args:
            data: the rows; scikit-learn must be given one row of features for each, in the same order.
            seed: any integer; the seeds of the splits follow from it (``seeds`` of the result).
            n_splits: how many splits.
            part: the part that models are scored on: ``"test_ood"``, ``"test_id"``, ``"validation"``. The ``on``
                method of the result gives the same splits scored on another part, so the two scores make a gap.
            **arguments: sizes, groups and the others of ``assign``.

        Raises:
            ParameterError: if an argument cannot work, or two of the splits would be the same.
            DataError: if the data is a ``DatasetDict``, or as in ``assign``.

        >>> import numpy as np
        >>> from datasets import Dataset
        >>> from sklearn.model_selection import cross_val_score
        >>> from sklearn.neighbors import KNeighborsRegressor
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
        >>> X = np.array([[len(code)] for code in rows["code"]])
        >>> cv = LengthSplitter(column="code").as_cv(rows, seed=0, n_splits=3, near_duplicates="ignore")
        >>> cv
        <3 splits of 80 rows by LengthSplitter(...), scored on test_ood>
        >>> outside = cross_val_score(KNeighborsRegressor(2), X, X[:, 0], cv=cv)
        >>> inside = cross_val_score(KNeighborsRegressor(2), X, X[:, 0], cv=cv.on("test_id"))
        >>> bool((inside > 0.9).all()), bool((outside < 0).all())  # neighbours cannot extrapolate
        (True, True)
        """
        from codeshift.splitters.cross_validation import cross_validator

        return cross_validator(self, data, seed=seed, n_splits=n_splits, part=part, arguments=arguments)

    def __and__(self, other: object) -> Splitter:
        return Intersection(left=self, right=other) if isinstance(other, Splitter) else NotImplemented

    def __or__(self, other: object) -> Splitter:
        return Union(left=self, right=other) if isinstance(other, Splitter) else NotImplemented

    def __sub__(self, other: object) -> Splitter:
        return self & ~other if isinstance(other, Splitter) else NotImplemented

    def __invert__(self) -> Splitter:
        return Complement(inner=self)


# The compositions stand in this file because the operators above make them.


@dataclass(frozen=True, kw_only=True, repr=False)
class _Pair(Splitter):
    left: Splitter
    right: Splitter
    column: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", self.left.column)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of code of both operands."""
        return tuple(sorted({*self.left.columns, *self.right.columns}))

    @property
    def also_reads(self) -> tuple[str, ...]:
        """What else either operand reads."""
        return tuple(sorted({*self.left.also_reads, *self.right.also_reads} - {*self.columns}))


@dataclass(frozen=True, kw_only=True, repr=False)
class Intersection(_Pair):
    """Rows that both splitters call out of distribution: ``left & right``."""

    def fit(self, table: PropertyTable) -> Region:
        """Both are fitted on all rows of ``table``, so that ``a & b`` is ``b & a``."""
        return self.left.fit(table) & self.right.fit(table)

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class Union(_Pair):
    """Rows that at least one splitter calls out of distribution: ``left | right``."""

    def fit(self, table: PropertyTable) -> Region:
        """Both are fitted on all rows of ``table``."""
        return self.left.fit(table) | self.right.fit(table)

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class Complement(Splitter):
    """Rows that the splitter calls in-distribution: ``~inner``."""

    inner: Splitter
    column: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", self.inner.column)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of code of the splitter."""
        return self.inner.columns

    @property
    def also_reads(self) -> tuple[str, ...]:
        """What else the splitter reads."""
        return self.inner.also_reads

    def fit(self, table: PropertyTable) -> Region:
        """Fitted as the splitter itself."""
        return ~self.inner.fit(table)

    def __repr__(self) -> str:
        return f"~{self.inner!r}"

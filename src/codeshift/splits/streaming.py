"""Dealing a stream: each row by itself, by thresholds on its hash, holding no row and knowing no other.

Where a dataset is too large to be held, or grows, the exact sizes of ``Splitter.assign`` cannot be had. What is had
instead: a row's part depends on the row and the seed alone, so new rows move no old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.checks import several
from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.properties.columns import check_name
from codeshift.regions.base import Region
from codeshift.splits.config import MATCH, SplitConfig
from codeshift.splits.digests import keyed_hashes, row_digests
from codeshift.splits.rows import SplitRows

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset, IterableDatasetDict

# Few enough rows that the property table keeps them in memory alone.
_BATCH = 500

STREAMED = ("train", "validation", "test_id", "test_ood")


@dataclass(frozen=True, kw_only=True)
class StreamDealer:
    """Deals the rows of a stream by a region that was fitted elsewhere.

    Equal rows, and rows of one group, are never on both sides of train and a held-out part. Near-duplicates cannot be
    seen without holding rows: they fall where their own hash puts them. Shares are met on average.

    Attributes:
        region: a fitted region: ``splitter.fit(PropertyTable(sample))`` or ``manifest.fitted_region()``.
        columns: the columns of code, whose content identifies a row.
        seed: any integer.
        ood_kept: the share of the pool (the region's rows that are not ``test_ood``) that trains.
        test_ood_size: the share of the region's rows that are ``test_ood``.
        test_id_size: the share of the rows outside of the region that are ``test_id``.
        validation_size: the share of the rows outside of the region that are ``validation``.
        groups: a column whose equal values stay on one side.

    Raises:
        ParameterError: if a value cannot work.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import Interval
    >>> from codeshift.properties import CharCount
    >>> stream = Dataset.from_dict({"code": ["x" * (i % 50) + str(i) for i in range(1000)]}).to_iterable_dataset()
    >>> dealer = StreamDealer(region=Interval(CharCount("code"), low=40), columns=("code",), seed=0)
    >>> splits = dealer.split(stream)
    >>> {part: sum(1 for row in rows) for part, rows in splits.items()}
    {'train': 593, 'validation': 74, 'test_id': 75, 'test_ood': 140}
    """

    region: Region
    columns: tuple[str, ...]
    seed: int
    ood_kept: float = 0.0
    test_ood_size: float = 0.5
    test_id_size: float = 0.1
    validation_size: float = 0.1
    groups: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.region, Region):
            remedy = "fit a splitter on a sample: splitter.fit(PropertyTable(sample))"
            raise ParameterError("region", "a fitted region", self.region, remedy)
        if self.seed is None:
            raise ParameterError("seed", "an integer", None, "any integer will do, such as 0")
        SplitConfig(
            seed=self.seed,
            near_duplicates=None,
            ood_kept=self.ood_kept,
            test_ood_size=self.test_ood_size,
            test_id_size=self.test_id_size,
            validation_size=self.validation_size,
        )
        for name in ("test_ood_size", "test_id_size", "validation_size"):
            if getattr(self, name) == MATCH or getattr(self, name) > 1:
                raise ParameterError(name, "a share up to 1", getattr(self, name), "a stream's rows cannot be counted")
        if self.test_id_size + self.validation_size >= 1:
            raise ParameterError(
                "test_id_size and validation_size",
                "shares that leave rows for train",
                (self.test_id_size, self.validation_size),
                "ask for smaller parts",
            )
        columns = several("columns", self.columns, "the names of the columns of code", 'such as ("code",)')
        if not columns:
            raise ParameterError("columns", "at least one column of code", self.columns, 'such as ("code",)')
        object.__setattr__(self, "columns", tuple(check_name("columns", column) for column in columns))

    def parts(self, rows: Dataset) -> np.ndarray:
        """The part of each of some rows, ``"excluded"`` among them: texts of shape ``(n,)``."""
        inside = self.region.contains(PropertyTable(rows))
        sources = SplitRows.of(rows)
        if self.groups is None:
            keys = sources.digests(self.columns, ())
        else:
            keys = row_digests([sources.values(self.groups, "groups")])
        dealt = self._place(keys, "part")
        kept = self._place(keys, "pool") < self.ood_kept
        held_out = self.test_id_size + self.validation_size
        parts = np.full(len(keys), "train", dtype="<U10")
        parts[~inside & (dealt < held_out)] = "validation"
        parts[~inside & (dealt < self.test_id_size)] = "test_id"
        parts[inside & ~kept] = "excluded"
        if self.groups is not None:
            # A group lies on both sides of the region: where one side is held out, the other may not train.
            parts[inside & (dealt < held_out)] = "excluded"
            parts[~inside & (dealt >= held_out) & (dealt < self.test_ood_size)] = "excluded"
        parts[inside & (dealt < self.test_ood_size)] = "test_ood"
        return parts

    def _place(self, keys: np.ndarray, role: str) -> np.ndarray:
        """A place in [0, 1) for each key."""
        distinct, inverse = np.unique(keys, return_inverse=True)
        return np.asarray((keyed_hashes(distinct, self.seed, role) / 2.0**64)[inverse])

    def label(self, stream: IterableDataset, *, column: str = "part") -> IterableDataset:
        """The stream with a column that holds each row's part: one pass serves all parts.

        Args:
            stream: rows with the columns that the region reads.
            column: the name of the new column.

        Raises:
            ParameterError: if the stream is none, or has such a column already.
        """
        from datasets import Features, Value

        _check_stream(stream)
        check_name("column", column)
        features = stream.features
        if features is not None:
            _check_new(column, features)
            features = Features({**features, column: Value("string")})
        arguments = {"dealer": self, "column": column}
        return stream.map(_label_batch, batched=True, batch_size=_BATCH, fn_kwargs=arguments, features=features)

    def split(self, stream: IterableDataset) -> IterableDatasetDict:
        """One stream a part; each passes over the rows by itself when it is read.

        Raises:
            ParameterError: if the stream is none.
        """
        from datasets import IterableDatasetDict

        _check_stream(stream)
        return IterableDatasetDict(
            {
                part: stream.filter(
                    _keep_batch, batched=True, batch_size=_BATCH, fn_kwargs={"dealer": self, "part": part}
                )
                for part in STREAMED
            }
        )


def _check_stream(stream: Any) -> None:
    from datasets import IterableDataset

    if not isinstance(stream, IterableDataset):
        remedy = "call to_iterable_dataset() of a Dataset, or deal it exactly by Splitter.assign"
        raise ParameterError("stream", "a datasets.IterableDataset", type(stream).__name__, remedy)


def _check_new(column: str, columns: Iterable[str]) -> None:
    if column in columns:
        raise ParameterError("column", "one that the stream does not have", column, "choose another name")


def _rows(batch: Any) -> Dataset:
    """The rows of a batch in whatever format the stream has."""
    from datasets import Dataset

    if hasattr(batch, "to_pydict"):  # a table of Arrow
        return Dataset(batch)
    return Dataset.from_dict({column: list(batch[column]) for column in batch})


def _label_batch(batch: Any, dealer: StreamDealer, column: str) -> Any:
    parts = dealer.parts(_rows(batch)).tolist()
    if hasattr(batch, "to_pydict"):
        _check_new(column, batch.column_names)
        return batch.append_column(column, [parts])
    _check_new(column, batch)
    return batch.assign(**{column: parts}) if hasattr(batch, "assign") else {**batch, column: parts}


def _keep_batch(batch: Any, dealer: StreamDealer, part: str) -> list[bool]:
    return (dealer.parts(_rows(batch)) == part).tolist()  # type: ignore[no-any-return]

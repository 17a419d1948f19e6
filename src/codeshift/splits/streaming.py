"""Splitting of a stream: each row by itself, by thresholds on its hash, without keeping rows in memory.

If a dataset is too large for memory, or grows, the exact sizes of ``Splitter.assign`` are not possible. In exchange, a
row's part depends on the row and the seed only, so new rows do not move old ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from codeshift.checks import check_share, settle, several
from codeshift.errors import ParameterError
from codeshift.hashing import keyed_hashes, row_digests
from codeshift.parts import DELIVERED, TEST_PARTS
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.similar_sets import SimilarSets
from codeshift.regions.base import Region
from codeshift.splits.config import MATCH, SplitConfig, SplitOptions, are_shares_of_all, takes_options
from codeshift.splits.rows import SplitRows

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset, IterableDatasetDict


# Few enough rows that the property table keeps them in memory alone.
_BATCH = 500

_UNSTREAMED = {
    "train_size": "rows are assigned one by one, so no exact number is possible",
    "stratify_by_column": "each value's share is met on average as it is",
    "near_duplicates": "a row is assigned alone: call bind, which reads the stream once for its test rows",
    "train_control": "it overlaps with train, and a row of a stream is in one part",
    "tolerance": "shares are met on average",
    "min_test_rows": "rows are assigned one by one: count those of the parts",
}
"""Reasons why some arguments of ``SplitConfig`` have no meaning in a stream."""


@dataclass(frozen=True, kw_only=True, init=False)
class StreamDealer:
    """Splitter of a stream by a region that was fitted on other rows, such as a sample.

    Rows of equal code, or with ``groups`` those of one group, are never in both train and a held-out part. Where they
    can lie on both sides of the region (with ``groups``, or a region that reads other columns than the code, such as a
    date), rows that might be bound to the other side are excluded. Near-duplicates, and equal code of two groups, are
    assigned by their own hashes each: ``bind`` returns a dealer that keeps those of test rows out of train. Sizes are
    shares, by default those of ``Splitter.assign``, and met on average.

    Args:
        region: Fitted region: ``splitter.fit(PropertyTable(sample))``, ``assignment.region`` or
            ``manifest.fitted_region()``.
        region_share: Share of the stream's rows inside the region, above 0 and below 1, since sizes are shares of
            all rows: that of a sample (``region.contains(table).mean()``), or ``manifest.region_share``.
        columns: Columns of code, whose content identifies a row.
        **options: Fields of ``SplitConfig``, which describes them: ``seed``, ``ood_kept``, ``test_ood_size``,
            ``test_id_size``, ``validation_size``, ``validation_ood_size`` and ``groups``. The others have no meaning
            in a stream.

    Raises:
        ParameterError: if a value is invalid, or has no meaning in a stream.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import Interval
    >>> from codeshift.properties import CharCount
    >>> stream = Dataset.from_dict({"code": ["x" * (i % 50) + str(i) for i in range(1000)]}).to_iterable_dataset()
    >>> dealer = StreamDealer(region=Interval(CharCount("code"), low=40), region_share=0.26)
    >>> splits = dealer.split(stream)
    >>> {part: sum(1 for row in rows) for part, rows in splits.items()}
    {'train': 515, 'validation': 99, 'test_id': 128, 'test_ood': 140}
    """

    region: Region
    region_share: float
    columns: tuple[str, ...]
    config: SplitConfig
    test_rows: SimilarSets | None = field(default=None, repr=False)

    @takes_options
    def __init__(
        self,
        *,
        region: Region,
        region_share: float,
        columns: str | Sequence[str] = ("code",),
        **options: Unpack[SplitOptions],
    ) -> None:
        if not isinstance(region, Region):
            remedy = "fit a splitter on a sample: splitter.fit(PropertyTable(sample))"
            raise ParameterError("region", "a fitted region", region, remedy)
        names = several("columns", columns, "the names of the columns of code", 'such as ("code",)')
        if not names:
            raise ParameterError("columns", "at least one column of code", columns, 'such as ("code",)')
        for name, why in _UNSTREAMED.items():
            value = options.get(name)
            if value is not None and value is not False:
                raise ParameterError(name, "left out for a stream", value, why)
        settled = {
            "region": region,
            "region_share": check_share("region_share", region_share),
            "columns": tuple(check_name("columns", column) for column in names),
            "config": SplitConfig(**(options | {"near_duplicates": None})),
            "test_rows": None,
        }
        settle(self, **settled)
        self._check_sizes()

    def _check_sizes(self) -> None:
        config = self.config
        for name in ("test_ood_size", "validation_ood_size", "test_id_size", "validation_size"):
            size = getattr(config, name)
            if isinstance(size, int) and size > 0:
                raise ParameterError(name, "a share, a float", size, "a stream's rows cannot be counted")
        sizes = (config.test_ood_size, config.validation_ood_size)
        if not are_shares_of_all(*sizes):
            remedy = "ask for smaller parts"
            raise ParameterError(
                "test_ood_size and validation_ood_size", "shares that add up to 1 at most", sizes, remedy
            )
        if sum(sizes) >= 1 and config.ood_kept > 0:
            constraint = "shares that add up to less than 1 where ood_kept is above 0"
            remedy = "no row of the region would be left to keep in train"
            raise ParameterError("test_ood_size and validation_ood_size", constraint, sizes, remedy)
        if sum(self._outside) >= 1:
            raise ParameterError(
                "test_id_size and validation_size",
                f"shares that leave rows for train of the {1 - self.region_share:.0%} outside of the region",
                (config.test_id_size, config.validation_size),
                "ask for smaller parts",
            )

    @property
    def _outside(self) -> tuple[float, float]:
        """Shares of the rows outside the region that are ``test_id`` and ``validation``."""
        config, outside = self.config, 1 - self.region_share
        test_id = self.region_share * config.test_ood_size if config.test_id_size == MATCH else config.test_id_size
        assert not isinstance(test_id, str)  # noqa: S101 - "match" is resolved above
        return test_id / outside, config.validation_size / outside

    @property
    def _straddles(self) -> bool:
        """Whether rows that stay together may lie on both sides of the region."""
        return self.config.groups is not None or not set(self.region.columns()) <= set(self.columns)

    @property
    def delivered(self) -> tuple[str, ...]:
        """Names of the parts that ``split`` returns."""
        return tuple(part for part in DELIVERED if part != "validation_ood" or self.config.validation_ood_size)

    def parts(self, rows: Dataset) -> np.ndarray:
        """Return the part of each row, which may be ``"excluded"``: texts of shape ``(n,)``."""
        config = self.config
        of_batch = SplitRows.of(rows)
        inside = self.region.contains(of_batch.training_table)
        if config.groups is None:
            keys = of_batch.digests(self.columns)
        else:
            keys = row_digests([of_batch.values(config.groups, "groups")])
        place = self._place(keys, "part")
        kept = self._place(keys, "pool") < config.ood_kept
        test_id, validation = self._outside
        held_out, held_inside = test_id + validation, config.test_ood_size + config.validation_ood_size
        parts = np.full(len(keys), "train", dtype="<U14")
        parts[~inside & (place < held_out)] = "validation"
        parts[~inside & (place < test_id)] = "test_id"
        parts[inside & ~kept] = "excluded"
        if self._straddles:
            # Rows of one key may lie on both sides of the region: if one side is held out, the other may not train.
            parts[inside & (place < held_out)] = "excluded"
            parts[~inside & (place >= held_out) & (place < held_inside)] = "excluded"
        parts[inside & (place < held_inside)] = "validation_ood"
        parts[inside & (place < config.test_ood_size)] = "test_ood"
        parts[~of_batch.parsable(self.region)] = "excluded"
        if self.test_rows is not None:
            trained_on = np.flatnonzero(~np.isin(parts, ("excluded", *TEST_PARTS)))
            texts = [of_batch.training_table.texts(column).take(trained_on) for column in self.columns]
            near = self.test_rows.near(map("\n".join, zip(*texts, strict=True)))
            parts[trained_on[near]] = "excluded"
        return parts

    def bind(self, stream: IterableDataset, *, search: NearDuplicates | None = None) -> StreamDealer:
        """Return a dealer that excludes the near-duplicates of the stream's test rows from train and validation.

        The stream is read once. What is kept of its test rows, in memory, are their n-grams, 8 bytes each. A row of the
        region that ``ood_kept`` keeps in train is excluded as well if it is a near-duplicate of a test row.

        Args:
            stream: Rows.
            search: Definition of near-duplicates; by default that of ``Splitter.assign``.

        Raises:
            ParameterError: if ``stream`` is not an ``IterableDataset``, or ``search`` no ``NearDuplicates``.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import Interval
        >>> from codeshift.properties import CharCount
        >>> code = [f"return items[{i // 2}].name.value{' ' * (i % 2)}" for i in range(400)]
        >>> stream = Dataset.from_dict({"code": code}).to_iterable_dataset()
        >>> dealer = StreamDealer(region=Interval(CharCount("code"), low=28), region_share=0.5)
        >>> bound = dealer.bind(stream)
        >>> sum(1 for row in dealer.split(stream)["train"]) > sum(1 for row in bound.split(stream)["train"])
        True
        """
        _check_stream(stream)
        search = NearDuplicates() if search is None else search
        if not isinstance(search, NearDuplicates):
            raise ParameterError("search", "a NearDuplicates", search, "leave it out for that of assign")
        unbound = self._with(None)
        test_texts = (
            row
            for batch in stream.with_format(None).batch(_BATCH)
            for row in _test_texts(unbound, _rows_of_batch(batch))
        )
        return self._with(SimilarSets.of(search, test_texts))

    def _with(self, test_rows: SimilarSets | None) -> StreamDealer:
        dealer = copy(self)
        settle(dealer, test_rows=test_rows)
        return dealer

    def _place(self, keys: np.ndarray, role: str) -> np.ndarray:
        """Return a hash in [0, 1) of each key, of shape ``(n,)``."""
        distinct, inverse = np.unique(keys, return_inverse=True)
        return np.asarray((keyed_hashes(distinct, self.config.seed, role) / 2.0**64)[inverse])

    def label(self, stream: IterableDataset, *, column: str = "part") -> IterableDataset:
        """Return the stream with a new column for each row's part, so that one pass serves all parts.

        Args:
            stream: Rows, with the columns that the region reads.
            column: Name of the new column.

        Raises:
            ParameterError: if ``stream`` is not an ``IterableDataset``, or has a column of that name.
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
        """Return one stream for each part; each one reads all rows when it is iterated over.

        Raises:
            ParameterError: if ``stream`` is not an ``IterableDataset``.
        """
        from datasets import IterableDatasetDict

        _check_stream(stream)
        plain = stream.with_format(None)  # version 4.8 of datasets cannot filter a stream of tables
        kind = getattr(stream._formatting, "format_type", None)
        return IterableDatasetDict(
            {
                part: plain.filter(
                    _keep_batch, batched=True, batch_size=_BATCH, fn_kwargs={"dealer": self, "part": part}
                ).with_format(kind)
                for part in self.delivered
            }
        )


def _check_stream(stream: Any) -> None:
    from datasets import IterableDataset

    if not isinstance(stream, IterableDataset):
        remedy = "call to_iterable_dataset() of a Dataset, or split it exactly with Splitter.assign"
        raise ParameterError("stream", "a datasets.IterableDataset", type(stream).__name__, remedy)


def _check_new(column: str, columns: Iterable[str]) -> None:
    if column in columns:
        raise ParameterError("column", "one that the stream does not have", column, "choose another name")


def _rows_of_batch(batch: Any) -> Dataset:
    """Return the rows of a batch, in any format of the stream."""
    from datasets import Dataset

    if hasattr(batch, "to_pydict"):  # a table of Arrow
        return Dataset(batch)
    return Dataset.from_dict({column: list(batch[column]) for column in batch})


def _test_texts(dealer: StreamDealer, rows: Dataset) -> Iterator[str]:
    """Yield the code of the rows of a batch that are in a test part."""
    test_rows = np.flatnonzero(np.isin(dealer.parts(rows), TEST_PARTS))
    columns = (rows.select(test_rows)[column] for column in dealer.columns)
    yield from map("\n".join, zip(*columns, strict=True))


def _label_batch(batch: Any, dealer: StreamDealer, column: str) -> Any:
    parts = dealer.parts(_rows_of_batch(batch)).tolist()
    if hasattr(batch, "to_pydict"):
        _check_new(column, batch.column_names)
        return batch.append_column(column, [parts])
    _check_new(column, batch)
    return batch.assign(**{column: parts}) if hasattr(batch, "assign") else {**batch, column: parts}


def _keep_batch(batch: Any, dealer: StreamDealer, part: str) -> list[bool]:
    return (dealer.parts(_rows_of_batch(batch)) == part).tolist()  # type: ignore[no-any-return]

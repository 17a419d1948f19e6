"""Columns beside the code: labels, times, and the hash of a row's content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.checks import is_number
from codeshift.errors import DataError
from codeshift.formatting import moment_of
from codeshift.hashing import hash_key
from codeshift.properties.base import Property, TextProperty
from codeshift.properties.dataset_columns import check_column, column_values
from codeshift.properties.labels import check_label_values

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable

NUMBER, TIME = "numbers", "dates"
_SECONDS = 1e8  # least number that is read as a time in seconds: March 1973


@dataclass(frozen=True)
class Label(Property):
    """Value of a column of labels (a project, an author, a file): text, whole numbers or truth values.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "y"], "project": ["django", "flask"]}))
    >>> table.values(Label("project")).tolist()
    ['django', 'flask']
    """

    dimension = "projects"
    of_content = False
    nominal = True

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Return objects of shape ``(n,)``."""
        values = column_values(table.data, self.column, "by")
        check_label_values(self.column, values)
        labels = np.empty(len(values), dtype=object)
        labels[:] = values
        return labels

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Return the column's name."""
        return str(plain["column"])


@dataclass(frozen=True)
class Timestamp(Property):
    """Value of a column of times as a number that grows with time.

    Dates, datetimes and ISO 8601 texts become seconds since 1970 in UTC (a time without a zone is read as UTC, a date
    as its midnight); numbers (a year, a commit's number) stay unchanged.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"date": ["1970-01-02", "1970-01-01T00:00:05Z"]}))
    >>> table.values(Timestamp("date")).tolist()
    [86400.0, 5.0]
    """

    dimension = "time"
    of_content = False

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        return self.measure(table)[1]

    def measure(self, table: PropertyTable) -> tuple[str, np.ndarray]:
        """Return whether the column holds ``"numbers"`` or ``"dates"``, and the numbers of shape ``(n,)``.

        Raises:
            DataError: if the column is missing, or contains None, both kinds, or values that are neither.
        """
        return table.remember(("measured", self), lambda: self._read(table))

    def _read(self, table: PropertyTable) -> tuple[str, np.ndarray]:
        values = column_values(table.data, self.column, "by")
        kinds, moments = [], np.empty(len(values))
        for i, value in enumerate(values):
            try:
                kind, moments[i] = moment(value)
            except ValueError:
                raise DataError(
                    "by", "a column of dates, ISO 8601 texts or numbers", self.column, f"row {i} holds {value!r}"
                ) from None
            kinds.append(kind)
        if len(set(kinds)) > 1:
            odd = next(i for i, kind in enumerate(kinds) if kind != kinds[0])
            raise _mixed(self.column, f"row 0 is among the {kinds[0]}, row {odd} among the {kinds[odd]}")
        return (kinds[0] if kinds else TIME), moments

    def is_time(self, table: PropertyTable) -> bool:
        """Return whether the column holds dates rather than numbers."""
        return self.measure(table)[0] == TIME

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Return the name of the property with that of the column."""
        return f"time ({plain['column']})"

    @classmethod
    def words_between(cls, plain: Mapping[str, Any], low: float | None, high: float | None) -> str:
        """Describe the programs of a period of time."""
        return cls._between(plain, ("from {} on", low), ("before {}", high))

    @classmethod
    def number_words(cls, value: float) -> str:
        """Return a date if the number is one, else the number."""
        return moment_words(value)


@dataclass(frozen=True)
class TimestampKind:
    """Kind of a column of times, ``"numbers"`` or ``"dates"``, of all rows of a table.

    Attributes:
        times: Times.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> PropertyTable(Dataset.from_dict({"year": [1999, 2001]})).summarise(TimestampKind(Timestamp("year")))
    'numbers'
    """

    times: Timestamp

    def of(self, table: PropertyTable) -> str:
        """Return the kind of the times of one table."""
        return self.times.measure(table)[0]

    def merged(self, parts: Sequence[str]) -> str:
        """Return the kind of all rows.

        Raises:
            DataError: if some are numbers and others dates.
        """
        if len(set(parts)) > 1:
            raise _mixed(self.times.column, "some of its files hold numbers and others dates")
        return parts[0]


@dataclass(frozen=True)
class ContentHash(TextProperty):
    """Number in [0, 1) from the keyed hash of each row's text: uniform over texts, the same for equal ones.

    Attributes:
        key: Key of the hash; the numbers of different keys are independent.

    >>> first, second, again = ContentHash("code", 0).compute(["x = 1", "x = 2", "x = 1"]).tolist()
    >>> first == again, first == second
    (True, False)
    """

    title = "hash of the content"
    of_content = False

    key: int = 0

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``."""
        key = hash_key(f"content:{self.key}")
        return np.array([_uniform(text, key) for text in texts], dtype=np.float64)

    @property
    def shown(self) -> None:
        """None, since the numbers are random."""
        return None


def _mixed(column: str, where: str) -> DataError:
    return DataError("by", "a column of one kind of time", column, where)


def moment(value: Any) -> tuple[str, float]:
    """Return the kind (``"numbers"`` or ``"dates"``) and the number of one time.

    Raises:
        ValueError: if the value is not a time.

    >>> moment("1970-01-01T01:00:00+01:00"), moment(1999)
    (('dates', 0.0), ('numbers', 1999.0))
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return TIME, (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return TIME, datetime.combine(value, time(), tzinfo=UTC).timestamp()
    if is_number(value):
        return NUMBER, float(value)
    raise ValueError(value)


def moment_words(value: float) -> str:
    """Return a number of ``Timestamp`` in readable form: seconds since 1970 as a date, other numbers unchanged.

    The number does not show which of the two it is. No year and hardly any other count comes near the seconds of recent
    decades or is a whole number of days; seconds beyond the year 9999 are not a date.

    >>> moment_words(1719878400.0), moment_words(1719881000.0), moment_words(-86400.0), moment_words(2021.0)
    ('2024-07-02', '2024-07-02T00:43:20Z', '1969-12-31', '2021')
    """
    seconds = abs(value) >= _SECONDS or (value != 0 and value % 86_400 == 0)
    return moment_of(value) if seconds and -62_135_596_800 <= value < 253_402_300_800 else f"{value:z.15g}"


def check_vector_column(table: PropertyTable, column: str) -> np.ndarray:
    """Return the vectors of a column, shape ``(n, dimensions)``.

    Raises:
        DataError: if there is no such column, or it does not hold vectors of finite numbers, all of one length.
    """
    import pyarrow.compute as pc

    check_column(table.data, column, "embedding")
    rows = table.data.with_format("arrow").select_columns([column])[:].column(column).combine_chunks()
    constraint = "a column of vectors of finite numbers, all of one length"
    if not hasattr(rows, "flatten"):
        raise DataError("embedding", constraint, column, f"it holds values of the type {rows.type}")
    flat = rows.flatten()
    if rows.null_count or flat.null_count or (len(rows) and len(flat) % len(rows)):
        raise DataError("embedding", constraint, column, "some vectors are shorter than others, or are None")
    if len(pc.list_value_length(rows).unique()) > 1:
        raise DataError("embedding", constraint, column, "some vectors are shorter than others")
    try:
        vectors: np.ndarray = flat.to_numpy(zero_copy_only=False).astype(np.float64, copy=False).reshape(len(rows), -1)
    except (TypeError, ValueError):
        raise DataError("embedding", constraint, column, f"it holds values of the type {rows.type}") from None
    # A sum is finite if its terms are: it costs half of checking each of them.
    if not np.isfinite(vectors.sum(axis=1)).all() and not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise DataError("embedding", constraint, column, f"row {row} holds NaN or an infinity")
    return vectors


def _uniform(text: str, key: bytes) -> float:
    raw = hashlib.blake2b(text.encode("utf-8", errors="surrogatepass"), key=key, digest_size=8).digest()
    return float(int.from_bytes(raw, "big") >> 11) / float(1 << 53)

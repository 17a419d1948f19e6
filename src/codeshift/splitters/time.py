"""Splits by time: programs from a moment on are out of distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from codeshift.checks import check_share
from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.properties.columns import TIME, Timestamp, check_name, moment
from codeshift.regions.base import Region
from codeshift.regions.interval import Interval
from codeshift.splitters.base import Splitter
from codeshift.splitters.quantiles import cut


@dataclass(frozen=True, kw_only=True)
class TimeSplitter(Splitter):
    """Programs from a point in time on are out of distribution: train before, test after.

    Attributes:
        column: the column that holds the code.
        by: the column of times: dates, datetimes, ISO 8601 texts or numbers (a year). Times without a zone are UTC.
        cutoff: the first moment that is out of distribution, as ISO text, date, datetime or number; a date or datetime
            is stored as its ISO text.
        share: the share of rows that are out of distribution, the latest ones, if ``cutoff`` is not given (0.2 by
            default). Rows of one moment stay together, so the region can be larger.

    Raises:
        ParameterError: if a value is invalid.

    >>> from datetime import date
    >>> TimeSplitter(column="code", by="committed", cutoff=date(2021, 6, 1))
    TimeSplitter(column='code', by='committed', cutoff='2021-06-01', share=None)
    >>> TimeSplitter(column="code", cutoff="June 2021")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: cutoff must be a date, an ISO 8601 text or a number, got 'June 2021': \
such as "2021-06-01"
    """

    by: str = "date"
    cutoff: str | float | date | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        check_name("by", self.by)
        if self.cutoff is None:
            object.__setattr__(self, "share", check_share("share", 0.2 if self.share is None else self.share))
            return
        if self.share is not None:
            raise ParameterError("share", "left out if cutoff is given", self.share, "choose one of the two")
        try:
            moment(self.cutoff)
        except ValueError:
            raise ParameterError(
                "cutoff", "a date, an ISO 8601 text or a number", self.cutoff, 'such as "2021-06-01"'
            ) from None
        if isinstance(self.cutoff, date):  # a datetime is a date
            object.__setattr__(self, "cutoff", self.cutoff.isoformat())

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Column of times."""
        return {self.by: "by"}

    def fit(self, table: PropertyTable) -> Region:
        """Return the region from the cutoff on.

        Raises:
            DataError: if the column does not hold times.
            ParameterError: if the cutoff is a date and the column holds numbers, or vice versa.
        """
        times = Timestamp(self.by)
        if self.cutoff is None:
            assert self.share is not None  # noqa: S101 - set in __post_init__
            return Interval(times, *cut(table.values(times), (1 - self.share, 1.0)))
        kind, first = moment(self.cutoff)
        in_column = times.measure(table)[0]
        if kind != in_column:
            remedy = 'such as "2021-06-01"' if in_column == TIME else "such as 2021"
            raise ParameterError("cutoff", f"of the kind of {self.by!r}, which holds {in_column}", self.cutoff, remedy)
        return Interval(times, first, None)

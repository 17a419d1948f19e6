"""Splits by time: programs from a moment on are out of distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from codeshift.checks import check_share, settle
from codeshift.errors import ParameterError
from codeshift.literals import expressible
from codeshift.properties import PropertyTable
from codeshift.properties.columns import TIME, Label, Timestamp, TimestampKind, moment
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.labels import LabelValue
from codeshift.properties.tallies import NumbersOfLabels, NumberTally, Tally
from codeshift.regions.base import Region
from codeshift.regions.interval import Interval
from codeshift.regions.since import SinceOfLabel
from codeshift.splitters.base import Splitter
from codeshift.splitters.quantiles import cut


@expressible
@dataclass(frozen=True, kw_only=True)
class TimeSplitter(Splitter):
    """Programs from a point in time on are out of distribution: train before, test after.

    Attributes:
        column: Column that holds the code.
        by: Column of times: dates, datetimes, ISO 8601 texts or numbers (a year). Times without a zone are UTC.
        cutoff: First moment that is out of distribution, as ISO text, date, datetime or number; a date or datetime
            is stored as its ISO text.
        share: Share of rows that are out of distribution, the latest ones, if ``cutoff`` is not given (0.2 by
            default). Rows of one moment stay together, so the region can be larger.
        within: Column of projects, if each project has a cut of its own: the latest ``share`` of its rows is out of
            distribution. The mix of projects then stays; with one cut for all, the projects that are active later
            shift too. A project all of whose rows are of one moment is in-distribution; one that the region was not
            fitted on is cut where all rows together would be.

    Raises:
        ParameterError: if a value is invalid.

    Source of ``within``: time splits of vulnerabilities are confounded by the mix of projects (arXiv 2605.13138).

    >>> from datetime import date
    >>> TimeSplitter(column="code", by="committed", cutoff=date(2021, 6, 1))
    TimeSplitter(column='code', by='committed', cutoff='2021-06-01', share=None, within=None)
    >>> TimeSplitter(column="code", cutoff="June 2021")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: cutoff must be a date, an ISO 8601 text or a number, got 'June 2021': \
such as "2021-06-01"
    """

    by: str = "date"
    cutoff: str | float | date | None = None
    share: float | None = None
    within: str | None = None

    def __post_init__(self) -> None:
        settle(self, by=check_name("by", self.by))
        if self.within is not None:
            settle(self, within=check_name("within", self.within))
            if self.cutoff is not None:
                remedy = "each project has a cut of its own: give share"
                raise ParameterError("cutoff", "left out if within is given", self.cutoff, remedy)
        if self.cutoff is None:
            settle(self, share=check_share("share", 0.2 if self.share is None else self.share))
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
            settle(self, cutoff=self.cutoff.isoformat())
        elif isinstance(self.cutoff, np.generic):
            settle(self, cutoff=self.cutoff.item())

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Column of times, and that of projects if each has its own cut."""
        return {self.by: "by"} if self.within is None else {self.by: "by", self.within: "within"}

    def fit(self, table: PropertyTable) -> Region:
        """Return the region from the cutoff on, or from the cut of each project on.

        Raises:
            DataError: if the column does not hold times.
            ParameterError: if the cutoff is a date and the column holds numbers, or vice versa.
        """
        times = Timestamp(self.by)
        in_column = table.summarise(TimestampKind(times))
        if self.cutoff is None:
            assert self.share is not None  # noqa: S101 - set in __post_init__
            if self.within is not None:
                return _since(times, Label(self.within), table, self.share)
            return Interval(times, *cut(table.summarise(NumberTally(times)), (1 - self.share, 1.0)))
        kind, first = moment(self.cutoff)
        if kind != in_column:
            remedy = 'such as "2021-06-01"' if in_column == TIME else "such as 2021"
            raise ParameterError("cutoff", f"of the kind of {self.by!r}, which holds {in_column}", self.cutoff, remedy)
        return Interval(times, first, None)


def _since(times: Timestamp, label: Label, table: PropertyTable, share: float) -> SinceOfLabel:
    """Return the region of the latest rows of each label.

    What a label's rows lack to the share, since they are few or of few moments, the next label makes up for, by less
    than one row: the region of many small projects has the share as well.
    """
    moments = table.summarise(NumbersOfLabels(label, times))
    starts: list[tuple[LabelValue, float | None]] = []
    lacking = 0.0
    for key in sorted(moments):
        value, ordered = moments[key]
        target = share * len(ordered) + lacking
        start = _start_of_last(ordered, int(np.floor(target + 0.5)))
        taken = 0 if start is None else int((ordered >= start).sum())
        lacking = min(max(target - taken, -1.0), 1.0)
        starts.append((value, start))
    every = Tally.of(np.concatenate([ordered for _, ordered in moments.values()]))
    return SinceOfLabel(times, label, tuple(starts), cut(every, (1 - share, 1.0))[0])


def _start_of_last(ordered: np.ndarray, count: int) -> float | None:
    """Return the moment from which on about ``count`` of ascending moments lie; None if that is none, or would be all.

    >>> _start_of_last(np.array([1.0, 2.0, 2.0, 3.0]), 2), _start_of_last(np.array([5.0, 5.0]), 1)
    (2.0, None)
    """
    if count < 1:
        return None
    start = ordered[max(len(ordered) - count, 0)]
    later = ordered[ordered > ordered[0]]
    return None if not len(later) else float(max(start, later[0]))

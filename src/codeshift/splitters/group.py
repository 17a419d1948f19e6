"""Splits by project, author or file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.checks import check_integer, check_share, settle, several
from codeshift.errors import DataError, ParameterError
from codeshift.hashing import seeded_order
from codeshift.literals import expressible
from codeshift.properties import PropertyTable
from codeshift.properties.columns import Label
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.labels import LabelValue, typed_text
from codeshift.properties.tallies import LabelTally
from codeshift.regions.base import Region
from codeshift.regions.labels import OneOf
from codeshift.splitters.base import Splitter
from codeshift.splitters.shares import take_share
from codeshift.wording import closest


@expressible
@dataclass(frozen=True, kw_only=True)
class GroupSplitter(Splitter):
    """Programs of some projects (authors, files) are out of distribution.

    The groups are named, or drawn by ``region_seed`` until their rows make up ``share`` of all rows. The share counts
    rows, not groups: a fifth of the projects can hold two fifths of the rows. A group that would exceed the share is
    skipped. A project that the region was not fitted on is in-distribution.

    To keep whole projects on one side of train and test for *any* region, use ``groups=`` of ``assign``.

    Attributes:
        column: Column that holds the code.
        by: Column that holds the group: text, whole numbers or truth values.
        values: Groups that are out of distribution, such as ``("django", "flask")``.
        share: Share of all rows, if ``values`` is not given; 0.2 by default.
        region_seed: Seed that draws the groups, if ``values`` is not given; 0 by default.

    Raises:
        ParameterError: if a value is invalid.

    >>> GroupSplitter(column="code", by="repo")
    GroupSplitter(column='code', by='repo', values=None, share=0.2, region_seed=0)
    >>> GroupSplitter(column="code", by="repo", values=("django",), region_seed=1)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: region_seed must be left out if values is given, got 1: \
nothing is drawn if the groups are named
    """

    by: str = "project"
    values: tuple[LabelValue, ...] | None = None
    share: float | None = None
    region_seed: int | None = None

    def __post_init__(self) -> None:
        settle(self, by=check_name("by", self.by))
        if self.values is None:
            share = 0.2 if self.share is None else self.share
            settle(self, share=check_share("share", share))
            seed = 0 if self.region_seed is None else self.region_seed
            settle(self, region_seed=check_integer("region_seed", seed))
            return
        for name in ("share", "region_seed"):
            if getattr(self, name) is not None:
                remedy = "nothing is drawn if the groups are named"
                raise ParameterError(name, "left out if values is given", getattr(self, name), remedy)
        settle(self, values=_check_values(self.values))

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Column of groups."""
        return {self.by: "by"}

    def fit(self, table: PropertyTable) -> Region:
        """Return the region of the groups.

        Raises:
            DataError: if a group named in ``values`` has no row; it names close matches.
            RegionError: if no set of whole groups comes near the share.
        """
        label = Label(self.by)
        counted = table.summarise(LabelTally(label))
        groups: dict[str, LabelValue] = {key: value for key, (value, _) in counted.items()}
        if self.values is not None:
            self._check_present(groups)
            return OneOf(label, self.values)
        assert self.share is not None and self.region_seed is not None  # noqa: S101, PT018 - set in __post_init__
        keys = sorted(groups)
        sizes = np.array([counted[key][1] for key in keys])
        order = seeded_order(keys, self.region_seed, "group")
        taken = take_share(sizes, order, self.share, [str(groups[key]) for key in keys], self.by)
        return OneOf(label, tuple(groups[keys[i]] for i in taken.tolist()))

    def _check_present(self, groups: dict[str, LabelValue]) -> None:
        for value in self.values or ():
            if typed_text(value) not in groups:
                hint = closest(value, groups.values())
                raise DataError("values", f"values of the column {self.by!r}", value, hint)


def _check_values(values: Any) -> tuple[LabelValue, ...]:
    plain = several("values", values, "labels: text, whole numbers or truth values", 'such as ("django",)')
    if not plain:
        raise ParameterError("values", "at least one group", values, "leave it out to draw groups")
    for value in plain:
        if not isinstance(value, str | int):
            raise ParameterError("values", "labels: text, whole numbers or truth values", value, 'such as ("django",)')
    if len({typed_text(value) for value in plain}) < len(plain):
        raise ParameterError("values", "groups that differ", values, "name each once")
    return plain

"""The control: a random region without meaning."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.checks import check_integer, check_share, settle
from codeshift.literals import expressible
from codeshift.properties import PropertyTable
from codeshift.properties.columns import ContentHash
from codeshift.properties.tallies import NumberTally
from codeshift.regions.base import Region
from codeshift.regions.interval import Interval
from codeshift.splitters.base import Splitter
from codeshift.splitters.quantiles import cut


@expressible
@dataclass(frozen=True, kw_only=True)
class RandomSplitter(Splitter):
    """Programs drawn by a hash of their content are out of distribution: the control of every other splitter.

    What a model loses on this region is noise, not the effect of a shift. The region is drawn by ``region_seed``; the
    ``seed`` of the call then assigns its rows, as with every splitter. There are two seeds because the region of a
    control has to stay the same while the rows that test it are drawn again.

    Attributes:
        column: Column that holds the code.
        share: Share of rows inside the region, exact to within rows of equal code.
        region_seed: Seed that draws these rows; any integer.

    Raises:
        ParameterError: if a value is invalid.

    >>> from datasets import Dataset
    >>> rows = Dataset.from_dict({"code": [f"x = {i}" for i in range(50)]})
    >>> table = PropertyTable(rows)
    >>> int(RandomSplitter(column="code", share=0.3).fit(table).contains(table).sum())
    15
    """

    share: float = 0.2
    region_seed: int = 0

    def __post_init__(self) -> None:
        settle(self, share=check_share("share", self.share))
        settle(self, region_seed=check_integer("region_seed", self.region_seed))

    def fit(self, table: PropertyTable) -> Region:
        """Return an interval of hashes that starts at 0."""
        hashes = ContentHash(self.column, self.region_seed)
        return Interval(hashes, *cut(table.summarise(NumberTally(hashes)), (0.0, self.share)))

"""The result of a dealing: which row went where, why, and the evidence to publish."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import DataError, ParameterError, closest
from codeshift.splitters.dealing import EXCLUDED, NO_REASON, PARTS, REASONS, Dealt
from codeshift.splitters.manifest import SplitManifest
from codeshift.splitters.official import OFFICIAL
from codeshift.splitters.request import DealRequest
from codeshift.splitters.sources import Sources

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.properties import PropertyTable
    from codeshift.properties.near_duplicates import DuplicateComponents
    from codeshift.splitters.base import Splitter
    from codeshift.splitters.regions import Region

CONTROL = "train_control"


@dataclass(frozen=True, eq=False)
class SplitAssignment:
    """Which part each row belongs to.

    Attributes:
        sources: the names of the data's own splits, or ``("data",)``; rows are counted over them end to end.
        lengths: rows of each source.
        parts: the part of each row, as an index into ``dealing.PARTS``.
        reasons: why a row is excluded, as an index into ``dealing.REASONS``.
        control: whether each row is one of ``train_control``; None where that was not asked for.
        manifest: what it takes to build this split again, to be published.
    """

    sources: tuple[str, ...]
    lengths: tuple[int, ...]
    parts: np.ndarray
    reasons: np.ndarray
    control: np.ndarray | None
    manifest: SplitManifest

    @classmethod
    def create(
        cls,
        splitter: Splitter,
        region: Region,
        request: DealRequest,
        sources: Sources,
        digests: np.ndarray,
        inside: np.ndarray,
        dealt: Dealt,
        similar: DuplicateComponents | None,
    ) -> SplitAssignment:
        """Gather what a dealing found."""
        manifest = SplitManifest.create(splitter, region, request, sources, digests, inside, dealt, similar)
        return cls(sources.names, sources.lengths, dealt.parts, dealt.reasons, dealt.control, manifest)

    def indices(self, part: str, *, source: str | None = None) -> np.ndarray:
        """The positions of a part's rows in the data, ascending.

        Args:
            part: ``"train"``, ``"validation"``, ``"test_id"``, ``"test_ood"`` or ``"excluded"``; ``"validation_ood"``
                and ``"train_control"`` where they were asked for.
            source: for a ``DatasetDict`` with official splits, the one in which to count; needed only where the part
                draws on several.

        Raises:
            ParameterError: if there is no such part or source, or the part draws on several sources.

        With scikit-learn, which takes features of the rows in the data's order:

        >>> import numpy as np
        >>> from datasets import Dataset
        >>> from sklearn.linear_model import LinearRegression
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
        >>> X = np.array([[len(code)] for code in rows["code"]])
        >>> assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates="ignore")
        >>> train, test = assignment.indices("train"), assignment.indices("test_ood")
        >>> model = LinearRegression().fit(X[train], X[train, 0])
        >>> round(model.score(X[test], X[test, 0]), 3)
        1.0
        """
        self._check_part(part)
        if source is not None and source not in self.sources:
            raise ParameterError("source", "a split of the data", source, closest(str(source), self.sources))
        rows = self._rows(part)
        feeding = [i for i, name in enumerate(self.sources) if source in (None, name) and self._within(rows, i).size]
        if len(feeding) > 1:
            names = [self.sources[i] for i in feeding]
            raise ParameterError("source", f"one of {names}, which {part} draws on", source, "name it")
        if not feeding:
            return np.empty(0, dtype=np.int64)
        return self._within(rows, feeding[0])

    def _check_part(self, part: str) -> None:
        names = (*self.delivered, "excluded")
        if part in (CONTROL, "validation_ood") and part not in names:
            asked = "train_control=True" if part == CONTROL else "validation_ood_size"
            raise ParameterError("part", "a part that was asked for", part, f"give {asked} to assign")
        if part not in names:
            raise ParameterError("part", "a part of the split", part, closest(str(part), names))

    @property
    def delivered(self) -> tuple[str, ...]:
        """The parts of the ``DatasetDict``."""
        return tuple(part for part in (*PARTS[:EXCLUDED], CONTROL) if part in self.manifest.sizes)

    def _rows(self, part: str) -> np.ndarray:
        if part == CONTROL:
            assert self.control is not None  # noqa: S101 - it is delivered
            return np.flatnonzero(self.control)
        return np.flatnonzero(self.parts == PARTS.index(part))

    def _within(self, rows: np.ndarray, source: int) -> np.ndarray:
        start = sum(self.lengths[:source])
        return rows[(rows >= start) & (rows < start + self.lengths[source])] - start

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Rows of each part, ``excluded`` among them."""
        return {part: len(self._rows(part)) for part in (*self.delivered, "excluded")}

    @cached_property
    def excluded(self) -> dict[str, int]:
        """Excluded rows by reason."""
        counts = {reason: int((self.reasons == i).sum()) for i, reason in enumerate(REASONS) if i != NO_REASON}
        return {reason: count for reason, count in counts.items() if count}

    def summary(self) -> str:
        """A few lines for a person: what lies in the region, and what each part got."""
        return self.manifest.summary()

    def to_dataset_dict(self, data: Dataset | DatasetDict | PropertyTable) -> DatasetDict:
        """The parts as a ``DatasetDict``; rows keep the order and the columns that they had.

        Raises:
            DataError: if ``data`` is not what was assigned, row by row (``manifest.apply`` takes any order of rows).
        """
        from datasets import DatasetDict

        sources = Sources.of(data)
        if (sources.names, sources.lengths) != (self.sources, self.lengths):
            raise DataError(
                "data",
                f"the data that was assigned, {self._described(self.sources, self.lengths)}",
                self._described(sources.names, sources.lengths),
                "pass the same data, or use manifest.apply",
            )
        self.manifest.check_order(sources, self.parts, self.reasons)
        return DatasetDict({part: self._select(sources, part) for part in self.delivered})

    def _select(self, sources: Sources, part: str) -> Dataset:
        rows = self._rows(part)
        for i, table in enumerate(sources.tables):
            within = self._within(rows, i)
            if within.size:
                return table.data.select(within)
        return sources.tables[0].data.select([])

    @staticmethod
    def _described(names: tuple[str, ...], lengths: tuple[int, ...]) -> str:
        if names[0] not in OFFICIAL:
            return f"{lengths[0]} rows"
        return ", ".join(f"{length} rows of {name}" for name, length in zip(names, lengths, strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SplitAssignment):
            return NotImplemented
        return (
            self.manifest == other.manifest
            and (self.sources, self.lengths) == (other.sources, other.lengths)
            and bool(np.array_equal(self.parts, other.parts))
            and bool(np.array_equal(self.reasons, other.reasons))
            and _same(self.control, other.control)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{part}={size}" for part, size in self.sizes.items())
        return f"SplitAssignment({sizes})"


def _same(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.array_equal(first, second))

"""The result of a dealing: which row went where, why, and the manifest to publish. Each of the two gives the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, ManifestError, ParameterError, closest
from codeshift.properties import PropertyTable
from codeshift.regions.base import Region
from codeshift.splits.documents import dataset_card, parts_html, summary
from codeshift.splits.manifest_rows import find, match, parts_of
from codeshift.splits.partition import EXCLUDED, NO_REASON, PARTS, REASONS
from codeshift.splits.publish import push
from codeshift.splits.record import SplitRecord
from codeshift.splits.rows import OFFICIAL, SplitRows

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from huggingface_hub import CommitInfo

CONTROL = "train_control"


@dataclass(frozen=True)
class SplitManifest(SplitRecord):
    """What it takes to build a split again, and what it was: a JSON file for anybody who has the rows.

    Attributes:
        splitter: the repr of the splitter. It is shown to people and never evaluated.
        region: the fitted region as plain values; ``fitted_region()`` revives it.
        request: the arguments of the call: seed and sizes.
        columns: the columns of code, whose content identifies a row.
        also_reads: other columns that a row's part depends on (groups, a date).
        sizes: for each part, the rows asked (None where that followed from others) and got.
        region_rows: how many rows lie inside of the region.
        grammars: for each language parsed, the grammar's wheel, version and digest of its node kinds.
        versions: of the libraries that took part.
        rows: for each source (``"data"``, or an official split), each part with the digests of its rows, sorted;
            an excluded row stands under ``"excluded:"`` and the reason.
        control: for each source, the digests of the rows of ``train_control``; empty where that was not asked for.
        near_duplicates: what was found: components of two rows or more, rows in them, the largest, the longest chain,
            and links that are assumed, where comparisons were too many; None where they were not looked for.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
    >>> manifest = LengthSplitter(column="code", bounds=(60, None)).assign(rows, seed=0).manifest
    >>> SplitManifest.from_json(manifest.to_json()) == manifest
    True
    >>> new = Dataset.from_dict({"code": ["return x", "return " + "x + " * 40 + "x"]})
    >>> manifest.fitted_region().contains(PropertyTable(new))
    array([False,  True])
    """

    def summary(self) -> str:
        """A few lines for a person: what lies in the region, and what each part got."""
        return summary(self)

    def apply(self, data: Dataset | DatasetDict) -> DatasetDict:
        """Split ``data``, the rows of the manifest in whatever order, as the manifest says.

        Raises:
            ManifestError: if rows are missing, are not in the manifest, or differ in number; the message says which.
            DataError: if a column is missing.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> assignment = LengthSplitter(column="code").assign(rows, seed=0)
        >>> again = assignment.manifest.apply(rows.shuffle(seed=1))
        >>> sorted(again["test_ood"]["code"]) == sorted(assignment.to_dataset_dict()["test_ood"]["code"])
        True
        """
        return self.assign(data).to_dataset_dict()

    def assign(self, data: Dataset | DatasetDict) -> SplitAssignment:
        """As ``apply``, but return the assignment."""
        sources = SplitRows.of(data)
        if set(sources.names) != set(self.rows):
            raise ManifestError(
                f"the manifest divides {sorted(self.rows)}, the data has {sorted(sources.names)}: pass the same splits"
            )
        digests = sources.digests(self.columns, self.also_reads)
        order = sources.row_order(digests)
        labels = np.empty(len(digests), dtype=object)
        control = np.zeros(len(digests), dtype=bool) if self.control else None
        for name, (start, stop) in sources.spans.items():
            span = slice(start, stop)
            labels[span] = match(name, self.rows[name], digests[span], order[span])
            if control is not None:
                control[span] = find(self.control[name], digests[span], order[span])
        parts, reasons = parts_of(labels)
        return SplitAssignment(
            sources.names, sources.lengths, parts, reasons, control, self, rows=sources.without_values()
        )

    @property
    def region_share(self) -> float:
        """The share of the rows that lie inside of the region."""
        return self.region_rows / sum(len(digests) for parts in self.rows.values() for digests in parts.values())

    @property
    def language(self) -> str | None:
        """The one language that the region parses; None where it parses none, or several."""
        return next(iter(self.grammars)) if len(self.grammars) == 1 else None


@dataclass(frozen=True, eq=False)
class SplitAssignment:
    """Which part each row belongs to, with the rows themselves.

    It holds the dataset that was dealt, not a copy of its texts. Pickled, it leaves the dataset behind: ask then with
    the rows, as in ``assignment.to_dataset_dict(rows)``.

    Attributes:
        sources: the names of the data's own splits, or ``("data",)``; rows are counted over them end to end.
        lengths: rows of each source.
        parts: the part of each row, as an index into ``partition.PARTS``.
        reasons: why a row is excluded, as an index into ``partition.REASONS``.
        control: whether each row is one of ``train_control``; None where that was not asked for.
        manifest: what it takes to build this split again, to be published.
        rows: the rows that were dealt; None where they are not at hand.
        fitted: the region as it was fitted; None where it is the manifest's.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
    >>> assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=None)
    >>> assignment.sizes
    {'train': 48, 'validation': 8, 'test_id': 8, 'test_ood': 8, 'excluded': 8}
    >>> assignment.to_dataset_dict()["test_ood"].num_rows
    8
    """

    sources: tuple[str, ...]
    lengths: tuple[int, ...]
    parts: np.ndarray
    reasons: np.ndarray
    control: np.ndarray | None
    manifest: SplitManifest
    rows: SplitRows | None = field(default=None, repr=False)
    fitted: Region | None = field(default=None, repr=False)

    @cached_property
    def region(self) -> Region:
        """The fitted region, to be asked about other rows: ``assignment.region.contains(PropertyTable(others))``."""
        return self.manifest.fitted_region() if self.fitted is None else self.fitted

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
        >>> assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=None)
        >>> train, test = assignment.indices("train"), assignment.indices("test_ood")
        >>> model = LinearRegression().fit(X[train], X[train, 0])
        >>> round(model.score(X[test], X[test, 0]), 3)
        1.0
        """
        self._check_part(part)
        if source is not None and source not in self.sources:
            raise ParameterError("source", "a split of the data", source, closest(source, self.sources))
        rows = self._rows(part)
        feeding = [i for i, name in enumerate(self.sources) if source in (None, name) and self._within(rows, i).size]
        if len(feeding) > 1:
            names = [self.sources[i] for i in feeding]
            raise ParameterError("source", f"one of {names}, which {part} draws on", source, "name it")
        if not feeding:
            return np.empty(0, dtype=np.int64)
        return self._within(rows, feeding[0])

    def content_digests(self, part: str, column: str) -> np.ndarray | None:
        """The digests of a part's code that dealing has taken; None where it has taken none of this column alone.

        Args:
            part: one of ``delivered``.
            column: of code.
        """
        taken = None if self.rows is None else self.rows.digested.get(((column,), ()))
        return None if taken is None else taken[self._rows(part)]

    def _check_part(self, part: str) -> None:
        names = (*self.delivered, "excluded")
        if part in (CONTROL, "validation_ood") and part not in names:
            argument = "train_control=True" if part == CONTROL else "validation_ood_size"
            raise ParameterError("part", "a part that was asked for", part, f"give {argument} to assign")
        if part not in names:
            raise ParameterError("part", "a part of the split", part, closest(part, names))

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

    def to_dataset_dict(self, data: Dataset | DatasetDict | PropertyTable | None = None) -> DatasetDict:
        """The parts as a ``DatasetDict``; rows keep the order and the columns that they had.

        Args:
            data: what was assigned, where the assignment does not hold it (it was pickled), or with other columns.

        Raises:
            DataError: if ``data`` is not what was assigned, row by row (``manifest.apply`` takes any order of rows).
            ParameterError: if there is none.
        """
        from datasets import DatasetDict

        sources = self._taken(data)
        return DatasetDict({part: self._select(sources, part) for part in self.delivered})

    def _taken(self, data: Dataset | DatasetDict | PropertyTable | None) -> SplitRows:
        """The rows at hand, or those given once it is sure that they are the ones that were assigned."""
        if data is None:
            if self.rows is None:
                remedy = "an assignment that was pickled holds none: to_dataset_dict(rows)"
                raise ParameterError("data", "the rows that were assigned", None, remedy)
            return self.rows
        sources = SplitRows.of(data)
        if self.rows is not None and sources.are(self.rows):
            return self.rows
        if (sources.names, sources.lengths) != (self.sources, self.lengths):
            raise DataError(
                "data",
                f"the data that was assigned, {self._described(self.sources, self.lengths)}",
                self._described(sources.names, sources.lengths),
                "pass the same data, or use manifest.apply",
            )
        self.manifest.check_order(sources, self.parts, self.reasons)
        return sources

    def to_dataset_card(self) -> str:
        """A section for the dataset's card, in Markdown: what the split is, and how to build it again.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> card = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=None).to_dataset_card()
        >>> print(card.splitlines()[2])
        8 of 40 rows (20.0%) are out of distribution: those in the region of this splitter.
        """
        return dataset_card(self.manifest)

    def push_to_hub(
        self,
        repo_id: str,
        *,
        data: Dataset | DatasetDict | PropertyTable | None = None,
        config_name: str = "default",
        private: bool | None = None,
        token: str | bool | None = None,
        **arguments: Any,
    ) -> CommitInfo:
        """Push the parts to a dataset repository of the Hugging Face Hub, with the manifest and a section of its card.

        The manifest becomes ``codeshift/manifest.json`` (``codeshift/<config_name>/manifest.json`` for any other
        configuration than the default, so a repository can hold several splits). The section stands in ``README.md``
        between two comments; pushed again, it is replaced, and what stands around it is kept. The parts are one
        commit; manifest and card are a second one. A part without rows is left out, for ``datasets`` cannot load one.

        Args:
            repo_id: ``"owner/name"``; it is made where there is none.
            data: as for ``to_dataset_dict``.
            config_name: the configuration (subset) that the parts become.
            private: whether a repository that is made is private; None for the owner's default.
            token: an access token of the hub; None for the one that ``hf auth login`` has stored.
            **arguments: further ones of ``datasets.DatasetDict.push_to_hub``, such as ``revision``, ``create_pr``,
                ``max_shard_size`` and ``commit_message``.

        Returns:
            The second commit.

        Raises:
            ParameterError: if the name of the configuration cannot name a folder, or the repository is a bucket.
            DataError: if ``data`` is not what was assigned.
            huggingface_hub.errors.HfHubHTTPError: if the hub refuses.
        """
        return push(
            self.manifest,
            self.to_dataset_dict(data),
            repo_id,
            config_name=config_name,
            private=private,
            token=token,
            **arguments,
        )

    def _select(self, sources: SplitRows, part: str) -> Dataset:
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

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"rows": None}

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

    def _repr_html_(self) -> str:
        indented = {f"\N{EM SPACE}{reason}": count for reason, count in self.excluded.items()}
        return parts_html(self.manifest.splitter, {**self.sizes, **indented}, rows=len(self.parts))


def _same(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.array_equal(first, second))

"""Result of splitting: the part of each row, and the manifest to publish, from which the assignment can be rebuilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, ManifestError, ParameterError, closest
from codeshift.properties import PropertyTable
from codeshift.regions.base import Region
from codeshift.splits.documents import dataset_card, parts_html, summary
from codeshift.splits.facts import grammars_of
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
    """Record of a split from which anyone who has the rows can rebuild it; saved as a JSON file.

    Attributes:
        splitter: the repr of the splitter. It is shown to people and never evaluated.
        region: the fitted region as plain values; ``fitted_region()`` rebuilds it.
        request: the arguments of the call: seed and sizes.
        columns: the columns of code, whose content identifies a row.
        also_reads: other columns that a row's part depends on (groups, a date).
        sizes: the rows of each part: requested (``"asked"``; None if it followed from other sizes) and actual
            (``"got"``).
        region_rows: the number of rows inside the region.
        grammars: the grammar of each language parsed: its wheel, version and digest of its node kinds.
        versions: the versions of Python and of the libraries used.
        rows: the sorted digests of the rows, by source (``"data"``, or an official split) and part; the part of an
            excluded row is ``"excluded:"`` and the reason.
        control: the digests of the rows of ``train_control``, by source; empty if it was not requested.
        near_duplicates: the number of components of two rows or more, the rows in them, the size of the largest, the
            length of the longest chain, and the links that are assumed because comparisons were too many; None if
            near-duplicates were not searched for.

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
        """Return a few lines of text: what lies in the region, and the size of each part."""
        return summary(self)

    def apply(self, data: Dataset | DatasetDict) -> DatasetDict:
        """Split ``data``, the rows of the manifest in any order, as the manifest says.

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
        """Split ``data`` as ``apply`` does, and return the assignment."""
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

    def check_region(self, data: Dataset | DatasetDict) -> None:
        """Check that the rebuilt region contains as many of the rows as it did when they were split.

        ``apply`` does not check this, since it needs no properties. This method computes them; if the region depends on
        syntax, it parses the rows.

        Raises:
            ManifestError: if the number differs; the message names the grammars that differ here.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> LengthSplitter().assign(rows, min_test_rows=0).manifest.check_region(rows.shuffle(seed=1))
        """
        region = self.fitted_region()
        held = sum(int(region.contains(table).sum()) for table in SplitRows.of(data).tables)
        if held == self.region_rows:
            return
        others = [name for name, facts in grammars_of(self.grammars).items() if facts != self.grammars[name]]
        why = f"the grammars of {', '.join(others)} differ here" if others else "pass the rows that were split"
        counts = f"{held:,} of the rows, not {self.region_rows:,} as the manifest says"
        raise ManifestError(f"the region holds {counts}: {why}")

    @property
    def region_share(self) -> float:
        """Share of the rows that lie inside the region."""
        return self.region_rows / sum(len(digests) for parts in self.rows.values() for digests in parts.values())

    @property
    def language(self) -> str | None:
        """Language that the region parses; None if it parses none or several."""
        return next(iter(self.grammars)) if len(self.grammars) == 1 else None


@dataclass(frozen=True, eq=False)
class SplitAssignment:
    """Part of each row of a dataset, with the rows themselves.

    An assignment refers to the dataset that was split, not to a copy of its texts. A pickle leaves the dataset out:
    pass the rows then, as in ``assignment.to_dataset_dict(rows)``.

    Attributes:
        sources: the names of the data's official splits, or ``("data",)``; row numbers run over them end to end.
        lengths: the number of rows of each source.
        parts: the part of each row, as an index into ``partition.PARTS``: of shape ``(n,)``.
        reasons: the reason why each row is excluded, as an index into ``partition.REASONS``: of shape ``(n,)``.
        control: whether each row is in ``train_control``: booleans of shape ``(n,)``; None if it was not requested.
        manifest: the record to publish, from which this split can be rebuilt.
        rows: the rows that were split; None after unpickling.
        fitted: the region as it was fitted; None to rebuild it from the manifest.

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
        """Fitted region, which works on other rows too: ``assignment.region.contains(PropertyTable(others))``."""
        return self.manifest.fitted_region() if self.fitted is None else self.fitted

    def indices(self, part: str, *, source: str | None = None) -> np.ndarray:
        """Return the positions of a part's rows in the data, ascending.

        Args:
            part: the part: ``"train"``, ``"validation"``, ``"test_id"``, ``"test_ood"`` or ``"excluded"``;
                ``"validation_ood"`` and ``"train_control"`` if they were requested.
            source: the official split of a ``DatasetDict`` that positions refer to; needed only if the part has rows
                from several.

        Raises:
            ParameterError: if there is no such part or source, or the part has rows from several sources.

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
        """Return the digests of a part's code if splitting computed them for this column alone, else None.

        Args:
            part: the part, one of ``delivered``.
            column: the column of code.
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
        """Names of the parts of the ``DatasetDict``."""
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
        """Number of rows of each part, including ``excluded``."""
        return {part: len(self._rows(part)) for part in (*self.delivered, "excluded")}

    @cached_property
    def excluded(self) -> dict[str, int]:
        """Number of excluded rows by reason."""
        counts = {reason: int((self.reasons == i).sum()) for i, reason in enumerate(REASONS) if i != NO_REASON}
        return {reason: count for reason, count in counts.items() if count}

    def summary(self) -> str:
        """Return a few lines of text: what lies in the region, and the size of each part."""
        return self.manifest.summary()

    def to_dataset_dict(self, data: Dataset | DatasetDict | PropertyTable | None = None) -> DatasetDict:
        """Return the parts as a ``DatasetDict``; rows keep their order and columns.

        Args:
            data: the data that was assigned, if the assignment was pickled, or to take other columns; by default the
                data that the assignment refers to.

        Raises:
            DataError: if ``data`` is not the assigned data, row by row (``manifest.apply`` takes any order of rows).
            ParameterError: if ``data`` is needed and not given.
        """
        from datasets import DatasetDict

        sources = self._taken(data)
        return DatasetDict({part: self._select(sources, part) for part in self.delivered})

    def _taken(self, data: Dataset | DatasetDict | PropertyTable | None) -> SplitRows:
        """Return the assignment's own rows, or those given after checking that they are the assigned ones."""
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
        """Return a section for the dataset's card, in Markdown: what the split is, and how to rebuild it.

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

        The manifest is written to ``codeshift/manifest.json`` (``codeshift/<config_name>/manifest.json`` for a
        configuration other than the default, so a repository can hold several splits). The section is placed in
        ``README.md`` between two comments; pushing again replaces it and keeps the rest. The parts are one commit, the
        manifest and card a second one. A part without rows is left out, because ``datasets`` cannot load it.

        Args:
            repo_id: the repository, ``"owner/name"``; created if it does not exist.
            data: the data that was assigned, as for ``to_dataset_dict``.
            config_name: the name of the configuration (subset) for the parts.
            private: whether to create the repository as private; None for the owner's default.
            token: the access token of the hub; None for the one stored by ``hf auth login``.
            **arguments: other arguments of ``datasets.DatasetDict.push_to_hub``, such as ``revision``, ``create_pr``,
                ``max_shard_size`` and ``commit_message``.

        Returns:
            The second commit.

        Raises:
            ParameterError: if the name of the configuration cannot be a folder's name, or the repository is a bucket.
            DataError: if ``data`` is not the assigned data.
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

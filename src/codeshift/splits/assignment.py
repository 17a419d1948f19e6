"""Result of splitting: the part of each row, with the rows and the manifest to publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from codeshift.checks import check_bool
from codeshift.errors import DataError, ParameterError
from codeshift.parts import CONTROL, WHOLE
from codeshift.properties import PropertyTable
from codeshift.properties.near_duplicates import DuplicateComponents
from codeshift.regions.base import Region
from codeshift.splits.card import dataset_card, parts_html
from codeshift.splits.config import SplitConfig
from codeshift.splits.fitting import Recipe
from codeshift.splits.manifest import SplitManifest
from codeshift.splits.partition import Partition, positions_of
from codeshift.splits.publish import push
from codeshift.splits.rows import SplitRows
from codeshift.wording import closest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from huggingface_hub import CommitInfo


@dataclass(frozen=True, eq=False)
class SplitAssignment:
    """Part of each row of a dataset, with the rows themselves.

    An assignment refers to the dataset that was split, not to a copy of its texts. A pickle leaves the dataset out:
    pass the rows then, as in ``assignment.to_dataset_dict(rows)``.

    Attributes:
        names: Names of the data's official splits, or ``("data",)``; row numbers run over them end to end.
        lengths: Number of rows of each of them.
        parts: Part of each row, as an index into ``codeshift.parts.PARTS``: of shape ``(n,)``.
        reasons: Reason why each row is excluded, as an index into ``codeshift.parts.REASONS``: of shape ``(n,)``.
        control: Whether each row is in ``train_control``: booleans of shape ``(n,)``; None if it was not requested.
        manifest: Record to publish, from which this split can be rebuilt.
        rows: Rows that were split, without the values that were computed of them; None after unpickling.
        fitted_region: Region as it was fitted; None to rebuild it from the manifest.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
    >>> assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=None)
    >>> assignment.sizes
    {'train': 48, 'validation': 8, 'test_id': 8, 'test_ood': 8, 'excluded': 8}
    >>> assignment.to_dataset_dict()["test_ood"].num_rows
    8
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    parts: np.ndarray
    reasons: np.ndarray
    control: np.ndarray | None
    manifest: SplitManifest
    rows: SplitRows | None = field(default=None, repr=False)
    fitted_region: Region | None = field(default=None, repr=False)

    @classmethod
    def create(
        cls,
        recipe: Recipe,
        *,
        also_reads: Mapping[str, str],
        config: SplitConfig,
        rows: SplitRows,
        region: Region,
        region_rows: int,
        partition: Partition,
        similar: DuplicateComponents | None,
    ) -> Self:
        """Create an assignment from the results of splitting, and write its manifest.

        Args:
            recipe: Splitter.
            also_reads: Other columns that a row's part depends on, each with the argument that names it.
            config: Arguments of the call.
            rows: Rows of the call.
            region: Fitted region.
            region_rows: Number of rows inside it.
            partition: Partition of all rows.
            similar: Components of near-duplicates; None if they were not searched for.
        """
        manifest = SplitManifest.create(
            recipe,
            rows,
            config,
            also_reads=also_reads,
            region=region,
            region_rows=region_rows,
            partition=partition,
            similar=similar,
        )
        parts, reasons, control = partition.parts, partition.reasons, partition.control
        return cls(rows.names, rows.lengths, parts, reasons, control, manifest, rows.without_values(), region)

    @classmethod
    def from_manifest(
        cls, manifest: SplitManifest, data: Dataset | DatasetDict, *, verify_region: bool = False
    ) -> Self:
        """Rebuild an assignment from a manifest and its rows, in any order.

        ``manifest.apply`` returns its parts; it describes the arguments and the errors.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> assignment = LengthSplitter(column="code").assign(rows, seed=0)
        >>> SplitAssignment.from_manifest(assignment.manifest, rows) == assignment
        True
        """
        rows = SplitRows.of(data)
        parts, reasons, control = manifest.find_parts(rows, verify_region=verify_region)
        return cls(rows.names, rows.lengths, parts, reasons, control, manifest, rows.without_values())

    @cached_property
    def region(self) -> Region:
        """Fitted region, which works on other rows too: ``assignment.region.contains(PropertyTable(others))``."""
        return self.manifest.fitted_region() if self.fitted_region is None else self.fitted_region

    def indices(self, part: str, *, split: str | None = None) -> np.ndarray:
        """Return the positions of a part's rows in the data, ascending.

        Args:
            part: Part: ``"train"``, ``"validation"``, ``"test_id"``, ``"test_ood"`` or ``"excluded"``;
                ``"validation_ood"`` and ``"train_control"`` if they were requested.
            split: Official split of a ``DatasetDict`` that positions refer to; needed only if the part has rows
                from several.

        Raises:
            ParameterError: if there is no such part or split, or the part has rows from several splits.

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
        if split is not None and split not in self.names:
            raise ParameterError("split", "a split of the data", split, closest(split, self.names))
        positions = self._positions(part)
        within = {
            name: positions[(positions >= start) & (positions < start + length)] - start
            for name, start, length in zip(self.names, np.cumsum((0, *self.lengths)), self.lengths, strict=False)
        }
        feeding = [name for name in self.names if split in (None, name) and within[name].size]
        if len(feeding) > 1:
            raise ParameterError("split", f"one of {feeding}, which {part} draws on", split, "name it")
        return within[feeding[0]] if feeding else np.empty(0, dtype=np.int64)

    def content_digests(self, part: str, column: str) -> np.ndarray | None:
        """Return the digests of a part's code if splitting computed them for this column alone, else None.

        Args:
            part: Part, one of ``delivered``.
            column: Column of code.
        """
        digests = None if self.rows is None else self.rows.known_digests((column,))
        return None if digests is None else digests[self._positions(part)]

    def _check_part(self, part: str) -> None:
        part_names = (*self.delivered, "excluded")
        if part in (CONTROL, "validation_ood") and part not in part_names:
            argument = "train_control=True" if part == CONTROL else "validation_ood_size"
            raise ParameterError("part", "a part that was asked for", part, f"give {argument} to assign")
        if part not in part_names:
            raise ParameterError("part", "a part of the split", part, closest(part, part_names))

    @property
    def delivered(self) -> tuple[str, ...]:
        """Names of the parts of the ``DatasetDict``."""
        return self.manifest.delivered

    def _positions(self, part: str) -> np.ndarray:
        return positions_of(part, self.parts, self.control)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Number of rows of each part, including ``excluded``."""
        return {part: self.manifest.sizes[part].actual for part in (*self.delivered, "excluded")}

    @cached_property
    def excluded(self) -> dict[str, int]:
        """Number of excluded rows by reason."""
        return self.manifest.excluded

    def summary(self) -> str:
        """Return a few lines of text: what lies in the region, and the size of each part."""
        return self.manifest.summary()

    def to_dataset_dict(self, data: Dataset | DatasetDict | PropertyTable | None = None) -> DatasetDict:
        """Return the parts as a ``DatasetDict``; rows keep their order and columns.

        Args:
            data: Data that was assigned, if the assignment was pickled, or to take other columns; by default the
                data that the assignment refers to.

        Raises:
            DataError: if ``data`` is not the assigned data, row by row (``manifest.apply`` takes any order of rows).
            ParameterError: if ``data`` is needed and not given.
        """
        from datasets import DatasetDict

        rows = self._taken(data)
        return DatasetDict({part: rows.select(self._positions(part)) for part in self.delivered})

    def _taken(self, data: Dataset | DatasetDict | PropertyTable | None) -> SplitRows:
        """Return the assignment's own rows, or those given after checking that they are the assigned ones."""
        if data is None:
            if self.rows is None:
                remedy = "an assignment that was pickled holds none: to_dataset_dict(rows)"
                raise ParameterError("data", "the rows that were assigned", None, remedy)
            return self.rows
        rows = SplitRows.of(data)
        if self.rows is not None and rows.are(self.rows):
            return self.rows
        if (rows.names, rows.lengths) != (self.names, self.lengths):
            raise DataError(
                "data",
                f"the data that was assigned, {self._described(self.names, self.lengths)}",
                self._described(rows.names, rows.lengths),
                "pass the same data, or use manifest.apply",
            )
        self.manifest.check_order(rows, self.parts, self.reasons)
        return rows

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
            repo_id: Repository, ``"owner/name"``; created if it does not exist.
            data: Data that was assigned, as for ``to_dataset_dict``.
            config_name: Name of the configuration (subset) for the parts.
            private: Whether to create the repository as private; None for the owner's default.
            token: Access token of the hub; None for the one stored by ``hf auth login``.
            **arguments: Other arguments of ``datasets.DatasetDict.push_to_hub``, such as ``revision``, ``create_pr``,
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
            private=None if private is None else check_bool("private", private),
            token=token,
            **arguments,
        )

    @staticmethod
    def _described(names: tuple[str, ...], lengths: tuple[int, ...]) -> str:
        if names == (WHOLE,):
            return f"{lengths[0]} rows"
        return ", ".join(f"{length} rows of {name}" for name, length in zip(names, lengths, strict=True))

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"rows": None}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SplitAssignment):
            return NotImplemented
        return (
            self.manifest == other.manifest
            and (self.names, self.lengths) == (other.names, other.lengths)
            and bool(np.array_equal(self.parts, other.parts))
            and bool(np.array_equal(self.reasons, other.reasons))
            and _equal_arrays(self.control, other.control)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{part}={size}" for part, size in self.sizes.items())
        return f"SplitAssignment({sizes})"

    def _repr_html_(self) -> str:
        indented = {f"\N{EM SPACE}{reason}": count for reason, count in self.excluded.items()}
        return parts_html(self.manifest.splitter, {**self.sizes, **indented}, rows=len(self.parts))


def _equal_arrays(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.array_equal(first, second))

"""Manifest of a split, from which anyone who has the rows can rebuild the parts."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_type_hints

import numpy as np

from codeshift.checks import check_bool
from codeshift.documents import text as terminal
from codeshift.documents.document import Document, Facts, Points, Table, names, numbers, row
from codeshift.documents.inline import CodeSpan
from codeshift.errors import ManifestError
from codeshift.files import write_text
from codeshift.formatting import counted
from codeshift.parts import CONTROL, DELIVERED, REASONS, WHOLE
from codeshift.properties.near_duplicates import DuplicateComponents
from codeshift.properties.row_languages import language_column
from codeshift.properties.serialise import from_dict
from codeshift.regions.base import Region, region_words
from codeshift.splits.config import SplitConfig
from codeshift.splits.facts import FoundDuplicates, PartSize, environment, grammars_of, part_sizes
from codeshift.splits.fitting import Recipe
from codeshift.splits.manifest_files import MANY_ROWS, read_rows, read_text, write_rows
from codeshift.splits.manifest_json import NO_MANIFEST, fields_of, to_text
from codeshift.splits.manifest_rows import (
    RowDigests,
    by_part,
    find,
    in_several,
    joined_by_part,
    matched_labels,
    parts_and_reasons,
)
from codeshift.splits.official import settled_by
from codeshift.splits.partition import Partition, positions_of
from codeshift.splits.rows import SplitRows
from codeshift.splits.transformed import TransformedPart
from codeshift.splits.words import excluded_words, near_duplicates_in_words, sizes_in_words
from codeshift.wording import shown

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


@dataclass(frozen=True)
class SplitManifest:
    """Record of a split from which anyone who has the rows can rebuild it; saved as a JSON file.

    Attributes:
        splitter: Repr of the splitter. It is shown to people and never evaluated.
        region: Fitted region as plain values; ``fitted_region()`` rebuilds it.
        config: Arguments of the call: seed and sizes; ``min_test_rows``, which changes no part, is not recorded.
        columns: Columns of code, whose content identifies a row.
        also_reads: Other columns that a row's part depends on (groups, a date).
        sizes: Number of rows of each part, requested and actual.
        region_rows: Number of rows inside the region.
        grammars: Grammar of each language parsed: its wheel, version and digest of its node kinds.
        versions: Versions of Python and of the libraries used.
        digests: Sorted digests of the rows, by official split (``"data"`` if there are none) and part; the part of
            an excluded row is ``"excluded:"`` and the reason.
        control: Digests of the rows of ``train_control``, by official split; empty if it was not requested.
        near_duplicates: Counts of near-duplicates; None if they were not searched for.
        transformed: Records of parts that transforms made of others, by part, such as ``test_transformed``.
            ``apply`` leaves them out: ``codeshift.transforms.paired_shift`` makes them of the rebuilt assignment.

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

    splitter: str
    region: dict[str, Any]
    config: SplitConfig
    columns: tuple[str, ...]
    also_reads: tuple[str, ...]
    sizes: dict[str, PartSize]
    region_rows: int
    grammars: dict[str, dict[str, str]]
    versions: dict[str, str]
    digests: dict[str, dict[str, RowDigests]]
    control: dict[str, RowDigests]
    near_duplicates: FoundDuplicates | None
    transformed: dict[str, TransformedPart] = field(default_factory=dict)

    @classmethod
    def create(
        cls,
        recipe: Recipe,
        rows: SplitRows,
        config: SplitConfig,
        *,
        also_reads: Mapping[str, str],
        region: Region,
        region_rows: int,
        partition: Partition,
        similar: DuplicateComponents | None,
    ) -> Self:
        """Collect the fields from the results of splitting.

        Args:
            recipe: Splitter.
            rows: Rows of the call.
            config: Arguments of the call.
            also_reads: Other columns that a row's part depends on, each with the argument that names it.
            region: Fitted region.
            region_rows: Number of rows inside it.
            partition: Partition of all rows.
            similar: Components of near-duplicates; None if they were not searched for.
        """
        parts, reasons, control = partition.parts, partition.reasons, partition.control
        digests = rows.digests(recipe.columns, also_reads)
        spans = {name: slice(*span) for name, span in rows.spans.items()}
        return cls(
            splitter=repr(recipe),
            region=region.to_dict(),
            config=config.recorded(),
            columns=recipe.columns,
            also_reads=tuple(also_reads),
            sizes=part_sizes(partition, config),
            region_rows=region_rows,
            grammars=grammars_of(rows.languages(region)),
            versions=environment(),
            digests={name: by_part(digests[span], parts[span], reasons[span]) for name, span in spans.items()},
            control={}
            if control is None
            else {name: RowDigests(digests[span][control[span]]) for name, span in spans.items()},
            near_duplicates=None if similar is None else FoundDuplicates.of(similar),
        )

    def fitted_region(self) -> Region:
        """Rebuild the region, to apply it to other rows: ``manifest.fitted_region().contains(PropertyTable(rows))``.

        Raises:
            ManifestError: if the manifest's region is not a region.
        """
        region = from_dict(self.region)
        if not isinstance(region, Region):
            raise ManifestError(f"the region of the manifest is {shown(self.region)}: {NO_MANIFEST}")
        return region

    @cached_property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(len(members) for parts in self.digests.values() for members in parts.values())

    @property
    def region_share(self) -> float:
        """Share of the rows that lie inside the region."""
        return self.region_rows / self.n_rows

    @property
    def language(self) -> str | None:
        """Language that the region parses, or ``"column:lang"`` if rows name it; None if it parses none or several."""
        named = _languages(self.region)
        if any(language_column(language) for language in named):
            return named.pop() if len(named) == 1 else None
        return next(iter(self.grammars)) if len(self.grammars) == 1 else None

    @property
    def delivered(self) -> tuple[str, ...]:
        """Names of the parts of the ``DatasetDict``."""
        return tuple(part for part in (*DELIVERED, CONTROL) if part in self.sizes)

    @property
    def excluded(self) -> dict[str, int]:
        """Number of excluded rows by reason."""
        counts = {
            reason: sum(len(parts.get(f"excluded:{reason}", ())) for parts in self.digests.values())
            for reason in REASONS[1:]
        }
        return {reason: count for reason, count in counts.items() if count}

    @property
    def is_official(self) -> bool:
        """Whether the data had official train and test splits."""
        return set(self.digests) != {WHOLE}

    @property
    def is_drawn(self) -> bool:
        """Whether the split depends on chance, so that another seed may give a different one."""
        return self.config.is_drawn(self.digests)

    @property
    def drops(self) -> bool:
        """Whether one row of each component of near-duplicates was kept and the others were excluded."""
        return self.config.drops

    def effective_arguments(self) -> dict[str, Any]:
        """Return the arguments of the call that had an effect: those given and not overridden by official splits."""
        arguments = self.config.to_dict()
        effective = {name: value for name, value in arguments.items() if value is not None and value is not False}
        settled = settled_by(has_validation="validation" in self.digests) if self.is_official else ()
        for name in (*settled, *(() if effective.get("validation_ood_size") else ("validation_ood_size",))):
            effective.pop(name, None)
        return effective

    def region_rows_in_words(self) -> str:
        """Return the number of rows inside the region, of how many, and the share."""
        return f"{self.region_rows:,} of {counted(self.n_rows, 'row')} ({self.region_share:.1%})"

    def summary(self) -> str:
        """Return a few lines of text: what lies in the region, and the size of each part; at most 100 columns."""
        arguments = self.effective_arguments()
        arguments.pop("near_duplicates", None)  # they have a line of their own
        similar = near_duplicates_in_words(self.near_duplicates, self.config)
        facts = (
            ("region", f"programs {region_words(self.region)}"),
            ("", self.region_rows_in_words()),
            ("split with", ", ".join(f"{name}={value!r}" for name, value in arguments.items())),
            *(() if self.is_drawn else (("", "nothing was drawn: any seed gives this split"),)),
            ("dropped" if self.drops else "bound", similar),
            *((part, transformed_part.in_words) for part, transformed_part in self.transformed.items()),
        )
        lines = tuple(
            row(
                part,
                f"{count:,}",
                "row" if count == 1 else "rows",
                f"{count / self.n_rows:.1%}",
                requested and f"(asked {requested})",
            )
            for part, count, requested in sizes_in_words(self.sizes)
        )
        sizes = Table(columns=(*names(""), *numbers(""), *names(""), *numbers(""), *names("")), rows=lines)
        blocks = (Facts(facts), sizes, Points(excluded_words(self.excluded)))
        return terminal.render(Document((CodeSpan(self.splitter),), blocks), spaced=False).rstrip("\n")

    def apply(self, data: Dataset | DatasetDict, *, verify_region: bool = False) -> DatasetDict:
        """Split ``data``, the rows of the manifest in any order, as the manifest says.

        ``SplitAssignment.from_manifest`` returns the assignment in place of its parts.

        Args:
            data: Rows that were split; those of several splits may be one dataset, unless splits hold equal rows.
                So the manifests of a study, which divide its train, validation and test rows, apply to its data.
            verify_region: Whether to check that the region contains as many of the rows as it did, as ``check_region``
                does. The parts do not depend on it, since the manifest lists the rows of each. It is off by default
                because it computes the region's properties: a region of syntax parses every row, one of clusters
                embeds it, and one of a property of your own needs that class.

        Raises:
            ManifestError: if rows are missing, are not in the manifest, or differ in number; the message says which.
                With ``verify_region``, also if the region contains another number of them.
            DataError: if a column is missing.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> assignment = LengthSplitter(column="code").assign(rows, seed=0)
        >>> again = assignment.manifest.apply(rows.shuffle(seed=1))
        >>> sorted(again["test_ood"]["code"]) == sorted(assignment.to_dataset_dict()["test_ood"]["code"])
        True
        """
        from datasets import DatasetDict

        rows = SplitRows.of(data)
        parts, _, control = self.find_parts(rows, verify_region=verify_region)
        return DatasetDict({part: rows.select(positions_of(part, parts, control)) for part in self.delivered})

    def find_parts(
        self, rows: SplitRows, *, verify_region: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return the part of each row, the reason why it is excluded, and whether it is in ``train_control``.

        Arguments and errors are those of ``apply``.
        """
        check_bool("verify_region", verify_region)
        listed, in_control = self._listed(rows.names)
        digests = rows.digests(self.columns, self._also_read)
        order = rows.row_order(digests)
        labels = np.empty(len(digests), dtype=object)
        control = np.zeros(len(digests), dtype=bool) if self.control else None
        for name, bounds in rows.spans.items():
            span = slice(*bounds)
            digests_with = partial(rows.digests_with, self.columns, self._also_read, start=span.start)
            labels[span] = matched_labels(name, listed[name], digests[span], order[span], digests_with)
            if control is not None:
                control[span] = find(in_control[name], digests[span], order[span])
        if verify_region:
            self._check_region(rows)
        return *parts_and_reasons(labels), control

    def _listed(
        self, names: Collection[str]
    ) -> tuple[Mapping[str, Mapping[str, RowDigests]], Mapping[str, RowDigests]]:
        """Return the digests of the rows of each split of data by part, and those of ``train_control``.

        Raises:
            ManifestError: if the data has other splits; one dataset may hold the rows of all, if they tell them apart.
        """
        if set(names) == set(self.digests):
            return self.digests, self.control
        if set(names) != {WHOLE}:
            raise ManifestError(
                f"the manifest divides {sorted(self.digests)}, the data has {sorted(names)}: pass the same splits"
            )
        repeated = in_several(self.digests)
        if repeated:
            rows = counted(repeated, "row")
            raise ManifestError(
                f"the manifest divides {sorted(self.digests)}, of which several hold the same {rows}, "
                "and the data is one dataset: pass the same splits"
            )
        control = RowDigests.joined(self.control.values())
        return {WHOLE: joined_by_part(self.digests)}, {WHOLE: control}

    @property
    def _also_read(self) -> dict[str, str]:
        return dict.fromkeys(self.also_reads, "column")

    def check_region(self, data: Dataset | DatasetDict) -> None:
        """Check that the rebuilt region contains as many of the rows as it did when they were split.

        ``apply`` checks this with ``verify_region=True``. It takes the computation of the region's properties: if the
        region depends on syntax, the rows are parsed.

        Raises:
            ManifestError: if the number differs; the message names the grammars that differ here.

        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> LengthSplitter().assign(rows, min_test_rows=0).manifest.check_region(rows.shuffle(seed=1))
        """
        self._check_region(SplitRows.of(data))

    def _check_region(self, rows: SplitRows) -> None:
        region = self.fitted_region()
        rows_inside = sum(int(region.contains(table).sum()) for table in rows.tables)
        if rows_inside == self.region_rows:
            return
        others = [name for name, facts in grammars_of(self.grammars).items() if facts != self.grammars[name]]
        why = f"the grammars of {', '.join(others)} differ here" if others else "pass the rows that were split"
        counts = f"{rows_inside:,} of the rows, not {self.region_rows:,} as the manifest says"
        raise ManifestError(f"the region ({region_words(self.region)}) holds {counts}: {why}")

    def to_json(self) -> str:
        """Return the manifest as JSON text, with a digest of its content at the end."""
        return to_text(self._fields)

    @property
    def _fields(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_json(cls, text: str, *, name: str = "the text") -> Self:
        """Read a manifest from JSON text; errors refer to the text by ``name``.

        Raises:
            ManifestError: if the text is not a manifest, has a format that this version does not know, or was changed
                after it was written.
        """
        return cls(**fields_of(text, name, get_type_hints(cls)))._counted(name)

    @classmethod
    def _from_file(cls, path: Path, text: str) -> Self:
        return cls(**fields_of(text, str(path), get_type_hints(cls), partial(read_rows, path)))._counted(str(path))

    def _counted(self, name: str) -> Self:
        """Return the manifest, if its region can hold as many of its rows as it says."""
        if not 0 <= self.region_rows <= self.n_rows or not self.n_rows:
            of = counted(self.n_rows, "row")
            raise ManifestError(f"{name} holds a region of {self.region_rows:,} of {of}: {NO_MANIFEST}")
        if self.control and not set(self.digests) <= set(self.control):
            raise ManifestError(
                f"{name} holds rows of {sorted(self.digests)} and a control of {sorted(self.control)}: {NO_MANIFEST}"
            )
        return self

    def save(self, path: str | os.PathLike[str], *, rows_beside: bool | None = None) -> None:
        """Write the manifest as JSON; an existing file is replaced as a whole or not at all.

        Args:
            path: Path of the file.
            rows_beside: Whether the digests of the rows are written to a Parquet file beside it, of 16 bytes a row in
                place of 37, whose name and SHA-256 digest the JSON holds; None to do so from a million rows on.

        >>> import tempfile
        >>> from datasets import Dataset
        >>> from codeshift.splitters import LengthSplitter
        >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
        >>> manifest = LengthSplitter().assign(rows, min_test_rows=0).manifest
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     manifest.save(f"{folder}/manifest.json", rows_beside=True)
        ...     SplitManifest.load(f"{folder}/manifest.json") == manifest, sorted(os.listdir(folder))
        (True, ['manifest.json', 'manifest.rows.parquet'])
        """
        path = Path(path)
        beside = self.n_rows >= MANY_ROWS if rows_beside is None else check_bool("rows_beside", rows_beside)
        rows_file = write_rows(path, self.digests, self.control) if beside else None
        write_text(path, to_text(self._fields, rows_file))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a manifest from a file.

        Raises:
            ManifestError: if there is no such file, or it is not a manifest, has a format that this version does not
                know, or was changed after it was written.
        """
        return cls._from_file(Path(path), read_text(Path(path)))

    def check_order(self, rows: SplitRows, parts: np.ndarray, reasons: np.ndarray) -> None:
        """Check that the rows are in the order of an assignment.

        Raises:
            ManifestError: if they are not.
        """
        digests = rows.digests(self.columns, self._also_read)
        listed, _ = self._listed(rows.names)
        for name, bounds in rows.spans.items():
            span = slice(*bounds)
            if by_part(digests[span], parts[span], reasons[span]) != listed[name]:
                raise ManifestError(
                    "the rows are not those that were assigned, or stand in another order: "
                    "pass the same data, or use manifest.apply"
                )


def _languages(plain: Any) -> set[str]:
    """Return the languages that a region's plain values name."""
    if isinstance(plain, Mapping):
        own = {plain["language"]} if isinstance(plain.get("language"), str) else set()
        return own.union(*map(_languages, plain.values()))
    return set().union(*map(_languages, plain)) if isinstance(plain, list | tuple) else set()

"""The manifest of a split: a JSON file from which anybody who has the rows can build the split again."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import ManifestError
from codeshift.properties.serialise import from_dict
from codeshift.splitters.dealing import Dealt
from codeshift.splitters.describe import asked_and_got, environment, found_in, grammars_of
from codeshift.splitters.documents import summary
from codeshift.splitters.manifest_rows import by_part, find, labels_of, listed, match, parts_of
from codeshift.splitters.request import DealRequest
from codeshift.splitters.sources import also_read

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.properties.near_duplicates import DuplicateComponents
    from codeshift.splitters.assignment import SplitAssignment
    from codeshift.splitters.base import Splitter
    from codeshift.splitters.regions import Region
    from codeshift.splitters.sources import Sources

FORMAT = "codeshift-split/1"


@dataclass(frozen=True)
class SplitManifest:
    """What it takes to build a split again, and what it was.

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
        near_duplicates: what was found: components of two rows or more, rows in them, the largest, the longest chain;
            None where they were ignored.

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
    request: dict[str, Any]
    columns: tuple[str, ...]
    also_reads: tuple[str, ...]
    sizes: dict[str, dict[str, int | None]]
    region_rows: int
    grammars: dict[str, dict[str, str]]
    versions: dict[str, str]
    rows: dict[str, dict[str, list[str]]]
    control: dict[str, list[str]]
    near_duplicates: dict[str, int] | None

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
    ) -> SplitManifest:
        """Gather what a dealing found."""
        labels = labels_of(dealt.parts, dealt.reasons)
        plain = region.to_dict()
        spans = {name: slice(*span) for name, span in sources.spans.items()}
        return cls(
            splitter=repr(splitter),
            region=plain,
            request=request.to_dict(),
            columns=splitter.columns,
            also_reads=also_read(splitter, request),
            sizes=asked_and_got(dealt, request),
            region_rows=int(inside.sum()),
            grammars=grammars_of(plain),
            versions=environment(),
            rows={name: by_part(digests[span], labels[span]) for name, span in spans.items()},
            control={}
            if dealt.control is None
            else {name: listed(digests[span][dealt.control[span]]) for name, span in spans.items()},
            near_duplicates=None if similar is None else found_in(similar),
        )

    def fitted_region(self) -> Region:
        """The region, to be asked about other rows: ``manifest.fitted_region().contains(PropertyTable(rows))``."""
        region: Region = from_dict(self.region)
        return region

    def summary(self) -> str:
        """A few lines for a person: what lies in the region, and what each part got."""
        return summary(self)

    def to_json(self) -> str:
        """The manifest as JSON text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, name: str = "the text") -> SplitManifest:
        """Read JSON text; ``name`` stands for it in errors.

        Raises:
            ManifestError: if it is no manifest, or one of a format that this version does not know.
        """
        try:
            plain = json.loads(text)
        except json.JSONDecodeError as error:
            raise ManifestError(f"{name} is not JSON ({error}): it is cut off, or no manifest") from error
        found = plain.get("format") if isinstance(plain, dict) else None
        if found != FORMAT:
            raise ManifestError(f"{name} has the format {found!r}, not {FORMAT!r}: it is no manifest that can be read")
        known = {field.name for field in fields(cls)}
        missing, unknown = sorted(known - set(plain)), sorted(set(plain) - known - {"format"})
        if missing or unknown:
            raise ManifestError(f"{name} lacks the fields {missing} and holds the unknown fields {unknown}")
        values = {field: plain[field] for field in known}
        return cls(**{**values, "columns": tuple(plain["columns"]), "also_reads": tuple(plain["also_reads"])})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the manifest as JSON; an old file is replaced whole or not at all."""
        path = Path(path)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.to_json())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SplitManifest:
        """Read a manifest.

        Raises:
            ManifestError: if the file is no manifest, or one of a format that this version does not know.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ManifestError(f"{path} is not text ({error}): it is no manifest") from error
        return cls.from_json(text, name=str(path))

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
        >>> sorted(again["test_ood"]["code"]) == sorted(assignment.to_dataset_dict(rows)["test_ood"]["code"])
        True
        """
        return self.assign(data).to_dataset_dict(data)

    def assign(self, data: Dataset | DatasetDict) -> SplitAssignment:
        """As ``apply``, but return the assignment."""
        from codeshift.splitters.assignment import SplitAssignment
        from codeshift.splitters.sources import Sources

        sources = Sources.of(data)
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
        return SplitAssignment(sources.names, sources.lengths, parts, reasons, control, self)

    def check_order(self, sources: Sources, parts: np.ndarray, reasons: np.ndarray) -> None:
        """Check that the rows stand in the order of an assignment.

        Raises:
            ManifestError: if they do not.
        """
        digests = sources.digests(self.columns, self.also_reads)
        labels = labels_of(parts, reasons)
        for name, (start, stop) in sources.spans.items():
            if by_part(digests[start:stop], labels[start:stop]) != self.rows[name]:
                raise ManifestError(
                    "the rows are not those that were assigned, or stand in another order: "
                    "pass the same data, or use manifest.apply"
                )

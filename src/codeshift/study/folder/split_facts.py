"""The facts that a study stores of a split: its test rows and what was masked."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import ManifestError
from codeshift.files import check_file, read_json, replaced, write_json
from codeshift.properties.base import OTHER
from codeshift.properties.serialise import from_dict
from codeshift.regions.base import Region
from codeshift.regions.distribution import Distribution
from codeshift.study.folder.split_audit import AuditError, SplitAudit

_PLAIN = ("scenario", "splitter", "meaning", "manifest", "sizes", "dimension")


@dataclass(frozen=True, kw_only=True, eq=False)
class SplitFacts:
    """Facts of the split of one scenario and one split seed.

    Attributes:
        scenario: Name of the scenario.
        splitter: Repr of its splitter.
        meaning: Description in words of what is out of distribution.
        manifest: Path of the split's manifest, relative to the study's folder.
        members: Masks of ``"test_id"`` and ``"test_ood"`` over the rows of the test set; shape (rows,). A row can be
            in neither (a test row that belongs together with rows on the other side).
        sizes: Number of rows of each part at ``ood_kept=0``, also of ``excluded``.
        masked: Region of the programs with a masked element (a node type, an API); None if the scenario masks none, or
            if this process does not know the region's class.
        dimension: Dimension of code that the scenario shifts, such as "complexity".
        distributions: Distributions of all properties that the region uses.
        audit: Audit of the split, or the error that it ended with; None if there is no audit or it is not done yet.
        nearest: Similarity of each test row to its nearest training row, by the share of the region that is kept; shape
            (rows,). Empty without an audit.

    >>> facts = SplitFacts(scenario="long", splitter="LengthSplitter(...)", meaning="Long programs.", manifest="m.json",
    ...                    sizes={"train": 1}, members={"test_ood": np.array([True]), "test_id": np.array([False])})
    >>> facts.dimension, facts.members["test_ood"].sum()
    ('other', np.int64(1))
    """

    scenario: str
    splitter: str
    meaning: str
    manifest: str
    members: Mapping[str, NDArray[np.bool_]] = field(repr=False)
    sizes: Mapping[str, int]
    masked: Region | None = None
    dimension: str = OTHER
    distributions: tuple[Distribution, ...] = field(default=(), repr=False)
    audit: SplitAudit | AuditError | None = field(default=None, repr=False)
    nearest: Mapping[float, NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @property
    def auc(self) -> float:
        """AUC of the audit's classifier of ``test_ood`` against ``train``; NaN if there is none."""
        return self.audit.auc if isinstance(self.audit, SplitAudit) else math.nan

    def save(self, path: Path, vouched: Iterable[Path] = ()) -> None:
        """Write the arrays, and then a JSON file, each atomically; the audit is stored apart.

        Args:
            path: Path of the JSON file; that of the arrays differs in its suffix, ``.npz``.
            vouched: Other files in the same folder whose digests the JSON file stores, besides that of the arrays.

        >>> import tempfile
        >>> facts = SplitFacts(scenario="long", splitter="...", meaning="", manifest="", sizes={"train": 2},
        ...                    members={"test_id": np.array([True, False]), "test_ood": np.array([False, True])})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     facts.save(Path(folder) / "long.json")
        ...     SplitFacts.load(Path(folder) / "long.json").members["test_ood"].tolist()
        [False, True]
        """
        arrays: dict[str, Any] = {f"members:{part}": mask for part, mask in self.members.items()}
        for i, shown in enumerate(self.distributions):
            arrays |= {f"distribution{i}:{part}": values for part, values in shown.values.items()}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        arrays_at = path.with_suffix(".npz")
        with replaced(arrays_at) as temporary:
            temporary.write_bytes(buffer.getvalue())
        plain = {name: getattr(self, name) for name in _PLAIN}
        plain["masked"] = None if self.masked is None else self.masked.to_dict()
        plain["distributions"] = [
            {"name": shown.name, "categories": shown.categories, "inside": shown.inside, "rows": dict(shown.rows),
             "times": shown.times}
            for shown in self.distributions
        ]  # fmt: skip
        write_json(path, plain, [arrays_at, *vouched])

    @classmethod
    def load(cls, path: Path) -> SplitFacts:
        """Read the files that ``save`` wrote.

        Raises:
            DamagedFileError: if a file differs from what was written.
        """
        arrays_at = path.with_suffix(".npz")
        plain = read_json(path)
        check_file(path, arrays_at)
        with np.load(arrays_at, allow_pickle=False) as arrays:
            taken = {name: arrays[name] for name in arrays.files}

        def by_part(kind: str) -> dict[str, Any]:
            return {name.partition(":")[2]: array for name, array in taken.items() if name.startswith(f"{kind}:")}

        distributions = [
            Distribution(
                name=fields["name"],
                values=by_part(f"distribution{i}"),
                categories=tuple(fields["categories"]),
                inside=tuple(fields["inside"]),
                rows=fields["rows"],
                times=fields["times"],
            )
            for i, fields in enumerate(plain["distributions"])
        ]
        return cls(
            **{name: plain[name] for name in _PLAIN},
            members=by_part("members"),
            masked=_region_or_none(plain["masked"]),
            distributions=tuple(distributions),
        )


def _region_or_none(plain: dict[str, Any] | None) -> Region | None:
    try:
        return None if plain is None else from_dict(plain)
    except ManifestError:  # a class of the user's that this process has not defined
        return None

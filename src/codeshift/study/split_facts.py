"""What a study keeps of a split: which test rows lie where, what was masked, and the audit's word on it."""

from __future__ import annotations

import io
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

_PLAIN = ("scenario", "splitter", "meaning", "manifest", "sizes", "dimension", "audit")


@dataclass(frozen=True, kw_only=True, eq=False)
class SplitFacts:
    """One scenario with one split seed.

    Attributes:
        scenario: its name.
        splitter: the repr of its splitter.
        meaning: in words, what is out of distribution.
        manifest: the path of the split's manifest, relative to the study's folder.
        members: ``"test_id"`` and ``"test_ood"``, each a mask over the rows of the test set. A row can be in neither
            (a test row that belongs together with rows on the other side).
        sizes: rows of each part at ``ood_kept=0``, ``excluded`` among them.
        masked: the programs that hold an element (a node type, an API) which was masked; None where the scenario masks
            none, or one of a class that this process does not know.
        dimension: the dimension of code that the scenario shifts, such as "complexity".
        distributions: of every property that the region looks at.
        audit: ``AuditReport.to_dict()``, or None where no audit was asked for or it is not done yet.

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
    audit: Mapping[str, Any] | None = field(default=None, repr=False)

    def save(self, path: Path, vouched: Iterable[Path] = ()) -> None:
        """Write ``<path>.npz`` and then ``<path>.json``, each whole or not at all.

        Args:
            path: where, without an ending.
            vouched: other files in the same folder whose digests ``<path>.json`` keeps, as it does that of the arrays.

        >>> import tempfile
        >>> facts = SplitFacts(scenario="long", splitter="...", meaning="", manifest="", sizes={"train": 2},
        ...                    members={"test_id": np.array([True, False]), "test_ood": np.array([False, True])})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     facts.save(Path(folder) / "long")
        ...     SplitFacts.load(Path(folder) / "long").members["test_ood"].tolist()
        [False, True]
        """
        arrays: dict[str, Any] = {f"members:{part}": mask for part, mask in self.members.items()}
        for i, shown in enumerate(self.distributions):
            arrays |= {f"distribution{i}:{part}": values for part, values in shown.values.items()}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        arrays_at = path.with_name(path.name + ".npz")
        with replaced(arrays_at) as temporary:
            temporary.write_bytes(buffer.getvalue())
        plain = {name: getattr(self, name) for name in _PLAIN}
        plain["masked"] = None if self.masked is None else self.masked.to_dict()
        plain["distributions"] = [
            {"name": shown.name, "categories": shown.categories, "inside": shown.inside, "rows": dict(shown.rows),
             "times": shown.times}
            for shown in self.distributions
        ]  # fmt: skip
        write_json(path.with_name(path.name + ".json"), plain, [arrays_at, *vouched])

    @classmethod
    def load(cls, path: Path) -> SplitFacts:
        """Read what ``save`` wrote.

        Raises:
            DamagedFileError: a file is not what was written.
        """
        plain_at, arrays_at = (path.with_name(path.name + end) for end in (".json", ".npz"))
        plain = read_json(plain_at)
        check_file(plain_at, arrays_at)
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
            for i, fields in enumerate(plain.pop("distributions"))
        ]
        masked = _revived(plain.pop("masked"))
        return cls(**plain, members=by_part("members"), masked=masked, distributions=tuple(distributions))


def _revived(plain: dict[str, Any] | None) -> Region | None:
    try:
        return None if plain is None else from_dict(plain)
    except ManifestError:  # of a class of the user's own that this process has not defined
        return None

"""What a study keeps of a split: which test rows lie where, what was masked, and the audit's word on it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.files import check_file, read_json, replaced, write_json
from codeshift.study.distributions import Distribution

_PLAIN = ("scenario", "splitter", "meaning", "manifest", "sizes", "elements", "element_kind", "language",
          "property_name", "audit")  # fmt: skip


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
        elements: the node types or APIs that were masked, where the scenario masks such.
        element_kind: ``"nodes"``, ``"apis"``, or empty.
        language: of the elements; None where there are none.
        property_name: the number that the split cuts, such as a length; empty where it cuts none.
        property_values: its values by part, for a plot of its distribution.
        distributions: of every property that the region looks at.
        audit: ``AuditReport.to_dict()``, or None where no audit was asked for or it is not done yet.

    >>> facts = SplitFacts(scenario="long", splitter="LengthSplitter(...)", meaning="Long programs.", manifest="m.json",
    ...                    sizes={"train": 1}, members={"test_ood": np.array([True]), "test_id": np.array([False])})
    >>> facts.elements, facts.members["test_ood"].sum()
    ((), np.int64(1))
    """

    scenario: str
    splitter: str
    meaning: str
    manifest: str
    members: Mapping[str, NDArray[np.bool_]] = field(repr=False)
    sizes: Mapping[str, int]
    elements: tuple[str, ...] = ()
    element_kind: str = ""
    language: str | None = None
    property_name: str = ""
    property_values: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
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
        arrays |= {f"property:{part}": values for part, values in self.property_values.items()}
        for i, one in enumerate(self.distributions):
            arrays |= {f"distribution{i}:{part}": values for part, values in one.values.items()}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        arrays_at = path.with_name(path.name + ".npz")
        with replaced(arrays_at) as temporary:
            temporary.write_bytes(buffer.getvalue())
        plain = {name: getattr(self, name) for name in _PLAIN}
        told = ({"name": one.name, "categories": one.categories, "inside": one.inside, "rows": dict(one.rows),
                 "times": one.times}
                for one in self.distributions)  # fmt: skip
        plain["distributions"] = list(told)
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
                name=one["name"],
                values=by_part(f"distribution{i}"),
                categories=tuple(one["categories"]),
                inside=tuple(one["inside"]),
                rows=one["rows"],
                times=one.get("times", False),
            )
            for i, one in enumerate(plain.pop("distributions", ()))  # folders of before have none
        ]
        given = plain | {"elements": tuple(plain["elements"]), "distributions": tuple(distributions)}
        return cls(**given, members=by_part("members"), property_values=by_part("property"))

"""Facts about a split in its manifest besides the rows: sizes, near-duplicates, grammars and versions."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Self

from codeshift import __version__
from codeshift.parts import CONTROL, PARTS
from codeshift.properties import grammar
from codeshift.properties.near_duplicates import DuplicateComponents
from codeshift.splits.config import SplitConfig
from codeshift.splits.partition import Partition

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "datasets", "tree-sitter")


@dataclass(frozen=True, kw_only=True)
class PartSize:
    """Size of a part.

    Attributes:
        requested: Number of rows requested; None if it followed from other sizes.
        actual: Number of rows in the part.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
    >>> LengthSplitter().assign(rows, min_test_rows=0).manifest.sizes["test_ood"]
    PartSize(requested=4, actual=4)
    """

    requested: int | None
    actual: int


@dataclass(frozen=True, kw_only=True)
class FoundDuplicates:
    """Counts of what a search for near-duplicates found.

    Attributes:
        components: Number of components of two rows or more.
        rows: Number of rows in them.
        largest: Number of rows of the largest component.
        longest_chain: Number of links of the longest chain.
        assumed_links: Number of links that are assumed because comparisons were too many.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": ["x" * i for i in range(1, 40)] + ["a = b + c"] * 3})
    >>> LengthSplitter(unit="chars").assign(rows, min_test_rows=0).manifest.near_duplicates
    FoundDuplicates(components=1, rows=3, largest=3, longest_chain=1, assumed_links=0)
    """

    components: int
    rows: int
    largest: int
    longest_chain: int
    assumed_links: int = 0

    @classmethod
    def of(cls, similar: DuplicateComponents) -> Self:
        """Count the components of a search."""
        several = similar.sizes > 1
        return cls(
            components=int(several.sum()),
            rows=int(similar.sizes[several].sum()),
            largest=int(similar.sizes.max()),
            longest_chain=int(similar.diameters.max()),
            assumed_links=similar.assumed,
        )


def part_sizes(partition: Partition, config: SplitConfig) -> dict[str, PartSize]:
    """Return the size of each part."""
    absent = () if config.validation_ood_size else ("validation_ood",)
    sizes = {
        part: PartSize(requested=partition.requested.get(part), actual=int((partition.parts == i).sum()))
        for i, part in enumerate(PARTS)
        if part not in absent
    }
    if partition.control is not None:
        sizes[CONTROL] = PartSize(requested=sizes["train"].actual, actual=int(partition.control.sum()))
    return sizes


def grammars_of(languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the grammar of each language, sorted by language."""
    grammars = {}
    for language in sorted(set(languages)):
        facts = grammar(language)
        grammars[language] = {"wheel": facts.distribution, "version": facts.version, "digest": facts.digest}
    return grammars


@cache
def environment() -> dict[str, str]:
    """Return the versions of Python, codeshift and the libraries that a split depends on."""
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"codeshift": __version__, "python": platform.python_version(), **libraries}

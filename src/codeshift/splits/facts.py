"""Facts about a split in its manifest besides the rows: sizes, near-duplicates, grammars and versions."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from codeshift import __version__
from codeshift.parts import CONTROL, PARTS
from codeshift.properties import grammar
from codeshift.splits.config import SplitConfig
from codeshift.splits.partition import Partition

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "datasets", "tree-sitter")


def asked_and_got(partition: Partition, config: SplitConfig) -> dict[str, dict[str, int | None]]:
    """Return the rows of each part: requested (None if that followed from other sizes) and actual."""
    absent = () if config.validation_ood_size else ("validation_ood",)
    sizes = {
        part: {"asked": partition.asked.get(part), "got": int((partition.parts == i).sum())}
        for i, part in enumerate(PARTS)
        if part not in absent
    }
    if partition.control is not None:
        sizes[CONTROL] = {"asked": sizes["train"]["got"], "got": int(partition.control.sum())}
    return sizes


def found_in(similar: DuplicateComponents) -> dict[str, int]:
    """Return the counts of what a search for near-duplicates found."""
    several = similar.sizes > 1
    return {
        "components": int(several.sum()),
        "rows": int(similar.sizes[several].sum()),
        "largest": int(similar.sizes.max()),
        "longest_chain": int(similar.diameters.max()),
        **({"assumed_links": similar.assumed} if similar.assumed else {}),
    }


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

"""What a manifest says of a split beside its rows: sizes, near-duplicates, grammars and versions."""

from __future__ import annotations

import importlib.metadata
import platform
from functools import cache
from typing import TYPE_CHECKING, Any

from codeshift import __version__
from codeshift.properties import grammar
from codeshift.splitters.dealing import PARTS, Dealt
from codeshift.splitters.request import DealRequest

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "datasets", "tree-sitter")


def asked_and_got(dealt: Dealt, request: DealRequest) -> dict[str, dict[str, int | None]]:
    """Rows of each part: asked (None where that followed from the others) and got."""
    asked: dict[str, int | None] = {"train": request.train_size, **dealt.asked}
    absent = () if request.validation_ood_size else ("validation_ood",)
    sizes = {
        part: {"asked": asked.get(part), "got": int((dealt.parts == i).sum())}
        for i, part in enumerate(PARTS)
        if part not in absent
    }
    if dealt.control is not None:
        sizes["train_control"] = {"asked": sizes["train"]["got"], "got": int(dealt.control.sum())}
    return sizes


def found_in(similar: DuplicateComponents) -> dict[str, int]:
    """What a search for near-duplicates found."""
    several = similar.sizes > 1
    return {
        "components": int(several.sum()),
        "rows": int(similar.sizes[several].sum()),
        "largest": int(similar.sizes.max()),
        "longest_chain": int(similar.diameters.max()),
    }


def grammars_of(region: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The grammar of each language that a region, given as plain values, depends on."""
    found = {}
    for language in sorted(_languages_in(region)):
        facts = grammar(language)
        found[language] = {"wheel": facts.distribution, "version": facts.version, "digest": facts.digest}
    return found


def _languages_in(plain: Any) -> set[str]:
    if isinstance(plain, list):
        return {language for item in plain for language in _languages_in(item)}
    if not isinstance(plain, dict):
        return set()
    own = {plain["language"]} if isinstance(plain.get("language"), str) else set()
    return own.union(*(_languages_in(value) for value in plain.values()))


@cache
def environment() -> dict[str, str]:
    """Versions of Python, codeshift and the libraries that a split depends on."""
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"codeshift": __version__, "python": platform.python_version(), **libraries}

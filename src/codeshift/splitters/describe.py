"""What a manifest says of a split beside its rows: sizes, grammars, versions, and a summary in words."""

from __future__ import annotations

import importlib.metadata
import platform
from functools import cache
from typing import TYPE_CHECKING, Any

from codeshift import __version__
from codeshift.properties import grammar
from codeshift.splitters.dealing import PARTS, REASONS, Dealt
from codeshift.splitters.request import DealRequest

if TYPE_CHECKING:
    from codeshift.splitters.manifest import SplitManifest

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "datasets", "tree-sitter")

_REASONS_IN_WORDS = {
    "masked": "masked from training by the region",
    "bound": "equal to a test row, or of one group with one",
    "trimmed": "beyond train_size",
}


def asked_and_got(dealt: Dealt, request: DealRequest) -> dict[str, dict[str, int | None]]:
    """Rows of each part: asked (None where that followed from the others) and got."""
    asked: dict[str, int | None] = {"train": request.train_size, **dealt.asked}
    return {part: {"asked": asked.get(part), "got": int((dealt.parts == i).sum())} for i, part in enumerate(PARTS)}


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


def summarise(manifest: SplitManifest) -> str:
    """A few lines for a person."""
    total = sum(size["got"] or 0 for size in manifest.sizes.values())
    lines = [
        f"{manifest.splitter}",
        f"  region     {manifest.fitted_region()!r}",
        f"             {manifest.region_rows:,} of {total:,} rows ({manifest.region_rows / total:.1%})",
        f"  dealt with {', '.join(f'{key}={value!r}' for key, value in manifest.request.items() if value is not None)}",
    ]
    for part, size in manifest.sizes.items():
        got, asked = size["got"] or 0, size["asked"]
        differs = f"  (asked {asked:,})" if asked is not None and asked != got else ""
        lines.append(f"  {part:<10} {got:>9,} rows {got / total:>6.1%}{differs}")
    lines.extend(f"    {count:>9,} {words}" for count, words in _excluded(manifest))
    return "\n".join(lines)


def _excluded(manifest: SplitManifest) -> list[tuple[int, str]]:
    found = []
    for reason in REASONS[1:]:
        count = sum(len(parts.get(f"excluded:{reason}", ())) for parts in manifest.rows.values())
        if count:
            found.append((count, _REASONS_IN_WORDS[reason]))
    return found

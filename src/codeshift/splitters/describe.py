"""What a manifest says of a split beside its rows: sizes, grammars, versions, and a summary in words."""

from __future__ import annotations

import importlib.metadata
import platform
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

from codeshift import __version__
from codeshift.formatting import counted
from codeshift.properties import grammar
from codeshift.splitters.dealing import PARTS, REASONS, Dealt
from codeshift.splitters.official import settled_by
from codeshift.splitters.request import DealRequest
from codeshift.splitters.words import region_words

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents
    from codeshift.splitters.manifest import SplitManifest

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "datasets", "tree-sitter")

_COLUMNS = 100

_REASONS_IN_WORDS = {
    "masked": "masked from training by the region",
    "bound": "equal to a row that is held out, or of one group with it",
    "near_duplicate": "near-duplicates of a row that is held out, or joined to one through others",
    "trimmed": "beyond train_size",
    "duplicate": "dropped: near-duplicates of a row that is kept",
}


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


def summarise(manifest: SplitManifest) -> str:
    """A few lines for a person, wrapped at 100 columns."""
    total = sum(len(digests) for parts in manifest.rows.values() for digests in parts.values())
    told = arguments_told(manifest)
    told.pop("near_duplicates", None)  # a line of their own tells them
    lines = [
        *_wrapped(manifest.splitter, first="", others="  "),
        *_wrapped(f"programs {region_words(manifest.region)}", first="  region     "),
        f"             {manifest.region_rows:,} of {counted(total, 'row')} ({manifest.region_rows / total:.1%})",
        *_wrapped(", ".join(f"{name}={value!r}" for name, value in told.items()), first="  dealt with "),
        *_wrapped(_near_duplicates(manifest), first="  dropped    " if _drops(manifest) else "  bound      "),
    ]
    for part, size in manifest.sizes.items():
        got, asked = size["got"] or 0, size["asked"]
        differs = f"  (asked {asked:,})" if asked is not None and asked != got else ""
        lines.append(f"  {part:<10} {got:>9,} {'row ' if got == 1 else 'rows'} {got / total:>6.1%}{differs}")
    lines.extend(f"    {count:>9,} {words}" for count, words in excluded_in_words(manifest))
    return "\n".join(lines)


def _wrapped(text: str, *, first: str, others: str = " " * 13) -> list[str]:
    return textwrap.wrap(
        text, _COLUMNS, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _near_duplicates(manifest: SplitManifest) -> str:
    found, search = manifest.near_duplicates, manifest.request["near_duplicates"]
    if found is None:
        return "no near-duplicates: they were ignored"
    how = f"Jaccard {search['threshold']} of token {search['ngram']}-grams"
    if not found["components"]:
        return f"no row is a near-duplicate of another ({how})"
    then = ", of which one each is dealt" if _drops(manifest) else ""
    return (
        f"{found['rows']:,} near-duplicates ({how}) in {counted(found['components'], 'component')} (the largest has "
        f"{counted(found['largest'], 'row')}, the longest chain {counted(found['longest_chain'], 'link')}){then}"
    )


def _drops(manifest: SplitManifest) -> bool:
    return bool((manifest.request["near_duplicates"] or {}).get("drop"))


def excluded_in_words(manifest: SplitManifest) -> list[tuple[int, str]]:
    """Excluded rows: how many, and why, in words."""
    found = []
    for reason in REASONS[1:]:
        count = sum(len(parts.get(f"excluded:{reason}", ())) for parts in manifest.rows.values())
        if count:
            found.append((count, _REASONS_IN_WORDS[reason]))
    return found


def arguments_told(manifest: SplitManifest) -> dict[str, Any]:
    """The arguments of the call that say something: without those left out, and those that official splits settle."""
    said = {name: value for name, value in manifest.request.items() if value is not None and value is not False}
    if set(manifest.rows) != {"data"}:
        for name in settled_by(has_validation="validation" in manifest.rows):
            said.pop(name, None)
    if not said.get("validation_ood_size"):
        said.pop("validation_ood_size", None)
    return said

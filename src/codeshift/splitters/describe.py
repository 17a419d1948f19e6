"""What a manifest says of a split beside its rows: sizes, grammars, versions, and a summary in words."""

from __future__ import annotations

import importlib.metadata
import platform
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

from codeshift import __version__
from codeshift.properties import grammar
from codeshift.splitters.dealing import PARTS, REASONS, Dealt
from codeshift.splitters.request import DealRequest

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents
    from codeshift.splitters.manifest import SplitManifest

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "datasets", "tree-sitter")

_COLUMNS = 100
_LONGEST_VALUE = 60  # of a field of the region: a table of frequencies may hold thousands of entries

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
    lines = [
        *_wrapped(manifest.splitter, first="", others="  "),
        *_wrapped(spelled(manifest.region), first="  region     "),
        f"             {manifest.region_rows:,} of {total:,} rows ({manifest.region_rows / total:.1%})",
        *_wrapped(
            ", ".join(f"{name}={value!r}" for name, value in _arguments(manifest).items()), first="  dealt with "
        ),
        *_wrapped(_near_duplicates(manifest), first="  dropped    " if _drops(manifest) else "  bound      "),
    ]
    for part, size in manifest.sizes.items():
        got, asked = size["got"] or 0, size["asked"]
        differs = f"  (asked {asked:,})" if asked is not None and asked != got else ""
        lines.append(f"  {part:<10} {got:>9,} rows {got / total:>6.1%}{differs}")
    lines.extend(f"    {count:>9,} {words}" for count, words in excluded_in_words(manifest))
    return "\n".join(lines)


def spelled(plain: Any) -> str:
    """A region given as plain values, in the words of its repr; long values are cut.

    It is made of the plain values, since a region may hold a function that is not at hand.

    >>> from codeshift.properties import CharCount
    >>> from codeshift.splitters import Interval
    >>> spelled((~Interval(CharCount("code"), low=9)).to_dict())
    "~Interval(property=CharCount(column='code'), low=9)"
    """
    if not isinstance(plain, dict):
        text = repr(tuple(plain) if isinstance(plain, list) else plain)
        return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
    for name, operator in (("BothRegions", "&"), ("EitherRegion", "|")):
        if plain["type"] == name:
            return f"({spelled(plain['left'])} {operator} {spelled(plain['right'])})"
    if plain["type"] == "OutsideRegion":
        return f"~{spelled(plain['inner'])}"
    told = (f"{name}={spelled(value)}" for name, value in plain.items() if name != "type" and value is not None)
    return f"{plain['type']}({', '.join(told)})"


def _wrapped(text: str, *, first: str, others: str = " " * 13) -> list[str]:
    return textwrap.wrap(
        text, _COLUMNS, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _near_duplicates(manifest: SplitManifest) -> str:
    found, search = manifest.near_duplicates, manifest.request["near_duplicates"]
    if found is None:
        return "no near-duplicates: they were ignored"
    then = ", of which one each is dealt" if _drops(manifest) else ""
    return (
        f"{found['rows']:,} near-duplicates (Jaccard {search['threshold']} of token {search['ngram']}-grams) in "
        f"{found['components']:,} components (the largest has {found['largest']:,} rows, "
        f"the longest chain {found['longest_chain']:,} links){then}"
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


def _arguments(manifest: SplitManifest) -> dict[str, Any]:
    """The arguments of the call that say something: without those left out."""
    said = {name: value for name, value in manifest.request.items() if value is not None and value is not False}
    said.pop("near_duplicates", None)  # a line of their own tells them
    if not said["validation_ood_size"]:
        del said["validation_ood_size"]
    return said

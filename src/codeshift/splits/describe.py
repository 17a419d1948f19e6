"""A split in words: the summary of its manifest."""

from __future__ import annotations

import textwrap
from typing import Any

from codeshift.formatting import counted
from codeshift.regions.base import region_words
from codeshift.splits.partition import REASONS
from codeshift.splits.predefined import settled_by
from codeshift.splits.record import SplitRecord

_COLUMNS = 100

_REASONS_IN_WORDS = {
    "masked": "masked from training by the region",
    "bound": "equal to a row that is held out, or of one group with it",
    "near_duplicate": "near-duplicates of a row that is held out, or joined to one through others",
    "trimmed": "beyond train_size",
    "duplicate": "dropped: near-duplicates of a row that is kept",
}


def summarise(manifest: SplitRecord) -> str:
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


def _near_duplicates(manifest: SplitRecord) -> str:
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


def _drops(manifest: SplitRecord) -> bool:
    return bool((manifest.request["near_duplicates"] or {}).get("drop"))


def excluded_in_words(manifest: SplitRecord) -> list[tuple[int, str]]:
    """Excluded rows: how many, and why, in words."""
    found = []
    for reason in REASONS[1:]:
        count = sum(len(parts.get(f"excluded:{reason}", ())) for parts in manifest.rows.values())
        if count:
            found.append((count, _REASONS_IN_WORDS[reason]))
    return found


def arguments_told(manifest: SplitRecord) -> dict[str, Any]:
    """The arguments of the call that say something: without those left out, and those that official splits settle."""
    said = {name: value for name, value in manifest.request.items() if value is not None and value is not False}
    if set(manifest.rows) != {"data"}:
        for name in settled_by(has_validation="validation" in manifest.rows):
            said.pop(name, None)
    if not said.get("validation_ood_size"):
        said.pop("validation_ood_size", None)
    return said

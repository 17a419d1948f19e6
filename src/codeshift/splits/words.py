"""Words about a split that its summary and its card share, made of a manifest's plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codeshift.formatting import counted

_REASONS = {
    "masked": "masked from training by the region",
    "bound": "equal to a row that is held out, or of one group with it",
    "near_duplicate": "near-duplicates of a row that is held out, or joined to one through others",
    "trimmed": "beyond train_size",
    "duplicate": "dropped: near-duplicates of a row that is kept",
    "unparsable": "dropped: the parser gives up on them, since they would take it far more than real code does",
}


def excluded_words(excluded: Mapping[str, int]) -> tuple[str, ...]:
    """Return how many rows are excluded for each reason, in words.

    >>> excluded_words({"masked": 1200, "trimmed": 1})
    ('1,200 masked from training by the region', '1 beyond train_size')
    """
    return tuple(f"{count:,} {_REASONS[reason]}" for reason, count in excluded.items())


def sizes_in_words(sizes: Mapping[str, Mapping[str, int | None]]) -> Iterator[tuple[str, int, str]]:
    """Return each part, its rows, and the rows requested if that number differs, else an empty text.

    >>> list(sizes_in_words({"train": {"asked": None, "got": 6}, "test_id": {"asked": 1200, "got": 1199}}))
    [('train', 6, ''), ('test_id', 1199, '1,200')]
    """
    for part, size in sizes.items():
        got, asked = size["got"] or 0, size["asked"]
        yield part, got, "" if asked in (None, got) else f"{asked:,}"


def near_duplicates_in_words(similar: Mapping[str, int] | None, search: Mapping[str, Any] | None) -> str:
    """Return what was found of near-duplicates.

    Args:
        similar: the counts of the components, as in a manifest; None if they were not searched for.
        search: the search among the arguments of the manifest.

    >>> near_duplicates_in_words(None, None)
    'near-duplicates were not looked for'
    """
    if similar is None or search is None:
        return "near-duplicates were not looked for"
    ignored = [name for name in ("identifiers", "literals") if search.get(name) == "ignored"]
    how = f"Jaccard {search['threshold']} of token {search['ngram']}-grams"
    how += f" without {' and '.join(ignored)}" if ignored else ""
    if not similar["components"]:
        return f"no row is a near-duplicate of another ({how})"
    links = similar.get("assumed_links", 0)
    assumed = f"; {counted(links, 'link is', 'links are')} assumed, since not all could be compared" if links else ""
    then = ", of which one each is assigned" if search.get("drop") else ""
    return (
        f"{similar['rows']:,} near-duplicates ({how}) in {counted(similar['components'], 'component')} "
        f"(the largest has {counted(similar['largest'], 'row')}, "
        f"the longest chain {counted(similar['longest_chain'], 'link')}){then}{assumed}"
    )

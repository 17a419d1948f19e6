"""Words about a split that its summary and its card share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codeshift.formatting import counted
from codeshift.splits.config import SplitConfig
from codeshift.splits.facts import FoundDuplicates, PartSize

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


def sizes_in_words(sizes: Mapping[str, PartSize]) -> Iterator[tuple[str, int, str]]:
    """Return each part, its rows, and the rows requested if that number differs, else an empty text.

    >>> sizes = {"train": PartSize(requested=None, actual=6), "test_id": PartSize(requested=1200, actual=1199)}
    >>> list(sizes_in_words(sizes))
    [('train', 6, ''), ('test_id', 1199, '1,200')]
    """
    for part, size in sizes.items():
        yield part, size.actual, "" if size.requested in (None, size.actual) else f"{size.requested:,}"


def near_duplicates_in_words(duplicates: FoundDuplicates | None, config: SplitConfig) -> str:
    """Return what was found of near-duplicates.

    Args:
        duplicates: Counts of the components; None if they were not searched for.
        config: Arguments of the call, with the search among them.

    >>> near_duplicates_in_words(None, SplitConfig(near_duplicates=None))
    'near-duplicates were not looked for'
    """
    search = config.search
    if duplicates is None or search is None:
        return "near-duplicates were not looked for"
    ignored = [name for name in ("identifiers", "literals") if getattr(search, name) == "ignored"]
    how = f"Jaccard {search.threshold} of token {search.ngram}-grams"
    how += f" without {' and '.join(ignored)}" if ignored else ""
    how += f" in {' or '.join(search.columns)}" if search.columns else ""
    if not duplicates.components:
        return f"no row is a near-duplicate of another ({how})"
    links = duplicates.assumed_links
    assumed = f"; {counted(links, 'link is', 'links are')} assumed, since not all could be compared" if links else ""
    then = ", of which one each is assigned" if config.drops else ""
    return (
        f"{duplicates.rows:,} near-duplicates ({how}) in {counted(duplicates.components, 'component')} "
        f"(the largest has {counted(duplicates.largest, 'row')}, "
        f"the longest chain {counted(duplicates.longest_chain, 'link')}){then}{assumed}"
    )

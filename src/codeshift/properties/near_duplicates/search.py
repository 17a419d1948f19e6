"""Near-duplicates among rows of code, and between two sets of rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from codeshift.checks import check_choice, check_integer, check_number, check_texts, settle
from codeshift.errors import CodeshiftWarning, DataError, ParameterError, warn
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.near_duplicates.arrays import Bools, Floats, Ints, changes
from codeshift.properties.near_duplicates.components import DuplicateComponents
from codeshift.properties.near_duplicates.dense import enough_pairs, spanning_pairs
from codeshift.properties.near_duplicates.join import Prefixes, SimilarPairs, all_pairs, prefixes
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.sets import ShingleSets, shingle_sets
from codeshift.properties.near_duplicates.whole import WholeSets, whole_sets
from codeshift.properties.processes import check_num_proc, processes_for
from codeshift.properties.texts import RowTexts, Texts

__all__ = ["NearDuplicates", "NearestRows"]

_LISTED_CANDIDATES = 20_000_000  # pairs of index entries; beyond it the search is satisfied with fewer pairs
_ENOUGH = 100
_SAMPLES, _SAMPLED = 100, 20  # texts whose lengths are looked at: so many times so many in a row


@dataclass(frozen=True, kw_only=True, eq=False)
class NearestRows:
    """For each query row, the most similar row of a corpus.

    Attributes:
        jaccard: Similarity of the nearest corpus row, shape (q,); NaN where none is similar enough.
        index: Number of that row, shape (q,); -1 where none is similar enough. Of equally similar rows it is one
            chosen by content, and the first of those with equal shingles.
        exact: Whether no corpus row is more similar, shape (q,). False only where so many rows are alike, or nearly
            so, that not all pairs can be compared: for a query that has a hundred similar rows and more, and for one
            that was not compared with all corpus rows that may be similar to it.
    """

    jaccard: Floats
    index: Ints
    exact: Bools

    @property
    def share(self) -> float:
        """Share of queries that have a similar row in the corpus; NaN without queries."""
        return float(np.mean(self.index >= 0)) if self.index.size else math.nan

    @property
    def unsettled(self) -> Bools:
        """Whether a query may have a similar row that was not compared with it, and none was found, shape (q,)."""
        unsettled: Bools = ~self.exact & (self.index < 0)
        return unsettled

    def worst(self, count: int = 10) -> list[tuple[int, int, float]]:
        """Return the most similar pairs, as (query row, corpus row, Jaccard similarity), the most similar first."""
        matched = np.flatnonzero(self.index >= 0)
        order = matched[np.argsort(-self.jaccard[matched], kind="stable")][:count]
        return list(zip(order.tolist(), self.index[order].tolist(), self.jaccard[order].tolist(), strict=True))


@dataclass(frozen=True, kw_only=True, repr=False)
class NearDuplicates:
    r"""Finds rows whose code is nearly the same, exactly.

    Two rows are near-duplicates when the Jaccard similarity of their sets of token n-grams, ``|A & B| / |A | B|``, is
    at least the threshold. Tokens are those of `codeshift.properties.lexer.lex`, so layout does not count, but names
    and comments do. A row of fewer than ``ngram`` tokens has one n-gram, all its tokens; rows without tokens equal each
    other and nothing else. Components are the connected components of that relation.

    The answer depends on nothing but the rows' content (not on their order, the process or a seed), and it is exact but
    for collisions of 64-bit hashes: among the 6 million distinct n-grams of 50,000 functions one is expected in a
    million such corpora. Input that is all alike stays affordable: equal rows count once, and where the similar pairs
    are too many to list only as many are compared as it takes to connect them. If thousands of rows are nearly similar
    enough, and most comparisons are in vain, it stops after a number that is linear in the rows. ``components`` binds
    what it did not compare; a warning, ``assumed`` and the manifest say how many links that makes. ``nearest`` says in
    a warning and by ``unsettled`` which rows it did not compare with all.

    Why none of the libraries for this: MinHash with locality-sensitive hashing (datasketch, rensa) misses pairs, or
    finds them without a guarantee, and which ones depends on its random permutations; the exact join in
    SetSimilaritySearch is right but runs in Python; and all of them take sets of n-grams, and to make those in Python
    alone costs more than twice this whole search (``benchmarks/near_duplicates.md``).

    With ``identifiers="ignored"`` and ``literals="ignored"``, copies are found whose names, strings and numbers were
    changed (clones of type 2). An identifier then counts only by where the same one stands again within an n-gram;
    words that most languages reserve still count as they are. So a copy in which names were replaced one to one is
    always found, unless a replaced name is such a word. Of rows of fewer than 40 tokens identifiers are compared all
    the same, since much short code has the same form. The guide on near-duplicates says how many of the finds are
    copies.

    Args:
        threshold: Least Jaccard similarity of near-duplicates, above 0 and at most 1.
        ngram: Tokens in an n-gram, 1 or more.
        identifiers: "compared", or "ignored" for what names there are.
        literals: "compared", or "ignored" for what strings hold and what numbers there are.
        columns: Columns that a split or an audit looks in, such as a prompt's and the code's: rows that are
            near-duplicates in any of them belong together, and texts of white space alone are like no other. None for
            the code that the split is made by. ``components`` and ``nearest`` compare the texts that they are given.

    Raises:
        ParameterError: a parameter is out of range.

    >>> body = "return [item.name for item in items if item.visible and not item.deleted]"
    >>> rows = [f"def names(items): {body}", "x = 1", f"def name_list(items):\n    {body}"]
    >>> found = NearDuplicates().components(rows)
    >>> found.labels.tolist(), found.pairs.tolist(), found.jaccard.round(2).tolist()
    ([0, 1, 0], [[0, 2]], [0.83])
    """

    threshold: float = 0.7
    ngram: int = 5
    identifiers: str = "compared"
    literals: str = "compared"
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        settle(self, threshold=_similarity("threshold", self.threshold))
        remedy = "leave it out to take 5"
        settle(self, ngram=check_integer("ngram", self.ngram, smallest=1, remedy=remedy))
        for name in ("identifiers", "literals"):
            settle(self, **{name: check_choice(name, getattr(self, name), ("compared", "ignored"))})
        if self.columns is not None:
            settle(self, columns=_checked_columns(self.columns))

    def __repr__(self) -> str:
        shown = self.to_dict() | ({} if self.columns is None else {"columns": self.columns})
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments as plain values, without what is ignored if nothing is, or columns if none are named.

        >>> NearDuplicates(identifiers="ignored").to_dict()
        {'threshold': 0.7, 'ngram': 5, 'identifiers': 'ignored'}
        """
        ignored = {name: "ignored" for name in ("identifiers", "literals") if getattr(self, name) == "ignored"}
        columns = {} if self.columns is None else {"columns": list(self.columns)}
        return {"threshold": self.threshold, "ngram": self.ngram, **ignored, **columns}

    def of_renamed(self) -> NearDuplicates:
        """Return the same search for copies in which names, strings and numbers were changed.

        >>> NearDuplicates().of_renamed().nearest(["n = 1"], ["n = 2"]).index.tolist()
        [0]
        """
        return replace(self, identifiers="ignored", literals="ignored")

    def columns_with(self, code: str) -> tuple[str, ...]:
        """Return the columns to look in where the code always is: its column first, then those that are named.

        >>> NearDuplicates(columns=("doc", "code")).columns_with("code")
        ('code', 'doc')
        """
        return tuple(dict.fromkeys((code, *(self.columns or ()))))

    def _ignored(self) -> Ignored:
        return Ignored(identifiers=self.identifiers == "ignored", literals=self.literals == "ignored")

    def components(
        self, texts: Sequence[str], *, num_proc: int | None = 1, digests: np.ndarray | None = None
    ) -> DuplicateComponents:
        """Return the connected components of near-duplicates among rows.

        Args:
            texts: Code of n rows.
            num_proc: Number of processes; None for one a core from 20,000 rows on, and one for fewer.
            digests: Digests of 16 bytes of the texts, of shape ``(n,)``, where they are known: equal texts have equal
                digests, and no others have. None to compute them.

        Returns:
            The label of each row's component, the links that were found and their similarity.

        Raises:
            DataError: ``texts`` is a string, or holds something else than strings.

        Warns:
            CodeshiftWarning: if links are assumed.
        """
        texts = _checked("texts", texts)
        if digests is None:
            digests = _digests({"texts": texts})
        rows, sets = self._sets(texts, digests, self.threshold, check_num_proc(num_proc))
        index = prefixes(sets, self.threshold)
        complete = index.candidates <= _LISTED_CANDIDATES
        links, assumed = (all_pairs(index), 0) if complete else spanning_pairs(index)
        if assumed:
            warning = (
                f"{assumed:,} links are assumed: so many rows are nearly near-duplicates that not all were compared"
            )
            warn(CodeshiftWarning(f"{warning}; a higher threshold tells them apart"))
        linked = np.stack([links.left, links.right], axis=1)
        components = DuplicateComponents.of_classes(_classes(rows, sets), linked, links.jaccard)
        return replace(components, complete=complete, assumed=assumed)

    def whole_sets(self, texts: Iterable[str]) -> WholeSets:
        """Return the set of n-grams of each text, for those who compare them themselves."""
        return whole_sets(texts, self.ngram, self._ignored())

    def nearest(self, queries: Sequence[str], corpus: Sequence[str], *, at_least: float | None = None) -> NearestRows:
        """Return the most similar corpus row of each query row, as an audit asks of test rows and training rows.

        Args:
            queries: Code of q rows.
            corpus: Code of the rows to search.
            at_least: Least similarity to find; the threshold by default. The lower, the longer it takes.

        Returns:
            For each query the number and the similarity of the nearest corpus row.

        Raises:
            ParameterError: ``at_least`` is out of range.
            DataError: an argument is a string, or holds something else than strings.

        Warns:
            CodeshiftWarning: if rows without a similar row were not compared with all of the corpus.

        >>> found = NearDuplicates(ngram=1, threshold=0.5).nearest(["a b c", "x"], ["b c d", "c b a b", "a b"])
        >>> found.index.tolist(), found.jaccard.tolist(), found.share
        ([1, -1], [1.0, nan], 0.5)
        """
        threshold = self.threshold if at_least is None else _similarity("at_least", at_least)
        queries, corpus = _checked("queries", queries), _checked("corpus", corpus)
        digests = _digests({"queries": queries, "corpus": corpus})
        rows, sets = self._sets([*queries, *corpus], digests, threshold, 1)
        classes = _classes(rows, sets)
        nearest = _nearest(classes[: len(queries)], classes[len(queries) :], prefixes(sets, threshold))
        unsettled = int(nearest.unsettled.sum())
        if unsettled:
            warning = f"{unsettled:,} of {len(queries):,} rows may have near-duplicates that were not found"
            why = "so many rows are nearly near-duplicates that not all were compared"
            warn(CodeshiftWarning(f"{warning}: {why}; a higher threshold tells them apart"))
        return nearest

    def _sets(
        self, texts: Sequence[str], digests: np.ndarray, threshold: float, num_proc: int | None
    ) -> tuple[Ints, ShingleSets]:
        """Return the number of each row's text, and the shingle sets of these texts."""
        rows, first = _distinct(digests)
        sets = shingle_sets(
            texts,
            first,
            self.ngram,
            threshold,
            characters=_mean_length(texts) * first.size,
            processes=processes_for(first.size, num_proc),
            ignored=self._ignored(),
        )
        return rows, sets


def _nearest(queries: Ints, corpus: Ints, index: Prefixes) -> NearestRows:
    width = index.sets.sizes.size
    size = int(max(queries.max(initial=-1), corpus.max(initial=-1), width - 1)) + 1
    first = np.full(size, -1)
    first[corpus[::-1]] = np.arange(corpus.size)[::-1]
    in_corpus = first >= 0
    is_query = np.zeros(size, np.bool_)
    is_query[queries] = True
    is_query &= ~in_corpus  # the others have an equal in the corpus, and nothing is nearer
    best, nearest = np.where(in_corpus, 1.0, np.nan), np.where(in_corpus, np.arange(size), -1)
    links, settled = _cross_links(index, is_query[:width], in_corpus[:width])
    source, partner = (np.concatenate(pair) for pair in ((links.left, links.right), (links.right, links.left)))
    jaccard = np.concatenate([links.jaccard, links.jaccard])
    order = np.lexsort((partner, -jaccard, source))
    order = order[is_query[source[order]] & in_corpus[partner[order]]][::-1]  # the last one written stays: the best
    best[source[order]], nearest[source[order]] = jaccard[order], partner[order]
    exact = np.ones(size, np.bool_)
    exact[:width] = settled
    nearest_sets = nearest[queries]
    return NearestRows(
        jaccard=best[queries], index=np.where(nearest_sets < 0, -1, first[nearest_sets]), exact=exact[queries]
    )


def _cross_links(index: Prefixes, is_query: Bools, in_corpus: Bools) -> tuple[SimilarPairs, Bools]:
    """Return links between queries and sets of the corpus, and whether each set has all of its links."""
    if index.candidates > _LISTED_CANDIDATES:
        links, waiting = enough_pairs(index, is_query, in_corpus, _ENOUGH)
        return links, waiting | ~is_query
    links = all_pairs(
        index, lambda left, right: (is_query[left] & in_corpus[right]) | (in_corpus[left] & is_query[right])
    )
    return links, np.ones(is_query.size, np.bool_)


def _classes(rows: Ints, sets: ShingleSets) -> Ints:
    """Return the number of each row's shingle set; texts whose set has no partner get numbers after those."""
    alone = sets.sizes.size + np.arange(sets.members.size)
    classes: Ints = np.where(sets.members < 0, alone, sets.members)[rows]
    return classes


def _digests(texts_by_argument: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Return the digests of rows, 16 bytes each.

    Args:
        texts_by_argument: Rows, by the name of the argument that holds them, for errors.

    Raises:
        DataError: a row holds something else than a string.
    """
    digests = bytearray()
    for name, texts in texts_by_argument.items():
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(name, "a sequence of texts", text, f"drop or fill row {row}, which holds no text")
            digests += blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.frombuffer(digests, "V16")


def _distinct(digests: np.ndarray) -> tuple[Ints, Ints]:
    """Return the number of each row's text, in order of first occurrence, and the first row of each."""
    halves = digests.view(np.uint64).reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))  # stable: of equal texts, the first one comes first
    new = changes(halves[order, 0]) | changes(halves[order, 1])
    first = order[new]
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(first.size)
    rows = np.empty_like(order)
    rows[order] = rank[np.cumsum(new) - 1]
    return rows, np.sort(first)


def _mean_length(texts: Sequence[str]) -> int:
    """Return how many characters a text has on average, at least one, of some texts at equal distances."""
    step = max(len(texts) // _SAMPLES, _SAMPLED)
    lengths = [len(text) for start in range(0, len(texts), step) for text in texts[start : start + _SAMPLED]]
    return max(sum(lengths) // max(len(lengths), 1), 1)


def _checked(name: str, texts: Iterable[str]) -> Sequence[str]:
    if isinstance(texts, str):
        raise DataError(name, "a sequence of texts", texts, "put a single text in a list")
    # A column of a dataset decodes its rows anew each time it is walked through.
    return texts if isinstance(texts, Texts | RowTexts) else list(texts)


def _checked_columns(columns: Any) -> tuple[str, ...]:
    named = check_texts("columns", columns, members="columns", example='("docstring", "code")')
    if not named:
        raise ParameterError("columns", "at least one column", columns, "None takes the code's")
    return tuple(dict.fromkeys(check_name("columns", column, example="code") for column in named))


def _similarity(name: str, value: float) -> float:
    remedy = "0.7 is usual; 1 finds equal sets only"
    return float(check_number(name, value, above=0, largest=1, remedy=remedy))

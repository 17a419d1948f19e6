"""Near-duplicate components agree with their definition in plain Python."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import sysconfig
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path

from codeshift.errors import CodeshiftWarning, DataError, ParameterError
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates, dense, join, search, sets, tokens
from codeshift.properties.near_duplicates.shingles import shingle_hashes
from codeshift.splitters import LengthSplitter
from helpers.nearly_alike import few_comparisons, nearly_alike
from helpers.shared_data import shared_rows

WORDS = st.lists(st.sampled_from(["a", "b", "cc", "(", "+=", "1.5"]), max_size=12).map(" ".join)
EXAMPLES = ["", "\n", "a", "a b c d e f g h", "a b c d e f g i", "b c d e f g h", "a+=1.5e-3", "é b c d e", "x y"]
TEXTS = st.lists(WORDS | st.sampled_from(EXAMPLES), max_size=14)
THRESHOLDS = st.floats(0.01, 1.0) | st.integers(1, 8).flatmap(lambda n: st.integers(1, n).map(lambda k: k / n))
NGRAMS = st.integers(1, 6)


def test_hashes_that_differ_in_their_lower_bits_alone_are_ordered() -> None:
    """Sets are told apart by all 64 bits, also where a sort by the upper ones has them the wrong way round."""
    hashes = np.array([9, 2**63 + 3, 2**63 + 1, 9, 2**63 + 2], dtype=np.uint64)
    rows, numbers, values = sets._distinct(hashes, np.array([0, 0, 1, 1, 1]))
    assert values.tolist() == [9, 2**63 + 1, 2**63 + 2, 2**63 + 3]
    assert list(zip(rows.tolist(), numbers.tolist(), strict=True)) == [(0, 0), (0, 3), (1, 0), (1, 1), (1, 2)]


def shingle_set(text: str, ngram: int) -> frozenset[tuple[str, ...]]:
    tokens = lex(text)
    return frozenset(tuple(tokens[i : i + ngram]) for i in range(max(len(tokens) - ngram + 1, min(len(tokens), 1))))


def similarity(first: frozenset[object], second: frozenset[object]) -> float:
    return len(first & second) / len(first | second) if first | second else 1.0


def similarities(texts: Sequence[str], ngram: int) -> np.ndarray:
    sets = [shingle_set(text, ngram) for text in texts]
    return np.array([[similarity(first, second) for second in sets] for first in sets]).reshape(len(texts), len(texts))


def partition(labels: Sequence[int]) -> set[frozenset[int]]:
    groups = defaultdict(set)
    for row, label in enumerate(labels):
        groups[int(label)].add(row)
    return {frozenset(group) for group in groups.values()}


def components_of(links: Iterator[tuple[int, int]], rows: int) -> set[frozenset[int]]:
    group = {row: {row} for row in range(rows)}
    for first, second in links:
        merged = group[first] | group[second]
        group.update(dict.fromkeys(merged, merged))
    return {frozenset(members) for members in group.values()}


def reachable(similar: np.ndarray) -> set[frozenset[int]]:
    return components_of(zip(*np.nonzero(similar), strict=True), len(similar))


@contextmanager
def everything_dense() -> Iterator[None]:
    """Treat every input as if it had too many candidates to list, in chunks of a few."""
    with (
        patch.object(search, "_LISTED_CANDIDATES", -1),
        patch.object(search, "_ENOUGH", 1),
        patch.object(join, "_CHUNK_CANDIDATES", 3),
        patch.object(join, "_AT_ONCE", 2),
        patch.object(join, "_CHUNK_SHINGLES", 5),
        patch.object(tokens, "_BLOCK_BYTES", 7),
    ):
        yield


@given(texts=TEXTS, threshold=THRESHOLDS, ngram=NGRAMS)
def test_components_are_those_of_the_definition(texts: list[str], threshold: float, ngram: int) -> None:
    """Rows share a component exactly if pairs at the threshold join them; all links are found and correct."""
    components = NearDuplicates(threshold=threshold, ngram=ngram).components(texts)
    truth = similarities(texts, ngram)
    assert partition(components.labels) == reachable(truth >= threshold)
    assert components.complete
    assert components.jaccard.tolist() == [truth[left, right] for left, right in components.pairs]
    first = [int(np.flatnonzero(row == 1)[0]) for row in truth]
    expected = {(first[row], row) for row in range(len(texts)) if first[row] != row}
    expected |= {
        (left, right)
        for left, right in combinations(range(len(texts)), 2)
        if threshold <= truth[left, right] < 1 and first[left] == left and first[right] == right
    }
    assert [tuple(pair) for pair in components.pairs.tolist()] == sorted(expected)


@given(texts=TEXTS, threshold=THRESHOLDS, ngram=NGRAMS)
def test_a_dense_input_has_the_same_components(texts: list[str], threshold: float, ngram: int) -> None:
    """If not all pairs are listed, components are the same, and correct links connect each component."""
    with everything_dense():
        components = NearDuplicates(threshold=threshold, ngram=ngram).components(texts)
    truth = similarities(texts, ngram)
    assert not components.complete
    assert partition(components.labels) == reachable(truth >= threshold)
    assert components.jaccard.tolist() == [truth[first, second] for first, second in components.pairs]
    assert components_of(map(tuple, components.pairs.tolist()), len(texts)) == partition(components.labels)


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("length", [8, 14])
def test_a_larger_dense_input_has_the_same_components(threshold: float, length: int) -> None:
    """The same holds for hundreds of rows with common n-grams, of which whole windows are skipped."""
    rng = np.random.default_rng(length)
    texts = [" ".join(row) for row in rng.choice(list("abc"), size=(400, length))]
    finder = NearDuplicates(threshold=threshold, ngram=2)
    listed = finder.components(texts)
    nearest = finder.nearest(texts[:200], texts[200:])
    with patch.object(search, "_LISTED_CANDIDATES", -1), patch.object(search, "_ENOUGH", 3):
        components = finder.components(texts)
        near = finder.nearest(texts[:200], texts[200:])
    assert components.labels.tolist() == listed.labels.tolist()
    assert (near.index >= 0).tolist() == (nearest.index >= 0).tolist()
    assert near.jaccard[near.exact].tolist() == pytest.approx(nearest.jaccard[near.exact].tolist(), nan_ok=True)
    assert nearest.share > 0
    assert set(map(tuple, components.pairs.tolist())) <= set(map(tuple, listed.pairs.tolist()))


@given(texts=TEXTS, threshold=THRESHOLDS, ngram=NGRAMS, rng=st.randoms(), dense=st.booleans())
def test_row_order_changes_nothing(
    texts: list[str], threshold: float, ngram: int, rng: random.Random, dense: bool
) -> None:
    """Rows in another order have the same components, similarities of links and chains."""
    order = list(range(len(texts)))
    rng.shuffle(order)
    finder = NearDuplicates(threshold=threshold, ngram=ngram)
    with patch.object(search, "_LISTED_CANDIDATES", -1 if dense else 1000):
        components, shuffled = finder.components(texts), finder.components([texts[row] for row in order])
    there = {frozenset(order[row] for row in group) for group in partition(shuffled.labels)}
    assert there == partition(components.labels)
    assert sorted(shuffled.jaccard) == sorted(components.jaccard)
    assert sorted(zip(shuffled.sizes, shuffled.diameters, strict=True)) == sorted(
        zip(components.sizes, components.diameters, strict=True)
    )


@given(texts=TEXTS, thresholds=st.tuples(THRESHOLDS, THRESHOLDS), ngram=NGRAMS)
def test_a_higher_threshold_refines(texts: list[str], thresholds: tuple[float, float], ngram: int) -> None:
    """Every component at a higher threshold lies within one at a lower threshold."""
    low, high = (NearDuplicates(threshold=t, ngram=ngram).components(texts).labels.tolist() for t in sorted(thresholds))
    assert len(set(zip(low, high, strict=True))) == len(set(high))


@given(texts=TEXTS, threshold=THRESHOLDS, ngram=NGRAMS)
def test_labels_sizes_and_diameters(texts: list[str], threshold: float, ngram: int) -> None:
    """Labels are numbered by first row, sizes count rows, a diameter is the longest shortest path."""
    components = NearDuplicates(threshold=threshold, ngram=ngram).components(texts)
    labels = components.labels.tolist()
    assert list(dict.fromkeys(labels)) == list(range(len(components.sizes)))
    assert components.sizes.tolist() == [labels.count(label) for label in range(len(components.sizes))]
    if texts:
        paths = shortest_path(similarities(texts, ngram) >= threshold, unweighted=True)
        paths[np.isinf(paths)] = 0
        expected = [int(paths[components.labels == label].max()) for label in range(len(components.sizes))]
        assert components.diameters.tolist() == expected
        with patch("codeshift.properties.near_duplicates.components._EXACT_DIAMETER", 0):
            bounds = NearDuplicates(threshold=threshold, ngram=ngram).components(texts).diameters
        assert all(exact <= bound <= 2 * exact for exact, bound in zip(expected, bounds.tolist(), strict=True))


@given(queries=TEXTS, corpus=TEXTS, threshold=THRESHOLDS, ngram=NGRAMS, dense=st.booleans())
def test_nearest_is_the_maximum(
    queries: list[str], corpus: list[str], threshold: float, ngram: int, dense: bool
) -> None:
    """The nearest row has the largest similarity in the corpus; NaN and -1 if that is below the threshold."""
    finder = NearDuplicates(ngram=ngram)
    if dense:
        with everything_dense():
            nearest = finder.nearest(queries, corpus, at_least=threshold)
    else:
        nearest = finder.nearest(queries, corpus, at_least=threshold)
        assert nearest.exact.all()
    truth = similarities(queries + corpus, ngram)[: len(queries), len(queries) :]
    for row, (best, index, exact) in enumerate(zip(nearest.jaccard, nearest.index, nearest.exact, strict=True)):
        greatest = max(truth[row], default=0.0)
        if greatest < threshold:
            assert math.isnan(best)
            assert (index, exact) == (-1, True)
        else:
            assert best == truth[row, index] >= threshold
            assert best == greatest or not exact
    if queries:
        assert nearest.share == np.mean([max(row, default=0.0) >= threshold for row in truth])
    listed = nearest.worst(3)
    assert [pair[2] for pair in listed] == sorted(nearest.jaccard[nearest.index >= 0], reverse=True)[:3]


CODE = st.text(alphabet="abE0x19_ .+-<=>!&|?\"'(;\n\té²٣\u2003\x85\u0301\U0001f600\ud800\x1c\x00") | st.text()


@given(
    texts=st.lists(CODE | st.text(alphabet="a0.e-+ ", min_size=60, max_size=80), max_size=8), block=st.integers(1, 40)
)
def test_token_hashes_are_those_of_the_lexer(texts: list[str], block: int) -> None:
    """There is a hash for each token of the lexer, equal exactly if tokens are, in blocks of any size."""
    with patch.object(tokens, "_BLOCK_BYTES", block):
        hashes, counts = tokens.join_blocks(tokens.token_blocks(texts))
    expected = [lex(text) for text in texts]
    assert counts.tolist() == [len(row_tokens) for row_tokens in expected]
    pairs = Counter(zip((token for row_tokens in expected for token in row_tokens), hashes.tolist(), strict=True))
    assert len({token for token, _ in pairs}) == len({value for _, value in pairs}) == len(pairs)


def test_token_hashes_of_long_tokens() -> None:
    """Any one character and the length distinguish tokens, however long they are."""
    texts = ["x" * size for size in range(1, 200)] + ["x" * i + "y" + "x" * (150 - i) for i in range(150)]
    texts += ["x" * i + "y" + "x" * (63 - i) for i in range(64)]
    hashes, counts = tokens.join_blocks(tokens.token_blocks(texts))
    assert set(counts.tolist()) == {1}
    assert len(set(hashes.tolist())) == len(texts)


def test_hashes_are_fixed() -> None:
    """Hashes of tokens and shingles are the same in every process and on every platform."""
    hashes, _ = tokens.join_blocks(tokens.token_blocks(["self", "a_rather_long_identifier", "+="]))
    assert hashes.tolist() == FIXED_TOKENS
    hashes, _ = tokens.join_blocks(shingle_hashes(["a b c d e f"], 5))
    assert hashes.tolist() == FIXED_SHINGLES


FIXED_TOKENS = [14441528984497648848, 14070786770957553282, 11654741199436918451]
FIXED_SHINGLES = [6183914489953499534, 7365863027405458041]


def standard_library_functions(count: int) -> list[str]:
    import ast

    functions: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        source = path.read_text(encoding="utf-8")
        nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
        lines = source.splitlines(keepends=True)
        functions += ["".join(lines[node.lineno - 1 : node.end_lineno]) for node in nodes]
        if len(functions) >= count:
            break
    return functions[:count]


def exact_components(texts: Sequence[str], threshold: float, ngram: int) -> set[frozenset[int]]:
    """Compute components with an inverted index over Python sets, which is fast enough for some thousand rows."""
    sets = [shingle_set(text, ngram) for text in texts]
    holders = defaultdict(list)
    links = []
    for row, row_shingles in enumerate(sets):
        shared = Counter(other for shingle in row_shingles for other in holders[shingle])
        links += [
            (row, other)
            for other, overlap in shared.items()
            if overlap / (len(row_shingles) + len(sets[other]) - overlap) >= threshold
        ]
        for shingle in row_shingles:
            holders[shingle].append(row)
    return components_of(iter(links), len(texts))


@pytest.mark.parametrize("threshold", [0.4, 0.7, 0.95])
def test_real_python(threshold: float) -> None:
    """Recall and precision are 1 on functions of the standard library."""
    texts = standard_library_functions(2000)
    components = NearDuplicates(threshold=threshold).components(texts)
    assert partition(components.labels) == exact_components(texts, threshold, 5)
    assert (components.sizes > 1).sum() > 5


def test_real_java() -> None:
    """Recall and precision are 1 on real Java methods."""
    texts = shared_rows("text_to_code/validation.jsonl")["code"][:2000]
    assert partition(NearDuplicates().components(texts).labels) == exact_components(texts, 0.7, 5)


def test_layout_and_empty_rows() -> None:
    """Layout makes no difference, rows without tokens equal only each other, and no rows have no components."""
    components = NearDuplicates().components(["f(x)", "", "f ( x\n)", " \n", "x"])
    assert components.labels.tolist() == [0, 1, 0, 1, 2]
    assert components.jaccard.tolist() == [1, 1]
    nothing = NearDuplicates().components([])
    assert (nothing.labels.size, nothing.pairs.shape, nothing.sizes.size, nothing.diameter) == (0, (0, 2), 0, 0)
    assert math.isnan(NearDuplicates().nearest([], ["x"]).share)
    assert "0 of 0 rows" in nothing.summary()


def test_chains_are_reported() -> None:
    """Rows that each resemble the next form one component, and its diameter shows the chain."""
    words = [f"w{i}" for i in range(60)]
    rows = [" ".join(words[shift : shift + 30]) for shift in range(0, 24, 3)]
    components = NearDuplicates(ngram=1, threshold=0.8).components([*rows, "y", rows[0]])
    assert components.labels.tolist() == [0] * 8 + [1, 0]
    assert (components.diameter, components.diameters.tolist(), components.sizes.tolist()) == (7, [7, 0], [9, 1])
    assert components.summary() == (
        "9 of 10 rows (90.0%) are near-duplicates of another, in 1 component; "
        "the largest holds 9 rows, the longest chain is 7 links"
    )


def test_hash_seed_and_process_change_nothing() -> None:
    """New processes with different PYTHONHASHSEED give the same labels and links, also for dense input."""
    program = (
        "import random, sys\n"
        "from codeshift.properties.near_duplicates import NearDuplicates, search\n"
        "search._LISTED_CANDIDATES = int(sys.argv[1])\n"
        "rng = random.Random(0)\n"
        "rows = [' '.join(rng.choices('abc', k=12)) for _ in range(300)]\n"
        "found = NearDuplicates(threshold=0.6, ngram=2).components(rows)\n"
        "print(found.labels.tolist(), found.pairs.tolist(), found.jaccard.tolist())\n"
    )
    for limit in ("-1", "1000000"):
        answers = {
            subprocess.run(  # noqa: S603 - this interpreter, with a program written above
                [sys.executable, "-c", program, limit],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("0", "1")
        }
        assert len(answers) == 1
        assert len(answers.pop()) > 1000


def test_equal_rows_cost_nothing() -> None:
    """50,000 equal rows are one component with one link each, not with a quadratic number."""
    components = NearDuplicates().components(["def f(a, b): return a + b", "def f(a,b): return a+b"] * 25_000)
    assert components.sizes.tolist() == [50_000]
    assert len(components.pairs) == 49_999
    assert components.diameter == 1


def test_rows_that_are_all_similar_cost_little() -> None:
    """20,000 rows that differ in one token, 200 million similar pairs, are joined in bounded memory."""
    body = " ".join(f"w{i}" for i in range(60))
    rows = [f"{body} own{i}" for i in range(20_000)]
    tracemalloc.start()
    components = NearDuplicates().components(rows)
    nearest = NearDuplicates().nearest(rows[:2000], rows[2000:])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert components.sizes.tolist() == [20_000]
    assert not components.complete
    assert len(components.pairs) < 100_000
    assert components.diameter <= 4
    assert nearest.share == 1
    assert not nearest.exact.any()
    assert peak < 1 << 30


def test_a_long_chain() -> None:
    """Each row resembles only the next, so they are dropped one by one (see benchmarks/growth.py)."""
    words = [f"w{i}" for i in range(30_000)]
    rows = [" ".join(words[start : start + 12]) for start in range(29_000)]
    components = NearDuplicates(ngram=1, threshold=0.95).components(rows)
    assert components.sizes.max() == 1
    assert NearDuplicates(ngram=1, threshold=0.8).components(rows).sizes.tolist() == [29_000]


def test_the_finder_is_a_value() -> None:
    """Equal settings compare equal and have the same hash, and the repr is the specification."""
    finder = NearDuplicates(threshold=0.8, ngram=3)
    assert eval(repr(finder)) == finder  # noqa: S307 - our own repr
    assert len({finder, NearDuplicates(threshold=0.8, ngram=3)}) == 1
    assert repr(NearDuplicates(threshold=np.float64(0.7))) == "NearDuplicates(threshold=0.7, ngram=5)"
    assert repr(NearDuplicates()) == "NearDuplicates(threshold=0.7, ngram=5)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"threshold": 0},
            "threshold must be a number above 0 and at most 1, got 0: 0.7 is usual; 1 finds equal sets only",
        ),
        ({"threshold": 1.5}, "threshold must be a number above 0 and at most 1, got 1.5"),
        ({"threshold": math.nan}, "threshold must be a number above 0 and at most 1, got nan"),
        ({"threshold": "high"}, "threshold must be a number above 0 and at most 1, got 'high'"),
        ({"ngram": 0}, "ngram must be a whole number from 1 up, got 0: leave it out to take 5"),
        ({"ngram": 2.5}, "ngram must be a whole number from 1 up, got 2.5"),
        ({"ngram": True}, "ngram must be a whole number from 1 up, got True"),
    ],
)
def test_settings_out_of_range(settings: dict[str, object], message: str) -> None:
    """The error names the setting, what it must be and what to do."""
    with pytest.raises(ParameterError) as caught:
        NearDuplicates(**settings)
    assert message in str(caught.value)


def test_rows_that_are_no_texts() -> None:
    """A single string, a row that is not a string and a bad floor raise errors that name the argument and the row."""
    finder = NearDuplicates()
    with pytest.raises(DataError, match="texts must be a sequence of texts, got 'abc': put a single text in a list"):
        finder.components("abc")
    with pytest.raises(DataError, match=r"texts must be .* got None: drop or fill row 1, which holds no text"):
        finder.components(["a", None])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"corpus must be .* got 3: drop or fill row 0"):
        finder.nearest(["a"], [3])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="at_least must be a number above 0 and at most 1, got 0"):
        finder.nearest(["a"], ["b"], at_least=0)


@pytest.mark.parametrize(("compared", "looked_at"), [(2000, 10**9), (10**9, 3000), (0, 10**9), (10**9, 0)])
def test_comparisons_are_bounded_and_rows_not_compared_stay_together(compared: int, looked_at: int) -> None:
    """Rows that belong together stay together, and a warning says how many links are assumed."""
    texts = nearly_alike(150)
    exact = NearDuplicates().components(texts)
    counts: list[int] = []
    similar_among = dense.similar_among

    def counting(index: Any, left: Any, right: Any, **options: Any) -> Any:
        counts.append(0 if options else left.size)
        return similar_among(index, left, right, **options)

    with ExitStack() as stack:
        for change in (*few_comparisons(compared, looked_at), patch.object(dense, "similar_among", counting)):
            stack.enter_context(change)
        with pytest.warns(CodeshiftWarning, match="links are assumed"):
            components = NearDuplicates().components(texts)
        total = sum(counts)
        order = np.random.default_rng(0).permutation(len(texts))
        with pytest.warns(CodeshiftWarning, match="links are assumed"):
            shuffled = NearDuplicates().components([texts[i] for i in order])
    assert total <= min(compared, looked_at) + 256 + len(texts)  # a chunk is compared completely
    assert components.assumed > 0
    assert f"{components.assumed:,} links are assumed" in components.summary()
    assert not components.complete
    for component in range(exact.sizes.size):
        assert np.unique(components.labels[exact.labels == component]).size == 1
    assert components.sizes.size < exact.sizes.size
    same = components.labels[order][:, None] == components.labels[order][None, :]
    assert np.array_equal(same, shuffled.labels[:, None] == shuffled.labels[None, :])


def test_enough_comparisons_assume_nothing() -> None:
    """With enough comparisons the result is exact."""
    texts = nearly_alike(150)
    with ExitStack() as stack:
        for change in few_comparisons(10**9):
            stack.enter_context(change)
        components = NearDuplicates().components(texts)
    assert components.assumed == 0
    assert np.array_equal(components.labels, NearDuplicates().components(texts).labels)


@pytest.mark.parametrize(("compared", "looked_at"), [(2000, 10**9), (10**9, 3000), (0, 10**9), (10**9, 0)])
def test_the_nearest_rows_are_sought_within_bounds(compared: int, looked_at: int) -> None:
    """What is found is as similar as it says, and what is neither found nor named has no similar row."""
    texts = nearly_alike(150)
    queries, corpus = texts[:75], texts[75:]
    settled = NearDuplicates().nearest(queries, corpus)
    assert 0 < settled.share < 1
    compared_pairs: list[int] = []
    similar_among = dense.similar_among

    def counting(index: Any, left: Any, right: Any) -> Any:
        compared_pairs.append(left.size)
        return similar_among(index, left, right)

    with ExitStack() as stack:
        for change in (*few_comparisons(compared, looked_at), patch.object(dense, "similar_among", counting)):
            stack.enter_context(change)
        with pytest.warns(CodeshiftWarning, match="of 75 rows may have near-duplicates that were not found"):
            bounded = NearDuplicates().nearest(queries, corpus)
        order = np.random.default_rng(0).permutation(75)
        with pytest.warns(CodeshiftWarning, match="may have near-duplicates that were not found"):
            shuffled = NearDuplicates().nearest([queries[i] for i in order], [corpus[i] for i in order])
    assert sum(compared_pairs) <= 2 * (min(compared, looked_at) + 256)  # a chunk is compared to its end
    assert bounded.unsettled.any()
    np.testing.assert_array_equal(bounded.unsettled, (bounded.index < 0) & ~bounded.exact)
    np.testing.assert_array_equal(bounded.unsettled[order], shuffled.unsettled)
    found = bounded.index >= 0
    assert (bounded.jaccard[found] <= settled.jaccard[found]).all()
    np.testing.assert_array_equal(bounded.jaccard[bounded.exact], settled.jaccard[bounded.exact])
    missed = (settled.index >= 0) & ~found
    assert missed.any()
    assert bounded.unsettled[missed].all()


def test_a_bound_that_is_not_reached_changes_no_nearest_row() -> None:
    """The dense search says what the plain one says, and nothing is unsettled."""
    texts = nearly_alike(150)
    with ExitStack() as stack:
        for change in few_comparisons(10**9):
            stack.enter_context(change)
        dense_rows = NearDuplicates().nearest(texts[:75], texts[75:])
    plain = NearDuplicates().nearest(texts[:75], texts[75:])
    assert not dense_rows.unsettled.any()
    np.testing.assert_array_equal(dense_rows.jaccard, plain.jaccard)


def test_a_split_says_how_many_links_are_assumed() -> None:
    """Its manifest and its summary say so."""
    codes = [*nearly_alike(60), *(f"{'g' * i}{i}(a{i}) + b{i} * c{i} - d{i} / e{i}" for i in range(60))]
    splitter = LengthSplitter(column="code", unit="chars", bounds=(70, None))
    options: dict[str, Any] = {"seed": 0, "min_test_rows": 0, "near_duplicates": "drop", "validation_size": 0.0}
    with ExitStack() as stack:
        for change in few_comparisons(100):
            stack.enter_context(change)
        with pytest.warns(CodeshiftWarning, match="links are assumed"):
            assignment = splitter.assign(Dataset.from_dict({"code": codes}), **options)
    assumed = assignment.manifest.near_duplicates.assumed_links
    assert assumed > 0
    assert f"{assumed:,} links are assumed" in " ".join(assignment.summary().split())

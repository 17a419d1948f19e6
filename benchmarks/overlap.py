"""Overlap of a dataset with a corpus: recall against an exact join, and the ways of three other libraries.

Needs, beside codeshift: ``pip install datasketch datatrove text-dedup``. ``--data`` is a folder with the datasets of
CodeXGLUE and others as JSON Lines; without it the functions of ``stdlib_functions`` alone are joined.

    OMP_NUM_THREADS=1 nice -n 19 python benchmarks/overlap.py --data DATA --write benchmarks/overlap.md
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import struct
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import datasketch
import numpy as np
from datasets import Dataset, disable_progress_bars
from datatrove.data import Document
from datatrove.pipeline.dedup import minhash as datatrove_minhash
from loguru import logger
from pages import add_page, write_or_print
from scipy import sparse
from text_dedup import minhash as text_dedup_minhash
from text_dedup.utils import UnionFind

from codeshift.audit import overlap
from codeshift.data import stdlib_functions
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates

Pair = tuple[int, int]
"""Numbers of a row that is looked for and of a row of the corpus."""

THRESHOLD, NGRAM, PERMUTATIONS, BANDS = 0.7, 5, 128, (42, 3)
QUERIES, CORPUS = 500, 20_000
TEXT_DEDUP_PERMUTATIONS = 250  # its own number
_FILES = {
    "text_to_code/validation.jsonl": ("code",),
    "code_refinement_small/validation.jsonl": ("buggy", "fixed"),
    "code_refinement_medium/validation.jsonl": ("buggy", "fixed"),
    "code_to_code_trans/train.jsonl": ("java", "cs"),
    "algorithms/functions.jsonl": ("code",),
    "mbpp/problems.jsonl": ("code",),
}
_TESTS = {"code_refinement_small/test.jsonl": "fixed", "code_to_code_trans/test.jsonl": "java"}


def column(path: Path, name: str) -> list[str]:
    """The texts of a column of a file of JSON Lines."""
    return [json.loads(line)[name] for line in path.read_text(encoding="utf-8").splitlines()]


def rows(data: Path | None) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """The parts to look for, drawn at random, the corpus, and all programs without those of the embedded functions."""
    draw = random.Random(0)
    functions = list(stdlib_functions()["code"])
    draw.shuffle(functions)
    parts, corpus = {"stdlib functions": functions[:QUERIES]}, functions[QUERIES:]
    if data is not None:
        parts |= {name: draw.sample(of, min(QUERIES, len(of))) for name, of in _tests(data)}
        corpus += [text for file, names in _FILES.items() for name in names for text in column(data / file, name)]
    return parts, draw.sample(corpus, min(CORPUS, len(corpus))), corpus


def _tests(data: Path) -> Iterator[tuple[str, list[str]]]:
    for file, name in _TESTS.items():
        yield f"{file.split('/', maxsplit=1)[0]}, {name}", column(data / file, name)


def timed(function: Callable[..., Any], *arguments: object) -> tuple[Any, float]:
    """The result and the CPU seconds."""
    started = time.process_time()
    result = function(*arguments)
    return result, time.process_time() - started


def ngrams(text: str) -> frozenset[str]:
    """The token n-grams of a text; of one with fewer tokens all of them."""
    tokens = lex(text)
    count = max(len(tokens) - NGRAM + 1, min(len(tokens), 1))
    return frozenset("\0".join(tokens[i : i + NGRAM]) for i in range(count))


def exact_join(queries: Sequence[frozenset[str]], corpus: Sequence[frozenset[str]]) -> set[Pair]:
    """The pairs at the threshold, by all products of sets: no filter, no hash."""
    numbers: dict[str, int] = {}
    matrices = []
    for sets in (queries, corpus):
        indices = [numbers.setdefault(gram, len(numbers)) for grams in sets for gram in grams]
        matrices.append((np.ones(len(indices), np.int32), indices, np.cumsum([0, *map(len, sets)])))
    left, right = (
        sparse.csr_array(parts, shape=(len(sets), len(numbers)))
        for parts, sets in zip(matrices, (queries, corpus), strict=True)
    )
    shared = (left @ right.T).tocoo()
    sizes = [np.array(list(map(len, sets))) for sets in (queries, corpus)]
    union = sizes[0][shared.row] + sizes[1][shared.col] - shared.data
    near = shared.data / union >= THRESHOLD
    return set(zip(shared.row[near].tolist(), shared.col[near].tolist(), strict=True))


def pairs_found(joined: set[Pair], queries: Sequence[str], corpus: Sequence[str]) -> int:
    """The number of pairs of which codeshift's search finds the row when the other is the whole corpus."""
    asked = sorted({query for query, _ in joined})
    texts = [queries[query] for query in asked]
    search, found = NearDuplicates(), 0
    for row in sorted({other for _, other in joined}):
        nearest = search.nearest(texts, [corpus[row]])
        found += sum((asked[at], row) in joined for at in np.flatnonzero(nearest.index == 0).tolist())
    return found


def by_datasketch(queries: Sequence[str], corpus: Sequence[str], bands: tuple[int, int] | None) -> set[Pair]:
    """The pairs that MinHash with locality-sensitive hashing finds, candidates verified; None for its own bands."""
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, params=bands)
    held = [ngrams(text) for text in queries]
    for number, grams in enumerate(held):
        index.insert(number, _signature(grams))
    found: set[Pair] = set()
    for row, text in enumerate(corpus):
        grams = ngrams(text)
        for number in index.query(_signature(grams)):
            if _jaccard(held[number], grams) >= THRESHOLD:
                found.add((number, row))
    return found


class _Signatures(datatrove_minhash.MinhashDedupSignature):
    """Signatures of the n-grams that all ways are given here, in place of those of words."""

    def get_shingles(self, text: str) -> np.ndarray:
        hashes = (self._hash_func(gram.encode("utf-8", "surrogatepass")) for gram in ngrams(text))
        return np.fromiter(hashes, dtype=np.uint64).reshape((-1, 1))


def by_datatrove(queries: Sequence[str], corpus: Sequence[str]) -> set[int]:
    """The rows that datatrove finds in an index of the corpus, with its own bands; candidates are not verified."""
    config = datatrove_minhash.MinhashConfig()
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(datatrove_minhash, "load_word_tokenizer"):
        for name, texts in (("corpus", corpus), ("queries", queries)):
            signatures = _Signatures(f"{folder}/{name}", config)
            signatures.run(Document(text=text, id=str(i)) for i, text in enumerate(texts))
        index = datatrove_minhash.MinhashBuildIndex(f"{folder}/corpus", f"{folder}/index", "corpus", config)
        matches = datatrove_minhash.MinhashDedupBuckets(
            f"{folder}/queries", f"{folder}/found", index_folder=f"{folder}/index", config=config,
            only_dedup_in_index=True,
        )  # fmt: skip
        for step in (index, matches):
            for bucket in range(config.num_buckets):
                step.run(None, bucket, config.num_buckets)
        records = [file.read_bytes() for file in Path(folder, "found").glob("*.dups")]
    return {row for content in records for *_, row in struct.iter_unpack("<4I", content)}


class _Lexer:
    """Splitter of a text into the tokens that all ways are given here, in place of words."""

    split = staticmethod(lex)


def by_text_dedup(queries: Sequence[str], corpus: Sequence[str]) -> set[int]:
    """The rows that fall into a cluster with a row of the corpus, as text-dedup makes clusters within one corpus."""
    bands, width = text_dedup_minhash.optimal_param(
        THRESHOLD, TEXT_DEDUP_PERMUTATIONS, false_positive_weight=0.5, false_negative_weight=0.5
    )
    prime, size, draw = np.uint64((1 << 61) - 1), (TEXT_DEDUP_PERMUTATIONS,), np.random.RandomState(42)
    how = {
        "num_perm": TEXT_DEDUP_PERMUTATIONS, "ngram_size": NGRAM, "min_length": 0, "modulo_prime": prime,
        "hashranges": [(i * width, (i + 1) * width) for i in range(bands)], "dtype": np.uint64,
        "permutations": (draw.randint(1, prime, size, np.uint64), draw.randint(0, prime, size, np.uint64)),
        "hash_func": lambda gram: text_dedup_minhash.sha1_hash(gram, d=32), "max_hash": np.uint32((1 << 32) - 1),
    }  # fmt: skip
    tables: list[dict[bytes, set[int]]] = [{} for _ in range(bands)]
    clusters = UnionFind()
    with mock.patch.object(text_dedup_minhash, "NON_ALPHA", _Lexer):
        for row, text in enumerate([*corpus, *queries]):
            signature = text_dedup_minhash.embed_func(text, row, **how)[text_dedup_minhash.SIGNATURE_COLUMN]
            for table, band in zip(tables, signature, strict=True):
                table.setdefault(band, set()).add(row)
    for table in tables:
        for cluster in table.values():
            first = min(cluster)
            for row in cluster if len(cluster) > 1 else ():
                clusters.union(row, first)
    held = {clusters.find(row) for row in range(len(corpus))}
    return {row for row in range(len(queries)) if clusters.find(len(corpus) + row) in held}


def by_processes(queries: Dataset, corpus: Sequence[str]) -> Iterator[str]:
    """The lines on searches of a file by one and two processes."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/corpus.parquet"
        Dataset.from_dict({"code": corpus}).to_parquet(file)
        results = []
        for count in (1, 2):
            before = _cpu_seconds()
            results.append(overlap(queries, file, num_proc=count))
            spent = _cpu_seconds() - before
            yield f"| {count} | {spent:.2f} | {len(corpus) / spent:,.0f} |"
        if results[0] != results[1]:
            raise RuntimeError("two processes find something else than one")


def _cpu_seconds() -> float:
    """The CPU seconds of this process, and of those that it started and that have ended."""
    of_both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in of_both)


def _signature(grams: Iterable[str]) -> datasketch.MinHash:
    signature = datasketch.MinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update_batch([gram.encode("utf-8", "surrogatepass") for gram in grams])
    return signature


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if one or other else 1.0


def by_codeshift(parts: dict[str, list[str]], corpus: Dataset) -> dict[str, Any]:
    """What ``overlap`` finds in each part."""
    found = {name: overlap(Dataset.from_dict({"code": texts}), corpus) for name, texts in parts.items()}
    return {name: of["data", "data"] for name, of in found.items()}


def page(data: Path | None) -> Iterator[str]:
    """The lines of the page."""
    parts, corpus, programs = rows(data)
    queries = [text for texts in parts.values() for text in texts]
    sets = [ngrams(text) for text in corpus]
    joined = exact_join([ngrams(text) for text in queries], sets)
    table = Dataset.from_dict({"code": corpus})
    whole = Dataset.from_dict({"code": queries})
    joined_rows = {query for query, _ in joined}
    found, seconds = timed(overlap, whole, table)
    of_all = found["data", "data"]
    of_pairs = pairs_found(joined, queries, corpus)
    searches: list[tuple[str, set[int], int | None, float]] = [
        ("`overlap`, which looks for renamed copies too", set(of_all.rows["near"]), of_pairs, seconds)
    ]
    for words, bands in (("the bands that it chooses", None), (f"{BANDS[0]} bands of {BANDS[1]}", BANDS)):
        pairs, cost = timed(by_datasketch, queries, corpus, bands)
        name = f"datasketch, {PERMUTATIONS} permutations, {words}"
        searches.append((name, {query for query, _ in pairs}, len(pairs & joined), cost))
    of_datatrove, cost = timed(by_datatrove, queries, corpus)
    searches.append(("datatrove, 14 bands of 8, its own", of_datatrove, None, cost))
    of_text_dedup, cost = timed(by_text_dedup, queries, corpus)
    searches.append((f"text-dedup, {TEXT_DEDUP_PERMUTATIONS} permutations, its own bands", of_text_dedup, None, cost))
    yield _HEAD.format(queries=len(queries), corpus=len(corpus), characters=sum(map(len, corpus)) / 1e6)
    yield (
        "| | pairs found | recall of pairs | rows found | recall of rows | wrong rows | CPU seconds "
        "| rows a CPU second |\n|---|---|---|---|---|---|---|---|"
    )
    yield f"| exact join | {len(joined):,} | 1 | {len(joined_rows):,} | 1 | - | - | - |"
    for name, rows_found, held, cost in searches:
        recall = len(rows_found & joined_rows) / len(joined_rows)
        in_pairs = "- | -" if held is None else f"{held:,} | {held / len(joined):.4f}"
        wrong, rate = len(rows_found - joined_rows), len(corpus) / cost
        figures = f"{len(rows_found):,} | {recall:.4f} | {wrong} | {cost:.2f} | {rate:,.0f}"
        yield f"| {name} | {in_pairs} | {figures} |"
    seen = set(corpus)
    exact = {i for i, text in enumerate(queries) if text in seen}
    of_exact = len(exact & set(of_all.rows["exact"]))
    yield f"\nExact copies: {len(exact):,} of the rows, of which `overlap` finds {of_exact:,}."
    yield "\n| part | rows | exact copy | near-duplicate | renamed copy |\n|---|---|---|---|---|"
    for name, of in by_codeshift(parts, table).items():
        yield f"| {name} | {of.n:,} | {of.exact_share:.1%} | {of.near_share:.1%} | {of.renamed_share:.1%} |"
    yield _PROCESSES.format(programs=len(programs))
    yield from by_processes(whole, programs)
    names = ("numpy", "scipy", "datasketch", "datatrove", "text-dedup")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    yield f"\n{platform.machine()}, Python {platform.python_version()}, {libraries}."


_HEAD = """# Overlap with a corpus: recall and cost

`OMP_NUM_THREADS=1 nice -n 19 python benchmarks/overlap.py --data DATA --write benchmarks/overlap.md`

{queries:,} rows of test parts are looked for in a corpus of {corpus:,} programs ({characters:.1f} million
characters) of five languages, drawn from the other functions of `stdlib_functions` and from CodeXGLUE's, TheAlgorithms'
and MBPP's programs. A row counts as found if a program of the corpus has a Jaccard similarity of token 5-grams of at
least 0.7; so do all pairs of a row and such a program. The exact join multiplies all sets and shares no code with the
search but the lexer. `overlap` shows the nearest program of a row; each pair is looked for with its program as the
whole corpus. CPU seconds are those of one process, from texts to the result; rows a second are those of the corpus.

datasketch's candidates are verified here. datatrove runs its own steps: signatures, an index of the corpus, and the
rows that match it in a band, which are not verified and do not name the program. text-dedup finds clusters within one
corpus alone: here that of the programs and the rows together, and a row counts as found if its cluster has a program.
It compares tokens in lower case. All are given the tokens of this library's lexer in Python.
"""

_PROCESSES = """
## By processes

All {programs:,} programs as a Parquet file, which passes by in blocks of 20,000, searched for the same rows by one and
by two processes (`num_proc`), with equal results. CPU seconds are those of all processes.

| processes | CPU seconds | rows a core second |
|---|---|---|"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the datasets; the embedded functions alone without")
    add_page(parser)
    arguments = parser.parse_args()
    disable_progress_bars()
    logger.disable("datatrove")
    text = "\n".join(page(arguments.data)) + "\n"
    write_or_print(text, arguments.write)


if __name__ == "__main__":
    main()

"""Near-duplicate components against the libraries for it, in one run on one corpus: cost, recall, agreement.

Needs, beside codeshift: ``pip install rensa datasketch SetSimilaritySearch``. The corpus is the functions of the
standard library and of the packages installed, so an environment with the ``dev`` extra holds the 50,000.

    OMP_NUM_THREADS=1 python benchmarks/near_duplicates.py --write benchmarks/near_duplicates.md
"""

from __future__ import annotations

import argparse
import ast
import platform
import random
import statistics
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasketch
import numpy as np
import rensa
import SetSimilaritySearch

from codeshift.documents import markdown
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.components import labels_of_links

THRESHOLD, NGRAM = 0.7, 5
Pairs = set[tuple[int, int]]


def functions() -> Iterator[str]:
    """The source of every function in the standard library and in site-packages, files in a fixed random order."""
    paths = sysconfig.get_paths()
    files = {file for key in ("stdlib", "purelib") for file in Path(paths[key]).rglob("*.py")}
    ordered = sorted(files)
    random.Random(0).shuffle(ordered)
    for file in ordered:
        try:
            source = file.read_text(encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue  # fixtures of parsers' tests
        lines = source.splitlines(keepends=True)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield "".join(lines[node.lineno - 1 : node.end_lineno])


def timed(function: Callable[..., Any], *arguments: object) -> tuple[Any, float]:
    """The result and the CPU seconds."""
    started = time.process_time()
    result = function(*arguments)
    return result, time.process_time() - started


def ngrams(tokens: list[str]) -> set[str]:
    """The token n-grams of a row, as strings, which is what the peers take."""
    return {" ".join(tokens[i : i + NGRAM]) for i in range(max(len(tokens) - NGRAM + 1, min(len(tokens), 1)))}


def jaccard(first: set[str], second: set[str]) -> float:
    """The similarity of two sets."""
    overlap = len(first & second)
    return overlap / (len(first) + len(second) - overlap) if first or second else 1.0


def verified(candidates: Iterable[tuple[int, int]], sets: list[set[str]]) -> Pairs:
    """Those candidates that are similar enough in truth."""
    distinct = {
        (first, second) if first < second else (second, first) for first, second in candidates if first != second
    }
    return {pair for pair in distinct if jaccard(sets[pair[0]], sets[pair[1]]) >= THRESHOLD}


def by_rensa(sets: list[set[str]], bands: int) -> Pairs:
    """R-MinHash of rensa, 128 permutations, with its LSH, candidates verified."""
    lsh = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=128, num_bands=bands)
    hashes = []
    for row, shingles in enumerate(sets):
        hashes.append(rensa.RMinHash(num_perm=128, seed=42))
        hashes[row].update(list(shingles))
        lsh.insert(row, hashes[row])
    return verified(((row, other) for row, minhash in enumerate(hashes) for other in lsh.query(minhash)), sets)


def by_datasketch(sets: list[set[str]]) -> Pairs:
    """MinHash of datasketch, 128 permutations, with its LSH, candidates verified."""
    lsh = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=128)
    hashes = []
    for row, shingles in enumerate(sets):
        hashes.append(datasketch.MinHash(num_perm=128, seed=42))
        hashes[row].update_batch([shingle.encode() for shingle in shingles])
        lsh.insert(row, hashes[row])
    return verified(((row, other) for row, minhash in enumerate(hashes) for other in lsh.query(minhash)), sets)


def by_exact_join(sets: list[set[str]]) -> Pairs:
    """SetSimilaritySearch's exact all-pairs join: the truth that the others are measured by."""
    similar = SetSimilaritySearch.all_pairs(sets, similarity_func_name="jaccard", similarity_threshold=THRESHOLD)
    return {(min(first, second), max(first, second)) for first, second, _ in similar}


def labels_of(pairs: Pairs, rows: int) -> np.ndarray:
    """The components under the pairs."""
    return labels_of_links(rows, np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2))


def together(labels: np.ndarray, pairs: Pairs) -> float:
    """The share of pairs whose rows are in one component."""
    return float(np.mean([labels[first] == labels[second] for first, second in pairs]))


def measure(texts: list[str]) -> tuple[list[list[str]], list[str]]:
    """The table's rows, and sentences on what was found."""
    finder = NearDuplicates(threshold=THRESHOLD, ngram=NGRAM)
    runs = [timed(finder.components, texts) for _ in range(3)]
    ours, cost = runs[0][0], statistics.median(seconds for _, seconds in runs)
    tokens, lexing = timed(lambda: [lex(text) for text in texts])
    sets, shingling = timed(lambda: [ngrams(of_text) for of_text in tokens])
    preparing = lexing + shingling
    truth, exact_cost = timed(by_exact_join, sets)
    true_labels = labels_of(truth, len(texts))
    rows = [["codeshift", "-", "-", f"{cost:.2f}", "1", f"{together(ours.labels, truth):.4f}"]]
    rows[0].append("yes" if np.array_equal(ours.labels, true_labels) else "no")
    peers: list[tuple[str, Callable[..., Pairs], tuple[Any, ...]]] = [
        ("rensa, 16 bands", by_rensa, (sets, 16)),
        ("rensa, 32 bands", by_rensa, (sets, 32)),
        ("datasketch", by_datasketch, (sets,)),
    ]
    timings = [(name, *timed(search, *arguments)) for name, search, arguments in peers]
    for name, pairs, seconds in [*timings, ("SetSimilaritySearch (exact)", truth, exact_cost)]:
        labels = labels_of(pairs, len(texts))
        total = preparing + seconds
        row = [name, f"{preparing:.2f}", f"{seconds:.2f}", f"{total:.2f}", f"{total / cost:.1f}"]
        rows.append([*row, f"{together(labels, truth):.4f}", "yes" if np.array_equal(labels, true_labels) else "no"])
    order = random.Random(1).sample(range(len(texts)), len(texts))
    shuffled = finder.components([texts[row] for row in order]).labels
    same = len(set(zip(ours.labels[order].tolist(), shuffled.tolist(), strict=True))) == ours.sizes.size
    return rows, [
        ours.summary() + ".",
        f"{len(truth):,} pairs at the threshold; rows in another order gave {'the same' if same else 'OTHER'} "
        "components.",
    ]


def report(texts: list[str]) -> str:
    """The page: corpus, machine, table."""
    rows, facts = measure(texts)
    names = ("numpy", "scipy", "rensa", "datasketch", "SetSimilaritySearch")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    header = [
        "",
        "lexing and n-grams in Python",
        "search",
        "all",
        "cost against codeshift",
        "recall",
        "components exact",
    ]
    table = markdown.table(header, rows)
    return f"""# Near-duplicate components: cost and recall

`OMP_NUM_THREADS=1 python benchmarks/near_duplicates.py --write benchmarks/near_duplicates.md`

{len(texts):,} Python functions, {sum(map(len, texts)) / 1e6:.1f} million characters; Jaccard similarity of token
{NGRAM}-grams of at least {THRESHOLD}. CPU seconds in one run (codeshift: the median of three, from texts to
components); recall is the share of the exact join's pairs whose rows end in one component. The peers' candidates are
verified.

{table}

{facts[0]}
{facts[1]}

{platform.machine()}, Python {platform.python_version()}, {packages}.
"""


def main() -> None:
    """Collects the corpus, measures, and prints or writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    texts = [text for _, text in zip(range(arguments.rows), functions(), strict=False)]
    page = report(texts)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()

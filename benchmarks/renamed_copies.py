"""Renamed copies: recall on what a renamer makes, precision on pairs that were read, and cost.

OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/renamed_copies.py --write benchmarks/renamed_copies.md

``--pairs FILE`` writes the drawn pairs, to be read. What was read of them stands in ``results/renamed_pairs.json``: the
digest of each pair, and whether it is a copy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pages import add_page, write_or_print

from codeshift.data import stdlib_functions
from codeshift.metrics import bootstrap_ci
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.renaming import FEWEST_TOKENS, without_strings
from helpers.renamer import renamed

_READ = Path(__file__).parent / "results" / "renamed_pairs.json"
_DRAWN, _SEED, _TIMES = 200, 20, 3
_SEARCHES = {
    "names and literals compared": NearDuplicates(),
    "identifiers ignored": NearDuplicates(identifiers="ignored"),
    "literals ignored": NearDuplicates(literals="ignored"),
    "both ignored": NearDuplicates(identifiers="ignored", literals="ignored"),
}
_BOTH = _SEARCHES["both ignored"]


def page() -> Iterator[str]:
    """The lines of the page."""
    code = list(stdlib_functions()["code"])
    yield _HEAD.format(rows=len(code))
    yield from _recall(code)
    yield from _precision(code)
    yield from _cost(code)


def drawn_pairs(code: list[str]) -> tuple[int, list[tuple[str, str]]]:
    """The number of pairs that are found without names and literals alone, and some of them, drawn at random."""
    named = NearDuplicates().components(code).labels
    pairs = [(a, b) for a, b in _BOTH.components(code).pairs.tolist() if named[a] != named[b]]
    chosen = random.Random(_SEED).sample(pairs, min(_DRAWN, len(pairs)))
    return len(pairs), [(code[a], code[b]) for a, b in chosen]


def digest(pair: tuple[str, str]) -> str:
    """The name of a pair among those that were read."""
    return hashlib.sha256("\0".join(pair).encode()).hexdigest()[:12]


def _recall(code: list[str]) -> Iterator[str]:
    long = [text for text in code if text.isascii() and len(lex(without_strings(text))) >= FEWEST_TOKENS]
    yield "## Copies that a renamer made\n"
    yield f"Of the {len(long):,} functions of {FEWEST_TOKENS} tokens and more, each in other names"
    yield "alone, and in other names with other strings and numbers: the share of copies that are found.\n"
    yield "| search | other names | other names and literals |\n|---|---|---|"
    copies = {literals: [renamed(text, literals=literals) for text in long] for literals in (False, True)}
    for name, search in _SEARCHES.items():
        shares = [f"{search.nearest(of, long).share:.2%}" for of in copies.values()]
        yield f"| {name} | {' | '.join(shares)} |"


def _precision(code: list[str]) -> Iterator[str]:
    count, pairs = drawn_pairs(code)
    read = json.loads(_READ.read_text())
    yield "\n## Pairs that were read\n"
    yield f"{count:,} links between rows are found only without names and literals. {len(pairs)} of them"
    yield f"were drawn and read, one after the other. {_RULE}\n"
    yield "| tokens of the shorter | pairs | copies | share, 95% interval |\n|---|---|---|---|"
    sizes = [min(len(lex(side)) for side in pair) for pair in pairs]
    for low, high in ((0, FEWEST_TOKENS), (FEWEST_TOKENS, 60), (60, 10**9), (0, 10**9)):
        verdicts = [read[digest(pair)] for pair, size in zip(pairs, sizes, strict=True) if low <= size < high]
        name = "all" if high - low == 10**9 else f"{low} to {high - 1}" if high < 10**9 else f"{low} and more"
        of = bootstrap_ci([float(is_copy) for is_copy in verdicts])
        yield f"| {name} | {of.n} | {sum(verdicts)} | {of.value:.1%} [{of.low:.1%}, {of.high:.1%}] |"


def _cost(code: list[str]) -> Iterator[str]:
    yield f"\n## Cost\n\nCPU seconds of `components` on all functions, the least of {_TIMES} runs. Without names more"
    yield "n-grams are common, so fewer rows are ruled out before they are compared.\n"
    yield "| search | seconds | against comparing all |\n|---|---|---|"
    seconds = {name: _seconds(lambda search=search: search.components(code)) for name, search in _SEARCHES.items()}
    first = next(iter(seconds.values()))
    for name, taken in seconds.items():
        yield f"| {name} | {taken:.2f} | {taken / first:.1f} |"


def _seconds(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(_TIMES):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def _write_pairs(path: Path) -> None:
    _, pairs = drawn_pairs(list(stdlib_functions()["code"]))
    parts = [f"=== {i} {digest(pair)}\n{pair[0]}\n---\n{pair[1]}\n" for i, pair in enumerate(pairs)]
    path.write_text("".join(parts), encoding="utf-8")


_HEAD = """# Renamed copies: recall, precision and cost

`OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/renamed_copies.py --write benchmarks/renamed_copies.md`

The {rows:,} functions of `stdlib_functions`, one after the other; Jaccard similarity of token 5-grams of at least 0.7.
"""
_RULE = """A pair counts
as a copy if one function is the other with names, strings or numbers replaced and at most a few small edits, so that a
model that has seen the one was shown the other's statements. It is none if only the form is alike. Most pairs of fewer
than 40 tokens are methods of tkinter of one line, such as `winfo_x` and `winfo_y`; there names are compared, and what
differs are literals."""


def main() -> None:
    """Write the page, or the pairs to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_page(parser)
    parser.add_argument("--pairs", type=Path, help="the file for the drawn pairs, which are then to be read")
    arguments = parser.parse_args()
    if arguments.pairs:
        _write_pairs(arguments.pairs)
        return
    text = "\n".join(page()) + "\n"
    write_or_print(text, arguments.write)


if __name__ == "__main__":
    main()

"""How CPU time grows with the text: the same work on eight times the text, as a ratio; a linear cost gives about 8.

OMP_NUM_THREADS=1 python benchmarks/growth.py --write benchmarks/growth.md
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from codeshift.metrics import BLEU, ChrF, CodeBLEU, EditSimilarity, SyntacticValidity
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.study.findings.failures import repeats_itself

TIMES = 8
_HEADING = """# How time grows with the text

`OMP_NUM_THREADS=1 python benchmarks/growth.py --write benchmarks/growth.md`

The same work on a text that was made to be hard, and on eight times that text: a linear cost gives a ratio of about 8,
a quadratic one 64. Times are CPU seconds on one thread, the better of two runs. By its definition, edit similarity
compares each character with every other, 64 at a time.

"""
LANGUAGES = ("c", "cpp", "c_sharp", "go", "java", "javascript", "php", "python", "ruby", "rust", "typescript")
BACKTRACKING = ("1", "e", "1e", "1e-", "1.", "0x", ">", "_", "'", "é", " ", "1e-1")
HOSTILE = (
    "(", "{", "[", "if ( a ) { ", "if ( a ) { x = 1 ; } else ", "x = x + 1 ; ", "f ( a , ", "\"'", "`${", "/*", "\0",
)  # fmt: skip
METRICS = (BLEU(), ChrF(), EditSimilarity(), SyntacticValidity("java"))


def works() -> Iterator[tuple[str, Callable[[int], object]]]:
    """What is timed: its name, and the work at a multiple of its size."""
    for unit in BACKTRACKING:
        yield f"lexer, text of `{unit}`", lambda times, unit=unit: lex(unit * (times * 100_000 // len(unit)))
    for metric in METRICS:
        for name, text in (("brackets", "(" * 1000), ("words", "a b c d " * 250)):
            yield (
                f"{metric.name}, {name}",
                lambda times, metric=metric, text=text: metric.score([text * times], [(text * times)[::-1]]),
            )
    for language in LANGUAGES:
        yield f"CodeBLEU of {language}, brackets, branches, quotes", lambda times, code=language: _codebleu(code, times)
    yield "CodeBLEU of Java, loops in loops", lambda times: CodeBLEU("java").score([_LOOP * 250 * times], ["x ;"])
    yield (
        "near-duplicates, a chain of rows",
        lambda times: NearDuplicates(ngram=1, threshold=0.8).components(_chain(times)),
    )
    yield "failure modes, a repetition", lambda times: repeats_itself("ab " * 5000 * times + "x = 1")


_LOOP = "while ( x ) { x = x + y ; "


def _codebleu(language: str, times: int) -> object:
    texts = [text * 300 * times for text in HOSTILE]
    return CodeBLEU(language).score(texts, [text + " x" for text in texts])


def _chain(times: int) -> list[str]:
    words = [f"w{i}" for i in range(4000 * times + 12)]
    return [" ".join(words[start : start + 12]) for start in range(4000 * times)]


def seconds(work: Callable[[int], object], times: int) -> float:
    """CPU seconds of the work, the better of two."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        work(times)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    lines = ["| work | CPU s | of eight times the text | ratio |", "|---|---|---|---|"]
    for name, work in works():
        work(1)
        short, long = seconds(work, 1), seconds(work, TIMES)
        lines.append(f"| {name} | {short:.4f} | {long:.4f} | {long / max(short, 1e-6):.1f} |")
        print(lines[-1], flush=True)
    if arguments.write:
        arguments.write.write_text(_HEADING + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

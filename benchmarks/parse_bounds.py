"""How far real code stays below the bounds of ``codeshift.properties.bounds``: folders of source files, by language.

Usage: ``python benchmarks/parse_bounds.py FOLDER... [--files 200]``. It prints, for each language, the largest share of
each bound that a file takes, by itself and in the shells of ``codeshift.properties.parsing``. The bounds were set on
2,700 functions and files of 7 languages: the largest share was .3 of reads, .2 of reports and .225 of what is open,
measured before the limits of reads and reports were raised to what they are.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Parser

from codeshift.properties import bounds
from codeshift.properties.grammars import ts_language
from codeshift.properties.parsing import _SHELLS

_ENDINGS = {
    ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".cs": "c_sharp", ".go": "go", ".java": "java",
    ".js": "javascript", ".mjs": "javascript", ".php": "php", ".py": "python", ".rb": "ruby", ".rs": "rust",
    ".ts": "typescript",
}  # fmt: skip


def files(folders: list[Path], most: int) -> dict[str, list[Path]]:
    """Files of each language, at most some, drawn with one seed."""
    by_language: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _ENDINGS and path.is_file():
                by_language.setdefault(_ENDINGS[path.suffix], []).append(path)
    drawn = random.Random(0)
    return {language: drawn.sample(paths, min(most, len(paths))) for language, paths in by_language.items()}


def shares(source: bytes, language: str) -> tuple[float, float, float]:
    """What share of each bound (reports, reads, open at once) a text takes."""
    reports = reads = farthest = 0
    of_reports = 0.0

    def piece(offset: int, _: object) -> bytes:
        nonlocal reads
        reads += 1
        return source[offset : offset + bounds.PIECE]

    def report(offset: int, _: bool) -> bool:
        nonlocal reports, farthest, of_reports
        reports += 1
        farthest = max(farthest, offset)
        of_reports = max(of_reports, reports / (bounds.FREE_REPORTS + farthest // bounds.BYTES_A_REPORT))
        return False

    Parser(ts_language(language)).parse(piece, progress_callback=report)
    most_reads = bounds.FREE_READS + bounds.READS_A_PIECE * (len(source) // bounds.PIECE)
    return (
        of_reports,
        reads / most_reads,
        bounds.open_at_once(source.decode("utf-8", "replace"), language) / bounds.MOST_OPEN,
    )


def sources(path: Path, language: str) -> Iterator[bytes]:
    """A file as it is and in the shells of its language."""
    source = path.read_bytes()
    yield source
    yield from (before + source + after for before, after, _ in _SHELLS.get(language, ()))


def main() -> None:
    """Print the largest shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--files", type=int, default=200)
    arguments = parser.parse_args()
    for language, paths in sorted(files(arguments.folders, arguments.files).items()):
        measured = [(shares(source, language), path) for path in paths for source in sources(path, language)]
        for i, bound in enumerate(("reports", "reads", "open at once")):
            largest, path = max((share[i], str(path)) for share, path in measured)
            print(f"{language:12} {len(paths):5} files  {bound:13} {largest:.3f}  {path}")


if __name__ == "__main__":
    main()

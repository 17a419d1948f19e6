"""Make ``examples/data``: functions of codeshift itself, the manifest of a split of them, and labelled functions.

The files are a snapshot that the notebooks read; run this only to make new ones. The labelled functions are drawn from
a file of functions of TheAlgorithms' repositories (``language``, ``path``, ``added``, ``code`` and ``label``), if one
is named: ``python scripts/example_data.py functions.jsonl``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path

from datasets import Dataset

from codeshift.data.functions import python_functions
from codeshift.splitters import ASTNodeSplitter, LengthSplitter

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "examples" / "data"
ROWS = 240
MOST_CHARACTERS = 1200
MOST_CHARACTERS_LABELLED = 700
OF_EACH, OF_OTHERS = 14, 3  # rows of a language and a label that stands in every language, and of any other


def main() -> int:
    """Write the files."""
    if len(sys.argv) > 1:
        write_labelled(Path(sys.argv[1]))
        return 0
    found = [
        {"path": path.relative_to(ROOT / "src").as_posix(), "name": function.name, "code": function.code}
        for path in sorted((ROOT / "src").rglob("*.py"))
        for function in python_functions(path.read_text(encoding="utf-8"))
        if 60 < len(function.code) < MOST_CHARACTERS
    ]
    rows = [found[i * len(found) // ROWS] for i in range(ROWS)]  # evenly over the files
    DATA.mkdir(exist_ok=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (DATA / "functions.jsonl").write_text(lines, encoding="utf-8")
    loops = ASTNodeSplitter(column="code", language="python", nodes=("for_statement", "while_statement"))
    longest = LengthSplitter(column="code", quantiles=(0.9, 1.0))
    (loops | longest).assign(Dataset.from_list(rows), seed=7).manifest.save(DATA / "paper-split.json")
    return 0


def write_labelled(source: Path) -> None:
    """Write some functions of each language and label, those with the smallest digests of their numbers."""
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    languages = defaultdict(set)
    for row in rows:
        languages[row["label"]].add(row["language"])
    drawn = defaultdict(list)
    for row in sorted(rows, key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest()):
        if len(row["code"]) <= MOST_CHARACTERS_LABELLED:
            drawn[row["language"], row["label"] or ""].append(row)
    every = len({row["language"] for row in rows})
    with (DATA / "algorithms.jsonl").open("w", encoding="utf-8") as file:
        for (_, label), group in sorted(drawn.items()):
            for row in group[: OF_EACH if len(languages[label]) == every else OF_OTHERS]:
                kept = {name: row[name] for name in ("language", "path", "added", "code", "label")}
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())

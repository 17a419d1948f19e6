"""Makes ``examples/data``: functions of codeshift itself, and the manifest of a split of them.

The files are a snapshot that the notebooks read; run this only to make new ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datasets import Dataset

from codeshift.data.functions import python_functions
from codeshift.splitters import ASTNodeSplitter, LengthSplitter

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "examples" / "data"
ROWS = 240
MOST_CHARACTERS = 1200


def main() -> int:
    """Writes both files."""
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


if __name__ == "__main__":
    sys.exit(main())

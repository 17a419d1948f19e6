"""Make ``examples/data``: functions of codeshift itself, a manifest of their split, labelled rows, pairs, problems.

The files are a snapshot that the notebooks read; run this only to make new ones. The labelled functions are drawn from
a file of functions of TheAlgorithms' repositories (``language``, ``path``, ``added``, ``code`` and ``label``), if one
is named: ``python scripts/example_data.py functions.jsonl``. So are queries with functions, from the validation part of
CoSQA: ``python scripts/example_data.py --pairs validation.jsonl``. The problems are those of MBPP with short texts:
``python scripts/example_data.py --mbpp mbpp.jsonl``.
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
MOST_CHARACTERS_OF_PROBLEMS = 300  # of the tests, and of the program
PROBLEMS = 440
OF_EACH, OF_OTHERS = 14, 3  # rows of a language and a label that stands in every language, and of any other
PAIRS_OF_A_LABEL = 80


def main() -> int:
    """Write the files."""
    if sys.argv[1:2] == ["--mbpp"]:
        write_problems(Path(sys.argv[2]))
        return 0
    if len(sys.argv) > 1:
        write = write_pairs if sys.argv[1] == "--pairs" else write_labelled
        write(Path(sys.argv[-1]))
        return 0
    functions = [
        {"path": path.relative_to(ROOT / "src").as_posix(), "name": function.name, "code": function.code}
        for path in sorted((ROOT / "src").rglob("*.py"))
        for function in python_functions(path.read_text(encoding="utf-8"))
        if 60 < len(function.code) < MOST_CHARACTERS
    ]
    rows = [functions[i * len(functions) // ROWS] for i in range(ROWS)]  # evenly over the files
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


def write_problems(source: Path) -> None:
    """Write the first problems of MBPP with short programs and tests, with line ends and tabs as plain as others'."""
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    with (DATA / "mbpp.jsonl").open("w", encoding="utf-8") as file:
        kept = []
        for row in rows:
            code = row["code"].replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").strip()
            tests = "\n".join(row["test_list"])
            if max(len(tests), len(code)) <= MOST_CHARACTERS_OF_PROBLEMS and not row["test_setup_code"]:
                kept.append({"task_id": row["task_id"], "text": row["text"], "code": code, "tests": row["test_list"]})
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in kept[:PROBLEMS])


def write_pairs(source: Path) -> None:
    """Write some short rows of each label, those with the smallest digests of their names."""
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    folder = DATA / "code_search"
    folder.mkdir(exist_ok=True)
    short = [row for row in rows if len(row["code"]) <= MOST_CHARACTERS_LABELLED]
    short.sort(key=lambda row: hashlib.sha256(row["idx"].encode()).hexdigest())
    kept = [row for label in (0, 1) for row in [row for row in short if row["label"] == label][:PAIRS_OF_A_LABEL]]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    (folder / "validation.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

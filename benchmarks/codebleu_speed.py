"""CodeBLEU against the PyPI package ``codebleu`` 0.7.0: CPU seconds and scores on two files of real Java code.

Run from the repository, with the peer in an environment that has codeshift's requirements too:

    pip install --no-deps codebleu==0.7.0        # its pins would take back tree-sitter
    OMP_NUM_THREADS=1 python benchmarks/codebleu_speed.py --data ../shared/data --write benchmarks/codebleu.md
    python benchmarks/codebleu_speed.py --peer-rows tests/metrics/codebleu_peer_rows.json
    python benchmarks/codebleu_speed.py --peer-rows tests/metrics/codebleu_several_references.json
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from codeshift.metrics.codebleu import CodeBLEU

FILES = (
    ("code_refinement_small/codebert_predictions.jsonl", "prediction", "reference"),
    ("code_refinement_medium/validation.jsonl", "buggy", "fixed"),
)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--peer-rows", type=Path, help="score the rows of this file with the peer, and write them back")
    options = parser.parse_args()
    if options.peer_rows:
        write_peer_rows(options.peer_rows)
        return
    report = "\n".join(lines(options.data, options.repeats)) + "\n"
    print(report)
    if options.write:
        options.write.write_text(report, encoding="utf-8")


def lines(data: Path, repeats: int) -> list[str]:
    """The report."""
    report = [
        "# CodeBLEU: time and scores",
        "",
        "`OMP_NUM_THREADS=1 python benchmarks/codebleu_speed.py --data ../shared/data --write benchmarks/codebleu.md`",
        "",
        f"Corpus CodeBLEU, CPU seconds of one process, medians of {repeats} runs that take turns in one process; the",
        'peer is `codebleu` 0.7.0 installed with `--no-deps`; "compat" is `CodeBLEU("java", compat="codebleu-0.7")`.',
        "With two processes it is CPU seconds of the busiest one: what a run takes where each has a core of its own.",
        "",
        "| rows | | CPU s | rows/s | as fast | CodeBLEU | ngram | weighted | syntax | data flow |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, prediction, reference in FILES:
        with (data / name).open(encoding="utf-8") as rows:
            pairs = [json.loads(row) for row in rows]
        report += table(name, [p[prediction] for p in pairs], [p[reference] for p in pairs], repeats)
    versions = ", ".join(
        f"{package} {importlib.metadata.version(package)}"
        for package in ("codebleu", "tree-sitter", "tree-sitter-java", "numpy")
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return [*report, "", f"{machine}, {versions}."]


def table(name: str, predictions: list[str], references: list[str], repeats: int) -> list[str]:
    """One file's lines."""
    scorers: dict[str, Callable[[], tuple[float, ...]]] = {
        "codebleu 0.7.0": lambda: peer(predictions, references),
        "codeshift, compat": lambda: ours(CodeBLEU("java", compat="codebleu-0.7"), predictions, references),
        "codeshift, default": lambda: ours(CodeBLEU("java"), predictions, references),
    }
    seconds: dict[str, list[float]] = {scorer: [] for scorer in scorers}
    scores: dict[str, tuple[float, ...]] = {}
    for _ in range(repeats):
        for scorer, run in scorers.items():
            start = time.process_time()
            scores[scorer] = run()
            seconds[scorer].append(time.process_time() - start)
    median = {scorer: statistics.median(times) for scorer, times in seconds.items()}
    label = f"{len(predictions):,} ({name.split('/')[0]})"
    report = [
        f"| {label} | {scorer} | {median[scorer]:.2f} | {len(predictions) / median[scorer]:,.0f} | "
        f"{median['codebleu 0.7.0'] / median[scorer]:.1f}x | " + " | ".join(f"{s:.5f}" for s in scores[scorer]) + " |"
        for scorer in scorers
    ]
    busiest = two_processes(predictions, references)
    ratio = median["codebleu 0.7.0"] / busiest
    processes = f"{busiest:.2f} | {len(predictions) / busiest:,.0f} | {ratio:.1f}x"
    return [*report, f"| {label} | codeshift, default, two processes | {processes} | the same | | | | |"]


def two_processes(predictions: list[str], references: list[str]) -> float:
    """CPU seconds of the busiest of three processes: this one, which hands out rows, and two that score them."""
    metric = CodeBLEU("java")
    with ProcessPoolExecutor(2) as executor:
        list(executor.map(metric.score, [["x"]] * 8, [["y"]] * 8))  # both have started and loaded the grammar
        workers = [child.pid for child in multiprocessing.active_children()]
        before = [cpu_seconds(pid) for pid in workers]
        start = time.process_time()
        spread = metric.corpus(predictions, references, executor=executor)
        here = time.process_time() - start
        spent = [cpu_seconds(pid) - was for pid, was in zip(workers, before, strict=True)]
    if spread != metric.corpus(predictions, references):
        raise SystemExit("two processes give another score than one")
    return max(here, *spent)


def cpu_seconds(pid: int | None) -> float:
    """CPU seconds that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peer(predictions: list[str], references: list[str]) -> tuple[float, ...]:
    """The peer's score and parts."""
    import codebleu

    result = codebleu.calc_codebleu([[reference] for reference in references], predictions, lang="java")
    return tuple(float(value) for value in result.values())


def ours(metric: CodeBLEU, predictions: list[str], references: list[str], **options: Any) -> tuple[float, ...]:
    """Our score and parts."""
    score = metric.corpus(predictions, references, **options)
    return (score.value, *score.parts.values())


class InOrder(list):
    """What the peer's ``set`` becomes: a list without repetitions, in order, whatever PYTHONHASHSEED is."""

    def __init__(self, items: Any = ()) -> None:
        super().__init__(dict.fromkeys(items))

    def add(self, item: Any) -> None:
        """As a set's."""
        if item not in self:
            self.append(item)


def write_peer_rows(path: Path) -> None:
    """Add the peer's figures to each row of a JSON file of language, prediction and reference, or a list of them."""
    import codebleu
    import tree_sitter_php
    from codebleu.parser import DFG

    tree_sitter_php.language_php = tree_sitter_php.language_php_only  # the grammar that we take
    DFG.set = codebleu.dataflow_match.set = InOrder
    rows = json.loads(path.read_text(encoding="utf-8"))
    for row in rows:
        several = row["reference"] if isinstance(row["reference"], list) else [row["reference"]]
        row["peer"] = codebleu.calc_codebleu([several], [row["prediction"]], lang=row["language"])
    path.write_text(json.dumps(rows, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

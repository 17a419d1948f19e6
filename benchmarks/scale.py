"""Memory and time of a split as the rows grow: 10,000 to a million functions, and ten million short rows.

The functions are those of the standard library and of the packages installed; beyond the first 100,000, they come again
with every name that they bind renamed. Each case runs in a process of its own. Memory is the peak that the
operating system counts for it (``ru_maxrss``) less what it was once everything was imported; it includes the pages of
memory-mapped files that the process has read, which the system takes back when it needs them. What the process and its
workers hold of their own is read up to four times a second (``process_memory.py``).

    OMP_NUM_THREADS=1 python benchmarks/scale.py rows --folder FOLDER --rows 100000
    OMP_NUM_THREADS=1 python benchmarks/scale.py run --folder FOLDER --rows 100000 --cases length syntax \
        --write benchmarks/results/scale.json
    python benchmarks/scale.py page --read benchmarks/results/scale.json --write benchmarks/scale.md
"""

from __future__ import annotations

import argparse
import ast
import json
import keyword
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from one_pass import functions
from process_memory import watched

COUNTS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
SHORT_ROWS = 10_000_000
_ORIGINALS = 100_000
_BATCH = 10_000
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")

# Each case: the splitter, and whether near-duplicates are bound.
CASES: dict[str, tuple[str, str | None]] = {
    "length": ("LengthSplitter('code', quantiles=(0.9, 1.0))", "bind"),
    "length, unbound": ("LengthSplitter('code', quantiles=(0.9, 1.0))", None),
    "syntax": ("ASTNodeSplitter('code', language='python', nodes=('while_statement',))", "bind"),
    "API": ("APIUsageSplitter('code', language='python', apis=('os.path',))", "bind"),
}
# One process that splits by each in turn: what it takes after the last is more than each takes alone.
IN_TURN = ("length", "syntax", "API")


def bound_names(source: str) -> frozenset[str]:
    """The names that a function binds: its own, its arguments, and what it assigns to."""
    lines = source.splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse("if True:\n" + source if margin else source)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return frozenset(name for name in names if not keyword.iskeyword(name))


def real_rows(count: int) -> Iterator[str]:
    """``count`` functions: the first 100,000 as they are, then these again and again with their names renamed."""
    originals: list[tuple[str, frozenset[str]]] = []
    for source in functions():
        try:
            originals.append((source, bound_names(source)))
        except (SyntaxError, ValueError):
            continue
        yield source
        if len(originals) == min(count, _ORIGINALS):
            break
    for copy in range(1, -(-count // len(originals))):
        for source, names in originals:
            yield renamed(source, names, copy)


def renamed(source: str, names: frozenset[str], copy: int) -> str:
    """A function with some of its names renamed."""
    return _WORD.sub(lambda match: f"{match[0]}_{copy}" if match[0] in names else match[0], source)


def short_rows(count: int) -> Iterator[str]:
    """``count`` different rows of a few tokens."""
    return (f"x{i} = f{i % 97}({'x, ' * (i % 11)}{i % 1009})" for i in range(count))


def rows_file(folder: Path, count: int, *, short: bool) -> Path:
    """The file of some rows, which is made if there is none."""
    import pyarrow as pa

    path = folder / f"{'short' if short else 'real'}-{count}.arrow"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        texts = islice(short_rows(count) if short else real_rows(count), count)
        schema = pa.schema([("code", pa.string())])
        part = path.with_suffix(".part")
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
            while batch := list(islice(texts, _BATCH)):
                writer.write_batch(pa.record_batch([pa.array(batch, pa.string())], schema=schema))
        part.replace(path)
    return path


def measured(path: Path, case: str, num_proc: int | None) -> dict[str, Any]:
    """What a split costs in this process: memory in MB beyond importing, and CPU and wall seconds."""
    import scipy.sparse.csgraph  # noqa: F401 - imported by a split sooner or later
    from datasets import Dataset, disable_progress_bars

    import codeshift.properties.near_duplicates  # noqa: F401
    from codeshift.properties import PropertyTable
    from codeshift.splitters import parse_splitter

    steps = [(parse_splitter(CASES[name][0]), CASES[name][1]) for name in (IN_TURN if case == "in turn" else (case,))]
    disable_progress_bars()
    rows = PropertyTable(Dataset.from_file(str(path)), num_proc=num_proc)
    before, cpu, wall = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, _cpu(), time.perf_counter()
    main_thread = time.thread_time()
    print("ready", flush=True)
    after = []
    for splitter, near_duplicates in steps:
        assignment = splitter.assign(rows, seed=0, near_duplicates=near_duplicates)
        splits = assignment.to_dataset_dict()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        after.append({"peak_mb": round(peak / 1024), "cpu_seconds": round(sum(_cpu()) - sum(cpu), 2)})
        print(splitter, after[-1], file=sys.stderr, flush=True)
    own, of_workers = (after - before for after, before in zip(_cpu(), cpu, strict=True))
    wall, main_thread = time.perf_counter() - wall, time.thread_time() - main_thread
    print("measured", flush=True)  # what follows is no part of a split
    return {
        "rows": len(rows),
        "case": case,
        "num_proc": num_proc,
        "cores": os.cpu_count(),
        **after[-1],
        "after_each": after,
        "importing_mb": round(before / 1024),
        "largest_worker_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "own_cpu_seconds": round(own, 2),
        "workers_cpu_seconds": round(of_workers, 2),
        "main_thread_cpu_seconds": round(main_thread, 2),
        "wall_seconds": round(wall, 2),
        "parts": {name: len(part) for name, part in splits.items()},
        "digest": assignment.manifest.to_json()[-80:].split('"')[-2],
    }


def _cpu() -> list[float]:
    """The CPU seconds of this process, and of its workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [each.ru_utime + each.ru_stime for each in used]


def in_own_process(path: Path, case: str, num_proc: int | None) -> dict[str, Any]:
    """``measured`` in a new process, whose own memory, with that of its workers, is watched."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, "measure", "--file", str(path), "--cases", case]
        command += [] if num_proc is None else ["--num-proc", str(num_proc)]
        environment = {**os.environ, "CODESHIFT_CACHE": cache}
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert child.stdout is not None
        if child.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{case} of {path} did not start")
        with watched(child.pid) as held:
            child.stdout.readline()  # "measured"
        result: dict[str, Any] = json.loads(child.stdout.read())
    return result | {"peak_held_mb": round(max(held) - held[0])}


def main() -> None:
    """Make rows, measure cases, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("rows", "run", "measure", "page"))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "codeshift-scale")
    parser.add_argument("--file", type=Path, help="one file of rows, for a measurement in this process")
    parser.add_argument("--rows", type=int, nargs="*", default=COUNTS)
    parser.add_argument("--short", action="store_true", help="rows of a few tokens in place of functions")
    parser.add_argument("--cases", nargs="*", default=IN_TURN, choices=(*CASES, "in turn"))
    parser.add_argument("--num-proc", type=int, nargs="*", default=[None])
    parser.add_argument("--repeats", type=int, default=1, help="runs of each, in turn, of which the quickest is kept")
    parser.add_argument("--name", default="codeshift", help="what the results are of, such as an earlier version")
    parser.add_argument("--read", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--plot", type=Path, default=Path("docs/assets/scale.svg"))
    given = parser.parse_args()
    if given.step == "measure":
        print(json.dumps(measured(given.file, given.cases[0], given.num_proc[0])))
    elif given.step == "page":
        from scale_page import write_page

        write_page(json.loads(given.read.read_text(encoding="utf-8")), given.write, given.plot)
    else:
        _run(given)


def _run(given: argparse.Namespace) -> None:
    results = []
    if given.write is not None and given.write.exists():
        results = json.loads(given.write.read_text(encoding="utf-8"))
    for count in given.rows:
        path = rows_file(given.folder, count, short=given.short)
        for case in given.cases if given.step == "run" else ():
            kind = {"name": given.name, "kind": "short" if given.short else "real", "machine": platform.machine()}
            results += [kind | result for result in _quickest(path, case, given.num_proc, given.repeats)]
            results = list({tuple(each[name] for name in _SAME): each for each in results}.values())
            if given.write is not None:
                given.write.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


_SAME = ("name", "kind", "rows", "case", "num_proc")
"""What a later result replaces an earlier one by."""


def _quickest(path: Path, case: str, processes: list[int | None], repeats: int) -> list[dict[str, Any]]:
    """The quickest run with each number of processes, of several that are made in turn."""
    quickest: dict[int | None, dict[str, Any]] = {}
    for _ in range(repeats):
        for number in processes:
            result = in_own_process(path, case, number) | {"repeats": repeats}
            print(json.dumps(result), flush=True)
            if number not in quickest or result["wall_seconds"] < quickest[number]["wall_seconds"]:
                quickest[number] = result
    return list(quickest.values())


if __name__ == "__main__":
    main()

"""Mutation testing: draws a seeded sample of mutants, runs the tests of each one's module, and keeps a table.

PYTHONPATH=src python scripts/mutants.py --minutes 30

Each call goes on where the last one stopped: a row of the table is a mutant that was tried. ``--report`` prints how
many were killed, by package, and those that survived. A survivor that changes nothing a user could see is equivalent:
somebody reads it, and writes why into the table with ``--equivalent KEY --why REASON``.

The tests of a package run once without a mutant, and the package ``coverage``, which has to be installed beside, notes
the lines that each of them executes. A mutant is then met by those alone that execute its statement, the quick ones
first, until one fails; those that start processes come last, since the lines of these are not seen. Tests that take
longer than ``QUICK`` and those that start processes are run when all mutants have met the others, on those that
survived. A fault in what is executed on import, such as a constant, is met by all; one in a statement that no test
executes survives at once. What the tests of a file execute is kept in ``build/mutants`` until that file or one of the
package changes.

A fault inside of a function is put into the function that was imported, in a fork of a process that has collected the
tests: nothing is imported or collected again. For other faults everything is.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import hashlib
import importlib
import importlib.util
import inspect
import json
import multiprocessing
import multiprocessing.process
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from mutation import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "promises" / "mutants.jsonl"
SAMPLE = 600
CPU_SECONDS = 900
"""CPU seconds after which a mutant counts as one that never ends."""
QUICK = 0.3
"""CPU seconds below which a test is one of the first that a mutant meets."""
QUICK_ALONE = "none of the quick tests"
"""Stands in a row for the test that kills, where a mutant has yet to meet the tests that take longer."""
_IMPORT = ""
"""Stands among the tests for what is executed before they run."""

_SPLITS, _SPLITTERS = "tests/splits", "tests/splitters"
_STUDY = "tests/study"
_FINETUNE = "tests/finetune"

# By package: its files, the files of tests of them, and those which take minutes of CPU, for what survives the others.
PACKAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "splits": (
        ("src/codeshift/splits/*.py",),
        (
            f"{_SPLITS}/test_manifest.py", f"{_SPLITS}/test_assignment.py", f"{_SPLITS}/test_official.py",
            f"{_SPLITS}/test_config.py", f"{_SPLITS}/test_card.py", f"{_SPLITTERS}/test_group_splitter.py",
            f"{_SPLITS}/test_cross_validation.py", f"{_SPLITS}/test_streaming.py", f"{_SPLITS}/test_odd_input.py",
            f"{_SPLITS}/test_partition.py", f"{_SPLITS}/test_dropping.py", f"{_SPLITS}/test_regimes.py",
        ),
        (
            f"{_SPLITTERS}/test_bad_input.py", f"{_SPLITS}/test_unparsable.py", f"{_SPLITS}/test_hub.py",
            f"{_SPLITTERS}/test_laws.py",
        ),
    ),
    "regions": (
        ("src/codeshift/regions/*.py",),
        (
            "tests/regions", f"{_SPLITTERS}/test_time_splitter.py", f"{_SPLITTERS}/test_group_splitter.py",
            f"{_SPLITTERS}/test_cluster_splitter.py", f"{_SPLITTERS}/test_predicate_splitter.py",
        ),
        (f"{_SPLITS}/test_manifest.py", f"{_STUDY}/test_distributions.py", f"{_SPLITTERS}/test_laws.py"),
    ),
    "metrics/aggregates": (
        ("src/codeshift/metrics/aggregates/*.py",),
        (
            "tests/metrics/test_aggregates.py", "tests/metrics/test_metric_golden.py",
            "tests/metrics/test_pass_at_k.py", "tests/metrics/test_prior_shift.py",
            "tests/metrics/test_classification.py", "tests/metrics/test_ood_detection.py",
        ),
        (
            "tests/metrics/test_metric_laws.py", f"{_STUDY}/test_findings_intervals.py",
            f"{_STUDY}/test_findings_resampling.py", "tests/metrics/test_interval_coverage.py",
        ),
    ),
    "loss": (
        (
            "src/codeshift/finetune/tasks/*.py", "src/codeshift/finetune/teacher_forcing.py",
            "src/codeshift/finetune/optimisation.py", "src/codeshift/finetune/batching.py",
        ),
        (f"{_FINETUNE}/test_classification.py", f"{_FINETUNE}/test_confidence.py"),
        (
            f"{_FINETUNE}/test_trainer.py", f"{_FINETUNE}/test_peer.py", f"{_FINETUNE}/test_evaluator.py",
            f"{_FINETUNE}/test_capacity.py",
        ),
    ),
    "resume": (
        (
            "src/codeshift/finetune/checkpoint.py", "src/codeshift/finetune/training_loop.py",
            "src/codeshift/finetune/row_log.py", "src/codeshift/finetune/atomic_folder.py",
        ),
        (f"{_FINETUNE}/test_row_log.py",),
        (f"{_FINETUNE}/test_trainer.py", f"{_FINETUNE}/test_watching.py", f"{_FINETUNE}/test_resume.py"),
    ),
    "store": (
        (
            "src/codeshift/files.py", "src/codeshift/study/folder/store.py", "src/codeshift/study/folder/paths.py",
            "src/codeshift/study/folder/records.py", "src/codeshift/study/folder/run_scores.py",
            "src/codeshift/study/folder/locks.py",
        ),
        (f"{_STUDY}/test_files.py", f"{_STUDY}/test_locks.py"),
        (
            f"{_STUDY}/test_study_damage.py", f"{_STUDY}/test_study_disk.py", f"{_STUDY}/test_study_run.py",
            f"{_STUDY}/test_study_stateful.py",
        ),
    ),
}  # fmt: skip
_PRELOADED = (
    "numpy", "scipy.sparse", "scipy.stats", "sklearn", "pyarrow", "datasets", "torch", "transformers", "peft",
    "accelerate", "hypothesis", "pytest", "tree_sitter", "yaml", "sacrebleu", "matplotlib",
)  # fmt: skip


def drawn(seed: int, count: int) -> list[tuple[str, Mutant]]:
    """Return a sample of the mutants of all packages, each with its package; a smaller one is the start of a larger."""
    every = [
        (package, mutant)
        for package, (patterns, *_) in PACKAGES.items()
        for pattern in patterns
        for path in sorted(ROOT.glob(pattern))
        for mutant in mutants(path, ROOT)
    ]
    every.sort(key=lambda each: hashlib.sha256(f"{seed} {each[1].key}".encode()).digest())
    return every[:count]


def main() -> None:
    """Try mutants that the table does not hold, or print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--packages", nargs="*", default=list(PACKAGES), choices=list(PACKAGES))
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--again", action="store_true", help="try the survivors again, on tests that were added")
    parser.add_argument("--equivalent", help="the key of a survivor that changes nothing")
    parser.add_argument("--why", help="why it changes nothing")
    arguments = parser.parse_args()
    rows = read_table(arguments.table)
    if arguments.equivalent:
        package, mutant = next(each for each in drawn(arguments.seed, SAMPLE) if each[1].key == arguments.equivalent)
        row = rows.get(mutant.key) or row_of(package, mutant, "equivalent", "none", 0.0)
        write_table(arguments.table, row | {"result": "equivalent", "why": arguments.why})
    elif arguments.report:
        print(report(rows.values()))
    else:
        wanted = [
            (package, mutant)
            for package, mutant in drawn(arguments.seed, SAMPLE)
            if package in arguments.packages
            and (
                mutant.key not in rows
                or rows[mutant.key]["by"] == QUICK_ALONE
                or (arguments.again and rows[mutant.key]["result"] == "survived")
            )
        ]
        until = time.monotonic() + arguments.minutes * 60
        with Workshop() as workshop:
            for workshop.thorough in (False, True):
                for package in arguments.packages:
                    for mutant in (mutant for name, mutant in wanted if name == package):
                        row = read_table(arguments.table).get(mutant.key, {"result": "survived", "by": "none"})
                        met_quick = not workshop.thorough and row["by"] == QUICK_ALONE
                        judged = row["result"] != "survived"  # meanwhile, by somebody
                        if not (met_quick or judged) and time.monotonic() < until:
                            workshop.work(package, mutant, arguments.table)


def read_table(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the table by key."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["key"]: row for row in map(json.loads, lines)}


def row_of(package: str, mutant: Mutant, result: str, by: str, seconds: float) -> dict[str, Any]:
    """Return the row of a mutant; its digest is that of the file which the mutant is of."""
    state = hashlib.sha256((ROOT / mutant.file).read_bytes()).hexdigest()[:12]
    return {
        "key": mutant.key, "package": package, "place": f"{mutant.file}:{mutant.line}", "result": result, "by": by,
        "seconds": seconds, "before": mutant.before, "after": mutant.after, "sha256": state,
    }  # fmt: skip


def write_table(path: Path, row: dict[str, Any]) -> None:
    """Put a row into the table, which is written whole."""
    rows = (read_table(path) | {row["key"]: row}).values()
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".unfinished")
    temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    temporary.replace(path)


def report(rows: Iterable[dict[str, Any]]) -> str:
    """Return the figures as a table of Markdown, and the survivors."""
    rows = list(rows)
    lines = ["| package | tried | equivalent | killed | of the others |", "|---|---:|---:|---:|---:|"]
    for package in (*PACKAGES, None):
        counts = Counter(row["result"] for row in rows if package in (row["package"], None))
        others = counts.total() - counts["equivalent"]
        killed = others - counts["survived"]
        share = f"{killed / others:.0%}" if others else "–"
        name = package or "**together**"
        lines.append(f"| {name} | {counts.total()} | {counts['equivalent']} | {killed} | {share} |")
    survivors = [row for row in rows if row["result"] == "survived"]
    return "\n".join(
        [*lines, "", *(f"{row['key']} {row['place']}\n  - {row['before']}\n  + {row['after']}" for row in survivors)]
    )


class Workshop:
    """A copy of the checkout in which files are mutated, and processes with all libraries loaded that test them."""

    def __enter__(self) -> Workshop:
        """Copy what git knows, and import what tests need."""
        self.folder = Path(tempfile.mkdtemp(prefix="mutants-"))
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in names.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        os.chdir(self.folder)
        sys.path[:0] = [str(self.folder / "src"), str(self.folder), str(self.folder / "tests")]
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:3])
        spec = importlib.util.spec_from_file_location("surroundings", self.folder / "tests" / "conftest.py")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))  # type: ignore[union-attr, arg-type]
        os.environ["PYTEST_XDIST_WORKER"] = "mutants"  # the surroundings of tests are made
        for name in _PRELOADED:
            importlib.import_module(name)
        self.sound: set[str] = set()  # the tests that are known to pass without a mutant
        self.traces: dict[tuple[str, bool], dict[str, Trace]] = {}
        self.thorough = True  # whether tests that take longer are run, too
        self.sessions: dict[str, Connection] = {}  # to the process that has collected the tests of a package
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, and delete the copy."""
        for session in self.sessions.values():
            session.send(None)
            os.wait()
        os.chdir(ROOT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def work(self, package: str, mutant: Mutant, table: Path) -> None:
        """Try a mutant, and write its row."""
        result, by, seconds = self.tried(package, mutant)
        if result == "survived" and not self.thorough:
            by = QUICK_ALONE
        row = row_of(package, mutant, result, by, seconds)
        write_table(table, row)
        print(json.dumps(row), flush=True)

    def tried(self, package: str, mutant: Mutant) -> tuple[str, str, float]:
        """Return whether a test that executes a mutant failed, which, and the CPU seconds."""
        path, source = self.folder / mutant.file, (ROOT / mutant.file).read_bytes()
        traces, mutated = self.traces_of(package), mutant.apply(source)
        lines = executed_with(source.decode(), mutant.line)
        tests = in_order(traces, mutant.file, lines)
        if not self.thorough:
            tests = [name for name in tests if traces[name].seconds < QUICK and not traces[name].starts]
        if not tests:
            return "survived", "none", 0.0
        limit = 60 + 3 * round(sum(traces[name].seconds for name in tests))
        on_import = lines is None or not lines.isdisjoint(traces[_IMPORT].lines.get(mutant.file, ()))
        fault = None if on_import else (mutant.file, source, mutated)
        self._session(package)
        path.write_bytes(mutated)
        result, by, seconds = self._met(package, fault, tests, limit)
        alone = self._met(package, fault, [by], CPU_SECONDS)[0] if result == "killed" and by in traces else result
        path.write_bytes(source)
        if alone == "survived" != result or (alone == "killed" and by in traces and not self._is_sound(package, by)):
            print(f"{by} depends on the tests before it, and is left out", file=sys.stderr)
            traces[by].passes = False
            return self.tried(package, mutant)
        return result, by, seconds

    def _met(
        self, package: str, fault: tuple[str, bytes, bytes] | None, tests: list[str], limit: int
    ) -> tuple[str, str, float]:
        """Run tests on a fault that may be inside of a function; return what ``_run`` does."""
        if fault is not None:
            session = self._session(package)
            session.send((tests, limit, fault))
            if (outcome := session.recv()) is not None:
                return outcome
        return self._run(Chosen(tests, set(self.traces_of(package)) if len(tests) > 1 else set()), limit)

    def _is_sound(self, package: str, test: str) -> bool:
        """Return whether a test passes by itself without a mutant."""
        if test not in self.sound:
            session = self._session(package)
            session.send(([test], CPU_SECONDS, None))
            if session.recv()[0] == "survived":
                self.sound.add(test)
        return test in self.sound

    def _session(self, package: str) -> Connection:
        """Return the connection to the process that has collected the tests of a package, which is begun if need be."""
        if package not in self.sessions:
            _, quick, lengthy = PACKAGES[package]
            files = [*self._files(package), *quick, *lengthy]
            self.sessions[package], other = multiprocessing.Pipe()
            if os.fork() == 0:
                self.sessions[package].close()  # so that this process sees the end of the other
                _test(Collected(self.folder, files, other), self.folder / "first-failure", None)
            self.sessions[package].recv()  # it has imported the files as they are, before one is mutated
        return self.sessions[package]

    def _files(self, package: str) -> list[str]:
        """Return the files of a package."""
        paths = sorted(path for pattern in PACKAGES[package][0] for path in self.folder.glob(pattern))
        return [path.relative_to(self.folder).as_posix() for path in paths]

    def traces_of(self, package: str) -> dict[str, Trace]:
        """Return what each test of a package executes; kept in ``build`` until a file of it or its tests changes."""
        if (package, self.thorough) not in self.traces:
            _, quick, lengthy = PACKAGES[package]
            tests = (*quick, *lengthy) if self.thorough else quick
            names = self._files(package)
            content = b"".join((self.folder / name).read_bytes() for name in names)
            modules = [path for test in tests for path in _modules(self.folder / test)]
            groups = {tuple(names): b""} | {
                (path.relative_to(self.folder).as_posix(),): path.read_bytes() for path in modules
            }
            folder = ROOT / "build" / "mutants" / package.replace("/", "-")
            kept = {}
            for files, more in groups.items():
                digest = hashlib.sha256(content + more).hexdigest()[:12]
                kept[files] = folder / f"{Path(files[-1]).stem}-{digest}.json"
            if missing := {files: path for files, path in kept.items() if not path.exists()}:
                self._run(Recorder(self.folder, set(names), missing), None)
            traces = self.traces[package, self.thorough] = {_IMPORT: Trace(passes=False)}
            for path in kept.values():
                executed = {name: Trace(**each) for name, each in json.loads(path.read_text()).items()}
                for file, lines in executed.pop(_IMPORT).lines.items():
                    traces[_IMPORT].lines[file] = sorted({*lines, *traces[_IMPORT].lines.get(file, ())})
                traces |= executed
        return self.traces[package, self.thorough]

    def _run(self, plugin: Chosen | Recorder, limit: int | None) -> tuple[str, str, float]:
        """Run a plugin's tests in a forked process; return how it ended, the first failure, and its CPU seconds."""
        failure = self.folder / "first-failure"
        return _forked(lambda: _test(plugin, failure, limit), failure)


@dataclass
class Trace:
    """What a test does without a mutant.

    Attributes:
        seconds: CPU seconds, of processes that it starts as well.
        lines: the lines that it executes of each file of the package.
        starts: whether it starts Python in other processes, which may execute any line.
        passes: whether it passes; one that does not is left out.
    """

    seconds: float = 0.0
    lines: dict[str, list[int]] = field(default_factory=dict)
    starts: bool = False
    passes: bool = True


def executed_with(source: str, line: int) -> set[int] | None:
    r"""Return the lines of a module of which one is executed when a fault in a line is; None if it is while imported.

    >>> source = "LOW = 1\ndef f(x=LOW):\n    y = [\n        x,\n    ]\n    if y:\n        return 1\n"
    >>> [executed_with(source, line) for line in (1, 2, 4, 6)]
    [None, {3, 4, 5, 6, 7}, {3, 4, 5}, {6}]
    """
    statements: list[Any] = ast.parse(source).body
    lines: set[int] | None = None
    while node := next((each for each in statements if each.lineno <= line <= each.end_lineno), None):
        statements = _statements_of(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):  # or its signature, whose faults show when it runs
            lines = set(range(node.body[0].lineno, (node.end_lineno or 0) + 1))
        elif lines is not None:
            lines = set(range(node.lineno, statements[0].lineno if statements else node.end_lineno + 1)) | {node.lineno}
    return lines


def _statements_of(node: ast.AST) -> list[Any]:
    """Return the statements in all blocks of a statement."""
    blocks = [*getattr(node, "cases", ()), node]
    names = ("body", "handlers", "orelse", "finalbody")
    return [each for block in blocks for name in names for each in getattr(block, name, ())]


def in_order(traces: Mapping[str, Trace], file: str, lines: set[int] | None) -> list[str]:
    """Return the tests that may execute some lines of a file, those that tell soonest first.

    Tests of a file stand together, because they share what is costly to make; those of a second or more come later,
    and those that start processes last.
    """

    def executes(test: Trace) -> bool:
        return bool(test.lines.get(file)) if lines is None else not lines.isdisjoint(test.lines.get(file, ()))

    chosen = {
        name: test for name, test in traces.items() if test.passes and (lines is None or test.starts or executes(test))
    }
    ranks = {name: (not executes(test), test.starts, test.seconds >= 1) for name, test in chosen.items()}
    files = {name: name.partition("::")[0] for name in chosen}
    sums: defaultdict[Any, float] = defaultdict(float)
    for name, test in chosen.items():
        sums[ranks[name], files[name]] += test.seconds
    return sorted(chosen, key=lambda name: (ranks[name], sums[ranks[name], files[name]], files[name]))


def changed_functions(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]]:
    r"""Return the functions of a module, nested ones too, that a fault changes; none where it changes more than these.

    >>> before, after, other = (
    ...     compile(f"LOW = {low}\ndef f(x):\n    return [x + {add} for _ in 'ab']", "m.py", "exec")
    ...     for low, add in ((1, 1), (1, 2), (2, 1))
    ... )
    >>> [pair[0].co_name for pair in changed_functions(before, after)], changed_functions(before, other)
    (['f', '<listcomp>'], [])
    """
    pairs = [(before, after)]
    changed = []
    for old, new in pairs:
        if _content(old) == _content(new):
            continue
        inner = [[each for each in code.co_consts if isinstance(each, CodeType)] for code in (old, new)]
        is_function = bool(old.co_flags & inspect.CO_OPTIMIZED)
        if is_function:
            changed.append((old, new))
        elif len(inner[0]) != len(inner[1]) or _content(old, nested=False) != _content(new, nested=False):
            return []
        pairs.extend(zip(*inner, strict=False))
    return changed


def _content(code: CodeType, *, nested: bool = True) -> tuple[Any, ...]:
    """Return what a code object does, whatever its lines are."""
    constants = [
        (_content(each) if nested else "") if isinstance(each, CodeType) else repr(each) for each in code.co_consts
    ]
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_code, names, constants


class Collected:
    """Plugin of pytest that collects tests, and then runs those that it is sent the names of, each time in a fork."""

    def __init__(self, folder: Path, arguments: list[str], connection: Connection) -> None:
        self.folder, self.arguments, self.connection = folder, arguments, connection

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer each request by what ``_forked`` returns, or by None where the fault is in no function."""
        items = {item.nodeid: item for item in session.items}
        gc.unfreeze()  # what the tests' surroundings have put where it is not listed
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        gc.freeze()
        failure = self.folder / "first-failure"
        self.connection.send("collected")
        while (request := self.connection.recv()) is not None:
            tests, limit, fault = request
            codes = [] if fault is None else self._placed(functions, *fault)
            if fault is not None and not codes:
                self.connection.send(None)
                continue
            chosen = [items[name] for name in tests if name in items]
            self.connection.send(_forked(lambda: _go_through(chosen, codes, failure, limit), failure))  # noqa: B023
        return True

    def _placed(
        self, functions: list[FunctionType], file: str, before: bytes, after: bytes
    ) -> list[tuple[FunctionType, CodeType]]:
        """Return the imported functions that a fault changes, each with its code."""
        path = str(self.folder / file)
        pairs = changed_functions(*(compile(source, path, "exec", dont_inherit=True) for source in (before, after)))
        return [
            (function, new)
            for function in functions
            if function.__code__.co_filename == path
            for old, new in pairs
            if function.__code__ == old and len(new.co_freevars) == len(old.co_freevars)
        ]


class Chosen:
    """Plugin of pytest that runs some tests in their order, and such as a mutant gave another name."""

    def __init__(self, tests: list[str], known: set[str]) -> None:
        self.ranks = {name: rank for rank, name in enumerate(tests)}
        self.known = known
        self.arguments = ["-x", *dict.fromkeys(name.partition("::")[0] for name in tests)]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is not chosen."""
        unknown = [item for item in items if self.known and item.nodeid not in self.known and not _is_no_test(item)]
        kept = [item for item in items if item.nodeid in self.ranks]
        items[:] = [*sorted(kept, key=lambda item: self.ranks[item.nodeid]), *unknown]


class Recorder:
    """Plugin of pytest that writes what each test executes, in a fork for each group of files; it names what fails."""

    def __init__(self, folder: Path, files: set[str], kept: dict[tuple[str, ...], Path]) -> None:
        self.folder, self.kept = folder, kept
        self.files = {str(folder / name): name for name in files}
        self.arguments = [name for group in kept for name in group]
        self.traces: dict[str, Trace] = {}
        self.failed: set[str] = set()
        self.starts = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out functions of modules that only look like tests."""
        items[:] = [item for item in items if not _is_no_test(item)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Record group after group, so that one which is recorded is kept whatever happens to the next."""
        self.coverage.stop()
        failure = self.folder / "first-failure"
        for group, kept in self.kept.items():
            items = [item for item in session.items if item.nodeid.partition("::")[0] in group]
            _forked(lambda: self._record(items, kept), failure)  # noqa: B023
        return True

    def _record(self, items: list[pytest.Item], kept: Path) -> None:
        """Run tests in this process, which ends here, and write what they execute."""
        _set_off(20 * CPU_SECONDS)
        self.coverage.start()
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        self.coverage.stop()
        self._write(kept)
        os._exit(0)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Trace a test, and what is made for it."""
        self.starts, before = False, sum(os.times()[:4])
        self.coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.coverage.switch_context("")
            self.traces[item.nodeid] = Trace(round(sum(os.times()[:4]) - before, 3), starts=self.starts)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionstart(self) -> None:
        """Note from here on what is executed, and processes of Python that are started."""
        import coverage

        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=list(self.files))
        self.coverage.start()
        sys.addaudithook(self._event)
        start = multiprocessing.process.BaseProcess.start

        def noticed(process: Any) -> None:
            self.starts = True
            start(process)

        multiprocessing.process.BaseProcess.start = noticed  # type: ignore[method-assign]

    def _write(self, kept: Path) -> None:
        self.traces[_IMPORT] = Trace(passes=False)
        executed = self.coverage.get_data()
        for path, file in self.files.items():
            for line, tests in executed.contexts_by_lineno(path).items():
                for name in tests:
                    self.traces[name].lines.setdefault(file, []).append(line)
        for name in sorted(self.failed):
            print(f"{name} fails without a mutant, and is left out", file=sys.__stderr__)
        rows = {
            name: vars(trace) | {"passes": trace.passes and name not in self.failed}
            for name, trace in self.traces.items()
        }
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(".unfinished")
        temporary.write_text(json.dumps(rows, indent=0), encoding="utf-8")
        temporary.replace(kept)

    def _event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.fork" or (event in ("subprocess.Popen", "os.posix_spawn") and "python" in repr(arguments[:2])):
            self.starts = True


def _modules(path: Path) -> list[Path]:
    """Return the modules of a folder, or the one that a path is."""
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _is_no_test(item: pytest.Item) -> bool:
    """Return whether an item is a function of the library that is called as tests are."""
    return item.nodeid.startswith("src/") and not isinstance(item, pytest.DoctestItem)


def _forked(function: Callable[[], Any], failure: Path) -> tuple[str, str, float]:
    """Call a function that does not return in a fork; return how it ended, the first failure, and its CPU seconds."""
    failure.write_text("")
    scratch = failure.parent.with_name(f"{failure.parent.name}-scratch")  # a process that is killed leaves its files
    scratch.mkdir(exist_ok=True)
    child = os.fork()
    if child == 0:
        os.environ.update(TMPDIR=str(scratch), PYTEST_DEBUG_TEMPROOT=str(scratch))
        tempfile.tempdir = str(scratch)
        function()
    _, status, used = os.wait4(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it may have left
    shutil.rmtree(scratch, ignore_errors=True)
    seconds = round(used.ru_utime + used.ru_stime, 1)
    if os.WIFSIGNALED(status):
        return "timeout", signal.Signals(os.WTERMSIG(status)).name, seconds
    by = failure.read_text()
    return ("survived" if by == "none" else "killed"), by, seconds


def _go_through(
    items: list[pytest.Item], codes: list[tuple[FunctionType, CodeType]], failure: Path, limit: int
) -> None:
    """Give functions their code, and run collected tests in this process, which ends here, until one fails."""
    _set_off(limit)
    for function, code in codes:
        function.__code__ = code
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if failure.read_text():
            break
    else:
        failure.write_text("none")
    os._exit(0)


def _set_off(limit: int | None) -> None:
    """Make this process the first of its group, with a limit on its CPU seconds."""
    os.setsid()
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))


def _test(plugin: Chosen | Recorder | Collected, failure: Path, limit: int | None) -> None:
    """Run tests in this process, which ends here; write the first failure, or ``none``."""

    class Failures:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed and not failure.read_text():
                failure.write_text(report.nodeid)

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed and not failure.read_text():
                failure.write_text(report.nodeid)

    _set_off(limit)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with failure.with_name(f"output-{type(plugin).__name__}").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not real_model", "-o", f"timeout={CPU_SECONDS}"]
    code = pytest.main([*options, *plugin.arguments], plugins=[Failures(), plugin])
    if not failure.read_text():
        failure.write_text("none" if code == 0 else f"exit code {int(code)}")
    os._exit(0)


if __name__ == "__main__":
    main()

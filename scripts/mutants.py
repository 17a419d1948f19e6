"""Mutation testing: draws a seeded sample of mutants, runs the tests of each one's module, and keeps a table.

PYTHONPATH=src python scripts/mutants.py --minutes 30

Each call goes on where the last one stopped: a row of the table is a mutant that was tried. ``--report`` prints how
many were killed, by package, and those that survived. A survivor that changes nothing a user could see is equivalent:
somebody reads it, and writes why into the table with ``--equivalent KEY --why REASON``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import importlib.util
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutation import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "promises" / "mutants.jsonl"
SAMPLE = 600
CPU_SECONDS = 900
"""CPU seconds after which a mutant counts as one that never ends."""

_SPLITS, _SPLITTERS = "tests/splits", "tests/splitters"
_STUDY = "tests/study"
_FINETUNE = "tests/finetune"

# By package: its files, and the files of tests of them, which run in this order until one fails.
PACKAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "splits": (
        ("src/codeshift/splits/*.py",),
        (
            f"{_SPLITS}/test_manifest.py", f"{_SPLITS}/test_assignment.py", f"{_SPLITS}/test_official.py",
            f"{_SPLITS}/test_config.py", f"{_SPLITS}/test_card.py", f"{_SPLITTERS}/test_group_splitter.py",
            f"{_SPLITS}/test_cross_validation.py", f"{_SPLITS}/test_streaming.py",
            f"{_SPLITTERS}/test_bad_input.py", f"{_SPLITS}/test_odd_input.py", f"{_SPLITS}/test_partition.py",
            f"{_SPLITS}/test_dropping.py",
            f"{_SPLITS}/test_regimes.py", f"{_SPLITS}/test_unparsable.py", f"{_SPLITTERS}/test_laws.py",
            f"{_SPLITS}/test_hub.py",
        ),
    ),
    "regions": (
        ("src/codeshift/regions/*.py",),
        (
            "tests/regions", f"{_SPLITS}/test_manifest.py",
            f"{_SPLITTERS}/test_time_splitter.py", f"{_SPLITTERS}/test_group_splitter.py",
            f"{_SPLITTERS}/test_cluster_splitter.py", f"{_SPLITTERS}/test_predicate_splitter.py",
            f"{_STUDY}/test_distributions.py", f"{_SPLITTERS}/test_laws.py",
        ),
    ),
    "metrics/aggregates": (
        ("src/codeshift/metrics/aggregates/*.py",),
        (
            "tests/metrics/test_aggregates.py", "tests/metrics/test_metric_golden.py",
            "tests/metrics/test_pass_at_k.py", "tests/metrics/test_prior_shift.py",
            "tests/metrics/test_classification.py", "tests/metrics/test_ood_detection.py",
            "tests/metrics/test_metric_laws.py",
            f"{_STUDY}/test_findings_intervals.py", f"{_STUDY}/test_findings_resampling.py",
            "tests/metrics/test_interval_coverage.py",
        ),
    ),
    "loss": (
        (
            "src/codeshift/finetune/tasks/*.py", "src/codeshift/finetune/teacher_forcing.py",
            "src/codeshift/finetune/optimisation.py", "src/codeshift/finetune/batching.py",
        ),
        (
            f"{_FINETUNE}/test_classification.py", f"{_FINETUNE}/test_trainer.py", f"{_FINETUNE}/test_peer.py",
            f"{_FINETUNE}/test_evaluator.py", f"{_FINETUNE}/test_capacity.py", f"{_FINETUNE}/test_confidence.py",
        ),
    ),
    "resume": (
        (
            "src/codeshift/finetune/checkpoint.py", "src/codeshift/finetune/training_loop.py",
            "src/codeshift/finetune/row_log.py", "src/codeshift/finetune/atomic_folder.py",
        ),
        (
            f"{_FINETUNE}/test_row_log.py", f"{_FINETUNE}/test_resume.py", f"{_FINETUNE}/test_trainer.py",
            f"{_FINETUNE}/test_watching.py",
        ),
    ),
    "store": (
        (
            "src/codeshift/files.py", "src/codeshift/study/folder/store.py", "src/codeshift/study/folder/records.py",
            "src/codeshift/study/folder/run_scores.py", "src/codeshift/study/folder/locks.py",
        ),
        (
            f"{_STUDY}/test_files.py", f"{_STUDY}/test_locks.py", f"{_STUDY}/test_study_damage.py",
            f"{_STUDY}/test_study_disk.py", f"{_STUDY}/test_study_run.py", f"{_STUDY}/test_study_stateful.py",
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
        for package, (patterns, _) in PACKAGES.items()
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
        rows[arguments.equivalent] |= {"result": "equivalent", "why": arguments.why}
        write_table(arguments.table, rows.values())
    elif arguments.report:
        print(report(rows.values()))
    else:
        wanted = [
            (package, mutant)
            for package, mutant in drawn(arguments.seed, SAMPLE)
            if package in arguments.packages
            and (mutant.key not in rows or (arguments.again and rows[mutant.key]["result"] == "survived"))
        ]
        with Workshop() as workshop:
            until = time.monotonic() + arguments.minutes * 60
            for package, mutant in wanted:
                if time.monotonic() > until:
                    break
                rows[mutant.key] = workshop.tried(package, mutant)
                write_table(arguments.table, rows.values())
                print(json.dumps(rows[mutant.key]), flush=True)


def read_table(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the table by key."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["key"]: row for row in map(json.loads, lines)}


def write_table(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write the table whole."""
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
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the copy."""
        os.chdir(ROOT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def tried(self, package: str, mutant: Mutant) -> dict[str, Any]:
        """Return the row of a mutant: whether a test of its package failed, which, and its CPU seconds."""
        path, source = self.folder / mutant.file, (ROOT / mutant.file).read_bytes()
        path.write_bytes(mutant.apply(source))
        result, by, seconds = self._run([f"src/{Path(mutant.file).relative_to('src')}", *PACKAGES[package][1]])
        path.write_bytes(source)
        if result == "killed" and by not in self.sound:
            if self._run([by])[0] != "survived":
                raise SystemExit(f"{by} fails without a mutant, too:\n{(self.folder / 'output').read_text()[-3000:]}")
            self.sound.add(by)
        facts = {"key": mutant.key, "package": package, "place": f"{mutant.file}:{mutant.line}", "result": result}
        state = hashlib.sha256(source).hexdigest()[:12]
        return facts | {
            "by": by, "seconds": seconds, "before": mutant.before, "after": mutant.after, "sha256": state,
        }  # fmt: skip

    def _run(self, tests: list[str]) -> tuple[str, str, float]:
        """Run tests in a forked process; return how it ended, the first failure, and its CPU seconds."""
        failure = self.folder / "first-failure"
        failure.write_text("")
        child = os.fork()
        if child == 0:
            _test(tests, failure)
        _, status, used = os.wait4(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it may have left
        seconds = round(used.ru_utime + used.ru_stime, 1)
        if os.WIFSIGNALED(status):
            return "timeout", signal.Signals(os.WTERMSIG(status)).name, seconds
        by = failure.read_text()
        return ("survived" if by == "none" else "killed"), by, seconds


def _test(tests: list[str], failure: Path) -> None:
    """Run tests in this process, which ends here; write the first failure, or ``none``."""
    import pytest

    class Failures:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed and not failure.read_text():
                failure.write_text(report.nodeid)

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed and not failure.read_text():
                failure.write_text(report.nodeid)

    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with failure.with_name("output").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not real_model"]
    code = pytest.main([*options, *tests], plugins=[Failures()])
    if not failure.read_text():
        failure.write_text("none" if code == 0 else f"exit code {int(code)}")
    os._exit(0)


if __name__ == "__main__":
    main()

"""Install the built archives into empty environments, with the oldest and the newest Python at hand, and try them.

python scripts/smoke.py dist
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
MOST_MEGABYTES = 15
MOST_SECONDS = 60
# Runs in the empty environment, so it may use nothing but the standard library and what the base install brings.
SMOKE = r"""
import importlib.util, pathlib, subprocess, sys, tempfile
import codeshift
from codeshift.audit import audit
from codeshift.data import stdlib_functions
from codeshift.metrics import BLEU, CodeBLEU, ExactMatch
from codeshift.properties import grammar
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitManifest

assert "site-packages" in codeshift.__file__, codeshift.__file__
assert codeshift.__version__ == sys.argv[1], (codeshift.__version__, sys.argv[1])
assert importlib.util.find_spec("torch") is None
assert importlib.util.find_spec("tools") is None  # pretraining stays in the repository
names = ("c", "cpp", "c_sharp", "go", "java", "javascript", "php", "python", "ruby", "rust", "typescript")
assert all(grammar(name).node_kinds for name in names)

rows = stdlib_functions().select(range(600))
ood = LengthSplitter(column="code", quantiles=(0.9, 1.0)) | ASTNodeSplitter(
    column="code", language="python", nodes=("while_statement",)
)
assignment = ood.assign(rows, seed=0)
splits = assignment.to_dataset_dict()
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "split.json")
    assignment.manifest.save(path)
    again = SplitManifest.load(path).apply(rows.shuffle(seed=1))
assert sorted(again["test_ood"]["code"]) == sorted(splits["test_ood"]["code"])
assert audit(assignment, rows, column="code", language="python", n_permutations=39).verdict.label
assert ExactMatch().corpus(["x"], ["x"]).value == BLEU().corpus(["a b c d e"], ["a b c d e"]).value == 1.0
assert CodeBLEU("java").corpus(["int f() { return 1; }"], ["int f() { return 1; }"]).value == 1.0
command = pathlib.Path(sys.executable).with_name("codeshift")
told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
assert codeshift.__version__ in told.stdout
with tempfile.TemporaryDirectory() as folder:
    place = pathlib.Path(folder)
    splits.save_to_disk(place / "parts")
    (place / "study.yaml").write_text(
        "data: rows.jsonl\ncolumn: code\nlanguage: python\nsource: docstring\ntarget: code\n"
        "scenarios: [length_p80_p100]\nmethods: [full]\n"
    )
    rows.to_json(place / "rows.jsonl")
    task = ["parts", "--source", "docstring", "--target", "code"]
    for words in (
        ["train", *task, "--out", "model"], ["train", *task, "--out", "model", "--method", "lora"], ["evaluate", *task],
        ["study", "plan", "study.yaml"], ["study", "run", "study.yaml", "--out", "out"], ["demo"],
    ):
        lacking = subprocess.run([command, *words], capture_output=True, text=True, cwd=place)
        assert lacking.returncode == 2, (words, lacking.stderr)
        assert "pip install 'codeshift-ood[finetune]'" in lacking.stderr, (words, lacking.stderr)
        assert "Traceback" not in lacking.stderr, (words, lacking.stderr)
    for words in (["audit", "parts", "--permutations", "39"], ["doctor"], ["languages"]):
        works = subprocess.run([command, *words], capture_output=True, text=True, cwd=place)
        assert works.returncode == 0, (words, works.stderr)
print("smoke test passed on Python", sys.version.split()[0])
"""


def main() -> int:
    """Try every environment and return 0 if all passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the wheel and the source archive are")
    folder = parser.parse_args().folder.resolve()
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    version = wheel.name.split("-")[1]
    megabytes = wheel.stat().st_size / 1e6
    print(f"{wheel.name}: {megabytes:.1f} MB; {source.name}: {source.stat().st_size / 1e6:.1f} MB", flush=True)
    if megabytes > MOST_MEGABYTES:
        sys.exit(f"the wheel must have at most {MOST_MEGABYTES} MB")
    for python in chosen_pythons():
        for archive in (wheel, source):
            seconds, cpu_seconds = try_in_empty_environment(python, archive, version)
            print(f"{python}: {archive.name} installed in {seconds:.0f} s, {cpu_seconds:.0f} CPU s", flush=True)
            if seconds > MOST_SECONDS:
                print(f"  more than {MOST_SECONDS} s: a busy machine, or a dependency without a wheel", flush=True)
    return 0


def try_in_empty_environment(python: Path, archive: Path, version: str) -> tuple[float, float]:
    """Install an archive without extras and run the smoke test.

    Returns:
        The seconds that installing took, by the clock and of the processor.
    """
    with tempfile.TemporaryDirectory() as place:
        # Not the place's own path: macOS has it behind a link.
        root = Path(place).resolve()
        subprocess.run([python, "-m", "venv", root / "env"], check=True)
        inside = root / "env" / "bin" / "python"
        start, before = time.perf_counter(), cpu_of_children()
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([inside, "-m", "pip", "install", *quiet, archive], check=True, cwd=root)
        seconds, cpu_seconds = time.perf_counter() - start, cpu_of_children() - before
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        (root / "smoke.py").write_text(SMOKE, encoding="utf-8")
        subprocess.run([inside, "smoke.py", version], check=True, cwd=root, env=clean)
    return seconds, cpu_seconds


def cpu_of_children() -> float:
    """Return the CPU seconds of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def chosen_pythons() -> list[Path]:
    """Return the oldest supported Python and the newest at hand; a single one if they are the same."""
    interpreters = dict(sorted(pythons()))
    if OLDEST not in interpreters:
        sys.exit(f"Python {'.'.join(map(str, OLDEST))} must be at hand, found only {interpreters}")
    return list(dict.fromkeys([interpreters[OLDEST], interpreters[max(interpreters)]]))


def pythons() -> Iterator[tuple[tuple[int, int], Path]]:
    """Return the interpreters from ``OLDEST`` on: on the path, of pyenv, and the running one."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += Path.home().glob(".pyenv/versions/*/bin")
    for minor in range(OLDEST[1], OLDEST[1] + 20):
        for folder in folders:
            place = shutil.which(f"python3.{minor}", path=str(folder))
            if place and (3, minor) == version_of(Path(place)):
                yield (3, minor), Path(place)
    yield (sys.version_info.major, sys.version_info.minor), Path(sys.executable)


def version_of(python: Path) -> tuple[int, int] | None:
    """Return the version of an interpreter; None if it does not run, such as pyenv's stand-ins."""
    printed = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"Python (\d+)\.(\d+)\.\d+$", printed.stdout.strip())
    return (int(version[1]), int(version[2])) if version else None


if __name__ == "__main__":
    sys.exit(main())

"""Without an extra, every public package and every command either works or names the extra."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from codeshift.cli import main
from codeshift.data import load_splits
from helpers.cli_rows import rows, write
from helpers.study_files import YAML, place, study_file

MODELS = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors")
PAGES = ("matplotlib",)
CLUSTERS = ("dask", "distributed")
# What each installation lacks, and the extra that the first missing package belongs to.
LACKS = {"base": MODELS + PAGES + CLUSTERS, "report": MODELS + CLUSTERS, "finetune": CLUSTERS}
PACKAGES = [
    "codeshift", "codeshift.audit", "codeshift.cli", "codeshift.data", "codeshift.distributed", "codeshift.errors",
    "codeshift.finetune",
    "codeshift.finetune.testing", "codeshift.metrics", "codeshift.metrics.execution", "codeshift.metrics.testing",
    "codeshift.properties", "codeshift.splitters", "codeshift.splitters.testing", "codeshift.study",
]  # fmt: skip

# A process in which some packages cannot be found, as if they were not installed.
SCRIPT = """
import contextlib, importlib, io, json, sys
from importlib.machinery import PathFinder

blocked, packages, commands = json.loads(sys.argv[1])

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in blocked else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
told = {}
for name in packages:
    try:
        importlib.import_module(name)
        told[name] = ""
    except Exception as error:
        told[name] = f"{type(error).__name__}: {error}"
from codeshift.cli import main
for command in commands:
    with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(command)
        except SystemExit as end:
            code = end.code
    told[" ".join(command)] = [code, err.getvalue()]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return a folder with rows, a split, a study file and a finished study, all made with every extra."""
    root = tmp_path_factory.mktemp("extras")
    data = write(root / "rows.jsonl", rows())
    assert main(["split", data, "--splitter", 'LengthSplitter(column="func")', "--out", str(root / "parts")]) == 0
    where = place(tmp_path_factory.mktemp("study"))
    short = YAML.replace("  - length_p80_p100\n", "").replace("methods: [full, lora]", "methods: [full]")
    predictions = [
        {"doc": row["doc"], "prediction": "pass"}
        for part in ("test_id", "test_ood")
        for row in load_splits(root / "parts")[part]
    ]
    (root / "predictions.jsonl").write_text("\n".join(map(json.dumps, predictions)), encoding="utf-8")
    file = study_file(where, short.replace("  lora:\n    learning_rate: 1e-3\n", ""))
    assert main(["study", "run", file, "--out", str(root / "study")]) == 0
    folders = {name: str(root / name) for name in ("parts", "study")}
    return {"root": str(root), "data": data, "file": file, "predictions": str(root / "predictions.jsonl"), **folders}


def commands(here: dict[str, str], *, with_models: bool = False) -> list[list[str]]:
    """Return every command with arguments."""
    root, data, parts = here["root"], here["data"], here["parts"]
    task, lengths = ["--source", "doc", "--target", "func"], ["--max-source-length", "8", "--max-target-length", "16"]
    return [
        ["split", data, "--splitter", 'LengthSplitter(column="func")', "--out", f"{root}/again", "--overwrite"],
        ["audit", parts, "--column", "func", "--language", "python", "--permutations", "39"],
        ["audit", parts, "--column", "func", "--permutations", "39", "--out", f"{root}/audit.html"],
        ["overlap", parts, data, "--column", "func"],
        ["train", parts, *task, *lengths, "--max-steps", "1", "--out", f"{root}/model"],
        ["train", parts, *task, *lengths, "--method", "lora", "--max-steps", "1", "--out", f"{root}/lora"],
        ["evaluate", parts, *task, *lengths, "--max-new-tokens", "2", "--generate-rows", "1"],
        ["export", parts, *task, "--format", "requests", "--out", f"{root}/requests"],
        ["score", parts, here["predictions"], *task, "--id", "doc"],
        ["study", "plan", here["file"]],
        ["study", "run", here["file"], "--out", f"{root}/other"],
        ["study", "status", here["study"]],
        ["study", "report", here["study"], "--out", f"{root}/report.html"],
        ["study", "report", here["study"], "--figures", f"{root}/figures"],
        *([] if with_models else [["demo", "--out", f"{root}/demo"]]),
        ["doctor"],
        ["languages"],
        ["cache", "info"],
    ]


NEED_MODELS = {"train", "evaluate", "export", "score", "study plan", "study run", "demo"}
NEED_PAGES = {"study report"}


@pytest.mark.parametrize("installed", LACKS)
def test_missing_extras_are_named(installed: str, here: dict[str, str]) -> None:
    """What needs an extra says how to install it, without a traceback, and everything else works."""
    tried = commands(here, with_models=installed == "finetune")  # with the extra, the demo would take minutes
    given = json.dumps([LACKS[installed], PACKAGES, tried])
    run = subprocess.run([sys.executable, "-c", SCRIPT, given], capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    results: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    models, pages = installed != "finetune", installed == "base"
    for name in PACKAGES:
        expected = "MissingExtraError: torch is not installed: pip install 'codeshift-ood[finetune]'"
        assert results[name] == (expected if models and name.startswith("codeshift.finetune") else ""), name
    for command in tried:
        code, err = results[" ".join(command)]
        name = " ".join(command[:2]) if command[0] == "study" else command[0]
        lacking = "finetune" if models and name in NEED_MODELS else "report" if pages and name in NEED_PAGES else None
        if lacking:
            assert (code, f"pip install 'codeshift-ood[{lacking}]'" in err) == (2, True), (command, err)
        else:
            assert code == 0, (command, err)
        assert "Traceback" not in err


def test_all_commands_are_tried(here: dict[str, str]) -> None:
    """A new command must be added above."""
    from codeshift.cli.parser import make_parser

    names = {name for action in make_parser()._subparsers._group_actions for name in action.choices}  # type: ignore[union-attr]
    assert names == {command[0] for command in commands(here)}

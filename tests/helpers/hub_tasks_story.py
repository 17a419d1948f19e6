"""What a user loads from the hub, run with the HF_ENDPOINT of ``hub_stand_in``: prints what came back.

It runs in a process of its own because HF_ENDPOINT is read when ``huggingface_hub`` is imported.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from helpers.hub_story import TOKEN, stay_here


def rows(part: str, **columns: str) -> list[dict[str, Any]]:
    """Return two rows whose values say where they are from."""
    return [
        {"id": i} | {name: f"{value} {part} {i}" if value else "" for name, value in columns.items()} for i in (0, 1)
    ]


EVAL = {
    "task_id": "HumanEval/0",
    "prompt": "def f(x):\n",
    "canonical_solution": "    return x + 1\n",
    "test": "def check(candidate):\n    assert candidate(1) == 2\n",
    "entry_point": "f",
}
BASIC = {
    "task_id": 11,
    "text": "Write f.",
    "code": "def f(x):\r\n    return math.floor(x)",
    "test_list": ["assert f(1.5) == 1", "assert f(2) == 2"],
    "test_setup_code": "import math",
    "challenge_test_list": [],
}
SANITIZED = {"task_id": 11, "prompt": "Write f.", "code": "def f(x): return 1", "test_imports": ["import math"],
             "test_list": ["assert f(1.5) == 1"]}  # fmt: skip
DEFECT = {"id": 0, "func": "int f(void) { return 0; }", "target": False, "project": "qemu", "commit_id": "a"}
CLONES = {
    "id": 0,
    "id1": 7,
    "id2": 8,
    "func1": "int f() { return 0; }",
    "func2": "int g() { return 0; }",
    "label": True,
}

SEARCH = {"idx": "cosqa-train-0", "doc": "python add one", "code": "def f(x): return x + 1", "label": 1}
VULNERABLE = {"idx": 1, "project": "qemu", "commit_id": "a", "target": 0, "func": "int f(void);", "cwe": ["CWE-1"]}


def publish() -> None:
    """Push datasets with the columns of the tasks to the hub."""
    from datasets import Dataset, DatasetDict

    def push(name: str, config: str, parts: dict[str, list[dict[str, Any]]]) -> None:
        splits = DatasetDict({part: Dataset.from_list(rows_of_part) for part, rows_of_part in parts.items()})
        splits.push_to_hub(name if "/" in name else f"google/{name}", config_name=config, token=TOKEN)

    every = ("train", "validation", "test")
    push(
        "code_x_glue_tc_text_to_code",
        "default",
        {part: rows(part, nl="text", code="" if part == "test" else "java") for part in every},
    )
    for size in ("small", "medium"):
        parts = {part: rows(part, buggy=f"{size} bug", fixed=f"{size} fix") for part in every}
        push("code_x_glue_cc_code_refinement", size, parts)
    push("openai/openai_humaneval", "openai_humaneval", {"test": [EVAL]})
    push("google-research-datasets/mbpp", "full", {"train": [BASIC], "test": [BASIC]})
    push("google-research-datasets/mbpp", "sanitized", {"test": [SANITIZED]})
    push("code_x_glue_cc_defect_detection", "default", {part: [DEFECT] for part in every})
    push("code_x_glue_cc_clone_detection_big_clone_bench", "default", {part: [CLONES] for part in every})
    push("gonglinyuan/CoSQA", "default", {part: [SEARCH] for part in ("train", "validation")})
    push("colin/PrimeVul", "default", {part: [VULNERABLE] for part in every})
    push("colin/PrimeVul", "paired", {part: [VULNERABLE | {"target": 1}] for part in every})
    programs = [{"func": f"x{i} = " + "1 + " * (i % 30) + "1"} for i in range(60)]
    push("programs", "python", {"train": programs})
    push("code_x_glue_cc_code_to_code_trans", "default", {part: rows(part, java="J", cs="C#") for part in every})


def story() -> dict[str, Any]:
    """Load each task, rows with other names, and something that does not exist."""
    from codeshift import reaching_hub
    from codeshift.data import load_rows, load_task

    reaching_hub.ANSWERS_WITHIN = 3600.0  # however slow the machine of the tests is
    results: dict[str, Any] = {}
    for name in (
        "text-to-code", "code-refinement", "code-translation", "humaneval", "mbpp", "defect-detection",
        "clone-detection", "code-search", "vulnerability-detection",
    ):  # fmt: skip
        results[name] = _loaded(lambda name=name: load_task(name))  # type: ignore[misc]
    results["sanitized"] = _loaded(lambda: load_task("mbpp", config="sanitized"))
    results["paired"] = _loaded(lambda: load_task("vulnerability-detection", config="paired"))
    results["medium"] = _loaded(lambda: load_task("code-refinement", config="medium"))
    trans = "google/code_x_glue_cc_code_to_code_trans"
    results["rows"] = load_rows(trans, split="train+test", rename={"java": "code"}).to_list()
    results["no split"] = _refused(lambda: load_rows(trans))
    results["command"] = _commanded("--rename", "func=code", "--config", "python", "--scenario", "length_p80_p100")
    results["no config"] = _refused(lambda: load_rows("google/code_x_glue_cc_code_refinement", split="train"))
    results["no dataset"] = _refused(lambda: load_rows("google/code_x_glue", split="train"))
    return results


def _loaded(load: Callable[[], Any]) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        splits = load()
    messages = [str(warning.message) for warning in caught if type(warning.message).__module__ == "codeshift.errors"]
    return {"parts": {part: rows_of_part.to_list() for part, rows_of_part in splits.items()}, "warnings": messages}


def _commanded(*options: str) -> dict[str, Any]:
    """Return what ``codeshift split`` of a hub dataset prints and writes."""
    from codeshift.cli import main
    from codeshift.data import load_splits

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()) as printed:
        code = main(["split", "google/programs", *options, "--near-duplicates", "none", "--out", folder, "--json"])
        parts = {part: len(rows_of_part) for part, rows_of_part in load_splits(folder).items()}
    return {"code": code, "told": json.loads(printed.getvalue()), "parts": parts}


def _refused(load: Callable[[], Any]) -> str:
    from codeshift.errors import CodeshiftError

    try:
        load()
    except CodeshiftError as error:
        return str(error)
    return "loaded"


if __name__ == "__main__":
    sys.addaudithook(stay_here)
    publish()
    print(json.dumps(story()))  # noqa: T201

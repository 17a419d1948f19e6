"""What a user loads from the hub, to be run where HF_ENDPOINT is that of ``hub_stand_in``: prints what came back.

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
    """Two rows whose values tell where they stand."""
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


def publish() -> None:
    """Datasets shaped as those of the tasks are on the hub."""
    from datasets import Dataset, DatasetDict

    def push(name: str, config: str, parts: dict[str, list[dict[str, Any]]]) -> None:
        splits = DatasetDict({part: Dataset.from_list(found) for part, found in parts.items()})
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
    programs = [{"func": f"x{i} = " + "1 + " * (i % 30) + "1"} for i in range(60)]
    push("programs", "python", {"train": programs})
    push("code_x_glue_cc_code_to_code_trans", "default", {part: rows(part, java="J", cs="C#") for part in every})


def story() -> dict[str, Any]:
    """Load each task, rows with other names, and what is not there."""
    from codeshift import reaching_hub
    from codeshift.data import load_rows, load_task

    reaching_hub.ANSWERS_WITHIN = 3600.0  # however slow the machine of the tests is
    told: dict[str, Any] = {}
    for name in ("text-to-code", "code-refinement", "code-translation", "humaneval", "mbpp"):
        told[name] = _told(lambda name=name: load_task(name))  # type: ignore[misc]
    told["sanitized"] = _told(lambda: load_task("mbpp", config="sanitized"))
    told["medium"] = _told(lambda: load_task("code-refinement", config="medium"))
    trans = "google/code_x_glue_cc_code_to_code_trans"
    told["rows"] = load_rows(trans, split="train+test", rename={"java": "code"}).to_list()
    told["no split"] = _refused(lambda: load_rows(trans))
    told["command"] = _commanded("--rename", "func=code", "--config", "python", "--scenario", "length_p80_p100")
    told["no config"] = _refused(lambda: load_rows("google/code_x_glue_cc_code_refinement", split="train"))
    told["no dataset"] = _refused(lambda: load_rows("google/code_x_glue", split="train"))
    return told


def _told(load: Callable[[], Any]) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        splits = load()
    ours = [str(one.message) for one in caught if type(one.message).__module__ == "codeshift.errors"]
    return {"parts": {part: found.to_list() for part, found in splits.items()}, "warnings": ours}


def _commanded(*options: str) -> dict[str, Any]:
    """What ``codeshift split`` of a dataset of the hub prints and writes."""
    from codeshift.cli import main
    from codeshift.data import load_splits

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()) as printed:
        code = main(["split", "google/programs", *options, "--near-duplicates", "none", "--out", folder, "--json"])
        parts = {part: len(found) for part, found in load_splits(folder).items()}
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

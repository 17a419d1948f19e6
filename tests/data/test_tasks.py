"""Task datasets: from files shaped as the hub's, and from a stand-in for the hub on 127.0.0.1."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from codeshift.data import TASKS, load_problems, load_task
from codeshift.errors import CodeshiftWarning, DataError, ParameterError
from codeshift.metrics.execution import PythonRunner
from helpers import hub_tasks_story
from helpers.hub_stand_in import hub_stand_in, run_story
from helpers.shared_data import shared_data


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the user of the story saw, in a process that can reach nothing but the stand-in."""
    with hub_stand_in(tmp_path_factory.mktemp("hub")) as hub:
        seen = run_story(hub_tasks_story, hub, tmp_path_factory.mktemp("home"))
    assert hub.unknown == []
    return seen


def test_the_hub_s_columns(told: dict[str, Any]) -> None:
    """Each task comes with the columns that its entry names, and no others."""
    assert set(TASKS) <= set(told)
    for name, task in TASKS.items():
        for rows in told[name]["parts"].values():
            assert sorted(rows[0]) == sorted(task.columns), name


def test_a_part_without_targets_is_left_out(told: dict[str, Any]) -> None:
    """CONCODE's test code is not public: the part is left out, which is said once."""
    assert list(told["text-to-code"]["parts"]) == ["train", "validation"]
    message = "text-to-code: test is left out, for 'code' is empty in all of its 2 rows"
    assert told["text-to-code"]["warnings"] == [message]
    for name in ("code-refinement", "code-translation"):
        assert list(told[name]["parts"]) == ["train", "validation", "test"]
        assert told[name]["warnings"] == []


def test_configurations(told: dict[str, Any]) -> None:
    """``small`` unless ``medium`` is asked for."""
    assert told["code-refinement"]["parts"]["train"][0]["buggy"] == "small bug train 0"
    assert told["medium"]["parts"]["test"][1]["fixed"] == "medium fix test 1"


def test_problems_of_the_hub_have_tests(told: dict[str, Any]) -> None:
    """One text a row: what HumanEval's test defines is called, MBPP's setup comes first."""
    [row] = told["humaneval"]["parts"]["test"]
    assert row["code"] == "def f(x):\n    return x + 1\n"
    assert row["tests"] == "def check(candidate):\n    assert candidate(1) == 2\n\ncheck(f)"
    assert list(told["mbpp"]["parts"]) == ["train", "test"]
    assert told["mbpp"]["parts"]["test"][0]["tests"] == "import math\nassert f(1.5) == 1\nassert f(2) == 2"
    [row] = told["sanitized"]["parts"]["test"]
    assert (row["text"], row["tests"]) == ("Write f.", "import math\nassert f(1.5) == 1")


def test_rows_of_any_dataset_of_the_hub(told: dict[str, Any]) -> None:
    """Splits joined, a column renamed."""
    assert [row["code"] for row in told["rows"]] == ["J train 0", "J train 1", "J test 0", "J test 1"]
    assert told["no split"].startswith("split must be one of train, validation, test, got None: name one")


def test_the_command_line_takes_names_of_the_hub(told: dict[str, Any]) -> None:
    """With a configuration and a column renamed."""
    found = told["command"]
    assert found["code"] == 0
    assert found["parts"] == {part: one["rows"] for part, one in found["told"]["parts"].items()}
    assert sum(found["parts"].values()) + sum(found["told"]["excluded"].values()) == 60


def test_what_the_hub_lacks(told: dict[str, Any]) -> None:
    """A dataset that is not there, and a configuration that was not named, are one clear error."""
    found = told["no dataset"]
    assert found.startswith("source must be a dataset of the hub that can be loaded, got 'google/code_x_glue': ")
    assert found.endswith("A local file or folder can be used instead")
    assert "'small'" in told["no config"]
    assert "'medium'" in told["no config"]


@pytest.mark.parametrize(
    ("name", "folder", "sizes"),
    [
        ("text-to-code", "text_to_code", {"validation": 2000}),
        ("code-refinement", "code_refinement_small", {"validation": 5835, "test": 5835}),
        ("code-refinement", "code_refinement_medium", {"validation": 6546}),
        ("code-translation", "code_to_code_trans", {"train": 10295, "validation": 499, "test": 1000}),
    ],
)
def test_benchmark_files(name: str, folder: str, sizes: dict[str, int]) -> None:
    """The real rows; what a model is given and must write is there in all of them."""
    splits, task = load_task(name, source=shared_data(folder)), TASKS[name]
    assert {part: len(rows) for part, rows in splits.items()} == sizes
    for rows in splits.values():
        assert set(task.columns) <= set(rows.column_names)
        assert all(rows[task.source])
        assert all(rows[task.target])


@pytest.mark.parametrize(
    ("name", "folder", "sizes"),
    [
        ("humaneval", "human_eval", {"test": 164}),
        ("mbpp", "mbpp", {"prompt": 10, "test": 500, "validation": 90, "train": 374}),
    ],
)
def test_problem_files(name: str, folder: str, sizes: dict[str, int]) -> None:
    """One file of all problems becomes the official parts; a few of each part are run against their tests."""
    splits, task = load_task(name, source=shared_data(folder) / "problems.jsonl"), TASKS[name]
    assert {part: len(rows) for part, rows in splits.items()} == sizes
    runner = PythonRunner(timeout=3600, allow_network=True, workers=2)
    for rows in splits.values():
        assert set(task.columns) == set(rows.column_names)
        some = rows.select(range(0, len(rows), max(1, len(rows) // 4)))
        passed = runner.run(some[task.target][:], some[task.tests][:])
        assert all(results.all() for results in passed)
        assert not any(results.any() for results in runner.run(["x = 1"] * len(some), some[task.tests][:]))


def test_problems_of_one_s_own(tmp_path: Path) -> None:
    """Any columns; assertions as a list or as one text; what checks nothing is told with its row."""
    path = tmp_path / "mine.jsonl"

    def save(*tests: Any) -> None:
        path.write_text("".join(json.dumps({"task": "Write f.", "checks": test}) + "\n" for test in tests))

    save(["assert f(1)", "assert f(2)"], ["assert f(3)"])
    rows = load_problems(path, prompt="task", tests="checks")
    assert rows["tests"][:] == ["assert f(1)\nassert f(2)", "assert f(3)"]
    assert rows.column_names == ["task", "checks", "tests"]
    save("assert f(1)", "def check(f):\n    assert f(1)")
    with pytest.raises(DataError, match=r"tests\[1\] must be test code that checks something"):
        load_problems(path, prompt="task", tests="checks")
    with pytest.raises(ParameterError, match="tests must be a column of the data, got 'check': did you mean checks"):
        load_problems(path, prompt="task", tests="check")
    with pytest.raises(DataError, match=r"source must be data with the columns .* got 'canonical_solution'"):
        load_task("humaneval", source=path, rename={"task": "prompt"})


def write(folder: Path, **parts: list[dict[str, Any]]) -> Path:
    for part, rows in parts.items():
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_files_with_other_names(tmp_path: Path) -> None:
    """Columns are renamed to the hub's; without that, the error says what there is and how."""
    write(tmp_path, train=[{"docstring": "d", "function": "f"}])
    splits = load_task("text-to-code", source=tmp_path, rename={"docstring": "nl", "function": "code"})
    assert splits["train"].to_list() == [{"nl": "d", "code": "f"}]
    message = "got 'nl': train has docstring, function: rename={old: 'nl'}"
    with pytest.raises(DataError, match=re.escape(message)):
        load_task("text-to-code", source=tmp_path)


def test_targets_that_are_missing_in_some_rows_only(tmp_path: Path) -> None:
    """Such a part is kept as it is; where no part has a target, nothing is left to load."""
    write(tmp_path, train=[{"nl": "a", "code": "x"}, {"nl": "b", "code": ""}], test=[{"nl": "c", "code": ""}])
    with pytest.warns(CodeshiftWarning, match="test is left out, for 'code' is empty in all of its 1 rows"):
        splits = load_task("text-to-code", source=tmp_path)
    assert splits["train"]["code"][:] == ["x", ""]
    (tmp_path / "train.jsonl").unlink()
    with pytest.raises(DataError, match="source must be data with 'code' in some part"):
        load_task("text-to-code", source=tmp_path)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "text-to-cod",
            {},
            "mbpp, got 'text-to-cod': did you mean text-to-code?",
        ),
        (
            "code-refinement",
            {"config": "smal"},
            "config must be one of small, medium, got 'smal': did you mean small?",
        ),
        ("code-refinement", {"config": "small", "source": "."}, "config must be left out for files, got 'small'"),
        ("code-translation", {"source": "nowhere"}, "source must be an existing file or folder"),
    ],
)
def test_bad_arguments(name: str, arguments: dict, message: str) -> None:
    """Told before anything is read, with close matches."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_task(name, **arguments)

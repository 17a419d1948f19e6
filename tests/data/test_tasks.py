"""Task datasets: from files with the hub's columns, and from a stand-in for the hub on 127.0.0.1."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from codeshift.data import TASK_DATASETS, load_problems, load_task
from codeshift.errors import CodeshiftWarning, DataError, ParameterError
from codeshift.metrics.execution import PythonRunner
from helpers import hub_tasks_story
from helpers.hub_stand_in import hub_stand_in, run_story
from helpers.shared_data import shared_data


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the output of the story, from a process that can reach only the stand-in."""
    with hub_stand_in(tmp_path_factory.mktemp("hub")) as hub:
        seen = run_story(hub_tasks_story, hub, tmp_path_factory.mktemp("home"))
    assert hub.unknown == []
    return seen


def test_the_columns_of_the_hub(story: dict[str, Any]) -> None:
    """Each task has the columns that its entry names, and no others."""
    assert set(TASK_DATASETS) <= set(story)
    for name, task in TASK_DATASETS.items():
        for rows in story[name]["parts"].values():
            assert sorted(rows[0]) == sorted(task.columns), name


def test_a_part_without_targets_is_left_out(story: dict[str, Any]) -> None:
    """CONCODE's test code is not public, so the part is left out with one warning."""
    assert list(story["text-to-code"]["parts"]) == ["train", "validation"]
    message = "text-to-code: test is left out, for 'code' is empty in all of its 2 rows"
    assert story["text-to-code"]["warnings"] == [message]
    for name in ("code-refinement", "code-translation"):
        assert list(story[name]["parts"]) == ["train", "validation", "test"]
        assert story[name]["warnings"] == []


def test_tasks_of_labels(story: dict[str, Any]) -> None:
    """Truth values are labels, and a part whose labels are all False has labels."""
    assert list(story["defect-detection"]["parts"]) == ["train", "validation", "test"]
    assert story["defect-detection"]["parts"]["test"][0]["target"] is False
    assert story["clone-detection"]["parts"]["train"][0]["label"] is True
    clones = TASK_DATASETS["clone-detection"]
    assert clones.source == clones.source_columns == ("func1", "func2")
    assert list(story["code-search"]["parts"]) == ["train", "validation"]
    assert story["code-search"]["parts"]["validation"][0]["doc"] == "python add one"
    assert story["vulnerability-detection"]["parts"]["test"][0]["cwe"] == ["CWE-1"]
    assert story["paired"]["parts"]["test"][0]["target"] == 1
    assert {name for name, task in TASK_DATASETS.items() if task.kind == "classification"} == {
        "defect-detection", "clone-detection", "code-search", "vulnerability-detection",
    }  # fmt: skip


def test_files_like_those_of_primevul(tmp_path: Path) -> None:
    """Files have names of their own, so each is named by its part; other columns stay, such as lists of CWEs."""
    files = {}
    for part in ("train", "valid", "test"):
        row = {
            "idx": 1,
            "project": "qemu",
            "commit_id": "a",
            "target": 0,
            "func": f"int {part}(void);",
            "cwe": ["CWE-1"],
        }
        files[part.replace("valid", "validation")] = tmp_path / f"primevul_{part}.jsonl"
        (tmp_path / f"primevul_{part}.jsonl").write_text(json.dumps(row) + "\n")
    splits = load_task("vulnerability-detection", source=files)
    assert splits["validation"][0]["func"] == "int valid(void);"
    assert splits["test"][0] == {**row, "target": 0}
    (tmp_path / "primevul_test.jsonl").write_text('{"func": "int f(void);"}\n')
    with pytest.raises(DataError, match="'target'"):
        load_task("vulnerability-detection", source={"test": tmp_path / "primevul_test.jsonl"})


def test_pairs_of_cosqa() -> None:
    """The queries and functions of CoSQA, with both labels."""
    splits, task = load_task("code-search", source=shared_data("code_search_cosqa")), TASK_DATASETS["code-search"]
    assert {part: len(rows) for part, rows in splits.items()} == {"validation": 604}
    assert set(splits["validation"][task.target]) == {0, 1}
    assert all(splits["validation"][0][column] for column in task.source_columns)


def test_configurations(story: dict[str, Any]) -> None:
    """The default is ``small``, and ``medium`` can be requested."""
    assert story["code-refinement"]["parts"]["train"][0]["buggy"] == "small bug train 0"
    assert story["medium"]["parts"]["test"][1]["fixed"] == "medium fix test 1"


def test_problems_of_the_hub_have_tests(story: dict[str, Any]) -> None:
    """One text a row: what HumanEval's test defines is called, MBPP's setup comes first."""
    [row] = story["humaneval"]["parts"]["test"]
    assert row["code"] == "def f(x):\n    return x + 1\n"
    assert row["tests"] == "def check(candidate):\n    assert candidate(1) == 2\n\ncheck(f)"
    assert list(story["mbpp"]["parts"]) == ["train", "test"]
    assert story["mbpp"]["parts"]["test"][0]["tests"] == "import math\nassert f(1.5) == 1\nassert f(2) == 2"
    [row] = story["sanitized"]["parts"]["test"]
    assert (row["text"], row["tests"]) == ("Write f.", "import math\nassert f(1.5) == 1")


def test_rows_of_any_dataset_of_the_hub(story: dict[str, Any]) -> None:
    """Splits are joined and a column is renamed."""
    assert [row["code"] for row in story["rows"]] == ["J train 0", "J train 1", "J test 0", "J test 1"]
    assert story["no split"].startswith("split must be one of train, validation, test, got None: name one")


def test_the_command_line_takes_names_of_the_hub(story: dict[str, Any]) -> None:
    """It takes a configuration and renames a column."""
    command = story["command"]
    assert command["code"] == 0
    assert command["parts"] == {part: part_summary["rows"] for part, part_summary in command["told"]["parts"].items()}
    assert sum(command["parts"].values()) + sum(command["told"]["excluded"].values()) == 60


def test_missing_datasets_and_configurations(story: dict[str, Any]) -> None:
    """Each gives one clear error."""
    error = story["no dataset"]
    assert error.startswith("source must be a dataset of the hub that can be loaded, got 'google/code_x_glue': ")
    assert error.endswith("A local file or folder can be used instead")
    assert "'small'" in story["no config"]
    assert "'medium'" in story["no config"]


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
    """The real rows have an input and a target in every row."""
    splits, task = load_task(name, source=shared_data(folder)), TASK_DATASETS[name]
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
    splits, task = load_task(name, source=shared_data(folder) / "problems.jsonl"), TASK_DATASETS[name]
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
    with pytest.raises(ParameterError, match="tests must be a column of the dataset, got 'check': did you mean checks"):
        load_problems(path, prompt="task", tests="check")
    with pytest.raises(DataError, match=r"source must be data with the columns .* got 'canonical_solution'"):
        load_task("humaneval", source=path, rename={"task": "prompt"})


def write(folder: Path, **parts: list[dict[str, Any]]) -> Path:
    for part, rows in parts.items():
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_files_with_other_names(tmp_path: Path) -> None:
    """Columns are renamed to the hub's names; otherwise the error lists the columns and says how."""
    write(tmp_path, train=[{"docstring": "d", "function": "f"}])
    splits = load_task("text-to-code", source=tmp_path, rename={"docstring": "nl", "function": "code"})
    assert splits["train"].to_list() == [{"nl": "d", "code": "f"}]
    message = "got 'nl': train has docstring, function: rename={old: 'nl'}"
    with pytest.raises(DataError, match=re.escape(message)):
        load_task("text-to-code", source=tmp_path)


def test_targets_that_are_missing_in_some_rows_only(tmp_path: Path) -> None:
    """Such a part is kept as it is; if no part has a target, nothing is left to load."""
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
            "vulnerability-detection, got 'text-to-cod': did you mean text-to-code?",
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
    """Bad arguments raise an error before anything is read, with close matches."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_task(name, **arguments)

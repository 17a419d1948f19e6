"""The page on the benchmarks: made of its stored figures, which a row of the data and plain Python give too."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from datasets import DatasetDict

from codeshift.data import TASK_DATASETS
from codeshift.errors import ParameterError
from codeshift.properties.lexer import lex
from helpers.shared_data import shared_data
from studies.benchmarks import audits
from studies.benchmarks.audits import BENCHMARKS, RESULTS, Data, compared_with, measure, read_results
from studies.benchmarks.page import PAGE, page

ROWS = read_results()["rows"]
COMPARED = [row for row, figures in ROWS.items() if figures["compared_with"]]


@pytest.fixture(scope="module")
def data() -> Data:
    """Return the benchmarks' files; skip the calling test if they are not on this machine."""
    return Data(shared_data())


def test_the_page_is_made_of_the_stored_figures() -> None:
    """Each row stands there under its name, and there are rows of every benchmark."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(read_results())
    assert {row.partition("/")[0] for row in ROWS} == set(BENCHMARKS)
    assert all(f"| `{row}` |" in text for row in ROWS)
    assert RESULTS.stat().st_size < 300_000


def test_another_figure_makes_another_page() -> None:
    """A page that ignored the figures would pass the test above."""
    changed = read_results()
    changed["rows"]["mbpp/test"]["leakage"]["near"] += 1
    changed["rows"]["mbpp/test"]["overlap"]["humaneval"]["renamed"] += 1
    differing = [
        (now, before) for now, before in zip(page(changed).split("\n"), page(read_results()).split("\n"), strict=True)
        if now != before
    ]  # fmt: skip
    assert len(differing) == 4  # two sentences and two tables


def test_the_hub_has_each_benchmark_with_the_columns_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder the rows come from the hub, in the benchmark's configuration; TheAlgorithms is not there."""
    asked = {}
    monkeypatch.setattr(audits, "load_task", lambda name, **options: asked.setdefault(name, options) and DatasetDict())
    for benchmark in BENCHMARKS.values():
        assert benchmark.parts(None) == (None if benchmark.task is None else {})
        if benchmark.task is not None:
            task = TASK_DATASETS[benchmark.task]
            assert {benchmark.column, benchmark.source, benchmark.target} <= set(task.columns)
            assert asked.pop(task.name) == {"config": benchmark.config}
            assert benchmark.config is None or benchmark.config in task.configs


def test_rows_that_are_not_there_are_told(tmp_path: Path) -> None:
    """A benchmark or part that is unknown, or not in the folder."""
    for row in ("mbpp/test", "nothing/test"):
        with pytest.raises(ParameterError, match="row must be the name of a part at hand"):
            measure(row, Data(tmp_path))


def test_a_row_measured_anew_is_what_is_stored(data: Data, tmp_path: Path) -> None:
    """A cheap row, of a folder without the larger benchmarks: what is not there is not searched."""
    assert data.folder is not None
    for folder in ("mbpp", "human_eval"):
        (tmp_path / folder).symlink_to(data.folder / folder)
    few = Data(tmp_path)
    assert few.rows() == ["mbpp/prompt", "mbpp/test", "mbpp/validation", "mbpp/train", "humaneval/test"]
    stored = dict(ROWS["mbpp/validation"])
    stored["overlap"] = {name: counts for name, counts in stored["overlap"].items() if name != "algorithms-python"}
    assert measure("mbpp/validation", few) == stored


@pytest.mark.parametrize("row", COMPARED)
def test_exact_copies_and_their_outputs_by_sets(row: str, data: Data) -> None:
    """Plain sets and dicts of the texts give the same counts."""
    name, _, part = row.partition("/")
    benchmark, parts = BENCHMARKS[name], data.parts(name)
    assert parts is not None
    before = compared_with(part, parts)
    assert before == ROWS[row]["compared_with"]
    column = set(parts[before][benchmark.column][:])
    assert sum(text in column for text in parts[part][benchmark.column][:]) == ROWS[row]["leakage"]["exact"]
    outputs = defaultdict(set)
    for given, output in zip(parts[before][benchmark.source][:], parts[before][benchmark.target][:], strict=True):
        outputs[given].add(output)
    pairs = zip(parts[part][benchmark.source][:], parts[part][benchmark.target][:], strict=True)
    assert sum(bool(outputs[given] - {output}) for given, output in pairs) == ROWS[row]["conflicts"]


def test_near_duplicates_of_mbpp_by_comparing_all_pairs(data: Data) -> None:
    """Each of the 500 test rows with each of the 374 of train, by sets of tuples of five tokens."""
    parts = data.parts("mbpp")
    assert parts is not None
    train, test = ([_five_grams(text) for text in parts[part]["code"][:]] for part in ("train", "test"))
    near = sum(any(_jaccard(row, other) >= 0.7 for other in train) for row in test)
    assert near == ROWS["mbpp/test"]["leakage"]["near"] == 14


def _five_grams(text: str) -> set[tuple[str, ...]]:
    tokens = lex(text)
    return {tuple(tokens[at : at + 5]) for at in range(max(1, len(tokens) - 4))}


def _jaccard(first: set[tuple[str, ...]], second: set[tuple[str, ...]]) -> float:
    return len(first & second) / len(first | second)

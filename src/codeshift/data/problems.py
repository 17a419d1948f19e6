"""Programming problems, whose solutions are right if they pass tests: HumanEval, MBPP, and any rows of that kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from datasets import Dataset, DatasetDict

from codeshift.data.loading import DataSource, load_rows
from codeshift.errors import DataError
from codeshift.metrics.programs import check_tests, texts_of_tests
from codeshift.properties.dataset_columns import check_column, check_name
from codeshift.properties.texts import column_texts

TESTS = "tests"
"""Column of the test code, one text a row, that the loaders of problems make."""

_MBPP = {"prompt": range(1, 11), "test": range(11, 511), "validation": range(511, 601), "train": range(601, 975)}


def load_problems(
    source: DataSource,
    *,
    prompt: str = "prompt",
    tests: str = TESTS,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> Dataset:
    r"""Load problems of your own: rows with a prompt and test code.

    Args:
        source: File, a folder or a dataset of the hub, as in ``load_rows``.
        prompt: Column of what a model is given.
        tests: Column of the test code: one text a row, or a list of statements such as assertions.
        split: Parts to take, as in ``load_rows``.
        config: Configuration (subset) of a dataset of the hub.
        revision: Branch, tag or commit of a dataset of the hub.

    Returns:
        The rows with all their columns, and the test code of each as one text in the column ``tests``.

    Raises:
        ParameterError: if the name of a column is not text.
        DataError: if a column is missing, a prompt is not text, or the test code of a row is not Python or cannot fail
            a program.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.jsonl")
    ...     _ = path.write_text('{"task": "Write f(x) = x + 1.", "checks": ["assert f(1) == 2", "assert f(2) == 3"]}\n')
    ...     load_problems(path, prompt="task", tests="checks")[0]["tests"]
    'assert f(1) == 2\nassert f(2) == 3'
    """
    rows = load_rows(source, split=split, config=config, revision=revision)
    column_texts(rows, prompt, "prompt")
    check_column(rows, check_name("tests", tests, example="tests"), "tests")
    if tests != TESTS and TESTS in rows.column_names:
        remedy = f"rename that column, or give tests={TESTS!r}"
        raise DataError("tests", f"{TESTS!r} if there is such a column", tests, remedy)
    return with_tests(rows, lambda row: row[tests])


def with_tests(rows: Dataset, tests_of: Callable[[Mapping[str, Any]], Any]) -> Dataset:
    """Return rows with their test code as one text in the column ``tests``.

    Raises:
        DataError: if the test code of a row is not text, is not Python, or cannot fail a program.
    """
    code = texts_of_tests(TESTS, ["\n".join(t) if _is_list(t) else t for t in map(tests_of, rows)])
    check_tests(TESTS, code)
    kept = rows.remove_columns(TESTS) if TESTS in rows.column_names else rows
    return kept.add_column(TESTS, code)


def human_eval(splits: DatasetDict) -> DatasetDict:
    """Return HumanEval's rows with the whole program in ``code``, and in ``tests`` a call of what ``test`` defines."""
    return DatasetDict({part: _human_eval(rows) for part, rows in splits.items()})


def _human_eval(rows: Dataset) -> Dataset:
    code = [row["prompt"] + row["canonical_solution"] for row in rows]
    completed = (rows.remove_columns("code") if "code" in rows.column_names else rows).add_column("code", code)
    return with_tests(completed, lambda row: f"{row['test']}\ncheck({row['entry_point']})")


def mbpp(splits: DatasetDict) -> DatasetDict:
    """Return MBPP's rows with their setup and assertions in ``tests``; the sanitized ones have ``text`` as well."""
    return DatasetDict({part: _mbpp(rows) for part, rows in splits.items()})


def _mbpp(rows: Dataset) -> Dataset:
    named = rows.rename_column("prompt", "text") if "text" not in rows.column_names else rows
    return with_tests(named, lambda row: [*_setup(row), *row["test_list"]])


def _setup(row: Mapping[str, Any]) -> list[str]:
    setup = row.get("test_setup_code") or row.get("test_imports") or []
    return [setup] if isinstance(setup, str) else list(setup)


def mbpp_parts(rows: Dataset) -> DatasetDict:
    """Divide MBPP's 974 rows into the official parts, by the number of the task."""
    numbers = rows["task_id"][:]
    parts = {part: [i for i, number in enumerate(numbers) if number in of] for part, of in _MBPP.items()}
    return DatasetDict({part: rows.select(chosen) for part, chosen in parts.items() if chosen})


def one_test_part(rows: Dataset) -> DatasetDict:
    """Return rows as the part ``test``."""
    return DatasetDict({"test": rows})


def _is_list(tests: Any) -> bool:
    return isinstance(tests, list) and all(isinstance(test, str) for test in tests)

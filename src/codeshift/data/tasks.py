"""Task datasets of CodeXGLUE, HumanEval, MBPP, CoSQA and PrimeVul, with the columns of the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from datasets import Dataset, DatasetDict

from codeshift.checks import check_choice
from codeshift.data.loading import DataSource, load_data, load_splits
from codeshift.data.problems import TESTS, human_eval, mbpp, mbpp_parts, one_test_part
from codeshift.errors import CodeshiftWarning, DataError, ParameterError, warn
from codeshift.task_kinds import TaskName

HUB = "hub"


@dataclass(frozen=True, kw_only=True)
class TaskDataset:
    """A task dataset: its place on the hub, and the columns that a model is given and must write or tell.

    Attributes:
        name: Name of the task in ``load_task``.
        dataset: Name of the dataset on the hub.
        configs: Configurations on the hub; the first one is the default.
        source: Column that a model is given, as in ``Trainer`` and ``Evaluator``; two for a pair of texts.
        target: Column that a model must write, or that of the labels.
        language: Language of the code.
        kind: Kind of task, as the argument ``task`` of ``Trainer``: "generation" or "classification".
        columns: Columns of the dataset that are known, with those that ``load_task`` adds; only ``source``, ``target``
            and ``needed`` must be there.
        tests: Column of the test code, for ``PassAtK(1, runner=..., tests=...)``; None if outputs are not run.
        needed: Columns that the source must have; none for source and target.
        prepare: Function that adds columns to the parts; None for none.
        divide: Function that makes parts of a file that has none; None if files must have the names of parts.

    >>> task = TASK_DATASETS["code-translation"]
    >>> task.source, task.target, task.language
    ('java', 'cs', 'c_sharp')
    """

    name: str
    dataset: str
    configs: tuple[str, ...] = ("default",)
    source: str | tuple[str, str]
    target: str
    language: str
    kind: TaskName = "generation"
    columns: tuple[str, ...]
    tests: str | None = None
    needed: tuple[str, ...] = ()
    prepare: Callable[[DatasetDict], DatasetDict] | None = field(default=None, repr=False)
    divide: Callable[[Dataset], DatasetDict] | None = field(default=None, repr=False)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Columns that a model is given: one, or two for a pair of texts."""
        return (self.source,) if isinstance(self.source, str) else self.source


TASK_DATASETS: Mapping[str, TaskDataset] = {
    task.name: task
    for task in (
        TaskDataset(
            name="text-to-code",
            dataset="google/code_x_glue_tc_text_to_code",
            source="nl",
            target="code",
            language="java",
            columns=("id", "nl", "code"),
        ),
        TaskDataset(
            name="code-refinement",
            dataset="google/code_x_glue_cc_code_refinement",
            configs=("small", "medium"),
            source="buggy",
            target="fixed",
            language="java",
            columns=("id", "buggy", "fixed"),
        ),
        TaskDataset(
            name="code-translation",
            dataset="google/code_x_glue_cc_code_to_code_trans",
            source="java",
            target="cs",
            language="c_sharp",
            columns=("id", "java", "cs"),
        ),
        TaskDataset(
            name="humaneval",
            dataset="openai/openai_humaneval",
            source="prompt",
            target="code",
            language="python",
            columns=("task_id", "prompt", "canonical_solution", "test", "entry_point", "code", TESTS),
            tests=TESTS,
            needed=("prompt", "canonical_solution", "test", "entry_point"),
            prepare=human_eval,
            divide=one_test_part,
        ),
        TaskDataset(
            name="mbpp",
            dataset="google-research-datasets/mbpp",
            configs=("full", "sanitized"),
            source="text",
            target="code",
            language="python",
            columns=("task_id", "text", "code", "test_list", "test_setup_code", "challenge_test_list", TESTS),
            tests=TESTS,
            needed=("task_id", "code", "test_list"),
            prepare=mbpp,
            divide=mbpp_parts,
        ),
        TaskDataset(
            name="defect-detection",
            dataset="google/code_x_glue_cc_defect_detection",
            source="func",
            target="target",
            language="c",
            kind="classification",
            columns=("id", "func", "target", "project", "commit_id"),
        ),
        TaskDataset(
            name="clone-detection",
            dataset="google/code_x_glue_cc_clone_detection_big_clone_bench",
            source=("func1", "func2"),
            target="label",
            language="java",
            kind="classification",
            columns=("id", "id1", "id2", "func1", "func2", "label"),
        ),
        TaskDataset(
            name="code-search",
            dataset="gonglinyuan/CoSQA",
            source=("doc", "code"),
            target="label",
            language="python",
            kind="classification",
            columns=("idx", "doc", "code", "label"),
        ),
        TaskDataset(
            name="vulnerability-detection",
            dataset="colin/PrimeVul",
            configs=("default", "paired"),
            source="func",
            target="target",
            language="c",
            kind="classification",
            columns=("idx", "project", "commit_id", "target", "func", "cwe"),
        ),
    )
}
"""Tasks by name.

Of text: CONCODE (text to Java), Bugs2Fix (Java to Java), CodeTrans (Java to C#), HumanEval and MBPP (Python). Of
labels: Devign (C), BigCloneBench (pairs of Java), CoSQA (queries with Python) and PrimeVul (C). The hub's copies of
CoSQA and PrimeVul are those of their users ``gonglinyuan`` and ``colin``, not of the authors.
"""


def load_task(
    name: str,
    *,
    source: DataSource | Mapping[str, DataSource] = HUB,
    config: str | None = None,
    rename: Mapping[str, str] | None = None,
    revision: str | None = None,
) -> DatasetDict:
    r"""Load the parts of a task dataset, with the hub's columns.

    ``TASK_DATASETS[name]`` holds the source and target column.

    The ``test`` part of the hub's ``text-to-code`` has no public code: ``code`` is empty in every row. Such a part,
    with which no output can be compared, is left out with a warning.

    HumanEval and MBPP get the test code of each row as one text in a column ``tests``, HumanEval the whole program
    (prompt and canonical solution) in ``code``. Other problems with tests are read by ``load_problems``.

    Args:
        name: ``"text-to-code"`` (CONCODE), ``"code-refinement"`` (Bugs2Fix), ``"code-translation"`` (CodeTrans),
            ``"humaneval"``, ``"mbpp"``, or of labels ``"defect-detection"`` (Devign), ``"clone-detection"``
            (BigCloneBench), ``"code-search"`` (CoSQA) and ``"vulnerability-detection"`` (PrimeVul).
        source: ``"hub"``, or a folder of files with the names of parts and the hub's columns, or files by part.
            HumanEval and MBPP may be one file, which becomes the part ``test``, or MBPP's official parts by the numbers
            of the tasks. The authors' files of PrimeVul have names of their own: give each by its part.
        config: ``"small"`` (the default) or ``"medium"`` for ``code-refinement`` on the hub, ``"full"`` (the default)
            or ``"sanitized"`` for ``mbpp``, ``"default"`` or ``"paired"`` (each vulnerable function with its repair)
            for ``vulnerability-detection``; the others have one.
        rename: Columns of files that have other names, from old names to the hub's.
        revision: Branch, tag or commit of the dataset on the hub.

    Raises:
        ParameterError: if the task or the configuration is unknown.
        DataError: if the source cannot be read, lacks a column, or has no part with targets.

    Warns:
        CodeshiftWarning: if a part without targets is left out.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     row = '{"id": 0, "nl": "increment", "code": "int f(int a) { return a + 1; }"}\n'
    ...     for part in ("train", "validation"):
    ...         _ = Path(folder, f"{part}.jsonl").write_text(row)
    ...     splits = load_task("text-to-code", source=folder)
    >>> task = TASK_DATASETS["text-to-code"]
    >>> splits["train"][0][task.target], task.language
    ('int f(int a) { return a + 1; }', 'java')
    """
    check_choice("name", name, TASK_DATASETS)
    task = TASK_DATASETS[name]
    if config is not None:
        check_choice("config", config, task.configs)
    if source == HUB:
        chosen = config or (task.configs[0] if len(task.configs) > 1 else None)
        splits = load_splits(task.dataset, config=chosen, rename=rename, revision=revision)
    elif config is not None or revision is not None:
        parameter, value = ("config", config) if config is not None else ("revision", revision)
        raise ParameterError(parameter, "left out for files", value, "name their folder as source")
    else:
        splits = _local(source, task, rename)
    _check_columns_of_task(splits, task, task.needed or (*task.source_columns, task.target))
    return _with_targets(splits if task.prepare is None else task.prepare(splits), task)


def _local(
    source: DataSource | Mapping[str, DataSource], task: TaskDataset, rename: Mapping[str, str] | None
) -> DatasetDict:
    if task.divide is None or isinstance(source, Mapping):
        return load_splits(source, rename=rename)
    loaded = load_data(source, rename=rename)
    if isinstance(loaded, DatasetDict):
        return loaded
    _check_columns_of_task(DatasetDict({"the file": loaded}), task, task.needed)
    return task.divide(loaded)


def _check_columns_of_task(splits: DatasetDict, task: TaskDataset, columns: Sequence[str]) -> None:
    for part, rows in splits.items():
        for column in columns:
            if column not in rows.column_names:
                remedy = f"{part} has {', '.join(rows.column_names)}: rename={{old: {column!r}}}"
                raise DataError("source", f"data with the columns {', '.join(task.columns)}", column, remedy)


def _with_targets(splits: DatasetDict, task: TaskDataset) -> DatasetDict:
    kept = {part: rows for part, rows in splits.items() if any(value not in (None, "") for value in rows[task.target])}
    if not kept:
        raise DataError("source", f"data with {task.target!r} in some part", task.name, "all its rows are empty there")
    for part in sorted(set(splits) - set(kept)):
        message = (
            f"{task.name}: {part} is left out, for {task.target!r} is empty in all of its {len(splits[part])} rows"
        )
        warn(CodeshiftWarning(message))
    return DatasetDict(kept)

"""The arguments of ``train`` and ``evaluate`` that name a model, what it is given and what it must write."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from codeshift.cli.output import quiet_models_unless_watched
from codeshift.errors import ParameterError, closest

EMBEDDED = "embedded"


@dataclass(frozen=True)
class Asked:
    """The source and target of a task.

    Attributes:
        source: column that a model is given, or a template of columns.
        target: column that a model must write, or a template of columns.
        language: language of the target, if it is known.
    """

    source: str
    target: str
    language: str | None


def add_task(command: argparse.ArgumentParser) -> None:
    """Add the arguments for source and target, or for the name of a task that has them."""
    add = command.add_argument_group("task").add_argument
    add("--source", metavar="TEMPLATE", help="column that the model is given, or a template such as '{doc}: {name}'")
    add("--target", metavar="TEMPLATE", help="column that the model must write, or a template")
    add(
        "--task",
        metavar="NAME",
        help="take columns and language of a task: text-to-code, code-refinement, code-translation, humaneval or mbpp",
    )


def task_of(
    arguments: argparse.Namespace, *, language: str | None = None, trained: Mapping[str, str] | None = None
) -> Asked:
    """Return the task that the arguments of ``add_task`` name; missing templates are those in ``trained``."""
    trained = trained or {}
    from codeshift.data import TASKS

    if arguments.task is not None and arguments.task not in TASKS:
        raise ParameterError("--task", "a task", arguments.task, closest(arguments.task, TASKS))
    task = TASKS.get(arguments.task)
    source = arguments.source or (task.source if task else trained.get("source", ""))
    target = arguments.target or (task.target if task else trained.get("target", ""))
    for name, value in (("--source", source), ("--target", target)):
        if not value:
            raise ParameterError(name, "given without --task", None, f"name the column, such as {name} docstring")
    return Asked(source, target, language or (task.language if task else None))


def check_columns(task: Asked, columns: Sequence[str]) -> None:
    """Check for misspelt columns before libraries are loaded; the library checks that templates are well formed."""
    for parameter, template in (("source", task.source), ("target", task.target)):
        try:
            fields = [field for _, field, _, _ in Formatter().parse(template)]
        except ValueError:
            continue
        for column in filter(None, fields if "{" in template else [template]):
            if column.isidentifier() and column not in columns:
                raise ParameterError(parameter, "made of columns of the data", column, closest(column, columns))


def add_model(command: argparse.ArgumentParser, what: str) -> None:
    """Add the arguments for the model and its tokenizer."""
    add = command.add_argument_group("model").add_argument
    add(
        "--model",
        default=EMBEDDED,
        metavar="NAME",
        help=f"model {what}, a folder or a name of the hub [the small model that comes with codeshift]",
    )
    add("--tokenizer", metavar="NAME", help="folder or hub name of its tokenizer [the model's]")


def model_of(arguments: argparse.Namespace) -> str:
    """Return the folder or hub name of the model that the arguments of ``add_model`` name."""
    quiet_models_unless_watched()
    if arguments.model == EMBEDDED and not Path(EMBEDDED).exists():
        from codeshift.data.embedded import embedded_model_path

        return os.fspath(embedded_model_path())
    model: str = arguments.model
    path = Path(model).expanduser()
    if path.exists() or not ("/" in model and (path.is_absolute() or model.startswith(".") or path.parent.is_dir())):
        return os.fspath(path) if path.exists() else model
    nearby = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    remedy = closest(path.name, nearby) if nearby else f"there is no folder {str(path.parent)!r}"
    raise ParameterError("--model", "an existing folder, or a name of the hub", model, remedy)

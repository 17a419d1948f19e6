"""The kinds of tasks: a text to write, a class to tell."""

from __future__ import annotations

from collections.abc import Mapping

from codeshift.checks import check_choice
from codeshift.errors import ParameterError
from codeshift.finetune.conversation import Chat
from codeshift.finetune.tasks.base import ModelEvaluation, Objective, Source, Task
from codeshift.finetune.tasks.classification import Classification
from codeshift.finetune.tasks.generation import Generation
from codeshift.task_kinds import TaskName

TASKS: Mapping[str, type[Task]] = {kind.name: kind for kind in (Generation, Classification)}
"""Kinds of tasks by name."""


def make_task(
    task: TaskName | Task, source: Source | None = None, target: str | None = None, chat: Chat | None = None
) -> Task:
    """Return the task of a name; ``chat`` says how rows become conversations. A task is returned as it is.

    Raises:
        ParameterError: the name is unknown, source and target are not what the task takes, or something is given beside
            a task, which has it.

    >>> make_task("classification", ("query", "code"), "relevant").columns
    ('query', 'code', 'relevant')
    """
    columns = {"source": source, "target": target}
    if isinstance(task, Task):
        for name, value in (columns | {"chat": chat}).items():
            if value is not None:
                raise ParameterError(name, "left out beside a Task", value, "the task has its own")
        return task
    kind = TASKS[check_choice("task", task, TASKS)]
    for name, value in columns.items():
        if value is None:
            raise ParameterError(name, "given with the name of a task", None, f'such as {name}="code"')
    return kind.of(source, target, chat)


__all__ = [
    "TASKS",
    "Classification",
    "Generation",
    "ModelEvaluation",
    "Objective",
    "Source",
    "Task",
    "TaskName",
    "make_task",
]

"""The kinds of tasks: a text to write, a class to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from codeshift.checks import check_choice
from codeshift.errors import ParameterError
from codeshift.finetune.conversation import Chat
from codeshift.finetune.label_column import LabelColumn
from codeshift.finetune.labelled_rows import templates_of
from codeshift.finetune.tasks.base import ModelEvaluation, Objective, Task
from codeshift.finetune.tasks.classification import Classification
from codeshift.finetune.tasks.generation import Generation
from codeshift.finetune.template import Template

TaskName: TypeAlias = Literal["generation", "classification"]
Source: TypeAlias = str | tuple[str, str]
"""What a model is given: a column or template, or a pair of them."""


def _generation(source: Any, target: Any, chat: Chat | None) -> Task:
    return Generation(Template(source, "source"), Template(target, "target"), chat)


def _classification(source: Any, target: Any, chat: Chat | None) -> Task:
    if chat is not None:
        raise ParameterError("chat", "False for a classification", True, "a classifier writes no turn: leave chat out")
    return Classification(templates_of(source), LabelColumn(target))


_TASKS: dict[str, Callable[[Any, Any, Chat | None], Task]] = {
    Generation.name: _generation,
    Classification.name: _classification,
}
TASKS = tuple(_TASKS)
"""Names of the kinds of tasks."""


def make_task(name: TaskName, source: Source, target: str, chat: Chat | None = None) -> Task:
    """Return the task of a name; ``chat`` says how rows become conversations.

    Raises:
        ParameterError: the name is unknown, or source and target are not what the task takes.

    >>> make_task("classification", ("query", "code"), "relevant").columns
    ('query', 'code', 'relevant')
    """
    return _TASKS[check_choice("task", name, TASKS)](source, target, chat)


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

"""The kinds of tasks by name, for modules that do without the library of models."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

TaskName: TypeAlias = Literal["generation", "classification"]
"""What a model does: write a text, or tell a class."""

TASK_NAMES: tuple[TaskName, ...] = get_args(TaskName)
"""Names of the kinds of tasks."""

GENERATION, CLASSIFICATION = TASK_NAMES

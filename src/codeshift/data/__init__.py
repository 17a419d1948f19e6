"""Datasets of programs: files, folders and the hub, tasks, and a corpus and a model that need no network.

That corpus is functions of Python's standard library, that model a small one; codeshift carries both.
"""

from codeshift.data.completion import completion_rows
from codeshift.data.embedded import embedded_model_path
from codeshift.data.loading import load_data, load_rows, load_splits
from codeshift.data.saving import save_splits
from codeshift.data.stdlib import stdlib_functions
from codeshift.data.tasks import TASKS, Task, load_task

__all__ = [
    "TASKS",
    "Task",
    "completion_rows",
    "embedded_model_path",
    "load_data",
    "load_rows",
    "load_splits",
    "load_task",
    "save_splits",
    "stdlib_functions",
]

"""Datasets of programs: files, folders and the hub, task datasets, and a corpus that needs no network.

That corpus is the standard library of the running Python.
"""

from codeshift.data.loading import load_data, load_rows, load_splits
from codeshift.data.saving import save_splits
from codeshift.data.stdlib import stdlib_functions
from codeshift.data.tasks import TASKS, Task, load_task

__all__ = [
    "TASKS",
    "Task",
    "load_data",
    "load_rows",
    "load_splits",
    "load_task",
    "save_splits",
    "stdlib_functions",
]

"""Datasets of programs from files, folders and the hub, and an embedded corpus and model that need no network.

The corpus holds functions of Python's standard library; the model is small. Both are installed with codeshift.
"""

from codeshift.data.completion import completion_rows
from codeshift.data.embedded import embedded_model_path
from codeshift.data.fill_in_the_middle import FIM_TEMPLATES
from codeshift.data.loading import load_data, load_rows, load_splits
from codeshift.data.problems import load_problems
from codeshift.data.published import PublishedSplits, benchmark_names, load_benchmark
from codeshift.data.saving import save_splits
from codeshift.data.source_files import source_functions
from codeshift.data.stdlib import stdlib_functions
from codeshift.data.tasks import TASK_DATASETS, TaskDataset, load_task

__all__ = [
    "FIM_TEMPLATES",
    "TASK_DATASETS",
    "PublishedSplits",
    "TaskDataset",
    "benchmark_names",
    "completion_rows",
    "embedded_model_path",
    "load_benchmark",
    "load_data",
    "load_problems",
    "load_rows",
    "load_splits",
    "load_task",
    "save_splits",
    "source_functions",
    "stdlib_functions",
]

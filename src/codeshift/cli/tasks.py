"""The arguments of ``train`` and ``evaluate`` that name a model, what it is given and what it must write."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from codeshift.cli.output import quiet_models_unless_watched
from codeshift.defaults import EMBEDDED
from codeshift.errors import ParameterError
from codeshift.files import hint_of_missing
from codeshift.task_kinds import GENERATION, TASK_NAMES, TaskName
from codeshift.wording import closest

if TYPE_CHECKING:
    from codeshift.finetune.tasks import Task


@dataclass(frozen=True)
class TaskColumns:
    """Columns that a model is given and must write.

    Attributes:
        kind: Kind of the task.
        sources: Column that a model is given, or a template of columns; two for a pair of texts.
        target: Column that a model must write, or a template of columns; the column of labels of a classification.
        language: Language of the target, if it is known.
        messages: Turns before the answer, in place of the source; none for a text.
    """

    kind: TaskName
    sources: tuple[str, ...]
    target: str
    language: str | None
    messages: tuple[Mapping[str, str], ...] = ()

    @property
    def source(self) -> Any:
        """Source as ``Trainer`` and ``Evaluator`` take it: a text, a pair of texts or a list of messages."""
        if self.messages:
            return list(self.messages)
        return self.sources if len(self.sources) > 1 else self.sources[0]


def add_task(command: argparse.ArgumentParser) -> None:
    """Add the arguments for source and target, or for the name of a task that has them."""
    add = command.add_argument_group("task").add_argument
    add(
        "--source",
        action="append",
        metavar="TEMPLATE",
        help="column that the model is given, or a template such as '{doc}: {name}'; twice for a pair of texts to "
        "classify",
    )
    add(
        "--messages",
        metavar="FILE",
        help="YAML or JSON file of the turns before the answer, each a role and a content; replaces --source",
    )
    add("--target", metavar="TEMPLATE", help="column that the model must write, or a template; or that of the labels")
    add(
        "--task",
        metavar="NAME",
        help="classification, to tell the label of each row; or take kind, columns and language of "
        "text-to-code, code-refinement, code-translation, humaneval, mbpp, defect-detection, clone-detection, "
        "code-search or vulnerability-detection [generation]",
    )


def add_chat(command: argparse.ArgumentParser, default: str) -> None:
    """Add the arguments that make rows conversations; ``default`` says in words what holds without them."""
    add = command.add_argument_group("chat").add_argument
    add(
        "--chat",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="give sources as turns of a user by the chat template of the tokenizer, and take the assistant's turn as "
        f"the target {default}",
    )
    add("--system", metavar="TEXT", help="text of a system turn, with --chat")


def task_of(arguments: argparse.Namespace, *, language: str | None = None, trained: Task | None = None) -> TaskColumns:
    """Return the task that the arguments of ``add_task`` name; what is missing is what a model was ``trained`` for.

    Raises:
        ParameterError: if it is incomplete, or arguments exclude each other.
    """
    recorded: dict[str, Any] = (
        {"task": GENERATION, "source": (), "target": ""} if trained is None else trained.to_dict()
    )
    from codeshift.data import TASK_DATASETS

    name = arguments.task
    if name is not None and name not in (*TASK_DATASETS, *TASK_NAMES):
        raise ParameterError("--task", "a task", name, closest(name, (*TASK_NAMES, *TASK_DATASETS)))
    dataset_task = TASK_DATASETS.get(name)
    kind: TaskName = dataset_task.kind if dataset_task else name or recorded["task"]
    messages = _messages(arguments, kind, recorded["source"])
    source = (
        "messages" if messages else arguments.source or (dataset_task.source if dataset_task else recorded["source"])
    )
    target = arguments.target or (dataset_task.target if dataset_task else recorded["target"])
    for option, value in (("--source", source), ("--target", target)):
        if not value:
            remedy = f"name the column, such as {option} docstring"
            raise ParameterError(option, "given unless --task has it", None, remedy)
    sources = (source,) if isinstance(source, str) else tuple(source)
    if len(sources) > 1 and kind == GENERATION:
        remedy = "write one template, or give --task classification"
        raise ParameterError("--source", "given once for a text to write", list(sources), remedy)
    language = language or (dataset_task.language if dataset_task else None)
    return TaskColumns(kind, () if messages else sources, target, language, messages)


def _messages(arguments: argparse.Namespace, kind: TaskName, recorded: object) -> tuple[Mapping[str, str], ...]:
    """Return the messages of the file that ``--messages`` names, or of the training; none for other sources."""
    if arguments.messages is None:
        trained = isinstance(recorded, list) and not arguments.source
        return tuple(recorded) if trained and isinstance(recorded, list) else ()
    if arguments.source:
        raise ParameterError("--messages", "left out with --source", arguments.messages, "name the columns in the file")
    if kind != GENERATION:
        raise ParameterError("--messages", "given for a text to write", kind, "give --source")
    import yaml  # type: ignore[import-untyped]

    from codeshift.finetune.messages import Messages

    try:
        content = yaml.safe_load(Path(arguments.messages).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ParameterError("--messages", "a file of YAML or JSON", arguments.messages, str(error)) from error
    if not isinstance(content, list):
        remedy = "such as [{role: user, content: 'Mend {code}'}]"
        raise ParameterError("--messages", "a file that holds a list of messages", arguments.messages, remedy)
    return tuple(Messages.of(content, "--messages").spec)


def check_template_columns(task: TaskColumns, columns: Sequence[str]) -> None:
    """Check for misspelt columns before libraries are loaded; the library checks that templates are well formed.

    Raises:
        ParameterError: if the data lacks one.
    """
    templates = [*(("source", source) for source in task.sources), ("target", task.target)]
    templates += [("messages", turn["content"]) for turn in task.messages if "{" in turn["content"]]
    for parameter, template in templates:
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
    add("--model-revision", metavar="NAME", help="branch, tag or commit of a model of the hub [the newest]")


def model_of(arguments: argparse.Namespace) -> str:
    """Return the folder or hub name of the model that the arguments of ``add_model`` name.

    Raises:
        ParameterError: if it is a path to nothing.
    """
    quiet_models_unless_watched()
    if arguments.model == EMBEDDED and not Path(EMBEDDED).exists():
        from codeshift.data.embedded import embedded_model_path

        return os.fspath(embedded_model_path())
    model: str = arguments.model
    path = Path(model).expanduser()
    if os.path.exists(path):
        return os.fspath(path)
    has_folder = os.path.isdir(path.parent)
    if "/" not in model or not (path.is_absolute() or model.startswith(".") or has_folder):
        return model
    raise ParameterError("--model", "an existing folder, or a name of the hub", model, hint_of_missing(path))

"""Record of a training in the folder of its model, and how an evaluation may differ from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codeshift.errors import ParameterError, warn
from codeshift.files import json_value
from codeshift.finetune.conversation import make_chat
from codeshift.finetune.errors import TrainedOtherwiseWarning
from codeshift.finetune.limits import TRAINING_FILE, GivenLimits, Limits
from codeshift.finetune.models import ModelOrName
from codeshift.finetune.tasks import Task, make_task
from codeshift.task_kinds import GENERATION


@dataclass(frozen=True)
class Trained:
    """The training of a model, as far as it is known.

    Attributes:
        folder: Folder of the model; empty if nothing is known.
        limits: Limits that rows were encoded with; those that are not recorded are None.
        task: What the model was trained to do; None if that is not recorded.
    """

    folder: str = ""
    limits: GivenLimits = field(default_factory=GivenLimits)
    task: Task | None = None

    def check_task(self, task: Task) -> None:
        """Check that the model was trained for this kind of task.

        Raises:
            ParameterError: if it was trained for another.
        """
        if self.task is not None and self.task.name != task.name:
            constraint = f"{self.task.name!r}, as which the model in {self.folder} was trained"
            raise ParameterError("task", constraint, task.name, f"give task={self.task.name!r}, or another model")

    def limits_for(self, given_limits: GivenLimits, task: Task) -> Limits:
        """Return the limits to evaluate the model with: those given, else those of its training, else the defaults.

        It warns if those given, or the task, differ from those of the training.

        Args:
            given_limits: Limits that the evaluator was given.
            task: Task of the evaluation.
        """
        ours = given_limits.to_dict() | task.to_dict()
        theirs = self.limits.to_dict() | ({} if self.task is None else self.task.to_dict())
        differences = [
            f"{name} is {value!r}, not {theirs[name]!r}"
            for name, value in ours.items()
            if name in theirs and theirs[name] != value
        ]
        if differences:
            words = f"the model in {self.folder} is not evaluated as it was trained: {' and '.join(differences)}"
            warn(TrainedOtherwiseWarning(words))
        return given_limits.filled(self.limits.filled(Limits()))


def trained_with(model: ModelOrName) -> Trained:
    """Return what a folder ``model`` records of its training; nothing for other models.

    >>> trained_with("Salesforce/codet5p-220m").task is None
    True
    """
    path = Path(model) / TRAINING_FILE if isinstance(model, str | os.PathLike) else None
    if path is None or not os.path.isfile(path):
        return Trained()
    try:
        training = json_value(path.read_text(encoding="utf-8"))
        limits = {name: training["config"][name] for name in vars(Limits()) if name in training["config"]}
    except (ValueError, KeyError, TypeError):  # another file with that name
        return Trained()
    if "special_tokens" in limits:
        limits["special_tokens"] = tuple(limits["special_tokens"])
    return Trained(os.fspath(path.parent), GivenLimits(**limits), _task_of(training))


def _task_of(training: Mapping[str, Any]) -> Task | None:
    """Return the task that a file describes as ``Task.to_dict`` does; None if it describes none."""
    if "source" not in training or "target" not in training:
        return None
    source, chat = training["source"], training.get("chat", False)
    try:
        return make_task(
            training.get("task", GENERATION),
            tuple(source) if isinstance(source, list) and all(isinstance(each, str) for each in source) else source,
            training["target"],
            make_chat(chat, training.get("system")),
        )
    except ParameterError:  # another file with that name
        return None

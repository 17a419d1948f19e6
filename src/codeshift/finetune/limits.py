"""The limits of length and special tokens that rows are encoded with, and what a trained model's folder records."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.checks import Check, check_integer, check_texts
from codeshift.errors import warn
from codeshift.finetune.errors import TrainedOtherwiseWarning

if TYPE_CHECKING:
    from codeshift.finetune.models import ModelOrName

TRAINING = "training.json"
_TASK = ("task", "source", "target", "chat")
_LONGEST = 512

CHECKS: dict[str, Check] = {
    "max_source_length": partial(check_integer, smallest=1),
    "max_target_length": partial(check_integer, smallest=2),
    "special_tokens": partial(check_texts, members="tokens", example='("<extra_id_0>",)'),
}
"""Checks of the values of ``Limits``, by name."""


@dataclass(frozen=True)
class Limits:
    """How rows are encoded.

    Attributes:
        max_source_length: the length of the longest source, in tokens.
        max_target_length: the length of the longest target, in tokens.
        special_tokens: the special tokens that count as such in the columns too.
    """

    max_source_length: int = _LONGEST
    max_target_length: int = _LONGEST
    special_tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class GivenLimits:
    """Limits of which some are given; the attributes are those of ``Limits``, and None where a limit is not given.

    >>> GivenLimits(max_target_length=64).filled(Limits(max_source_length=128))
    Limits(max_source_length=128, max_target_length=64, special_tokens=())
    """

    max_source_length: int | None = None
    max_target_length: int | None = None
    special_tokens: tuple[str, ...] | None = None

    def filled(self, by: Limits) -> Limits:
        """Return the limits with those of ``by`` where none are given."""
        return replace(by, **self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the limits that are given, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


def trained_with(model: ModelOrName) -> dict[str, Any]:
    """Return limits and task of the training that a folder ``model`` records.

    The task is that of ``Task.to_dict``: ``task``, ``source``, ``target`` and, for a text, ``chat`` and ``system``. The
    dict is empty if it records none.
    """
    path = Path(model) / TRAINING if isinstance(model, str | os.PathLike) else None
    if path is None or not path.is_file():
        return {}
    try:
        training = json.loads(path.read_text(encoding="utf-8"))
        limits = {name: training["config"][name] for name in vars(Limits()) if name in training["config"]}
    except (ValueError, KeyError, TypeError):  # another file with that name
        return {}
    if "special_tokens" in limits:
        limits["special_tokens"] = tuple(limits["special_tokens"])
    task = {name: training[name] for name in _TASK if isinstance(training.get(name), str | list | bool)}
    if task.get("chat"):
        task["system"] = training.get("system")
    return limits | {name: tuple(value) if isinstance(value, list) else value for name, value in task.items()}


def limits_for(model: ModelOrName, given: GivenLimits, task: Mapping[str, Any]) -> Limits:
    """Return the limits to evaluate a model with: those given, else those of its training, else the defaults.

    It warns if those given, or the task, differ from those of the training.

    Args:
        model: a folder, a hub name or a model.
        given: the limits that the evaluator was given.
        task: the description of the task: ``task``, ``source``, ``target``.
    """
    trained = trained_with(model)
    settings = given.to_dict() | {name: tuple(v) if isinstance(v, list) else v for name, v in task.items()}
    differing = {name: value for name, value in settings.items() if name in trained and trained[name] != value}
    if differing:
        differences = " and ".join(f"{name} is {value!r}, not {trained[name]!r}" for name, value in differing.items())
        words = f"the model in {os.fspath(model)} is not evaluated as it was trained: {differences}"
        warn(TrainedOtherwiseWarning(words))
    kept = {name: value for name, value in trained.items() if name in vars(Limits())}
    return given.filled(Limits(**kept))

"""The limits of length, special tokens and templates that a model was trained with, as its folder records them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.checks import Check, check_integer, check_texts
from codeshift.errors import warn
from codeshift.finetune.errors import TrainedOtherwiseWarning

if TYPE_CHECKING:
    from codeshift.finetune.models import ModelOrName

TRAINING = "training.json"
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


def trained_with(model: ModelOrName) -> dict[str, Any]:
    """Return the limits and templates that the folder ``model`` was trained with; an empty dict if it records none."""
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
    return limits | {name: training[name] for name in ("source", "target") if isinstance(training.get(name), str)}


def limits_for(model: ModelOrName, own: Mapping[str, Any], templates: Mapping[str, str]) -> Limits:
    """Return the limits to evaluate a model with: those given, else those of its training, else the defaults.

    It warns if those given, or the templates, differ from those of the training.

    Args:
        model: a folder, a hub name or a model.
        own: the limits that the evaluator was given, by name; None for those that it was not given.
        templates: the templates ``source`` and ``target``.
    """
    trained = trained_with(model)
    given = {name: value for name, value in own.items() if value is not None}
    differing = {
        name: value for name, value in (given | dict(templates)).items() if name in trained and trained[name] != value
    }
    if differing:
        differences = " and ".join(f"{name} is {value!r}, not {trained[name]!r}" for name, value in differing.items())
        words = f"the model in {os.fspath(model)} is not evaluated as it was trained: {differences}"
        warn(TrainedOtherwiseWarning(words))
    kept = {name: value for name, value in trained.items() if name in vars(Limits())}
    return Limits(**(kept | given))

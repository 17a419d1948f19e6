"""Transforms by the names of their classes, for settings files and the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from codeshift.errors import ParameterError
from codeshift.literals import literal
from codeshift.transforms.base import Chain, Transform
from codeshift.transforms.comments import DropComments
from codeshift.transforms.conditions import InvertConditions
from codeshift.transforms.constants import UnfoldConstants
from codeshift.transforms.dead_code import DeadCode
from codeshift.transforms.layout import Reformat
from codeshift.transforms.loops import ForToWhile
from codeshift.transforms.names import RenameIdentifiers
from codeshift.wording import Verbatim, closest

_NAMED = re.compile(r"(?P<name>\w+)(\[(?P<options>[^\[\]]*)\])?")

TRANSFORMS: Mapping[str, type[Transform]] = {
    cls.__name__: cls
    for cls in (DeadCode, DropComments, ForToWhile, InvertConditions, Reformat, RenameIdentifiers, UnfoldConstants)
}
"""Classes of transforms by name."""


def transform_by_name(transform: object, *, column: str = "code", language: str | None = None) -> Transform | Chain:
    """Make a transform of its name, of its settings with its name as ``type``, or of a list of these, a chain.

    A name may have settings behind it, as in ``RenameIdentifiers[parameters=True,seed=3]``.

    Args:
        transform: Name, settings or list; a list of one is that one.
        column: Column of transforms that name none.
        language: Language of transforms that name none.

    Raises:
        ParameterError: if there is no such transform, or it has no such setting; the message names close matches.

    >>> transform_by_name(["DropComments", {"type": "DeadCode", "seed": 3}], language="python").steps[1].seed
    3
    >>> transform_by_name("DeadCode[statements=2]", language="python").statements
    2
    """
    if isinstance(transform, list) and len(transform) == 1:
        return transform_by_name(transform[0], column=column, language=language)
    if isinstance(transform, list):
        return Chain(steps=tuple(transform_by_name(step, column=column, language=language) for step in transform))
    settings = _settings_of(transform) if isinstance(transform, str) else transform
    if not isinstance(settings, Mapping) or settings.get("type") not in TRANSFORMS:
        name = settings.get("type") if isinstance(settings, Mapping) else transform
        raise ParameterError("transform", "the name of a transform", name, closest(str(name), TRANSFORMS))
    cls = TRANSFORMS[settings["type"]]
    setting_names = [field.name for field in fields(cls)]
    arguments: dict[str, Any] = {"column": column, **{name: settings[name] for name in settings if name != "type"}}
    for name in arguments:
        if name not in setting_names:
            must = f"{cls.__name__} with settings that it has"
            raise ParameterError("transform", must, name, closest(name, setting_names))
    if "language" not in arguments:
        if language is None:
            remedy = "name the language of the code"
            raise ParameterError("transform", f"{cls.__name__} with its language", Verbatim("none"), remedy)
        arguments["language"] = language
    return cls(**arguments)


def transform_name(transform: object) -> str:
    """Return the name of a transform without one of its own: that of its class; of a chain those of its steps.

    >>> transform_name(transform_by_name(["DropComments", "Reformat"], language="python"))
    'DropComments_Reformat'
    """
    return "_".join(map(transform_name, transform.steps)) if isinstance(transform, Chain) else type(transform).__name__


def _settings_of(text: str) -> dict[str, Any]:
    """Return the settings that a name with options in brackets stands for."""
    match = _NAMED.fullmatch(text.strip())
    if match is None:
        return {"type": text}
    pairs = [option.partition("=") for option in (match["options"] or "").split(",") if option.strip()]
    return {"type": match["name"]} | {name.strip(): literal(value.strip()) for name, _, value in pairs}

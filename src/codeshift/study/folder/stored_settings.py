"""The settings that the folder of a study holds, read from its fingerprint: the one place that knows the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codeshift.parts import WHOLE
from codeshift.study.settings.keys import RunKey


@dataclass(frozen=True, kw_only=True)
class StoredSettings:
    """Settings that a study was run with, as its folder holds them.

    Attributes:
        scenarios: Names of the scenarios, in the study's order.
        split_seeds: Seeds of the splits.
        metric_languages: Language of each metric by its name; None for a metric of no language.
        classes: Names of the classes of a classification; none of a study of text.
        language: Language of the code; None if it is not known.
        generate_rows: Number of rows of each part that text is generated for; None for all.
        evaluation_seed: Seed of the draw of these rows.
        has_general: Whether the study has a general held-out set.
        transforms: Names of the transforms whose rewritten test rows its models are scored on too.
        title: Title of the report; empty for one by the model's name.
        model: Name of the model on the hub; None for one that was given as a folder or an object.
        official_parts: Names of the official splits of the data; none for data that the study split.
        plain: All settings as JSON values, by their names in ``study.json``.
        versions: Versions of Python and of libraries that the study was begun with.

    >>> StoredSettings(scenarios=("long",), title="Long programs").scenarios
    ('long',)
    """

    scenarios: tuple[str, ...] = ()
    split_seeds: tuple[int, ...] = (0,)
    metric_languages: Mapping[str, str | None] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    language: str | None = None
    generate_rows: int | None = None
    evaluation_seed: int = 0
    has_general: bool = False
    transforms: tuple[str, ...] = ()
    title: str = ""
    model: str | None = None
    official_parts: tuple[str, ...] = ()
    plain: Mapping[str, Any] = field(default_factory=dict, repr=False)
    versions: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_fingerprint(cls, plain: Mapping[str, Any], versions: Mapping[str, str]) -> StoredSettings:
        """Read the settings from the values of ``fingerprint``; a key that every study has must be there."""
        first = plain.get("model", {}) if "models" in plain else plain["model"]
        return cls(
            scenarios=tuple(plain["scenarios"]),
            split_seeds=tuple(plain["split_seeds"]),
            metric_languages=plain["metrics"],
            classes=tuple(plain["classes"]) if plain["task"] == "classification" else (),
            language=plain["language"],
            generate_rows=plain["generate_rows"],
            evaluation_seed=plain["evaluation_seed"],
            has_general=plain["general"] is not None,
            transforms=tuple(plain.get("transforms", ())),
            title=plain["title"],
            model=first.get("name"),  # others are identified by a digest of their weights
            official_parts=tuple(name for name in plain["data"] if name != WHOLE),
            plain=plain,
            versions=versions,
        )


@dataclass(frozen=True, kw_only=True)
class StoredStudy:
    """Content of ``study.json``.

    Attributes:
        settings: Settings of the study.
        keys: Keys of its runs, in the order of the plan.
    """

    settings: StoredSettings
    keys: tuple[RunKey, ...]

"""Runs of a study: the key, the name and the record of one evaluated model."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

NONE = "none"
"""Name of the method without fine-tuning."""

Status = Literal["done", "failed", "pending"]


def plain_name(words: Iterable[str], exact: Mapping[str, Any]) -> str:
    """Make the name of a file or folder: readable words, and a digest that keeps names distinct even without case.

    >>> plain_name(["split", "a/b", ""], {"scenario": "a/b"})
    'split-a_b-9e414d37'
    """
    readable = "-".join(re.sub(r"[^A-Za-z0-9._=]+", "_", word)[:60] for word in words if word)
    return f"{readable}-{hashlib.blake2b(json.dumps(exact, sort_keys=True).encode(), digest_size=4).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """Key of a run of a study.

    Attributes:
        method: Name in ``Study.methods``, or ``"none"``: the model without fine-tuning.
        scenario: Name of the scenario whose region was masked; None for runs that all scenarios share: the model
            without fine-tuning, and the 100% baseline.
        ood_kept: Share of the region's training rows that was kept: 1 for the 100% baseline, None for ``"none"``.
        variant: Empty for a model as it was trained; ``"wise_ft=0.5"`` or ``"adapter=0.5"`` for one that was made
            of its weights without training.
        split_seed: Seed of the split.
        train_seed: Seed of the training; None for ``"none"``.

    >>> RunKey(method="lora", scenario="length_p97_p100", ood_kept=0.5, train_seed=1).name
    'lora-length_p97_p100-kept0.5-split0-train1-d13c3b22'
    """

    method: str
    scenario: str | None = None
    ood_kept: float | None = None
    variant: str = ""
    split_seed: int = 0
    train_seed: int | None = None

    @property
    def name(self) -> str:
        """Name that is unique to the run, even if case is ignored, and valid as a file name."""
        words = [self.method, self.scenario or "", self.variant]
        words += [] if self.ood_kept is None else [f"kept{self.ood_kept:g}"]
        words += [f"split{self.split_seed}", "" if self.train_seed is None else f"train{self.train_seed}"]
        return plain_name(words, self.to_dict())

    @property
    def trained(self) -> RunKey:
        """Key of the run whose weights this one is made of: itself, unless it is a variant."""
        return RunKey(**(asdict(self) | {"variant": ""}))

    def to_dict(self) -> dict[str, Any]:
        """Return the key as JSON values.

        >>> RunKey(**RunKey(method="full", ood_kept=1.0, train_seed=0).to_dict()).ood_kept
        1.0
        """
        return asdict(self)

    def __str__(self) -> str:
        shared = "all scenarios" if self.scenario is None else self.scenario
        kept = "" if self.ood_kept is None else f", ood_kept={self.ood_kept:g}"
        seeds = f"split seed {self.split_seed}" + ("" if self.train_seed is None else f", train seed {self.train_seed}")
        return f"{self.method}{f' {self.variant}' if self.variant else ''} on {shared}{kept} ({seeds})"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Record of how a run went.

    Attributes:
        key: Key of the run.
        status: Status of the run: "done", "failed" or "pending".
        error: Type and message of the error that made it fail; empty otherwise.
        blocked: Whether it failed because of files that it left itself, such as a broken checkpoint, which block
            another try.
        seconds: Seconds that it took, evaluation included; NaN if it is not done.
        steps: Number of updates of the weights; None if nothing was trained.
        facts: Facts of training and evaluation, as JSON values: rows, truncation, parameters, losses, versions.

    >>> RunRecord(key=RunKey(method="none"), status="done", seconds=12.5)
    RunRecord(key=RunKey(method='none', scenario=None, ood_kept=None, variant='', split_seed=0, train_seed=None),
    status='done', error='', seconds=12.5, steps=None)
    """

    key: RunKey
    status: Status
    error: str = ""
    blocked: bool = field(default=False, repr=False)
    seconds: float = math.nan
    steps: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values; NaN becomes None.

        >>> record = RunRecord(key=RunKey(method="none"), status="failed", error="DivergenceError: ...")
        >>> RunRecord.from_dict(record.to_dict()).error
        'DivergenceError: ...'
        """
        return {
            "key": self.key.to_dict(),
            "status": self.status,
            "error": self.error,
            "blocked": self.blocked,
            "seconds": self.seconds if math.isfinite(self.seconds) else None,
            "steps": self.steps,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunRecord:
        """Make a record from the values of ``to_dict``."""
        seconds = values["seconds"]
        given = dict(values) | {"key": RunKey(**values["key"]), "seconds": math.nan if seconds is None else seconds}
        return cls(**given)

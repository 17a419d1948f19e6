"""Keys of the runs of a study: what sets one evaluated model apart from the others, and its name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from codeshift.checks import settle
from codeshift.errors import ParameterError
from codeshift.formatting import shortest

NONE = "none"
"""Name of the method without fine-tuning."""


def share_name(share: float) -> str:
    """Return a share as names of files and runs have it; shares that differ have different names.

    >>> share_name(0.0), share_name(0.5), share_name(1 / 3)
    ('0', '0.5', '0.3333333333333333')
    """
    return shortest(share)


def plain_name(words: Iterable[str], exact: Mapping[str, Any]) -> str:
    """Make the name of a file or folder: readable words, and a digest that keeps names distinct even without case.

    >>> plain_name(["split", "a/b", ""], {"scenario": "a/b"})
    'split-a_b-9e414d37'
    """
    readable = "-".join(re.sub(r"[^A-Za-z0-9._=]+", "_", word)[:60] for word in words if word)
    return f"{readable}-{hashlib.blake2b(json.dumps(exact, sort_keys=True).encode(), digest_size=4).hexdigest()}"


class Variant(str):
    """Variant of a trained model, which is made of its weights; as a text, its name, which holds the value in full.

    Attributes:
        kind: How it is made: ``"wise_ft"`` or ``"adapter"``.
        value: Weight of the fine-tuned model, or scale of the adapter.

    >>> Variant("wise_ft", 0.5), Variant.of("adapter=0.25").value
    ('wise_ft=0.5', 0.25)
    """

    kind: str
    value: float

    def __new__(cls, kind: str, value: float) -> Self:
        """Make the name."""
        variant = super().__new__(cls, f"{kind}={shortest(value)}")
        variant.kind, variant.value = kind, value
        return variant

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the variant of a name, such as one that a file holds.

        Raises:
            ParameterError: if it is no such name.
        """
        kind, _, value = name.partition("=")
        try:
            return cls(kind, float(value))
        except ValueError:
            raise ParameterError("variant", "a kind and a number", name, 'such as "wise_ft=0.5"') from None

    def __getnewargs__(self) -> tuple[str, float]:  # type: ignore[override]
        return self.kind, self.value


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """Key of a run of a study.

    Attributes:
        method: Name in ``Study.methods``, or ``"none"``: the model without fine-tuning.
        scenario: Name of the scenario whose region was masked; None for runs that all scenarios share: the model
            without fine-tuning, and the 100% baseline.
        ood_kept: Share of the region's training rows that was kept: 1 for the 100% baseline, None for ``"none"``.
        variant: Variant, or its name such as ``"wise_ft=0.5"`` or ``"adapter=0.5"``, of a model that was made of its
            weights without training; None for a model as it was trained.
        split_seed: Seed of the split.
        train_seed: Seed of the training; None for ``"none"``.
        model: Name in ``Study.models``; None for the model of ``Study.model``.

    >>> RunKey(method="lora", scenario="length_p97_p100", ood_kept=0.5, train_seed=1).name
    'lora-length_p97_p100-kept0.5-split0-train1-d13c3b22'
    """

    method: str
    scenario: str | None = None
    ood_kept: float | None = None
    variant: Variant | str | None = None
    split_seed: int = 0
    train_seed: int | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.variant, str) and not isinstance(self.variant, Variant):
            settle(self, variant=Variant.of(self.variant))

    @property
    def name(self) -> str:
        """Name that is unique to the run, even if case is ignored, and valid as a file name."""
        words = [self.model or "", self.method, self.scenario or "", self.variant or ""]
        words += [] if self.ood_kept is None else [f"kept{share_name(self.ood_kept)}"]
        words += [f"split{self.split_seed}", "" if self.train_seed is None else f"train{self.train_seed}"]
        return plain_name(words, self.to_dict())

    @property
    def trained(self) -> RunKey:
        """Key of the run whose weights this one is made of: itself, unless it is a variant."""
        return replace(self, variant=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the key as JSON values: no variant is an empty text, and a model without a name is left out.

        >>> RunKey(method="full", ood_kept=1.0, train_seed=0).to_dict()["variant"]
        ''
        """
        values = asdict(self) | {"variant": self.variant or ""}
        return {name: value for name, value in values.items() if name != "model" or value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the key that ``to_dict`` wrote.

        >>> key = RunKey(method="full", ood_kept=1.0, train_seed=0)
        >>> RunKey.from_dict(key.to_dict()) == key
        True
        """
        return cls(**{**values, "variant": values.get("variant") or None})

    def __str__(self) -> str:
        shared = "all scenarios" if self.scenario is None else self.scenario
        kept = "" if self.ood_kept is None else f", ood_kept={share_name(self.ood_kept)}"
        seeds = f"split seed {self.split_seed}" + ("" if self.train_seed is None else f", train seed {self.train_seed}")
        model = f"{self.model}, " if self.model else ""
        return f"{model}{self.method}{f' {self.variant}' if self.variant else ''} on {shared}{kept} ({seeds})"

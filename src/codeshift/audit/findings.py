"""Figures of an audit, as frozen values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codeshift.audit.atoms import UnseenAtoms
from codeshift.audit.confounds import Confound
from codeshift.audit.copies import Copies
from codeshift.audit.labels import LabelShift
from codeshift.audit.leakage import Leakage
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import Strength
from codeshift.audit.truncation import Truncation
from codeshift.audit.verdict import Verdict
from codeshift.properties import Property
from codeshift.regions.distribution import Distribution


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditFindings:
    """Figures that ``AuditReport`` shows; see there for the attributes."""

    train: str
    test: str
    reference: str | None
    sizes: Mapping[str, int]
    settings: AuditSettings
    leakage: tuple[Leakage, ...]
    copies: tuple[Copies, ...]
    strength: tuple[Strength, ...]
    confounds: tuple[Confound, ...]
    atoms: tuple[UnseenAtoms, ...]
    truncation: tuple[Truncation, ...]
    verdict: Verdict
    distributions: Mapping[str, Distribution] = field(repr=False)
    unparsable: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[LabelShift, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values that ``json`` can write.

        NaN, for what could not be measured, becomes None, and infinity becomes "inf" or "-inf". The positions of
        leaking rows are left out, since they depend on the order of rows.
        """
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "distributions"}
        for name in ("unparsable", "labels"):
            if not fields[name]:
                del fields[name]
        plain: dict[str, Any] = _plain(fields)
        return plain

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, AuditFindings) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


def _plain(value: Any) -> Any:
    if isinstance(value, Property):
        return value.to_dict()
    if dataclasses.is_dataclass(value):
        compared = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare}
        return compared | {name: _plain(getattr(value, name)) for name in _derived(type(value))}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _derived(cls: type) -> list[str]:
    """Return the names of a class's properties, such as the shares computed from its counts."""
    return [name for name, member in vars(cls).items() if isinstance(member, property)]

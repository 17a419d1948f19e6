"""The audit of a split as a study stores it: its figures, or the error that it ended with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codeshift.audit import Verdict

_ERROR = "error"  # an audit that failed is stored as this alone


@dataclass(frozen=True, kw_only=True)
class SplitAudit:
    """Audit of a split.

    Attributes:
        verdict: Verdict of the audit.
        auc: AUC of the classifier of ``test_ood`` against ``train``; NaN if it was not measured.
        figures: All figures, the content of ``AuditReport.to_dict()``.

    >>> verdict = {"label": "sound", "reasons": ["a classifier tells them apart"], "cautions": []}
    >>> SplitAudit.from_dict({"verdict": verdict, "strength": []}).verdict.label
    'sound'
    """

    verdict: Verdict
    auc: float = math.nan
    figures: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_dict(cls, figures: Mapping[str, Any]) -> SplitAudit:
        """Make an audit from the values of ``AuditReport.to_dict()``."""
        verdict = figures["verdict"]
        statistics = {part["part"]: part["classifier"]["statistic"] for part in figures["strength"]}
        auc = statistics.get("test_ood")
        return cls(
            verdict=Verdict(
                label=verdict["label"], reasons=tuple(verdict["reasons"]), cautions=tuple(verdict["cautions"])
            ),
            auc=math.nan if auc is None else float(auc),
            figures=figures,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, as ``from_dict`` takes them."""
        return dict(self.figures)


@dataclass(frozen=True)
class AuditError:
    """Error that the audit of a split ended with.

    Attributes:
        error: Type and message of the error.

    >>> audit_from_dict(AuditError("MemoryError: no room").to_dict())
    AuditError(error='MemoryError: no room')
    """

    error: str

    def to_dict(self) -> dict[str, Any]:
        """Return the error as a JSON value."""
        return {_ERROR: self.error}


def audit_from_dict(content: Mapping[str, Any]) -> SplitAudit | AuditError:
    """Make an audit, or its error, from the values of ``to_dict``."""
    return AuditError(content[_ERROR]) if _ERROR in content else SplitAudit.from_dict(content)

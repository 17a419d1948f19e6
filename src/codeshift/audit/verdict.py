"""The verdict: sound, leaks, or no shift to speak of, with the reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from codeshift.audit.confounds import Confound
from codeshift.audit.distances import effect_words
from codeshift.audit.leakage import Leakage
from codeshift.audit.settings import Thresholds
from codeshift.audit.strength import PropertyShift, Strength
from codeshift.audit.truncation import Truncation
from codeshift.metrics.aggregates import holm

SOUND, LEAKS, NO_SHIFT, TOO_FEW = "sound", "leaks", "no shift to speak of", "too few rows"

_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the audit comes to.

    Attributes:
        label: ``"sound"``, ``"leaks"``, ``"no shift to speak of"`` or ``"too few rows"``.
        reasons: what it rests on, in words and numbers.
        cautions: what else to know before the split is used; they do not change the label.

    >>> verdict = Verdict(label="leaks", reasons=("3 of 40 rows of test have a near-duplicate in train",), cautions=())
    >>> print(verdict)
    Leaks: 3 of 40 rows of test have a near-duplicate in train.
    """

    label: str
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.label[0].upper()}{self.label[1:]}: {'; '.join(self.reasons)}."


def judge(
    *,
    leakage: Sequence[Leakage],
    strength: Sequence[Strength],
    confounds: Sequence[Confound],
    truncation: Sequence[Truncation],
    thresholds: Thresholds,
) -> Verdict:
    """Judge what was measured.

    Args:
        leakage: of the parts that must not leak. Copies decide in test and reference; groups decide in test alone,
            since a reference from the groups of train is as in-distribution as can be. The rest gives cautions.
        strength: of test first, then of the reference where there is one.
        confounds: of test.
        truncation: of each part, where it was measured.
        thresholds: where to draw the lines.
    """
    test = strength[0]
    deciding = {one.part for one in strength}
    reasons = [found for one in leakage if one.part in deciding for found in _copies(one, thresholds)]
    reasons += [found for one in leakage if one.part == test.part for found in _groups(one, thresholds)]
    cautions = [
        *(
            f"{found}, and model selection sees them"
            for one in leakage
            if one.part not in deciding
            for found in _copies(one, thresholds)
        ),
        *(found for one in leakage if one.part != test.part for found in _groups(one, thresholds)),
        *_of_reference(strength[1:], thresholds),
        *_of_confounds(confounds, thresholds),
        *_of_truncation(truncation, thresholds),
    ]
    shifts, tried = _shifts(test, thresholds)
    if reasons:
        label = LEAKS
    elif min(test.n, test.n_train) < thresholds.min_rows:
        label = TOO_FEW
        reasons = [
            f"train has {test.n_train:,} and {test.part} {test.n:,} distinct rows, a verdict needs at least "
            f"{thresholds.min_rows} of each"
        ]
    else:
        label = SOUND if shifts else NO_SHIFT
        clean = [_no_leak(one) for one in leakage if one.part in deciding]
        reasons = [*(shifts or tried), *clean]
    return Verdict(label=label, reasons=tuple(reasons), cautions=tuple(cautions))


def _copies(leakage: Leakage, thresholds: Thresholds) -> list[str]:
    if not leakage.near_share > thresholds.leaked_rows:  # NaN, an empty part, leaks nothing
        return []
    counted = f"{leakage.near:,} of {leakage.n:,} rows of {leakage.part} ({leakage.near_share:.2%})"
    return [f"{counted} have an exact or near-duplicate in train"]


def _groups(leakage: Leakage, thresholds: Thresholds) -> list[str]:
    if not leakage.groups_share > thresholds.leaked_groups:
        return []
    return [f"{leakage.groups_share:.1%} of the rows of {leakage.part} are of groups that train holds too"]


def _no_leak(leakage: Leakage) -> str:
    return f"{leakage.near_share:.2%} of {leakage.part} have a near-duplicate in train"


def _shifts(strength: Strength, thresholds: Thresholds) -> tuple[list[str], list[str]]:
    """What shows a shift, and what was tried."""
    auc = strength.classifier
    counted = [prop for prop in strength.properties if prop.counts]
    adjusted = holm([prop.p_value for prop in counted]).tolist()
    moved = [
        (prop, p)
        for prop, p in zip(counted, adjusted, strict=True)
        if prop.jensen_shannon >= thresholds.jensen_shannon and p <= thresholds.alpha
    ]
    moved.sort(key=lambda pair: (not pair[0].intended, -pair[0].jensen_shannon, pair[0].name))
    found = []
    told = f"a classifier tells {strength.part} from train with AUC {auc.statistic:.3f} (p = {auc.p_value:.3g})"
    if auc.statistic >= thresholds.auc and auc.p_value <= thresholds.alpha:
        found.append(told)
    if moved:
        found.append(f"{_listed([_distance(prop, p) for prop, p in moved[:_NAMED]], len(moved))} moved")
    farthest = max(counted, key=lambda prop: _or_zero(prop.jensen_shannon), default=None)
    tried = [told]
    if farthest is not None:
        tried.append(f"the property that moved farthest is {_distance(farthest, adjusted[counted.index(farthest)])}")
    return found, tried


def _distance(prop: PropertyShift, p_value: float) -> str:
    return f"{prop.name} (Jensen-Shannon distance {prop.jensen_shannon:.2f}, p = {p_value:.3g})"


def _of_reference(strength: Sequence[Strength], thresholds: Thresholds) -> list[str]:
    return [
        f"{one.part}, the in-distribution reference, has itself shifted from train "
        f"(AUC {one.classifier.statistic:.3f}, p = {one.classifier.p_value:.3g})"
        for one in strength
        if one.classifier.statistic >= thresholds.auc and one.classifier.p_value <= thresholds.alpha
    ]


def _of_confounds(confounds: Sequence[Confound], thresholds: Thresholds) -> list[str]:
    moved = [one for one in confounds if abs(one.effect) >= thresholds.confound]
    if not moved:
        return []
    named = [f"{one.name} ({effect_words(one.effect)})" for one in moved[:_NAMED]]
    return [f"other properties moved as well, in standard deviations: {_listed(named, len(moved))}"]


def _of_truncation(truncation: Sequence[Truncation], thresholds: Thresholds) -> list[str]:
    return [
        f"{one.share:.1%} of the rows of {one.part} are longer than the model's {one.max_length:,} tokens"
        for one in truncation
        if one.share > thresholds.truncated
    ]


def _listed(named: Sequence[str], total: int) -> str:
    return ", ".join(named) + (f" and {total - len(named)} more" if total > len(named) else "")


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value

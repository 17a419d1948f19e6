"""Verdict of an audit: sound, leaks, or no shift to speak of, with the reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from codeshift.audit.column_leakage import ColumnLeakage
from codeshift.audit.confounds import Confound
from codeshift.audit.copies import Copies
from codeshift.audit.correction import corrected, least_permutations, reaches
from codeshift.audit.distances import effect_words
from codeshift.audit.labels import LabelShift
from codeshift.audit.leakage import Leakage
from codeshift.audit.settings import FEWEST_IN_SAMPLE, Thresholds
from codeshift.audit.strength import PropertyShift, Strength
from codeshift.audit.truncation import Truncation
from codeshift.formatting import counted

SOUND, LEAKS, NO_SHIFT = "sound", "leaks", "no shift to speak of"
TOO_FEW, TOO_FEW_PERMUTATIONS = "too few rows", "too few permutations"

_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Verdict of an audit.

    Attributes:
        label: Label: ``"sound"``, ``"leaks"``, ``"no shift to speak of"``, ``"too few rows"`` or
            ``"too few permutations"``.
        reasons: Reasons for the label, in words and numbers.
        cautions: Other findings to know before the split is used; they do not change the label.

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
    column_leakage: Sequence[ColumnLeakage] = (),
    copies: Sequence[Copies],
    labels: Sequence[LabelShift] = (),
    strength: Sequence[Strength],
    confounds: Sequence[Confound],
    truncation: Sequence[Truncation],
    n_permutations: int,
    thresholds: Thresholds,
) -> Verdict:
    """Derive the verdict from the measurements.

    Args:
        leakage: Leakage of the parts that must not leak. Copies decide in test and reference; groups decide in test
            only, since a reference from the groups of train is as in-distribution as possible. The rest gives cautions.
        column_leakage: Leakage by columns other than the code's, which gives cautions: equal prompts may have
            answers of their own.
        copies: Copies within the held-out parts.
        labels: Labels of each held-out part; empty if they were not given.
        strength: Strength of test first, then of the reference if there is one.
        confounds: Confounds of test.
        truncation: Truncation of each part; empty if it was not measured.
        n_permutations: Number of permutations for the classifier's p-value.
        thresholds: Thresholds of the verdict.
    """
    test = strength[0]
    deciding = {shift.part for shift in strength}
    leaks = [reason for leak in leakage if leak.part in deciding for reason in _leaked(leak, thresholds)]
    leaks += [reason for leak in leakage if leak.part == test.part for reason in _leaks_of_groups(leak, thresholds)]
    cautions = [
        *(reason for repeated in copies for reason in _cautions_on_copies(repeated, thresholds)),
        *(
            f"{reason}, and model selection sees them"
            for leak in leakage
            if leak.part not in deciding
            for reason in _leaked(leak, thresholds)
        ),
        *(reason for leak in leakage if leak.part != test.part for reason in _leaks_of_groups(leak, thresholds)),
        *(reason for leak in leakage for reason in _unsettled(leak)),
        *(reason for leak in column_leakage for reason in _of_column(leak, thresholds)),
        *(reason for shift in labels for reason in _cautions_on_conflicts(shift, thresholds)),
        *_of_labels(labels, test, thresholds),
        *_of_reference(strength[1:], thresholds),
        *_of_confounds(confounds, thresholds),
        *_of_truncation(truncation, thresholds),
    ]
    label, reasons = (LEAKS, leaks) if leaks else _of_shift(test, n_permutations, thresholds)
    if label in (SOUND, NO_SHIFT):
        reasons += [_no_leak(leak) for leak in leakage if leak.part in deciding and leak.n]
        reasons += [
            _repeated(repeated)
            for repeated in copies
            if repeated.part == test.part and _cautions_on_copies(repeated, thresholds)
        ]
    return Verdict(label=label, reasons=tuple(reasons), cautions=tuple(cautions))


def _of_shift(test: Strength, n_permutations: int, thresholds: Thresholds) -> tuple[str, list[str]]:
    """Return the label of a split that does not leak, and the reasons."""
    rows = max(thresholds.min_rows, FEWEST_IN_SAMPLE)
    if min(test.n, test.n_train) < rows:
        counts = f"train has {test.n_train:,} and {test.part} {test.n:,} distinct rows"
        return TOO_FEW, [f"{counts}, a verdict needs at least {rows} of each"]
    tested = sum(prop.in_verdict for prop in test.properties)
    least = least_permutations(tested, thresholds.alpha)
    if n_permutations < least:
        beside = f", corrected for {tested} {_plural('property', tested)} beside it," if tested else ""
        return TOO_FEW_PERMUTATIONS, [
            f"with n_permutations={n_permutations:,} the p-value of the classifier{beside} cannot reach "
            f"{thresholds.alpha:g}, it takes n_permutations={least:,} at least"
        ]
    shifts, tried = _shifts(test, thresholds)
    return (SOUND, shifts) if shifts else (NO_SHIFT, tried)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word[:-1]}ies"


def _leaked(leakage: Leakage, thresholds: Thresholds) -> list[str]:
    if not leakage.near_share > thresholds.leaked_rows:  # NaN, from an empty part, does not leak
        return []
    share = f"{leakage.near:,} of {leakage.n:,} rows of {leakage.part} ({leakage.near_share:.2%})"
    return [f"{share} have an exact or near-duplicate in train"]


def _unsettled(leakage: Leakage) -> list[str]:
    if not leakage.unsettled:
        return []
    share = f"{leakage.unsettled:,} of {leakage.n:,} rows of {leakage.part}"
    return [f"{share} were not compared with all of train, and more of them may have a near-duplicate there"]


def _of_column(leakage: ColumnLeakage, thresholds: Thresholds) -> list[str]:
    if not leakage.near_share > thresholds.leaked_rows:  # NaN, of a part without texts, does not leak
        return []
    share = f"{leakage.near:,} of {leakage.n:,} rows of {leakage.part} ({leakage.near_share:.2%})"
    columns = " and ".join(leakage.columns)
    together = " together" if len(leakage.columns) > 1 else ""
    return [
        f"{share} have an exact or near-duplicate in train by {columns}{together}; a split with "
        "near_duplicates=NearDuplicates(columns=...) keeps such rows on one side"
    ]


def _cautions_on_copies(copies: Copies, thresholds: Thresholds) -> list[str]:
    if not copies.repeated or not copies.repeated_share >= thresholds.copies:
        return []
    return [
        f"{copies.repeated:,} of {copies.n:,} rows of {copies.part} ({copies.repeated_share:.1%}) repeat another row "
        f"of it, as exact or near-duplicates, the largest group {copies.largest:,} times: a score on it rests on "
        f'{copies.distinct:,} distinct rows; near_duplicates="drop" keeps one of each'
    ]


def _repeated(copies: Copies) -> str:
    return f"{copies.distinct:,} of the {copies.n:,} rows of {copies.part} are distinct"


def _leaks_of_groups(leakage: Leakage, thresholds: Thresholds) -> list[str]:
    if not leakage.groups_share > thresholds.leaked_groups:
        return []
    return [f"{leakage.groups_share:.1%} of the rows of {leakage.part} are of groups that train holds too"]


def _no_leak(leakage: Leakage) -> str:
    least = "at least " if leakage.unsettled else ""
    return f"{least}{leakage.near_share:.2%} of {leakage.part} have a near-duplicate in train"


def _shifts(strength: Strength, thresholds: Thresholds) -> tuple[list[str], list[str]]:
    """Return the reasons that show a shift, and all comparisons in words."""
    auc = strength.classifier
    properties = [prop for prop in strength.properties if prop.in_verdict]
    p_value, adjusted = corrected(auc.p_value, [prop.p_value for prop in properties])
    moved = [
        (prop, p)
        for prop, p in zip(properties, adjusted, strict=True)
        if prop.jensen_shannon >= thresholds.jensen_shannon and reaches(p, thresholds.alpha)
    ]
    moved.sort(key=lambda pair: (not pair[0].intended, -pair[0].jensen_shannon, pair[0].name))
    reasons = []
    words = f"a classifier tells {strength.part} from train with AUC {auc.statistic:.3f} (corrected p = {p_value:.3g})"
    if auc.statistic >= thresholds.auc and reaches(p_value, thresholds.alpha):
        reasons.append(words)
    if moved:
        reasons.append(f"{_first_names([_distance(prop, p) for prop, p in moved[:_NAMED]], len(moved))} moved")
    farthest = max(properties, key=lambda prop: _or_zero(prop.jensen_shannon), default=None)
    tried = [words]
    if farthest is not None:
        tried.append(f"the property that moved farthest is {_distance(farthest, adjusted[properties.index(farthest)])}")
    return reasons, tried


def _distance(prop: PropertyShift, p_value: float) -> str:
    return f"{prop.name} (Jensen-Shannon distance {prop.jensen_shannon:.2f}, corrected p = {p_value:.3g})"


def _of_reference(strength: Sequence[Strength], thresholds: Thresholds) -> list[str]:
    """Return cautions about the reference: it has itself shifted, or is too small to compare with."""
    cautions = []
    for shift in strength:
        role = f"{shift.part}, the in-distribution reference, has"
        if shift.n < max(thresholds.min_rows, FEWEST_IN_SAMPLE):
            cautions.append(f"{role} {counted(shift.n, 'distinct row')}: too few to read test beside it")
        elif reasons := _shifts(shift, thresholds)[0]:
            cautions.append(f"{role} itself shifted from train: {'; '.join(reasons)}")
    return cautions


def _cautions_on_conflicts(labels: LabelShift, thresholds: Thresholds) -> list[str]:
    """Return cautions about rows whose near-duplicates have other labels."""
    counts = (
        (labels.conflicts, labels.conflicts_share, "in train"),
        (labels.conflicts_within, labels.conflicts_within_share, "in it"),
    )
    return [
        f"{count:,} of {labels.n:,} labelled rows of {labels.part} ({share:.1%}) have a near-duplicate {place} with "
        "another label: no model can be right on both"
        for count, share, place in counts
        if count and share > thresholds.label_conflicts
    ]


def _of_labels(labels: Sequence[LabelShift], test: Strength, thresholds: Thresholds) -> list[str]:
    """Return cautions about a mix of labels that moved, and about labels that training never shows."""
    cautions = []
    for shift in labels:
        if shift.part == test.part:
            p_values = [prop.p_value for prop in test.properties if prop.in_verdict]
            corrected_p = corrected(test.classifier.p_value, [*p_values, shift.p_value])[1][-1]
            if shift.total_variation >= thresholds.label_shift and reaches(corrected_p, thresholds.alpha):
                cautions.append(
                    f"the mix of labels moved: {shift.total_variation:.1%} of the rows of {shift.part} would need "
                    f"another label (corrected p = {corrected_p:.3g}), so part of a loss may be that of the mix; "
                    "codeshift.metrics.prior_shift says how much, stratify_by_column keeps the mix in drawn parts, and "
                    'TimeSplitter(within="project") that of projects'
                )
        if shift.unseen:
            cautions.append(f"{counted(shift.unseen, 'row')} of {shift.part} have a label that no row of train has")
    return cautions


def _of_confounds(confounds: Sequence[Confound], thresholds: Thresholds) -> list[str]:
    moved = [
        confound
        for confound in confounds
        if abs(confound.effect) >= thresholds.confound and reaches(confound.p_value, thresholds.alpha)
    ]
    if not moved:
        return []
    named = [f"{confound.name} ({effect_words(confound.effect)})" for confound in moved[:_NAMED]]
    return [f"other properties moved as well, in standard deviations: {_first_names(named, len(moved))}"]


def _of_truncation(truncation: Sequence[Truncation], thresholds: Thresholds) -> list[str]:
    return [
        f"{cut.share:.1%} of the rows of {cut.part} are longer than the model's {cut.max_length:,} tokens"
        for cut in truncation
        if cut.share > thresholds.truncated
    ]


def _first_names(named: Sequence[str], total: int) -> str:
    return ", ".join(named) + (f" and {total - len(named)} more" if total > len(named) else "")


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value

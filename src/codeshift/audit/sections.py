"""A report as sections of text and tables, which Markdown and HTML then write each in their way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codeshift.audit.correction import property_permutations
from codeshift.audit.distances import effect_words
from codeshift.audit.strength import PropertyShift
from codeshift.audit.two_sample import TwoSampleTest
from codeshift.formatting import fixed, p_value, share
from codeshift.properties.columns import Timestamp, moment_words

if TYPE_CHECKING:
    from codeshift.audit.report import AuditReport

_SHOWN_CONFOUNDS = 20
_SHOWN_CODE = 1_500


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report.

    Attributes:
        title: its heading.
        text: paragraphs before the table.
        points: a list before the table.
        header: the table's header; empty where there is no table.
        rows: the table's rows.
        code: pieces of code after the table, each with a caption.
    """

    title: str
    text: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    code: tuple[tuple[str, str], ...] = ()


def sections(report: AuditReport) -> tuple[Section, ...]:
    """All sections that have something to say."""
    found = (_verdict(report), _leakage(report), _strength(report), _properties(report), _confounds(report))
    return (*found, _atoms(report), *_truncation(report), _settings(report))


def _verdict(report: AuditReport) -> Section:
    roles = {report.train: "trained on", report.test: "test", report.reference: "in-distribution reference"}
    rows = tuple((part, roles.get(part, "validation"), _count(n)) for part, n in report.sizes.items())
    return Section(
        title="Audit of the split",
        text=(str(report.verdict),),
        points=report.verdict.cautions,
        header=("part", "role", "rows"),
        rows=rows,
    )


def _leakage(report: AuditReport) -> Section:
    near = report.settings.near_duplicates
    rows = tuple(
        (
            one.part,
            _count(one.n),
            _of(one.exact, one.exact_share),
            _of(one.near, one.near_share),
            "-" if one.groups is None else _of(one.groups, one.groups_share),
        )
        for one in report.leakage
    )
    return Section(
        title="Leakage",
        text=(
            f"Rows of each part that {report.train} holds too: as exact copies, as near-duplicates (Jaccard similarity "
            f"of token {near.ngram}-grams of at least {near.threshold}; exact copies included), or by group.",
        ),
        header=("part", "rows", "exact copy", "near-duplicate", "shared group"),
        rows=rows,
        code=_pairs(report),
    )


def _pairs(report: AuditReport) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for one in report.leakage:
        for i, pair in enumerate(one.worst, start=1):
            same = pair.row == pair.train_row
            caption = f"{one.part}, pair {i}, Jaccard similarity {pair.jaccard:.2f}"
            if same:
                found.append((f"{caption}: the same code in {one.part} and in {report.train}", _cut(pair.row)))
            else:
                found.append((f"{caption}: the row of {one.part}", _cut(pair.row)))
                found.append((f"{caption}: the row of {report.train}", _cut(pair.train_row)))
    return tuple(found)


def _strength(report: AuditReport) -> Section:
    rows = tuple(
        (
            f"{one.part} against {report.train}",
            f"{_count(one.n)} / {_count(one.n_train)}",
            *_test(one.classifier, 3),
            *_test(one.mmd, 5),
            f"{_number(one.nearest.median, 2)} ({_number(one.nearest.q05, 2)} to {_number(one.nearest.q95, 2)})",
        )
        for one in report.strength
    )
    return Section(
        title="Strength of the shift",
        text=(
            "On distinct rows: one of each near-duplicate component within a part. AUC of a classifier two-sample test "
            "(.5: nothing to tell the parts by, 1: always told apart), unbiased MMD^2, and the cosine of the nearest "
            f"row of {report.train} (median; 5% and 95% quantiles). Without any shift 95% of the statistics lie below "
            '"no shift".',
        ),
        header=("parts", "distinct rows", "AUC", "no shift", "p", "MMD^2", "no shift", "p", "nearest in train"),
        rows=rows,
    )


def _properties(report: AuditReport) -> Section:
    reference = {prop.name: prop for one in report.strength[1:] for prop in one.properties}
    rows = []
    for prop in report.strength[0].properties:
        other = reference.get(prop.name)
        rows.append(
            (
                prop.name + (" (intended)" if prop.intended else ""),
                _mean(prop, prop.mean_train),
                _mean(prop, prop.mean),
                effect_words(prop.effect),
                _moved(prop),
                _number(prop.jensen_shannon, 2),
                _p(prop.p_value),
                _number(math.nan if other is None else other.jensen_shannon, 2),
            )
        )
    return Section(
        title="Properties",
        text=(
            f"From {report.train} to {report.test}: means, standardised effect, Wasserstein distance in the property's "
            "unit, Jensen-Shannon distance with its p-value, and that distance for the reference. "
            "Elements have no mean.",
        ),
        header=(
            "property",
            f"mean {report.train}",
            f"mean {report.test}",
            "effect",
            "Wasserstein",
            "Jensen-Shannon",
            "p",
            "reference's",
        ),
        rows=tuple(rows),
    )


def _confounds(report: AuditReport) -> Section:
    rows = tuple(
        (one.name, effect_words(one.effect), effect_words(one.reference_effect))
        for one in report.confounds[:_SHOWN_CONFOUNDS]
    )
    more = len(report.confounds) - len(rows)
    return Section(
        title="What else moved",
        text=(
            "Properties, and whether rows hold an element, that the split was not meant to move, by standardised "
            f"effect from {report.train} to {report.test} (.2 is small, .5 medium, .8 large), the farthest first"
            + (f"; {more} more stand in to_dict()." if more else "."),
        ),
        header=("property", report.test, report.reference or "reference"),
        rows=rows,
    )


def _atoms(report: AuditReport) -> Section:
    rows = tuple(
        (
            one.kind,
            one.part,
            _count(one.distinct),
            _of(one.unseen, one.unseen_share),
            _of(one.rows, one.rows_share),
            ", ".join(one.examples),
        )
        for one in report.atoms
    )
    return Section(
        title=f"Never seen in {report.train}",
        text=(f"Elements of a part that no row of {report.train} holds, and the rows that hold one.",),
        header=("elements", "part", "different", "unseen", "rows with one", "in most rows"),
        rows=rows,
    )


def _truncation(report: AuditReport) -> tuple[Section, ...]:
    if not report.truncation:
        return ()
    rows = tuple(
        (one.part, _count(one.n), _of(one.truncated, one.share), _number(one.median, 0), _count(one.longest))
        for one in report.truncation
    )
    return (
        Section(
            title="Truncated rows",
            text=(f"Rows of more than {report.truncation[0].max_length:,} tokens of the model.",),
            header=("part", "rows", "truncated", "median tokens", "longest"),
            rows=rows,
        ),
    )


def _settings(report: AuditReport) -> Section:
    settings = report.settings
    thresholds = settings.thresholds
    tested = sum(prop.counts for prop in report.strength[0].properties)
    of_properties = property_permutations(settings.n_permutations, tested)
    return Section(
        title="How it was measured",
        text=(
            f"seed {settings.seed}; {settings.n_permutations:,} permutations of the classifier's AUC and of MMD^2, "
            f"{of_properties:,} of each property's distance, so that no p-value can be less than "
            f"{p_value(1 / (1 + settings.n_permutations))} and {p_value(1 / (1 + of_properties))}; two-sample tests on "
            f"at most {settings.sample:,} distinct rows a part.",
            f"A part leaks above {thresholds.leaked_rows:.1%} of its rows (groups: {thresholds.leaked_groups:.1%}). "
            f"There is a shift from AUC {thresholds.auc} or a Jensen-Shannon distance of {thresholds.jensen_shannon} "
            f"of a property on, each with p at most {thresholds.alpha} after Holm's correction for all of them: the "
            "classifier has half of that level, the properties share the other half.",
        ),
    )


def _test(test: TwoSampleTest, digits: int) -> tuple[str, str, str]:
    null = "-" if math.isnan(test.null_95) else f"below {_number(test.null_95, digits)}"
    return _number(test.statistic, digits), null, _p(test.p_value)


def _p(value: float) -> str:
    return "-" if math.isnan(value) else p_value(value)


def _of(count: int, share_of_rows: float) -> str:
    return _count(count) if math.isnan(share_of_rows) else f"{count:,} ({share(share_of_rows, 2)})"


def _count(value: int) -> str:
    return f"{value:,}"


def _number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else fixed(value, digits)


def _mean(prop: PropertyShift, value: float) -> str:
    """A mean in the property's unit; of times, the day."""
    if math.isnan(value) or not is_time(prop):
        return _number(value, 2)
    return moment_words(value).partition("T")[0]


def _moved(prop: PropertyShift) -> str:
    """The Wasserstein distance in the property's unit; of times in days."""
    if not is_time(prop) or math.isnan(prop.wasserstein):
        return _number(prop.wasserstein, 2)
    return f"{_number(prop.wasserstein / 86_400, 1)} days"


def is_time(prop: PropertyShift) -> bool:
    """Whether a property's numbers are seconds since 1970."""
    of_times = prop.name.partition("(")[0] == Timestamp.__name__
    return of_times and all("-" in moment_words(mean)[1:] for mean in (prop.mean_train, prop.mean) if mean == mean)


def _cut(code: str) -> str:
    return (
        code if len(code) <= _SHOWN_CODE else f"{code[:_SHOWN_CODE]}\n... ({len(code) - _SHOWN_CODE:,} more characters)"
    )

"""Sections of an audit report: the sentences and tables that all formats of a report share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from codeshift.audit.column_leakage import ColumnLeakage
from codeshift.audit.confounds import Confound
from codeshift.audit.correction import property_permutations
from codeshift.audit.distances import effect_words
from codeshift.audit.label_mix import LabelMixShift
from codeshift.audit.labels import LabelShift
from codeshift.audit.leakage import Leakage, LeakedPair
from codeshift.audit.overlapping import Overlap
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import PropertyShift, Strength
from codeshift.audit.truncation import Truncation
from codeshift.audit.two_sample import TwoSampleTest
from codeshift.audit.unseen_elements import UnseenElements
from codeshift.audit.verdict import Verdict
from codeshift.documents.document import (
    Block,
    Code,
    Heading,
    Note,
    Paragraph,
    Points,
    Table,
    names,
    numbers,
    row,
)
from codeshift.formatting import counted, fixed, moment_of, p_value, share
from codeshift.properties.near_duplicates import NearDuplicates

_SHOWN_CONFOUNDS = 20
_SHOWN_CODE = 1_500
_SHOWN_LABELS = 8


def of_verdict(
    verdict: Verdict, sizes: Mapping[str, int], roles: Mapping[str | None, str], unparsable: Mapping[str, int]
) -> Iterator[Block]:
    """Return the verdict, and the rows of each part with its role."""
    yield Paragraph(str(verdict))
    if verdict.cautions:
        yield Points(verdict.cautions)
    rows = tuple(row(part, roles.get(part, "validation"), _grouped_digits(n)) for part, n in sizes.items())
    yield Table(columns=names("part", "role") + numbers("rows"), rows=rows)
    if unparsable:
        counts = ", ".join(f"{counted(count, 'row')} of {part}" for part, count in unparsable.items())
        yield Note(f"Left out as unparsable, since the parser gives up on them: {counts}.")


def of_leakage(leakage: Sequence[Leakage], train: str, near: NearDuplicates) -> Iterator[Block]:
    """Return how many rows of each part train holds too, and the worst pairs."""
    yield Heading("Leakage")
    yield Paragraph(
        f"Rows of each part that {train} holds too: as exact copies, as near-duplicates (Jaccard similarity of token "
        f"{near.ngram}-grams of at least {near.threshold}; exact copies included), as renamed copies (the same without "
        "names, strings and numbers; near-duplicates included), or by group."
    )
    rows = tuple(
        row(
            leak.part,
            _grouped_digits(leak.n),
            _count_and_share(leak.exact, leak.exact_share),
            _count_and_share(leak.near, leak.near_share),
            _count_and_share(leak.renamed, leak.renamed_share),
            "-" if leak.groups is None else _count_and_share(leak.groups, leak.groups_share),
        )
        for leak in leakage
    )
    heads = ("rows", "exact copy", "near-duplicate", "renamed copy", "shared group")
    yield Table(columns=names("part") + numbers(*heads), rows=rows)
    if unsettled := [leak for leak in leakage if leak.unsettled]:
        counts = ", ".join(f"{counted(leak.unsettled, 'row')} of {leak.part}" for leak in unsettled)
        yield Note(
            f"Not compared with all of {train}, since too many rows are nearly near-duplicates: {counts}. "
            "More of them may have a near-duplicate there."
        )
    yield from _pairs_as_code(leakage, train)


def _pairs_as_code(leakage: Sequence[Leakage], train: str) -> Iterator[Code]:
    for leak in leakage:
        pairs = [("pair", pair) for pair in leak.worst] + [("renamed pair", pair) for pair in leak.worst_renamed]
        for i, (kind, pair) in enumerate(pairs, start=1):
            caption = f"{leak.part}, {kind} {i}, Jaccard similarity {pair.jaccard:.2f}"
            if pair.row == pair.train_row:
                yield Code(_shortened_code(pair.row), caption=f"{caption}: the same code in {leak.part} and in {train}")
            else:
                yield from _both_rows(pair, caption, leak.part, train)


def _both_rows(pair: LeakedPair, caption: str, part: str, train: str) -> Iterator[Code]:
    yield Code(_shortened_code(pair.row), caption=f"{caption}: the row of {part}")
    yield Code(_shortened_code(pair.train_row), caption=f"{caption}: the row of {train}")


def of_columns(leakage: Sequence[ColumnLeakage], train: str) -> Iterator[Block]:
    """Return how many texts of each part train holds too, by column; nothing if no columns were named."""
    if not leakage:
        return
    yield Heading("Leakage by column")
    yield Paragraph(
        f"Rows whose text in a column {train} holds too, as exact copies or near-duplicates (exact copies included), "
        "of the rows that hold a text there. Of several columns the texts of a row are compared as one."
    )
    rows = tuple(
        row(
            leak.part,
            " + ".join(leak.columns),
            _grouped_digits(leak.n),
            _count_and_share(leak.exact, leak.exact_share),
            _count_and_share(leak.near, leak.near_share),
        )
        for leak in leakage
    )
    yield Table(columns=names("part", "column") + numbers("rows", "exact copy", "near-duplicate"), rows=rows)
    for leak in leakage:
        for i, pair in enumerate(leak.worst, start=1):
            caption = f"{leak.part}, {' + '.join(leak.columns)}, pair {i}, Jaccard similarity {pair.jaccard:.2f}"
            if pair.row != pair.train_row:
                yield from _both_rows(pair, caption, leak.part, train)


def of_overlap(overlap: Overlap | None) -> Iterator[Block]:
    """Return what corpora hold of each held-out part; nothing if there were none."""
    if overlap is not None:
        yield Heading("Seen in corpora")
        yield from overlap.blocks()


def of_labels(labels: Sequence[LabelShift], train_name: str, column: str | None) -> Iterator[Block]:
    """Return the labels of each held-out part beside those of train; nothing if no labels were compared."""
    if not labels:
        return
    yield Heading("Labels")
    yield Paragraph(
        f"Shares of the labels ({column}) among labelled rows, the most frequent of {train_name} first; "
        "Jensen-Shannon distance of the labels of distinct rows with its p-value; rows with a near-duplicate that has "
        "another label."
    )
    first = labels[0]
    shown = first.labels[:_SHOWN_LABELS]
    yield _shares_of_labels(labels, train_name, shown)
    yield _shifts_of_labels(labels)
    if len(first.labels) > len(shown):
        yield Note(f"{len(first.labels) - len(shown)} more labels are in to_dict().")


def _shares_of_labels(labels: Sequence[LabelShift], train_name: str, shown: Sequence[str]) -> Table:
    first = labels[0]
    train = row(
        train_name, _grouped_digits(first.n_train), "-", *(share(s, 1) for s in first.train_shares[: len(shown)])
    )
    by_label = [dict(zip(shift.labels, shift.shares, strict=True)) for shift in labels]
    parts = tuple(
        row(
            shift.part,
            _grouped_digits(shift.n),
            _grouped_digits(shift.unlabelled),
            *(share(shares.get(name, 0.0), 1) for name in shown),
        )
        for shift, shares in zip(labels, by_label, strict=True)
    )
    return Table(columns=names("part") + numbers("labelled", "without", *shown), rows=(train, *parts))


def _shifts_of_labels(labels: Sequence[LabelShift]) -> Table:
    rows = tuple(
        row(
            shift.part,
            share(shift.total_variation, 1) if shift.n else "-",
            _shown_number(shift.jensen_shannon, 2),
            _shown_p_value(shift.p_value),
            _grouped_digits(shift.unseen),
            _count_and_share(shift.conflicts, shift.conflicts_share),
            _count_and_share(shift.conflicts_within, shift.conflicts_within_share),
        )
        for shift in labels
    )
    heads = ("other mix", "Jensen-Shannon", "p", "label not in train", "conflicts with train", "conflicts within")
    return Table(columns=names("part") + numbers(*heads), rows=rows)


def of_label_mix(shifts: Sequence[LabelMixShift], train: str) -> Iterator[Block]:
    """Return what the mix of labels explains of each shift; nothing if there are no labels."""
    if not shifts:
        return
    yield Paragraph(
        f"How far each number moved from {train}, and how far it would move if only the mix of labels did (the mean of "
        f"each label in {train}, weighted by the label's share in the part), as standardised effects of distinct rows. "
        "What is left is due to other programs of the same labels."
    )
    rows = tuple(
        row(
            shift.part,
            shift.name,
            _shown_number(shift.mean_train, 2),
            _shown_number(shift.mean, 2),
            _shown_number(shift.mean_of_mix, 2),
            effect_words(shift.effect),
            effect_words(shift.effect_of_mix),
        )
        for shift in shifts
    )
    heads = (f"mean {train}", "mean of the part", f"{train} in its mix", "effect", "of the mix alone")
    yield Table(columns=names("part", "property") + numbers(*heads), rows=rows)


def of_strength(strength: Sequence[Strength], train: str) -> Iterator[Block]:
    """Return how far each part is from train as a whole."""
    yield Heading("Strength of the shift")
    yield Paragraph(
        "On distinct rows: one of each near-duplicate component within a part. AUC of a classifier two-sample test "
        "(.5: nothing to tell the parts by, 1: always told apart), unbiased MMD^2, and the cosine of the nearest "
        f"row of {train} (median; 5% and 95% quantiles). Without any shift 95% of the statistics lie below "
        '"no shift".'
    )
    rows = tuple(
        row(
            f"{shift.part} against {train}",
            f"{_grouped_digits(shift.n)} / {_grouped_digits(shift.n_train)}",
            *_shown_test(shift.classifier, 3),
            *_shown_test(shift.mmd, 5),
            "{} ({} to {})".format(
                *(_shown_number(value, 2) for value in (shift.nearest.median, shift.nearest.q05, shift.nearest.q95))
            ),
        )
        for shift in strength
    )
    heads = ("distinct rows", "AUC", "no shift", "p", "MMD^2", "no shift", "p", "nearest in train")
    yield Table(columns=names("parts") + numbers(*heads), rows=rows)


def of_properties(strength: Sequence[Strength], train: str, test: str) -> Iterator[Block]:
    """Return how far each property moved."""
    yield Heading("Properties")
    yield Paragraph(
        f"From {train} to {test}: means, standardised effect, Wasserstein distance in the property's "
        "unit, Jensen-Shannon distance with its p-value, and that distance for the reference. "
        "Elements have no mean."
    )
    reference = {prop.name: prop.jensen_shannon for shift in strength[1:] for prop in shift.properties}
    rows = tuple(
        row(
            prop.name + (" (intended)" if prop.intended else ""),
            _shown_mean(prop, prop.mean_train),
            _shown_mean(prop, prop.mean),
            effect_words(prop.effect),
            _moved(prop),
            _shown_number(prop.jensen_shannon, 2),
            _shown_p_value(prop.p_value),
            _shown_number(reference.get(prop.name, math.nan), 2),
        )
        for prop in strength[0].properties
    )
    means = (f"mean {train}", f"mean {test}")
    heads = (*means, "effect", "Wasserstein", "Jensen-Shannon", "p", "reference's")
    yield Table(columns=names("property") + numbers(*heads), rows=rows)


def of_confounds(confounds: Sequence[Confound], train: str, test: str, reference: str | None) -> Iterator[Block]:
    """Return what moved that was not meant to."""
    shown = confounds[:_SHOWN_CONFOUNDS]
    more = len(confounds) - len(shown)
    yield Heading("What else moved")
    yield Paragraph(
        "Properties, and whether rows hold an element, that the split was not meant to move, by standardised "
        f"effect from {train} to {test} (.2 is small, .5 medium, .8 large), the farthest first"
        + (f"; {more} more are in to_dict()." if more else ".")
    )
    rows = tuple(
        row(confound.name, effect_words(confound.effect), effect_words(confound.reference_effect)) for confound in shown
    )
    yield Table(columns=names("property") + numbers(test, reference or "reference"), rows=rows)


def of_unseen_elements(elements: Sequence[UnseenElements], train: str) -> Iterator[Block]:
    """Return the elements of a part that train never shows."""
    yield Heading(f"Never seen in {train}")
    yield Paragraph(f"Elements of a part that no row of {train} holds, and the rows that hold one.")
    rows = tuple(
        row(
            unseen.kind,
            unseen.part,
            _grouped_digits(unseen.distinct),
            _count_and_share(unseen.unseen, unseen.unseen_share),
            _count_and_share(unseen.rows, unseen.rows_share),
            ", ".join(unseen.examples),
        )
        for unseen in elements
    )
    heads = names("elements", "part") + numbers("different", "unseen", "rows with one") + names("in most rows")
    yield Table(columns=heads, rows=rows)


def of_truncation(truncation: Sequence[Truncation]) -> Iterator[Block]:
    """Return the rows that a model's context truncates; nothing without a tokenizer."""
    if not truncation:
        return
    yield Heading("Truncated rows")
    yield Paragraph(f"Rows of more than {truncation[0].max_length:,} tokens of the model.")
    rows = tuple(
        row(
            cut.part,
            _grouped_digits(cut.n),
            _count_and_share(cut.truncated, cut.share),
            _shown_number(cut.median, 0),
            _grouped_digits(cut.longest),
        )
        for cut in truncation
    )
    yield Table(columns=names("part") + numbers("rows", "truncated", "median tokens", "longest"), rows=rows)


def of_settings(settings: AuditSettings, tested: int) -> Iterator[Block]:
    """Return how it was measured, with ``tested`` properties that count."""
    thresholds = settings.thresholds
    of_properties = property_permutations(settings.n_permutations, tested)
    yield Heading("How it was measured")
    yield Note(
        f"seed {settings.seed}; {settings.n_permutations:,} permutations of the classifier's AUC and of MMD^2, "
        f"{of_properties:,} of each property's distance, so that no p-value can be less than "
        f"{p_value(1 / (1 + settings.n_permutations))} and {p_value(1 / (1 + of_properties))}; two-sample tests on "
        f"at most {settings.sample:,} distinct rows a part."
    )
    yield Note(
        f"A part leaks above {thresholds.leaked_rows:.1%} of its rows (groups: {thresholds.leaked_groups:.1%}). "
        f"There is a shift from AUC {thresholds.auc} or a Jensen-Shannon distance of {thresholds.jensen_shannon} "
        f"of a property on, each with p at most {thresholds.alpha} after Holm's correction for all of them: the "
        "classifier has half of that level, the properties share the other half."
    )


def _shown_test(test: TwoSampleTest, digits: int) -> tuple[str, str, str]:
    null = "-" if math.isnan(test.null_95) else f"below {_shown_number(test.null_95, digits)}"
    return _shown_number(test.statistic, digits), null, _shown_p_value(test.p_value)


def _shown_p_value(value: float) -> str:
    return "-" if math.isnan(value) else p_value(value)


def _count_and_share(count: int, share_of_rows: float) -> str:
    return _grouped_digits(count) if math.isnan(share_of_rows) else f"{count:,} ({share(share_of_rows, 2)})"


def _grouped_digits(value: int) -> str:
    return f"{value:,}"


def _shown_number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else fixed(value, digits)


def _shown_mean(prop: PropertyShift, value: float) -> str:
    """Format a mean in the property's unit; for times, the day."""
    if math.isnan(value) or not prop.times:
        return _shown_number(value, 2)
    return moment_of(value).partition("T")[0]


def _moved(prop: PropertyShift) -> str:
    """Format the Wasserstein distance in the property's unit; for times, in days."""
    if not prop.times or math.isnan(prop.wasserstein):
        return _shown_number(prop.wasserstein, 2)
    return f"{_shown_number(prop.wasserstein / 86_400, 1)} days"


def _shortened_code(code: str) -> str:
    return (
        code if len(code) <= _SHOWN_CODE else f"{code[:_SHOWN_CODE]}\n... ({len(code) - _SHOWN_CODE:,} more characters)"
    )

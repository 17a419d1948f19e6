"""The tables of a study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from codeshift.documents.document import Column, Table, Value
from codeshift.formatting import MISSING, fixed, p_value
from codeshift.metrics import Estimate
from codeshift.study.findings import Findings, RelativePerformance, Score, UnseenElement
from codeshift.study.findings.failures import MODES, RIGHT
from codeshift.study.findings.finding import flipped
from codeshift.study.folder.split_audit import AuditError, SplitAudit
from codeshift.study.report.class_tables import class_tables
from codeshift.study.report.distribution_table import distribution_table
from codeshift.study.report.how_far_section import how_far_table
from codeshift.study.report.seen_tables import seen_tables
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.tables import count_value, counted_each, estimated, kept_share, named, of_all, part_kind
from codeshift.study.report.transformed_section import transformed_table
from codeshift.study.results.measures import NATS, SHARE, method_name


def heat_table(findings: Findings) -> Table | None:
    """Make the table of relative performance, scenarios by methods; None without a 100% baseline."""
    relative = [performance for performance in findings.relative if performance.measure == findings.measure]
    if not relative:
        return None
    columns = list(dict.fromkeys((performance.cell.method, performance.cell.ood_kept) for performance in relative))
    by_place = {
        (performance.cell.scenario, performance.cell.method, performance.cell.ood_kept): performance
        for performance in relative
    }
    far = _farthest(relative)
    rows = [
        (
            named(scenario),
            named(kind),
            counted_each(
                performance.n for performance in relative if performance.cell.scenario == scenario and performance.n
            ),
            *(_heat(by_place.get((scenario, *column)), far) for column in columns),
        )
        for kind, names in findings.results.dimensions.items()
        for scenario in names
    ]
    heads = [Column(f"{method_name(method)}, {100 * (kept or 0):.4g}% kept") for method, kept in columns]
    title = f"{findings.measure.title} on test_ood as a share of the 100% baseline of the same method"
    return Table(
        name=ReportTable.RELATIVE,
        caption=title,
        columns=(Column("scenario", numeric=False), Column("dimension", numeric=False), Column("rows"), *heads),
        rows=tuple(rows),
        note="100% means that nothing was lost by masking the region (or keeping a part of it). Same test rows on both "
        "sides; of several seeds the fewest. Brackets hold 95% intervals over seeds and rows.",
    )


def _farthest(relative: list[RelativePerformance]) -> float:
    differences = [abs(performance.value - 1) for performance in relative if not math.isnan(performance.value)]
    return min(max([0.1, *differences]), 1.0)


def _heat(performance: RelativePerformance | None, far: float) -> Value:
    if performance is None:
        return Value(MISSING)
    value = estimated(
        SHARE,
        performance.estimate,
        performance.text,
        kind=performance.state.unmeasured or performance.baseline.unmeasured,
    )
    sign = 1.0 if performance.measure.higher_is_better else -1.0
    heat = max(-1.0, min(1.0, sign * (performance.value - 1) / far)) if not math.isnan(performance.value) else math.nan
    return Value(value.text, value.order, value.aside, value.kind, heat)


def score_table(findings: Findings) -> Table:
    """Make the table of all scores: a line for each scenario, method, share kept and part, a column for each metric.

    Metrics that were measured on the same rows share one column with the number of rows.
    """
    by_place: dict[tuple[str, str, float | None, str], dict[str, Score]] = {}
    for score in findings.scores:
        at = (score.cell.scenario, score.cell.method, score.cell.ood_kept, score.part)
        by_place.setdefault(at, {})[score.measure.metric] = score
    together = _of_same_rows(list(by_place.values()), list(findings.results.metrics))
    rows = tuple(
        (
            named(scenario),
            named(method_name(method)),
            kept_share(kept),
            named(part, kind=part_kind(part)),
            count_value(max(score.seeds for score in scores.values())),
            *(
                value
                for names in together
                for value in (count_value(scores[names[0]].n), *map(_score_value, _scores_of(scores, names)))
            ),
        )
        for (scenario, method, kept, part), scores in by_place.items()
    )
    heads = [
        head for names in together for head in (Column("rows"), *(Column(_column_title(findings, n)) for n in names))
    ]
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("part", numeric=False), Column("seeds"), *heads,
    )  # fmt: skip
    behind = "Rows: those behind the scores to the right" + (", up to the next rows" if len(together) > 1 else "")
    note = f"{behind}; with several seeds, the smallest. With several seeds, scores are means. {UNITS_NOTE}"
    return Table(name=ReportTable.SCORES, caption="All scores", columns=columns, rows=rows, note=note)


_NAMES = 4  # number of masked elements that are named
UNITS_NOTE = "Scores in percent or of 100 are shares of 1 in the table of results."
"""Note on how a report's numbers relate to those of ``StudyResults.table``."""


def _of_same_rows(places: list[dict[str, Score]], metrics: list[str]) -> list[list[str]]:
    """Group adjacent metrics that were measured on equally many rows everywhere."""
    together: list[list[str]] = []
    for name in metrics:
        if together and all(scores[name].n == scores[together[-1][0]].n for scores in places):
            together[-1].append(name)
        else:
            together.append([name])
    return together


def _scores_of(scores: dict[str, Score], names: list[str]) -> list[Score]:
    return [scores[name] for name in names]


def _score_value(score: Score) -> Value:
    return estimated(score.measure, score.estimate, score.state.unmeasured or MISSING, kind=score.state.unmeasured)


def _column_title(findings: Findings, name: str) -> str:
    measure = findings.cells.measure(name)
    return f"{measure.heading}{'' if measure.higher_is_better else ' ↓'}"


def comparison_table(findings: Findings) -> Table | None:
    """Make the table of differences between other methods and full fine-tuning, with p-values."""
    compared = [comparison for comparison in findings.comparisons if not math.isnan(comparison.value)]
    if not compared:
        return None
    rows = tuple(
        (
            named(comparison.scenario),
            named(f"{method_name(comparison.method)} less {method_name(comparison.reference)}"),
            kept_share(comparison.ood_kept),
            estimated(comparison.measure, comparison.estimate, change=True),
            _p_value(comparison.p_value),
            _p_value(comparison.p_holm),
            count_value(comparison.n),
        )
        for comparison in compared
    )
    columns = (
        Column("scenario", numeric=False), Column("difference of", numeric=False), Column("kept"),
        Column(findings.measure.heading_of_change), Column("p"), Column("p (Holm)"), Column("rows"),
    )  # fmt: skip
    note = (
        "Paired differences on the same rows of test_ood. p: the larger of those of a permutation test over rows and "
        "of the interval over seeds and rows. Holm's correction is over the scenarios at one share kept."
    )
    return Table(
        name=ReportTable.COMPARISONS, caption="Methods compared on the same rows", columns=columns, rows=rows, note=note
    )


def _p_value(p: float) -> Value:
    return Value(MISSING) if math.isnan(p) else Value(p_value(p), order=p)


def disagreement_table(findings: Findings) -> Table | None:
    """Make the table of rows that one method gets right and the other wrong."""
    pairs = [pair for pair in findings.disagreements if pair.n]
    if not pairs:
        return None
    rows = tuple(
        (
            named(pair.scenario), named(" / ".join(map(method_name, pair.methods))), kept_share(pair.ood_kept),
            count_value(pair.both), *(count_value(pair.only[name]) for name in pair.methods), count_value(pair.neither),
            count_value(pair.n),
        )
        for pair in pairs
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("first / second", numeric=False), Column("kept"),
        Column("both right"), Column("only first"), Column("only second"), Column("neither"), Column("outputs"),
    )  # fmt: skip
    note = "Right: equal to the reference, apart from whitespace at the ends. Outputs of all seeds are counted."
    return Table(
        name=ReportTable.DISAGREEMENTS, caption="Who is right on test_ood", columns=columns, rows=rows, note=note
    )


def forgetting_table(findings: Findings) -> Table | None:
    """Make the table of each method against the model without fine-tuning."""
    changes = [change for change in findings.forgetting if not math.isnan(change.value)]
    if not changes:
        return None
    higher = findings.measure.higher_is_better
    rows = tuple(
        (
            named(
                "mean" if change.scenario is None else change.scenario, order=0.0 if change.scenario is None else 1.0
            ),
            named(method_name(change.method)),
            kept_share(change.ood_kept),
            named(change.part, kind=part_kind(change.part)),
            estimated(change.measure, flipped(change.estimate) if higher else change.estimate, change=True),
            count_value(change.n),
        )
        for change in changes
    )
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("part", numeric=False), Column(f"change of {findings.measure.heading_of_change}"), Column("rows"),
    )  # fmt: skip
    direction = "below" if higher else "above"
    note = f"Fine-tuned model minus the model without fine-tuning, on the same rows; {direction} 0 is worse."
    return Table(name=ReportTable.FORGETTING, caption="What fine-tuning changed", columns=columns, rows=rows, note=note)


def regret_table(findings: Findings) -> Table | None:
    """Make the table of what choosing a step by ID validation loses; None if no training watched test parts."""
    rows = tuple(
        (
            named(regret.cell.scenario), named(method_name(regret.cell.method)), kept_share(regret.cell.ood_kept),
            count_value(round(regret.chosen)), count_value(round(regret.best)), estimated(NATS, _alone(regret.loss)),
            estimated(NATS, regret.estimate), count_value(regret.seeds),
        )
        for regret in findings.regrets
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("step chosen by ID validation"), Column("best step on test_ood"),
        Column("loss on test_ood at the step chosen (nats)"), Column("regret (nats)"), Column("trainings"),
    )  # fmt: skip
    note = (
        "Regret: loss on the watched rows of test_ood at the step that ID validation chooses, minus that at the step "
        "that is best there. It is an upper estimate, since the best step is chosen on the rows that it is measured on."
    )
    caption = "What the choice by ID validation loses"
    return Table(name=ReportTable.REGRETS, caption=caption, columns=columns, rows=rows, note=note) if rows else None


def _alone(value: float) -> Estimate:
    return Estimate(value, math.nan, math.nan, n=0, confidence=0.95, method="")


def unseen_table(findings: Findings) -> Table | None:
    """Make the table of how often references and outputs hold the masked elements."""
    if all(math.isnan(element.value) and element.state.status == "done" for element in findings.unseen):
        return None  # no scenario masks an element, or no text was generated
    rows = tuple(
        (
            named(element.cell.scenario), named(_few(element.elements)), named(method_name(element.cell.method)),
            kept_share(element.cell.ood_kept), count_value(element.in_outputs.n),
            _rate_value(element, element.in_references),
            _rate_value(element, element.in_outputs), count_value(element.n), _rate_value(element, element.estimate),
            count_value(element.elsewhere.n), _rate_value(element, element.elsewhere),
        )
        for element in findings.unseen
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("element", numeric=False), Column("method", numeric=False),
        Column("kept"), Column("rows"), Column("references with it"), Column("outputs with it"),
        Column("rows that hold it"), Column("recall"), Column("rows of test_id"), Column("outputs of test_id with it"),
    )  # fmt: skip
    note = (
        "Rows of test_ood with generated text. Recall: the share of outputs that hold the element, among those whose "
        "reference holds it. Each column of rows counts those behind the shares to its right; with several seeds, the "
        "smallest number."
    )
    return Table(
        name=ReportTable.UNSEEN, caption="Elements that fine-tuning masked", columns=columns, rows=rows, note=note
    )


def _few(names: Sequence[str]) -> str:
    """List the first names, and the number of others: a region of pairs of node types has hundreds."""
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def _rate_value(element: UnseenElement, rate: Estimate) -> Value:
    return estimated(SHARE, rate, element.state.unmeasured or MISSING, kind=element.state.unmeasured)


def failure_table(findings: Findings) -> Table | None:
    """Make the table of the failure modes of each cell at the smallest share kept."""
    failures = [
        failure
        for failure in findings.failures
        if failure.n and failure.cell.ood_kept in (None, findings.cells.lowest_share)
    ]
    if not failures:
        return None
    modes = [mode for mode in (RIGHT, *MODES) if any(failure.counts[mode] for failure in failures)]
    rows = tuple(
        (
            named(failure.cell.scenario), named(method_name(failure.cell.method)),
            named(failure.part, kind=part_kind(failure.part)), count_value(failure.n),
            *(of_all(failure.counts[mode], failure.n) for mode in modes),
        )
        for failure in failures
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("part", numeric=False),
        Column("outputs"), *(Column(mode) for mode in modes),
    )  # fmt: skip
    note = "; ".join(f"{mode}: {meaning}" for mode, meaning in MODES.items() if mode in modes)
    note = f"An output has the first mode that fits. {note[0].upper()}{note[1:]}." if note else ""
    return Table(name=ReportTable.FAILURES, caption="How outputs fail", columns=columns, rows=rows, note=note)


def split_table(findings: Findings) -> Table | None:
    """Make the table of the splits with the audit's verdict on each."""
    if not findings.results.splits:
        return None
    parts = ("train", "validation", "test_id", "test_ood", "excluded")
    rows = tuple(
        (
            named(scenario), count_value(seed), _verdict(facts.audit),
            _auc_value(facts.auc), *(count_value(facts.sizes.get(part, 0)) for part in parts),
        )
        for (scenario, seed), facts in findings.results.splits.items()
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("split seed"), Column("audit", numeric=False), Column("AUC"),
        *(Column(part) for part in parts),
    )  # fmt: skip
    note = "Sizes with the whole region masked. AUC: that of a classifier of test_ood against train; .5 is no shift."
    return Table(name=ReportTable.SPLITS, caption="The splits", columns=columns, rows=rows, note=note)


def _verdict(audit: SplitAudit | AuditError | None) -> Value:
    if isinstance(audit, AuditError):
        return named("failed", kind="failed")
    return named(MISSING if audit is None else audit.verdict.label)


def _auc_value(value: float) -> Value:
    return Value(MISSING) if math.isnan(value) else Value(fixed(value, 3), order=value)


def study_tables(findings: Findings) -> Iterator[Table]:
    """Yield all tables that the study has numbers for."""
    makers = (
        heat_table, score_table, comparison_table, disagreement_table, forgetting_table, regret_table,
        unseen_table, how_far_table, transformed_table, failure_table,
        split_table, distribution_table,
    )  # fmt: skip
    yield from (table for table in (make(findings) for make in makers) if table is not None)
    yield from class_tables(findings)
    yield from seen_tables(findings)

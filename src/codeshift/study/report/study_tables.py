"""The tables of a study."""

from __future__ import annotations

import math
from collections.abc import Iterator

from codeshift.study.findings import Findings, RelativePerformance
from codeshift.study.findings.dimensions import dimensions
from codeshift.study.findings.failures import MODES, RIGHT
from codeshift.study.findings.finding import flipped
from codeshift.study.findings.strength import audit_auc
from codeshift.study.measures import SHARE, method_name
from codeshift.study.report.distribution_table import distribution_table
from codeshift.study.report.tables import Column, Table, Value, counted, estimated, named


def heat_table(findings: Findings) -> Table | None:
    """Scenarios by methods: what is left of the 100% baseline, or without baselines the scores on ``test_ood``."""
    relative = [one for one in findings.relative if one.measure == findings.measure]
    if not relative:
        return None
    columns = list(dict.fromkeys((one.cell.method, one.cell.ood_kept) for one in relative))
    by_place = {(one.cell.scenario, one.cell.method, one.cell.ood_kept): one for one in relative}
    far = _farthest(relative)
    rows = [
        (
            named(scenario),
            named(kind),
            *(_heat(by_place.get((scenario, *column)), far) for column in columns),
        )
        for kind, names in dimensions(findings.cells).items()
        for scenario in names
    ]
    heads = [Column(f"{method_name(method)}, {100 * (kept or 0):.4g}% kept") for method, kept in columns]
    title = f"{findings.measure.title} on test_ood as a share of the 100% baseline of the same method"
    return Table(
        name="relative",
        title=title,
        columns=(Column("scenario", numeric=False), Column("dimension", numeric=False), *heads),
        rows=tuple(rows),
        note="100% means that nothing was lost by masking the region (or keeping a part of it). Same test rows on both "
        "sides. Brackets hold 95% intervals over seeds and rows.",
    )


def _farthest(relative: list[RelativePerformance]) -> float:
    known = [abs(one.value - 1) for one in relative if not math.isnan(one.value)]
    return min(max([0.1, *known]), 1.0)


def _heat(one: RelativePerformance | None, far: float) -> Value:
    if one is None:
        return Value("–")
    value = estimated(SHARE, one.estimate, one.text)
    sign = -1.0 if one.measure.better == "lower" else 1.0
    heat = max(-1.0, min(1.0, sign * (one.value - 1) / far)) if not math.isnan(one.value) else math.nan
    return Value(value.text, value.order, value.aside, value.kind or _unmeasured(value.text), heat)


def _unmeasured(text: str) -> str:
    return next((kind for kind in ("failed", "pending") if text.endswith(kind)), "")


def score_table(findings: Findings) -> Table:
    """Every score: a line for each scenario, method, share kept and part, a column for each metric."""
    by_place: dict[tuple[str, str, float | None, str], dict[str, Value]] = {}
    rows_of: dict[tuple[str, str, float | None, str], tuple[int, int]] = {}
    for one in findings.scores:
        at = (one.cell.scenario, one.cell.method, one.cell.ood_kept, one.part)
        missing = one.state.status if one.state.status in ("failed", "pending") else "–"
        by_place.setdefault(at, {})[one.measure.metric] = estimated(one.measure, one.estimate, missing)
        most, seeds = rows_of.get(at, (0, 0))
        rows_of[at] = max(most, one.n), max(seeds, one.seeds)
    rows = tuple(
        (
            named(scenario),
            named(method_name(method)),
            _kept(kept),
            named(part, kind=part_kind(part)),
            counted(rows_of[scenario, method, kept, part][0]),
            counted(rows_of[scenario, method, kept, part][1]),
            *(values[name] for name in findings.results.metrics),
        )
        for (scenario, method, kept, part), values in by_place.items()
    )
    heads = [Column(_head(findings, name)) for name in findings.results.metrics]
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("part", numeric=False), Column("rows"), Column("seeds"), *heads,
    )  # fmt: skip
    note = "Rows: those scored, of the metric that scores most. Of several seeds the mean is shown."
    return Table(name="scores", title="All scores", columns=columns, rows=rows, note=note)


def _head(findings: Findings, name: str) -> str:
    measure = findings.cells.measure(name)
    return f"{measure.title}{' ↓' if measure.better == 'lower' else ''}"


def _kept(kept: float | None) -> Value:
    return Value("–", order=-1.0) if kept is None else Value(f"{100 * kept:.4g}%", order=kept)


def part_kind(part: str) -> str:
    """How a part is marked.

    >>> part_kind("test_ood"), part_kind("general")
    ('ood', '')
    """
    return {"test_ood": "ood", "test_id": "id"}.get(part, "")


def comparison_table(findings: Findings) -> Table | None:
    """Each other method less full fine-tuning, with p-values."""
    found = [one for one in findings.comparisons if not math.isnan(one.value)]
    if not found:
        return None
    rows = tuple(
        (
            named(one.scenario),
            named(f"{method_name(one.method)} less {method_name(one.reference)}"),
            _kept(one.ood_kept),
            estimated(one.measure, one.estimate, change=True),
            _p(one.p_value),
            _p(one.p_holm),
            counted(one.n),
        )
        for one in found
    )
    columns = (
        Column("scenario", numeric=False), Column("difference of", numeric=False), Column("kept"),
        Column(f"{findings.measure.title}"), Column("p"), Column("p (Holm)"), Column("rows"),
    )  # fmt: skip
    note = (
        "Paired differences on the same rows of test_ood. p: permutation test over rows, of several seeds not below "
        "that of the bootstrap over seeds and rows. Holm's correction goes over the scenarios at one share kept."
    )
    return Table(name="comparisons", title="Methods compared on the same rows", columns=columns, rows=rows, note=note)


def _p(p: float) -> Value:
    return Value("–") if math.isnan(p) else Value("<.001" if p < 0.001 else f"{p:.3f}", order=p)


def disagreement_table(findings: Findings) -> Table | None:
    """Rows that one method gets right and the other wrong."""
    found = [one for one in findings.disagreements if one.n]
    if not found:
        return None
    rows = tuple(
        (
            named(one.scenario), named(" / ".join(map(method_name, one.methods))), _kept(one.ood_kept),
            counted(one.both), *(counted(one.only[name]) for name in one.methods), counted(one.neither), counted(one.n),
        )
        for one in found
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("first / second", numeric=False), Column("kept"),
        Column("both right"), Column("only first"), Column("only second"), Column("neither"), Column("outputs"),
    )  # fmt: skip
    note = "Right: the text of the reference, but for whitespace at its ends. Outputs of all seeds are counted."
    return Table(name="disagreements", title="Who is right on test_ood", columns=columns, rows=rows, note=note)


def forgetting_table(findings: Findings) -> Table | None:
    """Each method against the model without fine-tuning."""
    found = [one for one in findings.forgetting if not math.isnan(one.value)]
    if not found:
        return None
    higher = findings.measure.better == "higher"
    rows = tuple(
        (
            named("mean" if one.scenario is None else one.scenario, order=0.0 if one.scenario is None else 1.0),
            named(method_name(one.method)),
            _kept(one.ood_kept),
            named(one.part, kind=part_kind(one.part)),
            estimated(one.measure, flipped(one.estimate) if higher else one.estimate, change=True),
            counted(one.n),
        )
        for one in found
    )
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("part", numeric=False), Column(f"change of {findings.measure.title}"), Column("rows"),
    )  # fmt: skip
    direction = "below" if higher else "above"
    note = f"The fine-tuned model less the model without fine-tuning, on the same rows: {direction} 0 it got worse."
    return Table(name="forgetting", title="What fine-tuning changed", columns=columns, rows=rows, note=note)


def unseen_table(findings: Findings) -> Table | None:
    """How often references and outputs hold the masked elements."""
    if all(math.isnan(one.value) and one.state.status == "done" for one in findings.unseen):
        return None  # no scenario masks an element, or no text was generated
    rows = tuple(
        (
            named(one.cell.scenario), named(", ".join(one.elements)), named(method_name(one.cell.method)),
            _kept(one.cell.ood_kept), estimated(SHARE, one.in_references, _missing(one.state.status)),
            estimated(SHARE, one.in_outputs, _missing(one.state.status)),
            estimated(SHARE, one.estimate, _missing(one.state.status)),
            estimated(SHARE, one.elsewhere, _missing(one.state.status)), counted(one.n),
        )
        for one in findings.unseen
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("element", numeric=False), Column("method", numeric=False),
        Column("kept"), Column("references with it"), Column("outputs with it"), Column("recall"),
        Column("outputs of test_id with it"), Column("rows"),
    )  # fmt: skip
    note = (
        "On test_ood, of the rows that were generated for. Recall: of the outputs whose reference holds the element, "
        "those that hold it too."
    )
    return Table(name="unseen", title="Elements that fine-tuning masked", columns=columns, rows=rows, note=note)


def _missing(status: str) -> str:
    return status if status in ("failed", "pending") else "–"


def failure_table(findings: Findings) -> Table | None:
    """Failure modes of each cell at the smallest share kept."""
    found = [one for one in findings.failures if one.n and one.cell.ood_kept in (None, findings.cells.masked)]
    if not found:
        return None
    modes = [mode for mode in (RIGHT, *MODES) if any(one.counts[mode] for one in found)]
    rows = tuple(
        (
            named(one.cell.scenario), named(method_name(one.cell.method)), named(one.part, kind=part_kind(one.part)),
            counted(one.n), *(_of_all(one.counts[mode], one.n) for mode in modes),
        )
        for one in found
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("part", numeric=False),
        Column("outputs"), *(Column(mode) for mode in modes),
    )  # fmt: skip
    note = "; ".join(f"{mode}: {told}" for mode, told in MODES.items() if mode in modes)
    note = f"An output has the first mode that fits. {note[0].upper()}{note[1:]}." if note else ""
    return Table(name="failures", title="How outputs fail", columns=columns, rows=rows, note=note)


def _of_all(count: int, total: int) -> Value:
    return Value(f"{100 * count / total:.0f}%", order=count / total, aside=f"({count:,})")


def split_table(findings: Findings) -> Table | None:
    """The splits with the audit's verdict on each."""
    if not findings.results.splits:
        return None
    parts = ("train", "validation", "test_id", "test_ood", "excluded")
    rows = tuple(
        (
            named(scenario), counted(seed), named(verdict_label(facts.audit)), _auc(audit_auc(facts)),
            *(counted(facts.sizes.get(part, 0)) for part in parts),
        )
        for (scenario, seed), facts in findings.results.splits.items()
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("split seed"), Column("audit", numeric=False), Column("AUC"),
        *(Column(part) for part in parts),
    )  # fmt: skip
    note = "Sizes with all of the region masked. AUC: how well a classifier tells test_ood from train; .5 is no shift."
    return Table(name="splits", title="The splits", columns=columns, rows=rows, note=note)


def verdict_label(audit: object) -> str:
    """The audit's verdict in a word or two; a dash without an audit."""
    verdict = audit.get("verdict") if isinstance(audit, dict) else None
    return str(verdict["label"]) if isinstance(verdict, dict) else "–"


def _auc(value: float) -> Value:
    return Value("–") if math.isnan(value) else Value(f"{value:.3f}", order=value)


def study_tables(findings: Findings) -> Iterator[Table]:
    """All tables that the study has numbers for."""
    makers = (
        heat_table, score_table, comparison_table, disagreement_table, forgetting_table, unseen_table, failure_table,
        split_table, distribution_table,
    )  # fmt: skip
    yield from (table for table in (make(findings) for make in makers) if table is not None)

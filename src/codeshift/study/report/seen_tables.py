"""The tables of rows that corpora hold: how many, each score for rows seen and unseen, and methods on both."""

from __future__ import annotations

import math
from collections.abc import Iterator

from codeshift.defaults import MARKS, NGRAMS
from codeshift.documents.document import Column, Table, Value
from codeshift.formatting import MISSING
from codeshift.study.findings import Findings, SeenScore, SeenShare
from codeshift.study.findings.cells import Cell
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.tables import count_value, estimated, interval_p_value, kept_share, named, of_all, part_kind
from codeshift.study.results.measures import method_name

MARK_TITLES = {"exact": "exact copy", "near": "near-duplicate", "renamed": "renamed copy", NGRAMS: "n-gram"}
"""Kinds of marks in words."""


def seen_tables(findings: Findings) -> Iterator[Table]:
    """Yield the tables of rows that corpora hold; none unless corpora were searched."""
    if findings.results.marks:
        tables = (seen_table(findings), advantage_table(findings), seen_share_table(findings))
        yield from (table for table in tables if table is not None)


def seen_share_table(findings: Findings) -> Table | None:
    """Make the table of the rows of each part that each corpus holds, by kind of copy."""
    shares = findings.seen_shares
    kinds = [kind for kind in MARKS if any(kind in share.copies for share in shares)]
    by_column = len({share.column for share in shares}) > 1
    rows = tuple(
        (
            named(share.scenario), named(share.part, kind=part_kind(share.part)), count_value(share.split_seed),
            named(share.corpus), *([named(share.column or "any")] if by_column else []), count_value(share.n),
            *(_copies_of_kind(share, kind) for kind in kinds),
        )
        for share in shares
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("part", numeric=False), Column("split seed"),
        Column("corpus", numeric=False), *([Column("column", numeric=False)] if by_column else []), Column("rows"),
        *(Column(MARK_TITLES[kind]) for kind in kinds),
    )  # fmt: skip
    note = (
        "Rows that a corpus holds; each kind of copy includes those before it. A dash: this kind cannot be looked for "
        "in a corpus that is known by digests or n-grams alone, nor a renamed copy in other texts than code."
    )
    note += "".join(f" {column} was not looked for in {corpus}." for column, corpus in _left_out(findings))
    note += " Any: rows of which it holds the text of one of the columns." if by_column else ""
    caption = "What each corpus holds of each part"
    return Table(name=ReportTable.SEEN_SHARES, caption=caption, columns=columns, rows=rows, note=note) if rows else None


def _left_out(findings: Findings) -> dict[tuple[str, str], None]:
    """Return each column with each corpus that has none for it."""
    return {
        (column, corpus): None
        for marks in findings.results.marks.values()
        for column, copies in marks.by_column.items()
        for corpus in marks.corpora
        if corpus not in copies
    }


def _copies_of_kind(share: SeenShare, kind: str) -> Value:
    return of_all(share.copies[kind], share.n) if kind in share.copies and share.n else Value(MISSING)


def seen_table(findings: Findings) -> Table | None:
    """Make the table of scores on rows that a corpus holds and on those that none does: a line a cell, part, metric."""
    unseen_of = {_line_of(score): score for score in findings.seen if not score.seen}
    pairs = [(score, unseen_of[_line_of(score)]) for score in findings.seen if score.seen]
    rows = tuple(
        (
            named(seen.cell.scenario), named(method_name(seen.cell.method)), kept_share(seen.cell.ood_kept),
            named(seen.part, kind=part_kind(seen.part)), named(seen.measure.heading), count_value(seen.distinct),
            _score_value(seen), count_value(unseen.distinct), _score_value(unseen),
        )
        for seen, unseen in pairs
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("part", numeric=False), Column("metric", numeric=False), Column("seen"),
        Column("score on these"), Column("unseen"), Column("score on those"),
    )  # fmt: skip
    note = (
        "Seen: distinct rows of which a corpus holds a copy of any kind, in any column that was looked for. A score on "
        f"fewer than {findings.min_rows} distinct rows is not told. With several split seeds, the smallest numbers of "
        "rows."
    )
    caption = "Scores on rows that a corpus holds, and on those that none does"
    return Table(name=ReportTable.SEEN, caption=caption, columns=columns, rows=rows, note=note) if rows else None


def _line_of(score: SeenScore) -> tuple[Cell, str, str]:
    """Return what a score on seen rows and that on unseen rows have in common."""
    return score.cell, score.part, score.measure.metric


def _score_value(score: SeenScore) -> Value:
    missing = "too few" if score.distinct < score.needed else MISSING
    return estimated(score.measure, score.estimate, score.state.unmeasured or missing, kind=score.state.unmeasured)


def advantage_table(findings: Findings) -> Table | None:
    """Make the table of methods compared on rows seen and unseen; None if no comparison has enough rows."""
    advantages = findings.seen_advantages
    defined = [advantage for advantage in advantages if not math.isnan(advantage.on_unseen.value)]
    defined += [
        advantage for advantage in advantages if advantage not in defined and not math.isnan(advantage.on_seen.value)
    ]
    rows = tuple(
        (
            named(advantage.scenario),
            named(f"{method_name(advantage.method)} less {method_name(advantage.reference)}"),
            kept_share(advantage.ood_kept), named(advantage.part, kind=part_kind(advantage.part)),
            estimated(advantage.measure, advantage.on_unseen, "too few", change=True),
            count_value(advantage.on_unseen.n),
            estimated(advantage.measure, advantage.on_seen, "too few", change=True), count_value(advantage.on_seen.n),
            estimated(advantage.measure, advantage.estimate, change=True),
            interval_p_value(advantage.p_value),
        )
        for advantage in defined
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("difference of", numeric=False), Column("kept"),
        Column("part", numeric=False), Column("on unseen rows"), Column("unseen"),
        Column("on seen rows"), Column("seen"), Column("seen less unseen"), Column("p"),
    )  # fmt: skip
    note = (
        f"Paired differences in {findings.measure.heading_of_change}, on rows that no corpus holds (unseen) and on "
        "those that one does (seen); then the second less the first. p-values are of the interval over seeds and rows, "
        "without a correction."
    )
    caption = "Methods compared on rows seen and unseen"
    return (
        Table(name=ReportTable.SEEN_ADVANTAGES, caption=caption, columns=columns, rows=rows, note=note)
        if rows
        else None
    )

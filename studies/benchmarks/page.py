"""The page on the benchmarks: sentences and tables made of the figures of ``audits.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from codeshift.audit import Thresholds
from codeshift.documents.markdown import table

_WIDTH = 120
_AUDIT = Thresholds()
"""Thresholds of an audit's verdict."""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "studies" / "benchmarks.md"
Rows = Mapping[str, Mapping[str, Any]]

SOURCES: tuple[tuple[str, str, str, str], ...] = (
    (
        "codetrans",
        "`google/code_x_glue_cc_code_to_code_trans`",
        "C-UDA 1.0",
        "CodeTrans of [CodeXGLUE](https://arxiv.org/abs/2102.04664) (Lu et al. 2021): Java to C#, from Lucene, POI, "
        "JGit and Antlr",
    ),
    (
        "bugs2fix-small, bugs2fix-medium",
        "`google/code_x_glue_cc_code_refinement`",
        "C-UDA 1.0",
        "[Bugs2Fix](https://arxiv.org/abs/1812.08693) (Tufano et al. 2019) in CodeXGLUE: Java with abstracted names",
    ),
    (
        "concode",
        "`google/code_x_glue_tc_text_to_code`",
        "C-UDA 1.0",
        "[CONCODE](https://arxiv.org/abs/1808.09588) (Iyer et al. 2018) in CodeXGLUE: text and class to Java",
    ),
    (
        "mbpp",
        "`google-research-datasets/mbpp`, full",
        "CC BY 4.0",
        "[MBPP](https://arxiv.org/abs/2108.07732) (Austin et al. 2021); the official parts by the number of the task",
    ),
    (
        "humaneval",
        "`openai/openai_humaneval`",
        "MIT",
        "[HumanEval](https://arxiv.org/abs/2107.03374) (Chen et al. 2021), prompt and canonical solution as one text",
    ),
    (
        "algorithms-python, -java, -cpp, -go",
        "none",
        "MIT",
        "functions of the repositories [TheAlgorithms](https://github.com/TheAlgorithms)/Python, Java, C-Plus-Plus and "
        "Go, one a distinct text, with the folder's topic as label",
    ),
)
"""Benchmarks: names, place on the hub, licence, source."""


def page(results: Mapping[str, Any]) -> str:
    """Return the page of the figures of all rows."""
    rows: Rows = results["rows"]
    compared = {name: row for name, row in rows.items() if row["compared_with"]}
    outputs = {name: row for name, row in compared.items() if len(row["columns"]) > 1}
    return f"""# What the benchmarks are made of

What the official parts of benchmarks hold twice, how far they are apart, and what they share with each other and with
the corpus of the [embedded model](../embedded-model.md). Each row is one part of a benchmark and is named in its first
column. One command measures it again, here the row `mbpp/test`, and writes this page:

`python -m studies.benchmarks.audits --data FOLDER --row mbpp/test`

[Sources](#sources) says what FOLDER holds; without `--data` the rows come from the hub, and without `--row` all are
measured, which takes minutes. Measured with codeshift {results["codeshift"]}. To [cite](../cite.md) a figure, name its
row and that version.

## What they show

{_findings(rows)}

## Copies and conflicts

- **Distinct**: the rows that are left if one of each group of near-duplicates is kept.
- **Exact**, **near**, **renamed**: rows whose code is in the part named under "beside" too: as it stands; with a
  Jaccard similarity of token 5-grams of at least .7; the same without names, strings and numbers. Each includes those
  before it.
- **Conflicts**: rows whose input is there, as it stands, with another output: within the part, or in the one beside
  it. Exact match can reward one of them at most. For the functions of TheAlgorithms, the rows with a near-duplicate,
  or a chain of such, under another label.
- **Verdict** of [the audit](../guides/reading-an-audit.md): a part leaks if more than 1% of its rows have a
  near-duplicate beside it.

{_filled(_at_hand(rows))}

{_table(MAIN, rows)}

## Inputs and outputs

Rows with an exact copy / a near-duplicate in the part beside, of the input, of the output, and of both as one text.

{_table(COLUMNS, outputs)}

## How far the parts are apart

The AUC of a classifier that tells the part from the one beside it, 0.5 if it cannot; MMD^2; the property that moved
farthest by its Jensen-Shannon distance; the median cosine of a row to the nearest one beside it; the share of different
tokens that the part beside never has; and the number of properties, tokens, node types and API names that moved (p at
most .05 after Bonferroni), with those of the largest effect, in standard deviations, whether significant or not.
Computed on distinct rows; AUC and MMD^2, whose p-values are by permutation, on at most 2,000 of each part.

{_table(SHIFT, compared)}

## What benchmarks share

Rows of each part that another benchmark of the language holds, in any of its parts at hand, as exact / near / renamed
copies. Comments and docstrings are left out on both sides. The last column is the corpus of the embedded model, of
which digests are known: near-duplicates (–) cannot be found in it.

{_table(_overlap_columns(rows, "java"), _of_language(rows, "java"))}

{_table(_overlap_columns(rows, "python"), _of_language(rows, "python"))}

{_table(_overlap_columns(rows, "other"), _of_language(rows, "other"))}

## Sources

FOLDER holds files with the columns of the hub: `code_to_code_trans`, `code_refinement_small`, `code_refinement_medium`
and `text_to_code` with `train.jsonl`, `validation.jsonl` and `test.jsonl` as far as they are at hand,
`mbpp/problems.jsonl`, `human_eval/problems.jsonl` and `algorithms/functions.jsonl`. Line ends of MBPP's code, which are
those of Windows, are made the usual ones. codeshift holds none of the rows; cite the authors of those that you use.

{table(["rows", "on the hub", "licence", "what it is"], SOURCES, [":---"] * 4)}

For splits of the same rows that do shift, see [splits by name](../guides/published-splits.md). What this page cannot
say: whether a model other than the embedded one has read these rows, and whether copies that were rewritten further
than by names are among them.
"""


def _findings(rows: Rows) -> str:
    """Return the findings in sentences, a point each."""
    compared = {name: row for name, row in rows.items() if row["compared_with"]}
    points = (_on_leakage(compared), _on_conflicts(compared), _on_shift(compared), _on_others(rows))
    return "\n".join(_filled(f"- {point}", "  ") for point in points)


def _on_leakage(compared: Rows) -> str:
    leaking = {name: row for name, row in compared.items() if row["verdict"] == "leaks"}
    shares = ", ".join(
        f"`{name}` {row['leakage']['near'] / row['rows']:.1%} ({row['leakage']['renamed'] / row['rows']:.1%} with "
        "renamed copies)"
        for name, row in leaking.items()
    )
    return (
        f"**Copies.** Of {len(compared)} official parts that can be compared with another, {len(leaking)} hold more "
        f"than 1% of near-duplicates of it: {shares}."
    )


def _on_conflicts(compared: Rows) -> str:
    seen = [
        f"`{name}` {row['conflicts']:,} of {next(iter(row['columns'].values()))['exact']:,}"
        for name, row in compared.items()
        if row["conflicts"]
    ]
    return (
        "**Conflicts.** Of the inputs that are in the part beside as they stand, these have another output there, "
        f"so that exact match counts what was learnt by heart as wrong: {', '.join(seen)}. Where outputs are run, as "
        "those of MBPP, they are problems that training has shown."
    )


def _on_shift(compared: Rows) -> str:
    tested = {name: row for name, row in compared.items() if row["verdict"] != "too few rows"}
    aucs = [row["auc"][0] for row in tested.values()]
    shifted = [name for name, row in tested.items() if row["auc"][0] >= _AUDIT.auc and row["auc"][1] <= _AUDIT.alpha]
    differing = [name for name, row in tested.items() if row["mmd"][1] <= _AUDIT.alpha]
    moved = sum(row["moved"] for row in tested.values())
    return (
        f"**Shift.** Of {len(tested)} parts with rows enough for a test, a classifier tells {_named(shifted)} from the "
        f"part beside it (AUC {min(aucs):.2f} to {max(aucs):.2f}); MMD^2 differs from 0 in {_named(differing)}; "
        f"{moved:,} properties, tokens, node types or API names moved."
        f"{'' if shifted else ' Scores on them are scores in distribution.'}"
    )


def _on_others(rows: Rows) -> str:
    problems = [row["overlap"] for name, row in rows.items() if name.startswith(("mbpp", "humaneval"))]
    between = sum(of.get(other, {}).get("renamed", 0) for of in problems for other in ("mbpp", "humaneval"))
    read = sum(of["embedded"]["renamed"] for of in problems)
    medium = rows["bugs2fix-medium/validation"]
    return (
        f"**Other benchmarks.** MBPP and HumanEval hold {between:,} copies of each other's solutions, renamed ones "
        f"included, and the embedded model has read {read:,} of either. Of {medium['rows']:,} rows of Bugs2Fix medium, "
        f"{medium['overlap']['bugs2fix-small']['renamed']:,} have a renamed copy in small."
    )


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _filled(text: str, indent: str = "") -> str:
    """Return a paragraph in lines of the width of the other pages."""
    return fill(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _at_hand(rows: Rows) -> str:
    """Return a sentence on the benchmarks of which parts are missing."""
    parts = _named([name for name in rows if name.startswith(("bugs2fix", "concode"))])
    return (
        f"Of Bugs2Fix and CONCODE these parts were at hand: {parts}. Copies in their `train`, which is on the hub, are "
        "not counted; where it is there, the same command compares with it."
    )


def _counts(*values: int | None) -> str:
    return " / ".join("–" if value is None else f"{value:,}" for value in values)


def _leakage(kind: str) -> Any:
    return lambda row: f"{row['leakage'][kind]:,}" if row["compared_with"] else ""


def _tested(name: str, digits: int = 3) -> Any:
    return lambda row: "" if row[name][0] is None else f"{row[name][0]:.{digits}f} (p {row[name][1]:.3f})"


MAIN: dict[str, Any] = {
    "rows": lambda row: f"{row['rows']:,}",
    "distinct": lambda row: f"{row['distinct']:,}",
    "conflicts within": lambda row: f"{row.get('mixed_labels', row['conflicts_within']):,}",
    "beside": lambda row: f"`{row['compared_with']}`" if row["compared_with"] else "",
    "exact": _leakage("exact"),
    "near": _leakage("near"),
    "renamed": _leakage("renamed"),
    "conflicts beside": lambda row: f"{row['conflicts']:,}" if row["compared_with"] else "",
    "verdict": lambda row: row["verdict"] if row["compared_with"] else "",
}
COLUMNS: dict[str, Any] = {
    "input": lambda row: _pair(row, 0),
    "output": lambda row: _pair(row, 1),
    "both": lambda row: _pair(row, 2),
}
SHIFT: dict[str, Any] = {
    "AUC": _tested("auc"),
    "MMD^2": _tested("mmd", 4),
    "farthest": lambda row: "{} {:.2f} (p {:.3f})".format(*row["farthest"]),
    "nearest": lambda row: f"{row['nearest']:.2f}",
    "new tokens": lambda row: f"{row['unseen_tokens']:.0%}",
    "moved": lambda row: f"{row['moved']:,}",
    "largest effects": lambda row: ", ".join(_effect(name, effect) for name, effect, _ in row["confounds"]),
}


def _pair(row: Mapping[str, Any], at: int) -> str:
    seen = list(row["columns"].values())[at]
    return _counts(seen["exact"], seen["near"])


def _effect(name: str, effect: float) -> str:
    kind, _, element = name.partition(": ")
    shown = f"{kind} `{element.replace('|', chr(92) + '|')}`" if element else kind
    return f"{shown} {effect:+.2f}"


def _of_language(rows: Rows, language: str) -> Rows:
    """Return the rows whose benchmark is searched in those of a language; "other" for those that have no other."""
    return {name: row for name, row in rows.items() if _language(name) == language}


def _language(name: str) -> str:
    benchmark = name.partition("/")[0]
    if benchmark in ("mbpp", "humaneval", "algorithms-python"):
        return "python"
    return "other" if benchmark in ("algorithms-cpp", "algorithms-go") else "java"


def _overlap_columns(rows: Rows, language: str) -> dict[str, Any]:
    corpora = dict.fromkeys(corpus for row in _of_language(rows, language).values() for corpus in row["overlap"])
    ordered = [corpus for corpus in corpora if corpus != "embedded"] + ["embedded"]
    return {corpus: _overlap(corpus) for corpus in ordered}


def _overlap(corpus: str) -> Any:
    return lambda row: _counts(*row["overlap"][corpus].values()) if corpus in row["overlap"] else ""


def _table(columns: Mapping[str, Any], rows: Rows) -> str:
    cells = [[f"`{name}`", *(cell(row) for cell in columns.values())] for name, row in rows.items()]
    words = ("beside", "verdict", "farthest", "largest effects")
    return table(["row", *columns], cells, [":---", *(":---" if column in words else "---:" for column in columns)])

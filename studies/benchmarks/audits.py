"""Audits of the benchmarks that people use: what their official parts hold twice, and how far they are apart.

    python -m studies.benchmarks.audits --data FOLDER
    python -m studies.benchmarks.audits --data FOLDER --row mbpp/test

FOLDER holds the benchmarks' files with the columns of the hub, a folder each (``Benchmark.folder``); without
``--data`` they come from the hub, all but those of TheAlgorithms. Each row of the page is one part of a benchmark;
without ``--row`` all are measured, in some minutes. The figures go to ``studies/benchmarks/audits.json``, and the page
that shows them to ``docs/studies/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict, concatenate_datasets, disable_progress_bars

import codeshift
from codeshift.audit import AuditReport, audit, overlap
from codeshift.audit.corpora import EMBEDDED
from codeshift.data import load_rows, load_task
from codeshift.errors import ParameterError
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.transforms import DropComments
from codeshift.wording import closest
from studies.benchmarks.page import PAGE, page

RESULTS = Path(__file__).with_name("audits.json")
DIGITS = 4
_ALGORITHMS = "algorithms/functions.jsonl"
_CODE = "searched"
_KEPT = 3
"""Confounds that are kept of a row: those that moved farthest."""


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Benchmark whose parts are audited.

    Attributes:
        task: the name of its task in ``load_task``; None for functions of TheAlgorithms.
        folder: the folder of its files within that of the data.
        config: the configuration on the hub.
        language: the language of the code.
        column: the column of the code.
        source: the column of the input.
        target: the column of the output, or of the label.
    """

    task: str | None
    folder: str
    config: str | None = None
    language: str
    column: str
    source: str
    target: str

    @property
    def text_columns(self) -> list[str]:
        """Columns of input and output."""
        return [self.source, self.target]

    def parts(self, data: Path | None) -> DatasetDict | None:
        """Read the parts that are there, from a folder or else from the hub; None if there are none."""
        if self.task is None:
            return None if data is None or not (data / self.folder).exists() else _functions(data, self.language)
        if data is None:
            return _with_one_line_end(load_task(self.task, config=self.config), self.column)
        path = data / self.folder
        return _with_one_line_end(load_task(self.task, source=path), self.column) if path.exists() else None


BENCHMARKS: Mapping[str, Benchmark] = {
    "codetrans": Benchmark(
        task="code-translation",
        folder="code_to_code_trans",
        language="java",
        column="java",
        source="java",
        target="cs",
    ),
    **{
        f"bugs2fix-{config}": Benchmark(
            task="code-refinement",
            folder=f"code_refinement_{config}",
            config=config,
            language="java",
            column="buggy",
            source="buggy",
            target="fixed",
        )
        for config in ("small", "medium")
    },
    "concode": Benchmark(
        task="text-to-code", folder="text_to_code", language="java", column="code", source="nl", target="code"
    ),
    "mbpp": Benchmark(
        task="mbpp", folder="mbpp/problems.jsonl", language="python", column="code", source="text", target="code"
    ),
    "humaneval": Benchmark(
        task="humaneval",
        folder="human_eval/problems.jsonl",
        language="python",
        column="code",
        source="prompt",
        target="code",
    ),
    **{
        f"algorithms-{language}": Benchmark(
            task=None, folder=_ALGORITHMS, language=language, column="code", source="code", target="label"
        )
        for language in ("python", "java", "cpp", "go")
    },
}
"""Benchmarks by name."""


def _functions(data: Path, language: str) -> DatasetDict:
    everything = load_rows(data / _ALGORITHMS)
    return DatasetDict(
        all=everything.select([at for at, name in enumerate(everything["language"]) if name == language])
    )


def _with_one_line_end(parts: DatasetDict, column: str) -> DatasetDict:
    """Return parts in which lines end alike, so that equal code is equal: those of MBPP end as in Windows."""
    if not any("\r\n" in text for rows in parts.values() for text in rows[column]):
        return parts
    return parts.map(lambda row: {column: row[column].replace("\r\n", "\n")})


@dataclass(frozen=True)
class Data:
    """The benchmarks at hand, each of which is read once.

    Attributes:
        folder: the folder of their files; None for the hub.
    """

    folder: Path | None

    @cache  # noqa: B019 - as long as the process
    def parts(self, name: str) -> DatasetDict | None:
        """Return the parts of a benchmark that are there; None if there are none."""
        return BENCHMARKS[name].parts(self.folder)

    @cache  # noqa: B019 - likewise
    def code(self, name: str) -> DatasetDict:
        """Return the code alone, in the column ``_CODE``, without comments and docstrings."""
        benchmark, parts = BENCHMARKS[name], self.parts(name)
        alone = parts.select_columns([benchmark.column]).rename_column(benchmark.column, _CODE)
        drop = DropComments(column=_CODE, language=benchmark.language)
        return DatasetDict({part: drop.apply(rows) for part, rows in alone.items()})

    def rows(self) -> list[str]:
        """Return the names of all rows that can be measured."""
        return [f"{name}/{part}" for name in BENCHMARKS for part in self.parts(name) or ()]


def measure(row: str, data: Data) -> dict[str, Any]:
    """Measure one part of a benchmark.

    Args:
        row: the name of the benchmark and of the part, such as ``"mbpp/test"``.
        data: the benchmarks at hand.
    """
    name, _, part = row.partition("/")
    parts = data.parts(name) if name in BENCHMARKS else None
    if parts is None or part not in parts:
        raise ParameterError("row", "the name of a part at hand", row, closest(row, data.rows()))
    benchmark, rows, before = BENCHMARKS[name], parts[part], compared_with(part, parts)
    components = NearDuplicates().components(rows[benchmark.column][:])
    figures: dict[str, Any] = {
        "rows": len(rows),
        "equal": len(rows) - len(set(rows[benchmark.column][:])),
        "distinct": components.sizes.size,
        "largest": int(components.sizes.max()),
        "conflicts_within": _conflicts(rows, rows, benchmark),
        "compared_with": before,
        "overlap": _overlaps(row, data),
    }
    if benchmark.target == "label":
        figures["mixed_labels"] = _of_mixed_labels(components.labels.tolist(), rows["label"][:])
    if before is not None:
        figures |= _compared(benchmark, DatasetDict({before: parts[before], part: rows}), before, part)
    return figures


def compared_with(part: str, parts: Mapping[str, Dataset]) -> str | None:
    """Return the part to compare another with: train, or validation where train is not at hand; None if neither is."""
    before = "train" if "train" in parts else "validation"
    return before if before in parts and part not in ("train", before) else None


def _conflicts(rows: Dataset, others: Dataset, benchmark: Benchmark) -> int:
    """Count the rows whose input stands among the others with another output."""
    both = [_labelled(of, benchmark.target).select_columns(benchmark.text_columns) for of in (rows, others)]
    seen = overlap(both[0], both[1], column=benchmark.source, label=benchmark.target, worst=0)
    return int(seen["data", "data"].exact_conflicts or 0)


def _labelled(rows: Dataset, target: str) -> Dataset:
    """Return the rows whose output or label is known."""
    known = [at for at, value in enumerate(rows[target]) if value is not None]
    return rows if len(known) == len(rows) else rows.select(known)


def _of_mixed_labels(components: list[int], labels: list[str | None]) -> int:
    """Count the labelled rows that are near-duplicates, or chained by such, with a row of another label."""
    of_component: dict[int, set[str]] = {}
    for component, label in zip(components, labels, strict=True):
        if label is not None:
            of_component.setdefault(component, set()).add(label)
    pairs = zip(components, labels, strict=True)
    return sum(label is not None and len(of_component[component]) > 1 for component, label in pairs)


def _overlaps(row: str, data: Data) -> dict[str, dict[str, int | None]]:
    """Look for the rows of a part in other benchmarks of the language, and in the embedded model's corpus.

    Comments and docstrings are left out on both sides, which some benchmarks have and others lack. In the embedded
    corpus, of which digests are known, code is looked for as it stands too.
    """
    name, _, part = row.partition("/")
    parts, language = data.code(name), BENCHMARKS[name].language
    others = {
        other: concatenate_datasets(list(data.code(other).values()))
        for other, benchmark in BENCHMARKS.items()
        if other != name and benchmark.language == language and data.parts(other) is not None
    }
    seen = overlap(parts[part], others, column=_CODE, worst=0).parts if others else ()
    copies = {of.corpus: {"exact": of.exact, "near": of.near, "renamed": of.renamed} for of in seen}
    return {**copies, EMBEDDED: _in_the_embedded_corpus(parts[part], data.parts(name)[part], BENCHMARKS[name].column)}


def _in_the_embedded_corpus(code: Dataset, rows: Dataset, column: str) -> dict[str, int | None]:
    without, whole = overlap(code, EMBEDDED, column=_CODE), overlap(rows, EMBEDDED, column=column)
    either = {kind: {*without.rows("data", kind), *whole.rows("data", kind)} for kind in ("exact", "renamed")}
    return {"exact": len(either["exact"]), "near": None, "renamed": len(either["renamed"])}


def _compared(benchmark: Benchmark, both: DatasetDict, before: str, part: str) -> dict[str, Any]:
    report = audit(
        both,
        column=benchmark.column,
        language=benchmark.language,
        train=before,
        test=part,
        near_duplicates=NearDuplicates(columns=tuple(benchmark.text_columns)),
        worst=0,
        progress=False,
    )
    return {**_leakage(report), "conflicts": _conflicts(both[part], both[before], benchmark), **_strength(report)}


def _leakage(report: AuditReport) -> dict[str, Any]:
    leakage = report.leakage[0]
    columns = {"+".join(of.columns): {"exact": of.exact, "near": of.near} for of in report.column_leakage}
    return {
        "leakage": {kind: getattr(leakage, kind) for kind in ("exact", "near", "renamed", "unsettled")},
        "columns": columns,
    }


def _strength(report: AuditReport) -> dict[str, Any]:
    shift = report.strength[0]
    farthest = max((of for of in shift.properties if of.in_verdict), key=lambda of: of.jensen_shannon)
    moved = sum(of.p_value <= report.settings.thresholds.alpha for of in report.confounds)
    tokens = next(of for of in report.unseen_elements if of.kind == "TokenTypes")
    tests = {"auc": shift.classifier, "mmd": shift.mmd}
    return {
        **{name: [_rounded(test.statistic), _rounded(test.p_value)] for name, test in tests.items()},
        "nearest": _rounded(shift.nearest.median),
        "unseen_tokens": _rounded(tokens.unseen_share),
        "farthest": [farthest.name, _rounded(farthest.jensen_shannon), _rounded(farthest.p_value)],
        "moved": moved,
        "confounds": [[of.name, _rounded(of.effect), _rounded(of.p_value)] for of in report.confounds[:_KEPT]],
        "verdict": report.verdict.label,
        "cautions": list(report.verdict.cautions),
    }


def _rounded(number: float) -> float | None:
    return round(number, DIGITS) if math.isfinite(number) else None


def read_results(path: Path = RESULTS) -> dict[str, Any]:
    """Read the figures of all rows; none if there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": {}}


def main() -> None:
    """Measure rows, and write their figures and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the benchmarks' files; by default the hub")
    parser.add_argument("--row", nargs="*", help="rows to measure, such as mbpp/test; by default all")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of the figures (%(default)s)")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write (%(default)s)")
    arguments = parser.parse_args()
    disable_progress_bars()
    data = Data(arguments.data)
    measured = read_results(arguments.results)["rows"]
    for row in arguments.row or data.rows():
        measured[row] = measure(row, data)
        results = {"codeshift": codeshift.__version__, "rows": measured}
        arguments.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"{row}: {json.dumps(measured[row])}", flush=True)
    arguments.page.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()

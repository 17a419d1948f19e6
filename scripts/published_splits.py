"""Makes the published splits: manifests and audits of scenarios on public benchmarks, by name.

    python scripts/published_splits.py --data FOLDER [--name NAME ...]

Without --name all are made, which takes some ten minutes of one core; a run that was stopped goes on where it was, by
what lies in ``build/published-splits`` (delete it if the code has changed since). FOLDER holds the benchmarks' files
with the names and columns of the hub, a folder each: ``code_to_code_trans``, ``code_refinement_small``, ``mbpp`` and
``algorithms``. The files go to ``src/codeshift/data/published_splits``, and their tables to the page on them. A name
that was published is never made again with other splits: change its version.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets

from codeshift.audit import audit
from codeshift.data import PublishedSplits, benchmark_names, load_benchmark, load_rows
from codeshift.data.published import PUBLISHED_FOLDER
from codeshift.files import write_text
from codeshift.properties import PropertyTable
from codeshift.splitters import (
    CompoundDivergenceSplitter,
    GroupSplitter,
    SplitManifest,
    TimeSplitter,
    TokenRaritySplitter,
)
from codeshift.splitters.scenarios import SIMSCOOD_BANDS, Scenario, api_families, ast_elements, clusters, length_bands

PAGE = Path(__file__).resolve().parents[1] / "docs" / "guides" / "published-splits.md"
WORK = Path("build") / "published-splits"
BEGIN, END = "<!-- tables: scripts/published_splits.py writes them -->\n", "<!-- tables end -->\n"
REGIMES = (0.0, 1.0)
_CODEXGLUE = "Computational Use of Data Agreement (C-UDA) 1.0, of CodeXGLUE"
_TENTHS = ((0.0, 0.1), (0.22, 0.32), (0.45, 0.55), (0.67, 0.77), (0.9, 1.0))


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """What is split under one name."""

    name: str
    description: str
    licence: str
    rows: Callable[[Path], Dataset]
    scenarios: tuple[Scenario, ...]
    column: str
    language: str | None


def after_simscood(
    column: str,
    language: str,
    *,
    nodes: Sequence[str] | None = None,
    api: str,
    bands: Sequence[tuple[float, float]] = SIMSCOOD_BANDS,
    n_clusters: int = 35,
) -> tuple[Scenario, ...]:
    """Return the fifteen scenarios after SimSCOOD, then one each of rarity, API usage and compounds."""
    return (
        *length_bands(column, bands=bands, language=language),
        *ast_elements(column, language=language, nodes=nodes),
        *clusters(column, n_clusters=n_clusters),
        Scenario("rarity", TokenRaritySplitter(column=column)),
        *api_families(column, language=language, apis=(api,)),
        Scenario("compounds", CompoundDivergenceSplitter(column=column, language=language)),
    )


def files(folder: str, *parts: str) -> Callable[[Path], Dataset]:
    """Return a function that joins a benchmark's files in order."""
    return lambda data: concatenate_datasets([load_rows(data / folder / f"{part}.jsonl") for part in parts])


def algorithms(language: str) -> Callable[[Path], Dataset]:
    """Return a function that reads the functions of one language."""

    def rows(data: Path) -> Dataset:
        everything = load_rows(data / "algorithms" / "functions.jsonl")
        return everything.select([row for row, name in enumerate(everything["language"]) if name == language])

    return rows


def dated(data: Path) -> Dataset:
    """Read the functions of all languages that have a date and a label."""
    everything = load_rows(data / "algorithms" / "functions.jsonl")
    known = zip(everything["added"], everything["label"], strict=True)
    return everything.select([row for row, (added, label) in enumerate(known) if added and label])


_TOPICS = Scenario("topics", GroupSplitter(column="code", by="topic"))
BENCHMARKS = (
    Benchmark(
        name="codetrans-bands-syntax-clusters-v1",
        description="CodeTrans (google/code_x_glue_cc_code_to_code_trans): all 11,794 rows of train, validation and "
        "test as one dataset, by the column java",
        licence=_CODEXGLUE,
        rows=files("code_to_code_trans", "train", "validation", "test"),
        scenarios=after_simscood("java", "java", api="StringBuilder"),
        column="java",
        language="java",
    ),
    Benchmark(
        name="bugs2fix-small-bands-syntax-clusters-v1",
        description="Bugs2Fix small (google/code_x_glue_cc_code_refinement, small): the 11,670 rows of validation and "
        "test as one dataset, by the column buggy",
        licence=_CODEXGLUE,
        rows=files("code_refinement_small", "validation", "test"),
        scenarios=after_simscood("buggy", "java", api="java.util"),
        column="buggy",
        language="java",
    ),
    Benchmark(
        name="mbpp-bands-syntax-clusters-v1",
        description="MBPP (google-research-datasets/mbpp, full): all 974 problems as one dataset, by the column code "
        "as it stands there, with Windows line ends; bands of a tenth and ten clusters, since 3% of the rows "
        "would be 29",
        licence="CC BY 4.0",
        rows=files("mbpp", "problems"),
        scenarios=after_simscood(
            "code",
            "python",
            nodes=("for_statement", "while_statement", "if_statement", "list_comprehension", "lambda"),
            api="re",
            bands=_TENTHS,
            n_clusters=10,
        ),
        column="code",
        language="python",
    ),
    Benchmark(
        name="algorithms-python-bands-syntax-clusters-v1",
        description="TheAlgorithms/Python, 3,828 functions (language python), by the column code",
        licence="MIT",
        rows=algorithms("python"),
        scenarios=(
            *after_simscood(
                "code",
                "python",
                nodes=("for_statement", "while_statement", "raise_statement", "with_statement", "list_comprehension"),
                api="math",
            ),
            _TOPICS,
        ),
        column="code",
        language="python",
    ),
    Benchmark(
        name="algorithms-java-bands-syntax-clusters-v1",
        description="TheAlgorithms/Java, 2,893 functions (language java), by the column code",
        licence="MIT",
        rows=algorithms("java"),
        scenarios=(
            *after_simscood(
                "code",
                "java",
                nodes=("if_statement", "for_statement", "while_statement", "throw_statement", "cast_expression"),
                api="Math",
            ),
            _TOPICS,
        ),
        column="code",
        language="java",
    ),
    Benchmark(
        name="algorithms-time-language-v1",
        description="functions of TheAlgorithms' Python, Java, C-Plus-Plus and Go repositories that have a date and a "
        "label (columns added and label), by the column code",
        licence="MIT",
        rows=dated,
        scenarios=(
            Scenario("time", TimeSplitter(column="code", by="added")),
            Scenario("time_within_language", TimeSplitter(column="code", by="added", within="language")),
            *(
                Scenario(f"language_{language}", GroupSplitter(column="code", by="language", values=(language,)))
                for language in ("python", "java", "cpp", "go")
            ),
            Scenario("labels", GroupSplitter(column="code", by="label")),
        ),
        column="code",
        language=None,
    ),
)


def publish(benchmark: Benchmark, data: Path, work: Path) -> PublishedSplits:
    """Split and audit every scenario of a benchmark; equal and near-duplicate rows stay on one side.

    Args:
        benchmark: what is split.
        data: the folder of the benchmarks' files.
        work: the folder in which each scenario is stored when it is done, so that a run that was stopped goes on.
    """
    folder = work / benchmark.name
    folder.mkdir(parents=True, exist_ok=True)
    table = PropertyTable(benchmark.rows(data))
    manifests: dict[tuple[str, float], SplitManifest] = {}
    audits: dict[str, Any] = {}
    for scenario in benchmark.scenarios:
        stored = folder / f"{scenario.name}.json"
        if not stored.is_file():
            write_text(stored, json.dumps(split_and_audit(benchmark, table, scenario)))
        facts = json.loads(stored.read_text(encoding="utf-8"))
        of_kept = {kept: SplitManifest.from_json(text) for kept, text in zip(REGIMES, facts["manifests"], strict=True)}
        manifests |= {(scenario.name, kept): manifest for kept, manifest in of_kept.items()}
        audits[scenario.name] = facts["audit"]
        sizes = {part: size.actual for part, size in of_kept[REGIMES[0]].sizes.items()}
        print(f"{benchmark.name}: {scenario.name}: {sizes}: {facts['audit']['verdict']['label']}", flush=True)
    return PublishedSplits.collect(
        benchmark.name, manifests, audits, description=benchmark.description, licence=benchmark.licence
    )


def split_and_audit(benchmark: Benchmark, table: PropertyTable, scenario: Scenario) -> dict[str, Any]:
    """Return a scenario's manifests as texts, one for each of ``REGIMES``, and its audit with the region masked."""
    assignments = [scenario.splitter.assign(table, ood_kept=kept) for kept in REGIMES]
    audited = audit(assignments[0], table, language=benchmark.language, progress=False)
    return {"manifests": [assignment.manifest.to_json() for assignment in assignments], "audit": audited.to_dict()}


def tables(names: Sequence[str]) -> str:
    """Return the scenarios of each name with the figures of their audits, in Markdown."""
    return "\n".join(line for name in names for line in _table(load_benchmark(name)))


def _table(published: PublishedSplits) -> list[str]:
    return [
        f"### `{published.name}`\n",
        f"{published.description}. Licence of the rows: {published.licence}.\n",
        "| scenario | test rows OOD | distinct | near-duplicates in train | renamed | AUC | verdict |",
        "|---|---:|---:|---:|---:|---:|---|",
        *(f"| {scenario} | {' | '.join(_figures(published.audits[scenario]))} |" for scenario in published.scenarios),
        "",
    ]


def _figures(audited: Mapping[str, Any]) -> list[str]:
    """Return the cells of a scenario: those of its ``test_ood``."""
    leakage, copies, strength = (
        next(figures for figures in audited[kind] if figures["part"] == "test_ood")
        for kind in ("leakage", "copies", "strength")
    )
    auc = strength["classifier"]["statistic"]
    return [
        f"{copies['n']:,}",
        f"{copies['distinct']:,}",
        f"{leakage['near']:,}",
        f"{leakage['renamed']:,}",
        "" if auc is None else f"{auc:.3f}",
        audited["verdict"]["label"],
    ]


def write_page() -> None:
    """Write the tables of all names between the marks of the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{tables(benchmark_names())}{END}{after}", encoding="utf-8")


def main() -> None:
    """Make the files of the names given, by default of all, and the tables of the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the benchmarks' files")
    parser.add_argument("--name", nargs="*", choices=[benchmark.name for benchmark in BENCHMARKS], help="names to make")
    parser.add_argument("--out", type=Path, default=PUBLISHED_FOLDER, help="the folder to write (%(default)s)")
    parser.add_argument("--work", type=Path, default=WORK, help="the folder of scenarios that are done (%(default)s)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for benchmark in BENCHMARKS:
        if arguments.name is None or benchmark.name in arguments.name:
            publish(benchmark, arguments.data, arguments.work).save(arguments.out)
    if arguments.out == PUBLISHED_FOLDER:
        write_page()


if __name__ == "__main__":
    main()

"""Published splits: what is collected, saved and loaded gives the same manifests, and damage is told."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from codeshift.data import PublishedSplits, benchmark_names, load_benchmark
from codeshift.data.published import PUBLISHED_FOLDER
from codeshift.errors import DamagedFileError, ManifestError, ParameterError
from codeshift.splitters import GroupSplitter, LengthSplitter, RandomSplitter
from helpers.shared_data import shared_rows
from scripts.published_splits import BEGIN, END, PAGE, tables

NAME = "tiny-bands-v1"
SPLITTERS = {
    "longest": LengthSplitter(column="code", quantiles=(0.8, 1.0)),
    "random": RandomSplitter(column="code"),
    "project": GroupSplitter(column="code", by="project", values=("b",)),  # knows a row by its project too
}


@pytest.fixture(scope="module")
def rows():
    code = [f"x{i} = " + " + ".join(["1"] * (i % 37 + 1)) for i in range(120)]
    return Dataset.from_dict({"code": code, "project": list("abcde") * 24})


@pytest.fixture(scope="module")
def manifests(rows):
    return {
        (name, kept): splitter.assign(rows, ood_kept=kept).manifest
        for name, splitter in SPLITTERS.items()
        for kept in (0.0, 1.0)
    }


@pytest.fixture
def saved(manifests, tmp_path):
    audits = {name: {"verdict": {"label": "sound"}} for name in SPLITTERS}
    published = PublishedSplits.collect(NAME, manifests, audits, description="tiny rows", licence="MIT")
    published.save(tmp_path)
    return tmp_path


def test_what_is_loaded_is_what_was_split(saved, manifests, rows):
    assert benchmark_names(saved) == (NAME,)
    published = load_benchmark(NAME, folder=saved)
    assert (published.scenarios, published.ood_kept) == (tuple(SPLITTERS), (0.0, 1.0))
    assert published.audits["random"] == {"verdict": {"label": "sound"}}
    for (scenario, kept), manifest in manifests.items():
        assert published.manifest(scenario, ood_kept=kept) == manifest
    parts = published.apply(rows.shuffle(seed=3), "longest")
    expected = manifests["longest", 0.0].apply(rows)
    assert {part: sorted(parts[part]["code"]) for part in parts} == {
        part: sorted(expected[part]["code"]) for part in expected
    }


def test_unknown_names_are_told(saved):
    with pytest.raises(ParameterError, match=f"name must be .*{NAME}"):
        load_benchmark("tiny-bands-v2", folder=saved)
    published = load_benchmark(NAME, folder=saved)
    with pytest.raises(ParameterError, match="scenario must be one of longest, random, project"):
        published.manifest("shortest")
    with pytest.raises(ParameterError, match=r"ood_kept must be 0 or 1, got 0\.5: split the rows again"):
        published.manifest("longest", ood_kept=0.5)


def test_rows_of_another_dataset_are_told(saved, rows):
    with pytest.raises(ManifestError):
        load_benchmark(NAME, folder=saved).apply(rows.select(range(119)), "longest")


@pytest.mark.parametrize("suffix", [".parquet", ".json.zst"])
def test_a_file_that_is_cut_or_missing_is_told(saved, suffix):
    path = saved / f"{NAME}{suffix}"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedFileError, match="not what was published"):
        load_benchmark(NAME, folder=saved)
    path.rename(saved / "elsewhere")
    with pytest.raises((DamagedFileError, ParameterError)):
        load_benchmark(NAME, folder=saved)


def test_a_row_moved_to_another_part_is_told(saved):
    path = saved / f"{NAME}.parquet"
    table = pq.read_table(path)
    column = table.column_names.index("longest@0")
    labels = table["longest@0"].to_pylist()
    changed = [labels[1], labels[0], *labels[2:]] if labels[0] != labels[1] else [labels[0] ^ 1, *labels[1:]]
    pq.write_table(table.set_column(column, table.schema.field(column), pa.array(changed, pa.int8())), path)
    with pytest.raises(DamagedFileError, match="longest@0 is not what was written"):
        load_benchmark(NAME, folder=saved).manifest("longest")


def test_manifests_of_other_rows_are_refused(manifests, rows):
    other = SPLITTERS["longest"].assign(rows.select(range(100)), ood_kept=0.0).manifest
    with pytest.raises(ManifestError, match="lists other rows"):
        PublishedSplits.collect(NAME, manifests | {("fewer", 0.0): other}, {}, description="", licence="")


@pytest.mark.parametrize("name", benchmark_names())
def test_each_published_name_holds_what_it_says(name):
    published = load_benchmark(name)
    assert set(published.audits) == set(published.scenarios)
    last = published.scenarios[-1]
    for kept in published.ood_kept:
        assert published.manifest(last, ood_kept=kept).n_rows == published.table.num_rows
    assert published.licence


def test_published_splits_fit_the_rows_of_their_benchmarks():
    problems = shared_rows("mbpp/problems.jsonl")
    parts = load_benchmark("mbpp-bands-syntax-clusters-v1").apply(problems, "syntax_while_statement")
    assert sum(map(len, parts.values())) <= len(problems) == 974
    assert all("while" in code for code in parts["test_ood"]["code"])
    functions = shared_rows("algorithms/functions.jsonl")
    dated = [i for i, known in enumerate(zip(functions["added"], functions["label"], strict=True)) if all(known)]
    parts = load_benchmark("algorithms-time-language-v1").apply(functions.select(dated), "time")
    assert max(max(parts[part]["added"]) for part in parts if part != "test_ood") < min(parts["test_ood"]["added"])


def test_files_are_small():
    files = sorted(PUBLISHED_FOLDER.glob("*.*"))
    assert files
    assert sum(path.stat().st_size for path in files) < 8_000_000


def test_the_page_holds_the_tables():
    assert f"{BEGIN}\n{tables(benchmark_names())}{END}" in PAGE.read_text(encoding="utf-8")

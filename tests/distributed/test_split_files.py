"""Splits of rows in many files: each row has the part that it has on one machine."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, concatenate_datasets, load_dataset

from codeshift.cli import main
from codeshift.distributed import near_duplicates, split_files
from codeshift.errors import DataError, MissingExtraError, ParameterError, UnresolvedAPIWarning
from codeshift.properties import CharCount, PropertyTable, clustering, tfidf
from codeshift.properties.embedding import TfidfEmbedding
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ClusterSplitter,
    ComplexitySplitter,
    CompoundDivergenceSplitter,
    GroupSplitter,
    Interval,
    LengthSplitter,
    PredicateSplitter,
    RandomSplitter,
    SplitManifest,
    Splitter,
    TimeSplitter,
    TokenRaritySplitter,
)
from codeshift.splitters.compounds import splitter as compound_splitter
from helpers.splitter_rows import python_rows

pytestmark = pytest.mark.filterwarnings("ignore")  # of small parts, and of the cluster when it ends


@pytest.fixture(scope="module")
def rows():
    """Rows with a number, by which they are known again; the last ten are whole copies but for it."""
    rows = python_rows(140)
    return rows.add_column("number", list(range(len(rows))))


@pytest.fixture(scope="module")
def files(rows, tmp_path_factory):
    """The rows in four files of different sizes, one of them empty, whose names are in another order than the rows."""
    folder = tmp_path_factory.mktemp("files")
    cuts = [(0, 40), (40, 41), (41, 90), (90, len(rows)), (0, 0)]
    for name, (start, stop) in zip("dacbe", cuts, strict=True):
        rows.select(range(start, stop)).to_parquet(folder / f"{name}.parquet")
    return str(folder / "*.parquet")


def numbers_of(out) -> dict[str, list[int]]:
    """The numbers of the rows of each part that was written."""
    folders = (folder for folder in out.iterdir() if folder.is_dir())
    return {folder.name: sorted(pq.read_table(folder)["number"].to_pylist()) for folder in folders}


def check_same(splitter, rows, files, out, client, **options) -> SplitManifest:
    """Check that the parts in files are those of one machine, row by row, and so is the manifest."""
    assignment = splitter.assign(rows, **options)
    manifest = split_files(splitter, files, str(out), client=client, **options)
    expected = {part: sorted(split["number"]) for part, split in assignment.to_dataset_dict().items() if len(split)}
    assert numbers_of(out) == expected
    assert manifest == assignment.manifest == SplitManifest.load(out / "manifest.json")
    return manifest


def is_long(row) -> bool:
    return len(row["code"]) > 400


@dataclass(frozen=True, kw_only=True)
class AboveMean(Splitter):
    """A splitter of a user's own, which looks at the numbers of all rows."""

    def fit(self, table):
        length = CharCount(self.column)
        return Interval(length, low=float(np.mean(table.values(length))))


@dataclass(frozen=True, kw_only=True)
class FirstRow(Splitter):
    """A splitter of a user's own, which looks at a text."""

    def fit(self, table):
        return Interval(CharCount(self.column), low=len(table.texts(self.column)[0]))


SPLITTERS = {
    "numbers": LengthSplitter(unit="lines", ties="split") | ComplexitySplitter(language="python"),
    "nodes": ASTNodeSplitter(language="python", share=0.2) | ASTNodeSplitter(language="python", rarest=2),
    "apis": APIUsageSplitter(language="python", share=0.1),
    "named": APIUsageSplitter(language="python", apis=("os.path",)) | LengthSplitter(bounds=(200, None)),
    "rarity": TokenRaritySplitter() & ~RandomSplitter(region_seed=3),
    "labels": GroupSplitter(by="project") | TimeSplitter(by="year"),
    "within": TimeSplitter(by="year", within="project"),
    "predicate": PredicateSplitter(predicate=is_long),
    "own": AboveMean(),
}


@pytest.mark.parametrize("name", SPLITTERS)
def test_each_splitter(name, rows, files, client, tmp_path):
    """Every splitter that is fitted on summaries gives each row the same part."""
    check_same(SPLITTERS[name], rows, files, tmp_path / "out", client, near_duplicates=None)


EASY = {"language": "python", "target": 0.02, "max_atom_divergence": 0.9, "min_rows": 2}  # what few rows allow

IN_LANGUAGES = {
    "nodes": ASTNodeSplitter(language="column:lang", share=0.3),
    "named nodes": ASTNodeSplitter(language="column:lang", nodes=("for_statement", "enhanced_for_statement")),
    "apis": APIUsageSplitter(language="column:lang", apis=("List.add", "os.path.join")),
    "complexity": ComplexitySplitter(language="column:lang"),
}


@pytest.fixture(scope="module")
def in_languages(tmp_path_factory):
    """Rows of Python and Java, and their files, of which one holds Python alone."""
    java = [f"int f{i}(List<Integer> a) {{ {'a.add(1); ' * (i % 7)}return a.size() + {i}; }}" for i in range(60)]
    java[::4] = [f"int g{i}(int[] a) {{ for (int x : a) {{ h(x + {i}); }} return {i}; }}" for i in range(15)]
    python = python_rows(140)["code"][:90]
    languages = ["python"] * 90 + ["java"] * 60
    rows = Dataset.from_dict({"code": [*python, *java], "lang": languages, "number": list(range(150))})
    folder = tmp_path_factory.mktemp("languages")
    for name, (start, stop) in enumerate([(0, 50), (50, 120), (120, 150)]):
        rows.select(range(start, stop)).to_parquet(folder / f"{name}.parquet")
    return rows, str(folder / "*.parquet")


@pytest.mark.parametrize("name", IN_LANGUAGES)
def test_languages_of_rows(name, in_languages, client, tmp_path):
    """Rows that name their languages are read in these, in whichever files each language is."""
    rows, files = in_languages
    manifest = check_same(IN_LANGUAGES[name], rows, files, tmp_path / "out", client, near_duplicates=None)
    assert set(manifest.grammars) == {"java", "python"}


def test_warnings_of_unresolved_apis(in_languages, client, tmp_path):
    """Rows that may use an API but do not show it are counted over all files, by language."""
    rows, files = in_languages
    with pytest.warns(UnresolvedAPIWarning) as on_one_machine:
        IN_LANGUAGES["apis"].fit(PropertyTable(rows))
    with pytest.warns(UnresolvedAPIWarning) as of_files:
        split_files(IN_LANGUAGES["apis"], files, str(tmp_path / "out"), client=client, near_duplicates=None)
    expected, got = (
        [str(each.message) for each in warned if issubclass(each.category, UnresolvedAPIWarning)]
        for warned in (on_one_machine, of_files)
    )
    assert got == expected


def test_unknown_languages_of_rows(in_languages, client, tmp_path):
    """Languages that are unknown are counted over all files."""
    rows, _ = in_languages
    for name, start in enumerate((0, 75)):
        part = rows.select(range(start, start + 75))
        part.map(lambda row: {"lang": "C#" if row["number"] % 50 == 3 else "python"}).to_parquet(
            tmp_path / f"{name}.parquet"
        )
    with pytest.raises(DataError, match=r"3 of 150 rows name others: 'C#' \(3 rows"):
        split_files(IN_LANGUAGES["nodes"], str(tmp_path / "*.parquet"), str(tmp_path / "out"), client=client)


def test_all_options(rows, files, client, tmp_path):
    """Groups, strata, sizes, the control and its order of equal rows are those of one machine."""
    options = {"groups": "project", "seed": 5, "ood_kept": 0.4, "train_size": 40, "train_control": True}
    manifest = check_same(LengthSplitter(), rows, files, tmp_path / "a", client, near_duplicates=None, **options)
    assert manifest.control
    options = {"stratify_by_column": "year", "validation_ood_size": 0.2, "train_control": True}
    check_same(LengthSplitter(), rows, files, tmp_path / "b", client, near_duplicates=None, **options)


def test_load_dataset_reads_the_folder(rows, files, client, tmp_path):
    """The folder is a dataset with its parts; that of another folder of the same name is not taken from the cache."""
    for splitter in (LengthSplitter(), RandomSplitter()):
        out = tmp_path / repr(splitter)[0] / "parts"
        split_files(splitter, files, str(out), client=client, near_duplicates=None)
        parts = load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
        assert {part: sorted(parts[part]["number"]) for part in parts} == numbers_of(out)
        assert parts["train"].features == rows.features
        card = (out / "README.md").read_text()
        assert hashlib.sha256((out / "manifest.json").read_bytes()).hexdigest() in card
        assert "SplitManifest.load('manifest.json').apply(ds)" in card


def test_files_that_cannot_be_read(rows, files, client, tmp_path):
    """All unreadable files are named, whether at once or half-way, and nothing is written."""
    for name in ("cut", "other"):
        (tmp_path / f"{name}.parquet").write_bytes(b"PAR1 and then nothing")
    out = tmp_path / "out"
    both = [files, str(tmp_path / "*.parquet")]
    with pytest.raises(DataError, match=r"2 of 7 that cannot be read: files .*cut\.parquet, .*other\.parquet"):
        split_files(LengthSplitter(), both, str(out), client=client, near_duplicates=None)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    rows.to_parquet(damaged / "a.parquet")
    whole = (damaged / "a.parquet").read_bytes()
    (damaged / "a.parquet").write_bytes(whole[:100] + b"\0" * 5000 + whole[5100:])
    with pytest.raises(DataError, match="cannot be read"):
        split_files(LengthSplitter(), str(damaged / "*.parquet"), str(out), client=client, near_duplicates=None)
    assert not out.exists()


def test_what_is_refused(rows, files, client, tmp_path):
    """Arguments that cannot be are told before any work, each by its name."""
    out = str(tmp_path / "out")
    with pytest.raises(DataError, match="files must be paths of files that exist"):
        split_files(LengthSplitter(), str(tmp_path / "none-*.parquet"), out, client=client)
    with pytest.raises(ParameterError, match="workers must be left out if client is given"):
        split_files(LengthSplitter(), files, out, client=client, workers=2)
    with pytest.raises(ParameterError, match=r"client must be a dask\.distributed\.Client"):
        split_files(LengthSplitter(), files, out, client="tcp://here")
    with pytest.raises(ParameterError, match="fitted on summaries of the rows, or on a sample") as caught:
        split_files(FirstRow(), files, out, client=client, near_duplicates=None)
    assert caught.value.value == FirstRow()
    with pytest.raises(DataError, match=r"column must be a column of the dataset.*in .*\.parquet"):
        split_files(LengthSplitter("func"), files, out, client=client, near_duplicates=None)
    other = tmp_path / "other"
    other.mkdir()
    rows.select(range(5)).remove_columns("year").to_parquet(other / "a.parquet")
    with pytest.raises(DataError, match=r"files must be files of the same columns.*column year"):
        split_files(LengthSplitter(), [files, str(other / "a.parquet")], out, client=client)


def test_a_split_that_is_there(files, client, tmp_path):
    """A folder with parts is left alone unless it may be replaced, and then nothing of the old split stays."""
    out = tmp_path / "out"
    split_files(RandomSplitter(), files, str(out), client=client, near_duplicates=None, train_control=True)
    before = numbers_of(out)
    with pytest.raises(ParameterError, match="out must be a folder without parts"):
        split_files(LengthSplitter(), files, str(out), client=client, near_duplicates=None)
    assert numbers_of(out) == before
    split_files(LengthSplitter(), files, str(out), client=client, near_duplicates=None, overwrite=True)
    assert "train_control" not in numbers_of(out)
    assert SplitManifest.load(out / "manifest.json").splitter == repr(LengthSplitter())


def test_rows_that_no_parser_takes(client, tmp_path):
    """Rows on which the parser gives up are left out of the split, in whichever file they are."""
    texts = [f"def f{i}():\n    return {i} * {'x + ' * i}x" for i in range(80)]
    texts[7] = texts[71] = "(" * 30_000
    rows = Dataset.from_dict({"code": texts, "number": list(range(80))})
    for part in range(4):
        rows.select(range(part * 20, part * 20 + 20)).to_parquet(tmp_path / f"{part}.parquet")
    splitter = ComplexitySplitter(language="python", measure="identifiers")
    manifest = check_same(splitter, rows, str(tmp_path / "*.parquet"), tmp_path / "out", client, near_duplicates=None)
    assert manifest.excluded["unparsable"] == 2


def test_near_duplicates_across_files(client, tmp_path, monkeypatch):
    """Near-duplicates are bound, and dropped, whichever files they are in and however many partitions they meet in."""
    monkeypatch.setattr(near_duplicates, "ROWS_A_PARTITION", 40)
    rows = variants(python_rows(60))
    for part in range(3):
        rows.select(range(part, len(rows), 3)).to_parquet(tmp_path / f"{part}.parquet")
    rows = concatenate_datasets([Dataset.from_parquet(str(tmp_path / f"{part}.parquet")) for part in range(3)])
    search = NearDuplicates(threshold=0.6, ngram=3, identifiers="ignored")
    for i, how in enumerate(("drop", search)):
        out = tmp_path / f"out{i}"
        files = str(tmp_path / "*.parquet")
        manifest = check_same(LengthSplitter(), rows, files, out, client, near_duplicates=how, ood_kept=0.3)
        assert manifest.near_duplicates.components > 20


def test_near_duplicates_in_several_columns(client, tmp_path):
    """Each column that a search names is looked in, across files, and blank texts are like no other."""
    rows = variants(python_rows(60))
    documented = [f"Give back what the row {row % 97} of the old table held" for row in range(len(rows))]
    documented[::3] = [" " * (row % 3) for row in range(len(documented[::3]))]
    rows = rows.add_column("doc", documented).add_column("blank", ["\n"] * len(rows))
    for part, (start, stop) in enumerate([(0, 50), (50, 60), (60, len(rows))]):
        rows.select(range(start, stop)).to_parquet(tmp_path / f"{part}.parquet")
    files, bound = str(tmp_path / "*.parquet"), {}  # the rows bound by each search
    for i, columns in enumerate([None, ("doc", "code"), ("blank", "doc")]):
        search = NearDuplicates(threshold=0.9, columns=columns)
        manifest = check_same(LengthSplitter(), rows, files, tmp_path / f"out{i}", client, near_duplicates=search)
        bound[columns] = manifest.near_duplicates.rows
    assert len({*bound.values()}) == 3
    dropping = DropNearDuplicates(NearDuplicates(threshold=0.9, columns=("doc", "code")))
    check_same(LengthSplitter(), rows, files, tmp_path / "dropped", client, near_duplicates=dropping)


def variants(rows):
    """Rows, each with a variant of which a third has one word changed, a third has another layout, a third is equal."""
    texts = list(rows["code"])
    changed = [
        text.replace("return", "raise", 1) if i % 3 == 0 else text.replace("\n", "\n\n") if i % 3 == 1 else text
        for i, text in enumerate(texts)
    ]
    every = [*texts, *changed, "", "  ", *["x = 1"] * 3]
    return Dataset.from_dict({"code": every, "number": list(range(len(every)))})


def test_clusters(rows, files, client, tmp_path):
    """Clusters are fitted on the same programs as on one machine, and their sizes are those of all rows."""
    splitter = ClusterSplitter(n_clusters=6, embedding=TfidfEmbedding(dimensions=8), choose="largest", share=0.25)
    check_same(splitter, rows, files, tmp_path / "out", client, near_duplicates=None)


def test_clusters_on_a_sample(rows, files, client, tmp_path, monkeypatch):
    """Of more programs than the sample takes, those fitted on are the first in the order of their digests."""
    monkeypatch.setattr(clustering, "FITTED_SAMPLE", 50)
    monkeypatch.setattr(clustering, "sample_size", lambda count: 50)
    monkeypatch.setattr(tfidf, "_FITTED_ON", 50)
    splitter = ClusterSplitter(n_clusters=4, embedding=TfidfEmbedding(dimensions=4), pca=3, clusters=(0, 3))
    check_same(splitter, rows, files, tmp_path / "out", client, near_duplicates=None)


@pytest.mark.parametrize("compounds", ["nodes", "apis"])
def test_compounds(compounds, rows, files, client, tmp_path):
    """Compounds are chosen on the same programs as on one machine."""
    splitter = CompoundDivergenceSplitter(compounds=compounds, **EASY)
    check_same(splitter, rows, files, tmp_path / "out", client, near_duplicates=None)


def test_compounds_on_a_sample(rows, files, client, tmp_path, monkeypatch):
    """Of more programs than the sample takes, those chosen on are the first in the order of their digests."""
    monkeypatch.setattr(compound_splitter, "SEARCHED_SAMPLE", 60)
    splitter = CompoundDivergenceSplitter(**EASY)
    manifest = split_files(splitter, files, str(tmp_path / "out"), client=client, near_duplicates=None)
    digests = [hashlib.blake2b(code.encode(), digest_size=16).hexdigest() for code in rows["code"]]
    first = sorted(set(digests))[:60]
    sample = rows.select([row for row, digest in enumerate(digests) if digest in first])
    assert manifest.fitted_region() == splitter.fit(PropertyTable(sample)) != splitter.fit(PropertyTable(rows))


def test_the_command(rows, files, client, tmp_path, capsys):
    """The command splits files by the workers of a scheduler, and refuses what files cannot have."""
    out = tmp_path / "out"
    command = ["split", files, "--splitter", "LengthSplitter(unit='chars')", "--near-duplicates", "none", "--json"]
    scheduler = ["--scheduler", client.cluster.scheduler_address]
    assert main([*command, *scheduler, "--out", str(out), "--seed", "4"]) == 0
    told = json.loads(capsys.readouterr().out)
    assignment = LengthSplitter(unit="chars").assign(rows, seed=4, near_duplicates=None)
    assert SplitManifest.load(told["manifest"]) == assignment.manifest
    written = {part: pq.read_table(facts["folder"]).num_rows for part, facts in told["parts"].items()}
    assert written == {part: facts["rows"] for part, facts in told["parts"].items()}
    assert sum(written.values()) == len(rows) - sum(told["excluded"].values())
    assert main([*command, *scheduler, "--out", str(out), "--rename", "func=code"]) == 2
    assert "--rename must be left out with --workers or --scheduler" in capsys.readouterr().err
    assert main([*command, "--scheduler", "nowhere", "--workers", "1", "--out", str(out)]) == 2
    assert "--scheduler must be the address of a dask scheduler" in capsys.readouterr().err


def test_without_dask(files, tmp_path, monkeypatch):
    """Without the extra, the error names it."""
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(MissingExtraError, match=r"dask\.distributed is not installed: .*\[scale\]"):
        split_files(LengthSplitter(), files, str(tmp_path / "out"), workers=1)


def test_another_file_system(rows, client):
    """Files are read from, and parts written to, any file system of fsspec; here one in memory."""
    system = fsspec.filesystem("memory")
    for number in range(3):
        with system.open(f"/data/{number}.parquet", "wb") as file:
            rows.shard(3, number).to_parquet(file)
    manifest = split_files(LengthSplitter(), "memory://data/*.parquet", "memory://parts", client=client)
    assert manifest == LengthSplitter().assign(rows).manifest
    written = {}
    for path in system.glob("/parts/*/*.parquet"):
        with system.open(path, "rb") as file:
            part = path.split("/")[-2]
            written[part] = written.get(part, 0) + pq.read_table(file).num_rows
    assert written == {part: manifest.sizes[part].actual for part in manifest.delivered}
    with system.open("/parts/manifest.json") as file:
        assert SplitManifest.from_json(file.read().decode()) == manifest
    system.rm("/data", recursive=True)
    system.rm("/parts", recursive=True)

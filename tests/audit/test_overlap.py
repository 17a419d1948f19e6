"""What two datasets share: the same whatever the order and the blocks of the corpus, and from either side."""

from __future__ import annotations

import csv
import gzip
import json
import random

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, Features, IterableDataset, Value

from codeshift.audit import Corpus, RowMarks, audit, overlap
from codeshift.cli import main
from codeshift.data import load_splits, save_splits, stdlib_functions
from codeshift.errors import CodeshiftWarning, DataError, LeftOutWarning, ParameterError, warn
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.workers import Workers
from helpers.renamer import renamed


@pytest.fixture(scope="module")
def code() -> list[str]:
    """Functions of which hardly any two are alike."""
    return [text for text in stdlib_functions()["code"][::50] if text.isascii() and len(text) > 300][:30]


@pytest.fixture(scope="module")
def mine(code: list[str]) -> DatasetDict:
    """Two parts: of four rows the corpus holds a copy each, of another kind."""
    test = [code[0], code[1].replace("self", "self ", 1), renamed(code[2]), *code[3:8]]
    rows = Dataset.from_dict({"code": test, "label": [0] * len(test)})
    return DatasetDict(train=Dataset.from_dict({"code": code[8:14], "label": [1] * 6}), test=rows)


@pytest.fixture(scope="module")
def theirs(code: list[str]) -> Dataset:
    """A corpus that holds three rows of test and one of train, with other labels for some."""
    texts = [*code[:3], code[9], *code[20:30]]
    return Dataset.from_dict({"code": texts, "label": [0, 7] + [1] * (len(texts) - 2)})


def test_copies_of_each_kind_are_found_with_labels_and_positions(mine, theirs) -> None:
    """Exact, reformatted and renamed copies; each kind includes those before it."""
    found = overlap(mine, theirs, label="label")
    test, train = found["test", "data"], found["train", "data"]
    assert (test.n, test.exact, test.near, test.renamed, test.conflicts) == (8, 1, 2, 3, 1)
    assert test.rows == {"exact": (0,), "near": (0, 1), "renamed": (0, 1, 2)}
    assert (train.n, train.exact, train.renamed, train.conflicts) == (6, 1, 1, 0)
    assert test.corpus_rows == len(theirs)
    assert [pair.corpus_row for pair in test.worst] == theirs["code"][1:3]
    assert found.rows("test", "near") == (0, 1)
    told = str(found)
    assert "1 (12.50%)" in told
    assert "3 (37.50%)" in told
    assert "other label" in told


def test_order_blocks_and_streams_change_nothing(mine, theirs, monkeypatch) -> None:
    """A corpus that is shuffled, cut into small blocks or streamed gives the same result."""
    whole = overlap(mine, theirs, label="label")
    order = list(range(len(theirs)))
    random.Random(0).shuffle(order)
    assert overlap(mine, theirs.select(order), label="label").to_dict() == whole.to_dict()
    monkeypatch.setattr("codeshift.audit.overlapping._BLOCK", 3)
    few = DatasetDict(test=mine["test"].select(range(3)))
    in_blocks = overlap(few, theirs.to_iterable_dataset(), label="label")
    assert in_blocks["test", "data"].rows == whole["test", "data"].rows
    assert in_blocks["test", "data"].worst == whole["test", "data"].worst
    assert in_blocks["test", "data"].conflicts == 1


def test_exact_copies_with_another_label_are_counted_apart(code) -> None:
    """Any exact copy with another label counts; a near copy does not, nor one with the row's own label."""
    spaced = code[0].replace("(", "( ", 1)
    assert spaced != code[0]
    mine = Dataset.from_dict({"code": [code[0], code[1], code[2], code[0]], "label": ["a", "b", "c", "x"]})
    theirs = Dataset.from_dict({"code": [code[0], code[0], code[1], spaced], "label": ["a", "x", "b", "q"]})
    seen = overlap(mine, theirs, label="label")
    assert seen["data", "data"].exact_conflicts == 2  # both rows of code[0]: each has the other's label there
    assert seen.to_dict()["parts"][0]["exact_conflicts"] == 2
    assert "exact, other label" in str(seen)
    assert overlap(mine, mine, label="label")["data", "data"].exact_conflicts == 2
    assert overlap(mine, theirs)["data", "data"].exact_conflicts is None


def test_copies_with_different_labels_and_layouts_in_any_order(code, monkeypatch) -> None:
    """Of equal rows with two labels, and of rows that differ in layout, it does not matter which comes first."""
    mine = Dataset.from_dict({"code": [code[0], code[1]], "label": [0, 0]})
    spaced = code[1].replace("self", "self ", 1)
    texts, labels = [code[0], code[0], spaced, spaced.replace("self", "self  ", 1)], [0, 1, 0, 1]
    found = []
    for block in (10, 1):
        monkeypatch.setattr("codeshift.audit.overlapping._BLOCK", block)
        for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
            theirs = Dataset.from_dict({"code": [texts[i] for i in order], "label": [labels[i] for i in order]})
            of_both = overlap(mine, theirs, label="label")["data", "data"]
            found.append((of_both.conflicts, of_both.worst))
    assert all(one == found[0] for one in found)
    assert found[0][0] >= 1


def test_overlap_is_symmetric(mine, theirs) -> None:
    """A row has a copy there exactly if that one has a copy here."""
    there = overlap(mine["test"], theirs)["data", "data"]
    back = overlap(theirs, mine["test"])["data", "data"]
    assert (there.exact, there.near, there.renamed) == (back.exact, back.near, back.renamed)
    assert sorted((pair.row, pair.corpus_row) for pair in there.worst) == sorted(
        (pair.corpus_row, pair.row) for pair in back.worst
    )


def test_the_rows_without_overlap(mine, theirs) -> None:
    """What the corpus holds is left out, by kind; nothing is left to find."""
    found = overlap(mine, theirs)
    assert [len(part) for part in found.without(mine).values()] == [5, 5]
    assert len(found.without(mine, "exact")["test"]) == 7
    assert all(one.renamed == 0 for one in overlap(found.without(mine), theirs).parts)
    with pytest.raises(ParameterError, match="the dataset that was compared"):
        found.without(mine["train"])


def test_the_audit_looks_into_corpora_of_files(mine, theirs, tmp_path) -> None:
    """A pattern of files is streamed; the report names each corpus, and is as it was without."""
    theirs.to_json(tmp_path / "a.jsonl")
    theirs.select(range(5)).to_parquet(tmp_path / "b.parquet")
    splits = DatasetDict(train=Dataset.from_dict({"code": stdlib_functions()["code"][1:900:29]}), test=mine["test"])
    corpora = {"lines": str(tmp_path / "*.jsonl"), "table": tmp_path / "b.parquet", "here": theirs}
    report = audit(splits, column="code", n_permutations=19, against=corpora)
    assert report.overlap is not None
    assert {(one.corpus, one.exact, one.near, one.renamed) for one in report.overlap.parts} == {
        (name, 1, 2, 3) for name in corpora
    }
    assert "Seen in corpora" in str(report)
    assert report.to_dict()["overlap"]["parts"][0]["renamed"] == 3
    assert "overlap" not in audit(splits, column="code", n_permutations=19).to_dict()
    with pytest.raises(ParameterError, match="corpora by name"):
        audit(splits, column="code", against=theirs)
    with pytest.raises(ParameterError, match=r"corpus must be files of \.parquet, \.jsonl"):
        audit(splits, column="code", n_permutations=19, against={"none": tmp_path / "nothing"})


def test_every_file_of_a_corpus_is_searched(mine, theirs, tmp_path) -> None:
    """A folder is searched in all formats that rows are loaded from, and what is in another one is told."""
    places = dict(zip(["b.parquet", "a.JSONL", "in/c.json", "d.ndjson.gz", "e.csv", "f.tsv"], range(6), strict=True))
    for name, at in places.items():
        path, some = tmp_path / "corpus" / name, theirs.select([at, at + 6])
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("parquet"):
            some.to_parquet(path)
        elif path.suffix in (".csv", ".tsv"):
            with path.open("w", newline="") as file:
                csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(
                    [["code", "label"], *([row["code"], row["label"]] for row in some)]
                )
        else:
            lines = "".join(json.dumps(row) + "\n" for row in some)
            path.write_bytes(gzip.compress(lines.encode()) if path.suffix == ".gz" else lines.encode())
    one = overlap(mine, tmp_path / "corpus")["test", "data"]
    expected = overlap(mine, theirs.select(range(12)))["test", "data"]
    assert (one.corpus_rows, one.rows) == (12, expected.rows)
    (tmp_path / "odd.csv").write_text("code,label\nx\n")
    with pytest.raises(DataError, match=r"corpus must be files of CSV, got '.*odd.csv'"):
        overlap(mine, tmp_path / "odd.csv")
    (tmp_path / "corpus/README.md").write_text("a corpus")
    (tmp_path / "corpus/in/more.parquet.gz").write_bytes(b"")
    with pytest.warns(LeftOutWarning, match=r"2 files of .* not searched.*: README.md, in/more.parquet.gz"):
        assert overlap(mine, tmp_path / "corpus")["test", "data"].corpus_rows == 12


def test_the_command_searches_what_python_searches(mine, theirs, tmp_path, capsys) -> None:
    """All files of a folder and below, of every format, or those of a pattern; a manifest beside them has no rows."""
    save_splits(mine, tmp_path / "mine")
    folder = tmp_path / "corpus"
    (folder / "below").mkdir(parents=True)
    theirs.select([0, 4]).to_parquet(folder / "a.parquet")
    theirs.select([1, 5]).to_json(folder / "b.jsonl")
    theirs.select([2, 6]).to_csv(folder / "c.csv", index=False)
    theirs.select([3, 7]).to_parquet(folder / "below/d.parquet")
    expected = overlap(mine, theirs.select(range(8)), label="label").to_dict()["parts"]
    for corpus, rows in ((str(folder), 8), (f"{folder}/*.parquet", 2), (f"{folder}/**/*.parquet", 4)):
        assert main(["overlap", str(tmp_path / "mine"), corpus, "--label", "label", "--json"]) == 0
        counts = json.loads(capsys.readouterr().out)["parts"]
        assert counts == overlap(mine, corpus, label="label").to_dict()["parts"]
        assert {part["corpus_rows"] for part in counts} == {rows}
        assert rows != 8 or counts == expected
    (folder / "manifest.json").write_text("{}")
    with pytest.warns(LeftOutWarning, match=r"1 file of .* not searched.*: manifest.json"):
        assert overlap(mine, folder)["test", "data"].corpus_rows == 8
    theirs.save_to_disk(str(tmp_path / "saved"))
    assert main(["overlap", str(tmp_path / "mine"), str(tmp_path / "saved"), "--json"]) == 0
    assert {part["corpus_rows"] for part in json.loads(capsys.readouterr().out)["parts"]} == {len(theirs)}


def test_corpora_compressed_by_zstandard(mine, theirs, tmp_path) -> None:
    """Lines, a list and CSV are streamed from it; what is damaged is told with its file and line."""
    rows = [dict(row) for row in theirs]
    written = {
        "a.jsonl.zst": "".join(json.dumps(row) + "\n\n" for row in rows[:2]),
        "b.json.zst": json.dumps(rows[2:4], indent=1),
        "c.csv.zst": 'code,label\n"a = b",1\n',
    }
    for name, content in written.items():
        with pa.output_stream(str(tmp_path / name), compression="zstd") as stream:
            stream.write(content.encode())
    searched = overlap(mine, tmp_path)["test", "data"]
    assert (searched.corpus_rows, searched.rows) == (5, overlap(mine, theirs.select(range(4)))["test", "data"].rows)
    for content, message in (
        ('{"code": "x"}\n[1]\n', "line 2: 1 is no object"),
        ('{"code"', "line 1: Expecting"),
        ('{"code": ' * 100_000, "line 1: it is nested too deeply"),
    ):
        with pa.output_stream(str(tmp_path / "odd.jsonl.zst"), compression="zstd") as stream:
            stream.write(content.encode())
        with pytest.raises(DataError, match=rf"corpus must be files of JSON Lines, got '.*odd.jsonl.zst': {message}"):
            overlap(mine, tmp_path / "odd.jsonl.zst")
    (tmp_path / "odd.jsonl.zst").write_text(json.dumps(rows[0]))
    with pytest.raises(DataError, match=r"got '.*odd.jsonl.zst': ZSTD"):
        overlap(mine, tmp_path / "odd.jsonl.zst")


def test_files_that_cannot_be_read_are_named_alone(mine, tmp_path, capsys) -> None:
    """With the line of a text, by an error of the library, before which nothing is logged."""
    save_splits(mine, tmp_path / "mine")
    for name, content, problem in (
        ("a.jsonl", '{"code": "x = 1"}\n{"code": \n', "line 2: Expecting value"),
        ("b.jsonl.gz", "no gzip", "files of JSON Lines"),
        ("c.parquet", "PAR1 and no more PAR1", "files of Parquet"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(DataError, match=problem):
            overlap(mine, tmp_path / name)
        assert main(["overlap", str(tmp_path / "mine"), str(tmp_path / name)]) == 2
        told = capsys.readouterr().err.strip().splitlines()
        assert [line for line in told if name in line] == told[-1:]
        assert not any("Traceback" in line or "Failed to" in line for line in told)


def test_corpora_are_opened_before_an_audit_measures(mine, theirs, tmp_path, monkeypatch) -> None:
    """A folder without rows, what is no corpus and a missing column are told, and nothing was measured."""
    measured = []
    monkeypatch.setattr("codeshift.audit.auditing.measure_parts", lambda *given: measured.append(given))
    monkeypatch.setattr("codeshift.audit.auditing.overlap_of_parts", lambda *given: measured.append(given))
    odd = theirs.rename_column("code", "text")
    for corpus, message in (
        (tmp_path, "files of"),
        (["x = 1"], "a dataset, a stream or a path"),
        (odd, "a column code"),
    ):
        with pytest.raises(ParameterError, match=message):
            audit(mine, column="code", against={"here": theirs, "odd": corpus})
    assert measured == []


def test_rows_of_a_corpus_without_text_are_left_out(mine, theirs, tmp_path) -> None:
    """They are counted for each corpus, over all of its files, and the others keep their labels."""
    rows = [{"code": None, "label": 5}, *theirs, {"code": None, "label": 5}]
    missing = Dataset.from_list(rows)
    missing.select(range(3)).to_parquet(tmp_path / "a.parquet")
    missing.select(range(3, len(rows))).to_json(tmp_path / "b.jsonl")
    expected = overlap(mine, theirs, label="label")["test", "data"]
    with pytest.warns(LeftOutWarning) as told:
        found = overlap(mine, {"here": missing, "files": tmp_path, "full": theirs}, label="label")
    for corpus in ("here", "files", "full"):
        one = found["test", corpus]
        assert (one.corpus_rows, one.rows, one.conflicts) == (len(theirs), expected.rows, expected.conflicts)
    assert [str(warning.message) for warning in told] == [
        f"2 rows of part {corpus} of the corpus not searched, having None in code" for corpus in ("here", "files")
    ]
    with pytest.warns(LeftOutWarning, match="1 row of part data"):
        assert overlap(mine, missing.select([0]))["test", "data"].corpus_rows == 0


def test_every_text_column_is_searched(code, tmp_path, capsys) -> None:
    """Prompts as well as code: as copies, never as renamed ones; a row is held if any of its texts is."""
    prompts = [f"Write {word} lines of a poem about the {word} number there is" for word in "abcdefgh"] + [" ", " "]
    mine = Dataset.from_dict({"doc": prompts, "code": code[:10]})
    docs = [prompts[1], prompts[2].replace(" lines", "  lines"), " ", "no"]
    theirs = Dataset.from_dict({"doc": docs, "summary": docs[::-1], "code": [code[0], *code[20:23]]})
    both = NearDuplicates(columns=("doc", "code"))
    found = overlap({"test": mine}, {"web": theirs}, near_duplicates=both)
    by_doc = found["test", "web", "doc"]
    assert (by_doc.rows, by_doc.looked_for("renamed")) == ({"exact": (1,), "near": (1, 2)}, False)
    assert found["test", "web"].column == "code"
    assert found.rows("test") == (0, 1, 2)
    assert found.rows("test", "renamed") == (0, 1, 2)
    marks = found.marks["test"]
    assert [marks.seen("web", column=column).nonzero()[0].tolist() for column in ("doc", "code", None)] == [
        [1, 2], [0], [0, 1, 2],
    ]  # fmt: skip
    assert RowMarks.from_dict(marks.to_dict()).copies == marks.copies
    assert "Renamed copies are looked for in code alone" in str(found)
    for corpus in (theirs, theirs.to_iterable_dataset().map(lambda row: row)):
        named = overlap({"test": mine}, {"web": Corpus(corpus, {"doc": "summary"})}, near_duplicates=both)
        assert [(one.column, one.rows["near"]) for one in named.parts] == [("doc", (1, 2))]
        assert "code was not looked for in web" in str(named)
    without = overlap({"test": mine}, {"web": theirs.remove_columns("doc")}, near_duplicates=both)
    assert (without.rows("test"), without.left_out) == (
        (0,), ("doc was not looked for in web, where no column of it is known.",),
    )  # fmt: skip
    with pytest.raises(ParameterError, match=r"of columns of the dataset, got \['text'\]"):
        overlap(mine, Corpus(theirs, {"text": "doc"}))
    save_splits({"test": mine}, tmp_path / "mine")
    theirs.to_json(tmp_path / "theirs.jsonl")
    assert main(["overlap", str(tmp_path / "mine"), str(tmp_path / "theirs.jsonl"), "--columns", "doc"]) == 0
    assert (
        "data by doc in data of the corpus: 1 of 10 rows as exact copies, 2 near, – renamed" in capsys.readouterr().out
    )


def test_an_audit_searches_corpora_by_each_column(code) -> None:
    """As it looks for leakage in train."""
    mine = Dataset.from_dict({"doc": [f"What number {i} is to be told" for i in range(12)], "code": code[:12]})
    splits = DatasetDict(train=mine.select(range(6)), test=mine.select(range(6, 12)))
    both = NearDuplicates(columns=("doc", "code"))
    report = audit(splits, n_permutations=19, near_duplicates=both, against={"web": mine.select([7])}, progress=False)
    assert [(one.column, one.exact) for one in report.overlap.parts] == [("code", 1), ("doc", 1)]


def test_a_folder_of_source_files_is_told_what_makes_rows_of_it(mine, tmp_path) -> None:
    """Its functions are a corpus once a grammar has taken them apart, which the error says."""
    (tmp_path / "a.py").write_text(f"{mine['test']['code'][0]}\n")
    with pytest.raises(ParameterError, match=r"functions of source files are source_functions\(folder, language\)"):
        overlap(mine, tmp_path)


def test_bad_input(mine, theirs) -> None:
    """A missing column, part or kind, and what is no dataset, are told."""
    with pytest.raises(DataError, match="a column cod"):
        overlap(mine, theirs, column="cod")
    with pytest.raises(DataError, match="name it: corpus_column, or Corpus"):
        overlap(mine, theirs.rename_column("code", "text"))
    assert overlap(mine, theirs.rename_column("code", "text"), corpus_column="text")["test", "data"].exact == 1
    with pytest.raises(ParameterError, match="a dataset, a stream"):
        overlap(mine, ["x = 1"])
    with pytest.raises(ParameterError, match="corpus must be files of"):
        overlap(mine, "1" * 5000)
    missing = Dataset.from_dict({"code": ["x = 1", None]})
    with pytest.raises(DataError, match=r"text in code, got 2: row 0 holds a value of type int"):
        overlap(mine, Dataset.from_dict({"code": [2]}))
    with pytest.raises(DataError, match="a column without None"):
        overlap(missing, theirs)
    found = overlap(mine, theirs)
    with pytest.raises(ParameterError, match="did you mean"):
        found.rows("test", "renaimed")
    with pytest.raises(ParameterError, match="a part of the dataset"):
        found["test", "train"]


def test_the_command(mine, theirs, tmp_path, capsys) -> None:
    """It tells what the library finds, writes the report, and the rows without overlap."""
    save_splits(mine, tmp_path / "mine")
    theirs.to_parquet(tmp_path / "theirs.parquet")
    command = ["overlap", str(tmp_path / "mine"), str(tmp_path / "theirs.parquet")]
    out, clean = tmp_path / "report.md", tmp_path / "clean"
    assert main([*command, "--out", str(out), "--without", str(clean)]) == 0
    printed = capsys.readouterr().out
    assert "test in" in printed
    assert "1 of 8 rows as exact copies, 2 near, 3 renamed" in printed
    assert out.read_text().startswith("# Overlap of two datasets")
    assert {name: len(part) for name, part in load_splits(clean).items()} == {"train": 5, "test": 5}
    assert main([*command, "--json"]) == 0
    counts = {(one["part"], one["renamed"]) for one in json.loads(capsys.readouterr().out)["parts"]}
    assert counts == {("train", 1), ("test", 3)}


@pytest.fixture
def started(monkeypatch) -> list[int]:
    """Numbers of the processes that searches started."""
    counts: list[int] = []

    class Counted(Workers):
        def __init__(self, count, shared):
            counts.append(count)
            super().__init__(count, shared)

    monkeypatch.setattr("codeshift.audit.overlapping.Workers", Counted)
    return counts


@pytest.mark.parametrize("num_proc", [2, 3])
def test_any_number_of_processes_gives_the_same_result(mine, theirs, num_proc, started, monkeypatch) -> None:
    """Copies, labels, n-grams and the worst pairs are those of one process, to the byte."""
    monkeypatch.setattr("codeshift.audit.overlapping._BLOCK", 3)
    few = DatasetDict(test=mine["test"].select(range(3)))
    corpora = {"here": theirs, "stream": theirs.to_iterable_dataset(num_shards=2)}
    options = {"label": "label", "ngrams": 5}
    alone = overlap(few, corpora, num_proc=1, **options)
    assert not started
    several = overlap(few, corpora, num_proc=num_proc, **options)
    assert started == [num_proc, num_proc]
    assert several == alone
    assert several.to_html() == alone.to_html()
    assert {name: marks.to_dict() for name, marks in several.marks.items()} == {
        name: marks.to_dict() for name, marks in alone.marks.items()
    }


def test_processes_are_started_where_the_rows_pay_for_it(mine, theirs, started, monkeypatch) -> None:
    """One block is searched here; of many rows there is a process a core, unless told otherwise."""
    monkeypatch.setattr("codeshift.audit.overlapping._BLOCK", 7)
    few = mine["test"].select(range(2))
    overlap(few, theirs.select(range(7)), num_proc=2)
    overlap(few, theirs)
    assert not started
    monkeypatch.setattr("codeshift.properties.processes.PAYS_FROM", 14)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1, 2})
    overlap(few, theirs)
    assert started == [3]
    with pytest.raises(ParameterError, match="num_proc must be"):
        overlap(few, theirs, num_proc=0)


def test_warnings_of_processes_are_given(mine, theirs, monkeypatch) -> None:
    """What a search in another process warns of, the user sees as of one in this process."""
    monkeypatch.setattr("codeshift.audit.overlapping._BLOCK", 7)
    nearest = NearDuplicates.nearest

    def warning(self, queries, corpus, **options):
        warn(CodeshiftWarning(f"{len(queries)} rows"))
        return nearest(self, queries, corpus, **options)

    monkeypatch.setattr(NearDuplicates, "nearest", warning)
    for num_proc in (1, 2):
        with pytest.warns(CodeshiftWarning, match="2 rows"):
            overlap(mine["test"].select(range(2)), theirs, num_proc=num_proc)


def test_a_corpus_is_read_once_for_all_columns(code) -> None:
    """One pass over a stream searches the prompt and the code, and finds what a pass for each would."""
    passes = []

    def rows():
        passes.append(1)
        for number, text in enumerate(code[:6]):
            yield {"code": text, "doc": f"prompt {number} of all that there are here" if number % 2 else None}

    stream = IterableDataset.from_generator(rows, features=Features(code=Value("string"), doc=Value("string")))
    mine = Dataset.from_dict({"code": code[4:8], "doc": ["prompt 1 of all that there are here", " ", "a", "b"]})
    both = NearDuplicates(columns=("doc", "code"))
    with pytest.warns(LeftOutWarning, match="3 rows of part data of the corpus not searched, having None in doc"):
        seen = overlap(mine, stream, near_duplicates=both)
    assert len(passes) == 1
    assert seen["data", "data"].rows["exact"] == (0, 1)
    assert seen["data", "data", "doc"].rows["exact"] == (0,)
    assert (seen["data", "data"].corpus_rows, seen["data", "data", "doc"].corpus_rows) == (6, 3)

"""``codeshift split`` writes what ``Splitter.assign`` returns; bad input gives one line with close matches."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from codeshift.cli import main
from codeshift.data import load_rows, load_splits
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitManifest
from codeshift.transforms import DropComments, Reformat, paired_shift
from helpers.cli_rows import rows, write

LOOPS = "ASTNodeSplitter(nodes=('while_statement',))"


@pytest.fixture
def data(tmp_path: Path) -> str:
    return write(tmp_path / "rows.jsonl", rows())


def same(folder: Path, splits) -> bool:
    """Return whether a folder holds these parts, row by row."""
    written = load_splits(folder)
    return {part: some.to_list() for part, some in written.items()} == {
        part: some.to_list() for part, some in splits.items()
    }


def test_the_files_are_the_parts_of_the_library(data: str, tmp_path: Path, capsys) -> None:
    """Splitter, seed and sizes are passed on, and the manifest is that of the call."""
    out = tmp_path / "out"
    settings = ["--seed", "3", "--ood-kept", "0.4", "--validation-size", "12", "--groups", "project", "--train-control"]
    command = ["split", data, "--rename", "func=code", "--language", "python", "--splitter", LOOPS, "--out", str(out)]
    assert main([*command, *settings]) == 0
    assignment = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",)).assign(
        source := load_rows(data, rename={"func": "code"}),
        seed=3,
        ood_kept=0.4,
        validation_size=12,
        groups="project",
        train_control=True,
    )
    assert same(out, assignment.to_dataset_dict(source))
    assert SplitManifest.load(out / "manifest.json") == assignment.manifest
    assert capsys.readouterr().out.startswith(assignment.summary())


def test_a_manifest_builds_the_split_again(data: str, tmp_path: Path) -> None:
    """Rows in another order give the same split and the same manifest."""
    shuffled = write(tmp_path / "shuffled.jsonl", rows()[::-1])
    first, again = tmp_path / "first", tmp_path / "again"
    named = ["--rename", "func=code"]
    assert main(["split", data, *named, "--scenario", "length_p80_p100", "--out", str(first)]) == 0
    manifest = str(first / "manifest.json")
    assert (
        main(
            [
                "split",
                shuffled,
                *named,
                "--manifest",
                manifest,
                "--out",
                str(again),
                "--format",
                "jsonl",
                "--verify-region",
            ]
        )
        == 0
    )
    assert (again / "manifest.json").read_text(encoding="utf-8") == (first / "manifest.json").read_text(
        encoding="utf-8"
    )
    for part, some in load_splits(first).items():
        assert sorted(some["code"][:]) == sorted(load_splits(again)[part]["code"][:])


def test_official_splits(tmp_path: Path, capsys) -> None:
    """Test rows are kept; if nothing is drawn, any seed gives the same parts, and the summary says so."""
    folder = tmp_path / "official"
    folder.mkdir()
    some = rows()
    for part, chosen in (("train", some[::2]), ("dev", some[1::4]), ("test", some[3::4])):
        write(folder / f"{part}.jsonl", chosen)
    command = ["split", str(folder), "--rename", "func=code", "--column", "code", "--scenario", "length_p75_p100"]
    assert main([*command, "--out", str(tmp_path / "a"), "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert output["seed"] == 0
    assert output["parts"]["test_id"]["rows"] + output["parts"]["test_ood"]["rows"] == 40
    assert main([*command, "--out", str(tmp_path / "b"), "--seed", "7"]) == 0
    assert "nothing was drawn: any seed gives this split" in capsys.readouterr().out
    assert same(tmp_path / "a", load_splits(tmp_path / "b"))
    assert main([*command, "--out", str(tmp_path / "c"), "--part", "train+dev"]) == 2
    assert "split must be a part of the data, got 'dev': choose one of" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path / "c"), "--part", "train + validation", "--ood-kept", "0.5"]) == 0


def test_json_is_all_of_stdout(data: str, tmp_path: Path, capsys) -> None:
    """The JSON says where each part is and how many rows it has."""
    command = ["split", data, "--column", "func", "--scenario", "length_p80_p100", "--out", str(tmp_path / "out")]
    assert main([*command, "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert set(output["parts"]) == {"train", "validation", "test_id", "test_ood"}
    for part in output["parts"].values():
        assert len(load_rows(part["file"])) == part["rows"]
    assert sum(part["rows"] for part in output["parts"].values()) + sum(output["excluded"].values()) == 160
    assert SplitManifest.load(output["manifest"]).splitter == output["splitter"]
    assert eval(output["splitter"]) == LengthSplitter(  # noqa: S307 - our own
        column="func", quantiles=(0.8, 1.0), ties="split"
    )


def test_an_old_split_is_replaced_only_when_asked(data: str, tmp_path: Path, capsys) -> None:
    """Otherwise an error is raised before any work is done."""
    command = ["split", data, "--column", "func", "--scenario", "length_p80_p100", "--out", str(tmp_path)]
    assert main([*command, "--train-control"]) == 0
    capsys.readouterr()
    assert main(["split", "nowhere.jsonl", *command[2:]]) == 2
    assert "folder must be one without parts" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert not (tmp_path / "train_control.parquet").exists()


@pytest.mark.filterwarnings("default")
def test_rows_of_another_language_give_a_warning(data: str, tmp_path: Path, capsys) -> None:
    """Without it, a split by the wrong syntax would look fine."""
    command = [
        "split",
        data,
        "--column",
        "func",
        "--scenario",
        "syntax_while_statement",
        "--min-test-rows",
        "20",
        "--out",
    ]
    assert main([*command, str(tmp_path / "a"), "--language", "python"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, str(tmp_path / "b"), "--language", "javascript"]) == 2  # no row has such a node
    assert "rows checked have syntax errors as javascript: is the language right" in capsys.readouterr().err


def test_bars_are_restored(data: str, tmp_path: Path) -> None:
    """The command turns off progress bars that nobody sees, only while it runs."""
    from datasets.utils import are_progress_bars_disabled, enable_progress_bars

    enable_progress_bars()
    command = ["split", data, "--column", "func", "--scenario", "length_p80_p100", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert not are_progress_bars_disabled()


BAD = {
    ("--splitter", "LenghtSplitter()"): "did you mean LengthSplitter, ",
    ("--splitter", "ASTNodeSplitter(nodes=('while_statment',), language='python')"): "did you mean while_statement",
    (
        "--splitter",
        "ASTNodeSplitter(nodes=('while_statement',))",
    ): "with its language, got \"ASTNodeSplitter(nodes=('while_statement',))\": give it, as in "
    'ASTNodeSplitter(language="python", ...), or for all splitters: --language',
    ("--splitter", "__import__('os')"): "splitter must be made of splitters, got '__import__'",
    ("--scenario", "lenght_p0_p3"): "did you mean length_p0_p3",
    ("--scenario", "lenght_p80_p100"): "did you mean length_p80_p100?",
    ("--scenario", "sintax_while_statement", "--language", "python"): "did you mean syntax_while_statement?",
    ("--scenario", "lengths"): "did you mean length or length_p",
    ("--scenario", "syntax_while_statement", "--language", "JS"): "got 'JS': did you mean javascript?",
    ("--scenario", "syntax_while_statement", "--language", "Python"): "got 'Python': did you mean python?",
    ("--scenario", "length_p80_p100", "--require", "fnc"): "require must be made of columns of the data, got 'fnc'",
    ("--scenario", "length"): "scenario must be one scenario, got 'length': choose one of length_p0_p3, ",
    ("--scenario", "length_p80_p100", "--column", "fnc"): "got 'fnc': did you mean func?",
    ("--scenario", "length_p80_p100", "--column", "func", "--format", "json"): "did you mean jsonl?",
    ("--scenario", "length_p80_p100", "--column", "func", "--groups", "projct"): "did you mean project?",
    ("--scenario", "length_p80_p100", "--column", "func", "--near-duplicates", "bnd"): "near_duplicates must be",
    ("--scenario", "length_p80_p100", "--column", "func", "--test-ood-size", "1"): "1.0 takes all of them",
    ("--scenario", "length_p80_p100", "--rename", "fun=code"): "got 'fun': did you mean func?",
    ("--scenario", "length_p80_p100", "--rename", "func=a", "--rename", "func=b"): "one new name a column, got func=b",
    ("--scenario", "length_p80_p100", "--verify-region"): "--verify-region must be given with --manifest",
    ("--manifest", "MANIFEST", "--seed", "1"): "--seed must be left out with --manifest, got 1",
    ("--manifest", "MANIFEST", "--ood-kept", "0.5"): "--ood-kept must be left out with --manifest",
    (
        "--manifest",
        "MANIFEST",
        "--near-duplicates",
        "none",
    ): "--near-duplicates must be left out with --manifest, got None",
    ("--manifest", "rows.jsonl"): "rows.jsonl",
    ("--manifest", "no-such.json"): "path must be the file of a manifest, got 'no-such.json': did you mean rows.jsonl?",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_input(arguments: tuple[str, ...], data: str, tmp_path: Path, capsys, monkeypatch) -> None:
    """Bad input gives exit code 2 and one line, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert main(["split", data, *arguments, "--out", "out"]) == 2
    captured = capsys.readouterr()
    assert BAD[arguments] in captured.err
    assert captured.err.startswith("codeshift: error: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not Path("out").exists()


@pytest.mark.parametrize("arguments", [["--rename", "code"], ["--test-ood-size", "many"], ["--seed", "x"]])
def test_malformed_options(arguments: list[str], data: str, capsys) -> None:
    """The error shows the usage."""
    with pytest.raises(SystemExit) as ended:
        main(["split", data, "--scenario", "length", "--out", "out", *arguments])
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_a_small_test_part_gives_a_warning_and_copies_can_be_dropped(data: str, tmp_path: Path, capsys) -> None:
    """The summary gives the rows of each part; ``drop`` is recorded in the manifest."""
    command = ["split", data, "--column", "func", "--language", "python", "--scenario", "syntax_while_statement"]
    assert main([*command, "--near-duplicates", "drop", "--out", str(tmp_path / "a"), "--min-test-rows", "500"]) == 0
    captured = capsys.readouterr()
    assert re.search(
        r"warning: test_ood has \d+ distinct rows.*: a score on fewer than 500 is little evidence", captured.err
    )
    rows = int(re.search(r"test_ood +(\d+) +rows", captured.out)[1])
    assert f"test_ood has {rows} distinct rows" in captured.err
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert manifest["request"]["near_duplicates"]["drop"] is True


def test_a_split_has_a_rewritten_part_if_asked(data: str, tmp_path: Path, capsys) -> None:
    """It is that of ``paired_shift``; the manifest records it, and makes it again."""
    out, again = tmp_path / "out", tmp_path / "again"
    command = ["split", data, "--rename", "func=code", "--language", "python", "--splitter", LOOPS, "--out", str(out)]
    assert main([*command, "--transform", "DropComments", "Reformat[indent=3]"]) == 0
    transform = DropComments(language="python") >> Reformat(language="python", indent=3)
    assignment = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",)).assign(
        load_rows(data, rename={"func": "code"}), seed=0
    )
    shift = paired_shift(assignment, transform)
    assert same(out, shift.parts)
    manifest = SplitManifest.load(out / "manifest.json")
    assert manifest.transformed == shift.manifest.transformed
    assert "test_transformed" in capsys.readouterr().out
    rebuild = ["split", data, "--rename", "func=code", "--manifest", str(out / "manifest.json"), "--out", str(again)]
    assert main(rebuild) == 0
    assert same(again, shift.parts)
    assert main([*command, "--overwrite", "--transform", "Reformatt"]) != 0
    assert "did you mean Reformat?" in capsys.readouterr().err

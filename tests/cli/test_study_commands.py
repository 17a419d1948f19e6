"""``codeshift study``: plan, run, status, retry and report, with a study that takes seconds."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from codeshift.cli import main
from codeshift.study import load_results
from codeshift.study.study_file import load_study
from helpers.study_files import YAML, place, study_file

FILE = YAML.replace("  - length_p80_p100\n", "").replace("methods: [full, lora]", "methods: [full]").replace(
    "  lora:\n    learning_rate: 1e-3\n", ""
)  # fmt: skip


class Ran(NamedTuple):
    """A study that has been run by the command line."""

    file: str
    folder: Path
    printed: str


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def ran(where: Path) -> Ran:
    """Return a study with one scenario, two regimes and full fine-tuning for two steps."""
    file, folder = study_file(where, FILE), where / "out"
    from contextlib import redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()) as printed:
        assert main(["study", "run", file, "--out", str(folder)]) == 0
    return Ran(file, folder, printed.getvalue())


def test_plan(where: Path, capsys) -> None:
    """The plan is that of the library, as text and as JSON."""
    file = study_file(where, FILE)
    assert main(["study", "plan", file, "--tokens-per-second", "100"]) == 0
    output = capsys.readouterr().out
    assert output.startswith(f"{load_study(file).plan(tokens_per_second=100)}\n")
    assert output.endswith("give --seed-spread X, or --pilot FOLDER.\n")
    assert main(["study", "plan", file, "--seed-spread", "0.1", "--row-spread", "1", "--difference", "0.5"]) == 0
    assert str(load_study(file).plan(power={"seed_spread": 0.1, "row_spread": 1, "difference": 0.5})) in (
        capsys.readouterr().out
    )
    assert main(["study", "plan", file, "--tokens-per-second", "full=50"]) == 0
    assert capsys.readouterr().out.startswith(f"{load_study(file).plan(tokens_per_second={'full': 50})}\n")
    assert main(["study", "plan", file, "--tokens-per-second", "full=1", "--tokens-per-second", "2"]) == 2
    assert "one number, or one of each name" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["study", "plan", file, "--tokens-per-second", "full=x"])
    assert "'full=x' is not [NAME=]N" in capsys.readouterr().err
    assert main(["study", "plan", file]) == 0
    assert "Seconds are not known: measure them with --probe-steps 5" in capsys.readouterr().out
    assert main(["study", "plan", file, "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["trainings"], output["variants"], len(output["runs"])) == (2, 0, 3)
    assert output["seconds"] is None


def test_run(ran: Ran) -> None:
    """All runs are done with the settings of the file, and the output says what to do next."""
    results = load_results(ran.folder)
    assert results.counts == {"done": 3, "failed": 0, "pending": 0}
    assert results.scenarios == ("loops",)
    assert ran.printed == f"3 runs: 3 done\nLook at it: codeshift study report {ran.folder}\n"


def test_a_second_run_repeats_nothing(ran: Ran, capsys) -> None:
    """No record is written a second time."""
    before = {path: path.stat().st_mtime_ns for path in ran.folder.rglob("run.json")}
    assert main(["study", "run", ran.file, "--out", str(ran.folder)]) == 0
    assert {path: path.stat().st_mtime_ns for path in ran.folder.rglob("run.json")} == before


def test_status(ran: Ran, tmp_path: Path, capsys) -> None:
    """The status lists every run as JSON, and writes the table of results as a file."""
    for name in ("table.parquet", "table.csv"):
        assert main(["study", "status", str(ran.folder), "--table", str(tmp_path / name), "--json"]) == 0
        output = json.loads(capsys.readouterr().out)
    assert output["counts"] == {"done": 3, "failed": 0, "pending": 0}
    assert [run["status"] for run in output["runs"]] == ["done"] * 3
    table = load_results(ran.folder).table()
    assert repr(pq.read_table(tmp_path / "table.parquet").to_pylist()) == repr(table.to_pylist())  # some are NaN
    assert pyarrow.csv.read_csv(tmp_path / "table.csv").num_rows == table.num_rows > 0


def test_reports(ran: Ran, tmp_path: Path, capsys) -> None:
    """The default report is a page in the study's folder; Markdown, LaTeX and figures are written on request."""
    assert main(["study", "report", str(ran.folder)]) == 0
    assert (ran.folder / "report.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    figures = str(tmp_path / "figures")
    assert main(["study", "report", str(ran.folder), "--out", str(tmp_path / "r.md"), "--figures", figures]) == 0
    assert (tmp_path / "r.md").read_text(encoding="utf-8").startswith("# ")
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".pdf"}
    assert main(["study", "report", str(ran.folder), "--out", str(tmp_path / "new" / "r.tex")]) == 0
    assert "\\toprule" in (tmp_path / "new" / "r.tex").read_text(encoding="utf-8")


def test_failed_runs(where: Path, tmp_path: Path, capsys) -> None:
    """Run, status and run with --retry exit with 1; each failure is shown with its error and how to try again."""
    broken = FILE.replace("learning_rate: 5e-5 ", "learning_rate: 1e30 ").replace("max_steps: 2", "max_steps: 4")
    broken = broken.replace("[0, 1]", "[1]")
    file, folder = study_file(where, broken, "broken.yaml"), tmp_path / "out"
    assert main(["study", "run", file, "--out", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("2 runs: 1 done, 1 failed\n")
    assert len(re.findall(r"^- full on .*: DivergenceError: ", printed, flags=re.MULTILINE)) == 1
    assert f"Once more: codeshift study run {file} --out {folder} --retry\n" in printed
    assert main(["study", "status", str(folder)]) == 1
    capsys.readouterr()
    for path in folder.rglob("run.json"):
        os.utime(path, (0, 0))  # some file systems store times in seconds
    assert main(["study", "run", file, "--out", str(folder), "--retry"]) == 1
    written = [path for path in folder.rglob("run.json") if path.stat().st_mtime_ns]
    assert len(written) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "FILE"], "study_with_typo.yaml, line 12: "),
        (["run", "OTHER", "--out", "OUT"], "OUT"),
        (["run", "nowhere.yaml", "--out", "OUT"], "file must be an existing file, got 'nowhere.yaml'"),
        (["status", "PLACE"], "folder must be one that a study was run in"),
        (["status", "OUT", "--table", "table.xlsx"], "--table must be a file that ends in .parquet or .csv"),
        (["report", "OUT", "--out", "r.pdf"], "--out must be a file that ends in .html, .md or .tex"),
        (["report", "OUT", "--metric", "exactmatch"], "exactmatch"),
    ],
)
def test_bad_input(ran: Ran, where: Path, capsys, arguments: list[str], message: str) -> None:
    """Bad input gives code 2 and one line; for a changed study in an old folder, the line says what changed."""
    study_file(where, FILE.replace("while_statement", "while_statment"), "study_with_typo.yaml")
    other = study_file(where, FILE.replace("train_batch_size: 4", "train_batch_size: 5"), "other.yaml")
    names = {"FILE": str(where / "study_with_typo.yaml"), "OTHER": other, "OUT": str(ran.folder), "PLACE": str(where)}
    assert main(["study", *(names.get(text, text) for text in arguments)]) == 2
    captured = capsys.readouterr()
    assert names.get(message, message) in captured.err
    assert captured.err.startswith("codeshift: error: ")
    assert captured.err.count("\n") == 1


def test_corpora_are_searched_for_a_study_that_is_done(ran: Ran, where: Path, capsys) -> None:
    """``--against`` adds them to those of the file; no run is done again."""
    before = {record.key: record.seconds for record in load_results(ran.folder).records}
    [source] = where.glob("*.jsonl")
    run = ["study", "run", ran.file, "--out", str(ran.folder), "--against"]
    assert main([*run, f"web={source}"]) == 1
    assert "web could not be searched" in capsys.readouterr().out
    assert main([*run, f"web={source}", "--corpus-column", "func", "--retry"]) == 0
    results = load_results(ran.folder)
    assert {record.key: record.seconds for record in results.records} == before
    assert results.marks[results.split_seeds[0]].seen("web", "exact").all()
    capsys.readouterr()
    assert main([*run, "web=nowhere"]) == 2
    assert "against['web']" in capsys.readouterr().err

"""The command line: exit codes have a meaning, and bad input is reported in one line."""

from __future__ import annotations

import argparse
import io
import json
import pickle
import shlex
import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest

from codeshift import __version__
from codeshift.cli import main
from codeshift.cli.main import _in_options
from codeshift.errors import CodeshiftWarning, DataError, MissingExtraError, ParameterError
from codeshift.wording import Remedy


def run(*arguments):
    command = [sys.executable, "-m", "codeshift", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_version():
    """``--version`` prints the library and its version."""
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"codeshift {__version__}\n")


def test_help_shows_an_example_and_loads_no_torch():
    """Help is quick because it loads no deep learning library."""
    code = (
        "import sys; from codeshift.cli import main\n"
        "try: main(['demo', '--help'])\n"
        "finally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert "example: codeshift demo --out" in done.stdout
    assert done.stdout.endswith("False\n")


def test_no_command_and_an_unknown_one():
    """Both end with code 2 and list the commands."""
    for arguments in ([], ["demonstrate"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert "usage: codeshift" in done.stderr


def test_bad_input_is_one_line_without_a_traceback(capsys, tmp_path):
    """An error of codeshift is one line on stderr, with exit code 2."""
    (tmp_path / "file").write_text("")
    for arguments, message in (
        (
            ["--rows", "3"],
            "codeshift: error: rows must be at least 100, got 3: fewer leave a scenario without test rows\n",
        ),
        (["--seed", "-1"], "codeshift: error: seed must be 0 or larger, got -1: leave it out to take 0\n"),
        (["--out", str(tmp_path / "file")], None),
    ):
        assert main(["demo", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert message is None or captured.err == message


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (MissingExtraError("torch", "finetune"), 2, "torch is not installed: pip install 'codeshift-ood[finetune]'"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_missing_extras_and_interruption(monkeypatch, capsys, error, code, line):
    """The error for a missing extra says what to install; an interruption gives no traceback either."""

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("codeshift.demo.run_demo", fail)
    assert main(["demo"]) == code
    captured = capsys.readouterr().err
    assert line in captured
    assert captured.count("\n") == 1


def test_a_bug_is_not_hidden(monkeypatch, capsys):
    """An error that is not codeshift's own keeps its traceback and has its own code: 1 would look like an answer."""

    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("codeshift.demo.run_demo", fail)
    assert main(["demo"]) == 3
    errors = capsys.readouterr().err
    assert errors.startswith("Traceback (most recent call last):")
    assert errors.endswith("ZeroDivisionError\n")
    assert "in fail" in errors


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["dmo"], "did you mean demo?"),
        (["demo", "--sed", "3"], "did you mean --seed?"),
        (["train", "data", "--out", "o", "--num-epochs", "3"], "did you mean --num-train-epochs?"),
        (["train", "data", "--out", "o", "--batch-size", "3"], "did you mean --train-batch-size?"),
        (["demo", "--sed=3"], "did you mean --seed?"),
        (["study", "rn"], "did you mean run?"),
        (["demo", "--zzz"], "see codeshift demo --help"),
    ],
)
def test_typos_get_close_matches(capsys, arguments, hint):
    """For a misspelt command or option, the error suggests the closest one."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith(hint)


@pytest.mark.parametrize(
    ("arguments", "hints"),
    [
        (
            ["evaluate", "a-model", "data"],
            ["arguments: data; DATA alone is given without", "\nexample: codeshift evaluate"],
        ),
        (["doctor", "data"], ["codeshift doctor: error: unrecognized arguments: data; nothing is given without"]),
        (["train"], ["required: DATA, --out", "\nexample: codeshift train my-split"]),
        (["split", "data", "--out", "o"], ["--scenario --manifest is required", "\nexample: codeshift split"]),
        ([], ["required: COMMAND; choose one of split, audit, overlap, train"]),
        (["study"], ["required: COMMAND; choose one of plan, run, status"]),
    ],
)
def test_too_many_or_too_few_arguments(capsys, arguments, hints):
    """The error shows what the command takes, with its example."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert all(hint in errors for hint in hints), errors


@pytest.mark.filterwarnings("default")
def test_remedies_are_those_of_a_command_line(capsys, tmp_path):
    """Messages of the library that name Python arguments name options here."""
    file, out = tmp_path / "rows.jsonl", tmp_path / "out"
    file.write_text('{"func": null}\n' + "".join(f'{{"func": "x = {i} * {i}", "doc": ""}}\n' for i in range(40)))
    command = ["split", str(file), "--column", "func", "--scenario", "length_p70_p100", "--out", str(out)]
    assert main(command) == 2
    assert "1 of 41 rows are None (row 0); leave them out with --require func\n" in capsys.readouterr().err
    assert main([*command, "--require", "func", "--near-duplicates", "none"]) == 0
    assert "warning: 1 of 41 rows hold nothing in func: they are left out\n" in capsys.readouterr().err
    assert main([*command, "--require", "func"]) == 2
    assert capsys.readouterr().err.endswith("name another folder, or give --overwrite\n")


@pytest.mark.parametrize("name", ["pro'ject", 'a "b"', "a b", "größe", "func"])
def test_a_remedy_names_any_column_in_the_shells_way(capsys, tmp_path, name):
    """Whatever the column is called, the option that is told can be pasted into a shell, and works."""
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({name: None}) + "\n" + json.dumps({name: "x = 1"}) + "\n")
    command = ["split", str(file), "--column", name, "--scenario", "length_p70_p100", "--out", str(tmp_path / "out")]
    assert main(command) == 2
    message = capsys.readouterr().err
    assert "data.filter" not in message
    assert shlex.split(message.strip().rpartition("leave them out with ")[2]) == ["--require", name]


def test_remedies_are_values_that_each_interface_words():
    """In Python they read as Python, in a study file as YAML, and they reach other processes."""
    remedy = Remedy("1 row; leave it out with ", "data.filter(...)", option="require", value="pro'ject")
    error = DataError("column", "one without None", "pro'ject", remedy)
    assert str(error).endswith("1 row; leave it out with data.filter(...)")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (str(again), again.remedy.option, again.remedy.value) == (str(error), "require", "pro'ject")
    words = _in_options(again, argparse.Namespace())
    assert words.endswith("1 row; leave it out with require: [pro'ject] under data")
    taken = ParameterError("folder", "one", "a", Remedy("name another, or ", "overwrite", option="overwrite"))
    assert _in_options(taken, argparse.Namespace()).endswith("or overwrite")
    assert _in_options(taken, argparse.Namespace(overwrite=False)).endswith("or give --overwrite")


def test_warnings_are_one_line(monkeypatch, capsys):
    """A warning of codeshift is printed without the place in the source that raised it."""

    def warn(*_, **__):
        warnings.warn("mind", CodeshiftWarning, stacklevel=1)
        return SimpleNamespace(counts={"failed": 0})

    monkeypatch.setattr("codeshift.demo.run_demo", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["demo"]) == 0
    assert capsys.readouterr().err == "codeshift: warning: mind\n"


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", r"\u2013 \xe9"), ("latin-1", "\\u2013 é"), ("utf-8", "– é")])
def test_an_encoding_without_our_characters(monkeypatch, encoding, shown):
    """A dash that stdout cannot encode is escaped, without a traceback, and stdout is restored afterwards."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr("sys.stdout", stdout)

    def tell(*_, say, **__):
        say("– é")
        return SimpleNamespace(counts={"failed": 1})

    monkeypatch.setattr("codeshift.demo.run_demo", tell)
    assert main(["demo"]) == 1  # the answer is no, because a run failed
    assert stdout.buffer.getvalue().decode(encoding).splitlines()[0] == shown
    assert stdout.errors == "strict"


def test_a_reader_that_closes_the_pipe():
    """``codeshift ... | head`` is neither an error nor a traceback."""
    code = (
        "import os, sys, codeshift.demo as demo; from codeshift.cli import main\n"
        "def closed(*_, say, **__):\n"
        "    reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1); say('unread')\n"
        "demo.run_demo = closed; sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (141, "")


def test_without_torch_the_demo_says_what_to_install(tmp_path):
    """Without the extra, the demo ends at once with the command that installs it."""
    code = (
        "import sys, importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a)\n"
        "from codeshift.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603
    assert done.returncode == 2
    assert done.stderr == "codeshift: error: torch is not installed: pip install 'codeshift-ood[finetune]'\n"
    assert list(tmp_path.iterdir()) == []

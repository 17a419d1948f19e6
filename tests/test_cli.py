"""The command line: exit codes mean something, and bad input is told in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from codeshift import __version__
from codeshift.cli import main
from codeshift.errors import MissingExtraError


def run(*arguments):
    command = [sys.executable, "-m", "codeshift", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_version():
    """``--version`` names the library and its version."""
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"codeshift {__version__}\n")


def test_help_shows_an_example_and_loads_no_torch():
    """Help is quick: it needs no library of deep learning."""
    code = (
        "import sys; from codeshift.cli import main\n"
        "try: main(['demo', '--help'])\n"
        "finally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert "example: codeshift demo --out" in done.stdout
    assert done.stdout.endswith("False\n")


def test_no_command_and_an_unknown_one():
    """Both end with code 2 and say what there is."""
    for arguments in ([], ["demonstrate"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert "usage: codeshift" in done.stderr


def test_bad_input_is_one_line_without_a_traceback(capsys, tmp_path):
    """An error of codeshift is one line on stderr and exit code 2."""
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
    """A missing extra names what to install; an interruption is no traceback either."""

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("codeshift.study.demo.run_demo", fail)
    assert main(["demo"]) == code
    captured = capsys.readouterr().err
    assert line in captured
    assert captured.count("\n") == 1


def test_a_real_fault_is_not_hidden(monkeypatch):
    """An error that is not codeshift's own keeps its traceback: it is a bug to report."""

    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("codeshift.study.demo.run_demo", fail)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])


def test_without_torch_the_demo_says_what_to_install(tmp_path):
    """In an installation without the extra, the demo ends at once with the command that helps."""
    code = (
        "import sys, importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a)\n"
        "from codeshift.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603
    assert done.returncode == 2
    assert done.stderr == "codeshift: error: torch is not installed: pip install 'codeshift-ood[finetune]'\n"
    assert list(tmp_path.iterdir()) == []

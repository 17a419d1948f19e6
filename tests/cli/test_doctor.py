"""``codeshift doctor``: what is installed, and the other project with the same import name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from codeshift.cli import main
from codeshift.cli.installation import Found, look_at

NEEDS = (
    "Name: codeshift-ood\nVersion: 0.1.0\nRequires-Python: >=3.11\n"
    "Requires-Dist: alpha>=2\nRequires-Dist: beta\nRequires-Dist: gamma; sys_platform == 'no-such'\n"
    "Provides-Extra: finetune\nRequires-Dist: torch>=2; extra == 'finetune'\nRequires-Dist: peft; extra == 'finetune'\n"
)


def installed(folder: Path, **metadata_by_name: str) -> list[metadata.Distribution]:
    """Write the metadata of distributions into a folder, as pip does."""
    for name, text in metadata_by_name.items():
        info = folder / f"{name}-1.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{text}")
    return list(metadata.distributions(path=[str(folder)]))


def named(name: str, version: str = "1.0") -> str:
    return f"Name: {name}\nVersion: {version}\n"


def test_a_sound_installation(tmp_path: Path) -> None:
    """Nothing is wrong: an extra that is only partly installed was not asked for, and markers are respected."""
    state = look_at(installed(tmp_path, ours=NEEDS, a=named("Alpha", "2.1"), b=named("beta"), t=named("torch", "1.0")))
    assert state.problems == ()
    assert state.of("base") == (
        Found(name="alpha", version="2.1", part="base"),
        Found(name="beta", version="1.0", part="base"),
    )
    assert [(item.name, item.version) for item in state.of("finetune")] == [("torch", "1.0"), ("peft", "")]
    assert {"python", "java", "c_sharp"} <= {item.name for item in state.of("grammars")}


def test_missing_and_old_libraries(tmp_path: Path) -> None:
    """Each missing or old library is named with what to install."""
    distributions = {"ours": NEEDS, "a": named("alpha", "1.9"), "t": named("torch", "1.0"), "p": named("peft")}
    assert look_at(installed(tmp_path, **distributions)).problems == (
        "alpha: 1.9 is installed, >=2 is needed: pip install 'codeshift-ood' --upgrade",
        "beta: it is missing: pip install 'codeshift-ood'",
        "torch: 1.0 is installed, >=2 is needed: pip install 'codeshift-ood[finetune]' --upgrade",
    )


def test_an_old_python(tmp_path: Path, monkeypatch) -> None:
    """A Python older than the distribution requires is a fault."""
    monkeypatch.setattr("platform.python_version", lambda: "3.10.2")
    [problem] = look_at(installed(tmp_path, ours=NEEDS, a=named("alpha", "2"), b=named("beta"))).problems
    assert problem == "Python 3.10.2 is running, >=3.11 is needed"


def test_without_its_metadata(tmp_path: Path) -> None:
    """A checkout on the path is not an installation."""
    assert look_at(installed(tmp_path)).problems == ("codeshift-ood is not installed: pip install codeshift-ood",)


def sound(folder: Path) -> dict[str, str]:
    return {"ours": NEEDS, "a": named("alpha", "2"), "b": named("beta")}


@pytest.mark.parametrize("name", ["codeshift", "CodeShift"])
def test_the_other_project(tmp_path: Path, name: str) -> None:
    """The other project is found by its distribution's name, however that is spelt, with the remedy."""
    [problem] = look_at(installed(tmp_path, **sound(tmp_path), other=named(name, "0.3.1"))).problems
    assert problem.startswith(f"another project, {name} 0.3.1, brings a package that is imported as 'codeshift'")
    assert f"pip uninstall -y {name} codeshift-ood, then pip install codeshift-ood" in problem


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("top_level.txt", "other\ncodeshift\n"),
        ("RECORD", "codeshift/__init__.py,,\nother-1.dist-info/RECORD,,\n"),
        ("RECORD", '"a, b.py",,\n\ncodeshift/cli/main.py,sha256=x,12\n'),
    ],
)
def test_any_project_with_our_package(tmp_path: Path, file: str, content: str) -> None:
    """A project with our package is found by its list of packages or files, whatever its name."""
    installed(tmp_path, other=named("shifty"))
    (tmp_path / "other-1.dist-info" / file).write_text(content)
    [problem] = look_at(installed(tmp_path, **sound(tmp_path))).problems
    assert "another project, shifty 1.0, brings a package" in problem


def test_a_project_with_a_name_like_ours(tmp_path: Path) -> None:
    """A project with a similar name and files in another folder is no conflict."""
    installed(tmp_path, other=named("shifty"))
    (tmp_path / "other-1.dist-info" / "RECORD").write_text("codeshifty/__init__.py,,\na/codeshift/b.py,,\n")
    assert look_at(installed(tmp_path, **sound(tmp_path))).problems == ()


def test_a_grammar_that_does_not_load(tmp_path: Path, monkeypatch) -> None:
    """The language of a grammar that does not load is named."""

    def broken(language: str) -> None:
        raise ValueError("Incompatible Language version 99")

    monkeypatch.setattr("codeshift.properties.languages", lambda: ("go",))
    monkeypatch.setattr("codeshift.properties.grammars.grammar", broken)
    [problem] = look_at(installed(tmp_path, **sound(tmp_path))).problems
    assert problem == "go: its grammar does not load (Incompatible Language version 99)"


def test_the_command(capsys, tmp_path: Path, monkeypatch) -> None:
    """The exit code is 0 or 1, for text and for JSON."""
    healthy, torn = tmp_path / "healthy", tmp_path / "torn"
    for folder in (healthy, torn):
        folder.mkdir()
        installed(folder, **sound(folder))
    installed(torn, other=named("codeshift", "0.3.1"))
    monkeypatch.setattr("sys.path", [str(healthy)])
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("Nothing is wrong.\n")
    assert "  alpha  2\n" in printed
    monkeypatch.setattr("sys.path", [str(torn)])
    assert main(["doctor"]) == 1
    assert "1 problem:\n- another project, codeshift 0.3.1, " in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0].startswith("another project")


def test_beside_the_real_installation(tmp_path: Path) -> None:
    """A process finds the other project's metadata next to ours, as after ``pip install codeshift``."""
    installed(tmp_path, other=named("codeshift", "0.3.1"))
    done = subprocess.run(
        [sys.executable, "-m", "codeshift", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "another project, codeshift 0.3.1" in done.stdout

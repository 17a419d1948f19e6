"""The parts of a release agree: version, files, pins, and targets of the workflow."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import codeshift
from helpers.pages import ROOT, blocks

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = codeshift.__version__


def test_the_version_is_set_in_one_place() -> None:
    """Everything else that names the version reads it from there or agrees with it."""
    assert "version" in PROJECT["project"]["dynamic"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "src/codeshift/__init__.py"
    assert importlib.metadata.version("codeshift-ood") == VERSION
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == VERSION
    assert f"version = {{{VERSION}}}" in " ".join((ROOT / "docs" / "cite.md").read_text(encoding="utf-8").split())


def test_every_package_of_the_extras_is_pinned() -> None:
    """Each package of the extras and of development has a pin, so that all machines run the same checks."""
    pins = {line.split("==")[0] for line in _lines("constraints.txt") if "==" in line}
    groups = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    names = {re.match(r"[\w.-]+", wanted)[0] for wanted in chain.from_iterable(groups)} - {"codeshift-ood"}
    assert {name for name in map(_normal, names) if name not in map(_normal, pins)} == set()


def test_the_lowest_versions_are_those_that_are_tested() -> None:
    """Each bound of what users install is a version that `make test-lowest` installs, and nothing is left out of it."""
    pins = dict(line.split("==") for line in _lines("constraints-lowest.txt") if "==" in line)
    extras = PROJECT["project"]["optional-dependencies"]
    groups = [PROJECT["project"]["dependencies"], *(extras[name] for name in ("finetune", "qlora", "report", "scale"))]
    wanted = [Requirement(text) for text in chain.from_iterable(groups) if not text.startswith("codeshift-ood")]
    assert len(wanted) > 30
    for requirement in wanted:
        [bound] = [one.version for one in requirement.specifier if one.operator == ">="]
        pinned = pins[_normal(requirement.name)]
        assert Version(pinned) == Version(bound), requirement.name
        assert requirement.specifier.contains(pinned)


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    """The wheel holds every file of the package and no others, and is smaller than 15 MB."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 15e6
    held = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    files = {path.relative_to(source) for path in (source / "codeshift").rglob("*") if path.is_file()}
    generated = {path for path in files if "__pycache__" in path.parts or path.name.startswith(".")}
    assert len(files - generated) > 100
    assert {path.as_posix() for path in files - generated} <= held
    assert {name.split("/")[0] for name in held} == {"codeshift", f"codeshift_ood-{VERSION}.dist-info"}


def test_the_source_archive_holds_what_development_needs(tmp_path: Path) -> None:
    """The source archive holds tests, pages, scripts and tools, including what the model's card says to run."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as held:
        names = {name.split("/", 1)[1] for name in held.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    left_out = {name for name in tracked.stdout.split("\n") if name and name not in names}
    assert {name.split("/")[0] for name in left_out} <= {".ci", ".github"}


def test_the_splitter_of_contributing_has_fifteen_lines() -> None:
    """The example has as many lines as its heading says; the tests of pages check that it keeps the laws."""
    first = next(block for block in blocks(ROOT / "CONTRIBUTING.md") if block.kind == "python")
    assert "class NestingSplitter" in first.text
    assert len(first.text.splitlines()) <= 15


def test_the_targets_of_the_workflow_exist() -> None:
    """The workflow does not run here, so this checks that the targets it calls exist."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    targets_called = [command.split()[1:] for command in commands if command.startswith("make ")]
    targets = {word for words in targets_called for word in words if "=" not in word}
    defined = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert targets == {"lint", "types", "contracts", "docs", "tests", "dist"}
    assert targets <= defined
    assert jobs["tests"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("form", ["bug.yml", "idea.yml"])
def test_issue_forms_require_an_answer(form: str) -> None:
    """Each form asks at least one question that must be answered."""
    body = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / form).read_text(encoding="utf-8"))["body"]
    assert any(field.get("validations", {}).get("required") for field in body)
    assert len({field["id"] for field in body}) == len(body)


def test_fragments_of_the_changelog_have_a_kind() -> None:
    """Towncrier ignores a file whose kind it does not know."""
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    for fragment in (ROOT / "changelog.d").glob("*.md"):
        if fragment.name != "README.md":
            assert fragment.name.split(".")[1] in kinds, fragment.name
            assert fragment.read_text(encoding="utf-8").strip()


def _lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")

"""The installed libraries and grammars, and what is wrong with them."""

from __future__ import annotations

import csv
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

from codeshift.errors import CodeshiftError

OURS = "codeshift-ood"
IMPORT_NAME = "codeshift"
_EXTRAS = ("finetune", "qlora", "report", "scale")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A library or grammar.

    Attributes:
        name: Name of its distribution, or of the language.
        version: Installed version; empty if it is not installed.
        part: ``"base"``, the extra that needs it, or ``"grammars"``.
        problem: Problem with it, and what to do; empty if there is none.
    """

    name: str
    version: str
    part: str
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The contents of an installation.

    Attributes:
        python: Version of Python.
        libraries: Libraries and grammars.
        problems: Problems found, in words.
    """

    python: str
    libraries: tuple[Found, ...]
    problems: tuple[str, ...]

    def of(self, part: str) -> tuple[Found, ...]:
        """Return the libraries of the base or of an extra, or the grammars."""
        return tuple(library for library in self.libraries if library.part == part)


def look_at(distributions: Iterable[metadata.Distribution] | None = None) -> Installation:
    """Inspect the installation of the running Python.

    Args:
        distributions: Installed distributions; None takes those that the running Python finds.
    """
    installed = list(metadata.distributions() if distributions is None else distributions)
    by_name = {_normal(package.name): package for package in reversed(installed) if package.name}
    ours = by_name.get(OURS)
    libraries = [] if ours is None else _libraries(ours, by_name)
    libraries += _found_grammars()
    problems = [f"{OURS} is not installed: pip install {OURS}"] if ours is None else []
    problems += _old_python(ours)
    problems += [f"{library.name}: {library.problem}" for library in libraries if library.problem]
    problems += [_conflict(package) for package in by_name.values() if _occupies(package)]
    return Installation(python=platform.python_version(), libraries=tuple(libraries), problems=tuple(problems))


def _libraries(ours: metadata.Distribution, by_name: dict[str, metadata.Distribution]) -> list[Found]:
    """Return the required libraries, those of the base first; an incomplete extra is not counted as a problem."""
    parts: dict[str, list[Requirement]] = {"base": [], **{extra: [] for extra in _EXTRAS}}
    for text in ours.requires or ():
        requirement = Requirement(text)
        for part, of_part in parts.items():
            extra = {"extra": "" if part == "base" else part}
            is_needed = requirement.marker is None or requirement.marker.evaluate(extra)
            # The requirements of an extra are those that the base does not have.
            if is_needed and (part == "base" or requirement not in parts["base"]) and _normal(requirement.name) != OURS:
                of_part.append(requirement)
    libraries = []
    for part, requirements in parts.items():
        needed = part == "base" or all(_normal(requirement.name) in by_name for requirement in requirements)
        libraries += [_library(requirement, part, by_name, needed=needed) for requirement in requirements]
    return libraries


def _library(requirement: Requirement, part: str, by_name: dict[str, metadata.Distribution], *, needed: bool) -> Found:
    name = _normal(requirement.name)
    pip = f"pip install '{OURS}{'' if part == 'base' else f'[{part}]'}'"
    if name not in by_name:
        return Found(name=name, version="", part=part, problem=f"it is missing: {pip}" if needed else "")
    version = by_name[name].version
    fine = not needed or requirement.specifier.contains(version, prereleases=True)
    problem = "" if fine else f"{version} is installed, {requirement.specifier} is needed: {pip} --upgrade"
    return Found(name=name, version=version, part=part, problem=problem)


def _found_grammars() -> list[Found]:
    try:
        from codeshift.properties import languages
    except ImportError:  # a library is missing, which is reported as such
        return []
    return [_grammar(language) for language in sorted(languages())]


def _grammar(language: str) -> Found:
    from codeshift.properties.grammars import grammar

    try:
        facts = grammar(language)
    except (CodeshiftError, ImportError, OSError, ValueError) as error:
        return Found(name=language, version="", part="grammars", problem=f"its grammar does not load ({error})")
    return Found(name=language, version=f"{facts.version} ({facts.digest})", part="grammars")


def _old_python(ours: metadata.Distribution | None) -> list[str]:
    needed = (ours.metadata["Requires-Python"] or "") if ours is not None else ""
    if not needed or Requirement(f"python{needed}").specifier.contains(platform.python_version(), prereleases=True):
        return []
    return [f"Python {platform.python_version()} is running, {needed} is needed"]


def _occupies(distribution: metadata.Distribution) -> bool:
    """Tell whether another distribution installs a package with our import name."""
    name = _normal(distribution.name)
    if name == OURS:
        return False
    top = (distribution.read_text("top_level.txt") or "").split()
    return (
        name == IMPORT_NAME
        or IMPORT_NAME in top
        or any(path.startswith(f"{IMPORT_NAME}/") for path in _file_names(distribution))
    )


def _file_names(distribution: metadata.Distribution) -> Iterator[str]:
    """Return the files that a distribution installed, whether or not they still exist."""
    record = distribution.read_text("RECORD")
    if record:
        # Since Python 3.12 distribution.files looks up each file and leaves out those that are gone.
        return (line[0] for line in csv.reader(record.splitlines()) if line)
    return (file.as_posix() for file in distribution.files or ())


def _conflict(other: metadata.Distribution) -> str:
    return (
        f"another project, {other.name} {other.version}, brings a package that is imported as {IMPORT_NAME!r} as well, "
        f"so files of one have overwritten those of the other: pip uninstall -y {other.name} {OURS}, then "
        f"pip install {OURS}; if you need both, install each in its own environment"
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def where() -> str:
    """Return the path of the inspected environment."""
    return sys.prefix

"""Python fragments: pure-Python packages that are installed as the library's dependencies, and the standard library."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets import Dataset

from codeshift.data import stdlib_functions
from codeshift.data.functions import python_functions
from codeshift.errors import DataError
from codeshift.pretrain.fragments import Fragment, Source

PACKAGES = (
    "absl-py", "accelerate", "anyio", "click", "cloudpickle", "datasets", "execnet", "filelock", "fsspec",
    "h11", "huggingface_hub", "idna", "import-linter", "iniconfig", "Jinja2", "joblib", "Markdown", "markdown-it-py",
    "mpmath", "narwhals", "networkx", "packaging", "peft", "pluggy", "portalocker", "Pygments", "pyparsing", "pytest",
    "pytest-xdist", "python-dateutil", "rich", "sacrebleu", "sortedcontainers", "sympy", "tabulate", "tensorboard",
    "threadpoolctl", "transformers", "typer", "Werkzeug",
)  # fmt: skip
"""What is read, by name, so that a machine with more installed gives the same corpus. Left out on purpose: backports of
the standard library (multiprocess, typing_extensions), which would tell the model the functions it is tested on."""

MOST_OF_ONE = 6000
"""Fragments of one package: two giants among them would else be most of what the model reads."""

_PERMISSIVE = ("apache", "bsd", "mit", "isc", "psf", "python software foundation", "python-2.0")
_COPYLEFT = ("gpl", "mpl", "mozilla", "eupl", "cddl")
_COMPILED = (".so", ".pyd", ".dylib")
_LEFT_OUT = frozenset({"test", "tests", "_vendor", "vendor", "vendored", "externals", "_antlr"})


def installed_package(name: str) -> Source:
    """The functions of an installed package, without its tests and what it vendors.

    Raises:
        DataError: the package is not installed, has compiled parts, or no permissive licence that it names.

    >>> source = installed_package("pluggy")
    >>> source.licence, len(source.fragments) > 50
    ('MIT', True)
    """
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise DataError("packages", "installed", name, f'install it: pip install "{name}"') from error
    files = sorted(str(path) for path in package.files or ())
    compiled = [path for path in files if path.endswith(_COMPILED)]
    if compiled:
        raise DataError("packages", "written in Python alone", f"{name} ({compiled[0]})", "leave it out")
    texts = (_text(Path(str(package.locate_file(path)))) for path in files if _is_read(path))
    return Source(
        name=name,
        version=package.version,
        licence=permissive_licence(name, package.metadata),
        fragments=tuple(fragment for text in texts for fragment in _fragments(name, text)),
        most=MOST_OF_ONE,
    )


def permissive_licence(name: str, metadata: importlib.metadata.PackageMetadata) -> str:
    """The licence that a package's metadata name.

    Raises:
        DataError: none is named, or one that is not permissive.
    """
    fields = metadata.get_all("License-Expression") or metadata.get_all("License") or []
    classifiers = [c.split("::")[-1].strip() for c in metadata.get_all("Classifier") or [] if c.startswith("License")]
    licence = next((text.strip().splitlines()[0] for text in [*fields, *classifiers] if text.strip()), "")
    words = licence.lower()
    if any(word in words for word in _COPYLEFT) or not any(word in words for word in _PERMISSIVE):
        raise DataError("packages", "under a permissive licence", f"{name} ({licence or 'none named'})", "leave it out")
    return licence


def standard_library() -> tuple[Source, tuple[Fragment, ...]]:
    """The standard library: functions without a docstring, to learn from, and the documented ones, which are held out.

    Held out are those of the embedded corpus, on which models are tested, and what else the running Python documents.
    """
    running = _fragments_of(stdlib_functions(running_python=True, documented_only=False))
    embedded = _fragments_of(stdlib_functions())
    known = set(embedded)
    undocumented = tuple(fragment for fragment in running if not fragment.docstring)
    held_out = (*embedded, *(fragment for fragment in running if fragment.docstring and fragment not in known))
    source = Source(
        name="Python's standard library",
        version=platform.python_version(),
        licence="PSF-2.0",
        fragments=undocumented,
    )
    return source, held_out


def _fragments_of(rows: Dataset) -> tuple[Fragment, ...]:
    return tuple(
        Fragment(
            source="the standard library",
            language="python",
            signature=row["signature"],
            docstring=row["docstring"],
            code=row["code"],
        )
        for row in rows
    )


def _is_read(path: str) -> bool:
    parts = Path(path).parts
    return path.endswith(".py") and ".." not in parts and not _LEFT_OUT.intersection(parts)


def _text(path: Path) -> str:
    with tokenize.open(path) as file:
        return file.read()


def _fragments(source: str, text: str) -> Iterator[Fragment]:
    try:
        functions = list(python_functions(text))
    except SyntaxError:
        return  # a template, or code for a newer Python
    for function in functions:
        if function.code:
            yield Fragment(
                source=source,
                language="python",
                signature=function.signature,
                docstring=_prose(function.docstring),
                code=function.code,
            )


def _prose(docstring: str) -> str:
    r"""A docstring's first part, up to its lists of arguments and its examples: a short context shows no more.

    >>> _prose("Add two numbers.\n\nArgs:\n    a: one")
    'Add two numbers.'
    """
    return _LISTS.split(docstring, maxsplit=1)[0].strip()


_HEADINGS: Sequence[str] = ("Args", "Arguments", "Parameters", "Returns", "Return", "Raises", "Yields", "Examples?")
_LISTS = re.compile(
    rf"\n\s*(?:(?:{'|'.join(_HEADINGS)}):?[ \t]*(?:\n|$)|>>> |:param|:return|\.\. |@param|=====+|-----+)"
)

"""The languages that codeshift parses, and the tree-sitter grammar of each.

Eleven come with codeshift. Another package adds languages, or replaces one of these, through the entry-point group
``codeshift.grammars``: the name is the language, the object a function without arguments that returns what
``tree_sitter.Language`` takes, or a ``tree_sitter.Language``. Last, where ``tree-sitter-language-pack`` is installed,
every language is known that it holds on this machine; codeshift never makes it download one.

A grammar is loaded when its language is first used. ``digest`` names a grammar's table of node kinds: two builds
of one version can differ, and a split by syntax is reproducible only with the same table.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from codeshift.errors import ParameterError
from codeshift.properties.bounds import BoundedParser
from codeshift.properties.language_pack import PACK, packed_language, packed_languages, remedy_of_pack
from codeshift.wording import closest

if TYPE_CHECKING:
    import tree_sitter

GROUP = "codeshift.grammars"
"""The entry-point group by which packages add languages."""

# language -> (module of the grammar's wheel, function that returns the grammar)
_WHEELS = {
    "python": ("tree_sitter_python", "language"),
    "java": ("tree_sitter_java", "language"),
    "c_sharp": ("tree_sitter_c_sharp", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "go": ("tree_sitter_go", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    # Rows of a dataset are bare functions: the grammar that needs no "<?php" tag fits them.
    "php": ("tree_sitter_php", "language_php_only"),
}


@dataclass(frozen=True)
class Grammar:
    """A language's tree-sitter grammar.

    Attributes:
        language: Name used in codeshift, such as ``"python"``.
        distribution: Wheel it came from.
        version: That wheel's version.
        node_kinds: Every node type that can stand in a tree of this grammar, sorted; named types and tokens.
        digest: Digest of the whole table of node kinds, in the grammar's own order.

    >>> java = grammar("java")
    >>> java.distribution, "while_statement" in java.node_kinds
    ('tree-sitter-java', True)
    """

    language: str
    distribution: str
    version: str
    node_kinds: tuple[str, ...]
    digest: str


def languages() -> tuple[str, ...]:
    """Return the names of the languages that can be parsed, sorted.

    >>> "java" in languages() and "python" in languages()
    True
    """
    return tuple(sorted({*_WHEELS, *_entry_points(), *packed_languages()}))


def check_language(language: str) -> str:
    """Return ``language`` if it is known.

    Raises:
        ParameterError: if it is not; the message names close matches.

    >>> check_language("phyton")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: language must be a known language, got 'phyton': did you mean python?
    """
    is_known = isinstance(language, str) and (language in _WHEELS or language in languages())
    if not is_known:
        remedy = (isinstance(language, str) and remedy_of_pack(language)) or language_remedy(language, languages())
        raise ParameterError("language", "a known language", language, remedy)
    return str(language)


@runtime_checkable
class OfLanguage(Protocol):
    """What reads code of one language: splitters, properties and metrics with an argument ``language``."""

    @property
    def language(self) -> str | None:
        """Language of the code; None if it is not given."""


def language_of(reader: object) -> str | None:
    """Return the language that a splitter, property or metric was given; None if there is none.

    >>> from codeshift.properties import CharCount, NodeTypes
    >>> language_of(NodeTypes("code", "java")), language_of(CharCount("code"))
    ('java', None)
    """
    return reader.language if isinstance(reader, OfLanguage) else None


_USUAL = {
    "c#": "c_sharp", "csharp": "c_sharp", "cs": "c_sharp", ".net": "c_sharp", "dotnet": "c_sharp",
    "c++": "cpp", "cxx": "cpp", "cc": "cpp", "hpp": "cpp", "cplusplus": "cpp", "h": "c", "ansi_c": "c",
    "golang": "go", "jav": "java", "jdk": "java",
    "js": "javascript", "jsx": "javascript", "mjs": "javascript", "ecmascript": "javascript", "es6": "javascript",
    "node": "javascript", "nodejs": "javascript", "node.js": "javascript",
    "py": "python", "py3": "python", "python3": "python", "python2": "python", "cpython": "python",
    "rb": "ruby", "rs": "rust", "ts": "typescript", "tsx": "typescript", "php7": "php", "php8": "php",
}  # fmt: skip
"""What some languages are called elsewhere, by file ending or by name."""


def language_remedy(name: object, known: Iterable[str]) -> str:
    """Return the remedy for a language that is not among ``known``, for the errors of all that take a language.

    >>> language_remedy("C#", ["c_sharp", "java"]), language_remedy("jaav", ["c_sharp", "java"])
    ('did you mean c_sharp?', 'did you mean java?')
    """
    known = tuple(known)
    written = str(name).strip().lower()
    meant = _USUAL.get(written, written.replace("-", "_").replace(" ", "_"))
    meant = _USUAL.get(meant.lstrip("."), meant)
    return f"did you mean {meant}?" if meant in known else closest(meant, known)


@cache
def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}


@cache
def ts_language(language: str) -> tree_sitter.Language:
    """Return the tree-sitter ``Language`` object of ``language``, of which each process has one.

    Raises:
        ParameterError: if the language is not known, or an entry point gives no grammar that can be used.
    """
    import tree_sitter

    check_language(language)
    if language in _entry_points():
        return _from_entry_point(_entry_points()[language])
    if language in _WHEELS:
        module, function = _WHEELS[language]
        return tree_sitter.Language(getattr(importlib.import_module(module), function)())
    return packed_language(language)


def _from_entry_point(point: importlib.metadata.EntryPoint) -> tree_sitter.Language:
    import tree_sitter

    try:
        grammar = point.load()()
        return grammar if isinstance(grammar, tree_sitter.Language) else tree_sitter.Language(grammar)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        remedy = f"its entry point {point.value} in {GROUP} gives none ({error}); update or remove that package"
        raise ParameterError("language", "one with a usable grammar", point.name, remedy) from error


def _distribution(language: str) -> tuple[str, str]:
    """Return the wheel that a language's grammar came from, and its version."""
    point = _entry_points().get(language)
    if point is not None:
        return (point.dist.name, point.dist.version) if point.dist else (point.value, "unknown")
    name = _WHEELS[language][0].replace("_", "-") if language in _WHEELS else PACK
    return name, importlib.metadata.version(name)


def parser(language: str) -> BoundedParser:
    """Make a parser of ``language`` that gives up on a text that costs too much: see ``codeshift.properties.bounds``.

    >>> parser("python").parse(b"x = 1").root_node.type
    'module'
    """
    return BoundedParser(ts_language(language), language)


@cache
def grammar(language: str) -> Grammar:
    """Return facts about the grammar of ``language``: version, node kinds and their digest.

    >>> "while_statement" in grammar("python").node_kinds
    True
    """
    table = ts_language(language)
    kinds = [table.node_kind_for_id(i) or "" for i in range(table.node_kind_count)]
    # Hidden kinds (supertypes among them) never stand in a tree: choosing one would give an empty region.
    in_trees = {kind for i, kind in enumerate(kinds) if kind and table.node_kind_is_visible(i)}
    distribution, version = _distribution(language)
    return Grammar(
        language=language,
        distribution=distribution,
        version=version,
        node_kinds=tuple(sorted(in_trees)),
        digest=hashlib.blake2b("\n".join(kinds).encode(), digest_size=8).hexdigest(),
    )

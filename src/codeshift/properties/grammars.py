"""The languages that codeshift parses, and the tree-sitter grammar of each.

A grammar is loaded when its language is first used. ``digest`` names a grammar's table of node kinds: two builds
of one version can differ, and a split by syntax is reproducible only with the same table.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from codeshift.errors import ParameterError, closest

if TYPE_CHECKING:
    import tree_sitter

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
        language: the name used in codeshift, such as ``"python"``.
        distribution: the wheel it came from.
        version: that wheel's version.
        node_kinds: every node type that can stand in a tree of this grammar, sorted; named types and tokens.
        digest: a digest of the whole table of node kinds, in the grammar's own order.
    """

    language: str
    distribution: str
    version: str
    node_kinds: tuple[str, ...]
    digest: str


def languages() -> tuple[str, ...]:
    """The names of the languages that can be parsed, sorted.

    >>> "java" in languages() and "python" in languages()
    True
    """
    return tuple(sorted(_WHEELS))


def check_language(language: str) -> str:
    """Return ``language`` if it is known.

    Raises:
        ParameterError: if it is not; the message names close matches.

    >>> check_language("phyton")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: language must be a known language, got 'phyton': did you mean python?
    """
    if language not in _WHEELS:
        raise ParameterError("language", "a known language", language, closest(str(language), languages()))
    return language


@cache
def ts_language(language: str) -> tree_sitter.Language:
    """The tree-sitter ``Language`` object of ``language`` (one a process)."""
    import tree_sitter

    module, function = _WHEELS[check_language(language)]
    return tree_sitter.Language(getattr(importlib.import_module(module), function)())


def parser(language: str) -> tree_sitter.Parser:
    """A new parser for ``language``.

    >>> parser("python").parse(b"x = 1").root_node.type
    'module'
    """
    import tree_sitter

    return tree_sitter.Parser(ts_language(language))


@cache
def grammar(language: str) -> Grammar:
    """Facts about the grammar of ``language``: version, node kinds and their digest.

    >>> "while_statement" in grammar("python").node_kinds
    True
    """
    table = ts_language(language)
    kinds = [table.node_kind_for_id(i) or "" for i in range(table.node_kind_count)]
    # Hidden kinds (supertypes among them) never stand in a tree: choosing one would give an empty region.
    in_trees = {kind for i, kind in enumerate(kinds) if kind and table.node_kind_is_visible(i)}
    distribution = _WHEELS[language][0].replace("_", "-")
    return Grammar(
        language=language,
        distribution=distribution,
        version=importlib.metadata.version(distribution),
        node_kinds=tuple(sorted(in_trees)),
        digest=hashlib.blake2b("\n".join(kinds).encode(), digest_size=8).hexdigest(),
    )

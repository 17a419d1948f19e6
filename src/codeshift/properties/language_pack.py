"""Grammars of ``tree-sitter-language-pack``, if it is installed: only those that it has on this machine.

Releases before 1 include their grammars in the wheel. Later ones download a grammar when it is first requested;
codeshift requests only those that were downloaded before, so a split never depends on the network.
"""

from __future__ import annotations

import importlib
import importlib.util
import typing
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

PACK = "tree-sitter-language-pack"
_MODULE = "tree_sitter_language_pack"


@cache
def _pack() -> ModuleType | None:
    return importlib.import_module(_MODULE) if importlib.util.find_spec(_MODULE) else None


def packed_languages() -> frozenset[str]:
    """Return the languages that an installed pack has on this machine; none if it is not installed."""
    pack = _pack()
    if pack is None:
        return frozenset()
    if hasattr(pack, "downloaded_languages"):
        return frozenset(pack.downloaded_languages())
    return _supported(pack)


def packed_language(language: str) -> tree_sitter.Language:
    """Return the grammar of a language of ``packed_languages()``."""
    import tree_sitter

    grammar = typing.cast(ModuleType, _pack()).get_language(language)
    return grammar if isinstance(grammar, tree_sitter.Language) else tree_sitter.Language(grammar)


def remedy_of_pack(language: str) -> str | None:
    """Return what to do if the installed pack knows a language but would have to download it; None otherwise."""
    pack = _pack()
    if pack is None or language not in _supported(pack) or language in packed_languages():
        return None
    return f"codeshift downloads no grammar itself; run {_MODULE}.download([{language!r}]) once"


def _supported(pack: ModuleType) -> frozenset[str]:
    """Return every language that the pack knows, downloaded or not."""
    named = getattr(pack, "SupportedLanguage", None)
    return frozenset(name for name in typing.get_args(named) if isinstance(name, str))

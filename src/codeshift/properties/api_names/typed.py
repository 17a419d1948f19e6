"""Names of types in Java and C#, resolved through imports and tables of known classes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from codeshift.properties.api_names.base import Scope


def qualified_type(simple: str, scope: Scope, packages: Mapping[str, frozenset[str]], implicit: str | None) -> str:
    """Return the qualified name of a type; the name as written if it cannot be resolved.

    Args:
        simple: Name, such as ``List``, ``Map.Entry`` or ``java.util.List``, without type arguments.
        scope: Row's imports.
        packages: Known classes by package.
        implicit: Package that needs no import.
    """
    first, dot, rest = simple.partition(".")
    target = scope.imports.get(first)
    if target is None:
        target = _package_name(first, (implicit, *scope.wildcards) if implicit else tuple(scope.wildcards), packages)
    return f"{target or first}{dot}{rest}"


def _package_name(name: str, brought_in: tuple[str, ...], packages: Mapping[str, frozenset[str]]) -> str | None:
    holding = {package for package in brought_in if name in packages.get(package, ())}
    return f"{holding.pop()}.{name}" if len(holding) == 1 else None


@lru_cache(maxsize=1 << 14)
def bare_type(written: str) -> str | None:
    """Return a type as written, without type arguments and whitespace; None for an array.

    >>> bare_type("Map<String, int[]>"), bare_type("Map.Entry<K, V>"), bare_type("int[]"), bare_type("Outer<T>.Inner")
    ('Map', 'Map.Entry', None, 'Outer.Inner')
    """
    kept, depth = [], 0
    for character in written:
        if character == "<":
            depth += 1
        elif character == ">":
            depth -= 1
        elif not depth and not character.isspace():
            kept.append(character)
    bare = "".join(kept).rstrip("?")
    return bare if bare.replace(".", "").replace("_", "").replace("$", "").isalnum() else None

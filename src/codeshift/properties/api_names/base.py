"""Base of the resolvers of all languages: scopes, and chains of members such as ``np.linalg.norm``.

A row is one flat scope: a name that is bound anywhere in it counts as bound everywhere, and an import takes precedence
over every other binding of its name. That is right for a function and nearly always for a file, and needs no second
pass.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tree_sitter import Node

NodesByRole = Mapping[str, "list[Node]"]
"""Nodes of a row by bucket; outer nodes come before inner ones, and all of them have children."""


@dataclass(slots=True)
class Scope:
    """Names that a row binds.

    Attributes:
        imports: Name -> what it was imported as; None for the project's own modules, whose members are not APIs.
        variables: Name -> its qualified type; None if the type is unknown (a parameter, a local function).
        wildcards: Packages or namespaces of which everything was imported.
        static_wildcards: Classes of which every static member was imported.
    """

    imports: dict[str, str | None] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict)
    wildcards: list[str] = field(default_factory=list)
    static_wildcards: list[str] = field(default_factory=list)

    def bring_in(self, name: str, target: str | None) -> None:
        """Bind an import; the first one of a name counts (``try: import a as x``, ``except: import b as x``)."""
        self.imports.setdefault(name, target)

    def declare(self, name: str, type_name: str | None) -> None:
        """Bind a variable; if it is declared with two types, its type is unknown."""
        declared = self.variables.setdefault(name, type_name)
        if declared != type_name:
            self.variables[name] = None

    def hide(self, names: Iterable[str]) -> None:
        """Bind names of unknown type."""
        self.variables.update(dict.fromkeys(names))


class NameResolver(ABC):
    """Resolver of the API names of one row. A language implements the hooks below.

    Attributes:
        roles: Node type -> the bucket of nodes of that type. Every resolver has the buckets ``"members"`` (``a.b``) and
            ``"calls"`` (whose first child is what is called); the others are specific to the language.
        using: Buckets of which at least one is filled in every row that uses an API.
        receivers: Names of the current object: ``self``, ``this``.
    """

    roles: ClassVar[Mapping[str, str]]
    using: ClassVar[tuple[str, ...]] = ("members", "calls")
    receivers: ClassVar[frozenset[str]] = frozenset()

    @property
    @abstractmethod
    def read(self) -> Callable[[bytes], tuple[str, ...]]:
        """Function that reads code as a chain of names, see ``chain_reader``."""

    @abstractmethod
    def scope(self, nodes: NodesByRole, source: bytes) -> Scope:
        """Return what the row binds."""

    @abstractmethod
    def free(self, chain: tuple[str, ...], scope: Scope) -> str | None:
        """Return the name of a chain whose root the row does not bind; None if it starts at an unknown object."""

    def plain(self, name: str, scope: Scope) -> str | None:
        """Return the name of the API behind a call ``name(...)`` whose name the row neither binds nor imports."""
        return None

    def function(self, call: Node) -> Node:
        """Return what a call calls: a name, or an expression."""
        return call.children[0]

    def receiver(self, node: Node, source: bytes, scope: Scope) -> str | None:
        """Return the type of an expression that is not a chain of names; None if unknown."""
        return None

    def names(self, nodes: NodesByRole, source: bytes) -> list[str]:
        """Return every use of an API in the row; a method of an object of unknown type is ``.method``."""
        if not any(map(nodes.__getitem__, self.using)):
            return []
        return self.uses(nodes, source, self.scope(nodes, source))

    def uses(self, nodes: NodesByRole, source: bytes, scope: Scope) -> list[str]:
        """Return every use of an API, given what the row binds."""
        used: list[str | None] = []
        called: set[int] = set()
        for call in nodes["calls"]:
            function = self.function(call)
            if function.child_count:
                called.add(function.id)
            else:
                used.append(self.called_name(function, source, scope))
        read = self.read
        covered: set[int] = set()
        for node in nodes["members"]:
            start = node.start_byte
            chain = read(source[start : node.end_byte])
            if not chain:
                if node.id in called:
                    used.append(self._of_expression(node, source, scope))
            elif start not in covered:  # the longest chain from here came first
                covered.add(start)
                used.append(self.named(chain, scope, node.id in called))
        return [name for name in used if name]

    def _of_expression(self, node: Node, source: bytes, scope: Scope) -> str:
        children = node.children
        owner = self.receiver(children[0], source, scope) or ""
        return f"{owner}.{last_name(text(children[-1], source))}"

    def called_name(self, function: Node, source: bytes, scope: Scope) -> str | None:
        """Return the name of the API behind a call ``name(...)``; None for the row's own functions."""
        name = text(function, source)
        if name in scope.imports:
            return scope.imports[name]
        return None if name in scope.variables else self.plain(name, scope)

    def named(self, chain: tuple[str, ...], scope: Scope, called: bool) -> str | None:
        """Return the name of a chain of members; None if it is not a use of an API."""
        root = chain[0]
        if root in scope.imports:
            target = scope.imports[root]
            return ".".join((target, *chain[1:])) if target else None
        if root in self.receivers and len(chain) > 2 and chain[1] in scope.variables:
            chain, root = chain[1:], chain[1]
        if root in scope.variables:
            owner = scope.variables[root]
            if owner and len(chain) == 2:
                return f"{owner}.{chain[1]}"
        elif root not in self.receivers:
            name = self.free(chain, scope)
            if name:
                return name
        return f".{chain[-1]}" if called else None


def text(node: Node, source: bytes) -> str:
    """Return the code of a node."""
    return source[node.start_byte : node.end_byte].decode("utf-8", errors="replace")


_LONGEST_CHAIN = 300
_LAST_NAME = re.compile(r"[^\W\d][\w$]*")


def last_name(code: str) -> str:
    """Return the name in ``?.name``, ``name<T>`` or ``#name``; the text itself if it contains none."""
    match = _LAST_NAME.search(code)
    return match.group() if match else code


def dotted(chain: tuple[str, ...]) -> str:
    """Return a chain as written in code."""
    return ".".join(chain)


C_COMMENTS = r"/\*.*?\*/|//[^\n]*"
"""Pattern of comments in all languages but Python, which may occur between the names of a chain."""


def chain_reader(
    name: str, separator: str, *, before: str = "", between: str = C_COMMENTS, arguments: str | None = None
) -> Callable[[bytes], tuple[str, ...]]:
    """Return a function that reads ``a.b.c`` as ``("a", "b", "c")``, and anything but a chain of names as ``()``.

    Args:
        name: Pattern of one name, with one group.
        separator: Pattern of the text between names.
        before: Pattern of the text allowed before the first name.
        between: Pattern of the text allowed beside a separator, as whitespace is: comments, continued lines.
        arguments: Pattern of innermost type arguments, which may follow a name.
    """
    chain, names = re.compile(rf"{before}{name}(?:\s*(?:{separator})\s*{name})*\s*"), re.compile(name)
    ignored = re.compile(between, re.DOTALL)
    innermost = re.compile(arguments) if arguments else None

    @lru_cache(maxsize=1 << 15)  # programs repeat themselves: most chains are found here
    def read(code: bytes) -> tuple[str, ...]:
        if len(code) > _LONGEST_CHAIN:
            return ()
        written = code.decode("utf-8", errors="replace")
        if not chain.fullmatch(written):
            written = ignored.sub(" ", written)
            while innermost and (bare := innermost.sub("", written)) != written:
                written = bare
            if not chain.fullmatch(written):
                return ()
        return tuple(names.findall(written))

    return read


def without_arguments(code: str, opening: str = "<", closing: str = ">") -> str:
    """Return a name without type arguments.

    >>> without_arguments("Map<K, List<V>>.Entry"), without_arguments("h.Pair[int, string]", "[", "]")
    ('Map.Entry', 'h.Pair')
    """
    kept, depth = [], 0
    for character in code:
        depth += character == opening
        if not depth:
            kept.append(character)
        depth -= character == closing
    return "".join(kept)

"""API names of Go."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar

from codeshift.properties.api_names.base import (
    NameResolver,
    NodesByRole,
    Scope,
    chain_reader,
    dotted,
    text,
    without_arguments,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_read = chain_reader(r"([^\W\d]\w*+)", r"\.")
_NAME = re.compile(r"[^\W\d]\w*")
_TYPE = re.compile(r"\**\s*([^\W\d]\w*)\.([^\W\d]\w*)")
_MADE = re.compile(r"&?\s*([^\W\d]\w*\.[^\W\d]\w*)\s*(?:\[[^\n{]*\])?\s*\{.*", re.DOTALL)
_VERSION = re.compile(r"v\d+")
_GENERIC = ("generic_type", "type_instantiation_expression")
_TYPED = ("parameter_declaration", "variadic_parameter_declaration", "var_spec")
_UNTYPED = {"range_clause": "left", "receive_statement": "left", "type_switch_statement": "alias", "const_spec": "name"}


_NAMES = "append cap clear close complex copy delete imag len make max min new panic print println real recover"
_BUILTINS = frozenset(_NAMES.split())


class GoNames(NameResolver):
    """Resolver of members of packages by import path, and of variables whose declared type belongs to a package."""

    using = ("members", "calls", "constructed")
    roles: ClassVar = {
        "selector_expression": "members",
        "call_expression": "calls",
        "type_conversion_expression": "calls",  # the grammar's type for "h.Map[int](x)"
        "composite_literal": "constructed",
        "import_spec": "imports",
        "short_var_declaration": "assigned",
        **dict.fromkeys(_TYPED, "typed"),
        **dict.fromkeys(_UNTYPED, "untyped"),
    }

    @property
    def read(self) -> Callable[[bytes], tuple[str, ...]]:
        """Function that reads ``a.b.c`` as its names."""
        return _read

    def scope(self, nodes: NodesByRole, source: bytes) -> Scope:
        """Return imports, and variables declared with the types of packages."""
        scope = Scope()
        for node in sorted(nodes["imports"], key=lambda node: node.start_byte):
            _import(node, source, scope)
        for node in nodes["typed"]:
            _typed(node, source, scope)
        for node in nodes["assigned"]:
            _assigned(node.child_by_field_name("left"), node.child_by_field_name("right"), source, scope)
        for node in nodes["untyped"]:
            for bound in node.children_by_field_name(_UNTYPED[node.type]):
                scope.hide(_NAME.findall(text(bound, source)))
        return scope

    def function(self, call: Node) -> Node:
        """Return what a call calls, without type arguments."""
        called = call.children[0]
        return called.children[0] if called.type in _GENERIC else called

    def free(self, chain: tuple[str, ...], scope: Scope) -> str | None:
        """Return the name as written in a bare function; a file names all its packages, so there it is a variable."""
        return None if scope.imports else dotted(chain)

    def plain(self, name: str, scope: Scope) -> str | None:
        """Return a built-in function, or a member of the package imported with a dot; others are of the own package."""
        if name in _BUILTINS:
            return f"builtin.{name}"
        return f"{scope.static_wildcards[0]}.{name}" if len(set(scope.static_wildcards)) == 1 else None

    def uses(self, nodes: NodesByRole, source: bytes, scope: Scope) -> list[str]:
        """Return calls, members of packages and typed variables, and literals of a package's types."""
        used = super().uses(nodes, source, scope)
        for call in nodes["calls"]:
            function = self.function(call)
            if function.type == "qualified_type" and (chain := _read(source[function.start_byte : function.end_byte])):
                used += filter(None, [self.named(chain, scope, True)])
        type_nodes = (node.child_by_field_name("type") for node in nodes["constructed"])
        types = (_type(text(node, source), scope) for node in type_nodes if node is not None)
        return used + [name for name in types if name]


def _type(written: str, scope: Scope) -> str | None:
    match = _TYPE.fullmatch(without_arguments(written, "[", "]").strip())
    return f"{scope.imports.get(match.group(1), match.group(1))}.{match.group(2)}" if match else None


def _typed(node: Node, source: bytes, scope: Scope) -> None:
    declared = node.child_by_field_name("type")
    variadic = node.type == "variadic_parameter_declaration"
    written = text(declared, source) if declared is not None and not variadic else ""
    for name in node.children_by_field_name("name"):
        if declared is None:
            _assigned(name, node.child_by_field_name("value"), source, scope)
        else:
            scope.declare(text(name, source), _type(written, scope))


def _assigned(left: Node | None, right: Node | None, source: bytes, scope: Scope) -> None:
    names = text(left, source).split(",") if left is not None else []
    values = [child for child in right.children if child.is_named] if right is not None else []
    for name, value in zip_longest(names, values):
        if name is not None and _NAME.fullmatch(name.strip()):
            literal = _MADE.fullmatch(text(value, source)) if value is not None else None
            scope.declare(name.strip(), _type(literal.group(1), scope) if literal else None)


def _import(node: Node, source: bytes, scope: Scope) -> None:
    path = node.child_by_field_name("path")
    if path is None:
        return
    target = text(path, source).strip('"`')
    alias = node.child_by_field_name("name")
    name = text(alias, source) if alias is not None else _package(target)
    if name == ".":
        scope.static_wildcards.append(target)
    elif name != "_":
        scope.bring_in(name, target)


def _package(path: str) -> str:
    """Return the name by which code calls a package: the last part of its path that is not a version.

    >>> _package("net/http"), _package("example.com/rand/v2"), _package("gopkg.in/yaml.v3")
    ('http', 'rand', 'yaml')
    """
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and _VERSION.fullmatch(parts[-1]) else parts[-1]
    return re.sub(r"\.v\d+$", "", last)

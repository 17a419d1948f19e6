"""API names of C#."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from codeshift.properties.api_names.base import NameResolver, NodesByRole, Scope, chain_reader, dotted, text
from codeshift.properties.api_names.dotnet import C_SHARP_KEYWORD_TYPES, DOTNET_NAMESPACES
from codeshift.properties.api_names.typed import bare_type, qualified_type

if TYPE_CHECKING:
    from tree_sitter import Node

_read = chain_reader(r"(?:global\s*::\s*)?@?([^\W\d]\w*)", r"\??\.|!\.", arguments=r"<[\w\s,.\[\]?():@]*>")
_USING = re.compile(r"(?:global\s+)?using\s+(static\s+)?(?:(\w+)\s*=\s*)?(?:global::)?([\w.\s]+?)(?:<.*>)?\s*;?\s*")
_OWN_TYPES = (
    "class_declaration",
    "interface_declaration",
    "enum_declaration",
    "struct_declaration",
    "record_declaration",
    "delegate_declaration",
    "type_parameter",
)
_OWN_METHODS = ("method_declaration", "local_function_statement")
_DECLARATIONS = (
    "variable_declaration",
    "property_declaration",
    "parameter",
    "foreach_statement",
    "catch_declaration",
    "declaration_expression",
    "declaration_pattern",
    "recursive_pattern",
)


class CSharpNames(NameResolver):
    """Resolver of members by the declared type of their object, and of static members and constructors by usings."""

    using = ("members", "calls", "constructed")
    receivers = frozenset({"this", "base"})
    roles: ClassVar = {
        "member_access_expression": "members",
        "conditional_access_expression": "members",
        "member_binding_expression": "members",
        "invocation_expression": "calls",
        "object_creation_expression": "constructed",
        "using_directive": "usings",
        "from_clause": "queries",
        **dict.fromkeys((*_OWN_TYPES, *_OWN_METHODS), "own"),
        **dict.fromkeys(_DECLARATIONS, "declared"),
    }

    @property
    def read(self) -> Callable[[bytes], tuple[str, ...]]:
        """Function that reads ``a.b.c`` as its names."""
        return _read

    def scope(self, nodes: NodesByRole, source: bytes) -> Scope:
        """Return usings, the row's own types and methods, and variables with their declared types."""
        scope = Scope()
        for node in sorted(nodes["usings"], key=lambda node: node.start_byte):
            _using(text(node, source), scope)
        for node in (*nodes["own"], *nodes["queries"]):
            name = node.child_by_field_name("name") or node.children[0]
            scope.hide((text(name, source),))
        for node in nodes["declared"]:
            for variable, type_name in _declared(node, source):
                scope.declare(variable, _type(type_name, scope))
        return scope

    def free(self, chain: tuple[str, ...], scope: Scope) -> str | None:
        """Return a static member, by its type's simple or full name; a lower-case name is a field of unknown type."""
        if chain[0] in C_SHARP_KEYWORD_TYPES:
            return ".".join((C_SHARP_KEYWORD_TYPES[chain[0]], *chain[1:]))
        if chain[0][:1].isupper():
            return qualified_type(dotted(chain), scope, DOTNET_NAMESPACES, None)
        return None

    def plain(self, name: str, scope: Scope) -> str | None:
        """Return a method of the one class that is used statically; otherwise it belongs to the row's own class."""
        return f"{scope.static_wildcards[0]}.{name}" if len(set(scope.static_wildcards)) == 1 else None

    def function(self, call: Node) -> Node:
        """Return what a call calls, without the type arguments of a plain name."""
        called = call.children[0]
        return called.children[0] if called.type == "generic_name" else called

    def receiver(self, node: Node, source: bytes, scope: Scope) -> str | None:
        """Return the type of a literal, a new object, a cast or a keyword type."""
        while node.type == "parenthesized_expression" and node.child_count > 1:
            node = node.children[1]
        if node.type.endswith("string_literal") or node.type == "interpolated_string_expression":
            return "System.String"
        if node.type in ("object_creation_expression", "cast_expression"):
            type_node = node.child_by_field_name("type")
            return _type(text(type_node, source), scope) if type_node is not None else None
        return None

    def uses(self, nodes: NodesByRole, source: bytes, scope: Scope) -> list[str]:
        """Return calls, properties and fields of typed objects, static members, and constructors."""
        used = super().uses(nodes, source, scope)
        type_nodes = (node.child_by_field_name("type") for node in nodes["constructed"])
        types = (_type(text(node, source), scope) for node in type_nodes if node is not None)
        return used + [name for name in types if name]


def _type(written: str, scope: Scope) -> str | None:
    bare = bare_type(written.removeprefix("global::"))
    if bare is None or bare == "var" or bare.split(".")[0] in scope.variables:
        return None  # an array, a type of the row's own or a type parameter
    return C_SHARP_KEYWORD_TYPES.get(bare) or qualified_type(bare, scope, DOTNET_NAMESPACES, None)


def _declared(node: Node, source: bytes) -> Iterator[tuple[str, str]]:
    """Yield the variables that a declaration binds, with their types as written."""
    declared = node.child_by_field_name("type")
    written = text(declared, source) if declared is not None else ""
    if node.type == "variable_declaration":
        for child in node.children:
            if child.type == "variable_declarator":
                yield text(child.children[0], source), _initialised(child, source) if written == "var" else written
        return
    name = node.child_by_field_name("left" if node.type == "foreach_statement" else "name")
    if name is not None:
        yield text(name, source), written


def _initialised(declarator: Node, source: bytes) -> str:
    """Return the type of ``var x = new T()``; the text of no type for any other value."""
    value = declarator.children[-1]
    type_node = value.child_by_field_name("type") if value.type == "object_creation_expression" else None
    return text(type_node, source) if type_node is not None else "var"


def _using(code: str, scope: Scope) -> None:
    match = _USING.fullmatch(code)
    if not match:
        return
    static, alias, target = match.group(1), match.group(2), re.sub(r"\s", "", match.group(3))
    if alias:
        scope.bring_in(alias, target)
    else:
        (scope.static_wildcards if static else scope.wildcards).append(target)

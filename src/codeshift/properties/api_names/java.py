"""API names of Java."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
from codeshift.properties.api_names.jdk import JAVA_PACKAGES
from codeshift.properties.api_names.typed import bare_type, qualified_type

if TYPE_CHECKING:
    from tree_sitter import Node

_read = chain_reader(r"([^\W\d][\w$]*+)", r"\.")
_IMPORT = re.compile(r"import\s+(static\s+)?([\w$.\s]+?)\s*(\.\s*\*)?\s*;?\s*")
_OWN_TYPES = ("class_declaration", "interface_declaration", "enum_declaration", "record_declaration", "type_parameter")
_DECLARATIONS = (
    "local_variable_declaration",
    "field_declaration",
    "formal_parameter",
    "spread_parameter",
    "enhanced_for_statement",
    "resource",
    "catch_formal_parameter",
    "instanceof_expression",
    "type_pattern",
    "record_pattern_component",
)

_PATTERNS = ("type_pattern", "record_pattern_component")  # a type and a name, without fields


class JavaNames(NameResolver):
    """Resolver of methods by the declared type of their object, and of static members and constructors by imports."""

    using = ("members", "calls", "constructed", "references")
    receivers = frozenset({"this", "super"})
    roles: ClassVar = {
        "method_invocation": "calls",
        "field_access": "members",
        "object_creation_expression": "constructed",
        "method_reference": "references",
        "import_declaration": "imports",
        "method_declaration": "methods",
        "lambda_expression": "lambdas",
        **dict.fromkeys(_OWN_TYPES, "own"),
        **dict.fromkeys(_DECLARATIONS, "declared"),
    }

    @property
    def read(self) -> Callable[[bytes], tuple[str, ...]]:
        """Function that reads ``a.b.c`` as its names."""
        return _read

    def scope(self, nodes: NodesByRole, source: bytes) -> Scope:
        """Return imports, the row's own classes and methods, and variables with their declared types."""
        scope = Scope()
        for node in sorted(nodes["imports"], key=lambda node: node.start_byte):
            _import(text(node, source), scope)
        for node in nodes["own"]:
            name = node.child_by_field_name("name") or node.children[0]
            scope.hide((text(name, source),))
        for node in nodes["lambdas"]:
            parameters = node.child_by_field_name("parameters")
            if parameters is not None and parameters.type != "formal_parameters":
                scope.hide(re.findall(r"[^\W\d][\w$]*", text(parameters, source)))
        for node in nodes["declared"]:
            for variable, type_name in _declared(node, source):
                scope.declare(variable, _type(type_name, scope))
        return scope

    def named(self, chain: tuple[str, ...], scope: Scope, called: bool) -> str | None:
        """Return the name of a chain of members; ``Outer.this`` is the current object, like ``this``."""
        return super().named(chain[chain.index("this") :] if "this" in chain else chain, scope, called)

    def free(self, chain: tuple[str, ...], scope: Scope) -> str | None:
        """Return a static member of a class, by its simple or full name; a lower-case name is an unknown field."""
        if chain[0][:1].isupper():
            return qualified_type(dotted(chain), scope, JAVA_PACKAGES, "java.lang")
        return dotted(chain) if any(name[:1].isupper() for name in chain[1:-1]) else None

    def plain(self, name: str, scope: Scope) -> str | None:
        """Return a method of the one class whose static members were all imported; others are of the row's class."""
        return f"{scope.static_wildcards[0]}.{name}" if len(set(scope.static_wildcards)) == 1 else None

    def receiver(self, node: Node, source: bytes, scope: Scope) -> str | None:
        """Return the type of a literal, a new object or a cast."""
        while node.type == "parenthesized_expression" and node.child_count > 1:
            node = node.children[1]
        if node.type == "string_literal":
            return "java.lang.String"
        if node.type in ("object_creation_expression", "cast_expression"):
            type_node = node.child_by_field_name("type")
            return _type(text(type_node, source), scope) if type_node is not None else None
        return None

    def uses(self, nodes: NodesByRole, source: bytes, scope: Scope) -> list[str]:
        """Return calls, constructors, method references and static fields."""
        covered: set[int] = set()
        own = {text(name, source) for node in nodes["methods"] if (name := node.child_by_field_name("name"))}
        used = [self._invoked(node, source, scope, own, covered) for node in nodes["calls"]]
        for node in nodes["constructed"]:
            type_node = node.child_by_field_name("type")
            used.append(_type(text(type_node, source), scope) if type_node is not None else None)
        for node in nodes["references"]:
            chain = _read(without_arguments(text(node, source)).replace("::", ".").encode())
            if chain:
                covered.add(node.start_byte)
                used.append(self.named(chain, scope, True))
        used += self._static_fields(nodes["members"], source, scope, covered)
        return [name for name in used if name]

    def _invoked(self, node: Node, source: bytes, scope: Scope, own: set[str], covered: set[int]) -> str | None:
        target, name = node.child_by_field_name("object"), node.child_by_field_name("name")
        if name is None:
            return None
        if target is None:
            return None if text(name, source) in own else self.called_name(name, source, scope)
        chain = _read(source[target.start_byte : target.end_byte])
        if not chain:
            return f"{self.receiver(target, source, scope) or ''}.{text(name, source)}"
        covered.add(target.start_byte)
        return self.named((*chain, text(name, source)), scope, True)

    def _static_fields(self, fields: list[Node], source: bytes, scope: Scope, covered: set[int]) -> list[str | None]:
        names = []
        for node in fields:
            chain = _read(source[node.start_byte : node.end_byte])
            if chain and node.start_byte not in covered and chain[0] not in scope.variables:
                covered.add(node.start_byte)
                names.append(self.named(chain, scope, False))
        return names


def _type(written: str, scope: Scope) -> str | None:
    bare = bare_type(written)
    first = bare.split(".")[0] if bare else ""
    if bare is None or first in scope.variables or (first[:1].islower() and "." not in bare):
        return None  # an array, a class of the row's own, a type parameter, a primitive or var
    return qualified_type(bare, scope, JAVA_PACKAGES, "java.lang")


def _declared(node: Node, source: bytes) -> Iterator[tuple[str, str]]:
    """Yield the variables that a declaration binds, with their types as written."""
    declared = node.child_by_field_name("type" if node.type != "instanceof_expression" else "right")
    written = text(declared, source) if declared is not None else ""
    if node.type == "catch_formal_parameter":
        written = text(node.children[-2], source) if node.child_count > 1 else ""
    names = [name] if (name := node.child_by_field_name("name")) else []
    if node.type in _PATTERNS and len(node.named_children) > 1:
        written, names = text(node.named_children[-2], source), [node.named_children[-1]]
    for child in node.children:
        if child.type == "variable_declarator":
            names.append(child.children[0])
            if written == "var":
                value = child.child_by_field_name("value")
                type_node = (
                    value.child_by_field_name("type") if value and value.type == "object_creation_expression" else None
                )
                written = text(type_node, source) if type_node is not None else ""
    array = (
        "[]" if any(child.type == "dimensions" for child in node.children) or node.type == "spread_parameter" else ""
    )
    for name in names:
        yield text(name, source), written + array


def _import(code: str, scope: Scope) -> None:
    match = _IMPORT.fullmatch(code)
    if not match:
        return
    target = re.sub(r"\s", "", match.group(2))
    if match.group(3):
        (scope.static_wildcards if match.group(1) else scope.wildcards).append(target)
    else:
        scope.bring_in(target.rpartition(".")[2], target)

"""API names of JavaScript and TypeScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from codeshift.properties.api_names.base import NameResolver, NodesByRole, Scope, chain_reader, dotted, text

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = r"[^\W\d][\w$]*+|\$[\w$]*+"
_read = chain_reader(rf"(#?(?:{_NAME}))", r"\??\.|!\.")
# require("fs") and, once awaited, import("fs"); what follows is a chain of members.
_REQUIRED = re.compile(
    rf"""\(?\s*(?:(?:await\s+)?require|await\s+import)\s*\(\s*(["'`])([^"'`]+)\1\s*\)\s*\)?((?:\.(?:{_NAME}))*)"""
)
_DEFAULT = re.compile(r"=[^,}\]]*")
_BOUND = re.compile(rf"(?<![\w$.])(?:{_NAME})(?!\s*:)")
_SPECIFIER = re.compile(rf"({_NAME})(?:\s*(?::|\bas\b)\s*({_NAME}))?")
_LITERALS = {
    "string": "String.prototype",
    "template_string": "String.prototype",
    "array": "Array.prototype",
    "regex": "RegExp.prototype",
    "number": "Number.prototype",
}


_BINDING_FIELDS = {
    "arrow_function": "parameter",
    "for_in_statement": "left",
    "catch_clause": "parameter",
    "function_declaration": "name",
    "generator_function_declaration": "name",
    "function_expression": "name",
    "class_declaration": "name",
    "class": "name",
    "enum_declaration": "name",
}
# Words that look like a called or assigned name and are not one that a program could use an API by.
_NO_API = ("module", "exports", "arguments", "require", "import", "super", "this")


class JavaScriptNames(NameResolver):
    """Resolver of modules by ``import`` and ``require``; globals such as ``JSON.parse`` stay as written."""

    using = ("members", "calls", "constructed")
    receivers = frozenset({"this", "super"})
    roles: ClassVar = {
        "member_expression": "members",
        "call_expression": "calls",
        "new_expression": "constructed",
        "import_statement": "imports",
        "variable_declarator": "declared",
        "formal_parameters": "parameters",
        **dict.fromkeys(_BINDING_FIELDS, "bound"),
    }

    @property
    def read(self) -> Callable[[bytes], tuple[str, ...]]:
        """Function that reads ``a.b.c`` as its names."""
        return _read

    def scope(self, nodes: NodesByRole, source: bytes) -> Scope:
        """Return imported and required modules; all other bindings have no known type."""
        scope = Scope(variables=dict.fromkeys(_NO_API))
        for node in sorted(nodes["imports"], key=lambda node: node.start_byte):
            _import(node, source, scope)
        for node in sorted(nodes["declared"], key=lambda node: node.start_byte):
            _declarator(node, source, scope)
        for node in nodes["parameters"]:
            for child in node.children:
                if child.is_named:
                    scope.hide(_bound(text(child.child_by_field_name("pattern") or child, source)))
        for node in nodes["bound"]:
            if bound := node.child_by_field_name(_BINDING_FIELDS[node.type]):
                scope.hide(_bound(text(bound, source)))
        return scope

    def free(self, chain: tuple[str, ...], scope: Scope) -> str:
        """Return a global, as written."""
        return dotted(chain)

    def plain(self, name: str, scope: Scope) -> str:
        """Return a global function, as written."""
        return name

    def receiver(self, node: Node, source: bytes, scope: Scope) -> str | None:
        """Return the type of a literal, or the module that an expression requires."""
        if node.type in ("call_expression", "member_expression", "parenthesized_expression"):
            return _required(text(node, source))
        return _LITERALS.get(node.type)

    def uses(self, nodes: NodesByRole, source: bytes, scope: Scope) -> list[str]:
        """Return calls, members of modules and globals, and ``new`` of a plain name (others are members)."""
        used = super().uses(nodes, source, scope)
        constructors = (node.child_by_field_name("constructor") for node in nodes["constructed"])
        plain = (node for node in constructors if node is not None and not node.child_count)
        return used + [name for node in plain if (name := self.called_name(node, source, scope))]


def _module(specifier: str) -> str | None:
    """Return a module's name; None for the project's own files."""
    return None if specifier.startswith((".", "/")) else specifier.removeprefix("node:")


def _required(code: str) -> str | None:
    match = _REQUIRED.fullmatch(code)
    module = _module(match.group(2)) if match else None
    return module + match.group(3) if match and module else None


@lru_cache(maxsize=1 << 13)
def _bound(pattern: str) -> tuple[str, ...]:
    return tuple(_BOUND.findall(_DEFAULT.sub("", pattern)))


def _declarator(node: Node, source: bytes, scope: Scope) -> None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None:
        return
    match = _REQUIRED.fullmatch(text(value, source)) if value is not None else None
    if not match:
        scope.hide(_bound(text(name, source)))
        return
    module = _module(match.group(2))
    _bring_in(name, module + match.group(3) if module else None, source, scope)


def _bring_in(name: Node, target: str | None, source: bytes, scope: Scope) -> None:
    """Bind one name, or each name of ``{a, b: c}`` or ``{a, b as c}``, to its member of a module."""
    if name.type == "identifier":
        scope.bring_in(text(name, source), target)
        return
    if name.type.endswith("_pattern"):
        _take_apart(name, target, source, scope)
        return
    for part in text(name, source).strip("{} \n\t\r").split(","):
        match = _SPECIFIER.match(part.strip().removeprefix("type "))
        if match:
            member = match.group(1)
            qualified = target if member == "default" else f"{target}.{member}"
            scope.bring_in(match.group(2) or member, qualified if target else None)


def _take_apart(pattern: Node, target: str | None, source: bytes, scope: Scope) -> None:
    """Bind the names of ``{a, b: {c}, d = 1, ...e}`` to the members they come from; an array's have no known name."""
    if pattern.type == "array_pattern":
        scope.hide(_bound(text(pattern, source)))
        return
    for part in pattern.named_children:
        if part.type == "rest_pattern":
            _bring_in(part.named_children[0], target, source, scope)
        elif part.type != "comment":
            key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
            value = part.child_by_field_name("value") or key
            value = value.child_by_field_name("left") or value
            member = text(key, source).strip("\"'")
            qualified = target if member == "default" or target is None else f"{target}.{member}"
            if value.type.startswith("shorthand"):
                scope.bring_in(text(value, source), qualified)
            else:
                _bring_in(value, qualified, source, scope)


def _import(node: Node, source: bytes, scope: Scope) -> None:
    inner = next((child for child in node.children if child.type in ("import_clause", "import_require_clause")), None)
    written = node.child_by_field_name("source") or (inner.child_by_field_name("source") if inner else None)
    if inner is None or written is None:
        return
    module = _module(text(written, source).strip("\"'"))
    for child in inner.children:
        if child.type in ("identifier", "named_imports"):
            _bring_in(child, module, source, scope)
        elif child.type == "namespace_import":
            _bring_in(child.children[-1], module, source, scope)

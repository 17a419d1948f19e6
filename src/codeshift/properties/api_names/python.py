"""API names of Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from codeshift.properties.api_names.base import NameResolver, NodesByRole, Scope, chain_reader, dotted, text
from codeshift.properties.api_names.python_builtins import PYTHON_BUILTINS

if TYPE_CHECKING:
    from tree_sitter import Node

# In "[*re.findall(a)]" the grammar reads the star as a part of the name.
_read = chain_reader(r"([^\W\d]\w*+)", r"\.", before=r"(?:\*\s*)?", between=r"\\\r?\n|#[^\n]*")
_DISPLAYS = {
    "integer": "builtins.int",
    "float": "builtins.float",
    "true": "builtins.bool",
    "false": "builtins.bool",
    "tuple": "builtins.tuple",
    "list": "builtins.list",
    "list_comprehension": "builtins.list",
    "dictionary": "builtins.dict",
    "dictionary_comprehension": "builtins.dict",
    "set": "builtins.set",
    "set_comprehension": "builtins.set",
}
_AROUND = ("parenthesized_expression", "list_splat")
_FROM = re.compile(r"from\s+([\w.\s]+?)\s+import\s+(.*)", re.DOTALL)
_NAME = re.compile(r"[^\W\d]\w*")
# A target that binds: not an attribute, not a subscript and nothing inside one.
_TARGET = re.compile(r"(?<![\w.\[])[^\W\d]\w*+(?!\s*[.\[(])")
_IN_LIST = re.compile(r"(?:^|,)\s*\**\s*([^\W\d]\w*)")
_INNERMOST = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")
_STRING_OR_COMMENT = re.compile(r"""("|')(?:\\.|(?!\1)[^\\\n])*\1|#[^\n]*""")
_COMMENT = re.compile(r"#[^\n]*|\\\r?\n")


class PythonNames(NameResolver):
    """Resolver of imports with their aliases and of built-ins as ``builtins.len``; free names stay as written."""

    using = ("members", "calls", "cases")
    receivers = frozenset({"self", "cls"})
    roles: ClassVar = {
        "attribute": "members",
        "call": "calls",
        "import_statement": "imports",
        "import_from_statement": "imports",
        "parameters": "parameters",
        "lambda_parameters": "parameters",
        "assignment": "targets",
        "named_expression": "targets",
        "as_pattern_target": "targets",
        "for_statement": "loops",
        "for_in_clause": "loops",
        "function_definition": "definitions",
        "class_definition": "definitions",
        "case_clause": "cases",
    }

    @property
    def read(self) -> Callable[[bytes], tuple[str, ...]]:
        """Function that reads ``a.b.c`` as its names."""
        return _read

    def scope(self, nodes: NodesByRole, source: bytes) -> Scope:
        """Return imports; all other bindings have no known type."""
        scope = Scope()
        if nodes["imports"]:
            for node in sorted(nodes["imports"], key=lambda node: node.start_byte):
                _import(text(node, source), scope)
        variables = scope.variables
        for node in nodes["parameters"]:
            variables.update(_parameters(source[node.start_byte : node.end_byte]))
        for node in nodes["targets"]:
            _bind_names(node.children[0], source, variables)
        for node in (*nodes["loops"], *nodes["definitions"]):  # "for x in", "def f" and similar after "async"
            children = node.children
            _bind_names(children[min(1 + (children[0].type == "async"), len(children) - 1)], source, variables)
        for node in nodes["definitions"]:
            if generic := node.child_by_field_name("type_parameters"):
                variables.update(dict.fromkeys(_IN_LIST.findall(text(generic, source)[1:-1])))
        for case in nodes["cases"]:
            variables.update(dict.fromkeys(text(name, source) for name in _patterns(case)[0]))
        return scope

    def uses(self, nodes: NodesByRole, source: bytes, scope: Scope) -> list[str]:
        """Return calls, members, and the classes and values that ``case`` compares with."""
        used = super().uses(nodes, source, scope)
        for case in nodes["cases"]:
            for node in _patterns(case)[1]:
                chain = _read(source[node.start_byte : node.end_byte])
                if len(chain) == 1:
                    used += filter(None, [self.called_name(node, source, scope)])
                elif chain:
                    used += filter(None, [self.named(chain, scope, False)])
        return used

    def free(self, chain: tuple[str, ...], scope: Scope) -> str:
        """Return a built-in, or the chain as written: a bare function's imports are outside its row."""
        if chain[0] in ("True", "False"):
            return ".".join(("builtins.bool", *chain[1:]))
        return f"builtins.{dotted(chain)}" if chain[0] in PYTHON_BUILTINS else dotted(chain)

    def plain(self, name: str, scope: Scope) -> str:
        """Return a built-in, or the name as written."""
        return f"builtins.{name}" if name in PYTHON_BUILTINS else name

    def function(self, call: Node) -> Node:
        """Return what a call calls; the star of ``[*sorted(x)]`` does not belong to it."""
        called = call.children[0]
        return called.children[-1] if called.type == "list_splat" else called

    def receiver(self, node: Node, source: bytes, scope: Scope) -> str | None:
        """Return the type of a literal."""
        while node.type in _AROUND and node.child_count > 1:
            node = node.children[1]
        if node.type in ("identifier", "attribute"):
            chain = _read(source[node.start_byte : node.end_byte])
            return self.named(chain, scope, False) if chain and chain[0] in scope.imports else None
        if node.type in ("string", "concatenated_string"):
            opening = text(node, source).partition("'")[0].partition('"')[0]
            return "builtins.bytes" if "b" in opening.lower() else "builtins.str"
        if node.type in ("integer", "float") and text(node, source)[-1:] in "jJ":
            return "builtins.complex"
        return _DISPLAYS.get(node.type)


@lru_cache(maxsize=1 << 14)
def _parameters(code: bytes) -> dict[str, None]:
    """Return the names of a list of parameters, with or without brackets around it."""
    written = _STRING_OR_COMMENT.sub("", code.decode("utf-8", errors="replace")).removeprefix("(").removesuffix(")")
    inner = 1
    while inner:  # defaults and annotations may hold commas of their own
        written, inner = _INNERMOST.subn("", written)
    return dict.fromkeys(_IN_LIST.findall(written))


def _bind_names(target: Node, source: bytes, variables: dict[str, str | None]) -> None:
    if not target.child_count:
        variables[text(target, source)] = None
    elif target.type not in ("attribute", "subscript"):  # they bind no name
        variables.update(dict.fromkeys(_TARGET.findall(text(target, source))))


def _patterns(case: Node) -> tuple[list[Node], list[Node]]:
    """Return the names that a ``case`` binds, and those of the classes and values that it compares with."""
    bound: list[Node] = []
    compared: list[Node] = []
    patterns = [child for child in case.children if child.type == "case_pattern"]
    while patterns:
        node = patterns.pop()
        inner = node.named_children[1:] if node.type == "keyword_pattern" else node.named_children
        for child in inner:
            if child.type == "dotted_name":
                captures = child.named_child_count == 1 and node.type != "class_pattern"
                (bound if captures else compared).append(child)
            elif child.type == "identifier":  # after a star, or after "as"
                bound.append(child)
            else:
                patterns.append(child)
    return bound, compared


def _import(code: str, scope: Scope) -> None:
    code = _COMMENT.sub(" ", code)
    match = _FROM.match(code)
    if match:
        module = re.sub(r"\s", "", match.group(1))
        _import_from(module, match.group(2), scope)
    elif code.startswith("import"):
        for part in code.removeprefix("import").split(","):
            name, _, alias = part.partition(" as ")
            name = re.sub(r"\s", "", name)
            if alias.strip():
                scope.bring_in(alias.strip(), name)
            elif name:  # "import a.b" binds a
                scope.bring_in(name.split(".")[0], name.split(".")[0])


def _import_from(module: str, imported: str, scope: Scope) -> None:
    own = module.startswith(".")
    for part in imported.strip("() \t\r\n").split(","):
        words = _NAME.findall(part)
        if words and (len(words) == 1 or words[1:2] == ["as"]):
            scope.bring_in(words[-1], None if own else f"{module}.{words[0]}")

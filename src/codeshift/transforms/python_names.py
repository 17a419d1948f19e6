"""Local names of Python functions, and code in which they are other names."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from codeshift.properties.parsing import CodeParser
from codeshift.transforms.edits import Edit, words_of
from codeshift.transforms.edits import edited as bytes_edited
from codeshift.transforms.new_names import NewNames
from codeshift.transforms.python_source import Function, PythonSource, parsed_module, same_meaning

if TYPE_CHECKING:
    from tree_sitter import Node

_KEPT = frozenset({"self", "cls", "_", "super", "__class__"})


def rename_python(text: str, parser: CodeParser, new_names: NewNames, *, parameters: bool) -> str:
    """Return code with other local names; as it is if it cannot be told which names are local.

    A name is replaced throughout a function if it is a local variable in every scope that has it: of the function or
    of functions within it. What a class, an import, an argument's keyword or a global name may also mean is kept.

    Args:
        text: Code.
        parser: Parser of Python, for the positions of names.
        new_names: Function that gives names.
        parameters: Whether parameters are replaced as well.
    """
    source = PythonSource.read(text)
    if source is None or source.looks_inside:
        return text
    tables = _tables_of_functions(text)
    functions = [
        (function, names)
        for function in source.outermost_functions()
        if (names := _local_names(tables.get((function.name, function.lineno)), source, parameters=parameters))
    ]
    places = _places_by_function(source, parser, functions)
    rest = bytes_edited(
        source.data, [Edit(start, end, b" ") for named_places in places for start, end, _ in named_places]
    )
    taken = words_of(rest.decode())
    edits, mappings = [], []
    for named_places in places:
        mapping = new_names(list(dict.fromkeys(name for _, _, name in named_places)), taken)
        mappings.append(mapping)
        edits += [Edit(start, end, mapping[name].encode()) for start, end, name in named_places]
    renamed = bytes_edited(source.data, edits).decode()
    expected = _mapped(text, functions, mappings)
    after = parsed_module(renamed)
    return renamed if after is not None and expected is not None and same_meaning(expected, after) else text


def _tables_of_functions(text: str) -> dict[tuple[str, int], symtable.SymbolTable]:
    """Return the tables of functions that stand in no other, by name and line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            waiting = [symtable.symtable(text, "row", "exec")]
    except (SyntaxError, ValueError, RecursionError):
        return {}
    tables: dict[tuple[str, int], symtable.SymbolTable] = {}
    while waiting:
        for child in waiting.pop().get_children():
            if isinstance(child, symtable.Function):
                tables[child.get_name(), child.get_lineno()] = child
            else:
                waiting.append(child)
    return tables


def _local_names(table: symtable.SymbolTable | None, source: PythonSource, *, parameters: bool) -> set[str]:
    if table is None:
        return set()
    scopes, waiting = [], [table]
    while waiting:
        scopes.append(waiting.pop())
        waiting += scopes[-1].get_children()
    names: dict[str, bool] = {}
    for scope in scopes:
        inside = isinstance(scope, symtable.Function)
        for symbol in scope.get_symbols():
            fits = inside and _is_variable(symbol, parameters=parameters)
            names[symbol.get_name()] = names.get(symbol.get_name(), True) and fits
    keywords = {node.arg for node in ast.walk(source.tree) if isinstance(node, ast.keyword)} if parameters else set()
    refused = _KEPT | keywords | _shown_names(source.tree)
    return {name for name, fits in names.items() if fits and name not in refused and name.isidentifier()}


def _is_variable(symbol: symtable.Symbol, *, parameters: bool) -> bool:
    if symbol.get_name().startswith("__") or symbol.is_imported() or symbol.is_namespace() or symbol.is_global():
        return False
    if symbol.is_parameter() and not parameters:
        return False
    return symbol.is_local() or symbol.is_free()


def _shown_names(tree: ast.AST) -> set[str]:
    """Return the names within f-strings whose text is shown by ``{name=}``, which becomes text before them."""
    shown: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            if any(str(value).rstrip().endswith("=") for value in texts):
                shown |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return shown


NamePlace = tuple[int, int, str]


def _places_by_function(
    source: PythonSource, parser: CodeParser, functions: list[tuple[Function, set[str]]]
) -> list[list[NamePlace]]:
    """Return the places of the names to replace, function by function."""
    root = parser.parse(source.text)
    by_function: list[list[NamePlace]] = []
    for function, names in functions:
        start, end = source.start(function), source.end(function)
        outside = [(source.start(node), source.end(node)) for node in _of_the_scope_around(function)]
        places = [
            (node.start_byte, node.end_byte, name)
            for node in _identifiers(root.roots, start, end)
            if (name := source.data[node.start_byte : node.end_byte].decode()) in names
            and not any(low <= node.start_byte < high for low, high in outside)
        ]
        by_function.append(places)
    return by_function


def _of_the_scope_around(function: Function) -> list[ast.expr]:
    """Return what a function's header evaluates where the function stands: decorators, defaults, annotations."""
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    nodes: list[Any] = [*function.decorator_list, *arguments.defaults, *arguments.kw_defaults, function.returns]
    return [node for node in (*nodes, *(argument.annotation for argument in parameters)) if node is not None]


def _identifiers(roots: tuple[Node, ...], start: int, end: int) -> Iterator[Node]:
    """Yield the identifiers that may be variables, in the order of the text."""
    waiting = list(reversed(roots))
    while waiting:
        node = waiting.pop()
        if node.end_byte <= start or node.start_byte >= end:
            continue
        if node.type == "identifier":
            yield node
        skipped = {"attribute": "attribute", "keyword_argument": "name"}.get(node.type)
        kept = None if skipped is None else node.child_by_field_name(skipped)
        children = [child for child in node.children if kept is None or child != kept]
        waiting += reversed(children[1:] if node.type == "keyword_pattern" else children)


def _mapped(
    text: str, functions: list[tuple[Function, set[str]]], mappings: Sequence[Mapping[str, str]]
) -> ast.Module | None:
    """Return the tree of the code with names replaced in it, to compare the new code with."""
    tree = parsed_module(text)
    if tree is None:
        return None
    by_place = {
        (function.name, function.lineno): mapping for (function, _), mapping in zip(functions, mappings, strict=True)
    }
    for node in ast.walk(tree):
        if isinstance(node, Function) and (node.name, node.lineno) in by_place:
            outside = {id(part) for top in _of_the_scope_around(node) for part in ast.walk(top)}
            _map_names(node, by_place[node.name, node.lineno], outside)
    return tree


_NAMES = {
    ast.Name: "id", ast.arg: "arg", ast.ExceptHandler: "name", ast.MatchAs: "name", ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}  # fmt: skip


def _map_names(function: Function, mapping: Mapping[str, str], outside: set[int]) -> None:
    for node in ast.walk(function):
        if id(node) in outside:
            continue
        if isinstance(node, ast.Nonlocal):
            node.names = [mapping.get(name, name) for name in node.names]
        for kind, attribute in _NAMES.items():
            if isinstance(node, kind) and getattr(node, attribute) is not None:
                setattr(node, attribute, mapping.get(getattr(node, attribute), getattr(node, attribute)))

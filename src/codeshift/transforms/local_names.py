"""Local names of languages with declarations and blocks, and code in which they are other names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from codeshift.properties.parsing import CodeParser, ParsedCode
from codeshift.transforms.edits import Edit, edited, encoded, words_of
from codeshift.transforms.leaves import is_comment, same_leaves
from codeshift.transforms.name_rules import RULES, Fields, NameRules, node_field
from codeshift.transforms.new_names import NewNames

if TYPE_CHECKING:
    from tree_sitter import Node

NameKind = Literal["variable", "parameter", "bound", "kept", "exposed", "use"]


@dataclass(frozen=True)
class _FoundName:
    """A name where it stands; a declaration has the node in which it is valid, and from where on."""

    node: Node
    text: str
    kind: NameKind
    scope: Node | None = None
    valid_from: int = 0


def rename_locals(text: str, parser: CodeParser, new_names: NewNames, *, parameters: bool) -> str:
    """Return code with other names of local variables; as it is if it has errors or names that cannot be told apart.

    A name is replaced throughout the row if each place that may mean a variable lies in the scope of a local
    declaration of it, and if it is declared as nothing else.

    Args:
        text: Code.
        parser: Parser of the language.
        new_names: Function that gives names.
        parameters: Whether parameters are replaced as well.
    """
    data, rules = encoded(text), RULES[parser.language]
    if data is None or not rules.refused_words.isdisjoint(words_of(text)):
        return text
    code = parser.parse(text)
    if code.has_error or code.stopped:
        return text
    names, others = _names_and_others(code, rules)
    by_text: dict[str, list[_FoundName]] = {}
    for name in names:
        by_text.setdefault(name.text, []).append(name)
    declaring: tuple[NameKind, ...] = ("variable", "parameter") if parameters else ("variable",)
    local = {
        word for word, places in by_text.items() if word not in others and _is_local(word, places, declaring, rules)
    }
    places = [name for name in names if name.text in local and name.kind != "kept"]
    rest = edited(code.source, [Edit(place.node.start_byte, place.node.end_byte, b" ") for place in places])
    mapping = new_names(list(dict.fromkeys(place.text for place in places)), words_of(rest.decode()))
    edits = [
        Edit(place.node.start_byte - code.start, place.node.end_byte - code.start, mapping[place.text].encode())
        for place in places
    ]
    renamed = edited(data, edits).decode()
    return renamed if places and same_leaves(code, parser.parse(renamed), but="identifier") else text


def _is_local(word: str, places: list[_FoundName], declaring: tuple[NameKind, ...], rules: NameRules) -> bool:
    if word == "_" or not word.isidentifier() or any(place.kind not in (*declaring, "kept", "use") for place in places):
        return False
    declared = [place for place in places if place.kind in declaring]
    return bool(declared) and all(
        any(_covers(declaration, place, rules) for declaration in declared) for place in places if place.kind != "kept"
    )


def _covers(declaration: _FoundName, place: _FoundName, rules: NameRules) -> bool:
    """Return whether a name that stands at a place may mean what is declared."""
    scope = declaration.scope
    if scope is None or not scope.start_byte <= place.node.start_byte < scope.end_byte:
        return False
    return declaration is place or not rules.in_order or declaration.valid_from <= place.node.start_byte


def _names_and_others(code: ParsedCode, rules: NameRules) -> tuple[list[_FoundName], set[str]]:
    """Return all identifiers in their order, and the words of other leaves that a variable may be meant by."""
    names: list[_FoundName] = []
    others: set[str] = set()
    for node, above in _leaves(code):
        text = code.source[node.start_byte : node.end_byte].decode(errors="replace")
        if any(ancestor.type in rules.refused for ancestor in (node, *above)):
            others |= words_of(text)
        elif node.type == "identifier":
            names.append(_classified(node, text, above, rules))
        elif node.type == "implicit_parameter":  # of a lambda of C#
            scope = next((ancestor for ancestor in above if ancestor.type in rules.scopes), None)
            names.append(_FoundName(node, text, "parameter", scope))
        elif node.type not in rules.harmless and node.is_named and not is_comment(node):
            others.add(text)
    return names, others


def _leaves(code: ParsedCode) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Yield the leaves in their order, each with the nodes above it, the nearest first."""
    waiting: list[tuple[Node, tuple[Node, ...]]] = [(root, ()) for root in reversed(code.roots)]
    while waiting:
        node, above = waiting.pop()
        if not node.children:
            yield node, above
        waiting += [(child, (node, *above)) for child in reversed(node.children)]


def _classified(node: Node, text: str, above: tuple[Node, ...], rules: NameRules) -> _FoundName:
    """Tell what a name is by the nodes above it."""
    if _is_exposed(node, above, rules):
        return _FoundName(node, text, "exposed")
    child = node
    for i, parent in enumerate(above):
        kinds: tuple[tuple[NameKind, Fields], ...] = (("parameter", rules.parameters), ("bound", rules.bound))
        # A declaration whose field is not named holds declarators, not names.
        if i or rules.variables.get(parent.type) is not None:
            kinds = (("variable", rules.variables), *kinds)
        for kind, fields in kinds:
            if parent.type in fields and node_field(parent, fields[parent.type], child):
                return _declared_name(node, text, kind, parent, above[i:], rules)
        if parent.type not in rules.wrappers or not node_field(parent, rules.wrappers[parent.type], child):
            break
        child = parent
    kept = bool(above) and above[0].type in rules.kept and node_field(above[0], rules.kept[above[0].type], node)
    return _FoundName(node, text, "kept" if kept else "use")


def _declared_name(
    node: Node, text: str, kind: NameKind, parent: Node, above: tuple[Node, ...], rules: NameRules
) -> _FoundName:
    needed = rules.only_with.get(parent.type)
    if needed is not None and not any(child.type in needed for child in parent.children):
        return _FoundName(node, text, "bound")
    valid_from = node.start_byte
    if parent.type in rules.valid_after:
        name = rules.valid_after[parent.type]
        last = parent if name is None else parent.child_by_field_name(name)
        valid_from = (last or parent).end_byte
    scope = next((ancestor for ancestor in above if ancestor.type in rules.scopes), None)
    return _FoundName(node, text, kind, scope, valid_from)


def _is_exposed(node: Node, above: tuple[Node, ...], rules: NameRules) -> bool:
    """Return whether the text of a name may count here, or the name may mean a type or a member."""
    if node.type == "identifier" and node.text is not None and node.text.startswith(b"@"):
        return True  # C# takes it for the same name without it
    if not above:
        return False
    parent = above[0]
    if parent.type in rules.exposed and node_field(parent, rules.exposed[parent.type], node):
        return True
    if any(node_field(parent, name, node) for name in ("type", "returns")):
        return True
    if len(above) == 1:
        return False
    if above[1].type == "keyed_element" and node_field(above[1], "key", parent):
        return True  # of Go: a field, or a variable in a map
    in_initializer = above[1].type in ("initializer_expression", "with_expression") and node_field(parent, "left", node)
    return (parent.type == "assignment_expression" and in_initializer) or (
        parent.type == "argument" and above[1].type == "tuple_expression"
    )

"""One pass over a syntax tree: its subtrees as numbers, and the events that its data flow needs.

``_Reader.read`` is the hot loop of CodeBLEU: it looks at each node once, and calls something only for tokens and for
nodes that have a rule. A call for every node would cost CodeBLEU as a whole a sixth of its speed. A cursor walks, since
recursion would fail on a deep tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from codeshift.metrics.codebleu.dataflow.compiled import (
    CALLED,
    ERROR_KIND,
    LITERAL,
    NAMED,
    CompiledRule,
    CompiledTable,
    compile_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Language, Node, TreeCursor

    from codeshift.metrics.codebleu.dataflow.rules import FlowTable

_INNER = 1 << 17  # numbers of subtrees begin here; numbers of kinds are lower
_MISSING = 1 << 16
_WHOLE, _WRITTEN = -1, -2  # first in the key of the whole code, and of what only an s-expression shows
_MISSING_TOKEN = re.compile(r"\(MISSING [^ ]+\)")
_Numbers: TypeAlias = "dict[tuple[int, ...], int]"


class Step(NamedTuple):
    """Node that has a rule, with its children.

    Attributes:
        rule: Rule.
        parts: Children.
    """

    rule: CompiledRule
    parts: list[Part]


Events: TypeAlias = "list[int | Step]"
"""A program's events, in the order of its text: n is a use of variable n, ~n a token that is a constant."""


class Part(NamedTuple):
    """Child of a node that has a rule.

    Attributes:
        role: Role that the rule gives it; empty for none.
        kind: Number of its kind.
        events: Its events.
        first: Number of its first token.
        last: Number after its last token.
    """

    role: str
    kind: int
    events: Events
    first: int
    last: int


@dataclass(slots=True)
class Scan:
    """Result of one pass.

    Attributes:
        subtrees: Number of each node that has children. Equal numbers mean equal structure: the same kinds of named
            nodes in the same fields. The text of leaves (names, constants, operators) does not count.
        whole: Number of the whole code.
        tokens: Text of each variable and constant.
        events: Events that the data flow needs.
    """

    subtrees: list[int] = field(default_factory=list)
    whole: int = 0
    tokens: list[str] = field(default_factory=list)
    events: Events = field(default_factory=list)


class Scanner:
    """Scanner of the trees of one language.

    Subtrees are numbered in order of appearance, so numbers compare within one scanner only.
    """

    def __init__(self, language: Language, table: FlowTable) -> None:
        self._numbers: _Numbers = {}
        self._table = compile_table(table, language)

    def clear(self) -> None:
        """Forget the structures seen, whose number otherwise grows with the rows."""
        self._numbers.clear()

    def scan(self, roots: Sequence[Node], text: str, *, careful: bool = False) -> Scan:
        """Scan the code under ``roots``; the nodes' offsets refer to ``text`` (one character per byte).

        ``careful`` also looks for what occurs only in a tree with errors, or whose ``text`` is not quite its source.
        """
        reader = _Reader(self._table, self._numbers, text, careful=careful)
        for root in roots:
            reader.read(root)
        return reader.result()


class _Place(NamedTuple):
    """Place of a node that has ended.

    Attributes:
        kind: Number of the kind of the node around it.
        field_id: Number of its field in that node.
        rule: Rule of the node around it; None if that has none.
        inner: Innermost node around it that has a rule.
    """

    kind: int
    field_id: int | None
    rule: CompiledRule | None
    inner: _OpenNode


class _OpenNode:
    """Node that has a rule and whose children are being read, or the whole code.

    Attributes:
        events: Events since the last of its parts.
        parts: Its children so far; none of the whole code.
        first: Number of the first token of the next part.
        subtrees_before: Number of subtrees that ended before it.
    """

    __slots__ = ("events", "first", "parts", "subtrees_before")

    def __init__(self, first: int, subtrees_before: int) -> None:
        self.events: Events = []
        self.parts: list[Part] = []
        self.first = first
        self.subtrees_before = subtrees_before

    def end_part(self, rule: CompiledRule, kind: int, field_id: int | None, end: int) -> None:
        """Make the events since the last part, whose tokens end before number ``end``, a part."""
        role = rule.by_field.get(field_id) or rule.by_kind.get(kind, "")
        self.parts.append(Part(role, kind, self.events, self.first, end))
        self.events, self.first = [], end


_Around = tuple[list[int], CompiledRule | None, _OpenNode]
"""Structure, rule and innermost node with a rule of a node whose children are being read."""


class _Reader:
    """Reader of the trees of one program."""

    def __init__(self, table: CompiledTable, numbers: _Numbers, text: str, *, careful: bool) -> None:
        self._table, self._numbers, self._text = table, numbers, text
        self._shows_hidden = careful and table.every_leaf
        self._careful = careful or table.odd
        self._tokens: list[str] = []
        self._subtrees: list[int] = []
        self._key = [_WHOLE]
        self._whole = _OpenNode(0, 0)

    def result(self) -> Scan:
        """Return the result, once all trees are read."""
        return Scan(self._subtrees, self._number(tuple(self._key)), self._tokens, self._whole.events)

    def read(self, root: Node) -> None:
        """Read a tree.

        At each step, three values describe the node whose children are being read; those of the nodes around it wait in
        ``around``. ``key`` is its structure, by which subtrees are compared: its kind, then the number of each child so
        far and, where the child is in a field, the field's as a negative number. ``rule`` is its rule, or None.
        ``inner`` is the innermost node that has a rule, which takes the events: itself, or one around it.
        """
        tokens, subtrees, table = self._tokens, self._subtrees, self._table
        rule_of, leaf_of, splits = table.rules.get, table.leaves.get, table.splits
        careful, every = self._careful, table.every_leaf
        cursor = root.walk()
        down, across, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
        around: list[_Around] = []
        key, rule, inner = self._key, None, self._whole
        default: CompiledRule | None = None
        while True:
            node: Node = cursor.node  # type: ignore[assignment]
            kind = node.kind_id
            if splits:
                default = table.split if rule and rule.splits and cursor.field_id else None
            if down():
                around.append((key, rule, inner))
                key, rule = [kind], rule_of(kind, default)
                if rule is not None:
                    inner = _OpenNode(len(tokens), len(subtrees))
                continue
            leaf = leaf_of(kind)
            if leaf is not None:
                field_id = cursor.field_id
                key.append(kind)
                if field_id:
                    key.append(-field_id)
                if leaf != NAMED:
                    self._read_token(node, leaf, field_id, key[0], inner.events)
            if careful:
                self._read_carefully(node, key, inner.events)
            if rule is not None and (leaf is not None or every or kind in rule.tokens):
                inner.end_part(rule, kind, cursor.field_id, len(tokens))
            while not across():
                if not up():
                    return
                key, rule, inner = self._end_node(cursor, (key, rule, inner), around.pop())

    def _end_node(self, cursor: TreeCursor, ended: _Around, around: _Around) -> _Around:
        """Number the node whose children have been read, pass it to the node around it, and return the latter."""
        ended_key, ended_rule, ended_node = ended
        key, rule, inner = around
        numbers, kind, field_id = self._numbers, ended_key[0], cursor.field_id
        if self._shows_hidden:
            self._add_hidden(cursor.node, ended_key)
        # A node with nothing named in it looks like a leaf of its kind.
        number = numbers.setdefault(tuple(ended_key), len(numbers) + _INNER) if len(ended_key) > 1 else kind
        self._subtrees.append(number)
        is_part = True
        if ended_rule is not None and ended_rule.special:
            is_part = self._end_special(ended_node, ended_rule, cursor.node, _Place(key[0], field_id, rule, inner))
        elif ended_rule is not None:
            inner.events.append(Step(ended_rule, ended_node.parts))
        # A token of several words has no name, but a missing word in it counts.
        if is_part and (
            kind in self._table.leaves or (self._careful and number >= _INNER and cursor.node.has_error)  # type: ignore[union-attr]
        ):
            key.append(number)
            if field_id:
                key.append(-field_id)
        if rule is not None:
            inner.end_part(rule, kind, field_id, len(self._tokens))
        return around

    def _read_token(self, node: Node, leaf: int, field_id: int | None, parent: int, events: Events) -> None:
        """Read a leaf that is a variable or a constant, unless it only names a method, field or type."""
        kind, table, tokens = node.kind_id, self._table, self._tokens
        token = self._text[node.start_byte : node.end_byte]
        if leaf == LITERAL:
            if table.spelt.get(kind) == token:
                return
            events.append(~len(tokens))
        elif token or table.every_leaf:
            special = table.names.get(parent)
            if special is None or field_id not in special:
                events.append(len(tokens))
            elif special[field_id] == CALLED:
                events.append(Step(table.call, [Part("", kind, [len(tokens)], 0, 0)]))
            else:
                return
        else:
            return
        tokens.append(token)

    def _end_special(self, ended: _OpenNode, rule: CompiledRule, node: Node | None, place: _Place) -> bool:
        """Pass a node that is not a plain step to the node around it; return False if it must be dropped."""
        what, parts, tokens, events = rule.what, ended.parts, self._tokens, place.inner.events
        first = parts[0].first if parts else ended.first
        docstring = what == "docstring" and len(parts) == 1 and parts[0].kind in self._table.strings
        if what in ("skip", "drop") or docstring:
            del tokens[first:]
            if what != "skip":
                del self._subtrees[ended.subtrees_before :]
            return what == "skip"
        if what in ("splice", "docstring"):
            if place.rule is not None and any(part.role for part in parts):
                place.inner.parts.extend(parts)
            else:
                for part in parts:
                    events.extend(part.events)
        elif self._is_one_token(rule, parts):
            del tokens[first:]
            token = self._text[node.start_byte : node.end_byte] if node else ""
            tokens.append("".join(token.split()) if what == "member" else token)
            events.append(self._event_of(first, rule, len(parts), place))
        else:
            if rule.by_place:
                parts = [part._replace(role=rule.by_place.get(i, part.role)) for i, part in enumerate(parts)]
            events.append(Step(rule, parts))
        return True

    def _event_of(self, token: int, rule: CompiledRule, n_parts: int, place: _Place) -> int | Step:
        """Return the event of a node that is one token."""
        event = ~token if rule.what in ("literal", "whole") else token
        if place.rule is not None and place.rule.splits:  # which pairs its children although they are not tokens
            return Step(rule, [Part("", 0, [event] if i == 0 else [], 0, 0) for i in range(n_parts)])
        if rule.what == "member" and self._table.names.get(place.kind, {}).get(place.field_id) == CALLED:
            return Step(self._table.call, [Part("", 0, [event], 0, 0)])
        return event

    def _is_one_token(self, rule: CompiledRule, parts: list[Part]) -> bool:
        """Return whether the node, with all its children, is one constant or one variable."""
        if rule.what == "literal":
            return all(isinstance(event, int) and event < 0 for part in parts for event in part.events)
        if rule.what == "member":
            return all(self._is_self(part) for part in parts if part.role or part.events)
        return rule.what in ("whole", "variable")

    def _is_self(self, part: Part) -> bool:
        """Return whether a child is the object this or self."""
        table, tokens = self._table, self._tokens
        if part.role != "object":
            return False
        is_token = part.last - part.first == 1 and len(part.events) == 1
        return part.kind in table.self_kinds or (is_token and tokens[part.first] in table.selves)

    def _read_carefully(self, node: Node, key: list[int], events: Events) -> None:
        """Decide what a leaf means in a tree with errors, or in a grammar that spells a token in several ways."""
        kind, table, tokens = node.kind_id, self._table, self._tokens
        if kind != ERROR_KIND:
            if node.has_error:  # a missing token, which tree-sitter's s-expressions distinguish from one that is there
                key.append(kind + _MISSING)
        elif table.every_leaf:  # the public code compares s-expressions, which quote a character that fits nowhere
            written = str(node)
            if written != "(ERROR)":
                key.append(self._number_of_text(written))
        if table.every_leaf and kind not in table.leaves:
            token = self._text[node.start_byte : node.end_byte].replace("\0", "").replace("\n", "")
            if token != node.type:
                events.append(~len(tokens))
                tokens.append(token)

    def _add_hidden(self, node: Node | None, key: list[int]) -> None:
        """Add to ``key`` the missing tokens of ``node`` that only its s-expression shows: the tree hides them."""
        if (
            node is not None
            and node.has_error
            and not any(child.has_error or child.is_error for child in node.children)
        ):
            key += [self._number_of_text(written) for written in _MISSING_TOKEN.findall(str(node))]

    def _number_of_text(self, written: str) -> int:
        """Return the number of a node written like this in an s-expression."""
        return self._number((_WRITTEN, *map(ord, written)))

    def _number(self, structure: tuple[int, ...]) -> int:
        """Return the number of a structure; a new one gets the next."""
        return self._numbers.setdefault(structure, len(self._numbers) + _INNER)

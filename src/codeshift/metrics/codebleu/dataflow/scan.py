"""One pass over a syntax tree: its subtrees as numbers, and the events that its data flow needs.

This is the hot loop of CodeBLEU, so it is one function, looks at each node once and calls nothing for a node without a
rule. A cursor walks, since recursion would fail on a deep tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from codeshift.metrics.codebleu.dataflow.compiled import (
    CALLED,
    ERROR_KIND,
    LITERAL,
    NAMED,
    CompiledRule,
    compile_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Language, Node

    from codeshift.metrics.codebleu.dataflow.rules import FlowTable

_Around: TypeAlias = "tuple[list[int], int | None, CompiledRule | None, list[Part], Events]"

_INNER = 1 << 17  # numbers of subtrees begin here; numbers of kinds are lower
_MISSING = 1 << 16
_WRITTEN = -2
_MISSING_TOKEN = re.compile(r"\(MISSING [^ ]+\)")


# These are plain tuples: a dozen are made per row, at a tenth of the cost of a named tuple.
# A node that has a rule, with its children.
Step: TypeAlias = "tuple[CompiledRule, list[Part]]"
# The program's events, in the order of its text: n is a use of variable n, ~n a token that is a constant.
Events: TypeAlias = "list[int | Step]"
# A child of a node that has a rule: its role, its kind, its events and its tokens [first, last).
Part: TypeAlias = "tuple[str, int, Events, int, int]"


@dataclass(slots=True)
class Scan:
    """Result of one pass.

    Attributes:
        subtrees: the number of each node that has children. Equal numbers mean equal structure: the same kinds of named
            nodes in the same fields. The text of leaves (names, constants, operators) does not count.
        whole: the number of the whole code.
        tokens: the text of each variable and constant.
        events: the events that the data flow needs.
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
        self._numbers: dict[tuple[int, ...], int] = {}
        self._table = compile_table(table, language)

    def clear(self) -> None:
        """Forget the structures seen, whose number otherwise grows with the rows."""
        self._numbers.clear()

    def scan(self, roots: Sequence[Node], text: str, *, careful: bool = False) -> Scan:
        """Scan the code under ``roots``; the nodes' offsets refer to ``text`` (one character per byte).

        ``careful`` also looks for what occurs only in a tree with errors, or whose ``text`` is not quite its source.
        """
        scan = Scan()
        tokens, subtrees, events = scan.tokens, scan.subtrees, scan.events
        table, numbers = self._table, self._numbers
        rules, names, spelt, every, splits = table.rules, table.names, table.spelt, table.every_leaf, table.splits
        leaves, leaf_of, number_of = table.leaves, table.leaves.get, numbers.get
        exact = careful and every
        careful = careful or table.odd
        key: list[int] = [-1]
        holder: CompiledRule | None = None  # the rule of the enclosing node, and its children so far
        parts: list[Part] = []
        first = 0
        default: CompiledRule | None = None
        keys: list[list[int]] = []
        holders: list[CompiledRule | None] = []
        frames: list[tuple[list[Part], Events, int, int]] = []
        for root in roots:
            cursor = root.walk()
            down, across, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
            while True:
                node: Node = cursor.node  # type: ignore[assignment]
                kind = node.kind_id
                if splits:
                    default = table.split if holder and holder.splits and cursor.field_id else None
                if down():
                    keys.append(key)
                    holders.append(holder)
                    key = [kind]
                    holder = rules.get(kind, default)
                    if holder is not None:
                        frames.append((parts, events, first, len(subtrees)))
                        parts, events, first = [], [], len(tokens)
                    continue
                leaf = leaf_of(kind)
                if leaf is not None:
                    key.append(kind)
                    field_id = cursor.field_id
                    if field_id:
                        key.append(-field_id)
                    if leaf != NAMED:
                        token = text[node.start_byte : node.end_byte]
                        if leaf == LITERAL:
                            if spelt.get(kind) != token:
                                events.append(~len(tokens))
                                tokens.append(token)
                        elif token or every:
                            special = names.get(key[0])
                            if special is None or field_id not in special:
                                events.append(len(tokens))
                                tokens.append(token)
                            elif special[field_id] == CALLED:
                                events.append((table.call, [("", kind, [len(tokens)], 0, 0)]))
                                tokens.append(token)
                if careful:
                    self._careful(node, key, text, events, tokens)
                if holder is not None and (leaf is not None or every or kind in holder.tokens):
                    if leaf is None:
                        field_id = cursor.field_id
                    role = holder.by_field.get(field_id) or holder.by_kind.get(kind, "")
                    parts.append((role, kind, events, first, len(tokens)))
                    events, first = [], len(tokens)
                while not across():
                    if not up():
                        break
                    if exact:
                        self._hidden(cursor.node, key)
                    if len(key) > 1:
                        structure = tuple(key)
                        number = number_of(structure)
                        if number is None:
                            number = numbers[structure] = len(numbers) + _INNER
                    else:
                        number = key[0]  # nothing named in it: it looks like a leaf of this kind
                    subtrees.append(number)
                    kind, field_id, ended = key[0], cursor.field_id, holder
                    key, holder = keys.pop(), holders.pop()
                    kept = True
                    if ended is not None:
                        inside, begin = parts, first
                        parts, events, first, before = frames.pop()
                        if ended.special:
                            around = (key, field_id, holder, parts, events)
                            kept = self._close(ended, inside, begin, around, cursor.node, text, tokens)
                            if not kept:
                                del subtrees[before:]
                        else:
                            events.append((ended, inside))
                    # A token of several words has no name, but a missing word in it counts.
                    if kept and (kind in leaves or (careful and number >= _INNER and cursor.node.has_error)):  # type: ignore[union-attr]
                        key.append(number)
                        if field_id:
                            key.append(-field_id)
                    if holder is not None:
                        role = holder.by_field.get(field_id) or holder.by_kind.get(kind, "")
                        parts.append((role, kind, events, first, len(tokens)))
                        events, first = [], len(tokens)
                else:
                    continue
                break
        scan.whole = numbers.setdefault(tuple(key), len(numbers) + _INNER)
        return scan

    def _close(
        self,
        rule: CompiledRule,
        parts: list[Part],
        first: int,
        around: _Around,
        node: Node | None,
        text: str,
        tokens: list[str],
    ) -> bool:
        """Pass a node that is not a plain step to the enclosing node; return False if it is to be dropped."""
        what = rule.what
        key, field_id, holder, siblings, events = around
        first = parts[0][3] if parts else first
        docstring = what == "docstring" and [part[1] in self._table.strings for part in parts] == [True]
        if what in ("skip", "drop") or docstring:
            del tokens[first:]
            return what == "skip"
        if what in ("splice", "docstring"):
            if holder is not None and any(part[0] for part in parts):
                siblings.extend(parts)
            else:
                for part in parts:
                    events.extend(part[2])
        elif self._is_one_token(rule, parts, tokens):
            del tokens[first:]
            token = text[node.start_byte : node.end_byte] if node else ""
            tokens.append("".join(token.split()) if what == "member" else token)
            event: int | Step = ~first if what in ("literal", "whole") else first
            if holder is not None and holder.splits:  # which pairs its children although they are not tokens
                event = (rule, [("", 0, [event] if i == 0 else [], 0, 0) for i in range(len(parts))])
            elif what == "member" and self._table.names.get(key[0], {}).get(field_id) == CALLED:
                event = (self._table.call, [("", 0, [event], 0, 0)])
            events.append(event)
        else:
            places = rule.by_place
            events.append(
                (rule, [(places.get(i, part[0]), *part[1:]) for i, part in enumerate(parts)] if places else parts)
            )
        return True

    def _is_one_token(self, rule: CompiledRule, parts: list[Part], tokens: list[str]) -> bool:
        """Return whether the node, with all its children, is one constant or one variable."""
        if rule.what == "literal":
            return all(isinstance(event, int) and event < 0 for part in parts for event in part[2])
        if rule.what == "member":
            table = self._table
            return all(
                role == "object"
                and (
                    kind in table.self_kinds
                    or (last - first == 1 and len(events) == 1 and tokens[first] in table.selves)
                )
                if role or events
                else True
                for role, kind, events, first, last in parts
            )
        return rule.what in ("whole", "variable")

    def _careful(self, node: Node, key: list[int], text: str, events: Events, tokens: list[str]) -> None:
        """Decide what a leaf means in a tree with errors, or in a grammar that spells a token in several ways."""
        kind, table = node.kind_id, self._table
        if kind != ERROR_KIND:
            if node.has_error:  # a missing token, which tree-sitter's s-expressions distinguish from one that is there
                key.append(kind + _MISSING)
        elif table.every_leaf:  # the public code compares s-expressions, which quote a character that fits nowhere
            written = str(node)
            if written != "(ERROR)":
                key.append(self._number(written))
        if table.every_leaf and kind not in table.leaves:
            token = text[node.start_byte : node.end_byte].replace("\0", "").replace("\n", "")
            if token != node.type:
                events.append(~len(tokens))
                tokens.append(token)

    def _hidden(self, node: Node | None, key: list[int]) -> None:
        """Add to ``key`` the missing tokens of ``node`` that only its s-expression shows: the tree hides them."""
        if node is not None and node.has_error and not any(c.has_error or c.is_error for c in node.children):
            key += [self._number(written) for written in _MISSING_TOKEN.findall(str(node))]

    def _number(self, written: str) -> int:
        """Return the number of a node written like this in an s-expression."""
        return self._numbers.setdefault((_WRITTEN, *map(ord, written)), len(self._numbers) + _INNER)

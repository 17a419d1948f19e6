"""Table of data flow of a language, in the numbers of its grammar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, Rule

if TYPE_CHECKING:
    from tree_sitter import Language

ERROR_KIND = 0xFFFF
"""Number that tree-sitter gives to ERROR nodes, which are in no grammar's table."""

Kinds: TypeAlias = dict[str, list[int]]
"""Name -> the numbers of the node kinds of that name; there may be several, named and anonymous."""

# Kinds of leaves. Plain integers: the scanner compares them once per node.
NAMED, LITERAL, VARIABLE = 1, 2, 3

CALLED = "called"

# Rules that the scanner itself carries out; the others become steps.
_SPECIAL = frozenset({"literal", "whole", "variable", "member", "skip", "drop", "docstring", "splice"})
# Rules of the compatible modes that pair the children of both sides of an assignment, whatever the sides are.
_PAIRING = frozenset({"pair", "pairs", "for pairs"})


class CompiledRule:
    """Rule in the numbers of one grammar."""

    __slots__ = ("by_field", "by_kind", "by_place", "has_first", "roles", "special", "splits", "tokens", "what")

    def __init__(self, rule: Rule, language: Language, kinds: Kinds, selves: frozenset[str]) -> None:
        self.what = rule.what
        self.roles = rule.roles
        self.splits = rule.what in _PAIRING
        self.by_place = {int(name): role for name, role in rule.roles.items() if name.isdigit()}
        self.has_first = "first" in rule.roles.values()
        self.special = rule.what in _SPECIAL or bool(self.by_place)
        self.by_field: dict[int | None, str] = {}
        self.by_kind: dict[int, str] = {}
        for name, role in rule.roles.items():
            field_id = language.field_id_for_name(name)
            if field_id is not None:
                self.by_field[field_id] = role
            self.by_kind |= dict.fromkeys(kinds.get(name, ()), role)
        # Anonymous tokens are looked at only if they play a role.
        roles = (*rule.roles, *selves) if rule.what == "member" else rule.roles
        of_interest = [kind for name in roles for kind in kinds.get(name, ())]
        self.tokens = frozenset(kind for kind in of_interest if not language.node_kind_is_named(kind))


@dataclass(frozen=True, eq=False)
class CompiledTable:
    """``FlowTable`` in the numbers of one grammar.

    Attributes:
        leaves: Kind -> meaning of a leaf of that kind; comments and anonymous kinds are left out.
        rules: Kind -> its rule.
        names: Kind of a parent -> field -> ``"name"`` (not a variable) or ``"called"``.
        spelt: Kind -> the text with which a leaf of that kind is not a token.
        odd: Whether anonymous tokens may be spelt in several ways, so that they must be looked at.
        selves: Names of ``this``.
        self_kinds: Kinds of leaves that are ``this``.
        strings: Kinds of string literals.
        call: Rule of a name that is called.
        split: Rule of a node whose children are kept apart and that does nothing else.
        splits: Whether a rule uses ``split``.
        every_leaf: Whether every named leaf is a token; see ``FlowTable``.
    """

    leaves: dict[int, int]
    rules: dict[int, CompiledRule]
    names: dict[int, dict[int | None, str]]
    spelt: dict[int, str]
    odd: bool
    selves: frozenset[str]
    self_kinds: frozenset[int]
    strings: frozenset[int]
    call: CompiledRule
    split: CompiledRule
    splits: bool
    every_leaf: bool


def compile_table(table: FlowTable, language: Language) -> CompiledTable:
    """Translate ``table``; names that the grammar lacks are left out, so one table serves all its versions."""
    spelling = {i: language.node_kind_for_id(i) or "" for i in range(language.node_kind_count)}
    kinds: Kinds = {"ERROR": [ERROR_KIND]}
    for i, name in spelling.items():
        kinds.setdefault(name, []).append(i)
    named = [i for i, name in spelling.items() if language.node_kind_is_named(i) and name not in table.comments]
    rules = {**table.rules, **dict.fromkeys(table.comments, Rule("drop"))}
    compiled = {
        i: CompiledRule(r, language, kinds, table.selves) for name, r in rules.items() for i in kinds.get(name, ())
    }
    leaves = {i: _leaf(spelling[i], table) for i in named}
    spelt = {i: spelling[i] for i in named} | {ERROR_KIND: "ERROR"}
    return CompiledTable(
        leaves=leaves | {ERROR_KIND: LITERAL if table.every_leaf else NAMED},
        rules=compiled,
        names=_name_fields(table, language, kinds),
        spelt=spelt if table.every_leaf else {},
        odd=table.every_leaf and (table.any_case or any("\n" in name for name in spelling.values())),
        selves=table.selves,
        self_kinds=frozenset(i for name in table.selves for i in kinds.get(name, ())),
        strings=frozenset(kinds.get("string", ())),
        call=CompiledRule(Rule("call"), language, kinds, table.selves),
        split=CompiledRule(Rule("split", {",": "comma"}), language, kinds, table.selves),
        splits=any(rule.splits for rule in compiled.values()),
        every_leaf=table.every_leaf,
    )


def _name_fields(table: FlowTable, language: Language, kinds: Kinds) -> dict[int, dict[int | None, str]]:
    names: dict[int, dict[int | None, str]] = {}
    for place in (*table.names, *table.calls):
        kind, field_name = place.split(".")
        field_id = language.field_id_for_name(field_name)
        for number in kinds.get(kind, ()):
            names.setdefault(number, {})[field_id] = CALLED if place in table.calls else "name"
    return names


def _leaf(kind: str, table: FlowTable) -> int:
    if kind in table.variables:
        return VARIABLE
    return LITERAL if kind in table.literals or (table.every_leaf and kind != "comment") else NAMED

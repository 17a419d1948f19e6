"""Vocabulary of the tables of data flow.

A rule names what a node of one kind does, and which role each of its children plays in it; a child is named by its
field or, if it has none, by its kind or by its position among the named children (from ``"0"``).
``rule("assign", left="target", right="value")`` reads: the child in field ``left`` receives what the child in field
``right`` computes.

========= ==============================================================================================
what      the node
========= ==============================================================================================
assign    computes ``value`` (or all children without a role) and stores it in ``target``
augment   like ``assign``, but the old value of ``target`` takes part (``+=``)
operate   assigns if it has a ``plain`` operator, augments if it has another
update    changes its variable in place (``i++``)
step      updates if it has a ``plain`` operator
branch    runs one of its children ``arm`` and ``else``, or none if there is no ``else``; ``first`` before them
loop      runs ``before`` once, then its other children any number of times, ``after`` last in each round; if it
          has a ``value`` it is a foreach
repeat    a loop that runs at least once (``do``)
foreach   a loop that stores each item of ``value`` in ``target``
bind      defines the variables in ``parameter``; runs ``first`` before the others
scope     like ``bind``, but its definitions are not visible after it
define    defines each variable in it without a value (parameters), except in its children ``run``
part      stands for a part of ``base`` (a subscript, a field): storing in it changes ``base``
member    stands for a part of ``object``, but is its own variable if ``object`` is this or self
list      several targets or values, one per child
literal   a constant, unless variables are interpolated in it
variable  one variable that is written with several tokens
splice    its children that have a role count as children of its parent
only      only its ``value`` counts
labelled  its first child is a label
skip      holds no variable (types, imports, labels)
docstring is dropped if it contains only a ``string``
========= ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """Effect of nodes of one kind, and the role of their children by field or kind."""

    what: str
    roles: Mapping[str, str] = field(default_factory=dict)


def rule(what: str, **roles: str) -> Rule:
    """Return a rule, in one line.

    >>> rule("loop", init="before", update="after").roles["update"]
    'after'
    """
    return Rule(what, roles)


@dataclass(frozen=True)
class FlowTable:
    """Data flow of one language.

    Attributes:
        variables: Kinds of leaves that name a variable.
        literals: Kinds of leaves that are constants.
        names: "kind.field": a leaf there is the name of a method, field or type and not a variable.
        calls: "kind.field": a leaf there is the name called; it is a variable only if a variable of that name is in
            scope.
        rules: Rule of each kind of node.
        selves: Names of ``this``, by kind or by name.
        comments: Kinds that are not part of the program.
        any_case: Whether keywords may be written in any case.
        every_leaf: Whether every named leaf whose text is not its kind's name is a token, for the compatible modes.
    """

    variables: frozenset[str]
    literals: frozenset[str]
    names: frozenset[str]
    calls: frozenset[str]
    rules: Mapping[str, Rule]
    selves: frozenset[str] = frozenset({"this"})
    comments: frozenset[str] = frozenset({"comment", "line_comment", "block_comment"})
    every_leaf: bool = False
    any_case: bool = False


def words(text: str) -> frozenset[str]:
    """Return the words of a text, so that a table's sets stay readable without quotes.

    >>> sorted(words("identifier name"))
    ['identifier', 'name']
    """
    return frozenset(text.split())

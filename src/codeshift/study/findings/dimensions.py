"""Which dimension of code a scenario shifts: complexity, syntax, semantics and the like, from its splitter."""

from __future__ import annotations

import re

from codeshift.study.findings.cells import Cells

_OF_SPLITTERS = {
    "LengthSplitter": "complexity", "ComplexitySplitter": "complexity", "ASTNodeSplitter": "syntax",
    "ClusterSplitter": "semantics", "APIUsageSplitter": "APIs", "GroupSplitter": "projects", "TimeSplitter": "time",
    "TokenRaritySplitter": "vocabulary", "CompoundDivergenceSplitter": "composition",
}  # fmt: skip
_OF_NAMES = {"length": "complexity", "syntax": "syntax", "semantics": "semantics", "api": "APIs"}
OTHER = "other"


def dimension(name: str, splitter: str) -> str:
    """The dimension of a scenario: that of the one kind of splitter it is made of; otherwise its name's first word's.

    >>> dimension("long", "LengthSplitter(column='code', quantiles=(0.8, 1.0))")
    'complexity'
    >>> dimension("syntax_if", "...")
    'syntax'
    """
    kinds = {_OF_SPLITTERS.get(kind, OTHER) for kind in re.findall(r"\b([A-Z]\w*Splitter)\(", splitter)}
    if len(kinds) == 1:
        return kinds.pop()
    return OTHER if kinds else _OF_NAMES.get(name.partition("_")[0], OTHER)


def dimensions(cells: Cells) -> dict[str, tuple[str, ...]]:
    """The scenarios of each dimension, in the study's order."""
    splitters = {name: facts.splitter for (name, _), facts in cells.results.splits.items()}
    found: dict[str, tuple[str, ...]] = {}
    for name in cells.results.scenarios:
        kind = dimension(name, splitters.get(name, ""))
        found[kind] = (*found.get(kind, ()), name)
    return found

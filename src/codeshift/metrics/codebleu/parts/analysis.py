"""Analysis of programs for CodeBLEU: their subtrees and their data flow."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol, TypeAlias

from codeshift.metrics.codebleu.compat.analysis import CompatAnalyser
from codeshift.metrics.codebleu.dataflow.flow import Flow
from codeshift.metrics.codebleu.dataflow.scan import Scanner
from codeshift.metrics.codebleu.dataflow.tables import flow_table
from codeshift.metrics.codebleu.parts.ngrams import common_ends
from codeshift.metrics.codebleu.parts.spelling import spelt_alike
from codeshift.properties.grammars import parser, ts_language
from codeshift.properties.parsing import CodeParser, ParsedCode, with_line_feeds

Analysis: TypeAlias = tuple[list[int], dict[Any, int]]
"""Subtrees of a program (numbers that compare within one analyser), and its data flow."""


class Analyser(Protocol):
    """Interface that finds the subtrees and the data flow of programs."""

    def analyse(self, code: str) -> Analysis | None:
        """Return subtrees and data flow of one program; None if the parser gives up on it."""
        ...

    def clear(self) -> None:
        """Forget what earlier programs left behind."""
        ...


class DefaultAnalyser:
    """Analyser of programs for ``codeshift.metrics.CodeBLEU``."""

    def __init__(self, language: str) -> None:
        self._plain = parser(language)
        self._parser = CodeParser(language)
        self._scanner = Scanner(ts_language(language), flow_table(language))

    def clear(self) -> None:
        """Forget what earlier programs left behind."""
        self._scanner.clear()

    def analyse(self, code: str) -> Analysis | None:
        """Return the subtrees, the whole code being the last, and the data flow of one program.

        None if the parser gives up on it.
        """
        code = with_line_feeds(code)
        source = code.encode("utf-8", "replace")
        tree = self._plain.parse(source)
        if tree is None:
            return None
        root = tree.root_node
        if root.has_error or not code.isascii():
            parsed = self._parser.of_tree(tree, source)
            if parsed.has_error:
                parsed = self._respelt(code, parsed)
            scan = self._scanner.scan(parsed.roots, parsed.source.decode("latin-1"), careful=parsed.has_error)
        else:  # what the line above gives for most rows, without a copy of the text
            scan = self._scanner.scan(root.children, code)
        scan.subtrees.append(scan.whole)
        return scan.subtrees, Flow(scan).items()

    def _respelt(self, code: str, parsed: ParsedCode) -> ParsedCode:
        """Return the tree of code that parses in no shell either, whatever its names and constants are."""
        source = spelt_alike(code, self._parser.language).encode("utf-8", "replace")
        tree = self._plain.parse(source)
        if tree is None:  # spelt alike it is longer, and costs more than it may
            return parsed
        root = tree.root_node
        return ParsedCode((root,) if root.is_error else tuple(root.children), source, has_error=True)


def analyser(language: str, compat: str | None) -> Analyser:
    """Return the analyser of a language, for the default or for a compatible mode."""
    if compat is None:
        return DefaultAnalyser(language)
    return CompatAnalyser(language, comments_of="java" if compat == "codexglue" else language)


def shared_subtrees(ours: list[int], reference: list[int], *, clipped: bool) -> int:
    """Count the reference's subtrees that are found; with ``clipped``, each subtree of ours matches only once."""
    if ours == reference:
        return len(reference)
    if clipped:
        head, tail = common_ends(ours, reference)
        free = Counter(reference[head : len(reference) - tail])
        return (
            head + tail + sum(min(n, free[i]) for i, n in Counter(ours[head : len(ours) - tail]).items() if i in free)
        )
    return sum(map(set(ours).__contains__, reference))


def shared_flow(ours: dict[Any, int], reference: dict[Any, int]) -> int:
    """Count the reference's edges that are found; each of ours matches only once."""
    if ours == reference:
        return sum(reference.values())
    return sum(min(count, ours[item]) for item, count in reference.items() if item in ours)

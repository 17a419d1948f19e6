"""Bounds on what one text may ask of a parser, which follow from the text alone: the same text is stopped everywhere.

tree-sitter reads real code in time and memory linear in its length, and some texts in neither. Three bounds stop these:

- *operations*: the parser reports after each hundred of them, and how far it has got. Real code needs at most 0.012
  reports a byte, and ``"case 1: " * 1000`` in Java 0.6.
- *reading*: real code is read piece by piece from its beginning to its end. Of ``"/* " * 4000`` in C, each ``/*`` has
  the parser look for its end through all that follows.
- *what is open at once*: brackets that are not closed, and ``<``, ``=>`` and ``->`` of statements that have not ended.
  The parser keeps several copies of all that is open where it does not know how to go on: ``"a < " * 10000`` takes
  1.5 GB in Java with few operations. Real code has at most some 25 open.

All stand a factor of four or more above what real code needs (``benchmarks/parse_bounds.py``).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter
    from tree_sitter import Tree

ALWAYS_PARSED = 1024
"""Bytes up to which a text is parsed whatever it holds: so short it cannot cost much, and most functions are."""

FREE_REPORTS = 500
"""Reports of a hundred operations each that every text may take."""

BYTES_A_REPORT = 5
"""Bytes that the parser must have got on for each report more."""

PIECE = 4096
"""Bytes that the parser is given when it asks for some."""

WORD = 32
"""Bytes that are read at once for the text of a node, which is a name in most cases."""

FREE_READS = 200
"""Pieces that it may ask for of any text."""

READS_A_PIECE = 50
"""How often more it may ask for each piece of a text."""

MOST_OPEN = 200
"""Brackets, ``<``, ``=>`` and ``->`` that may be open at once."""

_OPENERS = {b"(": b")", b"[": b"]", b"{": b"}"}
_CLOSERS = frozenset(_OPENERS.values())
_COUNTED = (*_OPENERS, b"<", b"=>", b"->")
_SIGNS = rb"[(\[{)\]};,]|[=-]>|[<>]"

# Where a statement ends: in these languages at no line end, in those at one that an operator stands on no side of (they
# need no semicolon there), in all others at every one.
_AT_NO_LINE_END = frozenset({"java", "c_sharp", "c", "cpp", "rust", "php"})
_AT_SOME_LINE_ENDS = frozenset({"javascript", "typescript"})
_SEVERAL_LINES = re.compile(_SIGNS)
_SOME_LINES = re.compile(_SIGNS + rb"|(?<=[\w)\]}\"'`])[ \t\r]*\n\s*(?=[\w\"'`])")
_LINES = re.compile(_SIGNS + rb"|\n")


class BoundedParser:
    """A parser that gives up on a text which would cost much more than real code of its length.

    Args:
        grammar: Grammar of the language.
        name: Language, a name of ``codeshift.properties.languages()``.

    >>> from codeshift.properties.grammars import ts_language
    >>> parser = BoundedParser(ts_language("c"), "c")
    >>> parser.parse(b"int x;").root_node.type, parser.parse(b"/* " * 4000)
    ('translation_unit', None)
    """

    def __init__(self, grammar: tree_sitter.Language, name: str) -> None:
        import tree_sitter

        self._parser = tree_sitter.Parser(grammar)
        self._ends = _statement_ends(name)

    def parse(self, source: bytes) -> Tree | None:
        """Return the tree of a text; None if the text is stopped."""
        if len(source) <= ALWAYS_PARSED:
            return self._parser.parse(source)
        if _opens(source) > MOST_OPEN and most_open(source, self._ends, enough=MOST_OPEN) > MOST_OPEN:
            return None
        reports = reads = farthest = 0
        most_reads = FREE_READS + READS_A_PIECE * (len(source) // PIECE)
        stopped = finished = False

        def piece(offset: int, _: object) -> bytes:
            nonlocal reads, stopped
            if finished:  # the tree reads the source again when a node is asked for its text
                return source[offset : offset + WORD]
            reads += 1
            stopped = stopped or reads > most_reads
            return b"" if stopped else source[offset : offset + PIECE]

        def report(offset: int, _: bool) -> bool:
            nonlocal reports, farthest, stopped
            reports += 1
            farthest = max(farthest, offset)
            stopped = stopped or reports > FREE_REPORTS + farthest // BYTES_A_REPORT
            return stopped

        try:
            tree = self._parser.parse(piece, progress_callback=report)
        except ValueError:
            self._parser.reset()
            if not stopped:  # parsing failed for another reason than a bound
                raise
            return None
        finished = True
        return None if stopped else tree


def open_at_once(text: str, language: str) -> int:
    """Return how much is open at once where most is in a text: see the module.

    >>> open_at_once("f(a < b, {x => (y)});", "java"), open_at_once("a < " * 5000, "java")
    (4, 5000)
    """
    return most_open(text.encode("utf-8", "replace"), _statement_ends(language))


def _statement_ends(language: str) -> re.Pattern[bytes]:
    if language in _AT_NO_LINE_END:
        return _SEVERAL_LINES
    return _SOME_LINES if language in _AT_SOME_LINE_ENDS else _LINES


def _opens(source: bytes) -> int:
    """Count what opens anything in a text: no less than is open at once, and quick to count."""
    return sum(map(source.count, _COUNTED))


def most_open(source: bytes, signs: re.Pattern[bytes], *, enough: float = math.inf) -> int:
    """Return how much is open at once where most is.

    Args:
        source: Text.
        signs: What opens and closes brackets, and ends statements.
        enough: Number above which counting stops.
    """
    nesting, most = _Nesting(), 0
    for match in signs.finditer(source):
        nesting.read(match[0])
        if nesting.open > most:
            most = nesting.open
            if most > enough:
                break
    return most


class _Nesting:
    """Nesting that is open at a place of a text.

    Attributes:
        open: Number of brackets, and of angles and arrows of the statements in them.
    """

    def __init__(self) -> None:
        self.open = 0
        self._closers: list[bytes] = []
        self._outer: list[tuple[int, int]] = []  # angles and arrows open in the statement around each bracket
        self._angles = self._arrows = 0  # those open in the current statement

    def read(self, sign: bytes) -> None:
        """Go past a sign."""
        if sign in _OPENERS:
            self._closers.append(_OPENERS[sign])
            self._outer.append((self._angles, self._arrows))
            self._angles = self._arrows = 0
            self.open += 1
        elif sign in _CLOSERS:
            if sign in self._closers:
                self._close(sign)
        elif sign == b"<":
            self._angles += 1
            self.open += 1
        elif sign == b">":
            if self._angles:
                self._angles -= 1
                self.open -= 1
        elif sign in (b"=>", b"->"):
            self._arrows += 1
            self.open += 1
        else:  # a statement, or an item of a list, ends
            self._end_statement()

    def _close(self, sign: bytes) -> None:
        """Close a bracket; those in it that are not closed, such as those of a comment, end with it."""
        closer = b""
        while closer != sign:
            closer = self._closers.pop()
            self.open -= 1 + self._angles + self._arrows
            self._angles, self._arrows = self._outer.pop()
        if sign == b"}":
            self._end_statement()

    def _end_statement(self) -> None:
        self.open -= self._angles + self._arrows
        self._angles = self._arrows = 0

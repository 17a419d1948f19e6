"""The tokens of Python code as ``tokenize`` produced them until Python 3.11.

Since 3.12 ``tokenize`` reads an f-string in parts and refuses text that it accepted before, so the public
implementations of CodeBLEU, which remove comments with it, give other scores on newer versions of Python. These tokens
are the same on all. The kinds of names, numbers and operators are not distinguished.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import NamedTuple

COMMENT, INDENT, NEWLINE, STRING, OTHER_TOKEN = "comment", "indent", "newline", "string", "other"

_KINDS = {"comment": COMMENT, "newline": NEWLINE, "string": STRING}
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_TAB = 8
_PREFIX = r"(?:[bBfFuU]|[bBfF]?[rR]|[rR][bBfF])?"
_END = {
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*'"),
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"'),
    "'" * 3: re.compile(r"[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"),
    '"' * 3: re.compile(r'[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'),
}
_ONE_LINE = r"QUOTE[^\nQUOTE\\]*(?:\\.[^\nQUOTE\\]*)*(?:QUOTE|\\\r?\n)"
_TOKEN = re.compile(
    rf"""[ \f\t]*(?:
      (?P<continued> \\\r?\n )
    | (?P<end> \Z )
    | (?P<comment> \#[^\r\n]* )
    | (?P<triple> {_PREFIX}(?:'''|\"""))
    | (?P<newline> \r?\n )
    | (?P<other> \.\.\. | != | [-+*/%&|^=<>()\[\]{{}},:;.@~] )
    | (?P<string> {_PREFIX}(?:{_ONE_LINE.replace("QUOTE", "'")}|{_ONE_LINE.replace("QUOTE", '"')}) )
    | (?P<name> \w+ )
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """Token, and the (row, column) at which it starts and ends; rows from 1, columns in characters from 0."""

    kind: str
    text: str
    start: tuple[int, int]
    end: tuple[int, int]


def python_tokens(code: str) -> Iterator[Token]:
    r"""Yield the tokens of ``code`` that have a text, line by line.

    Raises:
        SyntaxError: if a string or a bracket does not end, or a line is between two levels of indentation.

    >>> [token.text for token in python_tokens("x = f'{y}' # z\n")]
    ['x', '=', "f'{y}'", '# z', '\n']
    """
    return _Reader().tokens(code)


class _Reader:
    """Reader of lines, which keeps what continues from one line into the next."""

    def __init__(self) -> None:
        self._row = 0
        self._brackets = 0
        self._continued = False
        self._indents = [0]
        # A string that began on an earlier line: its text so far (empty if there is none), its start, the pattern that
        # ends it, and whether each of its lines needs a backslash at the end.
        self._string, self._start = "", (0, 0)
        self._end, self._one_line = _END["'"], False

    def tokens(self, code: str) -> Iterator[Token]:
        """Yield the tokens of all lines."""
        line = ""
        for line in io.StringIO(code):
            self._row += 1
            if self._string:
                yield from self._in_string(line)
            elif self._brackets == 0 and not self._continued:
                at = self._first(line)
                if at == len(line):
                    return  # trailing blanks without a line break: the end
                yield from self._statement(line, at)
            else:
                self._continued = False
                yield from self._rest(line, 0)
        if self._string or self._brackets or self._continued:
            raise SyntaxError("the code ends within a string or a statement")
        if line and line[-1] not in "\r\n" and not line.strip().startswith("#"):
            yield self._token(NEWLINE, "", len(line))

    def _first(self, line: str) -> int:
        """Return the column of the first character that is not blank."""
        return len(line) - len(line.lstrip(" \t\f"))

    def _statement(self, line: str, at: int) -> Iterator[Token]:
        """Yield the tokens of a line that begins a statement, a comment, or nothing."""
        if line[at] in "#\r\n":
            if line[at] == "#":
                comment = line[at:].rstrip("\r\n")
                yield self._token(COMMENT, comment, at)
                at += len(comment)
            yield self._token(OTHER_TOKEN, line[at:], at)
            return
        column = _indent_width(line[:at])
        if column > self._indents[-1]:
            self._indents.append(column)
            yield self._token(INDENT, line[:at], 0)
        while column < self._indents[-1]:
            if column not in self._indents:
                raise SyntaxError("a line stands between two levels of indentation")
            self._indents.pop()
            yield self._token(OTHER_TOKEN, "", at)
        yield from self._rest(line, at)

    def _rest(self, line: str, at: int) -> Iterator[Token]:
        """Yield the tokens of ``line`` from a column on."""
        while at < len(line):
            match = _TOKEN.match(line, at)
            if match is None:  # a character that begins no token, together with the blank before it
                yield self._token(OTHER_TOKEN, line[at], at)
                at += 1
                continue
            kind, at = str(match.lastgroup), match.end()
            text, start = match[kind], match.start(kind)
            if kind == "triple":
                ended = _END[text[-3:]].match(line, at)
                if ended is None:
                    self._begin(line, start, text[-3:], one_line=False)
                    return
                at = ended.end()
                yield self._token(STRING, line[start:at], start)
            elif kind == "string" and text[-1] == "\n":
                self._begin(line, start, text.lstrip("bBfFrRuU")[0], one_line=True)
                return
            elif kind == "continued":
                self._continued = True
            elif kind != "end":
                self._brackets += (text in _OPEN) - (text in _CLOSE)
                inside = kind == "newline" and self._brackets > 0
                yield self._token(OTHER_TOKEN if inside else _KINDS.get(kind, OTHER_TOKEN), text, start)

    def _begin(self, line: str, start: int, quote: str, *, one_line: bool) -> None:
        self._string, self._start = line[start:], (self._row, start)
        self._end = _END[quote]
        self._one_line |= one_line  # tokenize forgets it only where a string ends

    def _in_string(self, line: str) -> Iterator[Token]:
        """Yield the tokens of a line that begins within a string."""
        ended = self._end.match(line)
        if ended is not None:
            end = ended.end()
            yield Token(STRING, self._string + line[:end], self._start, (self._row, end))
            self._string, self._one_line = "", False
            yield from self._rest(line, end)
        elif self._one_line and not line.endswith(("\\\n", "\\\r\n")):
            yield Token(OTHER_TOKEN, self._string + line, self._start, (self._row, len(line)))
            self._string = ""
        else:
            self._string += line

    def _token(self, kind: str, text: str, start: int) -> Token:
        return Token(kind, text, (self._row, start), (self._row, start + len(text)))


def _indent_width(blanks: str) -> int:
    """Return the width of the indentation with these blanks."""
    column = 0
    for blank in blanks:
        column = column + 1 if blank == " " else (column // _TAB + 1) * _TAB if blank == "\t" else 0
    return column

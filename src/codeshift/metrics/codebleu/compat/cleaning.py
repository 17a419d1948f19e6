"""Changes that the public implementations of CodeBLEU make to a program before they parse it."""

from __future__ import annotations

import re

from codeshift.metrics.codebleu.compat.python_tokens import COMMENT, INDENT, NEWLINE, STRING, python_tokens

_MARK = re.compile(r"//|/\*|[\"']")
_QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)}


def without_comments(code: str, language: str) -> str:
    """Remove comments and blank lines, and in Python docstrings too, as the public code does.

    Its rules are those of C, so it removes nothing in Ruby. Python code stays unchanged if the tokenizer of Python 3.11
    refuses it, on every version of Python.

    >>> without_comments("f(1); // call", "java")
    'f(1);  '
    """
    if language == "ruby":
        return code
    if language == "python":
        try:
            code = _python_without_comments(code)
        except SyntaxError:
            return code
    elif "//" in code or "/*" in code:
        code = _c_without_comments(code)
    return "\n".join(line for line in code.split("\n") if line.strip()) if "\n" in code else code.strip() and code


def _c_without_comments(code: str) -> str:
    """Replace each comment by a space; one that does not end, or begins in a string, is not a comment."""
    kept, done, at = [], 0, 0
    unclosed: set[str] = set()  # once a quote or /* has no end, no later one of its kind can have one
    while mark := _MARK.search(code, at):
        start, opening = mark.start(), mark.group()
        end = -1 if opening in unclosed else _end(code, start, opening)
        if end < 0:
            unclosed.add(opening)
            at = start + 1
            continue
        if opening[0] == "/":
            kept += [code[done:start], " "]
            done = end
        at = end
    return "".join([*kept, code[done:]])


def _end(code: str, start: int, opening: str) -> int:
    """Return where the comment or string that begins at ``start`` ends; -1 if it does not end."""
    if opening == "//":
        end = code.find("\n", start)
        return len(code) if end < 0 else end
    if opening == "/*":
        end = code.find("*/", start + 2)
        return end + 2 if end >= 0 else -1
    quoted = _QUOTED[opening].match(code, start)
    return quoted.end() if quoted else -1


def _python_without_comments(code: str) -> str:
    """Remove comments, and strings that begin a line or a block."""
    out: list[str] = []
    before, last_row, last_column = INDENT, -1, 0
    for kind, text, (row, column), end in python_tokens(code):
        if row > last_row:
            last_column = 0
        out.append(" " * (column - last_column))
        docstring = kind == STRING and (before in (INDENT, NEWLINE) or column == 0)
        if kind != COMMENT and not docstring:
            out.append(text)
        before = kind
        last_row, last_column = end
    return "".join(out)


def by_byte_columns(code: str) -> str:
    r"""Return a text whose slices at byte offsets are what the public code reads as the text of a token.

    It cuts lines of characters at columns that tree-sitter counts in bytes, so a name that follows a non-ASCII
    character on its line is cut in the wrong place. Each line is padded with NUL to its length in bytes; the caller
    removes the NULs and the line breaks from a slice.

    >>> by_byte_columns("'é' x")[5:6]
    '\x00'
    """
    if code.isascii():
        return code
    return "\n".join(line.ljust(len(line.encode("utf-8", "replace")), "\0") for line in code.split("\n"))

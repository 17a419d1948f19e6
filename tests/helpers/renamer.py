"""A renamer of Python code: other names, strings and numbers, one to one, and nothing else."""

from __future__ import annotations

import io
import tokenize

from codeshift.properties.near_duplicates.renaming import RESERVED_WORDS


def renamed(code: str, *, literals: bool = True) -> str:
    """Return code in which each identifier, and if asked each string and number, is another one."""
    names: dict[str, str] = {}
    lines = [list(line) for line in code.splitlines(keepends=True)]
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    for token in reversed(tokens):
        text = token.string
        if token.type == tokenize.NAME and text not in RESERVED_WORDS:
            text = names.setdefault(text, f"renamed_{len(names)}")
        elif token.type == tokenize.NUMBER and literals:
            text = "41"
        elif token.type == tokenize.STRING and literals and text[0] in "\"'":
            text = '"other words, 7 of them"'
        (first, start), (last, end) = token.start, token.end
        if text != token.string:
            lines[first - 1][start:] = [*text, *lines[last - 1][end:]]
            del lines[first:last]
    return "".join("".join(line) for line in lines)

"""Decision whether text is Python 3, as by CPython 3.13's own parser, on any version of Python.

``ast`` parses the language of the Python that runs it (3.11 refuses ``type X = int`` and nested quotes in f-strings),
so ``ast_serialize`` decides, the parser of ruff that mypy reads programs with.
"""

from __future__ import annotations

import re
import threading

from ast_serialize import parse

VERSION = (3, 13)
"""Version of Python whose grammar decides."""

# mypy checks type comments, Python does not. Inside a string the change makes no difference.
_TYPE_COMMENT = re.compile(r"(#[ \t\f]*)type:")
_LINE = re.compile(r"\r\n|\r|\n")
# CPython measures the indentation from the form feed. Inside a string the change makes no difference.
_TO_FORM_FEED = re.compile(r"(?:(?<=[\r\n])|\A)[ \t\f]*\f")
_CODE = re.compile(r"([ \t]*)[^\s#]")
# A fragment is read two levels deep, each line one tab further in: a line left of its first one then fits no level.
_SHELL = "class A:\n class B:\n"
_SHORT = 5_000  # characters; longer ones may hold chains that exhaust the stack of a thread
_STACK, _STACK_A_CHARACTER = 64 << 20, 128


def is_python3(text: str) -> bool:
    r"""Return whether CPython 3.13's ``ast.parse`` accepts a text, after its indentation is removed.

    The first line of code sets the margin; no later line may begin to the left of it. Errors that only the compiler
    finds (``return`` outside a function, ``break`` outside a loop) are not looked for: a text may be a body.

    >>> is_python3("    def f(self):\n        return 1"), is_python3("def f():\n    return 1\n  return 2")
    (True, False)
    >>> is_python3("type X = int"), is_python3("print 'x'")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    text = _TO_FORM_FEED.sub("", text) if "\f" in text else text
    lines = _LINE.split(text)
    first = next((match for match in map(_CODE.match, lines) if match), None)
    if first is not None and first[1]:
        text = _SHELL + "\n".join(f"\t{line}" for line in lines) + "\n"
    text = _TYPE_COMMENT.sub(r"\1typo:", text)
    return _accepts(text) if len(text) <= _SHORT else _accepts_long(text)


def _accepts(text: str) -> bool:
    _, errors, _, _, data = parse("text.py", text, python_version=VERSION)
    return not errors and not data["uses_template_strings"]


def _accepts_long(text: str) -> bool:
    """Return the same from a thread whose stack is large enough for a text that is one chain of operators or calls."""
    accepts: list[bool] = []
    before = threading.stack_size(_STACK + _STACK_A_CHARACTER * len(text))
    try:
        thread = threading.Thread(target=lambda: accepts.append(_accepts(text)))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return accepts[0]

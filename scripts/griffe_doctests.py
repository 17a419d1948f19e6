"""Show the ``>>>`` examples of docstrings as blocks of code in the reference.

Docstrings here hold bare doctests, as the standard library's do; Markdown would read ``>>>`` as a quotation.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

# From a prompt to the next blank line, which is where a doctest ends as well.
EXAMPLE = re.compile(r"^( *)>>> .*(?:\n(?!\s*$).*)*", flags=re.MULTILINE)


def fenced(text: str) -> str:
    """Return the text with each doctest in a fence; consecutive examples share one."""
    apart = EXAMPLE.sub(lambda example: f"{example[1]}```pycon\n{example[0]}\n{example[1]}```", text)
    return re.sub(r"^( *)```\n\n\1```pycon$", r"", apart, flags=re.MULTILINE)


class DoctestFences(griffe.Extension):
    """Extension that fences the examples of every docstring before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Fence the examples of an object; griffe calls it for each object that it reads."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)

"""The code within the answer of a chat model."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from codeshift.checks import check_choice

Extract: TypeAlias = Literal["code"]
"""What can be taken out of an answer."""

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n", re.MULTILINE)


def extract_code(answer: str) -> str:
    r"""Return the first fenced block of an answer, or the whole answer if there is none.

    A fence is a line of at least three backticks or tildes, as in CommonMark; the block ends at the next line of at
    least as many, or at the end of an answer that was cut. The line end before that line is not part of the code.

    >>> extract_code("Sure:\n```python\nx = 1\n```\nThis sets x.")
    'x = 1'
    >>> extract_code("x = 1")
    'x = 1'
    """
    text = answer.replace("\r\n", "\n")
    for opening in _FENCE.finditer(text):
        fence = opening["fence"]
        if fence[0] == "`" and "`" in opening["info"]:
            continue  # a line of code between backticks, not a fence
        closing = re.compile(rf"^ {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(text, opening.end())
        return text[opening.end() : end.start() if end else len(text)].removesuffix("\n")
    return answer


def check_extract(extract: Extract | None) -> Extract | None:
    """Return ``extract``.

    Raises:
        ParameterError: it is neither None nor the name of what can be taken out of an answer.
    """
    if extract is not None:
        check_choice("extract", extract, ("code",))
    return extract

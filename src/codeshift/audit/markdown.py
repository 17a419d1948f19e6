"""Sections as Markdown (GitHub's, with tables)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codeshift.audit.sections import Section

# What would be read as markup. A pipe ends a cell even within backticks, so names are escaped, not quoted.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!$])")


def to_markdown(sections: Sequence[Section]) -> str:
    """The sections as one document; text from the data is escaped, code stands in fences that it cannot close."""
    levels = ["#"] + ["##"] * (len(sections) - 1)
    return "\n".join(line for level, section in zip(levels, sections, strict=True) for line in _section(level, section))


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is, on one line.

    >>> print(escaped("a|b `c`\n<d>"))
    a\|b \`c\` \<d\>
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def fenced(code: str) -> str:
    """Code in a fence longer than any run of backticks inside.

    >>> print(fenced("x = '```'"))
    ````
    x = '```'
    ````
    """
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{code}\n{fence}"


def _section(level: str, section: Section) -> Iterator[str]:
    yield f"{level} {escaped(section.title)}"
    yield ""
    for paragraph in section.text:
        yield escaped(paragraph)
        yield ""
    if section.points:
        yield from (f"- {escaped(point)}" for point in section.points)
        yield ""
    if section.header:
        yield _row([escaped(cell) for cell in section.header])
        yield _row(["---"] * len(section.header))
        yield from (_row([escaped(cell) for cell in cells]) for cells in section.rows)
        yield ""
    for caption, code in section.code:
        yield from (escaped(caption), "", fenced(code), "")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

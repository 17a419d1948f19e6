"""Functions of Python of any number of lines: near-duplicates are those of one name whose lengths are near."""

from __future__ import annotations

from collections.abc import Iterable


def function_of_lines(name: str, lines: int, last: str = "pass") -> str:
    """Return a function of so many lines; all but ``last`` hold its name."""
    body = "".join(f"    {name}_{i} = {name}({i}, {name}_{i * 7})\n" for i in range(lines - 2))
    return f"def {name}():\n{body}    {last}\n"


def functions_of_lines(stem: str, numbers: Iterable[int], lines: int, last: str = "pass") -> list[str]:
    """Return a function for each number, whose name is the stem and the number."""
    return [function_of_lines(f"{stem}{number}", lines, last) for number in numbers]

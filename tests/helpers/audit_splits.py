"""Splits for the tests of the audit."""

from __future__ import annotations

import random
from collections.abc import Sequence

from datasets import Dataset, DatasetDict

_VERBS = ("load", "save", "parse", "merge", "count", "render", "close", "fetch", "drop", "scan", "sort", "trim")
_NOUNS = ("table", "file", "row", "token", "graph", "page", "user", "cache", "index", "buffer", "node", "queue")


def functions(count: int, *, seed: int, statements: int = 3) -> list[str]:
    """Return Python functions with random names, of which (almost surely) no two are near-duplicates."""
    rng = random.Random(seed)

    def name() -> str:
        return f"{rng.choice(_VERBS)}_{rng.choice(_NOUNS)}"

    return [
        f"def {name()}(first, second):\n"
        + "".join(f"    {name()} = {name()}({rng.choice(_NOUNS)}, {rng.randrange(99)})\n" for _ in range(statements))
        + f"    return {name()}"
        for _ in range(count)
    ]


def loops(count: int, *, seed: int) -> list[str]:
    """Return functions of a kind that ``functions`` never makes."""
    return [
        f"{code}\n    while {code.split()[1].split('(')[0]}:\n        break" for code in functions(count, seed=seed)
    ]


def split(**parts: Sequence[str]) -> DatasetDict:
    """Return parts given as lists of code, with a column of projects that no two parts share."""
    return DatasetDict(
        {
            name: Dataset.from_dict({"code": list(code), "project": [f"{name}{i % 3}" for i in range(len(code))]})
            for name, code in parts.items()
        }
    )

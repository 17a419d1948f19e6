"""Rows that are nearly near-duplicates, and a search that makes few comparisons."""

from __future__ import annotations

import random
from typing import Any
from unittest.mock import patch

from codeshift.properties.near_duplicates import dense, join, search


def nearly_alike(rows: int, lines: int = 40, changed: int = 6) -> list[str]:
    """A family of which some are near-duplicates at 0.7, and most are nearly so."""
    draw = random.Random(0)
    texts = []
    for row in range(rows):
        code = [f"call_{i}(a{i}, b{i}, c{i});" for i in range(lines)]
        for i in draw.sample(range(lines), changed):
            code[i] = f"other_{row}_{i}(x{row});"
        texts.append("\n".join(code))
    return texts


def few_comparisons(compared: int, looked_at: int = 10**9) -> list[Any]:
    """Patches under which a search stops after so many pairs, whatever the number of rows."""
    return [
        patch.object(search, "_LISTED_CANDIDATES", -1),
        patch.object(join, "_CHUNK_CANDIDATES", 256),
        patch.object(dense, "most_compared", lambda _: compared),
        patch.object(dense, "most_looked_at", lambda _: looked_at),
    ]

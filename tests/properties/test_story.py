"""What properties are: they take code and give one value per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasets import Dataset

from codeshift.properties import (
    APINames,
    CharCount,
    LineCount,
    NodeTypes,
    PropertyTable,
    TextProperty,
    TokenCount,
    languages,
)

ROWS = Dataset.from_dict({"code": ["x = 1", "while x:\n    x = f(x)\n", "import os\nprint(os.getcwd())"]})


@dataclass(frozen=True)
class EqualsSigns(TextProperty):
    """A property of your own defines how it is computed from texts."""

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Return one number for each text."""
        return np.array([text.count("=") for text in texts], dtype=np.float64)


def test_the_story_of_properties() -> None:
    """A table computes each property once, whoever asks for it."""
    table = PropertyTable(ROWS)

    # The length of each row.
    assert table.values(CharCount("code")).tolist() == [5, 22, 28]
    assert table.values(LineCount("code")).tolist() == [1, 2, 2]
    assert table.values(TokenCount("code")).tolist() == [3, 9, 10]

    # The node types of its syntax tree. The columns of the counts are the sorted vocabulary.
    assert "python" in languages()
    nodes = table.values(NodeTypes("code", "python"))
    assert nodes.of(("call", "while_statement")).tolist() == [[0, 0], [1, 1], [2, 0]]
    assert nodes.total(("call", "while_statement")).tolist() == [0, 2, 2]

    # The APIs that it uses. Names are resolved through the row's own imports.
    assert table.values(APINames("code", "python")).vocabulary == ("builtins.print", "f", "os.getcwd")

    # A property of your own is used in the same way; equal properties share one value in a table.
    assert table.values(EqualsSigns("code")).tolist() == [1, 1, 0]
    assert table.values(EqualsSigns("code")) is table.values(EqualsSigns("code"))

"""Pairs of APIs that a program uses together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

from codeshift.properties.apis import APINames
from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan


@dataclass(frozen=True)
class APIPairs(APINames):
    r"""Pairs of APIs that each row uses, as ``"first & second"``, sorted by name; each pair counts once per row.

    Names are those of ``APINames``.

    Raises:
        ParameterError: if API names of the language are not resolved.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["len(open(path).read())", "len(x)"]}))
    >>> table.values(APIPairs("code", "python")).vocabulary
    ('.read & builtins.len', '.read & builtins.open', 'builtins.len & builtins.open')
    """

    element = "pair of APIs"
    dimension = "composition"

    def from_syntax(self, scan: SyntaxScan) -> ElementCounts:
        """Return counts of ``n`` rows, each 0 or 1."""
        names, used = scan.api_names.vocabulary, scan.api_names.counts
        rows = [sorted(used.indices[start:end].tolist()) for start, end in pairwise(used.indptr)]
        return ElementCounts.from_rows([[f"{names[a]} & {names[b]}" for a, b in combinations(row, 2)] for row in rows])

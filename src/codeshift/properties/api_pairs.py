"""Which APIs a program uses together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

from codeshift.properties.apis import APINames
from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan


@dataclass(frozen=True)
class APIPairs(APINames):
    r"""Which pairs of APIs each row uses together, as ``"first & second"``, the two sorted by name; each counts once.

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
        """Counts of ``n`` rows, each 0 or 1."""
        names, used = scan.api_names.vocabulary, scan.api_names.counts
        rows = [sorted(used.indices[start:end].tolist()) for start, end in pairwise(used.indptr)]
        return ElementCounts.from_rows([[f"{names[a]} & {names[b]}" for a, b in combinations(row, 2)] for row in rows])

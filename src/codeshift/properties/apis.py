"""The APIs that programs use."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.properties.api_names import check_api_language
from codeshift.properties.base import TreeProperty
from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan


@dataclass(frozen=True)
class APINames(TreeProperty):
    r"""Number of uses of each API in each row, by its qualified name (``numpy.linalg.norm``).

    Names are resolved through the row's own imports, aliases and declared types. A name that the row does not resolve
    stays as written (``np.linalg.norm`` in a bare function), and a method of an object of unknown type is ``.method``.
    ``docs/guides/api-usage.md`` describes what is resolved in each language.

    Attributes:
        column: Column that holds the code.
        language: Language of the code, one of those whose API names are resolved.

    Raises:
        ParameterError: if API names of the language are not resolved.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> rows = ["import numpy as np\nnp.linalg.norm(x)", "len(open(path).read())"]
    >>> table = PropertyTable(Dataset.from_dict({"code": rows}))
    >>> table.values(APINames("code", "python")).vocabulary
    ('.read', 'builtins.len', 'builtins.open', 'numpy.linalg.norm')
    """

    verb = "use"
    element = "API"
    dimension = "APIs"

    def check_language(self) -> None:
        """Check that API names of the language are resolved.

        Raises:
            ParameterError: if they are not.
        """
        check_api_language(self.language)

    def from_syntax(self, scan: SyntaxScan) -> ElementCounts:
        """Return counts of ``n`` rows."""
        return scan.api_names

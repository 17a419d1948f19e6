"""Syntactic validity: does the output parse?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.metrics.base import FloatArray, Metric
from codeshift.metrics.rows import text_rows
from codeshift.properties.grammars import check_language


@dataclass(frozen=True)
class SyntacticValidity(Metric):
    """1 where the output parses without an ERROR or MISSING node of the language's tree-sitter grammar; else 0.

    Bare methods, constructors and statements count as valid: a row that is no whole file is tried as a member of a
    class or the body of a function. The reference plays no part, so the references' own validity is worth a look as
    well: 2.4% of the fixed methods of Bugs2Fix (small, test) do not parse (``benchmarks/metric_figures.py``).
    Blank text holds no program and scores 0. The grammars are more lenient than compilers, and a program that parses
    may mean nothing.

    Attributes:
        language: one of ``codeshift.properties.languages()``.

    >>> SyntacticValidity("java").score(["int f() { return 1; }", "int f() { return", "A(int x) {}"], [""] * 3)
    array([1., 0., 1.])
    """

    language: str

    def __post_init__(self) -> None:
        check_language(self.language)

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """1.0 or 0.0 a row, shape (n,); ``references`` gives only the number of rows.

        Raises:
            ParameterError: if there are not as many predictions as references.
            DataError: if a row is not a string.
        """
        from codeshift.properties.parsing import CodeParser

        parser = CodeParser(self.language)
        texts, _ = text_rows(predictions, references)
        valid = [bool(text.strip()) and not parser.parse(text).has_error for text in texts]
        return np.array(valid, dtype=np.float64)

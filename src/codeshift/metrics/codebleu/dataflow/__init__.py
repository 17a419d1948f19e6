"""The data flow of a program: an edge for each variable whose value comes from another.

After GraphCodeBERT (Guo et al., ICLR 2021, arXiv 2009.08366), which the data-flow part of CodeBLEU is based on. The
rules of each language are in one table (``codeshift.metrics.codebleu.dataflow.tables``); the code that applies them is
the same for all languages.
"""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.metrics.codebleu.dataflow.flow import Flow
from codeshift.metrics.codebleu.dataflow.scan import Scanner
from codeshift.metrics.codebleu.dataflow.tables import LANGUAGES, flow_language, flow_table
from codeshift.properties.grammars import ts_language
from codeshift.properties.parsing import CodeParser

__all__ = ["LANGUAGES", "Edge", "data_flow"]


@dataclass(frozen=True)
class Edge:
    """Edge from one variable to another, where its value comes from.

    Attributes:
        target: Variable that has the value.
        target_place: Position of the target among the program's variables and constants, from 0, in the order of
            the text.
        source: Variable or constant that the value comes from.
        source_place: Position of the source.
        computed: Whether an assignment computes the value from the source; if not, it is the source's own.
    """

    target: str
    target_place: int
    source: str
    source_place: int
    computed: bool

    def __str__(self) -> str:
        arrow = "<=" if self.computed else "<-"
        return f"{self.target}@{self.target_place} {arrow} {self.source}@{self.source_place}"


def data_flow(code: str, language: str) -> list[Edge]:
    """Return the edges of the program's data flow, in the order of the variables that get a value.

    Code that does not parse has the edges of the parts that do; code without variables has none.

    Raises:
        ParameterError: if ``language`` is not one of ``LANGUAGES``.

    >>> print(*data_flow("int f(int a) { int b = a + 1; return b; }", "java"), sep="; ")
    b@1 <= a@2; b@1 <= 1@3; a@2 <- a@0; b@4 <- b@1
    """
    parsed = CodeParser(flow_language(language)).parse(code)
    scanner = Scanner(ts_language(language), flow_table(language))
    scan = scanner.scan(parsed.roots, parsed.source.decode("latin-1"), careful=parsed.has_error)
    tokens = [token.encode("latin-1").decode("utf-8", "replace") for token in scan.tokens]
    return [Edge(tokens[t], t, tokens[s], s, computed) for t, computed, s in Flow(scan).edges()]

"""Analysis of programs as in the public implementations of CodeBLEU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from codeshift.metrics.codebleu.compat.cleaning import by_byte_columns, without_comments
from codeshift.metrics.codebleu.compat.flow import CompatFlow, CompatItem, NoFlowError
from codeshift.metrics.codebleu.compat.tables import COMPAT_TABLES
from codeshift.metrics.codebleu.dataflow.scan import Scanner
from codeshift.properties.grammars import parser, ts_language

if TYPE_CHECKING:
    from codeshift.metrics.codebleu.dataflow.scan import Scan


class CompatAnalyser:
    """Analyser that finds subtrees and data flow of programs in one language.

    ``comments_of`` names the language whose comments are removed first: CodeXGLUE always removes those of Java.
    """

    def __init__(self, language: str, comments_of: str) -> None:
        self._parser = parser(language)
        self._comments_of = comments_of
        self._scanner = Scanner(ts_language(language), COMPAT_TABLES[language])

    def clear(self) -> None:
        """Forget what earlier programs left behind."""
        self._scanner.clear()

    def cleanings(self, code: str) -> Iterator[str]:
        """Yield a prediction as compared with its first reference, its second, ...: cleaned once more each time."""
        code = code.strip()
        while True:
            yield code
            code = without_comments(code, self._comments_of)

    def analyse(self, code: str) -> tuple[list[int], dict[CompatItem, int]] | None:
        """Return the program's subtrees, as numbers that compare within this analyser, and its data flow.

        None if the parser gives up on it.
        """
        code = without_comments(code, self._comments_of)
        tree = self._parser.parse(code.encode("utf-8", "replace"))
        if tree is None:
            return None
        root = tree.root_node
        careful = root.has_error or not code.isascii()
        scan = self._scanner.scan((root,), by_byte_columns(code), careful=careful)
        if not code.isascii() or "\n" in code:
            scan.tokens = [token.replace("\0", "").replace("\n", "") for token in scan.tokens]
        return scan.subtrees or [root.kind_id], _items(scan)


def _items(scan: Scan) -> dict[CompatItem, int]:
    try:
        return CompatFlow(scan).items()
    except NoFlowError:
        return {}

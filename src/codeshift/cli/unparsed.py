"""A warning if rows do not parse in their language, which splits and metrics would silently ignore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from codeshift.errors import CodeshiftWarning, warn

if TYPE_CHECKING:
    from datasets import Dataset

_ROWS = 200
_SHARE = 0.2


def warn_unparsed(parts: Mapping[str, Dataset], columns: Iterable[str], language: str) -> None:
    """Warn if at least a fifth of a sample of rows, taken evenly from all parts, have syntax errors."""
    from codeshift.properties.parsing import CodeParser

    parser = CodeParser(language)
    for column in columns:
        texts = [text for rows in parts.values() if column in rows.column_names for text in _some(rows, column)]
        wrong = sum(parser.parse(text).has_error for text in texts)
        if texts and wrong >= _SHARE * len(texts):
            message = f"{wrong} of {len(texts)} rows checked have syntax errors as {language}"
            remedy = "is the language right, and the column? Rows of several languages are best split one by one"
            warn(CodeshiftWarning(f"{column}: {message}: {remedy}"))


def _some(rows: Dataset, column: str) -> list[str]:
    step = max(1, len(rows) // _ROWS)
    values = rows.select(range(0, len(rows), step)).with_format(None)[column][:]
    return [value for value in values if isinstance(value, str) and value.strip()]

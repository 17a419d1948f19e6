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
    from codeshift.properties.row_languages import language_column

    by_row = language_column(language)
    parsers: dict[str, CodeParser] = {}
    for column in columns:
        texts = [pair for rows in parts.values() if column in rows.column_names for pair in _some(rows, column, by_row)]
        wrong = 0
        for text, named in texts:
            row_language = named or language
            if row_language not in parsers:
                parsers[row_language] = CodeParser(row_language)
            wrong += parsers[row_language].parse(text).has_error
        if texts and wrong >= _SHARE * len(texts):
            message = f"{wrong} of {len(texts)} rows checked have syntax errors as {language}"
            remedy = "is the language right, and the column? Rows that name their language are read by column:NAME"
            warn(CodeshiftWarning(f"{column}: {message}: {remedy}"))


def _some(rows: Dataset, column: str, by_row: str | None) -> list[tuple[str, str | None]]:
    """Return some texts, each with the language that its row names if ``by_row`` is the column of that."""
    from codeshift.properties.dataset_columns import column_values
    from codeshift.properties.row_languages import known_languages

    step = max(1, len(rows) // _ROWS)
    sampled = rows.select(range(0, len(rows), step))
    named = [None] * len(sampled) if by_row is None else column_values(sampled, by_row, "language")
    if by_row is not None:
        known_languages(named, by_row)
    values = sampled.with_format(None)[column][:]
    return [(text, name) for text, name in zip(values, named, strict=True) if isinstance(text, str) and text.strip()]

"""Base class of splitters that read code in a language, which a column may name for each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codeshift.properties.grammars import language_of
from codeshift.properties.row_languages import language_column
from codeshift.splitters.base import Splitter


@dataclass(frozen=True, kw_only=True, repr=False)
class LanguageSplitter(Splitter):
    """Base class of splitters with a field ``language``: a language, or ``"column:lang"`` for that of each row."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Language of the code, or the column that names it; none if it is not given."""
        language = language_of(self)
        return () if language is None else (language,)

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Column of the rows' languages, if ``language`` names one."""
        column = language_column(language_of(self))
        return {} if column is None else {column: "language"}

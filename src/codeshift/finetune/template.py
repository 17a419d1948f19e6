"""Templates, which make the text of a source or a target from the columns of a dataset."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from datasets import Dataset, Features, LargeList, List

from codeshift.errors import DataError, ParameterError
from codeshift.properties.text_tokens import Pieces
from codeshift.wording import Remedy, Verbatim, closest

_TEXT = ("string", "large_string", "string_view", "null")  # a column that holds only None is checked row by row


@dataclass(frozen=True)
class Template:
    r"""A column name, or a text with columns in braces; ``{{`` and ``}}`` are braces themselves.

    Attributes:
        spec: Column or template, such as ``"docstring"`` or ``"{docstring}\n{signature}"``.
        parameter: Name of the argument that it was given as, for messages.
        plain: Whether a text without braces is that text, rather than the name of a column.

    Raises:
        ParameterError: the braces hold something that is not a plain column name.

    >>> Template("{doc}\n{sig}", "source").texts({"doc": ["Add."], "sig": ["def add(a, b):"]})
    ['Add.\ndef add(a, b):']
    """

    spec: str
    parameter: str
    plain: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.spec, str) or not self.spec:
            raise ParameterError(
                self.parameter, "a column name or a template", self.spec, 'write "code" or "{doc} {sig}"'
            )
        for _, column, format_spec, conversion in self._pieces:
            if column is not None and (not column or format_spec or conversion or "." in column or "[" in column):
                raise ParameterError(
                    self.parameter, "a template of plain column names", self.spec, "write {column}, and {{ for a brace"
                )

    @cached_property
    def _pieces(self) -> list[tuple[str, str | None, str | None, str | None]]:
        if not self.plain and "{" not in self.spec and "}" not in self.spec:
            return [("", self.spec, "", None)]
        try:
            return list(string.Formatter().parse(self.spec))
        except ValueError as error:
            raise ParameterError(self.parameter, "a well-formed template", self.spec, str(error)) from error

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns that the text is made of, each once.

        Raises:
            ParameterError: there is none.
        """
        columns = self.named_columns
        if not columns:
            raise ParameterError(self.parameter, "a template with a column", self.spec, "write {column} where it goes")
        return columns

    @property
    def named_columns(self) -> tuple[str, ...]:
        """Columns of the text, each once; none of a plain text without braces."""
        return tuple(dict.fromkeys(field for _, field, _, _ in self._pieces if field))

    @property
    def literal(self) -> str:
        """Text that the template writes itself."""
        return "".join(literal for literal, _, _, _ in self._pieces)

    def check(self, features: Features) -> None:
        """Check that the columns of the template are text columns of the data.

        Raises:
            ParameterError: a column is missing; close matches are named.
            DataError: a column holds lists, objects, numbers or anything else that is not text.

        >>> from datasets import Dataset
        >>> Template("{doc}: {tags}", "source").check(Dataset.from_dict({"doc": ["Add."], "tags": [["a"]]}).features)
        Traceback (most recent call last):
            ...
        codeshift.errors.DataError: source must be made of columns of text, got tags, which holds List(...): ...
        """
        for column in self.named_columns if self.plain else self.columns:
            if column not in features:
                raise ParameterError(self.parameter, "made of columns of the data", column, closest(column, features))
            feature = features[column]
            if getattr(feature, "dtype", None) not in _TEXT:
                # Words of code or of text are joined by spaces; the assertions of test code by newlines.
                joint = "\\n" if self.parameter == "tests" else " "
                several = isinstance(feature, List | LargeList)
                as_text = f"'{joint}'.join(row[{column!r}])" if several else f"str(row[{column!r}])"
                remedy = f"make it text first, such as data.map(lambda row: {{{column!r}: {as_text}}})"
                feature_in_words = Verbatim(f"{column}, which holds {feature}")
                raise DataError(self.parameter, "made of columns of text", feature_in_words, remedy)

    def texts(self, batch: Mapping[str, Sequence[Any]]) -> list[str]:
        """Return one text per row of ``batch``.

        Raises:
            DataError: a value is not text.
        """
        self._check_text(batch)
        rows = len(batch[self.columns[0]])
        if len(self._pieces) == 1 and self._pieces[0][0] == "":
            return list(batch[self.columns[0]])
        return [
            "".join(literal + (batch[field][i] if field else "") for literal, field, _, _ in self._pieces)
            for i in range(rows)
        ]

    def special_tokens(self, special: Collection[str]) -> tuple[str, ...]:
        """Return the tokens of ``special`` that the template writes between the columns, in their order.

        >>> Template("<mask> {doc}</s>", "source").special_tokens(["<mask>", "</s>"])
        ('<mask>', '</s>')
        """
        return tuple(token for literal, _, _, _ in self._pieces for token in _split(literal, special)[1::2])

    def pieces(
        self, batch: Mapping[str, Sequence[Any]], special: Collection[str], in_columns: Collection[str] = ()
    ) -> list[Pieces]:
        """Return the texts of ``batch``, each divided at its special tokens: text, token, text, ..., text.

        Args:
            batch: Columns.
            special: Tokens that are special where the template itself writes them.
            in_columns: Tokens that are special in a column as well.

        Raises:
            DataError: a value is not text.

        >>> Template("<mask> {doc}", "source").pieces({"doc": ["a <mask>"]}, ["<mask>"])
        [('', '<mask>', ' a <mask>')]
        """
        if not in_columns and not self.special_tokens(special):
            return [(text,) for text in self.texts(batch)]
        self._check_text(batch)
        literals = [_split(literal, special) for literal, _, _, _ in self._pieces]
        fields = [field for _, field, _, _ in self._pieces]
        rows = []
        for i in range(len(batch[self.columns[0]])):
            row = [""]
            for literal, column in zip(literals, fields, strict=True):
                for piece in (literal, _split(batch[column][i], in_columns) if column else [""]):
                    row[-1] += piece[0]
                    row += piece[1:]
            rows.append(tuple(row))
        return rows

    def _check_text(self, batch: Mapping[str, Sequence[Any]]) -> None:
        for column in self.columns:
            wrong = [(i, v) for i, v in enumerate(batch[column]) if not isinstance(v, str)]
            if wrong:
                row, value = wrong[0]
                where = f"{len(wrong)} such row(s), the first at position {row}"
                code = f"data.filter(lambda row: isinstance(row[{column!r}], str))"
                remedy = Remedy(f"{where}: leave them out with ", code, option="require", value=column)
                raise DataError(column, "text in every row", value, remedy)


class TextSource(Protocol):
    """Source of one text for each row: a ``Template``, or a list of messages."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the text is made of, each once."""

    def texts(self, batch: Mapping[str, Sequence[Any]]) -> list[str]:
        """Return one text per row of ``batch``."""


def texts_of(template: TextSource, rows: Dataset) -> list[str]:
    """Return one text per row of a dataset.

    Raises:
        DataError: a value is not text.
    """
    return template.texts({column: list(rows[column]) for column in template.columns})


def _split(text: str, tokens: Collection[str]) -> list[str]:
    """Split into text, token, text, ..., text; if two tokens begin at one place, the longer one counts."""
    if not tokens or not any(token in text for token in tokens):
        return [text]
    return re.split("(" + "|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) + ")", text)

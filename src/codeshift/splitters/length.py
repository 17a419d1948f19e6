"""Splits by the length of programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codeshift.checks import check_choice, settle
from codeshift.errors import ParameterError
from codeshift.literals import expressible
from codeshift.properties import CharCount, LineCount, Property, SyntaxTokenCount, TokenCount
from codeshift.properties.model_tokens import ModelTokenCount, load_counting_tokenizer, tokenizer_name
from codeshift.properties.row_languages import check_languages
from codeshift.reaching_hub import check_revision
from codeshift.splitters.band import BandSplitter

_UNITS = ("tokens", "lines", "chars")


@expressible
@dataclass(frozen=True, kw_only=True, repr=False)
class LengthSplitter(BandSplitter):
    """Programs of a band of lengths are out of distribution.

    A band at an end of the range extrapolates (``quantiles=(0.9, 1.0)``: the longest tenth), one inside it interpolates
    (``quantiles=(0.4, 0.5)``). The default holds out the longest fifth.

    Attributes:
        column: Column that holds the code.
        unit: Unit of length: ``"tokens"``, ``"lines"`` or ``"chars"``.
        quantiles: Band as shares of the rows given, ``(low, high)``; rows equal to the upper threshold are outside,
            unless it is 1.
        bounds: Band as lengths instead, ``low <= length < high``; ``None`` for an open end.
        language: Language whose syntax tree's leaves are counted as tokens, or ``"column:lang"`` for the one that
            each row names; if not given, ``codeshift.properties.lexer`` counts them.
        tokenizer: Tokenizer of a model to count with instead: a Hugging Face tokenizer by its name on the hub, its
            folder, or the object. An object is stored as the name that it was loaded by, and must equal what that name
            loads. The special tokens that a model adds are not counted.
        ties: Treatment of rows of one length at a quantile: ``"together"`` takes all or none of them, so a narrow
            band of short programs can be empty or large; ``"split"`` divides them by the hash of their content, so a
            band has its share of the rows for any lengths.
        tokenizer_revision: Branch, tag or commit of a tokenizer of the hub; None for the newest.

    Raises:
        ParameterError: if a value is invalid.

    >>> LengthSplitter(column="code", quantiles=(0.9, 1.0))
    LengthSplitter(column='code', unit='tokens', quantiles=(0.9, 1.0), bounds=None, language=None, tokenizer=None)
    >>> LengthSplitter(column="code", unit="words")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: unit must be one of tokens, lines, chars, got 'words': choose one of chars, \
lines, tokens
    """

    always_shown = ("column", "unit", "quantiles", "bounds", "language", "tokenizer")

    unit: str = "tokens"
    language: str | None = None
    tokenizer: Any = None
    tokenizer_revision: str | None = None

    def __post_init__(self) -> None:
        settle(self, unit=check_choice("unit", self.unit, _UNITS))
        super().__post_init__()
        for name in ("language", "tokenizer"):
            if getattr(self, name) is not None and self.unit != "tokens":
                raise ParameterError(name, f"left out if unit is {self.unit!r}", getattr(self, name), "drop it")
        if self.language is not None:
            settle(self, language=check_languages(self.language))
        if self.tokenizer is not None:
            if self.language is not None:
                remedy = "tokens are either leaves of the syntax tree or those of a model"
                raise ParameterError("language", "left out if tokenizer is given", self.language, remedy)
            settle(self, tokenizer=tokenizer_name(self.tokenizer, self.tokenizer_revision))
        revision = {"parameter": "tokenizer_revision", "of": "tokenizer"}
        check_revision(self.tokenizer, self.tokenizer_revision, **revision)

    @property
    def measured(self) -> Property:
        """Property whose band this splitter takes."""
        if self.unit == "lines":
            return LineCount(self.column)
        if self.unit == "chars":
            return CharCount(self.column)
        if self.tokenizer is not None:
            digest = load_counting_tokenizer(self.tokenizer, self.tokenizer_revision)[1]
            return ModelTokenCount(self.column, self.tokenizer, digest, self.tokenizer_revision)
        return SyntaxTokenCount(self.column, self.language) if self.language else TokenCount(self.column)

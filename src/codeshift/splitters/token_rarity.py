"""Splits by how rare the tokens of a program are."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.checks import check_choice, settle
from codeshift.literals import expressible
from codeshift.properties import PropertyTable
from codeshift.properties.rarity import SCORES, VOCABULARIES, TokenRarity, Unigrams
from codeshift.regions.base import Region
from codeshift.splitters.base import Splitter
from codeshift.splitters.quantiles import band_of, check_quantiles


@expressible
@dataclass(frozen=True, kw_only=True)
class TokenRaritySplitter(Splitter):
    """Programs whose tokens are rare in the dataset are out of distribution.

    A token's surprisal is ``-log2(count / total)`` bits (Shannon, *A Mathematical Theory of Communication*, 1948),
    under the unigram distribution of the dataset that the splitter is fitted on. Its mean over a program is the
    program's cross-entropy in that distribution, a measure of how unusual code is (Hindle et al., *On the Naturalness
    of Software*, ICSE 2012, with n-grams); the maximum finds programs with one odd name; the share of rare tokens is
    the lexical frequency profile of Laufer and Nation (1995) with one band, the tokens that make up the last tenth of
    all occurrences. Tokens never seen count as seen once. The frequencies are part of the fitted region, so new
    programs are scored by the same ones.

    The maximum has many ties: all programs with a token seen once share the largest value, so its top band contains all
    of them. Short programs have extreme means. See the audit's table of confounds, or combine with a band of lengths:
    ``TokenRaritySplitter(...) & LengthSplitter(...)``.

    Attributes:
        column: Column that holds the code.
        quantiles: Band of scores as shares of the rows, ``(low, high)``; by default the rarest fifth.
        score: Aggregate over a program's tokens: ``"mean"``, ``"max"`` or ``"rare_share"``.
        vocabulary: Kind of tokens: ``"tokens"`` of ``codeshift.properties.lexer``, or ``"identifiers"``, which
            start with a letter or underscore (including keywords, which are frequent and so have little surprisal).

    Raises:
        ParameterError: if a value is invalid.

    >>> TokenRaritySplitter(column="code", score="median")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: score must be one of mean, max, rare_share, got 'median': did you mean mean?
    """

    quantiles: tuple[float, float] = (0.8, 1.0)
    score: str = "mean"
    vocabulary: str = "tokens"

    def __post_init__(self) -> None:
        settle(self, quantiles=check_quantiles(self.quantiles))
        settle(self, score=check_choice("score", self.score, SCORES))
        settle(self, vocabulary=check_choice("vocabulary", self.vocabulary, VOCABULARIES))

    def fit(self, table: PropertyTable) -> Region:
        """Return an interval of scores under the frequencies of all rows of ``table``."""
        rarity = TokenRarity(self.column, table.summarise(Unigrams(self.column, self.vocabulary)), self.score)
        return band_of(rarity, table, self.quantiles)

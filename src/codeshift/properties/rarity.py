r"""Surprisal of the tokens of a program, given how often the programs of a dataset use them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from codeshift.checks import check_choice, settle
from codeshift.properties.base import TextProperty
from codeshift.properties.counts import summed
from codeshift.properties.later_letters import has_later_letters
from codeshift.properties.lexer import lex
from codeshift.properties.progress import progress_bar
from codeshift.properties.serialise import Serialisable

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable

SCORES = ("mean", "max", "rare_share")
VOCABULARIES = ("tokens", "identifiers")

_RARE_OCCURRENCES = 0.1


@dataclass(frozen=True, repr=False)
class UnigramModel(Serialisable):
    r"""Frequencies of the tokens in the programs of a dataset.

    A token seen once, and one never seen, have the probability of one occurrence, ``1 / total``. So new programs can be
    scored, and the table needs no line for the tokens seen once, which are about half of them.

    Attributes:
        vocabulary: Kind of tokens: ``"tokens"`` for all tokens of ``codeshift.properties.lexer``, ``"identifiers"``
            for those that start with a letter or underscore (including keywords, which a lexer without a language
            cannot distinguish).
        total: Number of occurrences of all tokens.
        rare_count: Count up to which tokens are rare: the largest count such that they make up at most a tenth of
            all occurrences.
        table: Lines of ``"count token"`` for tokens seen twice or more, sorted by token.

    >>> model = UnigramModel.fit(["x = x + y", "x = 1"], "tokens")
    >>> model.surprisal("x"), model.surprisal("never_seen")
    (1.415..., 3.0)
    >>> model
    UnigramModel('tokens', total=8, rare_count=0, digest='3fab3163cab2f40a')
    """

    vocabulary: str
    total: int
    rare_count: int
    table: str

    @classmethod
    def fit(cls, texts: Iterable[str], vocabulary: str) -> UnigramModel:
        """Count the tokens of some programs; equal programs count each time."""
        return cls.of_counts(count_tokens(texts, vocabulary), vocabulary)

    @classmethod
    def of_counts(cls, counts: Counter[str], vocabulary: str) -> UnigramModel:
        """Make the model of the number of occurrences of each token."""
        lines = [f"{count} {token}" for token, count in sorted(counts.items()) if count > 1]
        return cls(vocabulary, counts.total(), _rare_count(counts), "\n".join(lines))

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of occurrences of each token seen twice or more."""
        pairs = (line.split(" ", 1) for line in self.table.split("\n") if line)
        return {token: int(count) for count, token in pairs}

    @cached_property
    def digest(self) -> str:
        """Digest of all fields."""
        content = f"{self.vocabulary} {self.total} {self.rare_count}\n{self.table}"
        return hashlib.blake2b(content.encode("utf-8", errors="surrogatepass"), digest_size=8).hexdigest()

    def surprisal(self, token: str) -> float:
        """Return ``-log2 p(token)`` in bits."""
        return -math.log2(self.counts.get(token, 1) / self.total)

    def is_rare(self, token: str) -> bool:
        """Return whether a token is among those that make up the last tenth of all occurrences."""
        return self.counts.get(token, 1) <= self.rare_count

    def __repr__(self) -> str:
        return (
            f"UnigramModel({self.vocabulary!r}, total={self.total}, rare_count={self.rare_count}, "
            f"digest={self.digest!r})"
        )


@dataclass(frozen=True)
class Unigrams:
    """``UnigramModel`` of all rows of a table, which does not depend on their order.

    Attributes:
        column: Column that holds the code.
        vocabulary: Kind of tokens, ``"tokens"`` or ``"identifiers"``.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> PropertyTable(Dataset.from_dict({"code": ["x = 1", "x"]})).summarise(Unigrams("code")).total
    4
    """

    column: str
    vocabulary: str = "tokens"

    def of(self, table: PropertyTable) -> Counter[str]:
        """Count the tokens of one table."""
        texts = progress_bar("Token frequencies", len(table), "row", over=table.texts(self.column))
        return count_tokens(texts, self.vocabulary)

    def merged(self, parts: Sequence[Counter[str]]) -> UnigramModel:
        """Fit the model to the tokens of several tables."""
        return UnigramModel.of_counts(summed(parts), self.vocabulary)


@dataclass(frozen=True)
class TokenRarity(TextProperty):
    """Surprisal of each row's tokens under a fitted model; 0 for a row without tokens.

    Attributes:
        model: Frequencies.
        score: Aggregate: ``"mean"`` or ``"max"`` of the tokens' surprisal in bits, or ``"rare_share"``, the share
            of a row's tokens that are rare.

    >>> model = UnigramModel.fit(["x = x + y", "x = 1"], "tokens")
    >>> TokenRarity("code", model, "max").compute(["x = 1", "x", ""])
    array([3.        , 1.4150375, 0.       ])
    """

    dimension = "vocabulary"

    model: UnigramModel
    score: str = "mean"

    def __post_init__(self) -> None:
        settle(self, score=check_choice("score", self.score, SCORES))

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``."""
        return np.array([self._of(tokens_of(text, self.model.vocabulary)) for text in texts], dtype=np.float64)

    def _of(self, tokens: list[str]) -> float:
        if not tokens:
            return 0.0
        if self.score == "rare_share":
            return sum(map(self.model.is_rare, tokens)) / len(tokens)
        if self.score == "max":
            return max(map(self.model.surprisal, tokens))
        return math.fsum(map(self.model.surprisal, tokens)) / len(tokens)


def count_tokens(texts: Iterable[str], vocabulary: str) -> Counter[str]:
    """Count the tokens of some programs; equal programs count each time.

    >>> sorted(count_tokens(["x = 1", "x"], "identifiers").items())
    [('x', 2)]
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokens_of(text, vocabulary))
    return counts


def tokens_of(text: str, vocabulary: str) -> list[str]:
    """Return the tokens of a text that belong to a vocabulary, in order.

    >>> tokens_of("if x1 > 0.5: _y()", "identifiers")
    ['if', 'x1', '_y']
    """
    tokens = lex(text)
    if vocabulary == "identifiers":
        return [
            token for token in tokens if token[0] == "_" or (token[0].isalpha() and not has_later_letters(token[0]))
        ]
    return tokens


def _rare_count(counts: Counter[str]) -> int:
    """Return the largest count such that tokens of at most that count make up at most a tenth of all occurrences."""
    tokens_by_count = Counter(counts.values())
    below, largest = 0, 0
    for count in sorted(tokens_by_count):
        below += count * tokens_by_count[count]
        if below > _RARE_OCCURRENCES * counts.total():
            break
        largest = count
    return largest

"""Embeddings: recipes that are fitted to a table and give a property of vectors."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codeshift.checks import check_choice, check_integer, settle
from codeshift.errors import ParameterError
from codeshift.literals import expressible
from codeshift.properties.base import Property
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.encoder import POOLINGS, ColumnVectors, EncoderVectors, FunctionVectors
from codeshift.properties.predicate import dotted_name, source_digest, trust_function
from codeshift.properties.tfidf import TfidfVectors
from codeshift.reaching_hub import check_revision

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True, kw_only=True)
class Embedding(ABC):
    """Recipe for vectors. Implement ``fit``."""

    @abstractmethod
    def fit(self, table: PropertyTable, column: str) -> Property:
        """Return a property whose values are vectors of shape ``(n, dimensions)``, for any rows."""


@expressible
@dataclass(frozen=True, kw_only=True)
class TfidfEmbedding(Embedding):
    """TF-IDF of the tokens of ``codeshift.properties.lexer``, projected by a truncated SVD. It needs no model.

    Attributes:
        features: Number of tokens in the vocabulary, those that most programs contain.
        dimensions: Length of the vectors.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": [f"x = {i} + {i % 7}" for i in range(40)]}))
    >>> table.values(TfidfEmbedding(dimensions=4).fit(table, "code")).shape
    (40, 4)
    """

    features: int = 4096
    dimensions: int = 128

    def __post_init__(self) -> None:
        for name in ("features", "dimensions"):
            value = check_integer(name, getattr(self, name), smallest=2, remedy="leave it out for the default")
            settle(self, **{name: value})

    def fit(self, table: PropertyTable, column: str) -> Property:
        """Fit the vocabulary and the projection to the table's programs."""
        return TfidfVectors.fit(table, column, features=self.features, dimensions=self.dimensions)


@expressible
@dataclass(frozen=True, kw_only=True)
class EncoderEmbedding(Embedding):
    """Pooled last hidden states of a transformers encoder, such as ``"microsoft/codebert-base"``.

    Attributes:
        model: Model's name on the hub, or its folder. Code that comes with it is never run.
        pooling: Pooling, ``"mean"`` over tokens or ``"cls"`` for the first token.
        max_length: Number of tokens after which programs are cut off.
        batch_size: Number of programs per forward pass.
        revision: Branch, tag or commit of a model of the hub; None for the newest. Name a commit where a split is
            to be made again later.

    >>> EncoderEmbedding("microsoft/codebert-base", revision="main").revision
    'main'
    >>> EncoderEmbedding("microsoft/codebert-base", pooling="first")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: pooling must be one of mean, cls, got 'first': choose one of cls, mean
    """

    model: str = field(kw_only=False)
    pooling: str = "mean"
    max_length: int = 512
    batch_size: int = 32
    revision: str | None = None

    def __post_init__(self) -> None:
        settle(self, model=str(self.model) if isinstance(self.model, str) else self.model)
        settle(self, pooling=check_choice("pooling", self.pooling, POOLINGS))
        check_revision(self.model, self.revision)
        for name in ("max_length", "batch_size"):
            settle(self, **{name: check_integer(name, getattr(self, name), smallest=1, remedy="leave it out")})

    def fit(self, table: PropertyTable, column: str) -> Property:
        """Return the vectors' property; nothing is learnt from the rows."""
        return EncoderVectors(column, self.model, self.pooling, self.max_length, self.batch_size, self.revision)


@dataclass(frozen=True, kw_only=True)
class FunctionEmbedding(Embedding):
    """Function of yours from a list of programs to an array of one vector per program.

    Attributes:
        function: Function, or its name as ``"package.module:function"``; stored as the name.

    >>> FunctionEmbedding("my_package.vectors:embed")
    FunctionEmbedding(function='my_package.vectors:embed')
    """

    function: str | Callable[[Sequence[str]], Any] = field(kw_only=False)

    def __post_init__(self) -> None:
        if callable(self.function):
            settle(self, function=dotted_name(self.function, "embedding"))

    def fit(self, table: PropertyTable, column: str) -> Property:
        """Import the function and return its vectors' property; nothing is learnt from the rows."""
        name = str(self.function)
        return FunctionVectors(column, name, source_digest(trust_function(name, "embedding")))


@expressible
@dataclass(frozen=True, kw_only=True)
class ColumnEmbedding(Embedding):
    """Vectors that the dataset already has.

    Attributes:
        vectors: Column of the vectors.

    >>> from codeshift.splitters import ClusterSplitter
    >>> ClusterSplitter(column="code", embedding=ColumnEmbedding("embedding"), n_clusters=8).embedding
    ColumnEmbedding(vectors='embedding')
    """

    vectors: str = field(kw_only=False)

    def __post_init__(self) -> None:
        settle(self, vectors=check_name("vectors", self.vectors))

    def fit(self, table: PropertyTable, column: str) -> Property:
        """Return the vectors' property; nothing is learnt from the rows."""
        return ColumnVectors(column, self.vectors)


def as_embedding(value: Any) -> Embedding:
    """Return the embedding that a short form stands for.

    Raises:
        ParameterError: if it stands for none.

    >>> as_embedding("microsoft/codebert-base")
    EncoderEmbedding(model='microsoft/codebert-base', pooling='mean', max_length=512, batch_size=32, revision=None)
    """
    if isinstance(value, Embedding):
        return value
    if value == "tfidf":
        return TfidfEmbedding()
    if isinstance(value, str | os.PathLike) and str(value):
        return EncoderEmbedding(model=os.fspath(value))
    if callable(value):
        return FunctionEmbedding(function=value)
    remedy = '"tfidf", the name or folder of an encoder, a function, or ColumnEmbedding("a column")'
    raise ParameterError("embedding", "a way to make vectors of programs", value, remedy)

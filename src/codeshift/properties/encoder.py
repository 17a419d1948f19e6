"""Vectors of programs from a pretrained encoder, a function of the user's, or a column of vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, MissingExtraError, ParameterError
from codeshift.properties.base import Property
from codeshift.properties.columns import check_vector_column
from codeshift.properties.identity_order import DistinctTexts
from codeshift.properties.predicate import trusted
from codeshift.properties.progress import progress_bar
from codeshift.reaching_hub import hub_or_cache

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable

POOLINGS = ("mean", "cls")


@dataclass(frozen=True)
class EncoderVectors(Property):
    """Last hidden states of a transformers encoder, pooled over each program's tokens.

    Attributes:
        model: Model's name on the hub, or the folder it was saved to. Code that comes with it is never run, and
            weights are read from safetensors only.
        pooling: Pooling, ``"mean"`` over the tokens or ``"cls"`` for the first one.
        max_length: Number of tokens after which programs are cut off.
        batch_size: Number of programs of similar length per forward pass.
        revision: Branch, tag or commit of a model of the hub; None for the newest.
    """

    title = "embedding"
    dimension = "semantics"
    row_by_row = True

    model: str
    pooling: str = "mean"
    max_length: int = 512
    batch_size: int = 32
    revision: str | None = None

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute vectors of shape ``(n, hidden size)``.

        Raises:
            ParameterError: if the model cannot be loaded.
            MissingExtraError: if torch or transformers is not installed.
        """
        tokenizer, model = self._loaded()
        distinct = table.values(DistinctTexts(self.column))
        texts = table.texts(self.column).take(distinct.first)
        by_length = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        vectors: np.ndarray | None = None
        with progress_bar("Embedding", len(texts), "row") as bar:
            for start in range(0, len(texts), self.batch_size):
                batch = by_length[start : start + self.batch_size]
                pooled = self._encode([texts[i] for i in batch], tokenizer, model)
                if vectors is None:
                    vectors = np.empty((len(texts), pooled.shape[1]))
                vectors[batch] = pooled
                bar.update(len(batch))
        if vectors is None:
            return np.empty((0, 0))
        return np.asarray(vectors[distinct.inverse])

    def _loaded(self) -> tuple[Any, Any]:
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError(error.name or "transformers", "finetune") from None
        with hub_or_cache(self.model) as unreachable:
            try:
                where = {"trust_remote_code": False, "revision": self.revision or "main"}
                tokenizer = AutoTokenizer.from_pretrained(self.model, **where)
                model = AutoModel.from_pretrained(self.model, use_safetensors=True, **where)
            except (OSError, ValueError) as error:
                first = unreachable or str(error).strip().split("\n")[0]
                constraint, remedy = '"tfidf", or the name or folder of an encoder', f"it cannot be loaded ({first})"
                raise ParameterError("embedding", constraint, self.model, remedy) from error
        model = model.get_encoder() if model.config.is_encoder_decoder else model
        return tokenizer, model.to(torch.float32).eval()

    def _encode(self, texts: list[str], tokenizer: Any, model: Any) -> np.ndarray:
        import torch

        # Text that looks like a special token in a program is text, as far as this tokenizer allows it.
        how = {"truncation": True, "max_length": self.max_length, "padding": True, "split_special_tokens": True}
        inputs = tokenizer(texts, return_tensors="pt", **how)
        arguments = {name: inputs[name].to(model.device) for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            states = model(**arguments).last_hidden_state
        if self.pooling == "cls":
            pooled = states[:, 0]
        else:
            mask = arguments["attention_mask"].unsqueeze(-1).to(states.dtype)
            pooled = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return np.asarray(pooled.cpu().numpy(), dtype=np.float64)


@dataclass(frozen=True)
class FunctionVectors(Property):
    """Vectors that a function of the user's returns for the programs.

    Attributes:
        function: Name of the function, as ``"package.module:name"``; it gets a list of distinct texts and returns
            one vector per text.
        source: Digest of its source.
    """

    title = "embedding"
    dimension = "semantics"
    row_by_row = True

    function: str
    source: str = ""

    @property
    def functions(self) -> tuple[str, ...]:
        """Name of the function."""
        return (self.function,)

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute vectors of shape ``(n, dimensions)``.

        Raises:
            ManifestError: if this process's code has not named the function, or its source has changed.
            DataError: if it does not return one vector of finite numbers per text.
        """
        function: Any = trusted(self.function, self.source)
        distinct = table.values(DistinctTexts(self.column))
        texts = table.texts(self.column).take(distinct.first)
        vectors = np.asarray(function(texts), dtype=np.float64)
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise DataError(
                "embedding",
                "a function that returns one vector of finite numbers a text",
                self.function,
                f"for {len(texts)} texts it returned an array of shape {vectors.shape}",
            )
        return np.asarray(vectors[distinct.inverse])


@dataclass(frozen=True)
class ColumnVectors(Property):
    """Vectors of a column that the dataset already has.

    Attributes:
        vectors: Column of vectors, all of one length; equal programs must have equal vectors.
    """

    title = "vectors"

    vectors: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the programs and of the vectors."""
        return (self.column, self.vectors)

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Return vectors of shape ``(n, dimensions)``.

        Raises:
            DataError: if the column does not hold such vectors.
        """
        vectors = check_vector_column(table, self.vectors)
        distinct = table.values(DistinctTexts(self.column))
        rows = np.flatnonzero(distinct.counts[distinct.inverse] > 1)
        twins = distinct.first[distinct.inverse[rows]]
        differs = np.flatnonzero((vectors[rows] != vectors[twins]).any(axis=1))
        if differs.size:
            row, twin = int(rows[differs[0]]), int(twins[differs[0]])
            raise DataError(
                "embedding",
                "a column in which equal programs have equal vectors",
                self.vectors,
                f"rows {min(row, twin)} and {max(row, twin)} hold the same {self.column!r} and different vectors",
            )
        return vectors

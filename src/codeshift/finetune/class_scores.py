"""The logits that a classifier gives to each row, and the features that it gives its head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.batching import Batch
from codeshift.finetune.classifiers import head_of, padded, reads_left_to_right
from codeshift.finetune.labelled_rows import LabelledRows
from codeshift.finetune.models import Model, Tokenizer, base_model, is_encoder
from codeshift.finetune.shrinking_batches import results_by_row
from codeshift.finetune.teacher_forcing import evaluating


class RowLogits(NamedTuple):
    """Outputs of a classifier for one row.

    Attributes:
        logits: Logits of the classes, (classes,).
        features: Input of the head, (width,); empty unless asked for.
    """

    logits: NDArray[np.float64]
    features: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Return what was given as JSON values."""
        return {name: values.tolist() for name, values in self._asdict().items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> RowLogits:
        """Return what ``to_dict`` described."""
        return cls(**{name: np.array(record[name]) for name in cls._fields})


@dataclass(frozen=True)
class ClassScores:
    """Outputs of a classifier for the rows of a part.

    Attributes:
        labels: Names of the classes.
        logits: Logits of the classes, (rows, classes).
        references: Number of each row's class, (rows,); -1 for a label that is none of the classes.
        features: Pooled features of each row, (rows, width), which the head is given: those of the first token of
            an encoder, of the end token of an encoder-decoder, of the last token of a decoder; None unless asked for.
        unknown: Number of rows of each label that is none of the classes.

    >>> scores = ClassScores(("bug", "no bug"), np.log([[0.8, 0.2]]), np.array([1]))
    >>> scores.predictions, scores.probabilities.round(2).tolist()
    (['bug'], [[0.8, 0.2]])
    """

    labels: tuple[str, ...]
    logits: NDArray[np.float64] = field(repr=False)
    references: NDArray[np.int64] = field(repr=False)
    features: NDArray[np.float64] | None = field(default=None, repr=False)
    unknown: Mapping[str, int] = field(default_factory=dict)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probabilities of the classes, (rows, classes); each row's sum is 1 to rounding."""
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    @property
    def predictions(self) -> list[str]:
        """Name of the likeliest class of each row; of equal ones the first."""
        return [self.labels[number] for number in self.logits.argmax(axis=1)]

    def rows(self) -> list[dict[str, Any]]:
        """Return the prediction, the probability of each class, the logits and the features of each row as JSON values.

        >>> ClassScores(("bug", "no bug"), np.log([[0.5, 0.5]]), np.array([1])).rows()[0]["probability[bug]"]
        0.5
        """
        columns: dict[str, list[Any]] = {"prediction": self.predictions}
        columns |= {f"probability[{label}]": self.probabilities[:, i].tolist() for i, label in enumerate(self.labels)}
        columns["logits"] = self.logits.tolist()
        if self.features is not None:
            columns["features"] = self.features.tolist()
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def class_logits(model: torch.nn.Module, unwrapped: Model, batch: Batch) -> torch.Tensor:
    """Return the logits of a batch, (rows, classes), in single precision.

    Args:
        model: Classifier to call, which may be wrapped for several processes.
        unwrapped: Same classifier without that wrapper.
        batch: Tensors of some rows.
    """
    inputs: dict[str, Any] = {name: tensor for name, tensor in batch.items() if name != "labels"}
    if not is_encoder(base_model(unwrapped).config):
        inputs["use_cache"] = False
    logits: torch.Tensor = model(**inputs).logits
    return logits.float()


def score_classes(
    model: Model,
    tokenizer: Tokenizer,
    data: LabelledRows,
    collate: Callable[[LabelledRows, NDArray[np.int64]], Batch],
    *,
    batch_size: int,
    features: bool = False,
    done: Mapping[int, RowLogits] | None = None,
    on_batch: Callable[[NDArray[np.int64], list[RowLogits]], None] | None = None,
) -> list[RowLogits]:
    """Score all rows in batches by length, the longest first; return what was given to each, in the order of the rows.

    Args:
        model: Classifier; it is put in evaluation mode, then back in its own.
        tokenizer: Tokenizer of the model.
        data: Token ids.
        collate: Function that makes a batch of them.
        batch_size: Number of rows in a batch; it is halved if memory runs out.
        features: Whether to keep what the head is given.
        done: Logits of rows that were scored before, by row number.
        on_batch: Function called with the row numbers and logits of each batch.
    """
    device = next(model.parameters()).device

    def score(rows: NDArray[np.int64]) -> list[RowLogits]:
        batch = {name: tensor.to(device) for name, tensor in collate(data, rows).items()}
        with _seen_by_head(model) as seen:
            logits = class_logits(model, model, batch).cpu().double().numpy()
        kept = np.empty((len(rows), 0))
        if features:
            kept = _pooled(model, seen[0], batch).cpu().double().numpy()
        return [RowLogits(*row) for row in zip(logits, kept, strict=True)]

    order = np.argsort(data.sources.lengths, kind="stable")[::-1]
    with evaluating(model), padded(model, tokenizer), torch.inference_mode():
        by_row = results_by_row(order, batch_size, score, done=done, on_batch=on_batch)
    return [by_row[row] for row in range(len(data))]


@contextmanager
def _seen_by_head(model: Model) -> Iterator[list[torch.Tensor]]:
    """Record what the first module of the head is given inside this context."""
    seen: list[torch.Tensor] = []
    head = base_model(model).get_submodule(head_of(model)[0])
    handle = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    try:
        yield seen
    finally:
        handle.remove()


def _pooled(model: Model, seen: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return the features that decide the logits, (rows, width), where the head is given those of every token."""
    if seen.ndim == 2:
        return seen.float()
    if not reads_left_to_right(model):
        return seen[:, 0].float()
    ids = batch["input_ids"]
    # The last token that is no padding, as transformers finds it: behind a text that ends with the padding token, too.
    places = (ids != base_model(model).config.pad_token_id).int() * torch.arange(ids.shape[1], device=ids.device)
    return seen[torch.arange(len(ids), device=ids.device), places.argmax(-1)].float()

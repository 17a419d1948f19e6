"""Teacher forcing: the probabilities that a model gives to each token of a reference, given the tokens before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from codeshift.finetune.collating import IGNORED, Collator
from codeshift.finetune.encoding import Encoded
from codeshift.finetune.errors import DivergenceError
from codeshift.finetune.models import Model, base_model, is_decoder
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.shrinking_batches import results_by_row


def target_logits(
    model: torch.nn.Module, unwrapped: Model, batch: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return aligned logits and labels, (rows, positions, vocabulary) and (rows, positions).

    Labels are ``IGNORED`` outside the target.

    Args:
        model: Model to call, which may be wrapped for several processes.
        unwrapped: Same model without that wrapper.
        batch: Batch of a ``Collator``.
    """
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "use_cache": False}
    labels = batch["labels"]
    if is_decoder(unwrapped):
        # A row is the source, then the target: position t predicts t + 1. Virtual tokens of prompt tuning come first.
        count = labels.shape[1]
        if _computes_only_kept(unwrapped):  # the source's logits take time and memory, and nobody reads them
            inputs["logits_to_keep"] = count
        logits = model(**inputs).logits[:, -count:]
        return logits[:, :-1], labels[:, 1:]
    inputs["decoder_input_ids"] = base_model(unwrapped).prepare_decoder_input_ids_from_labels(labels=labels)
    return model(**inputs).logits, labels


def _computes_only_kept(model: Model) -> bool:
    """Tell whether the model can be asked for the logits of its last positions alone; code of others may not."""
    return "logits_to_keep" in signature(base_model(model).forward).parameters


def target_loss(
    model: torch.nn.Module, unwrapped: Model, batch: dict[str, torch.Tensor], *, label_smoothing: float = 0.0
) -> torch.Tensor:
    """Return the negative log-likelihood in nats, *summed* over the target tokens of a batch."""
    logits, labels = target_logits(model, unwrapped, batch)
    kept = labels != IGNORED
    return functional.cross_entropy(
        logits[kept].float(), labels[kept], reduction="sum", label_smoothing=label_smoothing
    )


def check_finite(what: str, values: torch.Tensor) -> None:
    """Check that all values are finite.

    Raises:
        DivergenceError: if one is not; it says what to do.
    """
    broken = values[~torch.isfinite(values)]
    if broken.numel():
        remedy = "lower learning_rate, raise warmup_steps or give bf16=True"
        raise DivergenceError(f"{what} is {broken[0].item()}: {remedy}")


@dataclass(frozen=True)
class TokenScores:
    """The scores of each token of the references of a part, in the order of the rows.

    Attributes:
        log_probabilities: Log-probabilities of the tokens of the references, in nats.
        argmax: Likeliest tokens at their positions.
    """

    log_probabilities: Ragged
    argmax: Ragged

    @classmethod
    def empty(cls) -> TokenScores:
        """Return the scores of no rows."""
        return cls(Ragged.of([], np.float64), Ragged.of([]))


class RowScores(NamedTuple):
    """The scores of each token of the reference of one row.

    Attributes:
        log_probabilities: Log-probabilities of the tokens, in nats, (tokens,).
        argmax: Likeliest tokens at their positions, (tokens,).
    """

    log_probabilities: NDArray[np.float64]
    argmax: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as JSON values."""
        return {name: values.tolist() for name, values in self._asdict().items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> RowScores:
        """Return the scores that ``to_dict`` described."""
        return cls(**{name: np.array(record[name]) for name in cls._fields})


def score_tokens(
    model: Model,
    data: Encoded,
    collate: Collator,
    *,
    batch_size: int,
    done: Mapping[int, RowScores] | None = None,
    on_batch: Callable[[NDArray[np.int64], list[RowScores]], None] | None = None,
) -> TokenScores:
    """Score all rows by teacher forcing, in batches by length; return the scores in the order of the rows.

    Args:
        model: Model; it is put in evaluation mode, then back in its own.
        data: Token ids.
        collate: Function that makes a batch of them.
        batch_size: Number of rows in a batch; it is halved if memory runs out.
        done: Scores of rows that were scored before, by row number.
        on_batch: Function called with the row numbers and scores of each batch.
    """
    device = next(model.parameters()).device

    def score(rows: NDArray[np.int64]) -> list[RowScores]:
        batch = {name: t.to(device) for name, t in collate(data, rows).items()}
        logits, labels = target_logits(model, model, batch)
        kept = labels != IGNORED
        chosen = logits[kept].float()
        picked = -functional.cross_entropy(chosen, labels[kept], reduction="none")
        ends = np.cumsum(data.targets.lengths[rows])[:-1]
        both = (np.split(values.cpu().numpy(), ends) for values in (picked, chosen.argmax(-1)))
        return [RowScores(*row) for row in zip(*both, strict=True)]

    with evaluating(model), torch.inference_mode():
        by_row = results_by_row(longest_first(data), batch_size, score, done=done, on_batch=on_batch)
    log_probabilities, argmax = zip(*(by_row[row] for row in range(len(data))), strict=True)
    return TokenScores(Ragged.of(log_probabilities, np.float64), Ragged.of(argmax))


def longest_first(data: Encoded) -> NDArray[np.int64]:
    """Return the rows by decreasing length of source and target together, so that memory runs out at once or never.

    Rows of a batch are padded to its longest source and target. Sorted by the source, rows of short sources and unequal
    targets would share a batch: twice as much padding for docstrings with their functions.
    """
    return np.lexsort((data.targets.lengths, data.sources.lengths + data.targets.lengths))[::-1]


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Put the model in evaluation mode (no dropout) inside this context; restore its mode on exit."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)

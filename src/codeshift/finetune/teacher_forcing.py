"""What a model gives to the tokens of a reference when it is told the tokens before (teacher forcing)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from codeshift.finetune.batching import IGNORED, Collator
from codeshift.finetune.encoding import Encoded
from codeshift.finetune.errors import DivergenceError
from codeshift.finetune.models import Model, base_model, is_decoder
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.shrinking_batches import in_batches


def target_logits(
    model: torch.nn.Module, unwrapped: Model, batch: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and labels, aligned: (rows, positions, vocabulary) and (rows, positions), ``IGNORED`` off the target.

    Args:
        model: what is called, perhaps wrapped for several processes.
        unwrapped: the same model without that wrapping.
        batch: of a ``Collator``.
    """
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "use_cache": False}
    labels = batch["labels"]
    if is_decoder(unwrapped):
        # A row is source and target in one: position t predicts t + 1. Virtual tokens of prompt tuning come first.
        logits = model(**inputs).logits[:, -labels.shape[1] :]
        return logits[:, :-1], labels[:, 1:]
    inputs["decoder_input_ids"] = base_model(unwrapped).prepare_decoder_input_ids_from_labels(labels=labels)
    return model(**inputs).logits, labels


def target_loss(model: torch.nn.Module, unwrapped: Model, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Negative log-likelihood in nats, *summed* over the target tokens of a batch."""
    logits, labels = target_logits(model, unwrapped, batch)
    kept = labels != IGNORED
    return functional.cross_entropy(logits[kept].float(), labels[kept], reduction="sum")


def check_finite(what: str, values: torch.Tensor) -> None:
    """Raise DivergenceError, which says what to do, unless all ``values`` are finite."""
    broken = values[~torch.isfinite(values)]
    if broken.numel():
        remedy = "lower learning_rate, raise warmup_steps or give bf16=True"
        raise DivergenceError(f"{what} is {broken[0].item()}: {remedy}")


@dataclass(frozen=True)
class TokenScores:
    """Per token of every reference of a part, rows in their order.

    Attributes:
        log_probabilities: of each token of the reference, in nats.
        argmax: the token that the model holds likeliest there.
    """

    log_probabilities: Ragged
    argmax: Ragged

    @classmethod
    def empty(cls) -> TokenScores:
        """Of no rows."""
        return cls(Ragged.of([], np.float64), Ragged.of([]))


RowScores = tuple[NDArray[np.float64], NDArray[np.int64]]  # log-probabilities and argmax of one row's tokens


def score_tokens(
    model: Model,
    data: Encoded,
    collate: Collator,
    *,
    batch_size: int = 32,
    done: Mapping[int, RowScores] | None = None,
    on_batch: Callable[[NDArray[np.int64], list[RowScores]], None] | None = None,
) -> TokenScores:
    """Teacher-forced scores of all rows; batched by length, and returned in the order of the rows.

    Args:
        model: in whatever mode: it is put in evaluation mode, and back.
        data: the token ids.
        collate: makes a batch of them.
        batch_size: rows at once; halved where memory does not suffice.
        done: rows that were scored before, by number.
        on_batch: is given row numbers and their scores, batch by batch.
    """
    device = next(model.parameters()).device
    by_row: dict[int, RowScores] = dict(done or {})

    def score(rows: NDArray[np.int64]) -> list[RowScores]:
        batch = {name: t.to(device) for name, t in collate(data, rows).items()}
        logits, labels = target_logits(model, model, batch)
        kept = labels != IGNORED
        chosen = logits[kept].float()
        picked = -functional.cross_entropy(chosen, labels[kept], reduction="none")
        ends = np.cumsum(data.targets.lengths[rows])[:-1]
        both = (np.split(some.cpu().numpy(), ends) for some in (picked, chosen.argmax(-1)))
        return list(zip(*both, strict=True))

    left = np.array([row for row in longest_first(data) if row not in by_row], dtype=np.int64)
    with evaluating(model), torch.inference_mode():
        for rows, scores in in_batches(left, batch_size, score):
            by_row.update(zip(rows.tolist(), scores, strict=True))
            if on_batch is not None:
                on_batch(rows, scores)
    log_probabilities, argmax = zip(*(by_row[row] for row in range(len(data))), strict=True)
    return TokenScores(Ragged.of(log_probabilities, np.float64), Ragged.of(argmax))


def longest_first(data: Encoded) -> NDArray[np.int64]:
    """The rows by the lengths of source and target; the longest first, so that memory fails at once or never."""
    return np.lexsort((data.targets.lengths, data.sources.lengths))[::-1]


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """The model in evaluation mode (no dropout), and back in the mode that it was in."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)

"""How sure a model was of what it wrote: the probabilities of the output's own tokens, by teacher forcing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.batching import pad
from codeshift.finetune.models import Model, is_decoder


@dataclass(frozen=True)
class Confidence:
    """The log-probabilities, in nats, that a model gives to the tokens of its own output, each given those before it.

    They are the model's own, at a temperature of 1, however the tokens were chosen.

    Attributes:
        mean_log_probability: Mean over the tokens; minus the logarithm of the output's perplexity.
        min_log_probability: Lowest of them.
        sequence_log_probability: Their sum, the log-probability of the output.
        margin: Mean over the tokens' positions of the distance between the two likeliest tokens.

    >>> Confidence(-0.5, -1.0, -1.0, 0.2).mean_log_probability
    -0.5
    """

    mean_log_probability: float
    min_log_probability: float
    sequence_log_probability: float
    margin: float


def confidences(
    model: Model, sources: Sequence[NDArray[Any]], outputs: Sequence[Sequence[int]], start: int, pad_id: int
) -> list[Confidence]:
    """Return the confidence of each output of a batch.

    Args:
        model: Model that wrote them, of any family, in evaluation mode.
        sources: Token ids that it was given.
        outputs: Token ids that it wrote, at least one each.
        start: Token that an encoder-decoder begins an output with.
        pad_id: Padding token.
    """
    device = next(model.parameters()).device
    if is_decoder(model):
        rows = [np.concatenate([source, output]) for source, output in zip(sources, outputs, strict=True)]
        logits = model(**_padded(rows, pad_id, device), use_cache=False).logits
        logits = logits[:, -max(map(len, rows)) :]  # virtual tokens of prompt tuning come first
        starts = [len(source) - 1 for source in sources]
    else:
        decoder_ids = pad([np.array([start, *output[:-1]]) for output in outputs], pad_id).to(device)
        logits = model(**_padded(sources, pad_id, device), decoder_input_ids=decoder_ids, use_cache=False).logits
        starts = [0] * len(outputs)
    return [
        _confidence(logits[row, first : first + len(output)], output)
        for row, (first, output) in enumerate(zip(starts, outputs, strict=True))
    ]


def _padded(rows: Sequence[NDArray[Any]], pad_id: int, device: torch.device) -> dict[str, torch.Tensor]:
    ones = [np.ones(len(row), dtype=np.int64) for row in rows]
    return {"input_ids": pad(rows, pad_id).to(device), "attention_mask": pad(ones, 0).to(device)}


def _confidence(logits: torch.Tensor, output: Sequence[int]) -> Confidence:
    every = logits.float().log_softmax(-1)
    written = every.gather(-1, torch.tensor(output, device=every.device)[:, None])[:, 0].double()
    likeliest = every.topk(2, dim=-1).values.double()
    margin = (likeliest[:, 0] - likeliest[:, 1]).mean()
    return Confidence(written.mean().item(), written.min().item(), written.sum().item(), margin.item())

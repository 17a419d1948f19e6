"""The features that a model that writes has of each source: the mean of its last hidden states."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.batching import pad
from codeshift.finetune.models import Model, base_model, is_decoder
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.shrinking_batches import results_by_row
from codeshift.finetune.teacher_forcing import evaluating


def source_features(model: Model, sources: Ragged, pad_id: int, *, batch_size: int) -> NDArray[np.float64]:
    """Return the mean over each source's tokens of the last hidden states, (rows, width).

    They are those of the encoder, or of a decoder that reads the source alone; virtual tokens of prompt tuning are left
    out. Source: Ren et al., Out-of-distribution detection and selective generation for conditional language models
    (ICLR 2023), section 3.1, for the encoder.

    Args:
        model: Model; it is put in evaluation mode, then back in its own.
        sources: Token ids of the sources.
        pad_id: Padding token.
        batch_size: Number of rows in a batch; it is halved if memory runs out.
    """
    base = base_model(model)
    reader = base.base_model if is_decoder(model) else base.get_encoder()
    device = next(model.parameters()).device
    cache = {"use_cache": False} if is_decoder(model) else {}

    def read(rows: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        ids = [sources[row] for row in rows]
        mask = pad([np.ones(len(row), dtype=np.int64) for row in ids], 0).to(device)
        states = reader(input_ids=pad(ids, pad_id).to(device), attention_mask=mask, **cache).last_hidden_state
        weights = mask[:, :, None].double()
        means = (states.double() * weights).sum(dim=1) / weights.sum(dim=1)
        return list(means.cpu().numpy())

    with evaluating(model), torch.inference_mode():
        by_row = results_by_row(np.argsort(sources.lengths, kind="stable")[::-1], batch_size, read)
    return np.stack([by_row[row] for row in range(len(sources))])

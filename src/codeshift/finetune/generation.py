"""Batched generation of the text that a model writes for each source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.batching import pad
from codeshift.finetune.beam_cache import beam_cache
from codeshift.finetune.confidence import confidences
from codeshift.finetune.decoding import Decoding, Output
from codeshift.finetune.generation_settings import is_drawn, only, settings_for, taken_warpers
from codeshift.finetune.models import Model, Tokenizer, is_decoder, pad_id
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.sampling import RowNumbers, RowSampler
from codeshift.finetune.shrinking_batches import in_batches
from codeshift.finetune.teacher_forcing import evaluating
from codeshift.properties.text_tokens import detokenize


def generate(
    model: Model,
    tokenizer: Tokenizer,
    sources: Ragged,
    rows: NDArray[np.int64],
    decoding: Decoding,
    limit: int,
    *,
    batch_size: int,
    written: frozenset[int] = frozenset(),
    ends: Sequence[int] = (),
    confidence: bool = False,
    on_batch: Callable[[NDArray[np.int64], list[Output]], None],
) -> None:
    """Generate a text for each of ``rows``, in batches by length, the longest first.

    Args:
        model: Model of any family; it is put in evaluation mode, then back in its own.
        tokenizer: Tokenizer of the model.
        sources: Token ids as the model reads them.
        rows: Numbers of the rows to generate for.
        decoding: How tokens are chosen.
        limit: Largest number of tokens of an output, whatever ``decoding`` says.
        batch_size: Number of rows in a batch; it is halved if memory runs out.
        written: Ids of special tokens that are part of the texts to write; others are left out of an output.
        ends: Ids that end an output besides the end token, such as that of the end of a turn.
        confidence: Whether to compute how sure the model is of each output, in another pass over it.
        on_batch: Function called with the row numbers and outputs of each batch; rows come once all their samples
            are there.
    """
    order = rows[np.lexsort((rows, sources.lengths[rows]))[::-1]]
    writer = _OutputWriter(model, tokenizer, decoding, limit, written, ends, confidence)
    numbers = RowNumbers(sources, decoding.seed) if writer.draws else None
    n = decoding.n
    items = np.repeat(order, n) * n + np.tile(np.arange(n), len(order))  # a row and the number of its sample in one

    def write(batch: NDArray[np.int64]) -> list[Output]:
        of_rows, samples = np.divmod(batch, n)
        drawn = None if numbers is None else numbers.draw(of_rows.tolist(), limit, samples.tolist())
        return writer.write([sources[row] for row in of_rows], drawn)

    unfinished: list[Output] = []  # samples of a row that a batch has divided
    with evaluating(model), torch.inference_mode():
        for done, outputs in in_batches(items, batch_size, write):
            samples = [*unfinished, *outputs]
            last = done[-1] // n
            complete = len(samples) // n
            of_rows = [samples[i * n : i * n + n] for i in range(complete)]
            unfinished = samples[complete * n :]
            ended = int(np.flatnonzero(order == last)[0]) + (0 if unfinished else 1)
            if complete:
                joined = [replace(first, others=tuple(others)) for first, *others in of_rows]
                on_batch(order[ended - complete : ended], joined)


class _OutputWriter:
    """One model and one way of decoding."""

    def __init__(
        self,
        model: Model,
        tokenizer: Tokenizer,
        decoding: Decoding,
        limit: int,
        written: frozenset[int] = frozenset(),
        ends: Sequence[int] = (),
        confidence: bool = False,
    ) -> None:
        self.model, self.tokenizer, self.written, self.confidence = model, tokenizer, written, confidence
        self.is_decoder, self.pad = is_decoder(model), pad_id(model, tokenizer)
        self.device = next(model.parameters()).device
        self.settings = settings_for(model, tokenizer, decoding, ends)
        self.ends = frozenset(self.settings.eos_token_id)
        self.stops = tuple(self.settings.stop_strings or ())
        self.draws = is_drawn(self.settings, decoding)
        self.bent = (
            decoding.temperature,
            decoding.top_p,
            taken_warpers(self.settings, self.device),
        )  # a sampler of our own draws
        self.settings.max_new_tokens = limit

    def write(self, sources: list[NDArray[np.int32]], drawn: NDArray[np.float64] | None = None) -> list[Output]:
        """Return the outputs of one batch; ``drawn`` holds its random numbers, (rows, steps); None is greedy."""
        ids = pad(sources, self.pad, left=self.is_decoder).to(self.device)
        mask = pad([np.ones(len(s), dtype=np.int64) for s in sources], 0, left=self.is_decoder).to(self.device)
        options: dict[str, Any] = {"logits_processor": [] if drawn is None else [RowSampler(drawn, *self.bent)]}
        if self.stops:
            options["tokenizer"] = self.tokenizer
        with (
            only(self.model, self.settings),
            beam_cache(self.model, self.settings.num_beams or 1, ids, mask) as cache,
        ):
            written = self.model.generate(
                input_ids=ids, attention_mask=mask, generation_config=self.settings, **options, **cache
            )
        # The input comes first: the source of a decoder, the start token of an encoder-decoder.
        start = int(written[0, 0])
        rows = [self._kept(row) for row in written[:, ids.shape[1] if self.is_decoder else 1 :].cpu().tolist()]
        outputs = [self._output(row) for row in rows]
        if not self.confidence:
            return outputs
        sure = confidences(self.model, sources, rows, start, self.pad)
        return [replace(output, confidence=confidence) for output, confidence in zip(outputs, sure, strict=True)]

    def _kept(self, ids: list[int]) -> list[int]:
        """Return the ids up to the first end token, which is kept."""
        end = next((i for i, number in enumerate(ids) if number in self.ends), None)
        return ids if end is None else ids[: end + 1]

    def _output(self, ids: list[int]) -> Output:
        text = detokenize(self.tokenizer, ids, kept=self.written)
        cuts = [text.index(stop) for stop in self.stops if stop in text]
        return Output(text[: min(cuts)] if cuts else text, ids[-1] in self.ends or bool(cuts), len(ids))

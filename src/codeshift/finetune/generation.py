"""Batched generation: what a model writes for each source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.finetune.batching import pad
from codeshift.finetune.cache import beam_cache
from codeshift.finetune.config import check_count, check_number
from codeshift.finetune.encoding import Ragged
from codeshift.finetune.memory import in_batches
from codeshift.finetune.models import base_model, is_decoder, pad_id
from codeshift.finetune.sampling import RowSampler, row_numbers
from codeshift.finetune.scoring import evaluating


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How text is chosen from a model's probabilities.

    Attributes:
        num_beams: 1 is greedy; more is beam search.
        max_new_tokens: the longest output, the end token included; None takes the longest reference of the part.
        do_sample: draw tokens instead of taking the likeliest. Each row has random numbers of its own, so batches, the
            order of the rows and a stop in between change nothing.
        temperature: of the draw.
        top_p: draw from the likeliest tokens that hold this much probability.
        seed: of the draw.
        stop_strings: texts that end an output; they are left out of it.

    Raises:
        ParameterError: a value cannot work.

    >>> Decoding(num_beams=5).num_beams
    5
    """

    num_beams: int = 1
    max_new_tokens: int | None = None
    do_sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    stop_strings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_count("num_beams", self.num_beams, at_least=1)
        check_count("seed", self.seed, at_least=0)
        if self.max_new_tokens is not None:
            check_count("max_new_tokens", self.max_new_tokens, at_least=1)
        check_number("temperature", self.temperature, above=0.0)
        if self.do_sample and self.num_beams > 1:
            raise ParameterError("num_beams", "1 with do_sample", self.num_beams, "search with beams, or draw")
        if not 0.0 < self.top_p <= 1.0:
            raise ParameterError("top_p", "in (0, 1]", self.top_p, "1 draws from all tokens")
        if isinstance(self.stop_strings, str) or not all(self.stop_strings):
            raise ParameterError("stop_strings", "a tuple of texts", self.stop_strings, 'write it as ("\\n\\n",)')

    def to_dict(self) -> dict[str, Any]:
        """The settings as a dict of JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


@dataclass(frozen=True)
class Output:
    """What was written for one row.

    Attributes:
        text: without special tokens and stop strings.
        finished: whether the model ended it, rather than the limit of length.
        tokens: how many were generated, the end token included.

    >>> Output(text="return a + b", finished=True, tokens=5).text
    'return a + b'
    """

    text: str
    finished: bool
    tokens: int


def generate(
    model: Any,
    tokenizer: Any,
    sources: Ragged,
    rows: NDArray[np.int64],
    decoding: Decoding,
    limit: int,
    *,
    batch_size: int = 32,
    on_batch: Callable[[NDArray[np.int64], list[Output]], None],
) -> None:
    """Generate for the ``rows`` of ``sources``, batched by length, the longest first.

    Args:
        model: of any family; it is put in evaluation mode, and back.
        tokenizer: its tokenizer.
        sources: token ids as the model reads them.
        rows: the numbers of the rows to generate for.
        decoding: how tokens are chosen.
        limit: most tokens of an output, whatever ``decoding`` says.
        batch_size: rows at once; halved where memory does not suffice.
        on_batch: is given row numbers and their outputs, batch by batch.
    """
    order = rows[np.lexsort((rows, sources.lengths[rows]))[::-1]]
    writer = _Writer(model, tokenizer, decoding, limit)
    numbers = dict(
        zip(order, row_numbers(sources, order, decoding.seed, limit), strict=True) if decoding.do_sample else ()
    )

    def write(some: NDArray[np.int64]) -> list[Output]:
        drawn = np.stack([numbers[row] for row in some]) if numbers else None
        return writer.write([sources[row] for row in some], drawn)

    with evaluating(model), torch.inference_mode():
        for done, outputs in in_batches(order, batch_size, write):
            on_batch(done, outputs)


class _Writer:
    """One model and one way of decoding."""

    def __init__(self, model: Any, tokenizer: Any, decoding: Decoding, limit: int) -> None:
        self.model, self.tokenizer, self.decoding = model, tokenizer, decoding
        self.is_decoder, self.pad = is_decoder(model), pad_id(model, tokenizer)
        self.device = next(model.parameters()).device
        end = tokenizer.eos_token_id
        self.end = int(tokenizer.sep_token_id if end is None else end)
        self.options = self._options(limit)

    def _options(self, limit: int) -> dict[str, Any]:
        decoding = self.decoding
        options: dict[str, Any] = {
            "max_new_tokens": limit,
            "num_beams": decoding.num_beams,
            "do_sample": False,  # what is drawn, a sampler of our own draws
            "pad_token_id": self.pad,
            "eos_token_id": self.end,
        }
        if decoding.stop_strings:
            options |= {"stop_strings": list(decoding.stop_strings), "tokenizer": self.tokenizer}
        return options

    def write(self, sources: list[NDArray[np.int32]], drawn: NDArray[np.float64] | None = None) -> list[Output]:
        """The outputs of one batch; ``drawn``, (rows, steps), are its random numbers, None takes the likeliest."""
        ids = pad(sources, self.pad, left=self.is_decoder).to(self.device)
        mask = pad([np.ones(len(s), dtype=np.int64) for s in sources], 0, left=self.is_decoder).to(self.device)
        sampler = [] if drawn is None else [RowSampler(drawn, self.decoding.temperature, self.decoding.top_p)]
        settings = base_model(self.model).generation_config
        longest, settings.max_length = settings.max_length, None  # else transformers warns of two limits
        try:
            with beam_cache(self.model, self.decoding.num_beams, ids, mask) as cache:
                made = self.model.generate(
                    input_ids=ids, attention_mask=mask, logits_processor=sampler, **self.options, **cache
                )
        finally:
            settings.max_length = longest
        # What the model was given comes first: the source of a decoder, the start token of an encoder-decoder.
        return [self._output(row) for row in made[:, ids.shape[1] if self.is_decoder else 1 :].cpu().tolist()]

    def _output(self, ids: list[int]) -> Output:
        finished = self.end in ids
        kept = ids[: ids.index(self.end) + 1] if finished else ids
        text = self.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        cuts = [text.index(stop) for stop in self.decoding.stop_strings if stop in text]
        return Output(text[: min(cuts)] if cuts else text, finished or bool(cuts), len(kept))

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
from codeshift.finetune.generation_settings import is_drawn, only, settings_for, taken_warpers
from codeshift.finetune.memory import in_batches
from codeshift.finetune.models import is_decoder, pad_id
from codeshift.finetune.sampling import RowSampler, row_numbers
from codeshift.finetune.scoring import evaluating
from codeshift.properties.text_tokens import detokenize


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How text is chosen from a model's probabilities.

    It decides all: what the ``generation_config`` of a model's folder sets (a repetition penalty, forced tokens, beams,
    a time limit) counts only with ``from_model``. The tokens that a model starts, pads and ends with are always its
    own.

    Attributes:
        num_beams: 1 is greedy; more is beam search.
        max_new_tokens: the longest output, the end token included; None takes the longest reference of the part.
        do_sample: draw tokens instead of taking the likeliest. Each row has random numbers of its own, so batches, the
            order of the rows and a stop in between change nothing.
        temperature: of the draw.
        top_p: draw from the likeliest tokens that hold this much probability.
        seed: of the draw.
        stop_strings: texts that end an output; they are left out of it.
        from_model: decode as the model's own generation config says, all of it, instead of by the values here;
            ``max_new_tokens``, ``stop_strings`` and ``seed`` still hold.

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
    from_model: bool = False

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
        if not isinstance(self.from_model, bool):
            raise ParameterError("from_model", "True or False", self.from_model, "True takes the model's own config")
        for name in ("num_beams", "do_sample", "temperature", "top_p") if self.from_model else ():
            if getattr(self, name) != getattr(type(self), name):
                remedy = "the model's own config says it: leave one of the two out"
                raise ParameterError(name, "left out with from_model", getattr(self, name), remedy)

    def to_dict(self) -> dict[str, Any]:
        """The settings as a dict of JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


@dataclass(frozen=True)
class Output:
    """What was written for one row.

    Attributes:
        text: without stop strings, and without the special tokens that steer a model. Text that merely looks like one,
            such as ``</s>`` in a program, is text; so are the special tokens that the target's template writes.
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
    written: frozenset[int] = frozenset(),
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
        written: ids of special tokens that are part of the texts to write; others are left out of an output.
        on_batch: is given row numbers and their outputs, batch by batch.
    """
    order = rows[np.lexsort((rows, sources.lengths[rows]))[::-1]]
    writer = _Writer(model, tokenizer, decoding, limit, written)
    numbers = dict(zip(order, row_numbers(sources, order, decoding.seed, limit), strict=True) if writer.draws else ())

    def write(some: NDArray[np.int64]) -> list[Output]:
        drawn = np.stack([numbers[row] for row in some]) if numbers else None
        return writer.write([sources[row] for row in some], drawn)

    with evaluating(model), torch.inference_mode():
        for done, outputs in in_batches(order, batch_size, write):
            on_batch(done, outputs)


class _Writer:
    """One model and one way of decoding."""

    def __init__(
        self, model: Any, tokenizer: Any, decoding: Decoding, limit: int, written: frozenset[int] = frozenset()
    ) -> None:
        self.model, self.tokenizer, self.written = model, tokenizer, written
        self.is_decoder, self.pad = is_decoder(model), pad_id(model, tokenizer)
        self.device = next(model.parameters()).device
        self.settings = settings_for(model, tokenizer, decoding)
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
        """The outputs of one batch; ``drawn``, (rows, steps), are its random numbers, None takes the likeliest."""
        ids = pad(sources, self.pad, left=self.is_decoder).to(self.device)
        mask = pad([np.ones(len(s), dtype=np.int64) for s in sources], 0, left=self.is_decoder).to(self.device)
        given: dict[str, Any] = {"logits_processor": [] if drawn is None else [RowSampler(drawn, *self.bent)]}
        if self.stops:
            given["tokenizer"] = self.tokenizer
        with (
            only(self.model, self.settings),
            beam_cache(self.model, self.settings.num_beams or 1, ids, mask) as cache,
        ):
            made = self.model.generate(
                input_ids=ids, attention_mask=mask, generation_config=self.settings, **given, **cache
            )
        # What the model was given comes first: the source of a decoder, the start token of an encoder-decoder.
        return [self._output(row) for row in made[:, ids.shape[1] if self.is_decoder else 1 :].cpu().tolist()]

    def _output(self, ids: list[int]) -> Output:
        end = next((i for i, number in enumerate(ids) if number in self.ends), None)
        kept = ids if end is None else ids[: end + 1]
        text = detokenize(self.tokenizer, kept, kept=self.written)
        cuts = [text.index(stop) for stop in self.stops if stop in text]
        return Output(text[: min(cuts)] if cuts else text, end is not None or bool(cuts), len(kept))

"""The settings of generation, and the output for one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from codeshift.checks import Check, check_bool, check_integer, check_number, check_texts, optional, settings
from codeshift.errors import ParameterError
from codeshift.finetune.confidence import Confidence

_CHECKS: dict[str, Check] = {
    "num_beams": partial(check_integer, smallest=1),
    "max_new_tokens": optional(partial(check_integer, smallest=1)),
    "do_sample": check_bool,
    "temperature": partial(check_number, above=0, remedy="greedy is do_sample=False"),
    "top_p": partial(check_number, above=0, largest=1, remedy="1 draws from all tokens"),
    "seed": partial(check_integer, smallest=0),
    "stop_strings": partial(check_texts, members="texts", example='("\\n\\n",)'),
    "from_model": check_bool,
}
_OF_THE_MODEL = ("num_beams", "do_sample", "temperature", "top_p")


@settings(_CHECKS)
@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How text is chosen from a model's probabilities, with the names of transformers' ``GenerationConfig``.

    These settings are complete: the ``generation_config`` in a model's folder (a repetition penalty, forced tokens,
    beams, a time limit) counts only with ``from_model``. The tokens that a model starts, pads and ends with are always
    its own.

    Attributes:
        num_beams: the number of beams; 1 is greedy search.
        max_new_tokens: the length of the longest output, the end token included; None takes the longest reference of
            the part.
        do_sample: whether to draw tokens instead of taking the likeliest. Each row has its own random numbers, so
            neither the batches, the order of the rows nor an interruption changes an output.
        temperature: the temperature of the draw.
        top_p: the share of probability of the likeliest tokens to draw from.
        seed: the seed of the draw.
        stop_strings: texts that end an output; they are left out of it.
        from_model: whether to follow the whole generation config of the model instead of the values here;
            ``max_new_tokens``, ``stop_strings`` and ``seed`` still hold.

    Raises:
        ParameterError: a value cannot work, or there is no such setting.

    >>> Decoding(num_beams=5).num_beams
    5
    """

    num_beams: int = 1
    max_new_tokens: int | None = None
    do_sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    stop_strings: Sequence[str] = ()
    from_model: bool = False

    def __post_init__(self) -> None:
        if self.do_sample and self.num_beams > 1:
            raise ParameterError("num_beams", "1 with do_sample", self.num_beams, "search with beams, or draw")
        if not all(self.stop_strings):
            remedy = "leave the empty one out"
            raise ParameterError("stop_strings", "texts that are not empty", self.stop_strings, remedy)
        defaults = {field.name: field.default for field in fields(self)}
        for name in _OF_THE_MODEL if self.from_model else ():
            if getattr(self, name) != defaults[name]:
                remedy = "the model's own config says it: leave one of the two out"
                raise ParameterError(name, "left out with from_model", getattr(self, name), remedy)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a dict of JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


@dataclass(frozen=True)
class Output:
    """The text generated for one row.

    Attributes:
        text: the text without stop strings and without the special tokens that steer a model. Text that only looks like
            a special token, such as ``</s>`` in a program, stays; so do the special tokens of the target's template.
        finished: whether the model ended the text, rather than the limit of length.
        tokens: the number of tokens generated, the end token included; None if it is not known.
        confidence: how sure the model was of them; None unless asked for.

    >>> Output(text="return a + b", finished=True, tokens=5).text
    'return a + b'
    """

    text: str
    finished: bool
    tokens: int | None = None
    confidence: Confidence | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the output as JSON values, without a confidence that it does not have."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Output:
        """Return the output that ``to_dict`` described."""
        sure = record.get("confidence")
        return cls(**{**record, "confidence": None if sure is None else Confidence(**sure)})

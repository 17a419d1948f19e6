"""The settings of generation, and the output for one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any

from codeshift.checks import Check, check_bool, check_integer, check_number, check_texts, optional, settings
from codeshift.errors import ParameterError
from codeshift.finetune.confidence import Confidence
from codeshift.finetune.extraction import Extract, extract_code

_CHECKS: dict[str, Check] = {
    "n": partial(check_integer, smallest=1),
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
        n: Number of samples of each row, as vLLM and OpenAI's interface call it; above 1 only with ``do_sample``.
            ``PassAtK`` takes them all, every other metric the first, which is the one that ``n=1`` draws.
        num_beams: Number of beams; 1 is greedy search.
        max_new_tokens: Length of the longest output, the end token included; None takes the longest reference of
            the part.
        do_sample: Whether to draw tokens instead of taking the likeliest. Each row has its own random numbers, so
            neither the batches, the order of the rows nor an interruption changes an output.
        temperature: Temperature of the draw.
        top_p: Share of probability of the likeliest tokens to draw from.
        seed: Seed of the draw.
        stop_strings: Texts that end an output; they are left out of it.
        from_model: Whether to follow the whole generation config of the model instead of the values here;
            ``max_new_tokens``, ``stop_strings`` and ``seed`` still hold.

    Raises:
        ParameterError: a value cannot work, or there is no such setting.

    >>> Decoding(num_beams=5).num_beams
    5
    """

    n: int = 1
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
        if self.n > 1 and not self.do_sample:
            raise ParameterError("n", "1 without do_sample", self.n, "all samples would be the same: do_sample=True")
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
    """The text generated for one row, or several.

    Attributes:
        text: Text without stop strings and without the special tokens that steer a model. Text that only looks like
            a special token, such as ``</s>`` in a program, stays; so do the special tokens of the target's template.
        finished: Whether the model ended the text, rather than the limit of length.
        tokens: Number of tokens generated, the end token included; None if it is not known.
        confidence: How sure the model was of them; None unless asked for.
        full_text: Full text, if ``text`` was extracted from it.
        others: Other samples of the row, if ``Decoding.n`` is above 1.

    >>> Output(text="return a + b", finished=True, tokens=5).text
    'return a + b'
    """

    text: str
    finished: bool
    tokens: int | None = None
    confidence: Confidence | None = None
    full_text: str | None = None
    others: tuple[Output, ...] = ()

    @property
    def samples(self) -> tuple[Output, ...]:
        """All samples of the row, that of the output itself first."""
        return (replace(self, others=()), *self.others)

    def without(self, lead: str) -> Output:
        """Return the output without a text that every sample may begin with.

        >>> Output(text=" x", finished=True).without(" ").text
        'x'
        """
        others = tuple(other.without(lead) for other in self.others)
        return replace(self, text=self.text.removeprefix(lead), others=others)

    def extracted(self, extract: Extract | None) -> Output:
        r"""Return the output with what is extracted of every sample as its text; with None the output itself.

        >>> Output(text="So:\n```\nx = 1\n```", finished=True).extracted("code").text
        'x = 1'
        """
        if extract is None:
            return self
        others = tuple(other.extracted(extract) for other in self.others)
        return replace(self, text=extract_code(self.text), full_text=self.text, others=others)

    def to_dict(self) -> dict[str, Any]:
        """Return the output as JSON values, without a confidence or other samples that it does not have."""
        others = {"others": [other.to_dict() for other in self.others]} if self.others else {}
        kept = {name: value for name, value in asdict(self).items() if name != "others" and value is not None}
        return kept | others

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Output:
        """Return the output that ``to_dict`` described."""
        sure = record.get("confidence")
        others = tuple(cls.from_dict(other) for other in record.get("others", ()))
        return cls(**{**record, "confidence": None if sure is None else Confidence(**sure), "others": others})

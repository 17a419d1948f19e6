"""Encoding of rows as conversations, by the chat template of the tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.finetune.chat import EncodedTurn, encode_turn
from codeshift.finetune.conversation import Chat, Prompt, Turn
from codeshift.finetune.encoded_part import check_part_rows, warn_of_losses
from codeshift.finetune.encoding import Encoded
from codeshift.finetune.limits import Limits
from codeshift.finetune.messages import Messages
from codeshift.finetune.models import Model, Tokenizer, is_decoder
from codeshift.finetune.ragged import Ragged
from codeshift.finetune.round_trip import LostText, RoundTrip
from codeshift.finetune.template import Template, texts_of
from codeshift.finetune.tokenizing import cut_to
from codeshift.finetune.truncation import TruncationCounts
from codeshift.properties.text_tokens import detokenize, special_tokens
from codeshift.wording import Verbatim

_OTHER = "0", "1"  # texts by which what surrounds a text is found


@dataclass(frozen=True)
class ChatEncoder:
    """Encoder of rows as conversations: a source is a user's turn, a target the assistant's with the end of its turn.

    Attributes:
        tokenizer: Tokenizer with a chat template.
        source: Template of the text that the model is given, or those of the turns before the answer.
        target: Template of the text that the model must write.
        chat: System turn and the examples.
        max_source_length: Length of the longest prompt, in tokens: all that comes before the target. Only the text
            of the source is cut, never the template around it.
        max_target_length: Length of the longest target, in tokens, the end of its turn included.
    """

    tokenizer: Tokenizer
    source: Template | Messages
    target: Template
    chat: Chat
    max_source_length: int
    max_target_length: int

    @classmethod
    def of(
        cls, model: Model, tokenizer: Tokenizer, texts: tuple[Template | Messages, Template], chat: Chat, limits: Limits
    ) -> ChatEncoder:
        """Return the encoder for a model; ``texts`` are the templates of source and target.

        Raises:
            ParameterError: the model is no decoder, special tokens are to count in columns, or the tokenizer has no
                chat template that a model can be trained with.
        """
        if not is_decoder(model):
            seq2seq = Verbatim("True for an encoder-decoder")
            raise ParameterError("chat", "False for a model that is no decoder", seq2seq, "leave chat out")
        if limits.special_tokens:
            remedy = "the chat template alone writes special tokens"
            raise ParameterError("special_tokens", "left out with chat", limits.special_tokens, remedy)
        encoder = cls(tokenizer, *texts, chat, limits.max_source_length, limits.max_target_length)
        encoder._turn(encoder._like("x"), "x")  # an unusable template is told before rows are read
        return encoder

    def encode(self, data: Dataset, part: str = "data") -> Encoded:
        """Encode a ``datasets.Dataset``.

        Raises:
            ParameterError: a column is missing, or ``max_source_length`` has no room for the chat template.
            DataError: a value is not text or holds a special token, or there is no row.
        """
        check_part_rows((self.source, self.target), data, part)
        sources, targets = texts_of(self.source, data), texts_of(self.target, data)
        conversations: list[Prompt] = (
            [*self.source.conversations(data)] if isinstance(self.source, Messages) else [*sources]
        )
        turns = [self._turn(*texts) for texts in zip(conversations, targets, strict=True)]
        prompts, answers = [turn.prompt for turn in turns], [turn.answer for turn in turns]
        cut_prompts = [max(0, len(ids) - self.max_source_length) for ids in prompts]
        cut_answers = [max(0, len(ids) - self.max_target_length) for ids in answers]
        return Encoded(
            Ragged.of([self._cut(*row) for row in zip(prompts, conversations, strict=True)]),
            # Without the end: a model must not learn to end its turn where the text was cut.
            Ragged.of([ids[: self.max_target_length] for ids in answers]),
            TruncationCounts.of(cut_prompts, cut_answers),
            self._round_trip(conversations, targets, turns),
        )

    def warn_of(self, encoded: Encoded, part: str) -> None:
        """Warn if texts were cut, naming the arguments that cut them, or are not given back by the tokenizer."""
        lengths = {"max_source_length": self.max_source_length, "max_target_length": self.max_target_length}
        warn_of_losses(encoded, part, **lengths)

    @cached_property
    def lead(self) -> str:
        """Text that the chat template writes between the prompt and the answer, such as a space."""
        texts = [self._text(self._turn(self._like("x"), answer).answer) for answer in _OTHER]
        return texts[0].split(_OTHER[0])[0]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Id of the token that ends a turn.

        It may differ from the tokenizer's end token: Llama 3 ends a turn with ``<|eot_id|>``, a text with another.
        """
        return (int(self._turn(self._like("x"), "x").answer[-1]),)

    @property
    def written(self) -> frozenset[int]:
        """Ids of special tokens that stay in the text of an output: none."""
        return frozenset()

    @cached_property
    def frame_ids(self) -> frozenset[int]:
        """Ids of the special tokens that the chat template writes in every row."""
        special = frozenset(special_tokens(self.tokenizer).values())
        return special & frozenset(self._turn(self._like("x"), "x").ids.tolist())

    def _like(self, text: str) -> Prompt:
        """Return a source whose contents are all one text, such as to see what the template writes around it."""
        if isinstance(self.source, Messages):
            return [{"role": role, "content": text} for role, _ in self.source.turns]
        return text

    def _turn(self, source: Prompt, target: str) -> EncodedTurn:
        return encode_turn(self.tokenizer, source, target, self.chat)

    def _text(self, ids: Sequence[int] | NDArray[np.int64]) -> str:
        return detokenize(self.tokenizer, list(map(int, ids)))

    def _cut(self, prompt: NDArray[np.int64], source: Prompt) -> NDArray[np.int64]:
        """Cut the text of the source, or its last turn, within a prompt, at the tokenizer's side of truncation."""
        if len(prompt) <= self.max_source_length:
            return prompt
        before, after = self._around if isinstance(source, str) else self._around_last(source)
        room = self.max_source_length - len(before) - len(after)
        if room < 1:
            remedy = "raise it, or give a shorter system turn or fewer shots"
            needed = f"above {len(before) + len(after)}, the tokens around a source"
            raise ParameterError("max_source_length", needed, self.max_source_length, remedy)
        body, end = prompt[len(before) : len(prompt) - len(after)], prompt[len(prompt) - len(after) :]
        # Its own ids rather than those of another source: a template's space may be one token with a first word.
        return np.concatenate([prompt[: len(before)], cut_to(body, room, self.tokenizer), end])

    @cached_property
    def _around(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids before and after the text of a source: those that prompts of two different sources share."""
        return self._shared(*_OTHER)

    def _around_last(self, source: list[Turn]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ids before and after the text of the last turn of a source."""
        first, second = ([*source[:-1], source[-1] | {"content": text}] for text in _OTHER)
        return self._shared(first, second)

    def _shared(self, source: Prompt, other: Prompt) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        first, second = (self._turn(prompt, "x").prompt for prompt in (source, other))
        shortest = min(len(first), len(second))
        before = next((i for i in range(shortest) if first[i] != second[i]), shortest)
        after = next((i for i in range(shortest - before) if first[-1 - i] != second[-1 - i]), shortest - before)
        return first[:before], first[len(first) - after :]

    def _round_trip(self, sources: list[Prompt], targets: list[str], turns: list[EncodedTurn]) -> RoundTrip:
        """Count texts that are not in the decoded conversation: lost by the tokenizer, or changed by the template."""
        lost: dict[str, list[int]] = {"source": [], "target": []}
        examples = []
        for i, (source, target, turn) in enumerate(zip(sources, targets, turns, strict=True)):
            text_of_source = source if isinstance(source, str) else "\n".join(turn["content"] for turn in source)
            contents = [text_of_source] if isinstance(source, str) else [turn["content"] for turn in source]
            decoded = self._text(turn.prompt), self._text(turn.answer).removeprefix(self.lead)
            for side, template, text, back, kept in (
                ("source", self.source, text_of_source, decoded[0], all(content in decoded[0] for content in contents)),
                ("target", self.target, target, decoded[1], target == decoded[1]),
            ):
                if kept:
                    continue
                if not lost[side]:
                    examples.append(LostText.of(", ".join(template.columns), i, text, back))
                lost[side].append(i)
        return RoundTrip(
            rows=len(turns), sources=len(lost["source"]), targets=len(lost["target"]), examples=tuple(examples)
        )

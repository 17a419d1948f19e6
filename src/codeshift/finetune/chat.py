"""Conversations as token ids, by the chat template of a tokenizer, and which of the ids a model learns to write.

The ids are those that ``apply_chat_template`` gives for the whole conversation, divided where generation begins. What a
model learns is the target and the token that ends its turn, and nothing else: not the source, not what the template
writes after that token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2.exceptions import TemplateError
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError
from codeshift.finetune.conversation import Chat, Prompt, Turn
from codeshift.finetune.models import Tokenizer
from codeshift.wording import Verbatim

_SHOWN = 24  # characters of a text in a message
_ALONE = Chat()  # a source and its answer, with nothing before them


class ChatTemplateError(ParameterError):
    """A tokenizer has no chat template, or none that a model can be trained with.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> encode_turn(tiny_tokenizer(["a"]), "a", "b")
    Traceback (most recent call last):
        ...
    codeshift.finetune.chat.ChatTemplateError: tokenizer must be one with a chat template, got ...
    """


@dataclass(frozen=True)
class EncodedTurn:
    """A conversation that ends with the turn of the assistant.

    Attributes:
        ids: Token ids of the whole conversation, (tokens,).
        learned: Whether each token is one that the model learns to write, (tokens,): the target and the end of the
            turn, which stand together.
        as_written: Whether the template keeps the target as it is. Llama 3's strips white space at both ends.
        as_whole: Whether the ids are those of ``apply_chat_template`` for the whole conversation. They are not where
            the tokenizer would join the end of the prompt and the beginning of the target, such as a line end and
            an indentation, in one token: then both are encoded apart, as they are when the model generates.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> tokenizer = tiny_tokenizer(["user assistant a b"])
    >>> tokenizer.chat_template = (
    ...     "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + eos_token }}{% endfor %}"
    ...     "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
    ... )
    >>> turn = encode_turn(tokenizer, "a", "b a")
    >>> tokenizer.decode(turn.ids), tokenizer.decode(turn.answer), turn.as_written
    ('user: a</s>assistant: b a</s>', ' b a</s>', True)
    """

    ids: NDArray[np.int64]
    learned: NDArray[np.bool_]
    as_written: bool
    as_whole: bool

    @property
    def prompt(self) -> NDArray[np.int64]:
        """Token ids that a model is given to write the turn."""
        return self.ids[: int(np.argmax(self.learned))]

    @property
    def answer(self) -> NDArray[np.int64]:
        """Token ids that a model should write."""
        return self.ids[self.learned]


def encode_turn(tokenizer: Tokenizer, source: Prompt, target: str, chat: Chat = _ALONE) -> EncodedTurn:
    """Encode a conversation, and tell which of its tokens the model learns to write.

    Args:
        tokenizer: Tokenizer with a chat template.
        source: What the model is given, a user's turn or the turns before the answer.
        target: What the model must write, the assistant's turn.
        chat: What comes before the source; nothing by default.

    Raises:
        ChatTemplateError: the tokenizer has no template; it does not take these turns; what it gives before the answer
            is not the beginning of the whole conversation, so that a model would be asked otherwise than it was
            trained; or no special token ends the turn.
        DataError: a text holds a special token of the tokenizer, which would end its turn.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> tokenizer = tiny_tokenizer(["a b"])
    >>> tokenizer.chat_template = "{% for m in messages %}{{ m['content'] + eos_token }}{% endfor %}"
    >>> encode_turn(tokenizer, "a", "b").learned.tolist()
    [False, False, True, True]
    """
    _check_text(tokenizer, source, target, chat)
    before, answered = chat.turns(source), chat.turns(source, target)
    prompt_text = _templated_text(tokenizer, before, prompt=True)
    full_text = _templated_text(tokenizer, answered, prompt=False)
    prompt, ids = _ids(tokenizer, before, prompt=True), _ids(tokenizer, answered, prompt=False)
    if not full_text.startswith(prompt_text):
        raise ChatTemplateError(
            "tokenizer",
            "one whose chat template only adds to what comes before the answer",
            Verbatim(f"one that writes ...{prompt_text[-_SHOWN:]!r} before it, and something else once it is there"),
            "set a template that keeps it: tokenizer.chat_template = ...",
        )
    as_whole = np.array_equal(ids[: len(prompt)], prompt)
    if not as_whole:
        rest = tokenizer(full_text[len(prompt_text) :], add_special_tokens=False)["input_ids"]
        ids = np.concatenate([prompt, np.array(rest, dtype=np.int64)])
    ends = np.flatnonzero(np.isin(ids[len(prompt) :], list(_special(tokenizer))))
    if not len(ends):
        raise ChatTemplateError(
            "tokenizer",
            "one whose chat template ends the assistant's turn with a special token",
            Verbatim(repr(full_text[len(prompt_text) :][-_SHOWN:])),
            "without one a model cannot learn to stop: write eos_token after the content of the assistant",
        )
    learned = np.zeros(len(ids), dtype=bool)
    learned[len(prompt) : len(prompt) + ends[0] + 1] = True
    return EncodedTurn(ids, learned, as_written=target in full_text[len(prompt_text) :], as_whole=as_whole)


def _templated_text(tokenizer: Tokenizer, turns: list[Turn], *, prompt: bool) -> str:
    return str(_templated(tokenizer, turns, add_generation_prompt=prompt, tokenize=False))


def _ids(tokenizer: Tokenizer, turns: list[Turn], *, prompt: bool) -> NDArray[np.int64]:
    encoded = _templated(tokenizer, turns, add_generation_prompt=prompt, tokenize=True, return_dict=True)
    return np.array(encoded["input_ids"], dtype=np.int64)


def _templated(tokenizer: Tokenizer, turns: list[Turn], **options: Any) -> Any:
    if getattr(tokenizer, "chat_template", None) is None:
        raise ChatTemplateError(
            "tokenizer",
            "one with a chat template",
            Verbatim(getattr(tokenizer, "name_or_path", "") or "one without"),
            "take the tokenizer of an instruct or chat model, or set tokenizer.chat_template",
        )
    try:
        return tokenizer.apply_chat_template(turns, **options)
    except TemplateError as error:
        roles = ", ".join(turn["role"] for turn in turns)
        constraint = f"one whose chat template takes the turns {roles}"
        raise ChatTemplateError("tokenizer", constraint, Verbatim("one that does not"), str(error)) from error


def _check_text(tokenizer: Tokenizer, source: Prompt, target: str, chat: Chat) -> None:
    """Check that no text holds a special token: within a template it would count as one."""
    contents = [source] if isinstance(source, str) else [turn["content"] for turn in source]
    texts = [*(("source", content) for content in contents), ("target", target), ("system", chat.system or "")]
    texts += [("shots", text) for shot in chat.shots for text in shot]
    special = {str(tokenizer.convert_ids_to_tokens(number)) for number in _special(tokenizer)}
    for parameter, text in texts:
        special_inside = sorted(token for token in special if token in text)
        if special_inside:
            tokens = ", ".join(special_inside)
            remedy = f"it holds {tokens}, which a template reads as the end of a turn or the like: leave it out"
            raise DataError(parameter, "text without special tokens of the tokenizer", text, remedy)


def _special(tokenizer: Tokenizer) -> set[int]:
    added = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return added | set(tokenizer.all_special_ids)

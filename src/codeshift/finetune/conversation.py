"""The conversation that a row becomes for a chat model: a system turn, examples, the source and the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from datasets import Dataset

from codeshift.checks import check_bool, check_integer
from codeshift.errors import DataError, ParameterError
from codeshift.finetune.template import Template, texts_of
from codeshift.formatting import counted
from codeshift.wording import Verbatim

Turn: TypeAlias = dict[str, str]
"""A turn of a conversation: its ``role`` (system, user or assistant) and ``content``, as chat templates take them."""

Prompt: TypeAlias = str | list[Turn]
"""What a model is given of a row: the text of a user's turn, or the turns before the answer."""

Shot: TypeAlias = tuple[str, str]
"""A source and its target, shown to a model as an example."""


@dataclass(frozen=True)
class Chat:
    """How rows become conversations.

    Attributes:
        system: Text of the system turn; None leaves it out, and some templates then have one of their own.
        shots: Examples that come before each source.

    >>> Chat("Write Python.").to_dict()
    {'chat': True, 'system': 'Write Python.'}
    """

    system: str | None = None
    shots: tuple[Shot, ...] = ()

    def turns(self, source: Prompt, target: str | None = None) -> list[Turn]:
        """Return the turns of a row: the source is a user's turn, or several turns; the target is the assistant's.

        Args:
            source: What the model is given, a text or the turns before the answer.
            target: What the model must write; None leaves the turn to the model.

        >>> Chat("Write Python.").turns("Add.")
        [{'role': 'system', 'content': 'Write Python.'}, {'role': 'user', 'content': 'Add.'}]
        """
        turns = [] if self.system is None else [{"role": "system", "content": self.system}]
        for question, answer in self.shots:
            turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        turns += [{"role": "user", "content": source}] if isinstance(source, str) else source
        return turns if target is None else [*turns, {"role": "assistant", "content": target}]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values, without examples if there are none."""
        shown = {"shots": [list(shot) for shot in self.shots]} if self.shots else {}
        return {"chat": True, "system": self.system} | shown


def make_chat(chat: bool | None, system: str | None) -> Chat | None:
    """Return how rows become conversations, or None if they do not.

    Args:
        chat: Whether they do; None, if it is not known yet, is no.
        system: Text of the system turn.

    Raises:
        ParameterError: a value is of another type, or there is a system turn without ``chat``.
    """
    if chat is not None:
        check_bool("chat", chat)
    if system is not None and not isinstance(system, str):
        raise ParameterError("system", "a text or None", system, 'such as "Write Python."')
    if system is not None and not chat:
        raise ParameterError("system", "left out without chat=True", system, "give chat=True")
    return Chat(system) if chat else None


def draw_shots(train: Dataset, k: int, *, source: str, target: str, seed: int = 0) -> tuple[Shot, ...]:
    """Draw the examples of a few-shot prompt from the training rows.

    The same ``k`` rows stand before every source. A larger ``k`` with the same seed adds rows and keeps the order. Rows
    are drawn by their places, so the same rows in another order give other examples.

    Args:
        train: Training rows; never a part that is scored.
        k: Number of examples.
        source: Column or template of what a model is given.
        target: Column or template of what a model must write.
        seed: Seed of the draw.

    Raises:
        ParameterError: a column is missing, or ``k`` is no number from 1 up.
        DataError: there are fewer than ``k`` rows, or a value is not text.

    >>> rows = Dataset.from_dict({"doc": ["Add.", "Negate.", "Halve."], "code": ["a + b", "-a", "a / 2"]})
    >>> draw_shots(rows, 2, source="doc", target="code", seed=1)
    (('Add.', 'a + b'), ('Negate.', '-a'))
    """
    check_integer("k", k, smallest=1, remedy="leave the examples out for none")
    if k > len(train):
        raise DataError("train", f"of at least k={k} rows", Verbatim(counted(len(train), "row")), "take a smaller k")
    templates = Template(source, "source"), Template(target, "target")
    for template in templates:
        template.check(train.features)
    rows = train.select(np.random.default_rng(seed).permutation(len(train))[:k])
    return tuple(zip(*(texts_of(template, rows) for template in templates), strict=True))

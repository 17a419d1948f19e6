"""A list of message templates: the conversation before the answer, with columns of a row in its turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from datasets import Dataset, Features

from codeshift.errors import ParameterError
from codeshift.finetune.conversation import Turn
from codeshift.finetune.template import Template
from codeshift.wording import closest

_ROLES = ("system", "user", "assistant")
_REMEDY = 'such as [{"role": "system", "content": "Be short."}, {"role": "user", "content": "{docstring}"}]'


@dataclass(frozen=True)
class Messages:
    """Turns before the answer, each with a template of its content; the last is a user's.

    Attributes:
        turns: Role and the template of each turn.

    >>> messages = Messages.of([{"role": "user", "content": "Mend {code}."}], "source")
    >>> messages.conversations(Dataset.from_dict({"code": ["a +"]}))
    [[{'role': 'user', 'content': 'Mend a +.'}]]
    """

    turns: tuple[tuple[str, Template], ...]
    parameter: str = field(default="source", compare=False)

    @classmethod
    def of(cls, messages: Sequence[Mapping[str, str]], parameter: str) -> Messages:
        """Check messages as chat templates take them, and return them.

        Raises:
            ParameterError: a message has other keys or another role than these, a content is no template, or the last
                turn is not the user's.
        """
        turns = []
        for message in messages:
            if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
                raise ParameterError(parameter, "messages with a role and a content", message, _REMEDY)
            if message["role"] not in _ROLES:
                raise ParameterError(
                    parameter, "messages of known roles", message["role"], closest(message["role"], _ROLES)
                )
            turns.append((message["role"], _content_template(message["content"], parameter)))
        if not turns or turns[-1][0] != "user":
            raise ParameterError(parameter, "messages that end with the user's turn", list(messages), _REMEDY)
        if any(role == "system" for role, _ in turns[1:]):
            raise ParameterError(
                parameter, "messages with a system turn at their beginning alone", list(messages), _REMEDY
            )
        return cls(tuple(turns), parameter)

    @property
    def spec(self) -> list[Turn]:
        """Messages as they were given, as JSON values."""
        return [{"role": role, "content": template.spec} for role, template in self.turns]

    @property
    def has_system(self) -> bool:
        """Whether the first turn is the system's."""
        return self.turns[0][0] == "system"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns that the contents are made of, each once.

        Raises:
            ParameterError: there are none, so that all rows would be asked the same.
        """
        columns = tuple(dict.fromkeys(name for _, template in self.turns for name in template.named_columns))
        if not columns:
            raise ParameterError(self.parameter, "messages with a column", self.spec, "write {column} where it goes")
        return columns

    def check(self, features: Features) -> None:
        """Check that the columns are text columns of the data, as ``Template.check``."""
        assert self.columns  # noqa: S101 - raises if there are none
        for _, template in self.turns:
            template.check(features)

    def conversations(self, rows: Dataset) -> list[list[Turn]]:
        """Return the turns of each row.

        Raises:
            DataError: a value is not text.
        """
        return self._filled({column: list(rows[column]) for column in self.columns})

    def texts(self, batch: Mapping[str, Sequence[Any]]) -> list[str]:
        """Return one text a row, with each turn on a line of its own: for records, and to tell rows apart."""
        return ["\n".join(f"{turn['role']}: {turn['content']}" for turn in turns) for turns in self._filled(batch)]

    def _filled(self, batch: Mapping[str, Sequence[Any]]) -> list[list[Turn]]:
        count = len(batch[self.columns[0]])
        contents = [
            template.texts(batch) if template.named_columns else [template.literal] * count
            for _, template in self.turns
        ]
        roles = [role for role, _ in self.turns]
        return [
            [{"role": role, "content": content} for role, content in zip(roles, row, strict=True)]
            for row in zip(*contents, strict=True)
        ]


def _content_template(content: object, parameter: str) -> Template:
    """Return the template of a content, in which only what stands in braces is a column."""
    if not isinstance(content, str) or not content:
        raise ParameterError(parameter, "messages whose contents are templates", content, _REMEDY)
    return Template(content, parameter, plain=True)


def as_template(source: Any, parameter: str) -> Template | Messages:
    """Return the template of a source: a column, a template or a list of messages.

    >>> as_template("doc", "source")
    Template(spec='doc', parameter='source')
    """
    if isinstance(source, list | tuple) and source and all(isinstance(message, Mapping) for message in source):
        return Messages.of(source, parameter)
    return Template(source, parameter)

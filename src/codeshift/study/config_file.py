"""YAML settings files that keep the line number of each value."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import yaml  # type: ignore[import-untyped]

from codeshift.checks import is_number, name_hint
from codeshift.errors import CodeshiftError, ParameterError
from codeshift.files import hint_of_missing

_MOST_BYTES = 1_000_000
_MOST_VALUES = 20_000  # keys among them
_DEEPEST = 30
_SHOWN = 40
_BOOL = "tag:yaml.org,2002:bool"

Place = tuple[str | int, ...]
"""Keys and list positions that lead to a value."""


class SettingsError(CodeshiftError, ValueError):
    """A settings file holds an invalid value or key.

    Attributes:
        path: Path of the file.
        line: Line number, from 1; None if something is missing that could stand on any line.
        message: Text of the error, without path and line.

    >>> raise SettingsError("study.yaml", 3, "unknown key 'sede': did you mean seed?")
    Traceback (most recent call last):
        ...
    codeshift.study.config_file.SettingsError: study.yaml, line 3: unknown key 'sede': did you mean seed?
    """

    def __init__(self, path: str, line: int | None, message: str) -> None:
        self.path, self.line, self.message = path, line, message
        super().__init__(f"{path}, line {line}: {message}" if line else f"{path}: {message}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.line, self.message)


@dataclass(frozen=True)
class SettingsFile:
    """Content of a settings file, with line numbers.

    Attributes:
        path: Path of the file.
        text: Whole text of the file.
        content: Values of the file.
        lines: Line number, from 1, of each key and of each list item.
    """

    path: Path
    text: str
    content: dict[str, Any]
    lines: Mapping[Place, int]

    @contextmanager
    def at(self, *place: str | int) -> Iterator[None]:
        """Add the line number to errors about values below ``place``.

        Raises:
            SettingsError: instead of a ``ParameterError``, or of a ``TypeError`` or ``ValueError`` of a library.
        """
        try:
            yield
        except ParameterError as error:
            line = self._line([(*place, *error.place), (*place, error.place[0]), *_shortened(place)], error.value)
            raise SettingsError(str(self.path), line, str(error)) from error
        except (TypeError, ValueError) as error:
            if isinstance(error, CodeshiftError):
                raise
            raise SettingsError(str(self.path), self._line(_shortened(place), None), str(error)) from error

    def check_keys(
        self, content: object, allowed: Iterable[str], *place: str | int, renamed: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Check the keys of a mapping, and return it.

        Args:
            content: Value at the place.
            allowed: Keys that the mapping may have.
            place: Keys that lead to the value.
            renamed: New keys by the old keys that they replace.

        Raises:
            SettingsError: if the value is no mapping, or has an unknown key.
        """
        if not isinstance(content, dict):
            where = f"{place[-1]!r} must hold names and values" if place else "the file must hold names and values"
            raise SettingsError(str(self.path), self._line(_shortened(place), None), f"{where}, got {content!r}")
        allowed = list(allowed)
        for key in content:
            if key not in allowed:
                message = f"unknown key {key!r}: {name_hint(key, allowed, renamed)}"
                raise SettingsError(str(self.path), self.lines.get((*place, key)), message)
        return content

    def _line(self, places: Iterable[Place], value: object) -> int | None:
        """Return the line of the value within the first place that the file has, or else that place's first line.

        A text that is not found there is searched for in the whole file: a setting can fail at the place that uses it.
        """
        place_there = next((place for place in places if place in self.lines), None)
        block = self._block(place_there)
        if isinstance(value, str) and len(value) > 2:
            every = range(1, len(self.text.splitlines()) + 1)
            return next((n for lines in (block, every) for n in lines if self._shows(n, value)), block.start or None)
        if is_number(value):
            return next((n for n in block if self._shows(n, str(value))), block.start or None)
        return block.start or None

    def _block(self, place: Place | None) -> range:
        """Return the lines of the value at a place; an empty range if ``place`` is None."""
        if place is None:
            return range(0)
        start = self.lines[place]
        later = [line for other, line in self.lines.items() if line > start and other[: len(place)] != place]
        return range(start, min(later, default=len(self.text.splitlines()) + 1))

    def _shows(self, number: int, text: str) -> bool:
        line = self.text.splitlines()[number - 1].partition(" #")[0]
        return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", line) is not None


def read_settings(path: Path) -> SettingsFile:
    """Read a YAML file.

    Raises:
        ParameterError: if the file does not exist, or its name ends in neither ``.yaml`` nor ``.yml``.
        SettingsError: if the file cannot be parsed.
    """
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise ParameterError("file", "a file of YAML", str(path), "write it in YAML, and end its name in .yaml")
    if not os.path.isfile(path):
        raise ParameterError("file", "an existing file", str(path), hint_of_missing(path))
    if (size := path.stat().st_size) > _MOST_BYTES:
        raise SettingsError(str(path), None, f"it has {size:,} bytes, more than the {_MOST_BYTES:,} of any settings")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(str(path), None, f"it is not UTF-8 ({error})") from error
    content, lines = _yaml(path, text)
    return SettingsFile(path, text, content, lines)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Loader of plain values only, and not too many; 5e-5 is a number and ``no`` a text, as in YAML 1.2.

    An alias counts for all that it stands for: a few lines of them could come to more than memory holds.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._values = 0
        self._within: set[str] = set()  # the anchors of what is being read
        self._values_of: dict[str, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node; ``index`` is None for a key."""
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self._within:
                self._refuse(f"the alias *{event.anchor} stands inside of what it stands for", event)
            node = super().compose_node(parent, index)
            self._count(self._values_of[event.anchor], event)
        else:
            if self._depth == _DEEPEST:
                self._refuse(f"values are nested more than {_DEEPEST} deep", event)
            before, anchor = self._values, event.anchor
            self._count(1, event)
            self._depth += 1
            self._within |= {anchor} if anchor else set()
            node = super().compose_node(parent, index)
            self._depth -= 1
            if anchor:
                self._within.discard(anchor)
                self._values_of[anchor] = self._values - before
        if parent is not None and index is None and not isinstance(node, yaml.ScalarNode):
            self._refuse("a key must be a text, not a list or a mapping", event)
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Return the value of a node."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError, LookupError, AttributeError) as error:
            # A date or a number that Python has not, or a text with the tag of another kind, such as !!bool.
            shown = (
                node.value
                if len(node.value) <= _SHOWN
                else f"{node.value[:_SHOWN]}... ({len(node.value):,} characters)"
            )
            kind = node.tag.rpartition(":")[2]
            reason = error if isinstance(error, ValueError | OverflowError) else f"it is no {kind}"
            raise yaml.constructor.ConstructorError(
                None, None, f"{shown} cannot be held ({reason}): write it as text, in quotes", node.start_mark
            ) from error

    def _count(self, values: int, event: Any) -> None:
        self._values += values
        if self._values > _MOST_VALUES:
            self._refuse(f"the file comes to more than {_MOST_VALUES:,} values up to here, aliases written out", event)

    def _refuse(self, problem: str, event: Any) -> NoReturn:
        raise yaml.composer.ComposerError(None, None, problem, event.start_mark)


_Loader.add_implicit_resolver(_BOOL, re.compile(r"(true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+\Z"),
    list("-+.0123456789"),
)


def _yaml(path: Path, text: str) -> tuple[Any, dict[Place, int]]:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines = dict(_yaml_lines(path, node, ()))
        return (loader.construct_document(node) if node is not None else {}), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SettingsError(str(path), mark.line + 1 if mark else None, error.problem or str(error)) from error
    except yaml.YAMLError as error:
        raise SettingsError(str(path), None, " ".join(str(error).split())) from error


def _yaml_lines(path: Path, node: Any, place: Place) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise SettingsError(str(path), line, f"the key {key.value!r} stands here for the second time")
            seen.add(key.value)
            yield (*place, key.value), line
            yield from _yaml_lines(path, value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield (*place, i), item.start_mark.line + 1
            yield from _yaml_lines(path, item, (*place, i))


def _shortened(place: Place) -> list[Place]:
    return [place[:length] for length in range(len(place), 0, -1)]

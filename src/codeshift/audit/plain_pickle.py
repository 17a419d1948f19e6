"""Dicts, lists, texts and numbers of a pickle, read as data: nothing of it is imported or called as unpickling does."""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

_MARK = object()
_NUMBERS = {"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT", "LONG", "BINFLOAT"}
_TEXTS = {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"}
_VALUES: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_DICT": dict, "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple, "MARK": lambda: _MARK,
}  # fmt: skip
_IGNORED = {"PROTO", "FRAME", "STOP"}


class _GlobalName(str):
    """Name of a class or function that the pickle would call."""


def read_plain(content: bytes, *, counters: frozenset[str] = frozenset()) -> Any:
    """Return the value of a pickle that consists of dicts, lists, tuples, texts, numbers, truth values and None.

    Args:
        content: Bytes of the pickle.
        counters: Dotted names of classes whose instances are read as dicts, or which such a dict is made with.

    Raises:
        ValueError: if it holds anything else, or is no pickle.

    >>> import pickle
    >>> read_plain(pickle.dumps({"a b": 1, "c": [2.5, None, True], "d": {"e": (1, "f")}}))
    {'a b': 1, 'c': [2.5, None, True], 'd': {'e': (1, 'f')}}
    >>> from collections import Counter
    >>> read_plain(pickle.dumps(Counter(["a"])), counters=frozenset({"collections.Counter"}))
    {'a': 1}
    >>> read_plain(pickle.dumps(print))
    Traceback (most recent call last):
        ...
    ValueError: it names builtins.print
    """
    machine = _Machine(counters)
    for opcode, argument, _ in pickletools.genops(content):
        machine.do(opcode.name, argument)
    if len(machine.stack) != 1:
        raise ValueError("it holds no value, or several")
    return machine.stack[0]


class _Machine:
    """Stack of values, and the values that later ones refer to."""

    def __init__(self, counters: frozenset[str]) -> None:
        self.counters = counters
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def do(self, name: str, argument: Any) -> None:
        """Do what one instruction says, if it makes plain values."""
        if name in _IGNORED:
            return
        if name in _NUMBERS or name in _TEXTS:
            self.stack.append(argument)
        elif name in _VALUES:
            self.stack.append(_VALUES[name]())
        elif name in ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[len(self.memo) if argument is None else argument] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memo[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self._name(argument)
        else:
            self._combine(name)

    def _name(self, argument: str | None) -> None:
        last, first = (None, None) if argument is not None else (self.stack.pop(), self.stack.pop())
        dotted = f"{first}.{last}" if argument is None else argument.replace(" ", ".")
        if dotted not in self.counters:
            raise ValueError(f"it names {dotted}")
        self.stack.append(_GlobalName(dotted))

    def _combine(self, name: str) -> None:
        if name in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if name == "SETITEMS" else [self.stack.pop(-2), self.stack.pop()]
            self._top(dict).update(zip(items[::2], items[1::2], strict=True))
        elif name in ("APPEND", "APPENDS"):
            items = self._since_mark() if name == "APPENDS" else [self.stack.pop()]
            self._top(list).extend(items)
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            self.stack[-count:] = [tuple(self.stack[-count:])]
        elif name in ("TUPLE", "LIST", "DICT"):
            items = self._since_mark()
            value = dict(zip(items[::2], items[1::2], strict=True)) if name == "DICT" else items
            self.stack.append(tuple(items) if name == "TUPLE" else value)
        elif name == "REDUCE":
            self._count()
        else:
            raise ValueError(f"it holds the instruction {name}")

    def _count(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, _GlobalName) or not isinstance(arguments, tuple) or len(arguments) > 1:
            raise ValueError("it calls what is no class of counts")
        counts = arguments[0] if arguments else {}
        self.stack.append(dict(counts) if isinstance(counts, dict) else {})

    def _since_mark(self) -> list[Any]:
        place = len(self.stack) - 1 - next(i for i, value in enumerate(reversed(self.stack)) if value is _MARK)
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def _top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"it fills what is no {kind.__name__}")
        return self.stack[-1]

"""Data flow as in the public implementations of CodeBLEU, from one pass and always in the same order.

Their code walks each loop twice (so each nested loop four times, and so on) and puts names in order with
``list(set(...))``, which depends on PYTHONHASHSEED. Here a loop is read once, and names are in order of appearance: one
of the orders that their code can give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from codeshift.metrics.codebleu.dataflow.definitions import Definitions

if TYPE_CHECKING:
    from codeshift.metrics.codebleu.dataflow.scan import Events, Part, Scan, Step

Item: TypeAlias = tuple[int, bool, tuple[int, ...]]
"""A variable, whether it is computed (else it comes) from others, and those others; all as numbers of their names."""


class NoFlowError(Exception):
    """Error raised if the tree lacks a child that the public code expects, which then goes on without data flow."""


# Roles of the children of a branch: what is run apart, and what says that one of them always runs.
_ARMS, _TAGS = ("arm", "arm+tag"), ("tag", "arm+tag")


class CompatFlow:
    """Reader of the events of one program."""

    def __init__(self, scan: Scan) -> None:
        self._tokens = scan.tokens
        self._reaching = Definitions()
        self._sources: dict[int, list[str]] = {}
        self._computed: set[int] = set()
        self._linked: set[int] = set()
        self._used: dict[str, int] = {}
        self._late: list[tuple[int, str, int]] = []  # uses whose definitions are known once all loops have ended
        self._loops = 0
        self._run(scan.events)

    def items(self) -> dict[Item, int]:
        """Return the data flow with names numbered in order of appearance."""
        for token, name, bits in self._late:
            resolved = self._reaching.resolve(name, bits)
            if resolved:
                self._sources[token] = [name]
                self._used[name] = self._used.get(name, 0) | resolved
        for name, bits in self._used.items():
            self._linked.update(self._reaching.places(name, bits))
        numbers: dict[str, int] = {}
        items: dict[Item, int] = {}
        for token in sorted(self._sources):
            sources = self._sources[token]
            if sources or token in self._linked:
                named = tuple([numbers.setdefault(name, len(numbers)) for name in sources])
                number = numbers.setdefault(self._tokens[token], len(numbers))
                item = (number, token in self._computed, named)
                items[item] = items.get(item, 0) + 1
        return items

    def _run(self, events: Events) -> None:
        """Read ``events``; the steps' own events wait on a stack, since recursion would fail on a deep tree."""
        stack: list[Iterator[Events]] = [self._sequence(events)]
        while stack:
            for inner in stack[-1]:
                if len(inner) == 1 and inner[0].__class__ is int:
                    self._use(inner[0])
                elif inner:
                    stack.append(self._sequence(inner))
                    break
            else:
                stack.pop()

    def _sequence(self, events: Events) -> Iterator[Events]:
        for event in events:
            if isinstance(event, int):
                self._use(event)
            else:
                yield from _STEPS.get(event[0].what.split()[0], CompatFlow._plain)(self, event)

    def _use(self, event: int) -> None:
        token = event if event >= 0 else ~event
        name, reaching = self._tokens[token], self._reaching
        if reaching.loops and name not in reaching.loops[-1][1]:
            reaching.touch(name)
        bits = reaching.now.get(name, 0)
        if not bits or (reaching.heads and not bits & ~reaching.heads.get(name, 0)):
            self._sources.setdefault(token, [])
            if bits:
                self._late.append((token, name, bits))
            if event >= 0:
                reaching.add(name, token)
        else:
            self._sources[token] = [name]
            self._used[name] = self._used.get(name, 0) | bits

    def _plain(self, step: Step) -> Iterator[Events]:
        for part in step[1]:
            yield part[2]

    def _assign(self, step: Step) -> Iterator[Events]:
        target, value = _needed(step, "target"), _needed(step, "value")
        yield value[2]
        self._store(target, value, computed=True)

    def _declare(self, step: Step) -> Iterator[Events]:
        target, value = _declared(step)
        if value is None:
            for token in range(target[3], target[4]):
                self._sources.setdefault(token, [])
                self._reaching.define(self._tokens[token], token)
            return
        yield value[2]
        self._store(target, value, computed=False)

    def _update(self, step: Step) -> Iterator[Events]:
        everything: Part = ("", 0, [], step[1][0][3], step[1][-1][4])
        self._store(everything, everything, computed=True)
        return iter(())

    def _pairs(self, step: Step) -> Iterator[Events]:
        if not any(part[0] == "value" for part in step[1]) and step[0].what == "pairs":
            return
        yield from self._store_pairs(step)

    def _clause(self, step: Step) -> Iterator[Events]:
        target, value = _needed(step, "target"), step[1][-1]
        yield value[2]
        self._store(target, value, computed=True, listed=True)

    def _store_pairs(self, step: Step) -> Iterator[Events]:
        target, value = _needed(step, "target"), _needed(step, "value")
        targets, values = _children(target), _children(value)
        if len(targets) != len(values) or not targets or step[0].what == "pair":
            targets, values = [target], [value]
        for part in values:
            if values[0] is not value and _is(value, "whole"):
                raise NoFlowError  # its children are looked up among the tokens, where they are not
            yield part[2]
        for left, right in zip(targets, values, strict=True):
            self._store(left, right, computed=True, listed=True)

    def _branch(self, step: Step) -> Iterator[Events]:
        what = step[0].what
        or_none, sticky = "tagged" not in what, "sticky" in what
        apart: list[list[Part]] = []
        here: list[Part] = []
        for part in step[1]:
            or_none = or_none and part[0] not in _TAGS
            if part[0] in _ARMS or (apart and sticky):
                apart.append([part])
            else:
                here.append(part)
        paths = []
        for parts in [*apart, here]:
            forked = self._reaching.fork()
            for part in parts:
                yield part[2]
            if forked:
                paths.append(self._reaching.collect())
        if paths:
            self._reaching.merge(paths, or_none=or_none or "base" in what)

    def _for(self, step: Step) -> Iterator[Events]:
        if step[0].what == "for pairs":
            yield from self._for_pairs(step)
            return
        roles = [part[0] for part in step[1]]
        if "first" not in roles:
            yield from self._plain(step)
            return
        place = roles.index("first")
        for part in step[1][:place]:
            yield part[2]
        first = step[1][place]
        inner = _children(first) if _is(first, "split") else [first]
        updates = [part for part in inner if part[0] == "update"]
        for part in inner:
            if part not in updates:
                yield part[2]
        yield from self._again([*updates, *step[1][place + 1 :]])

    def _again(self, parts: list[Part]) -> Iterator[Events]:
        looping = self._reaching.begin_loop()
        self._loops += 1
        for part in parts:
            yield part[2]
        self._loops -= 1
        if looping:
            self._reaching.end_loop(or_none=False)

    def _for_pairs(self, step: Step) -> Iterator[Events]:
        looping = self._reaching.begin_loop()
        self._loops += 1
        yield from self._store_pairs(step)
        if step[1][-1][0] == "block":
            yield step[1][-1][2]
        self._loops -= 1
        if looping:
            self._reaching.end_loop(or_none=False)

    def _while(self, step: Step) -> Iterator[Events]:
        return self._again(step[1])

    def _foreach(self, step: Step) -> Iterator[Events]:
        by_place = [part for part in step[1] if part[0] == "variable"]
        if "place" in step[0].what:
            if len(by_place) < 2:
                raise NoFlowError
            value, target = by_place[:2]
        else:
            value, target = _needed(step, "value"), _needed(step, "target")
        body = _needed(step, "body")
        looping = self._reaching.begin_loop()
        self._loops += 1
        yield value[2]
        self._store(target, value, computed=True, listed="once" in step[0].what)
        yield body[2]
        self._loops -= 1
        if looping:
            self._reaching.end_loop(or_none=False)

    def _clauses(self, step: Step) -> Iterator[Events]:
        for part in sorted(step[1], key=lambda part: part[0] != "first"):
            yield part[2]

    def _store(self, target: Part, value: Part, *, computed: bool, listed: bool = False) -> None:
        """Make every token of ``value`` a source of every token of ``target``, and each of the latter a definition."""
        names = self._tokens[value[3] : value[4]]
        for token in range(target[3], target[4]):
            if names or listed:
                found = self._sources.get(token, []) + names
                # Sources that were listed at once keep their repetitions; those that were merged do not.
                merged = not listed or self._loops > 0 or token in self._sources
                self._sources[token] = list(dict.fromkeys(found)) if merged else found
                if computed:
                    self._computed.add(token)
            self._reaching.define(self._tokens[token], token)
        if target[4] > target[3]:
            self._linked.update(range(value[3], value[4]))


_STEPS: dict[str, Callable[[CompatFlow, Step], Iterator[Events]]] = {
    "assign": CompatFlow._assign,
    "declare": CompatFlow._declare,
    "update": CompatFlow._update,
    "pairs": CompatFlow._pairs,
    "pair": CompatFlow._pairs,
    "clause": CompatFlow._clause,
    "branch": CompatFlow._branch,
    "for": CompatFlow._for,
    "while": CompatFlow._while,
    "foreach": CompatFlow._foreach,
    "clauses": CompatFlow._clauses,
}


def _needed(step: Step, role: str) -> Part:
    for part in step[1]:
        if part[0] == role:
            return part
    raise NoFlowError


def _declared(step: Step) -> tuple[Part, Part | None]:
    parts = step[1]
    if step[0].what == "declare by place":
        return parts[0], parts[1] if len(parts) == 2 else None
    if step[0].what == "declare second":
        return parts[1], parts[2] if len(parts) >= 3 else None
    return _needed(step, "target"), next((part for part in parts if part[0] == "value"), None)


def _children(part: Part) -> list[Part]:
    """Return the children of the node in ``part``, without commas."""
    events = part[2]
    if len(events) == 1 and not isinstance(events[0], int):
        return [child for child in events[0][1] if child[0] != "comma"]
    return []


def _is(part: Part, what: str) -> bool:
    return bool(part[2]) and not isinstance(part[2][0], int) and part[2][0][0].what == what

"""Data flow as in the public implementations of CodeBLEU, from one pass and always in the same order.

Their code walks each loop twice (so each nested loop four times, and so on) and puts names in order with
``list(set(...))``, which depends on PYTHONHASHSEED. Here a loop is read once, and names are in order of appearance: one
of the orders that their code can give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from codeshift.metrics.codebleu.dataflow.definitions import Definitions
from codeshift.metrics.codebleu.dataflow.scan import Part

if TYPE_CHECKING:
    from codeshift.metrics.codebleu.dataflow.scan import Events, Scan, Step

CompatItem: TypeAlias = tuple[int, bool, tuple[int, ...]]
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

    def items(self) -> dict[CompatItem, int]:
        """Return the data flow with names numbered in order of appearance."""
        for token, name, bits in self._late:
            resolved = self._reaching.resolve(name, bits)
            if resolved:
                self._sources[token] = [name]
                self._used[name] = self._used.get(name, 0) | resolved
        for name, bits in self._used.items():
            self._linked.update(self._reaching.places(name, bits))
        numbers: dict[str, int] = {}
        items: dict[CompatItem, int] = {}
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
                yield from _STEPS.get(event.rule.what.split()[0], CompatFlow._plain)(self, event)

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
        for part in step.parts:
            yield part.events

    def _assign(self, step: Step) -> Iterator[Events]:
        target, value = _needed(step, "target"), _needed(step, "value")
        yield value.events
        self._store(target, value, computed=True)

    def _declare(self, step: Step) -> Iterator[Events]:
        target, value = _declaration(step)
        if value is None:
            for token in range(target.first, target.last):
                self._sources.setdefault(token, [])
                self._reaching.define(self._tokens[token], token)
            return
        yield value.events
        self._store(target, value, computed=False)

    def _update(self, step: Step) -> Iterator[Events]:
        everything = Part("", 0, [], step.parts[0].first, step.parts[-1].last)
        self._store(everything, everything, computed=True)
        return iter(())

    def _pairs(self, step: Step) -> Iterator[Events]:
        if not any(part.role == "value" for part in step.parts) and step.rule.what == "pairs":
            return
        yield from self._store_pairs(step)

    def _clause(self, step: Step) -> Iterator[Events]:
        target, value = _needed(step, "target"), step.parts[-1]
        yield value.events
        self._store(target, value, computed=True, listed=True)

    def _store_pairs(self, step: Step) -> Iterator[Events]:
        target, value = _needed(step, "target"), _needed(step, "value")
        targets, values = _children(target), _children(value)
        if len(targets) != len(values) or not targets or step.rule.what == "pair":
            targets, values = [target], [value]
        for part in values:
            if values[0] is not value and _is(value, "whole"):
                raise NoFlowError  # its children are looked up among the tokens, where they are not
            yield part.events
        for left, right in zip(targets, values, strict=True):
            self._store(left, right, computed=True, listed=True)

    def _branch(self, step: Step) -> Iterator[Events]:
        what = step.rule.what
        or_none, sticky = "tagged" not in what, "sticky" in what
        apart: list[list[Part]] = []
        here: list[Part] = []
        for part in step.parts:
            or_none = or_none and part.role not in _TAGS
            if part.role in _ARMS or (apart and sticky):
                apart.append([part])
            else:
                here.append(part)
        paths = []
        for parts in [*apart, here]:
            forked = self._reaching.fork()
            for part in parts:
                yield part.events
            if forked:
                paths.append(self._reaching.collect())
        if paths:
            self._reaching.merge(paths, or_none=or_none or "base" in what)

    def _for(self, step: Step) -> Iterator[Events]:
        if step.rule.what == "for pairs":
            yield from self._for_pairs(step)
            return
        roles = [part.role for part in step.parts]
        if "first" not in roles:
            yield from self._plain(step)
            return
        place = roles.index("first")
        for part in step.parts[:place]:
            yield part.events
        first = step.parts[place]
        inner = _children(first) if _is(first, "split") else [first]
        updates = [part for part in inner if part.role == "update"]
        for part in inner:
            if part not in updates:
                yield part.events
        yield from self._again([*updates, *step.parts[place + 1 :]])

    def _again(self, parts: list[Part]) -> Iterator[Events]:
        looping = self._reaching.begin_loop()
        self._loops += 1
        for part in parts:
            yield part.events
        self._loops -= 1
        if looping:
            self._reaching.end_loop(or_none=False)

    def _for_pairs(self, step: Step) -> Iterator[Events]:
        looping = self._reaching.begin_loop()
        self._loops += 1
        yield from self._store_pairs(step)
        if step.parts[-1].role == "block":
            yield step.parts[-1].events
        self._loops -= 1
        if looping:
            self._reaching.end_loop(or_none=False)

    def _while(self, step: Step) -> Iterator[Events]:
        return self._again(step.parts)

    def _foreach(self, step: Step) -> Iterator[Events]:
        by_place = [part for part in step.parts if part.role == "variable"]
        if "place" in step.rule.what:
            if len(by_place) < 2:
                raise NoFlowError
            value, target = by_place[:2]
        else:
            value, target = _needed(step, "value"), _needed(step, "target")
        body = _needed(step, "body")
        looping = self._reaching.begin_loop()
        self._loops += 1
        yield value.events
        self._store(target, value, computed=True, listed="once" in step.rule.what)
        yield body.events
        self._loops -= 1
        if looping:
            self._reaching.end_loop(or_none=False)

    def _clauses(self, step: Step) -> Iterator[Events]:
        for part in sorted(step.parts, key=lambda part: part.role != "first"):
            yield part.events

    def _store(self, target: Part, value: Part, *, computed: bool, listed: bool = False) -> None:
        """Make every token of ``value`` a source of every token of ``target``, and each of the latter a definition."""
        names = self._tokens[value.first : value.last]
        for token in range(target.first, target.last):
            if names or listed:
                sources = self._sources.get(token, []) + names
                # Sources that were listed at once keep their repetitions; those that were merged do not.
                merged = not listed or self._loops > 0 or token in self._sources
                self._sources[token] = list(dict.fromkeys(sources)) if merged else sources
                if computed:
                    self._computed.add(token)
            self._reaching.define(self._tokens[token], token)
        if target.last > target.first:
            self._linked.update(range(value.first, value.last))


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
    for part in step.parts:
        if part.role == role:
            return part
    raise NoFlowError


def _declaration(step: Step) -> tuple[Part, Part | None]:
    parts = step.parts
    if step.rule.what == "declare by place":
        return parts[0], parts[1] if len(parts) == 2 else None
    if step.rule.what == "declare second":
        return parts[1], parts[2] if len(parts) >= 3 else None
    return _needed(step, "target"), next((part for part in parts if part.role == "value"), None)


def _children(part: Part) -> list[Part]:
    """Return the children of the node in ``part``, without commas."""
    events = part.events
    if len(events) == 1 and not isinstance(events[0], int):
        return [child for child in events[0].parts if child.role != "comma"]
    return []


def _is(part: Part, what: str) -> bool:
    return bool(part.events) and not isinstance(part.events[0], int) and part.events[0].rule.what == what

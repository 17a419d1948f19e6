"""Data flow of a program: which variable's value comes from which, over every path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from codeshift.metrics.codebleu.dataflow.definitions import Definitions

if TYPE_CHECKING:
    from codeshift.metrics.codebleu.dataflow.scan import Events, Part, Scan, Step

Item: TypeAlias = tuple[int, bool, int]
"""A variable, whether it is computed from another (else it only comes from it), and that other, as numbered names."""

_MOST_EDGES = 4096  # per assignment: a list of thousands of names stored in one of thousands must not take hours
_ASSIGNMENTS = frozenset({"assign", "operate", "augment"})


class Flow:
    """Reader of the events of one program, which keeps its edges.

    An edge says that the value of one token comes from another: a use from each definition that may reach it, the
    target of an assignment from each variable and constant in the value.
    """

    def __init__(self, scan: Scan) -> None:
        self._tokens = scan.tokens
        self._reaching = Definitions()
        # (token, computed, definitions of its name that may reach it, its own definition if it is one)
        self._uses: list[tuple[int, bool, int, int]] = []
        self._stores: list[tuple[int, int]] = []  # (target, source)
        self._run(scan.events)

    def edges(self) -> list[tuple[int, bool, int]]:
        """Return (token, whether it is computed from the other, that other token), in the order of the program."""
        edges = [(target, True, source) for target, source in self._stores]
        for token, computed, bits, own in self._uses:
            name = self._tokens[token]
            bits = self._reaching.resolve(name, bits) & ~own
            edges += [(token, computed, place) for place in self._reaching.places(name, bits)]
        return sorted(edges, key=lambda edge: edge[0])

    def items(self) -> dict[Item, int]:
        """Return the edges with names numbered in order of appearance; positions are left out."""
        tokens, resolve, looped = self._tokens, self._reaching.resolve, bool(self._reaching.heads)
        named = [(target, True, tokens[source], 1) for target, source in self._stores]
        for token, computed, bits, own in self._uses:
            name = tokens[token]
            if looped:
                bits = resolve(name, bits) & ~own
            named.append((token, computed, name, bits.bit_count()))
        named.sort(key=itemgetter(0))
        numbers: dict[str, int] = {}
        items: dict[Item, int] = {}
        for token, computed, name, count in named:
            if count:
                source = numbers.setdefault(name, len(numbers))
                item = (numbers.setdefault(tokens[token], len(numbers)), computed, source)
                items[item] = items.get(item, 0) + count
        return items

    def _run(self, events: Events) -> None:
        """Read ``events``; the steps' own events wait on a stack, since recursion would fail on a deep tree."""
        stack = [self._sequence(events)]
        while stack:
            for inner in stack[-1]:
                if len(inner) == 1 and inner[0].__class__ is int:
                    if inner[0] >= 0:
                        self._use(inner[0])
                elif inner:
                    stack.append(self._sequence(inner))
                    break
            else:
                stack.pop()

    def _sequence(self, events: Events) -> Iterator[Events]:
        for event in events:
            if not isinstance(event, int):
                yield from _STEPS.get(event.rule.what, Flow._plain)(self, event)
            elif event >= 0:
                self._use(event)

    def _use(self, token: int) -> None:
        name, reaching = self._tokens[token], self._reaching
        if reaching.loops and name not in reaching.loops[-1][1]:
            reaching.touch(name)
        bits = reaching.now.get(name, 0)
        if bits and (not reaching.heads or bits & ~reaching.heads.get(name, 0)):
            self._uses.append((token, False, bits, 0))
        else:  # the first occurrence: a field, a global, a parameter of code that was cut out
            own = reaching.add(name, token)
            if bits:
                self._uses.append((token, False, bits, own))

    def _plain(self, step: Step) -> Iterator[Events]:
        for part in step.parts:
            if part.events:
                yield part.events

    def _call(self, step: Step) -> Iterator[Events]:
        (token,) = step.parts[0].events
        if isinstance(token, int):
            bits = self._reaching.read(self._tokens[token])
            if bits:
                self._uses.append((token, False, bits, 0))
        return iter(())

    def _assign(self, step: Step) -> Iterator[Events]:
        targets, values, others, plain = [], [], [], False
        for part in step.parts:
            if part.role == "target":
                targets.append(part)
            elif part.role == "value":
                values.append(part)
            elif not part.role:
                others.append(part)
            plain = plain or part.role == "plain"
        for part in values + others:
            if part.events:
                yield part.events
        values = values or others
        what = step.rule.what
        augmented = what == "augment" or (what == "operate" and not plain)
        left, right = _parts_between_commas(targets), _parts_between_commas(values)
        if not len(left) == len(right) > 1:
            left, right = [targets], [values]
        for target, value in zip(left, right, strict=True):
            sources = self._sources(value)
            changed, stored, inside = self._targets(target)
            if inside:
                yield inside
            self._store(changed, stored, sources, augmented=augmented)

    def _step(self, step: Step) -> Iterator[Events]:
        plain = any(part.role == "plain" for part in step.parts)
        return self._update(step) if plain else self._plain(step)

    def _update(self, step: Step) -> Iterator[Events]:
        changed, stored, inside = self._targets(step.parts)
        yield inside
        self._store(changed, stored, [], augmented=True)

    def _store(self, changed: list[int], stored: list[int], sources: list[int], *, augmented: bool) -> None:
        """Store a new value in ``stored``, and in a part of the containers ``changed``."""
        every = len(changed) + len(stored)
        if every > 1:
            sources = sources[: max(1, _MOST_EDGES // every)]
        for token in changed:
            self._use(token)
        for token in stored if augmented else ():
            bits = self._reaching.read(self._tokens[token])
            if bits:
                self._uses.append((token, True, bits, 0))
        for token in changed + stored:
            self._stores += [(token, source) for source in sources]
            self._reaching.define(self._tokens[token], token)

    def _targets(self, parts: list[Part]) -> tuple[list[int], list[int], Events]:
        """Return the containers a target changes, the variables it stores in, and the other variables it reads."""
        if len(parts) == 1 and len(parts[0].events) == 1 and isinstance(parts[0].events[0], int):
            token = parts[0].events[0]
            return [], [token] if token >= 0 else [], []
        changed: list[int] = []
        stored: list[int] = []
        inside: Events = []
        todo = [(event, False) for part in parts for event in part.events][::-1]
        while todo:
            event, partly = todo.pop()
            if isinstance(event, int):
                if event >= 0:
                    (changed if partly else stored).append(event)
                continue
            what = event.rule.what
            role = "base" if what == "part" else "object" if what == "member" else "target"
            if what == "list":
                todo += [(inner, partly) for part in event.parts for inner in part.events][::-1]
            elif role in event.rule.roles.values():
                chosen = [part for part in event.parts if part.role == role]
                inside += [inner for part in event.parts if part.role != role for inner in part.events]
                todo += [(inner, partly or role != "target") for part in chosen for inner in part.events][::-1]
            else:
                inside.append(event)
        return changed, stored, inside

    def _sources(self, parts: list[Part]) -> list[int]:
        """Return the variables and constants that a value is computed from; for an assignment in it, its target."""
        sources: list[int] = []
        todo = [event for part in parts for event in part.events][::-1]
        while todo:
            event = todo.pop()
            if isinstance(event, int):
                sources.append(event if event >= 0 else ~event)
            elif event.rule.what == "call":
                sources += [
                    e for e in event.parts[0].events if isinstance(e, int) and self._reaching.read(self._tokens[e])
                ]
            elif event.rule.what in _ASSIGNMENTS:
                changed, stored, _ = self._targets(_with_role(event, "target"))
                sources += changed + stored
            elif event.rule.what == "only":
                todo += [inner for part in _with_role(event, "value") for inner in part.events][::-1]
            elif event.rule.what != "scope":
                todo += [inner for part in event.parts for inner in part.events][::-1]
        return sources

    def _branch(self, step: Step) -> Iterator[Events]:
        if _with_role(step, "target"):
            yield from self._assign(step)
        paths = []
        exhaustive = False
        for part in _parts_in_order(step):
            if part.role in ("target", "value"):
                continue
            if part.role in ("arm", "else"):
                exhaustive = exhaustive or part.role == "else"
                forked = self._reaching.fork()
                yield part.events
                if forked:
                    paths.append(self._reaching.collect())
                continue
            if paths:
                self._reaching.merge(paths, or_none=not exhaustive)
                paths, exhaustive = [], False
            yield part.events
        if paths:
            self._reaching.merge(paths, or_none=not exhaustive)

    def _loop(self, step: Step) -> Iterator[Events]:
        if _with_role(step, "value"):
            yield from self._foreach(step)
            return
        for part in _with_role(step, "before"):
            yield part.events
        again = [part for part in step.parts if part.role not in ("before", "after", "else")]
        looping = self._reaching.begin_loop()
        for part in again + _with_role(step, "after"):
            yield part.events
        if looping:
            self._reaching.end_loop(or_none=step.rule.what != "repeat")
        for part in _with_role(step, "else"):
            yield part.events

    def _foreach(self, step: Step) -> Iterator[Events]:
        values = _with_role(step, "value")
        for part in values:
            yield part.events
        sources = self._sources(values)
        looping = self._reaching.begin_loop()
        changed, stored, inside = self._targets(_with_role(step, "target"))
        yield inside
        self._store(changed, stored, sources, augmented=False)
        for part in step.parts:
            if part.role not in ("target", "value", "else"):
                yield part.events
        if looping:
            self._reaching.end_loop(or_none=True)
        for part in _with_role(step, "else"):
            yield part.events

    def _scope(self, step: Step) -> Iterator[Events]:
        forked = self._reaching.fork()
        yield from self._bind(step)
        if forked:
            self._reaching.collect()

    def _bind(self, step: Step) -> Iterator[Events]:
        for part in _parts_in_order(step):
            if part.role == "parameter":
                yield from self._defined(part.events)
            elif part.events:
                yield part.events

    def _define(self, step: Step) -> Iterator[Events]:
        for part in step.parts:
            if part.role == "run":
                yield part.events
            else:
                yield from self._defined(part.events)

    def _only(self, step: Step) -> Iterator[Events]:
        for part in _with_role(step, "value"):
            yield part.events

    def _defined(self, events: Events) -> Iterator[Events]:
        for event in events:
            if not isinstance(event, int):
                yield [event]
            elif event >= 0:
                self._reaching.define(self._tokens[event], event)

    def _labelled(self, step: Step) -> Iterator[Events]:
        for part in step.parts[1:]:
            yield part.events


_STEPS: dict[str, Callable[[Flow, Step], Iterator[Events]]] = {
    "assign": Flow._assign,
    "operate": Flow._assign,
    "augment": Flow._assign,
    "update": Flow._update,
    "step": Flow._step,
    "bind": Flow._bind,
    "only": Flow._only,
    "branch": Flow._branch,
    "loop": Flow._loop,
    "repeat": Flow._loop,
    "foreach": Flow._foreach,
    "scope": Flow._scope,
    "define": Flow._define,
    "labelled": Flow._labelled,
    "call": Flow._call,
}


def _parts_in_order(step: Step) -> list[Part]:
    """Return the children in the order in which they run."""
    rule, parts = step
    return sorted(parts, key=lambda part: part.role != "first") if rule.has_first else parts


def _with_role(step: Step, role: str) -> list[Part]:
    return [part for part in step.parts if part.role == role]


def _parts_between_commas(parts: list[Part]) -> list[list[Part]]:
    """Return the members of a list of targets or values, each as its own parts; empty if there is no list."""
    if len(parts) > 1:
        return [[part] for part in parts]
    if len(parts) == 1 and len(parts[0].events) == 1:
        event = parts[0].events[0]
        if not isinstance(event, int) and event.rule.what == "list":
            return [[part] for part in event.parts]
    return []

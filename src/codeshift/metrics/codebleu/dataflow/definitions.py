"""Reaching definitions in one pass over the program, loops included.

The definitions of a name are the bits of an integer, so that joining two paths is ``|`` and counting is a population
count. A loop is read once: at its head each name that it touches gets an extra bit, which stands for "whatever reaches
the end of the loop" and is resolved at the very end. (Reading each loop twice, as the public implementations do, takes
time that doubles with each level of nesting.)
"""

from __future__ import annotations

from typing import TypeAlias

Changes: TypeAlias = dict[str, int]

MAX_DEPTH = 100
"""Depth beyond which nested control structures are read as a sequence, so that the time is bounded by the length."""

LOOP_HEAD = -1


class Definitions:
    """Definitions of each name that reach the current point of the program.

    >>> reaching = Definitions()
    >>> reaching.define("x", 0)
    >>> reaching.fork()
    True
    >>> reaching.define("x", 1)
    >>> reaching.merge([reaching.collect()], or_none=True)
    >>> reaching.places("x", reaching.read("x"))
    [0, 1]
    """

    def __init__(self) -> None:
        self.now: dict[str, int] = {}
        self._tokens: dict[str, list[int]] = {}
        self._frames: list[Changes] = [{}]
        self.loops: list[tuple[Changes, dict[str, int]]] = []  # (frame, name -> bit of its head)
        self.heads: dict[str, int] = {}  # name -> bits of all its heads
        self._ends: dict[str, dict[int, int]] = {}  # name -> bit of a head -> what reaches the end of that loop

    def read(self, name: str) -> int:
        """Return the definitions of ``name`` that reach this point; 0 if there are none."""
        if self.loops and name not in self.loops[-1][1]:
            self.touch(name)
        return self.now.get(name, 0)

    def define(self, name: str, token: int) -> None:
        """Define ``name`` by ``token``, which ends all its earlier definitions."""
        if self.loops and name not in self.loops[-1][1]:
            self.touch(name)
        frame, now = self._frames[-1], self.now
        if name not in frame:
            frame[name] = now.get(name, 0)
        now[name] = self._new(name, token)

    def add(self, name: str, token: int) -> int:
        """Define ``name`` by ``token`` in addition to its earlier definitions; return its bit."""
        bits, new = self.read(name), self._new(name, token)
        self._set(name, bits | new)
        return new

    def fork(self) -> bool:
        """Begin one of several paths; return False (and begin no path) if structures are nested too deep."""
        if len(self._frames) > MAX_DEPTH:
            return False
        self._frames.append({})
        return True

    def collect(self) -> Changes:
        """End a path: return what it changed and go back to where it began."""
        frame = self._frames.pop()
        now = self.now
        changes = {name: now[name] for name in frame}
        now.update(frame)
        return changes

    def merge(self, paths: list[Changes], *, or_none: bool) -> None:
        """Continue from the end of any of ``paths`` or, with ``or_none``, from here."""
        for name in dict.fromkeys(name for path in paths for name in path):
            before = self.now.get(name, 0)
            bits = before if or_none else 0
            for path in paths:
                bits |= path.get(name, before)
            self._set(name, bits)

    def begin_loop(self) -> bool:
        """Begin the part that repeats; return False (and begin no loop) if structures are nested too deep."""
        if not self.fork():
            return False
        self.loops.append((self._frames[-1], {}))
        return True

    def end_loop(self, *, or_none: bool) -> None:
        """End the part that repeats; with ``or_none`` it may not have run at all."""
        _, heads = self.loops.pop()
        changes = self.collect()
        for name, head in heads.items():
            before, end = self.now.get(name, 0), changes[name]
            self._ends.setdefault(name, {})[head] = end
            if end != before | head:
                self._set(name, end | before if or_none else end)

    def resolve(self, name: str, bits: int) -> int:
        """Return ``bits`` with every head of a loop replaced by the definitions that it stands for."""
        heads = self.heads.get(name, 0)
        if not bits & heads:
            return bits
        ends = self._ends[name]
        resolved, seen, todo = 0, 0, bits
        while todo:
            resolved |= todo & ~heads
            todo &= heads & ~seen
            if todo:
                head = todo & -todo
                seen |= head
                todo = (todo ^ head) | ends[head]
        return resolved

    def places(self, name: str, bits: int) -> list[int]:
        """Return the tokens of the definitions in ``bits``, in the order of the text."""
        bits = self.resolve(name, bits)
        return sorted(token for i, token in enumerate(self._tokens.get(name, ())) if bits >> i & 1)

    def _new(self, name: str, token: int) -> int:
        tokens = self._tokens.get(name)
        if tokens is None:
            self._tokens[name] = [token]
            return 1
        tokens.append(token)
        return 1 << (len(tokens) - 1)

    def _set(self, name: str, bits: int) -> None:
        frame, now = self._frames[-1], self.now
        if name not in frame:
            frame[name] = now.get(name, 0)
        now[name] = bits

    def touch(self, name: str) -> None:
        """Give ``name`` a head in each enclosing loop that has none; nothing inside those loops has used it yet."""
        for frame, heads in self.loops:
            if name not in heads:
                head = heads[name] = self._new(name, LOOP_HEAD)
                self.heads[name] = self.heads.get(name, 0) | head
                before = self.now.get(name, 0)
                frame.setdefault(name, before)
                self.now[name] = before | head

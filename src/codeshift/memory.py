"""Results that are computed once, by key: what an object that never changes may keep beside what it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memory(dict[Hashable, Any]):
    """Results by key.

    >>> memory = Memory()
    >>> memory.remember("sum", lambda: 1 + 2), memory.remember("sum", lambda: 1 / 0)
    (3, 3)
    """

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the result of ``compute``, which is called when ``key`` is first requested."""
        if key not in self:
            self[key] = compute()
        remembered: T = self[key]
        return remembered

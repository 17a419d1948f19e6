"""Memory that was freed, which a process uses again sooner than it asks the system for more."""

from __future__ import annotations

import numpy as np

__all__ = ["keep_freed_memory"]

_LARGEST = 1 << 24  # bytes


def keep_freed_memory() -> None:
    """Let this process, and those that it forks, keep the memory of freed arrays of up to 16 MiB for the next ones.

    The GNU C library gives a large block back to the system when it is freed, and the system fills each page of the
    next one with zeros first, which takes as long as much of what numpy does with it. The library keeps blocks as large
    as the largest one that was ever freed; this one is never written to, so it costs nothing. Others ignore it.
    """
    np.empty(_LARGEST, np.uint8)

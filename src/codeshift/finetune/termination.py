"""Termination of a training by SIGTERM, after a checkpoint that the same call resumes from.

A process that trains alone, in its main thread, and gets SIGTERM writes a checkpoint after the step at hand, says on
stderr how to resume, and exits with code 143.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from accelerate import Accelerator
from tqdm.auto import tqdm

from codeshift.finetune.tracking import end_trackers

EXIT_CODE = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, 143."""


@dataclass
class Termination:
    """Request to end, which a training looks at after each step.

    Attributes:
        requested: whether SIGTERM has arrived.
    """

    requested: bool = False

    def obey(self, checkpoint: Path, step: int, total: int, accelerator: Accelerator) -> None:
        """If requested, end its trackers, say on stderr how to resume, and raise SystemExit with ``EXIT_CODE``."""
        if self.requested:
            end_trackers(accelerator)
            message = f"terminated after step {step} of {total}; the same call or command resumes from {checkpoint}"
            tqdm.write(message, file=sys.stderr)  # on a line of its own, where a bar is shown
            raise SystemExit(EXIT_CODE)


@contextmanager
def termination(*, watched: bool) -> Iterator[Termination]:
    """Take note of SIGTERM inside the context instead of ending at once; a second one ends the process.

    The signal keeps its meaning in threads other than the main one, where Python allows no handler, and in a program
    that handles it itself. One that arrives too late for the last look at the request ends the process after the
    context, as if it had come then.

    Args:
        watched: whether to take note at all.

    >>> with termination(watched=True) as request:
    ...     request.requested
    False
    """
    request = Termination()
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not (watched and in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL):
        yield request
        return

    def note(_: int, __: FrameType | None) -> None:
        request.requested = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, note)
    try:
        yield request
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if request.requested:
        signal.raise_signal(signal.SIGTERM)

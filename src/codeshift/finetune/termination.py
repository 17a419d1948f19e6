"""Termination of a training by SIGTERM, after a checkpoint that the same call resumes from.

A training whose process gets SIGTERM in its main thread writes a checkpoint after the step at hand, says on stderr how
to resume, and exits with code 143. Of a training in several processes it is enough that one of them gets it: after each
step they agree on whether any did, by way of their hosts, so that no device is waited for.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NoReturn

import torch
import torch.distributed as dist
from accelerate import Accelerator
from tqdm.auto import tqdm

from codeshift.finetune.tracking import end_trackers

EXIT_CODE = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, 143."""


@dataclass
class Termination:
    """Request to end, which a training looks at after each step.

    Attributes:
        requested: Whether SIGTERM has arrived in this process.
        group: Group of the processes of the training, whose hosts talk to each other; None if there is one process.
    """

    requested: bool = False
    group: dist.ProcessGroup | None = None

    def agreed(self) -> bool:
        """Return whether SIGTERM has arrived in any process; all of them call this after the same step."""
        if self.group is None:
            return self.requested
        flag = torch.tensor(int(self.requested))
        dist.all_reduce(flag, dist.ReduceOp.MAX, group=self.group)
        return bool(flag)

    def obey(self, checkpoint: Path, step: int, total: int, accelerator: Accelerator) -> NoReturn:
        """End the trackers, say on stderr how to resume, and end the process.

        Raises:
            SystemExit: always, with ``EXIT_CODE``.
        """
        end_trackers(accelerator)
        if accelerator.is_main_process:
            resume = f"terminated after step {step} of {total}; the same call or command resumes from {checkpoint}"
            tqdm.write(resume, file=sys.stderr)  # on a line of its own, where a bar is shown
        raise SystemExit(EXIT_CODE)


@contextmanager
def termination(*, watched: bool, processes: int = 1) -> Iterator[Termination]:
    """Take note of SIGTERM inside the context instead of ending at once; a second one ends the process.

    The signal keeps its meaning in threads other than the main one, where Python allows no handler, and in a program
    that handles it itself. One that arrives too late for the last look at the request ends the process after the
    context, as if it had come then.

    Args:
        watched: Whether to take note at all; the same in all processes of the training.
        processes: Number of these processes, all of which are here.

    >>> with termination(watched=True) as request:
    ...     request.requested
    False
    """
    with _noted(Termination(group=_hosts() if watched and processes > 1 else None), watched=watched) as request:
        yield request
    if request.requested:
        signal.raise_signal(signal.SIGTERM)


def _hosts() -> dist.ProcessGroup:
    """Return a group in which the hosts of all processes talk to each other without waiting for their devices."""
    world = dist.group.WORLD
    return world if dist.get_backend() == dist.Backend.GLOO else _gloo_beside(world)


@cache  # made once: all processes wait for each other to make a group
def _gloo_beside(world: dist.ProcessGroup) -> dist.ProcessGroup:
    return dist.new_group(backend=dist.Backend.GLOO)


@contextmanager
def _noted(request: Termination, *, watched: bool) -> Iterator[Termination]:
    """Write SIGTERM into a request inside the context."""
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

"""Starts one program where bubblewrap is missing. ``codeshift.metrics.execution`` runs it; standard library only.

There are three processes. This one waits. Its child is the first process of a new PID namespace, so that everything the
program started dies with it. The child of that child becomes the program.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys

_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000


def isolate() -> bool:
    """Leave the network and the PID namespace; return False if the system does not permit it."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        return False
    return bool(libc.unshare(_NEW_USER | _NEW_PID | _NEW_NET) == 0)


def main() -> int:
    """Run the program named by the JSON on the command line, and exit with its status."""
    order = json.loads(sys.argv[1])
    isolated = isolate()
    if not isolated and not order["allow_network"]:
        return 1
    first = os.fork() if isolated else 0
    if first:
        return _exit_status(first)
    program = os.fork()
    if program:
        return _exit_status(program)
    return os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606


def _exit_status(pid: int) -> int:
    """Return 0 if the process succeeds, else 1."""
    _, status = os.waitpid(pid, 0)
    return 0 if os.waitstatus_to_exitcode(status) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

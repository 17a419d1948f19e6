"""Runs one program and its test for ``codeshift.metrics.execution``; a script that needs the standard library only.

The program becomes the module ``program``, not ``__main__``, so a main guard in it stays quiet. Program and test are
compiled apart, so that no line of one can swallow a line of the other, and run in one namespace.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from types import ModuleType

_NAME = "program"
_MS_BIND, _MS_REC = 0x1000, 0x4000


def leave_root(user: int, jail: str) -> None:
    """Become another user within a sandbox that root made, and lose all rights of root for good.

    The root folder is mounted once more, in ``jail``, and becomes the root: Linux makes no user namespace for a process
    whose root folder is not that of its mounts, so the program cannot get such rights back in one.

    Raises:
        OSError: if the system does not allow it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"/", jail.encode(), None, _MS_BIND | _MS_REC, None):
        raise OSError(ctypes.get_errno(), "mount")
    folder = os.getcwd()
    os.chroot(jail)
    os.chdir(folder)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def limit(limits: dict[str, int]) -> None:
    """Set hard resource limits by name (``"RLIMIT_CPU"``), never above those already in force."""
    for name, value in limits.items():
        which = getattr(resource, name, None)
        if which is None:
            continue
        _, hard = resource.getrlimit(which)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def main() -> None:
    """Read the order from the file descriptor on the command line, run it, and write the word that confirms the end."""
    write, leave, getpid, ours, run = os.write, os._exit, os.getpid, os.getpid(), exec  # programs replace some of them
    with open(int(sys.argv[1]), encoding="utf-8") as file:
        order = json.load(file)
    if order["user"] is not None:
        leave_root(order["user"], order["jail"])
    os.environ.pop("PWD", None)
    module = ModuleType(_NAME)
    module.__file__ = f"{_NAME}.py"
    with open(module.__file__, "wb") as file:
        file.write(order["program"].encode("utf-8", errors="replace"))
    limit(order["limits"])
    sys.modules[_NAME] = module
    sys.argv = [module.__file__]
    sources = ((order["program"], module.__file__), (order["test"], "test.py"))
    codes = [compile(source, name, "exec", dont_inherit=True) for source, name in sources]
    for code in codes:
        run(code, module.__dict__)
    if getpid() == ours:  # a child that the program forked has not run the test for it
        write(order["writer"], order["word"].encode())
        leave(0)


if __name__ == "__main__":
    main()

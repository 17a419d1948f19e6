"""The sandbox of bubblewrap, in which programs run where it is installed: the command line that makes it.

A program in it sees the system and Python read-only, an empty folder in memory, and its own ``/proc``, ``/dev`` and
network; of the user's files it sees none. Everything that it started and wrote is gone when it ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

NOBODY = 65534
JAIL = "/jail"
SANDBOX_FOLDER = "/tmp/program"  # noqa: S108 - in the sandbox, whose /tmp is its own

# Root's limits do not count, so a program started by root becomes another user. Nothing else uses these numbers:
# systemd leaves them free. Each program has one of its own, so that none counts the processes of another.
_USERS = range(60_706, 61_184)

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/alternatives", "/etc/ld.so.cache")
_NEEDED_BY_ROOT = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SETUID", "CAP_SETGID")


def sandboxed(command: Sequence[str], files: Sequence[Path], *, size: int, as_root: bool) -> list[str]:
    """Return the command line that runs ``command`` in a sandbox.

    Args:
        command: Command, whose Python is that of this process.
        files: Files that it may read besides the system and Python.
        size: Bytes that the program may keep in ``/tmp``, and again in ``/dev/shm``.
        as_root: Whether the sandbox is made by root without a user namespace; the command must then leave root itself,
            as ``_program.py`` does.
    """
    arguments = [_executable(), "--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid"]
    arguments += ["--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if as_root:
        arguments += ["--cap-drop", "ALL", *(word for name in _NEEDED_BY_ROOT for word in ("--cap-add", name))]
    else:
        arguments += ["--unshare-user", "--disable-userns", "--uid", str(NOBODY), "--gid", str(NOBODY)]
    memory = ("--perms", "1777", "--size", str(size), "--tmpfs")
    # The file systems in memory are mounted first, since Python itself may be installed beneath /tmp.
    arguments += [*memory, "/tmp", "--dev", "/dev", *memory, "/dev/shm", "--proc", "/proc"]  # noqa: S108
    paths = [*_SYSTEM, *_prefixes(), *map(str, files)]
    for folder in _parents_of(paths):  # else bubblewrap makes them readable for root alone
        arguments += ["--perms", "0755", "--dir", folder]
    for path in paths:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            arguments += ["--ro-bind", path, path]
    arguments += ["--perms", "0777", "--dir", SANDBOX_FOLDER, "--dir", JAIL]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SANDBOX_FOLDER, "--", *command]


def user_of(number: int) -> int:
    """Return the number of the user that a program started by root becomes."""
    return _USERS[number % len(_USERS)]


@cache
def bubblewrap_fault(as_root: bool) -> str:
    """Return why bubblewrap cannot make a sandbox on this machine; an empty text if it can."""
    if not sys.platform.startswith("linux") or not shutil.which("bwrap"):
        return "bubblewrap is not installed (the package bubblewrap of Debian, Ubuntu and Fedora)"
    if as_root and os.geteuid() != 0:
        return "only root makes a sandbox without a user namespace"
    home = Path.home().resolve()
    if any(home.is_relative_to(Path(prefix).resolve()) for prefix in _prefixes()):
        return f"Python is installed in {', '.join(_prefixes())}, which holds the home folder"
    command = sandboxed([sys.executable, "-s", "-P", "-B", "-c", "pass"], (), size=1 << 20, as_root=as_root)
    done = subprocess.run(command, env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True)  # noqa: S603
    return "" if done.returncode == 0 else " ".join(done.stderr.split())[:300] or f"it ended with {done.returncode}"


def _parents_of(paths: Sequence[str]) -> list[str]:
    """Return the folders in which paths lie, outer ones first, each once."""
    return sorted({str(folder) for path in paths for folder in Path(path).parents} - {"/", "/tmp"})  # noqa: S108


def _executable() -> str:
    return shutil.which("bwrap") or "bwrap"


def _prefixes() -> list[str]:
    """Return the folders of Python that are not in the system's, each once; a link is given with what it points to."""
    paths = [sys.base_prefix, sys.prefix, os.path.realpath(sys.base_prefix), os.path.realpath(sys.prefix)]
    inside = [path for path in dict.fromkeys(paths) if not Path(path).is_relative_to("/usr")]
    return sorted(inside, key=len)

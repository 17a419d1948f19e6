"""A port of this machine that stays free until a program that is given its number uses it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def free_port() -> Iterator[int]:
    """Return a port that nobody listens on and that the system gives to nobody else meanwhile.

    The socket is bound and does not listen. A socket that may share an address, such as those of torch's stores, can
    still bind to the port and listen; one that asks for any free port gets another.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]

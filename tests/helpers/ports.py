"""A port of this machine that stays free until a program that is told of it takes it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def free_port() -> Iterator[int]:
    """A port that nobody listens on and that the system gives to nobody else meanwhile.

    The socket is bound and does not listen. Another one that may share an address, as those of torch's stores do, can
    still bind to the port and listen; one that asks for any free port gets another.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]

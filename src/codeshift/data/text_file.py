"""Reading of UTF-8 text files, which may be compressed by gzip, with messages that locate invalid bytes."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from codeshift.errors import DataError

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def opened_text(path: Path, newline: str | None) -> Iterator[IO[str]]:
    """Open a file of UTF-8 text, with or without a byte order mark; ``newline`` is that of ``open``.

    A byte that is not UTF-8 is read as a lone surrogate, which ``no_text`` finds, so that a message can locate it.

    Raises:
        DataError: if the file is UTF-16, or ends in ``.gz`` but is not compressed by gzip.
    """
    opened: Any = gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115 - see below
    with cast(io.BufferedReader, opened) as file:
        try:
            if file.peek(2)[:2] in _UTF_16:
                raise DataError("source", "a file in UTF-8", str(path), "it is UTF-16: save it as UTF-8")
            yield io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError("source", "a file compressed by gzip", str(path), f"{error}") from error


def no_text(text: str) -> str | None:
    r"""Return the reason why a text cannot be encoded as UTF-8; None if it can.

    >>> no_text("größe"), no_text("x\udcff"), no_text("\ud800")
    (None, "'utf-8' codec can't decode byte 0xff at character 2", "'\\ud800' at character 1 is half a surrogate pair")
    """
    if text.isascii() or not (surrogate := _SURROGATE.search(text)):
        return None
    code, place = ord(surrogate.group()), f"at character {surrogate.start() + 1}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"'utf-8' codec can't decode byte {code - 0xDC00:#x} {place}"
    return f"'\\u{code:x}' {place} is half a surrogate pair"

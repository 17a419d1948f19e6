"""Reading of UTF-8 text files, which may be compressed, with messages that locate invalid bytes."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from codeshift.errors import DataError
from codeshift.file_formats import COMPRESSED

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def opened_text(path: Path, newline: str | None) -> Iterator[IO[str]]:
    """Open a file of UTF-8 text, with or without a byte order mark; ``newline`` is that of ``open``.

    A byte that is not UTF-8 is read as a lone surrogate, which ``no_text`` finds, so that a message can locate it.

    Raises:
        DataError: if the file is UTF-16, or ends in ``.gz`` or ``.zst`` but is not compressed so.
    """
    how = COMPRESSED.get(path.suffix.lower())
    opened: Any = path.open("rb") if how is None else gzip.open(path) if how == "gzip" else _zstandard(path)  # noqa: SIM115 - see below
    with cast(io.BufferedReader, opened) as file:
        try:
            if file.peek(2)[:2] in _UTF_16:
                raise DataError("source", "a file in UTF-8", str(path), "it is UTF-16: save it as UTF-8")
            yield io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
        except (EOFError, gzip.BadGzipFile, zlib.error, _ZstandardError) as error:
            raise DataError("source", f"a file compressed by {how}", str(path), f"{error}") from error


class _ZstandardError(Exception):
    """Something other than Zstandard's format."""


class _Zstandard(io.RawIOBase):
    """The bytes of a file compressed by Zstandard, which can be read again from the first one on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._stream = self._opened()

    def _opened(self) -> pa.CompressedInputStream:
        return pa.CompressedInputStream(pa.OSFile(str(self._path)), "zstd")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if (offset, whence) == (0, io.SEEK_SET):
            self._stream.close()
            self._stream, self._place = self._opened(), 0
        elif (offset, whence) not in ((0, io.SEEK_CUR), (self._place, io.SEEK_SET)):
            raise io.UnsupportedOperation("a compressed file is read from its beginning")
        return self._place

    def readinto(self, buffer: Any) -> int:
        try:
            read = self._stream.read(len(buffer))
        except OSError as error:
            raise _ZstandardError(str(error)) from error
        buffer[: len(read)] = read
        self._place += len(read)
        return len(read)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _zstandard(path: Path) -> io.BufferedReader:
    return io.BufferedReader(_Zstandard(path))


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

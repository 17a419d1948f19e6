"""Fuzzing of what the library reads: files that were edited at random are read as written, or refused in words.

PYTHONPATH=src python scripts/fuzz.py --reader manifest --minutes 60

Edits turn bits, cut, repeat and insert what such files are made of; Hypothesis draws them and shrinks what it finds.
Each call draws other examples, and adds what it did to a table.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # a study file may come to name a dataset of the hub

from datasets import disable_progress_bars
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fuzz_readers import READERS, Reader, signed_anew

TABLE = Path(__file__).resolve().parents[1] / "docs" / "promises" / "fuzz.json"
EXAMPLES = 50
"""Number of examples that are drawn at once, before the time is looked at."""

_PIECES = [
    b"", b"\0", b"\n", b"\r", b"\r\n", b'"', b"'", b",", b":", b"{", b"}", b"[", b"]", b"\\", b"\\ud800", b"\xff",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x0c", b"\x1c", b"\x1f\x8b", b"\t", b"  ",
    b"null", b"true", b"NaN", b"Infinity", b"-1", b"1e999", b"0x10", b"9" * 20, b"1" * 5000, b'""', b"{}", b"[]",
    b"[" * 2000, b"{" * 40, b'{"a":' * 600, b"&a [*a, *a]", b"*a", b"!!python/object:os.system", b"- ", b"? ", b"|\n",
    b"#", b"2026-02-30", b"../..", b"a/b",
]  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_PLACE = st.integers(0, 2**20)


@st.composite
def edited(draw: Any, reader: Reader) -> tuple[int, bytes]:
    """Draw one of a reader's files, and what has become of it."""
    number = draw(st.integers(0, len(reader.files) - 1))
    content = reader.files[number]
    if reader.signed and draw(st.booleans()):
        path = draw(st.lists(st.integers(0, 50), min_size=1, max_size=5))
        return number, signed_anew(content, path, draw(_VALUES))
    for _ in range(draw(st.integers(1, 4))):
        content = _edited(draw, content)
    return number, content


def _edited(draw: Any, content: bytes) -> bytes:
    start = draw(_PLACE) % (len(content) + 1)
    stop = min(len(content), start + draw(st.integers(0, 40)))
    match draw(st.sampled_from(["turn", "insert", "replace", "cut", "repeat", "tear", "move"])):
        case "turn" if start < len(content):
            turned = content[start] ^ (1 << draw(st.integers(0, 7)))
            return content[:start] + bytes([turned]) + content[start + 1 :]
        case "insert":
            return content[:start] + draw(st.sampled_from(_PIECES) | st.binary(max_size=8)) + content[start:]
        case "replace":
            return content[:start] + draw(st.sampled_from(_PIECES) | st.binary(max_size=8)) + content[stop:]
        case "repeat":
            return content[:start] + content[start:stop] * draw(st.integers(2, 5)) + content[stop:]
        case "tear":
            return content[:start]
        case "move":
            return content[start:] + content[:start]
    return content[:start] + content[stop:]


def fuzz(reader: Reader, number: int) -> int:
    """Try ``EXAMPLES`` edits that follow from a number; return how many files were still read.

    Raises:
        AssertionError: a file was read as another; other errors are those of the reader.
    """
    counts = [0]

    @seed(number)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=False, report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def one(data: Any) -> None:
        which, content = data.draw(edited(reader))
        counts[0] += reader.check(which, content)

    one()
    return counts[0]


def main() -> None:
    """Fuzz a reader for some minutes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", choices=list(READERS), required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--table", type=Path, default=TABLE)
    arguments = parser.parse_args()
    disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        reader = READERS[arguments.reader](Path(folder))
        started = last = time.monotonic()
        while last - started < arguments.minutes * 60:
            done = read_table(arguments.table).get(arguments.reader, {"examples": 0, "read": 0, "seconds": 0.0})
            read = fuzz(reader, done["examples"] // EXAMPLES)
            seconds, last = time.monotonic() - last, time.monotonic()
            more = {"examples": EXAMPLES, "read": read, "seconds": seconds}
            row = {name: round(done[name] + number, 1) for name, number in more.items()}
            table = read_table(arguments.table) | {arguments.reader: row}  # others may have been at it
            arguments.table.parent.mkdir(exist_ok=True)
            arguments.table.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n", encoding="utf-8")
            print(json.dumps({arguments.reader: row}), flush=True)


def read_table(path: Path) -> dict[str, dict[str, float]]:
    """Return what has been done so far, by reader."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


if __name__ == "__main__":
    main()

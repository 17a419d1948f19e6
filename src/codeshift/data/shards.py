"""The files of one name: a single file, or all shards of one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from codeshift.errors import DataError
from codeshift.formatting import listed
from codeshift.wording import Verbatim

_SHARD = re.compile(r"(?P<of>.+)[-_.](?P<number>\d+)[-_]of[-_](?P<total>\d+)(?:-[0-9a-f]{16})?")
"""Pattern of names such as ``train-00000-of-00002``; older versions of ``datasets`` append a digest."""


def whole_name(stem: str) -> str:
    """Return the name without the number of a shard; any other name is returned unchanged.

    >>> whole_name("train-00001-of-00003"), whole_name("train")
    ('train', 'train')
    """
    matched = _SHARD.fullmatch(stem)
    return matched["of"] if matched else stem


def shard_number(stem: str) -> int:
    """Return the number of a shard, by which the 2nd sorts before the 10th; -1 for a whole file.

    >>> shard_number("train-10-of-12"), shard_number("train")
    (10, -1)
    """
    matched = _SHARD.fullmatch(stem)
    return int(matched["number"]) if matched else -1


def check_shards(name: str, files: Mapping[str, Sequence[Path]]) -> None:
    """Check that the files of one name are a single file, or all shards of one, each once.

    Args:
        name: Name, for messages.
        files: Files by the stem of their names, without any extension.

    Raises:
        DataError: if shards are missing, differ in their total, occur twice, or are beside a whole file.

    >>> check_shards("train", {"train-00000-of-00002": [Path("train-00000-of-00002.csv")]})
    Traceback (most recent call last):
        ...
    codeshift.errors.DataError: source must be all shards of train, got 1 of 2: train-00001-of-00002 is missing
    """
    matches = {stem: _SHARD.fullmatch(stem) for stem in files}
    shards = {stem: shard for stem, shard in matches.items() if shard}
    every = sorted(path.name for paths in files.values() for path in paths)
    if not shards and len(every) == 1:
        return
    totals = sorted({int(shard["total"]) for shard in shards.values()})
    numbers = Counter(int(shard["number"]) for stem, shard in shards.items() for _ in files[stem])
    if len(shards) < len(files) or len(totals) > 1 or max(numbers.values()) > 1:
        names = Verbatim(listed(every, 6))
        constraint = f"one file of {name}, or its shards, each once and all of one number"
        raise DataError("source", constraint, names, "name one of the files, or remove the others")
    first = 1 if 0 not in numbers and totals[0] in numbers else 0  # some tools count from 1
    _check_numbers(name, set(numbers), range(first, first + totals[0]), next(iter(shards.values())))


def _check_numbers(name: str, numbers: set[int], expected: range, shard: re.Match[str]) -> None:
    def called(number: int) -> str:
        digits = str(number).zfill(len(shard["number"]))
        return shard.string[: shard.start("number")] + digits + shard.string[shard.end("number") : shard.end("total")]

    beyond = sorted(number for number in numbers if number not in expected)
    if beyond:
        beyond_all = Verbatim(called(beyond[0]))
        raise DataError(
            "source", f"shards {expected.start} to {expected.stop - 1} of {name}", beyond_all, "its number is too high"
        )
    count = len(expected) - len(numbers)
    if count:
        missing = ", ".join(map(called, islice((number for number in expected if number not in numbers), 5)))
        more = f" and {count - 5} more are" if count > 5 else " is" if count == 1 else " are"
        share = Verbatim(f"{len(numbers)} of {len(expected)}")
        raise DataError("source", f"all shards of {name}", share, f"{missing}{more} missing")

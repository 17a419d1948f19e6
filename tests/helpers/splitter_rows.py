"""Real rows for the tests of splitters: Python from the standard library, Java and C# from the benchmark data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

import pytest
from datasets import Dataset

from codeshift import hashing
from codeshift.data import stdlib_functions
from codeshift.hashing import digest
from helpers.shared_data import shared_rows


def count_digests(patch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return a list that grows by one entry for each row that is digested from now on."""
    taken: list[tuple[str, ...]] = []

    state = hashing.digest_state

    def counted(values: Iterable[str]) -> hashlib.blake2b:
        taken.append(tuple(values))
        return state(taken[-1])

    patch.setattr(hashing, "digest_state", counted)
    return taken


@cache
def _stdlib() -> Dataset:
    return stdlib_functions()


@cache
def python_rows(count: int = 240) -> Dataset:
    """Return functions of the standard library, with a dozen exact copies, a project and a year."""
    functions = _stdlib()
    positions = list(range(0, len(functions), len(functions) // count))[:count]
    positions += positions[:60:5]
    rows = functions.select(positions).select_columns(["code", "project"])
    years = [1990 + int(digest([text])[:6], 16) % 31 for text in rows["code"]]
    return rows.add_column("year", years).add_column("date", [f"{year}-05-01" for year in years])


def java_rows(count: int = 300) -> Dataset:
    """Return methods of CONCODE: tokens separated by spaces, without a class; some are equal."""
    return _lines("text_to_code/validation.jsonl", "code", count)


def c_sharp_rows(count: int = 300) -> Dataset:
    """Return methods of CodeTrans."""
    return _lines("code_to_code_trans/test.jsonl", "cs", count)


@cache
def _lines(path: str, column: str, count: int) -> Dataset:
    rows = shared_rows(path)[column][:count]
    return Dataset.from_dict({"code": rows, "project": [f"p{int(digest([text])[:6], 16) % 13}" for text in rows]})

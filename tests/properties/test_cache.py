"""The cache of properties says what it holds, is cleared, and keeps to its size."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from datasets import Dataset, disable_progress_bars

from codeshift.cli import main
from codeshift.errors import DamagedFileError, ParameterError
from codeshift.properties import CharCount, LineCount, NodeTypes, PropertyTable, cache
from codeshift.properties.cache import cache_entries


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own cache folder."""
    monkeypatch.setenv("CODESHIFT_CACHE", str(tmp_path))
    disable_progress_bars()
    return tmp_path / "properties"


def rows() -> Dataset:
    """Return rows enough to be cached."""
    return Dataset.from_dict({"code": [f"x{i}" for i in range(1_000)]})


def _told(capsys: pytest.CaptureFixture[str], *command: str) -> dict[str, object]:
    assert main(["cache", *command, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_command_tells_and_clears(own_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty cache holds nothing; after a computation it is told in bytes, and clearing leaves no file."""
    assert _told(capsys, "info") == {
        "folder": str(own_cache), "entries": 0, "bytes": 0, "limit_bytes": 20_000_000_000,
    }  # fmt: skip
    PropertyTable(rows()).values(CharCount("code"))
    size = sum(path.stat().st_size for path in own_cache.iterdir())
    assert main(["cache", "info"]) == 0
    assert f"{own_cache}: 1 entry, 0.00 GB of 20 GB at most." in capsys.readouterr().out
    assert (_told(capsys, "info")["bytes"], _told(capsys, "clear")["bytes"]) == (size, size)
    assert list(own_cache.iterdir()) == []


def test_what_was_not_used_is_removed_beyond_the_size(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values unused for the longest time go first; those in use stay, and those read again count as used."""
    table = PropertyTable(rows())
    known: set[Path] = set()
    for prop, age in ((CharCount("code"), 9_000), (LineCount("code"), 8_000)):
        table.values(prop)
        [record] = set(own_cache.glob("*.json")) - known
        known.add(record)
        os.utime(record, (time.time() - age,) * 2)
    oldest, older = cache_entries()
    PropertyTable(rows()).values(CharCount("code"))  # the oldest, which is now in use
    monkeypatch.setenv("CODESHIFT_CACHE_GB", "0")
    PropertyTable(rows().select(range(999, -1, -1))).values(CharCount("code"))
    left = {entry.record for entry in cache_entries()}
    assert oldest.record in left
    assert older.record not in left
    assert len(left) == 2


def test_what_another_process_removes_costs_nothing(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are read from a record that cannot be marked as used, and an entry that vanishes is none."""
    values = PropertyTable(rows()).values(CharCount("code"))
    PropertyTable(rows()).values(LineCount("code"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "utime", _forbidden)
        assert (PropertyTable(rows()).values(CharCount("code")) == values).all()
    first, second = cache_entries()
    read = cache.vouched_files

    def vanishing(record: Path) -> list[Path]:
        if record == first.record:
            record.unlink()
        return read(record)

    monkeypatch.setattr(cache, "vouched_files", vanishing)
    assert [entry.record for entry in cache_entries()] == [second.record]


def test_a_folder_that_cannot_be_cleaned_keeps_the_values(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was computed is stored all the same, without a warning."""
    monkeypatch.setattr(cache, "remove_unused", _forbidden)
    PropertyTable(rows()).values(CharCount("code"))
    assert len(cache_entries()) == 1


def _forbidden(*_: object, **__: object) -> None:
    raise PermissionError("not yours")


@pytest.mark.parametrize("limit", ["much", "-1", "nan"])
def test_a_size_that_is_none_is_an_error(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, in Python and on the command line."""
    monkeypatch.setenv("CODESHIFT_CACHE_GB", limit)
    with pytest.raises(ParameterError, match="CODESHIFT_CACHE_GB must be a number of gigabytes from 0 on"):
        PropertyTable(rows()).values(CharCount("code"))
    assert main(["cache", "info"]) == 2


def test_a_cache_cleared_while_it_is_read_is_an_error_that_says_so(own_cache: Path) -> None:
    """A table reads its files when it needs them."""
    scan = PropertyTable(rows()).syntax("code", "python")
    assert main(["cache", "clear"]) == 0
    with pytest.raises(DamagedFileError, match="the cache was cleared while it was read"):
        _ = scan.node_types
    assert PropertyTable(rows()).values(NodeTypes("code", "python")).vocabulary == (
        "expression_statement",
        "identifier",
    )

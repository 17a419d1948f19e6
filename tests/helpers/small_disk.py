"""A disk that is soon full, and has room again when a test says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A file system in memory, of a size that can be changed.

    Args:
        path: an empty folder, where it is mounted.
        size: its size in bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path))

    def grow(self, size: int) -> None:
        """Give it another size in bytes."""
        _mount("-o", f"remount,size={size}", str(self.path))

    def close(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "-l", str(self.path)], check=True, capture_output=True)  # noqa: S603, S607


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)  # noqa: S603, S607


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 64 KiB; the test is skipped where none can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    try:
        disk = SmallDisk(place, 64 << 10)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    yield disk
    disk.close()

"""The removal of a folder in which an untrusted program has worked."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat


def remove_tree(folder: str) -> None:
    """Remove a folder with all that is in it, however deep and whatever the permissions.

    Folders within folders are moved up and removed one level at a time, so that neither the length of a path nor the
    depth of the tree is a limit. Files that the system does not let go of are left.

    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "a" / "b").mkdir(parents=True)
    >>> remove_tree(str(folder))
    >>> folder.exists()
    False
    """
    with contextlib.suppress(OSError):
        os.chmod(folder, stat.S_IRWXU)
        moved_up = _emptied_folders(folder, folder)
        while moved_up:
            inner = moved_up.pop()
            with contextlib.suppress(OSError):
                moved_up += _emptied_folders(inner, folder)
                os.rmdir(inner)
        os.rmdir(folder)


def _emptied_folders(folder: str, top: str) -> list[str]:
    """Remove the files of a folder and move its folders to ``top``, under new names; return these."""
    moved = []
    with os.scandir(folder) as entries:
        for entry in list(entries):
            with contextlib.suppress(OSError):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, stat.S_IRWXU)
                place = os.path.join(top, secrets.token_hex(16))
                os.rename(entry.path, place)
                moved.append(place)
    return moved

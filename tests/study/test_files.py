"""Files are written whole or not at all, and folders tried out before any work."""

from __future__ import annotations

import pytest

from codeshift.errors import ParameterError
from codeshift.files import write_text
from codeshift.study.files import output_folder


def test_files_are_written_whole(tmp_path, monkeypatch):
    """A crash while writing leaves the old file as it was and nothing beside it."""
    path = write_text(tmp_path / "a.html", "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_folder_that_cannot_be_written_to(tmp_path):
    """A file in the place of the folder is an error before any work, and says what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ParameterError, match=r"^out must be a folder that can be written to, got '.*file': .*; name another"
    ):
        output_folder("out", tmp_path / "file")

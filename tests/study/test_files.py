"""Files are written whole or not at all, and folders tried out before any work."""

from __future__ import annotations

import copy
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.files import write_json, write_text
from codeshift.study.folder.output_folder import output_folder
from codeshift.study.folder.store import StudyStore
from codeshift.study.settings.keys import RunKey, Variant
from codeshift.study.settings.variants import WISE_FT
from codeshift.temporary_files import NO_PROCESS, remove_unfinished, temporary_name


def test_files_are_written_whole(tmp_path, monkeypatch):
    """A crash while writing leaves the old file as it was and nothing beside it."""
    path = write_text(tmp_path / "a.html", "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_file_that_is_being_written_is_not_removed(tmp_path, monkeypatch):
    """Another process that clears up a folder leaves what this one is writing there, such as the probe of a study."""
    move = os.replace

    def cleared_up_before(*paths):
        remove_unfinished(tmp_path)
        move(*paths)

    monkeypatch.setattr("os.replace", cleared_up_before)
    assert write_text(tmp_path / "a.html", "new").read_text(encoding="utf-8") == "new"
    assert output_folder("out", tmp_path) == tmp_path


@pytest.mark.parametrize(("pid", "stays"), [(os.getpid(), True), (NO_PROCESS, False)], ids=["running", "gone"])
def test_a_folder_that_is_being_written_stays_as_a_file_does(pid, stays, tmp_path):
    """One that a killed process left is removed with its files."""
    path = tmp_path / temporary_name("unfinished", pid=pid)
    path.mkdir()
    (path / "model.safetensors").write_text("torn")
    remove_unfinished(tmp_path)
    assert path.exists() == stays


@pytest.mark.parametrize(("age", "stays"), [(60, True), (2 * 3600, False)])
def test_a_folder_of_another_machine_is_as_old_as_its_newest_file(age, stays, tmp_path, monkeypatch):
    """A large file that is being written does not change the time of its folder."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("socket.gethostname", lambda: "elsewhere")
        path = tmp_path / temporary_name("unfinished")
    path.mkdir()
    (path / "model.safetensors").write_text("torn")
    now = path.stat().st_mtime
    os.utime(path / "model.safetensors", (now - age,) * 2)
    os.utime(path, (now - 3 * 3600,) * 2)
    remove_unfinished(tmp_path)
    assert path.exists() == stays


@pytest.mark.parametrize(("age", "stays"), [(60, True), (2 * 3600, False)])
def test_a_file_of_another_machine_goes_when_it_is_old(age, stays, tmp_path, monkeypatch):
    """Whether its writer is alive cannot be seen here."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("socket.gethostname", lambda: "elsewhere")
        path = tmp_path / temporary_name("a.html")
    path.write_text("torn")
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    remove_unfinished(tmp_path)
    assert path.exists() == stays


def test_a_folder_that_cannot_be_written_to(tmp_path):
    """A file in the place of the folder is an error before any work, and says what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ParameterError, match=r"^out must be a folder that can be written to, got '.*file': .*; name another"
    ):
        output_folder("out", tmp_path / "file")


def test_shares_and_variants_that_differ_in_the_seventh_digit_have_names_of_their_own(tmp_path: Path) -> None:
    """Values are written in full: a third is not 0.333333, and shares of one split do not take each other's rows."""
    shares = (1 / 3, 0.33333335, 0.33333339, 0.5, 1.0)
    keys = [RunKey(method="full", ood_kept=0.0, variant=Variant(WISE_FT, share)) for share in shares]
    read = [RunKey.from_dict(json.loads(json.dumps(key.to_dict()))) for key in keys]
    assert read == keys == copy.deepcopy(keys) == pickle.loads(pickle.dumps(keys))  # noqa: S301 - ours
    assert [key.variant.value for key in read] == list(shares)
    assert len({key.name for key in keys}) == len(shares)
    assert [key.variant for key in keys[-2:]] == ["wise_ft=0.5", "wise_ft=1"]
    with pytest.raises(ParameterError, match="variant must be a kind and a number, got 'wise'"):
        RunKey(method="full", variant="wise")
    store = StudyStore(tmp_path)
    assert len({store.manifest("long", 0, share) for share in shares}) == len(shares)
    rows = {share: {"train": np.array([number])} for number, share in enumerate(shares)}
    store.split("long", 0).mkdir(parents=True)
    store.write_regimes("long", 0, rows)
    write_json(store.facts("long", 0), {}, [store.training_rows("long", 0)])
    read = {share: store.read_training("long", 0, share)["train"].tolist() for share in shares}
    assert read == {share: [number] for number, share in enumerate(shares)}

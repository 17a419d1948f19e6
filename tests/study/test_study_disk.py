"""A study whose disk is full, whose folder goes, or whose settings cannot work."""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest.mock import patch

import pytest
from peft import LoraConfig

from codeshift.cli import main
from codeshift.cli import study as study_command
from codeshift.errors import ParameterError
from codeshift.finetune import load_model
from codeshift.splitters import LengthSplitter, Scenario
from codeshift.study import load_results
from helpers.small_disk import SmallDisk, small_disk  # noqa: F401 - a fixture
from helpers.study_case import assert_same, small_study

ROOM = 64 << 20


@pytest.mark.slow
def test_a_full_disk_fails_no_run(model: Path, straight: Path, small_disk: SmallDisk) -> None:  # noqa: F811
    """If the disk is full at any point, the error says so; with more room the same call gives the same results."""
    folder = small_disk.path / "study"
    needed = sum(path.stat().st_size for path in straight.rglob("*") if path.is_file())
    stops = 0
    for share in (0.02, 0.2, 0.6):
        small_disk.grow(int(share * needed) // 4096 * 4096)
        with pytest.raises(Exception, match="No space left on device") as stopped:
            small_study(model).run(folder, threads=1, progress=False)
        assert "Traceback" not in str(stopped.value)
        stops += 1
        if (folder / "study.json").exists():
            assert load_results(folder).counts["failed"] == 0
    assert stops == 3
    small_disk.grow(ROOM)
    assert_same(small_study(model).run(folder, threads=1, progress=False), load_results(straight))
    assert not [path for path in folder.rglob(".*") if path.is_file()]


def test_a_folder_that_goes_while_a_study_runs_is_an_error(model: Path, tmp_path: Path, capsys) -> None:
    """By the command line too: the exit code is not 0, and nobody takes what is left for a study."""
    folder = tmp_path / "study"

    def remove(_: object) -> None:
        shutil.rmtree(folder)

    with patch.object(study_command, "tell_run", remove), patch.object(study_command, "_study") as made:
        made.return_value = small_study(model)
        code = main(["study", "run", "study.yaml", "--out", str(folder)])
    assert code == 2
    assert str(folder) in capsys.readouterr().err
    with pytest.raises(ParameterError, match="folder"):
        load_results(folder)


@pytest.mark.parametrize("existing", [False, True])
def test_what_cannot_be_split_writes_nothing(model: Path, straight: Path, tmp_path: Path, existing: bool) -> None:
    """A scenario without rows is an error before a file is written, also where it is added to a study."""
    nobody = Scenario("nobody", LengthSplitter(column="code", unit="chars", bounds=(10**6, None)))
    folder = tmp_path / "study"
    if existing:
        shutil.copytree(straight, folder)
    before = sorted(folder.rglob("*"))
    study = small_study(model)
    study = small_study(model, scenarios=(*study.scenarios, nobody))
    with pytest.raises(ParameterError, match="rows"):
        study.run(folder, threads=1, progress=False, extend=True)
    assert sorted(folder.rglob("*")) == before
    assert folder.exists() is existing


@pytest.mark.parametrize("as_object", [False, True])
def test_an_adapter_that_does_not_fit_the_model_writes_nothing(model: Path, tmp_path: Path, as_object: bool) -> None:
    """A name of a module that the model lacks is told before anything is split or trained, with the closest one."""
    given = load_model(model) if as_object else model
    fitting, other = (LoraConfig(target_modules=names) for names in (["q", "lm_head"], ["q", "vv"]))
    methods = {"full": None, "lora": fitting, "other": other}
    study = small_study(given, tokenizer=str(model), methods=methods)
    with pytest.raises(ParameterError, match="names of modules of the model, got 'vv'"):
        study.run(tmp_path / "study", threads=1, progress=False)
    assert not (tmp_path / "study").exists()


def test_another_study_writes_nothing(model: Path, straight: Path, tmp_path: Path) -> None:
    """A folder that is refused stays as it is."""
    folder = tmp_path / "study"
    shutil.copytree(straight, folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(ParameterError, match="folder"):
        small_study(model, target="doc", source="code").run(folder, threads=1, progress=False)
    assert sorted(folder.rglob("*")) == before

"""A damaged file of a study is reported, set aside and made again; results never rest on it."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import pytest

from codeshift.errors import DamagedFileError, DamagedFileWarning
from codeshift.files import file_digest
from codeshift.study import load_results
from codeshift.temporary_files import NO_PROCESS, temporary_name
from helpers.study_case import assert_same, small_study

# What a study leaves, by a pattern each.
FILES = {
    "record": "runs/full-long*/run.json",
    "scores": "runs/none*/test.parquet",
    "scores of a training": "runs/lora-loops*/test.parquet",
    "facts": "splits/long*/facts.json",
    "arrays": "splits/loops*/facts.npz",
    "regimes": "splits/long*/rows.npz",
    "manifest": "splits/long*/kept0.manifest.json",
    "rows": "data/rows.arrow",
    "parts": "data/parts-split0.npz",
    "audit": "splits/long*/audit.json",
}


def flip(path: Path) -> None:
    """Turn one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def tear(path: Path) -> None:
    """Keep the first half of a file, as where a machine stopped."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    """Leave a file of no bytes."""
    path.write_bytes(b"")


@pytest.fixture(scope="module")
def audited(model, tmp_path_factory) -> Path:
    """A study that is done, with its audits."""
    folder = tmp_path_factory.mktemp("damage") / "study"
    small_study(model, audit={"n_permutations": 39}).run(folder, threads=1, progress=False)
    return folder


@pytest.mark.parametrize(
    ("kind", "harm"),
    [*((kind, flip) for kind in FILES), ("record", empty), ("scores", tear), ("arrays", empty), ("rows", tear)],
)
def test_what_is_damaged_is_done_again(audited, model, tmp_path, kind, harm):
    """The next call names the file, keeps it beside, and ends with the results of a study that nothing happened to."""
    folder = tmp_path / "study"
    shutil.copytree(audited, folder)
    [path] = folder.glob(FILES[kind])
    harm(path)
    study = small_study(model, audit={"n_permutations": 39})
    with pytest.warns(DamagedFileWarning, match=path.name):
        results = study.run(folder, threads=1, progress=False)
    assert path.with_name(f"{path.name}.damaged").exists()
    assert_same(results, load_results(audited))
    assert {name: facts.audit.figures for name, facts in results.splits.items()} == {
        name: facts.audit.figures for name, facts in load_results(audited).splits.items()
    }
    for done in (folder, audited):
        manifests = sorted(done.glob("splits/*/*.manifest.json"))
        assert len(manifests) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error", DamagedFileWarning)
        study.run(folder, threads=1, progress=False)  # all is well again


def test_trained_weights_that_are_damaged_are_trained_again(audited, model, tmp_path):
    """A run whose scores are lost is evaluated again by its weights, unless these are not what was written."""
    folder = tmp_path / "study"
    shutil.copytree(audited, folder)
    [weights] = folder.glob("runs/full-loops*/training/model.safetensors")
    before = file_digest(weights)
    flip(weights)
    flip(next(folder.glob("runs/full-loops*/test.parquet")))
    scores, trained = (
        pytest.warns(DamagedFileWarning, match=name) for name in (r"test\.parquet", r"model\.safetensors")
    )
    with scores, trained:
        results = small_study(model, audit={"n_permutations": 39}).run(folder, threads=1, progress=False)
    assert_same(results, load_results(audited))
    assert file_digest(weights) == before


def test_whoever_reads_is_told(audited, tmp_path):
    """Without the study, a damaged record counts as not done, and damaged scores are an error with a remedy."""
    folder = tmp_path / "study"
    shutil.copytree(audited, folder)
    flip(next(folder.glob("runs/full-long*/run.json")))
    flip(next(folder.glob("runs/none*/test.parquet")))
    with pytest.warns(DamagedFileWarning, match="counts as not done"):
        results = load_results(folder)
    assert results.counts["pending"] == 1
    [key] = [record.key for record in results.records if record.key.method == "none"]
    with pytest.raises(DamagedFileError, match=r"test\.parquet .* run the study again in its folder"):
        results.scores(key, "test")
    assert not list(folder.rglob("*.damaged*"))  # reading changes nothing


@pytest.mark.parametrize("harm", [flip, tear, empty])
def test_settings_that_are_damaged_are_no_study(audited, model, tmp_path, harm):
    """Damaged settings are an error; they are not guessed."""
    folder = tmp_path / "study"
    shutil.copytree(audited, folder)
    harm(folder / "study.json")
    for act in (lambda: load_results(folder), lambda: small_study(model).run(folder, threads=1, progress=False)):
        with pytest.raises(DamagedFileError, match=r"study\.json is not what was written .* put back a copy"):
            act()


def test_a_folder_of_an_earlier_format_is_told_by_name(audited, tmp_path):
    """The folder is not mistaken for a damaged one."""
    from codeshift.errors import ParameterError

    content = json.loads((audited / "study.json").read_text(encoding="utf-8"))
    del content["sha256"]
    (tmp_path / "study.json").write_text(json.dumps(content | {"format": "codeshift-study/1"}))
    with pytest.raises(ParameterError, match="has the format 'codeshift-study/1'"):
        load_results(tmp_path)


def test_what_a_killed_process_left_is_removed(audited, model, tmp_path):
    """Files that were being written, checkpoints and evaluations of runs that are done."""
    folder = tmp_path / "study"
    shutil.copytree(audited, folder)
    [run] = folder.glob("runs/full-long*")
    torn = temporary_name("test.parquet", pid=NO_PROCESS)
    left = [place / torn for place in (run, folder / "data", next(folder.glob("splits/long*")))]
    for path in left:
        path.write_bytes(b"torn")
    (run / "evaluation" / "forced").mkdir(parents=True)
    (run / "training" / "checkpoints" / "step-00000001").mkdir(parents=True)
    small_study(model, audit={"n_permutations": 39}).run(folder, threads=1, progress=False)
    assert not [path for path in left if path.exists()]
    assert not (run / "evaluation").exists()
    assert not (run / "training" / "checkpoints").exists()

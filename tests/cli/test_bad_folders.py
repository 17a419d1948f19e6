"""Folders that cannot be written to, before the work and during it."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict

from codeshift.cli import main
from codeshift.data import save_splits
from codeshift.errors import ParameterError
from codeshift.finetune import Evaluator, Trainer
from codeshift.metrics import NegativeLogLikelihood
from codeshift.requirements import check_folder
from codeshift.temporary_files import NO_PROCESS, temporary_name
from helpers.cli_rows import rows, write
from helpers.small_disk import SmallDisk, small_disk  # noqa: F401 - a fixture
from helpers.tiny_models import save_tiny_t5

TASK = {"source": "doc", "target": "func"}
MODEL = ["--model", "{place}/model", "--source", "doc", "--target", "func"]

# Root may write anywhere. The check whether a folder is writable is for the real user, which becomes nobody; the
# effective user stays, because nobody may be unable to read Python itself.
AS_NOBODY = """
import os, sys
from codeshift.cli import main
if os.geteuid() == 0:
    try:
        os.setreuid(65534, -1)
    except OSError:  # in a container of one user
        raise SystemExit(77)
task = ["--source", "doc", "--target", "func", "--out", sys.argv[1]]
codes = [
    main(["split", "rows.jsonl", "--scenario", "length_p80_p100", "--out", sys.argv[1]]),
    main(["train", "parts", *task]),
    main(["evaluate", "parts", *task]),
    main(["audit", "parts", "--language", "python", "--out", sys.argv[1] + "/audit.html"]),
]
raise SystemExit(codes != [2, 2, 2, 2])
"""


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Limit files to ``size`` bytes: larger writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the parts of a split, and a model."""
    folder = tmp_path_factory.mktemp("place")
    some = rows(40)
    (folder / "parts").mkdir()
    for part, (start, stop) in {"train": (0, 24), "test_ood": (24, 40)}.items():
        write(folder / "parts" / f"{part}.jsonl", some[start:stop])
    save_tiny_t5(folder / "model", [row["func"] for row in some])
    return folder


def test_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    """Each command ends with code 2 and one line, before data is read or a model trained."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    command = [sys.executable, "-c", AS_NOBODY, str(closed / "new")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 77:
        pytest.skip("root cannot become another user here, and may write anywhere")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("codeshift: error: --out must be a folder that can be written to") for line in lines)
    assert not list(closed.iterdir())


def test_a_file_is_not_a_folder(place: Path, tmp_path: Path) -> None:
    """The library raises the error too, and creates nothing."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match=r"out must be a folder, got .*file/new': .* is a file: name another"):
        check_folder("out", tmp_path / "file" / "new")
    data = DatasetDict(train=Dataset.from_list(rows(4)), test=Dataset.from_list(rows(4)))
    model = str(place / "model")
    with pytest.raises(ParameterError, match="output_dir must be a folder"):
        Trainer(model, model, **TASK).fit(data, tmp_path / "file")
    with pytest.raises(ParameterError, match="output_dir must be a folder"):
        Evaluator([NegativeLogLikelihood()], **TASK).evaluate(model, data, output_dir=tmp_path / "file")
    check_folder("out", tmp_path / "new" / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "setting", [[], ["--set", "save_strategy=steps", "--set", "save_steps=1"]], ids=["model", "checkpoint"]
)
def test_a_full_disk(place: Path, tmp_path: Path, capsys, setting: list[str]) -> None:
    """The command ends with code 2, one line and no partial files; with space, the same command succeeds."""
    command = ["train", str(place / "parts"), "--model", str(place / "model"), "--source", "doc", "--target", "func"]
    command += ["--max-steps", "2", "--train-batch-size", "4", *setting, "--out", str(tmp_path)]
    weights = os.path.getsize(place / "model" / "model.safetensors")
    with largest_file(weights // 2):
        assert main(command) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("codeshift: error: [Errno 27] File too large: ")
    assert errors.count("\n") == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file() or path.name.startswith(".")]
    assert main(command) == 0
    assert (tmp_path / "model.safetensors").is_file()


def test_an_evaluation_on_a_full_disk(place: Path, tmp_path: Path) -> None:
    """A table that could not be written completely does not exist."""
    data = Dataset.from_list(rows(16))
    evaluator = Evaluator([NegativeLogLikelihood()], **TASK, progress=False)
    result = evaluator.evaluate(str(place / "model"), data, tokenizer=str(place / "model"))
    with largest_file(100), pytest.raises(OSError, match="File too large"):
        result.save(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_split_on_a_full_disk(small_disk: SmallDisk, tmp_path: Path, capsys, overwrite: bool) -> None:  # noqa: F811
    """Code 2 and a line that names the file; no half set of parts is there, and one of before stays whole."""
    texts = [f"{os.urandom(200).hex()} = {i}" + " + 1" * (i % 9) for i in range(200)]
    write(tmp_path / "rows.jsonl", [{"code": text} for text in texts])
    folder = small_disk.path / "parts"
    before: dict[str, bytes] = {}
    if overwrite:
        small_disk.grow(1 << 20)
        write(tmp_path / "few.jsonl", [{"code": f"x{i} = {i}" + " + 1" * (i % 9)} for i in range(60)])
        few = ["split", str(tmp_path / "few.jsonl"), "--scenario", "length_p80_p100", "--out", str(folder)]
        assert main([*few, "--language", "python"]) == 0
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        small_disk.grow(64 << 10)
        capsys.readouterr()
    command = ["split", str(tmp_path / "rows.jsonl"), "--splitter", "LengthSplitter()", "--out", str(folder)]
    assert main([*command, "--overwrite"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"codeshift: error: \[Errno 28\] .*No space left on device: '.*/parts/\w+\.parquet'", told)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    small_disk.grow(4 << 20)
    assert main([*command, "--overwrite"]) == 0
    assert (folder / "manifest.json").exists()


def test_what_a_killed_process_left_is_removed(place: Path, tmp_path: Path) -> None:
    """Files that a split or an evaluation was writing go with the next call into the folder; others stay."""
    evaluator = Evaluator([NegativeLogLikelihood()], **TASK, progress=False)
    result = evaluator.evaluate(str(place / "model"), Dataset.from_list(rows(16)), tokenizer=str(place / "model"))
    torn, others = tmp_path / temporary_name("train.parquet", pid=NO_PROCESS), tmp_path / ".hidden"
    for write_all in (
        lambda: save_splits({"train": Dataset.from_list(rows(4))}, tmp_path),
        lambda: result.save(tmp_path),
    ):
        torn.write_bytes(b"torn")
        others.write_bytes(b"mine")
        write_all()
        assert not torn.exists()
        assert others.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["split", "{place}/parts/train.jsonl", "--splitter", "LengthSplitter(column='func', bounds=(10**6, None))"],
        ["split", "{place}/parts/train.jsonl", "--scenario", "length_p80_p100"],  # there is no column "code"
        ["train", "{place}/parts", "--model", "{place}/model", "--source", "docs", "--target", "func"],
        ["train", "{place}/parts", *MODEL, "--set", "max_grad_norm=-1"],
        ["train", "{place}/parts", *MODEL, "--method", "lora", "--lora-target-modules", "nowhere"],
        ["train", "{place}/none", *MODEL],
        ["evaluate", "{place}/parts", *MODEL, "--metrics", "blue"],
        ["evaluate", "{place}/parts", *MODEL, "--parts", "test_od"],
        ["evaluate", "{place}/parts", *MODEL, "--max-source-length", "0"],
    ],
    ids=lambda words: " ".join([words[0], *words[-2:]]),
)
def test_what_cannot_work_writes_nothing(place: Path, tmp_path: Path, capsys, words: list[str]) -> None:
    """Code 2, and no folder that looks as if something had been done."""
    command = [word.replace("{place}", str(place)) for word in words]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "codeshift: error: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

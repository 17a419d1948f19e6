"""A pretraining run at a toy size: killed and taken up again, exported, loaded offline by transformers."""

from __future__ import annotations

import dataclasses
import json
import runpy
import signal
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import load_model
from codeshift.finetune.errors import CheckpointError
from helpers.forked import start_forked
from helpers.pages import ROOT
from helpers.training_steps import after_each_step
from tools.pretrain import __main__ as command_line
from tools.pretrain.card import card
from tools.pretrain.corpus import Corpus
from tools.pretrain.exporting import earlier_stages, export
from tools.pretrain.fragments import Fragment
from tools.pretrain.model import untrained_model
from tools.pretrain.running import PretrainingConfig, pretrain

CONFIG = PretrainingConfig(
    steps=12, batch_size=4, vocabulary=400, precision="fp32", checkpoint_every=2, validate_every=6
)
COUNTS = {
    "name": "a", "version": "1", "licence": "MIT", "read": 12, "too short or long": 0, "alike to held out": 0,
    "alike to others": 0, "beyond the cap": 0, "kept": 12, "documented": 12,
}  # fmt: skip
ABOUT = {
    "java_files": {"Apache-2.0": 3, "BSD": 1}, "java_left_out": 2, "jdk_version": "17", "most_of_one": 6000,
    "held_out": {"train": 12, "test": 2, "leaked": 0},
}  # fmt: skip


def made(i: int) -> Fragment:
    code = f"def f{i}(a, b):\n    total = a + {i}\n    return total * b"
    return Fragment(source="a", language="python", signature=f"def f{i}(a, b):", docstring=f"Add {i}.", code=code)


CORPUS = Corpus(
    fragments=tuple(made(i) for i in range(12)), counts=(COUNTS,), held_out=tuple(made(i) for i in range(20, 22))
)

HELD_OUT = Fragment(
    source="a", language="python", signature="def largest(rows):", docstring="Give the largest.",
    code="def largest(rows):\n    return max(rows, key=lambda row: row.value, default=None)",
)  # fmt: skip


def _pretrain_without_end(out: Path) -> None:
    """Pretrain in a process that cannot end before it is killed."""
    torch.set_num_threads(1)

    def hold(run):
        while run.state.step + 1 == CONFIG.steps:
            signal.pause()

    after_each_step(hold)
    pretrain(CORPUS, out, CONFIG)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, pretrain(CORPUS, folder, CONFIG)


def test_a_killed_run_goes_on(whole, tmp_path):
    """After SIGKILL in the middle, the same call ends at the weights of a run that was never stopped."""
    out = tmp_path / "killed"
    child = start_forked(tmp_path / "log", _pretrain_without_end, out)
    while not list(out.glob("checkpoints/step-*")):
        assert child.is_alive()
        time.sleep(0.001)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not (out / "model.safetensors").exists()
    result = pretrain(CORPUS, out, CONFIG)
    assert result.losses == whole[1].losses
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (out, whole[0]))
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_another_corpus_is_another_run(whole):
    """Checkpoints of one corpus are never taken up with another."""
    other = Corpus(fragments=CORPUS.fragments[1:], counts=(), held_out=())
    with pytest.raises(CheckpointError, match="another run"):
        pretrain(other, whole[0], CONFIG)


@pytest.fixture(scope="module")
def exported(whole, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "model"
    recipe = export(whole[0], folder, CORPUS, CONFIG, whole[1], about=ABOUT)
    return folder, recipe


def test_it_is_half_on_disk_and_whole_in_memory(exported):
    """Weights are stored as float16, and transformers and codeshift load them as float32."""
    folder, recipe = exported
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    for model in (AutoModelForSeq2SeqLM.from_pretrained(folder), load_model(folder)):
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert len(AutoTokenizer.from_pretrained(folder)) == recipe["vocabulary"]
    assert not [path for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pkl")]
    assert json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["truncation"] is None


def test_the_recipe_and_the_card_say_how(exported):
    """Settings, counts, losses and the check of what is held out stand in both, and the picture beside them."""
    folder, recipe = exported
    assert json.loads((folder / "pretraining.json").read_text(encoding="utf-8")) == recipe
    assert recipe["settings"]["steps"] == 12
    assert recipe["curve"]["validation"][-1][0] == 12
    assert recipe["likelihood_before"]["rows"] == 2
    assert recipe["likelihood_after"]["value"] != recipe["likelihood_before"]["value"]
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "| a | 1 | MIT | 12 |" in text
    assert "as train (12 rows) and these functions as test (2 rows), finds 0 rows" in " ".join(text.split())
    assert "3 (Apache-2.0) and 1 (BSD) files" in " ".join(text.split())
    assert "{" not in text.replace("{@", "")
    assert (folder / "loss.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_the_card_says_on_how_many_threads(exported):
    """Each stage has its own, in words and in the command that makes it again."""
    _, recipe = exported
    text = " ".join(card(recipe | {"threads": 2, "earlier": [recipe | {"threads": 1}]}).split())
    assert "12 steps on 1 thread with a learning rate up to 0.025 (seed 0); then, from there, 12 steps on 2" in text
    assert "--out FOLDER-0 --steps 12" in text
    assert "--out FOLDER-1 --start FOLDER-0 --threads 2 --steps 12" in text


def test_an_export_replaces_the_last_one(whole, exported):
    """A second export of the same run gives the same weights, picture and card."""
    folder, recipe = exported
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert export(whole[0], folder, CORPUS, CONFIG, whole[1], about=ABOUT) == recipe
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_second_stage_starts_from_the_first(exported, tmp_path):
    """Training goes on from an exported model with its tokenizer, and the recipe, card and curve hold both stages."""
    first, recipe = exported
    config = dataclasses.replace(CONFIG, seed=1, learning_rate=1e-3)
    result = pretrain(CORPUS, tmp_path, config, start=first)
    assert result.losses[0] < recipe["curve"]["training"][0][1]  # whose point is the mean of the whole first stage
    about = ABOUT | {"earlier": earlier_stages(first)}
    second = export(tmp_path, tmp_path / "model", CORPUS, config, result, about=about)
    assert [stage["settings"]["seed"] for stage in [*second["earlier"], second]] == [0, 1]
    assert len(earlier_stages(tmp_path / "model")) == len(earlier_stages(tmp_path)) == 2
    assert second["likelihood_before"] == recipe["likelihood_before"]  # of the weights that the first stage began with
    text = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    threads = "1 thread" if recipe["threads"] == 1 else f"{recipe['threads']} threads"
    stages = f"12 steps on {threads} with a learning rate up to 0.025 (seed 0); then, from there, 12 steps on {threads}"
    assert stages in " ".join(text.split())
    assert "--out FOLDER-1 --start FOLDER-0 --steps 12" in text
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "model" / name).read_bytes() == (first / name).read_bytes()


def test_a_stage_needs_a_recipe_to_start_from(tmp_path):
    """A folder that no run exported cannot say how its model came about."""
    with pytest.raises(DataError, match=r"start must be a folder with pretraining\.json"):
        earlier_stages(tmp_path)


def test_the_seed_decides_the_first_weights(whole):
    """The same seed gives the same random weights, another seed others."""
    tokenizer = AutoTokenizer.from_pretrained(whole[0])
    weights = untrained_model(tokenizer).shared.weight
    assert torch.equal(weights, untrained_model(tokenizer).shared.weight)
    assert not torch.equal(weights, untrained_model(tokenizer, seed=1).shared.weight)


def test_settings_are_checked(tmp_path):
    """A budget of no steps is refused before any work."""
    with pytest.raises(ParameterError, match="max_steps must be a whole number from 1 up, got 0"):
        pretrain(CORPUS, tmp_path, PretrainingConfig(steps=0, vocabulary=400))
    assert list(tmp_path.iterdir()) == []


def test_the_command_runs_from_the_root(monkeypatch, capsys):
    """As the model's card writes it, here as ``python -m`` does it in the process of the test."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [str(Path(command_line.__file__)), "--help"])
    with pytest.warns(RuntimeWarning, match="found in sys.modules"), pytest.raises(SystemExit) as end:
        runpy.run_module("tools.pretrain.__main__", run_name="__main__", alter_sys=True)
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m tools.pretrain [-h] --out OUT")


def test_the_command_pretrains_and_exports(tmp_path, monkeypatch, capsys):
    """From the corpus, which takes minutes to read, to the folder of the model; then what cannot work ends with 1."""
    corpus = dataclasses.replace(CORPUS, held_out=(HELD_OUT,))
    monkeypatch.setattr(command_line, "_corpus", lambda jdk, version: (corpus, dict(ABOUT)))
    run = ["--out", str(tmp_path / "run"), "--steps", "2", "--batch-size", "4", "--precision", "fp32"]
    run += ["--threads", str(torch.get_num_threads())]
    assert command_line.main(run) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "12 fragments, 1 held-out functions, 0 leaked"
    assert told[1].startswith(f"{tmp_path / 'run' / 'model'}: NLL of held-out functions ")
    assert load_model(tmp_path / "run" / "model").num_parameters() > 1e6
    assert command_line.main([*run, "--start", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: start must be a folder with pretraining.json")

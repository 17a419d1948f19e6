"""Several processes learn what one does."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.commands.launch import launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env
from safetensors.torch import load_file

from helpers.forked import start_forked
from helpers.ports import free_port

# Run here in one process, and in two.
SCRIPT = """
import os
import signal
from dataclasses import replace
import torch
from accelerate import PartialState
from accelerate.utils import DistributedType
from datasets import load_from_disk
from peft import LoraConfig
from transformers import AutoTokenizer
from codeshift.errors import ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, training_loop as loop
from codeshift.finetune.testing import tiny_model
from codeshift.metrics import Accuracy, ExactMatch, NegativeLogLikelihood

torch.set_num_threads(1)
if os.environ.get("ACCELERATE_USE_FSDP") == "true":
    PartialState(cpu=True)
    # accelerate turns FSDP on for GPUs alone, though torch has it on a CPU as well.
    PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
tokenizer = AutoTokenizer.from_pretrained(folder + "/tokenizer")
data = load_from_disk(folder + "/data").map(lambda row: {"label": len(row["code"]) % 3})
config = TrainingConfig(learning_rate=1e-3, num_train_epochs=2, train_batch_size=10, gradient_accumulation_steps=2,
                        adam_epsilon=1e-3, l2_sp=0.01, save_strategy="steps", save_steps=2, load_best_model_at_end=True)
step = loop.TrainingRun._step


def terminated(run, rows):
    # The last process gets SIGTERM in the third step, after which no checkpoint is due.
    step(run, rows)
    if run.state.step + 1 == 3 and run.accelerator.is_last_process:
        os.kill(os.getpid(), signal.SIGTERM)


divided = name == "fsdp"
columns = {"source": "doc", "target": "code", "progress": False}
classes = {"source": ("doc", "code"), "target": "label", "task": "classification", "progress": False}
written = [NegativeLogLikelihood()] if divided else [NegativeLogLikelihood(), ExactMatch()]
methods = {"classes": (LoraConfig(r=4), classes, [Accuracy()], {"class_weight": "balanced"}),
           "full": (None, columns, written, {}), "lora": (LoraConfig(r=4), columns, written, {})}
for method, (peft, task, metrics, settings) in methods.items():
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    out = f"{folder}/{name}/{method}"
    trainer = Trainer(model, tokenizer, replace(config, **settings), peft_config=peft, **task)
    loop.TrainingRun._step = terminated
    try:
        trainer.fit(data, out)
    except SystemExit as ended:
        assert ended.code == 143
    else:
        raise SystemExit("it was not terminated")
    loop.TrainingRun._step = step
    assert os.listdir(out + "/checkpoints") == ["step-00000003"]
    trainer.fit(data, out)  # the last three of six steps
    again = trainer.fit(data, out)  # all of it from the checkpoint, and written anew
    Evaluator(metrics, **task).evaluate(again.model, data, tokenizer=tokenizer, output_dir=out + "/evaluation")
if divided:
    try:
        Evaluator([ExactMatch()], **columns).evaluate(again.model, data, tokenizer=tokenizer)
    except ParameterError as error:
        assert "model must be whole to generate text" in str(error)
    else:
        raise SystemExit("no error")
    try:
        Trainer(again.model, tokenizer, config, **columns).fit(data)
    except ParameterError as error:
        assert "model must be whole to train" in str(error)
    else:
        raise SystemExit("no error")
print("processes:", PartialState().num_processes)
"""


def launch(folder: Path, name: str, *flags: str) -> None:
    """Run the script in two processes on a CPU, with the variables that ``accelerate launch`` and torch's give them.

    They are forked; docs/guides/several-processes.md starts such by ``accelerate launch`` itself.
    """
    options = {"mixed_precision": "no", "dynamo_backend": "no"}
    options |= dict.fromkeys(("num_machines", "num_cpu_threads_per_process"), "1") | {"num_processes": "2"}
    flags += tuple(f"--{name}={value}" for name, value in options.items())
    with free_port() as port:
        arguments = launch_command_parser().parse_args([*flags, f"--main_process_port={port}", "train.py"])
        variables = prepare_multi_gpu_env(arguments) | {
            "ACCELERATE_USE_CPU": "true",
            # The launcher may set an accumulation of its own: the loop must not divide by it once more.
            "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "4",
            "WORLD_SIZE": "2",
            "LOCAL_WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
        processes = [
            start_forked(
                folder / f"{name}-{rank}.log",
                _run_script,
                {"folder": str(folder), "name": name},
                environment=variables | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            )
            for rank in range(2)
        ]
        for process in processes:
            process.join()
    logs = [(folder / f"{name}-{rank}.log").read_text(encoding="utf-8") for rank in range(2)]
    assert [process.exitcode for process in processes] == [0, 0], [log[-3000:] for log in logs]
    assert [log.count("processes: 2") for log in logs] == [1, 1]
    assert sum(log.count("terminated after step 3 of 6") for log in logs) == 3  # once for each method


def _run_script(names: dict[str, str]) -> None:
    exec(SCRIPT, names)  # noqa: S102 - our own script, above
    sys.stdout.flush()


def left_behind(folder: Path) -> tuple[dict[str, torch.Tensor], list[dict[str, float]]]:
    """Weights and history of a finished run."""
    weights = load_file(next(folder.glob("*model.safetensors")))
    return weights, json.loads((folder / "training.json").read_text(encoding="utf-8"))["history"]


@pytest.fixture(scope="module")
def folder(data, tokenizer, tmp_path_factory):
    """Return a folder in which one process has trained."""
    folder = tmp_path_factory.mktemp("processes")
    data.save_to_disk(folder / "data")
    tokenizer.save_pretrained(folder / "tokenizer")
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    exec(SCRIPT, {"folder": str(folder), "name": "one"})  # noqa: S102 - our own script, above
    signal.signal(signal.SIGTERM, before)
    return folder


# --multi_gpu is accelerate's one launcher of several processes without MPI; a variable keeps them on the CPU.
KINDS = {
    "copies": ("--multi_gpu",),
    "fsdp": ("--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_are_one(kind, folder):
    """Two processes on a CPU give the weights and losses of one, within float tolerance.

    With a copy of the model in each and divided by FSDP, ended in an epoch by SIGTERM to one of them and taken up
    again; batches of 5 rows do not divide by two, and the last step of an epoch has a batch of 4. What is written is
    written once: whole weights, one checkpoint, one line an output.
    """
    launch(folder, kind, *KINDS[kind])
    for method in ("full", "lora", "classes"):
        one, history = left_behind(folder / "one" / method)
        two, other = left_behind(folder / kind / method)
        for key in ("loss", "validation_loss"):
            losses = [[row[key] for row in found if key in row] for found in (history, other)]
            assert len(losses[0]) > 1
            assert np.allclose(*losses, atol=1e-5)
        assert one.keys() == two.keys()
        assert all(torch.allclose(one[name], two[name], atol=1e-5) for name in one)
        assert [p.name for p in (folder / kind / method / "checkpoints").iterdir()] == ["step-00000006"]
        last = f"{method}/checkpoints/step-00000006/optimizer.safetensors"
        moments = [load_file(folder / k / last) for k in ("one", kind)]
        assert moments[0].keys() == moments[1].keys()
        assert all(torch.allclose(moments[0][name], moments[1][name], atol=1e-6) for name in moments[0])
        found = [
            json.loads((folder / k / method / "evaluation/evaluation.json").read_text(encoding="utf-8"))
            for k in ("one", kind)
        ]
        values = [[row["value"] for row in f["aggregates"] if row["metric"] != "exact_match"] for f in found]
        assert np.allclose(*values, atol=1e-5)
        for log in (folder / kind / method / "evaluation").glob("*.jsonl"):
            assert len(log.read_text(encoding="utf-8").splitlines()) == 1 + 8

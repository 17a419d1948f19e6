"""Several processes learn what one does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

# Run here in one process, and by ``accelerate launch`` in two.
SCRIPT = """
import os
import torch
from accelerate import PartialState
from datasets import load_from_disk
from peft import LoraConfig
from transformers import AutoTokenizer
from codeshift.finetune import Trainer, TrainingConfig
from codeshift.finetune.testing import tiny_model

torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(folder + "/tokenizer")
config = TrainingConfig(learning_rate=1e-3, num_epochs=2, batch_size=5, gradient_accumulation_steps=2, epsilon=1e-3,
                        l2_sp=0.01, checkpoint_every=2, keep_best=True)
for method, peft in (("full", None), ("lora", LoraConfig(r=4))):
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    trainer = Trainer(model, tokenizer, config, source="doc", target="code", peft_config=peft, progress=False)
    trainer.fit(load_from_disk(folder + "/data"), f"{folder}/{os.environ.get('WORLD_SIZE', 1)}/{method}")
print("processes:", PartialState().num_processes)
"""


def launch(folder: Path, processes: int) -> None:
    """Run the script in several processes on a CPU."""
    script = folder / "train.py"
    script.write_text("import sys\nfolder = sys.argv[1]\n" + SCRIPT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"num_machines": 1, "num_processes": processes, "main_process_port": port, "dynamo_backend": "no"}
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    # --multi_gpu is accelerate's one launcher of several processes without MPI; the variable keeps them on the CPU.
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--mixed_precision=no", *flags]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(  # noqa: S603
        [*command, str(script), str(folder)], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count(f"processes: {processes}") == processes


def left_behind(folder: Path) -> tuple[dict[str, torch.Tensor], list[dict[str, float]]]:
    """Weights and history of a finished run."""
    weights = load_file(next(folder.glob("*model.safetensors")))
    return weights, json.loads((folder / "training.json").read_text())["history"]


@pytest.mark.slow
def test_two_processes_are_one(data, tokenizer, tmp_path):
    """``accelerate launch`` with 2 CPU processes gives the weights and losses of one, within float tolerance.

    Batches of 5 rows do not divide by two, and the last step of an epoch has a batch of 4.
    """
    data.save_to_disk(tmp_path / "data")
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    exec(SCRIPT, {"folder": str(tmp_path)})  # noqa: S102 - our own script, above
    launch(tmp_path, 2)
    for method in ("full", "lora"):
        one, history = left_behind(tmp_path / "1" / method)
        two, other = left_behind(tmp_path / "2" / method)
        for key in ("loss", "validation_loss"):
            losses = [[row[key] for row in found if key in row] for found in (history, other)]
            assert len(losses[0]) > 1
            assert np.allclose(*losses, atol=1e-5)
        assert one.keys() == two.keys()
        assert all(torch.allclose(one[name], two[name], atol=1e-5) for name in one)
        assert [p.name for p in (tmp_path / "2" / method / "checkpoints").iterdir()] == ["step-00000006"]

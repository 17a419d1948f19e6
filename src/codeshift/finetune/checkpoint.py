"""Checkpoints of a run in safetensors and JSON, written atomically and read only by the run that wrote them.

The state of a run has three parts: the trained weights, the optimiser's moments and ``RunState``. The order of the
rows, dropout and the learning rate are functions of the seed and the step, so no generator is stored.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from codeshift.files import damaged, read_json, to_disk, vouched_files, write_json
from codeshift.finetune.atomic_folder import folder_aside
from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.sharding import sharded_like

_STATE = "state.json"
Tensors = dict[str, torch.Tensor]


@dataclass
class RunState:
    """The state of a run, without the weights and the optimiser's moments.

    Attributes:
        step: Number of updates made.
        history: History of the run, as in ``TrainingResult``.
        best: Best validation loss, or value of a metric, so far.
        best_step: Step of that value.
        without_gain: Number of validations since.
        stopped_early: Whether patience has run out.
        scaler: State of the scaler of the loss (fp16).
    """

    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: float | None = None
    best_step: int | None = None
    without_gain: int = 0
    stopped_early: bool = False
    scaler: dict[str, float] = field(default_factory=dict)


class Checkpoints:
    """The checkpoints of one run in ``folder``; only the newest is kept.

    Args:
        folder: Folder of the checkpoints; it is created when the first is written.
        run: Values that tell this run from others, as JSON values by name.
    """

    def __init__(self, folder: Path, run: dict[str, Any]) -> None:
        self.folder, self.run = folder, json.loads(json.dumps(run))

    def save(self, state: RunState, tensors: dict[str, Tensors]) -> Path:
        """Write a checkpoint of ``tensors``, by file name, and then delete older ones; return its folder."""
        final = self.folder / f"step-{state.step:08d}"
        size = sum(tensor.nbytes for of_file in tensors.values() for tensor in of_file.values())
        with folder_aside(self.folder, size=size) as temporary:
            files = [temporary / f"{name}.safetensors" for name in tensors]
            for path, of_file in zip(files, tensors.values(), strict=True):
                save_file({key: t.detach().contiguous().cpu() for key, t in of_file.items()}, path)
                to_disk(path)
            write_json(temporary / _STATE, {"run": self.run, "state": asdict(state)}, files, allow_nan=True)
            if final.exists():  # left by a run that was started over
                shutil.rmtree(final)
            os.replace(temporary, final)
        to_disk(self.folder)
        for path in self.folder.iterdir():
            if path != final and path.name.startswith("step-"):
                shutil.rmtree(path)
        return final

    def load(self) -> tuple[RunState, dict[str, Tensors]] | None:
        """Return the newest checkpoint, or None if there is none.

        Raises:
            CheckpointError: it is torn or belongs to another run; the message names it and what differs.
        """
        folders = sorted(self.folder.glob("step-*"))
        if not folders:
            return None
        path = folders[-1]
        if errors := damaged(path / _STATE):
            raise _torn(path, str(errors[0]))
        try:
            content = read_json(path / _STATE)
            run, state = content["run"], RunState(**content["state"])
        except (OSError, KeyError, TypeError) as error:
            raise _torn(path, f"{_STATE}: {error}") from error
        differs = differing_values(self.run, run)
        if differs:
            remedy = "give another output_dir, or resume=False to start over"
            raise CheckpointError(f"{path} is a checkpoint of another run ({', '.join(differs)} differ): {remedy}")
        return state, {file.stem: load_file(file) for file in vouched_files(path / _STATE)}


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: dict[str, torch.nn.Parameter]) -> Tensors:
    """Return the moments of each parameter, under ``name|moment``."""
    return {
        f"{name}|{key}": value
        for name, parameter in names.items()
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, names: dict[str, torch.nn.Parameter], tensors: Tensors) -> None:
    """Restore the moments that ``optimizer_tensors`` returned."""
    for key, value in tensors.items():
        name, _, moment = key.rpartition("|")
        optimizer.state[names[name]][moment] = sharded_like(value, names[name])


def _torn(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{path} is not a whole checkpoint ({why}): delete that folder to continue without it")


def differing_values(ours: Any, theirs: Any, at: str = "") -> list[str]:
    """Return the dotted names of the values that differ."""
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        return [] if ours == theirs else [at]
    names = sorted({*ours, *theirs})
    return [d for n in names for d in differing_values(ours.get(n), theirs.get(n), f"{at}.{n}" if at else n)]

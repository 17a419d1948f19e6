"""The training loop, for every task, for full fine-tuning and for every method of PEFT."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.adapters import trainable_parameters
from codeshift.finetune.batching import BatchCost, StepPlan, batches
from codeshift.finetune.checkpoint import Checkpoints, RunState, optimizer_tensors, restore_optimizer
from codeshift.finetune.encoded_part import EncodedPart
from codeshift.finetune.identity import describe_run
from codeshift.finetune.models import Model
from codeshift.finetune.optimisation import Anchor, learning_rates, make_optimizer, trained
from codeshift.finetune.progress import progress_of
from codeshift.finetune.runtime import make_accelerator, prepare_for_devices, reseed, without_autocast
from codeshift.finetune.sharding import set_weights, whole, whole_tensors
from codeshift.finetune.tasks import Objective, Task
from codeshift.finetune.teacher_forcing import check_finite
from codeshift.finetune.termination import Termination, termination
from codeshift.finetune.tracking import Tracker, end_trackers
from codeshift.finetune.training_config import TrainingConfig
from codeshift.finetune.training_result import TrainingResult
from codeshift.finetune.validation import Validation


class TrainingRun:
    """One run of the loop; ``loop`` may be called once.

    Args:
        config: Settings of the training.
        task: What the model is trained to do.
        model: Model as training starts, its adapter included.
        objective: What training minimises.
        data: Encoded parts.
        validation: Validation; None without one.
        watched: Parts that are measured whenever validation takes place, and choose nothing.
        folder: Folder of checkpoints and logs; None writes nothing.
        trackers: Names of trackers.
        progress: Whether to show progress.
    """

    def __init__(
        self,
        *,
        config: TrainingConfig,
        task: Task,
        model: Model,
        objective: Objective[Any],
        data: dict[str, EncodedPart],
        validation: Validation | None,
        watched: Sequence[Validation] = (),
        folder: Path | None,
        trackers: tuple[Tracker, ...],
        progress: bool,
    ) -> None:
        self.config, self.task, self.objective, self.data = config, task, objective, data
        self.unwrapped, self.validation, self.watched = model, validation, watched
        self.parameters = trainable_parameters(model)
        measured = [*([] if validation is None else [validation]), *watched]
        chosen = next((each.describe() for each in measured), None)
        read = data | {other.part: other.data for other in watched}
        identity = describe_run(config, model, task.to_dict(), read, chosen)
        self.checkpoints = None if folder is None else Checkpoints(folder / "checkpoints", identity)
        self.accelerator = make_accelerator(config, trackers, folder)
        if config.gradient_checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.model, self.optimizer = prepare_for_devices(self.accelerator, model, make_optimizer(model, config))
        self.anchor = Anchor(model, config.l2_sp)
        self._plan_steps(data["train"])
        self.state = RunState()
        self.best: dict[str, torch.Tensor] = {}
        self.pending: list[torch.Tensor] = []  # losses of steps that the history does not hold yet
        local_main = self.accelerator.is_local_main_process
        self.bar = progress_of("fine-tune", self.total, "step", shown=progress and local_main)

    def _plan_steps(self, train: EncodedPart) -> None:
        config = self.config
        self.lengths, self.amounts = self.objective.lengths(train), self.objective.amounts(train)
        self.plan = StepPlan(len(train), config.train_batch_size, config.seed)
        self.per_epoch, self.total = config.steps_per_epoch(len(train)), config.total_steps(len(train))
        self.eval_interval, self.save_interval = config.eval_interval(len(train)), config.save_interval(len(train))
        self.learning_rate = learning_rates(config, self.total)

    def resume(self) -> None:
        """Resume from the newest checkpoint, if there is one."""
        newest = self.checkpoints.load() if self.checkpoints else None
        if newest is None:
            return
        self.state, tensors = newest
        set_weights(self.unwrapped, tensors["weights"])
        restore_optimizer(self.optimizer.optimizer, trained(self.unwrapped), tensors["optimizer"])
        if self.state.scaler:
            self.accelerator.scaler.load_state_dict(self.state.scaler)
        self.best = tensors.get("best", {})
        self.bar.initial = self.bar.n = self.state.step

    def loop(self) -> TrainingResult:
        """Train to the end, or until SIGTERM asks for it."""
        started = time.perf_counter()
        with termination(watched=self.checkpoints is not None, processes=self.accelerator.num_processes) as request:
            self._steps(request)
        self._flush()
        return self._finish(time.perf_counter() - started)

    def _steps(self, request: Termination) -> None:
        state = self.state
        self.model.train()
        order = self.plan.epoch(state.step // self.per_epoch)
        while state.step < self.total and not state.stopped_early:
            epoch, position = divmod(state.step, self.per_epoch)
            order = self.plan.epoch(epoch) if position == 0 else order
            self._step(order[position])
            state.step += 1
            self.bar.update()
            if self._due(self.config.logging_steps):
                self._flush()
            if (self.validation is not None or self.watched) and self._due(self.eval_interval):
                self._evaluate()
            if self.checkpoints is not None:
                self._save_where_due(self.checkpoints, request)

    def _step(self, rows: NDArray[np.int64]) -> None:
        """Update the weights once, by the loss of ``rows`` divided by how much they count: their target tokens, say."""
        accelerator, state = self.accelerator, self.state
        rate = self.learning_rate(state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        amount = self.amounts[rows].sum().item()
        parts = batches(rows, self.lengths, BatchCost.of(self.config, accelerator, self.parameters.total))
        loss_of_step = torch.zeros((), device=accelerator.device)
        for i, part in enumerate(parts):
            reseed(self.config.seed, state.step, i, accelerator.process_index)
            last = i == len(parts) - 1
            with nullcontext() if last else accelerator.no_sync(self.model):
                loss = self._loss(part) / amount
                loss_of_step += loss.detach()
                if last:
                    loss = loss + self.anchor.penalty() / accelerator.num_processes
                # The gradients of processes are averaged, but the loss is already a share of that of the whole step.
                accelerator.backward(loss * accelerator.num_processes)
        if self.config.max_grad_norm is not None:
            accelerator.clip_grad_norm_(self.model.parameters(), self.config.max_grad_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        epoch = state.step // self.per_epoch
        facts = {"step": state.step + 1, "epoch": epoch, "learning_rate": rate, self.objective.unit: amount}
        state.history.append(facts)
        self.pending.append(loss_of_step)

    def _loss(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the summed loss of this process's rows of one batch."""
        own = rows[self.accelerator.process_index :: self.accelerator.num_processes]
        weight = 1.0 if len(own) else 0.0  # all processes must take part in the backward pass
        batch = self.objective.batch(self.data["train"], own if len(own) else rows[:1])
        batch = {name: t.to(self.accelerator.device, non_blocking=True) for name, t in batch.items()}
        with self.accelerator.autocast():
            return weight * self.objective.loss(self.model, batch)

    def _flush(self) -> None:
        """Move the losses of the last steps into the history; nothing else in the loop waits for the device."""
        if not self.pending:
            return
        losses = self.accelerator.reduce(torch.stack(self.pending), reduction="sum").cpu()
        rows = [row for row in self.state.history if "learning_rate" in row][-len(losses) :]
        for row, loss in zip(rows, losses, strict=True):
            check_finite(f"the loss of step {row['step']}", loss)
            row["loss"] = loss.item()
            self.accelerator.log({"loss": row["loss"], "learning_rate": row["learning_rate"]}, step=int(row["step"]))
        self.pending.clear()
        self.bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)

    def _evaluate(self) -> None:
        """Measure validation and watched parts; validation alone chooses."""
        self._flush()
        state = self.state
        every = [*([] if self.validation is None else [self.validation]), *self.watched]
        measured = {name: value for each in every for name, value in each.measure(self.unwrapped).items()}
        epoch = (state.step - 1) // self.per_epoch
        state.history.append({"step": state.step, "epoch": epoch} | measured)
        self.accelerator.log(measured, step=state.step)
        if self.validation is not None:
            self._choose(self.validation, measured)

    def _choose(self, validation: Validation, measured: dict[str, float]) -> None:
        """Record the best weights so far and whether patience has run out."""
        state, config = self.state, self.config
        if validation.is_better(measured, state.best):
            state.best, state.best_step, state.without_gain = validation.deciding(measured), state.step, 0
            if config.load_best_model_at_end:
                self.best = {name: p.detach().clone() for name, p in trained(self.unwrapped).items()}
        else:
            state.without_gain += 1
        state.stopped_early = config.early_stopping_patience == state.without_gain

    def _save_where_due(self, checkpoints: Checkpoints, request: Termination) -> None:
        terminated = request.agreed()
        if terminated or self._due(self.save_interval):
            self._save(checkpoints)
        if terminated:
            request.obey(checkpoints.folder, self.state.step, self.total, self.accelerator)

    def _save(self, checkpoints: Checkpoints) -> None:
        self._flush()
        names = trained(self.unwrapped)
        if self.accelerator.scaler is not None:
            self.state.scaler = self.accelerator.scaler.state_dict()
        tensors = {"weights": dict(names), "optimizer": optimizer_tensors(self.optimizer.optimizer, names)}
        tensors |= {"best": self.best} if self.best else {}
        main = self.accelerator.is_main_process
        tensors = {file: whole_tensors(of_file, keeps=main) for file, of_file in tensors.items()}
        if main:
            checkpoints.save(self.state, tensors)
        self.accelerator.wait_for_everyone()

    def _finish(self, seconds: float) -> TrainingResult:
        state, model = self.state, self.unwrapped
        self.bar.close()
        end_trackers(self.accelerator)
        set_weights(model, self.best)
        for name, parameter in trained(model).items():  # no later loss would show that the last update failed
            check_finite(f"after step {state.step}, {name}", whole(parameter))
        if self.config.gradient_checkpointing:
            model.gradient_checkpointing_disable()
        return TrainingResult(
            model=without_autocast(model).eval(), config=self.config, history=state.history,
            truncation={part: data.truncation for part, data in self.data.items()}, parameters=self.parameters,
            seconds=seconds, best_step=state.best_step, stopped_early=state.stopped_early,
            round_trip={part: data.round_trip for part, data in self.data.items()}, task=self.task,
        )  # fmt: skip

    def _due(self, interval: int | None) -> bool:
        return interval is not None and (self.state.step % interval == 0 or self.state.step == self.total)

"""The training loop, for full fine-tuning and for every method of PEFT."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from peft import PeftConfig

from codeshift.checks import check_bool
from codeshift.errors import check_folder
from codeshift.finetune.adapters import trainable_parameters, with_adapter
from codeshift.finetune.batching import BatchCost, Collator, StepPlan, batches, padded_lengths
from codeshift.finetune.capacity import encode_part
from codeshift.finetune.checkpoint import Checkpoints, RunState, optimizer_tensors, restore_optimizer
from codeshift.finetune.dataset_parts import Splits, training_parts
from codeshift.finetune.encoding import Encoded, Encoder
from codeshift.finetune.evaluator import Evaluator
from codeshift.finetune.identity import describe_run
from codeshift.finetune.models import Model, ModelOrName, TokenizerOrName, is_decoder, load_tokenizer, own_model, pad_id
from codeshift.finetune.optimisation import Anchor, chosen_parameters, learning_rates, make_optimizer, trained
from codeshift.finetune.progress import progress_of
from codeshift.finetune.runtime import make_accelerator, prepare, reseed, seeded, without_autocast
from codeshift.finetune.sharding import set_weights, whole, whole_tensors
from codeshift.finetune.teacher_forcing import check_finite, target_loss
from codeshift.finetune.template import Template
from codeshift.finetune.termination import termination
from codeshift.finetune.tracking import Tracker, check_trackers, end_trackers
from codeshift.finetune.training_config import TrainingConfig, check_config
from codeshift.finetune.training_result import TrainingResult
from codeshift.finetune.validation import Validation


class Trainer:
    r"""Trainer of a model on the part ``train`` of a dataset; each ``fit`` starts from the model as it was given.

    ``fit`` trains a copy of the model (or what it loads from a path or hub name) and never changes the one given, so
    the same object can be used for any number of runs and for an evaluation without fine-tuning. Give a path rather
    than an object if memory has no room for two.

    Args:
        model: an encoder-decoder, a decoder or an encoder of transformers, a model of PEFT with an adapter to train
            further, or the path or hub name of one.
        tokenizer: the tokenizer of the model, or its path or hub name.
        config: the settings of the training; None takes the defaults.
        source: the column that the model is given, or a template such as ``"{docstring}\n{signature}"``.
        target: the column that the model must write, or a template.
        peft_config: the config of any method of PEFT; None for full fine-tuning.
        evaluator: an evaluator whose metrics are computed on ``validation`` too; its first metric then decides which
            weights are best and when to stop early. None uses the loss.
        progress: whether to show progress: a bar on a terminal, elsewhere one line a minute on stderr.
        trackers: the names of trackers of accelerate, such as ``("tensorboard",)``; they write to ``output_dir/logs``.

    Raises:
        ParameterError: an argument cannot work.

    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from datasets import Dataset
    >>> data = Dataset.from_dict({"doc": ["Add.", "Negate."] * 4, "code": ["return a + b", "return -a"] * 4})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> config = TrainingConfig(learning_rate=1e-2, num_train_epochs=4, train_batch_size=4)
    >>> trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, config, source="doc", target="code", progress=False)
    >>> result = trainer.fit(data)
    >>> len(result.losses), result.losses[-1] < result.losses[0]
    (8, True)
    """

    def __init__(
        self,
        model: ModelOrName,
        tokenizer: TokenizerOrName,
        config: TrainingConfig | None = None,
        *,
        source: str,
        target: str,
        peft_config: PeftConfig | None = None,
        evaluator: Evaluator | None = None,
        progress: bool = True,
        trackers: tuple[Tracker, ...] = (),
    ) -> None:
        self.model = model
        self.tokenizer = load_tokenizer(tokenizer)
        self.config = check_config("config", config)
        self.source, self.target = Template(source, "source"), Template(target, "target")
        check_trackers(trackers)
        self.peft_config, self.trackers, self.progress = peft_config, trackers, check_bool("progress", progress)
        self.evaluator = None if evaluator is None else evaluator.with_limits(self.config.limits)

    def fit(
        self, data: Splits, output_dir: str | os.PathLike[str] | None = None, *, resume: bool = True
    ) -> TrainingResult:
        """Train on ``train`` and validate on ``validation`` if there is one; other parts are not read.

        With an ``output_dir``, SIGTERM ends it after a checkpoint (see ``codeshift.finetune.termination``).

        Args:
            data: a ``DatasetDict``, or one ``Dataset`` to train on.
            output_dir: the folder for the trained model, its history and the ``checkpoints`` of the run; None writes
                nothing.
            resume: whether to resume from the newest checkpoint in ``output_dir``, which gives bitwise the weights and
                history of an uninterrupted run (one process, on a CPU); False starts over.

        Raises:
            CheckpointError: the checkpoint in ``output_dir`` is torn or belongs to another run.
            DataError: no part ``train``, an empty part, or a value that is not text.
            ParameterError: a column is missing, the adapter does not fit the model, ``output_dir`` cannot be written
                to, or the model has no room for a token of the tokenizer or for the positions of a row.
            DivergenceError: a loss or a weight is no longer finite.
            SystemExit: SIGTERM has ended the training.
        """
        check_folder("output_dir", output_dir)
        check_bool("resume", resume)
        parts = training_parts(data, validates=self.config.chooses_by_validation or self.evaluator is not None)
        for template in (self.source, self.target):
            template.check(parts["train"].features)
        with seeded(self.config.seed):
            own = own_model(self.model, self.tokenizer, getattr(torch, self.config.dtype))
            model = with_adapter(own, self.peft_config)
            encoder = Encoder.of(model, self.tokenizer, (self.source, self.target), self.config.limits)
            encoded = {part: encode_part(model, encoder, rows, part) for part, rows in parts.items()}
            with chosen_parameters(model, self.config):
                run = _Run(self, model, encoded, parts, None if output_dir is None else Path(output_dir))
                if resume:
                    run.resume()
                result = run.loop()
        if output_dir is not None:
            result.save(output_dir, self.tokenizer)
        return result


class _Run:
    """One run of the loop; ``loop`` may be called once."""

    def __init__(
        self, trainer: Trainer, model: Model, data: dict[str, Encoded], parts: dict[str, Dataset], folder: Path | None
    ) -> None:
        self.config, self.data, self.unwrapped = trainer.config, data, model
        self.parameters = trainable_parameters(model)
        self.collate = Collator(pad_id(model, trainer.tokenizer), is_decoder(model))
        rows, rest = parts.get("validation"), (trainer.tokenizer, trainer.evaluator)
        self.validation = None if rows is None else Validation(data["validation"], self.collate, rows, *rest)
        identity = describe_run(self.config, model, data, self.validation.describe() if self.validation else None)
        self.templates = trainer.source.spec, trainer.target.spec
        self.checkpoints = None if folder is None else Checkpoints(folder / "checkpoints", identity)
        self.accelerator = make_accelerator(self.config, trainer.trackers, folder)
        if self.config.gradient_checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.model, self.optimizer = prepare(self.accelerator, model, make_optimizer(model, self.config))
        self.anchor = Anchor(model, self.config.l2_sp)
        train, config = data["train"], self.config
        self.lengths, self.target_tokens = padded_lengths(train, self.collate.is_decoder), train.targets.lengths
        self.plan = StepPlan(len(train), config.train_batch_size, config.seed)
        self.per_epoch, self.total = config.steps_per_epoch(len(train)), config.total_steps(len(train))
        self.eval_interval, self.save_interval = config.eval_interval(len(train)), config.save_interval(len(train))
        self.learning_rate = learning_rates(config, self.total)
        self.state = RunState()
        self.best: dict[str, torch.Tensor] = {}
        self.pending: list[torch.Tensor] = []  # losses of steps that the history does not hold yet
        local_main = self.accelerator.is_local_main_process
        self.bar = progress_of("fine-tune", self.total, "step", shown=trainer.progress and local_main)

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
        state, started = self.state, time.perf_counter()
        alone = self.accelerator.num_processes == 1  # several would have to agree on the step to save
        self.model.train()
        order = self.plan.epoch(state.step // self.per_epoch)
        with termination(watched=alone and self.checkpoints is not None) as request:
            while state.step < self.total and not state.stopped_early:
                epoch, position = divmod(state.step, self.per_epoch)
                order = self.plan.epoch(epoch) if position == 0 else order
                self._step(order[position])
                state.step += 1
                self.bar.update()
                if self._due(self.config.logging_steps):
                    self._flush()
                if self.validation is not None and self._due(self.eval_interval):
                    self._validate(self.validation)
                if self.checkpoints is not None and (request.requested or self._due(self.save_interval)):
                    self._save(self.checkpoints)
                    request.obey(self.checkpoints.folder, state.step, self.total, self.accelerator)
        self._flush()
        return self._finish(time.perf_counter() - started)

    def _step(self, rows: NDArray[np.int64]) -> None:
        """Update the weights once, by the mean loss over all target tokens of ``rows``."""
        accelerator, state = self.accelerator, self.state
        rate = self.learning_rate(state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        tokens = int(self.target_tokens[rows].sum())
        parts = batches(rows, self.lengths, BatchCost.of(self.config, accelerator, self.parameters.total))
        loss_of_step = torch.zeros((), device=accelerator.device)
        for i, part in enumerate(parts):
            reseed(self.config.seed, state.step, i, accelerator.process_index)
            last = i == len(parts) - 1
            with nullcontext() if last else accelerator.no_sync(self.model):
                loss = self._loss(part) / tokens
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
        state.history.append({"step": state.step + 1, "epoch": epoch, "learning_rate": rate, "tokens": tokens})
        self.pending.append(loss_of_step)

    def _loss(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the summed loss of this process's rows of one batch."""
        own = rows[self.accelerator.process_index :: self.accelerator.num_processes]
        weight = 1.0 if len(own) else 0.0  # all processes must take part in the backward pass
        batch = self.collate(self.data["train"], own if len(own) else rows[:1])
        batch = {name: t.to(self.accelerator.device, non_blocking=True) for name, t in batch.items()}
        with self.accelerator.autocast():
            return weight * target_loss(self.model, self.unwrapped, batch)

    def _flush(self) -> None:
        """Move the losses of the last steps into the history; nothing else in the loop waits for the device."""
        if not self.pending:
            return
        losses = self.accelerator.reduce(torch.stack(self.pending), reduction="sum").cpu()
        rows = [row for row in self.state.history if "tokens" in row][-len(losses) :]
        for row, loss in zip(rows, losses, strict=True):
            check_finite(f"the loss of step {row['step']}", loss)
            row["loss"] = loss.item()
            self.accelerator.log({"loss": row["loss"], "learning_rate": row["learning_rate"]}, step=int(row["step"]))
        self.pending.clear()
        self.bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)

    def _validate(self, validation: Validation) -> None:
        """Validate, and record the best weights so far and whether patience has run out."""
        self._flush()
        state, config = self.state, self.config
        measured = validation.measure(self.unwrapped)
        state.history.append({"step": state.step, "epoch": (state.step - 1) // self.per_epoch} | measured)
        self.accelerator.log(measured, step=state.step)
        if validation.is_better(measured, state.best):
            state.best, state.best_step, state.without_gain = validation.deciding(measured), state.step, 0
            if config.load_best_model_at_end:
                self.best = {name: p.detach().clone() for name, p in trained(self.unwrapped).items()}
        else:
            state.without_gain += 1
        state.stopped_early = config.early_stopping_patience == state.without_gain

    def _save(self, checkpoints: Checkpoints) -> None:
        self._flush()
        names = trained(self.unwrapped)
        if self.accelerator.scaler is not None:
            self.state.scaler = self.accelerator.scaler.state_dict()
        tensors = {"weights": dict(names), "optimizer": optimizer_tensors(self.optimizer.optimizer, names)}
        tensors |= {"best": self.best} if self.best else {}
        main = self.accelerator.is_main_process
        tensors = {file: whole_tensors(some, keeps=main) for file, some in tensors.items()}
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
            without_autocast(model).eval(), self.config, state.history,
            {p: e.truncation for p, e in self.data.items()}, self.parameters, seconds,
            state.best_step, state.stopped_early, {p: e.round_trip for p, e in self.data.items()}, *self.templates,
        )  # fmt: skip

    def _due(self, interval: int | None) -> bool:
        return interval is not None and (self.state.step % interval == 0 or self.state.step == self.total)

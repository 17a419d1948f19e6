"""The trainer: a model, its data and its settings, checked and brought together for the training loop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from datasets import Dataset
from peft import PeftConfig

from codeshift.checks import check_bool
from codeshift.errors import ParameterError
from codeshift.finetune.adapters import kept_modules, with_adapter
from codeshift.finetune.conversation import make_chat
from codeshift.finetune.dataset_parts import Splits, training_parts
from codeshift.finetune.evaluator import Evaluator
from codeshift.finetune.models import Model, ModelOrName, TokenizerOrName, load_tokenizer
from codeshift.finetune.optimisation import chosen_parameters
from codeshift.finetune.quantisation import check_quantization, quantised
from codeshift.finetune.runtime import seeded
from codeshift.finetune.tasks import Source, Task, TaskName, make_task
from codeshift.finetune.tracking import Tracker, check_trackers
from codeshift.finetune.training_config import TrainingConfig, check_config
from codeshift.finetune.training_loop import TrainingRun
from codeshift.finetune.training_result import TrainingResult
from codeshift.finetune.validation import Validation
from codeshift.finetune.watching import Watch, check_watch, watched_rows
from codeshift.reaching_hub import check_revision
from codeshift.requirements import check_folder


class Trainer:
    r"""Trainer of a model on the part ``train`` of a dataset; each ``fit`` starts from the model as it was given.

    ``fit`` trains a copy of the model (or what it loads from a path or hub name) and never changes the one given, so
    the same object can be used for any number of runs and for an evaluation without fine-tuning. Give a path rather
    than an object if memory has no room for two.

    Args:
        model: Encoder-decoder, a decoder or an encoder of transformers, a model of PEFT with an adapter to train
            further, or the path or hub name of one.
        tokenizer: Tokenizer of the model, or its path or hub name.
        config: Settings of the training; None takes the defaults.
        source: Column that the model is given, or a template such as ``"{docstring}\n{signature}"``; for a
            classification also a pair of them, such as ``("query", "code")``, in the tokenizer's form for pairs;
            with ``chat`` also the turns before the answer, such as ``[{"role": "user", "content": "Mend {code}"}]``.
        target: Column that the model must write, or a template; for a classification the column of labels.
        task: "generation" of the target's text, or "classification" into its labels, by a head of transformers; or a
            task of ``codeshift.finetune.tasks``, which has source, target and chat.
        chat: Whether rows become conversations by the chat template of the tokenizer: the source is a user's turn, the
            target the assistant's. The loss covers the assistant's turn and the token that ends it, alone.
        system: Text of a system turn before each source, with ``chat``; None leaves it out.
        peft_config: Config of any method of PEFT; None for full fine-tuning.
        evaluator: Evaluator whose metrics are computed on ``validation`` too; its first metric then decides which
            weights are best and when to stop early. None uses the loss.
        watch: Other parts to score while the model trains, on rows drawn by the config's seed: their loss, and the
            metrics of ``evaluator``, whenever validation takes place (``eval_strategy``), in the history. They never
            choose weights or end a run. Names, such as ``("test_id", "test_ood")``, take as many rows as cost less than
            a tenth of the training's time, at most 200 of each; ``{"test_id": 200, "test_ood": 200}`` says how many.
        progress: Whether to show progress: a bar on a terminal, elsewhere one line a minute on stderr.
        trackers: Names of trackers of accelerate, such as ``("tensorboard",)``; they write to ``output_dir/logs``.
        revision: Branch, tag or commit of the model if it is a name of the hub, and of the tokenizer if it has the
            same name; None takes the newest.

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
        source: Source | None = None,
        target: str | None = None,
        task: TaskName | Task = "generation",
        chat: bool = False,
        system: str | None = None,
        peft_config: PeftConfig | None = None,
        evaluator: Evaluator | None = None,
        watch: Watch | None = None,
        progress: bool = True,
        trackers: tuple[Tracker, ...] = (),
        revision: str | None = None,
    ) -> None:
        self.model, self.revision = model, check_revision(model, revision)
        self.tokenizer = load_tokenizer(tokenizer, revision if tokenizer == model else None)
        self.config = check_config("config", config)
        self.task = make_task(task, source, target, make_chat(check_bool("chat", chat), system))
        self.task.check_config(self.config)
        check_quantization(self.config.quantization, peft_config, model)
        check_trackers(trackers)
        self.peft_config, self.trackers, self.progress = peft_config, trackers, check_bool("progress", progress)
        self.watch = check_watch(watch, self.config)
        self.evaluator = None if evaluator is None else evaluator.within(self.config.limits, self.task)
        if evaluator is not None and evaluator.task.name != self.task.name:
            raise ParameterError(
                "evaluator", f"one of {self.task.name}", evaluator.task.name, "give both the same task"
            )

    def fit(
        self, data: Splits, output_dir: str | os.PathLike[str] | None = None, *, resume: bool = True
    ) -> TrainingResult:
        """Train on ``train`` and validate on ``validation`` if there is one; of others, those of ``watch``.

        With an ``output_dir``, SIGTERM ends it after a checkpoint (see ``codeshift.finetune.termination``).

        Args:
            data: ``DatasetDict``, or one ``Dataset`` to train on.
            output_dir: Folder for the trained model, its history and the ``checkpoints`` of the run; None writes
                nothing.
            resume: Whether to resume from the newest checkpoint in ``output_dir``, which gives bitwise the weights and
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
        parts = self._parts(data)
        with seeded(self.config.seed):
            start = self._start(parts)
            saved = kept_modules(start, self.peft_config)
            model = with_adapter(quantised(start, self.config.quantization, kept=saved), self.peft_config)
            with chosen_parameters(model, self.config):
                trained_rows = self.config.rows_between_validations(len(parts["train"]))
                watched = watched_rows(data, self.watch, self.config.seed, trained_rows=trained_rows)
                run = self._run(model, parts, watched, None if output_dir is None else Path(output_dir))
                if resume:
                    run.resume()
                result = run.loop()
        if output_dir is not None:
            result.save(output_dir, self.tokenizer)
        return result

    def _run(
        self, model: Model, parts: Mapping[str, Dataset], watched: Mapping[str, Dataset], folder: Path | None
    ) -> TrainingRun:
        """Encode the parts, and return the run that trains on them."""
        objective = self.task.objective(model, self.tokenizer, self.config, parts["train"])
        encoded = {part: objective.encode(rows, part) for part, rows in parts.items()}
        validation = None
        if "validation" in parts:
            rows = encoded["validation"], parts["validation"]
            validation = Validation(objective, *rows, self.tokenizer, self.evaluator)
        return TrainingRun(
            config=self.config,
            task=self.task,
            model=model,
            objective=objective,
            data=encoded,
            validation=validation,
            watched=[
                Validation(objective, objective.encode(rows, part), rows, self.tokenizer, self.evaluator, part)
                for part, rows in watched.items()
            ],
            folder=folder,
            trackers=self.trackers,
            progress=self.progress,
        )

    def starting_model(self, data: Splits) -> Model:
        """Return the model that ``fit`` would train on ``data``, before it is given an adapter.

        Raises:
            ParameterError: see ``fit``.
        """
        parts = self._parts(data)
        with seeded(self.config.seed):
            return self._start(parts)

    def _parts(self, data: Splits) -> dict[str, Dataset]:
        parts = training_parts(
            data, validates=self.config.chooses_by_validation or (self.evaluator is not None and not self.watch)
        )
        self.task.check(parts["train"])
        return parts

    def _start(self, parts: dict[str, Dataset]) -> Model:
        task = self.task.fitted(parts["train"])
        return task.own(self.model, self.tokenizer, getattr(torch, self.config.dtype), revision=self.revision)

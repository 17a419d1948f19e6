"""``codeshift train``, which fine-tunes a model on the train part of a split."""

from __future__ import annotations

import argparse
import dataclasses
import re
from statistics import fmean
from typing import TYPE_CHECKING, Any

from codeshift.cli.arguments import Commands, add_command, add_data, splits_of
from codeshift.cli.names import TRAINING_DEFAULTS
from codeshift.cli.output import DONE, report
from codeshift.cli.tasks import add_chat, add_model, add_task, check_template_columns, model_of, task_of
from codeshift.errors import ParameterError
from codeshift.literals import literal
from codeshift.requirements import check_folder
from codeshift.task_kinds import CLASSIFICATION
from codeshift.wording import closest

if TYPE_CHECKING:
    from codeshift.finetune import TrainingConfig, TrainingResult

METHODS = ("full", "lora")
_LORA = ("lora_r", "lora_alpha", "lora_dropout", "lora_target_modules")

# Settings with an option of their own; every other setting of TrainingConfig is given by --set.
OPTIONS: dict[str, tuple[type, str]] = {
    "learning_rate": (float, "highest learning rate of the schedule; LoRA often needs ten times as much"),
    "num_train_epochs": (float, "passes over the training rows"),
    "max_steps": (int, "total updates of the weights, instead of epochs"),
    "train_batch_size": (int, "rows of one update of the weights"),
    "max_source_length": (int, "longest source, in tokens"),
    "max_target_length": (int, "longest target, in tokens"),
    "seed": (int, "seed of the order of rows, of dropout and of new weights"),
}


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "train",
        run,
        summary="fine-tune a model on the train part of a split, fully or by LoRA",
        description="Trains on train and validates on validation; other parts are not read. The model is written to a "
        "folder that codeshift evaluate and transformers can load. The same command resumes an interrupted run if "
        "checkpoints are kept (--set save_strategy=epoch).",
        example="codeshift train my-split --source '{docstring}' --target code "
        "\\\n    --method lora --learning-rate 1e-3 --out my-lora",
    )
    add_data(command, "the parts of a split")
    add_task(command)
    add_model(command, "to fine-tune")
    add_chat(command, "[no]")
    command.add_argument("--out", required=True, metavar="FOLDER", help="folder for the trained model")
    command.add_argument("--restart", action="store_true", help="start over instead of resuming from a checkpoint")
    _add_method(command)
    _add_config(command)


def _add_method(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("method").add_argument
    add("--method", default="full", metavar="NAME", help="method of fine-tuning, full or lora [%(default)s]")
    add("--lora-r", type=int, metavar="N", help="rank of the adapter [8]")
    add("--lora-alpha", type=int, metavar="N", help="scale of the adapter [twice the rank]")
    add("--lora-dropout", type=float, metavar="SHARE", help="dropout on the input of the adapter [0]")
    add("--lora-target-modules", nargs="+", metavar="NAME", help="modules to adapt, or all-linear [PEFT's default]")


def _add_config(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("settings", "those of TrainingConfig")
    for name, (kind, meaning) in OPTIONS.items():
        shown = f"{meaning} [{TRAINING_DEFAULTS[name]}]" if name in TRAINING_DEFAULTS else meaning
        group.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=shown)
    group.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="any other setting, such as lr_scheduler_type=cosine; may be given several times",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    _check_method(arguments)
    check_folder("--out", arguments.out)
    task, model = task_of(arguments), model_of(arguments)
    splits = splits_of(arguments)
    check_template_columns(task, [name for part in splits.values() for name in part.column_names])
    from codeshift.finetune import Trainer

    arguments.interrupted = _left(arguments)
    config, adapter = _config(arguments), _adapter(arguments)
    trainer = Trainer(
        model,
        arguments.tokenizer or model,
        config,
        source=task.source,
        target=task.target,
        task=task.kind,
        chat=bool(arguments.chat),
        system=arguments.system,
        peft_config=adapter,
        revision=arguments.model_revision,
    )
    result = trainer.fit(splits, arguments.out, resume=not arguments.restart)
    report(arguments, _summary(result, config, arguments.out, task.kind), _json_result(result, arguments.out))
    return DONE


def _left(arguments: argparse.Namespace) -> str:
    """Return a message about what is left of an interrupted training."""
    if dict(arguments.set).get("save_strategy", "no") == "no":
        return "nothing is kept of this training; with --set save_strategy=epoch the same command can resume it"
    return "run the same command again to resume from the last checkpoint, if one was written"


def _check_method(arguments: argparse.Namespace) -> None:
    """Check the options of the method before libraries are loaded, which takes seconds."""
    if arguments.method not in METHODS:
        raise ParameterError("--method", "full or lora", arguments.method, closest(arguments.method, METHODS))
    if arguments.method == "full":
        for name, value in _lora(arguments).items():
            option = f"--{name.replace('_', '-')}"
            raise ParameterError(option, "left out for full fine-tuning", value, "give --method lora")


def _lora(arguments: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name in _LORA if (value := getattr(arguments, name)) is not None}


def _adapter(arguments: argparse.Namespace) -> Any:
    if arguments.method == "full":
        return None
    lora = _lora(arguments)
    from peft import LoraConfig

    r, modules = lora.get("lora_r", 8), lora.get("lora_target_modules")
    return LoraConfig(
        r=r,
        lora_alpha=lora.get("lora_alpha", 2 * r),
        lora_dropout=lora.get("lora_dropout", 0.0),
        target_modules="all-linear" if modules == ["all-linear"] else modules,
    )


def _config(arguments: argparse.Namespace) -> TrainingConfig:
    from codeshift.checks import name_hint, read_bool
    from codeshift.finetune import TrainingConfig
    from codeshift.finetune.training_config import RENAMED

    options = {name: getattr(arguments, name) for name in OPTIONS if getattr(arguments, name) is not None}
    defaults = {field.name: field.default for field in dataclasses.fields(TrainingConfig)}
    for name, text in arguments.set:
        if name not in defaults:
            raise ParameterError("--set", "a setting of TrainingConfig", name, name_hint(name, defaults, RENAMED))
        if name in options:
            raise ParameterError("--set", "a setting that is given once", name, "leave one of the two out")
        options[name] = read_bool(name, text) if isinstance(defaults[name], bool) else literal(text)
    return TrainingConfig(**options)


def _setting(text: str) -> tuple[str, str]:
    """Split a setting into its name and the text of its value.

    >>> _setting("warmup_steps=0.1"), _setting("lr_scheduler_type=cosine"), _setting("freeze=('shared.*',)")
    (('warmup_steps', '0.1'), ('lr_scheduler_type', 'cosine'), ('freeze', "('shared.*',)"))
    """
    pair = re.fullmatch(r"(\w+)=(.*)", text, flags=re.DOTALL)
    if not pair:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as warmup_steps=0.1")
    return pair[1], pair[2]


def _summary(result: TrainingResult, config: TrainingConfig, out: str, kind: str) -> str:
    lines = [f"{len(result.losses)} steps in {result.seconds:.1f} s: {result.parameters} trained."]
    unit = "row" if kind == CLASSIFICATION else "target token"
    lines.append(f"Loss, in nats per {unit}: {result.losses[0]:.4f} at first, {result.losses[-1]:.4f} at last.")
    if result.validation_losses:
        lines.append(f"Validation loss: {result.validation_losses[-1]:.4f} at last; lowest at step {result.best_step}.")
    few = max(1, len(result.losses) // 5)
    if fmean(result.losses[-few:]) > 0.98 * fmean(result.losses[:few]):
        lines.append(
            f"The loss hardly fell: try a higher --learning-rate (it was {config.learning_rate}), or more steps."
        )
    if result.stopped_early:
        lines.append("Stopped early: the validation loss no longer fell.")
    return "\n".join([*lines, f"The model is in {out}."])


def _json_result(result: TrainingResult, out: str) -> dict[str, Any]:
    return {
        "steps": len(result.losses),
        "seconds": result.seconds,
        "losses": result.losses,
        "validation_losses": result.validation_losses,
        "best_step": result.best_step,
        "stopped_early": result.stopped_early,
        "parameters": vars(result.parameters),
        "truncation": {part: vars(cut) for part, cut in result.truncation.items()},
        "model": out,
    }

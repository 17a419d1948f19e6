"""``codeshift evaluate``, which scores a model on the test parts of a split."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from codeshift.cli.arguments import Commands, add_against, add_command, add_data, corpora_of, data_of
from codeshift.cli.names import BY_TEACHER_FORCING, OF_CLASSES, OF_TEXTS
from codeshift.cli.output import DONE, report
from codeshift.cli.scores_table import scores_in_words
from codeshift.cli.tasks import TaskColumns, add_chat, add_model, add_task, model_of, task_of
from codeshift.defaults import BATCH_SIZE
from codeshift.requirements import check_folder
from codeshift.task_kinds import CLASSIFICATION, GENERATION, TASK_NAMES

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.finetune import Decoding, EvaluationResult, Evaluator
    from codeshift.finetune.tasks import Task
    from codeshift.marks import RowMarks
    from codeshift.metrics import Metric

_USUAL = {
    GENERATION: ("negative_log_likelihood", "token_accuracy", "exact_match"),
    CLASSIFICATION: ("accuracy", "f1[average=macro]", "log_loss"),
}

_METRICS = (*BY_TEACHER_FORCING, *OF_TEXTS)


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "evaluate",
        run,
        summary="score a model, fine-tuned or not, on the test parts of a split",
        description="Scores the text that a model writes, and the references by teacher forcing, or the classes that "
        "a classifier tells, with 95% bootstrap intervals over rows. With --out, the scores of every row are written "
        "too, and the same command resumes after an interruption.",
        example="codeshift evaluate my-split --model my-lora --source '{docstring}' --target code --language python "
        "\\\n    --metrics exact_match codebleu --out my-scores",
    )
    add_data(command, "the parts of a split, or rows")
    add_task(command)
    add_model(command, "to evaluate")
    add_chat(command, "[as the model was trained, if its folder records it, else no]")
    add = command.add_argument
    add(
        "--metrics",
        nargs="+",
        metavar="NAME",
        help=f"names of metrics: {', '.join(_METRICS)}; of a classification: {', '.join(OF_CLASSES)}; with options as "
        f"in bleu[smoothing=none] [{'; or '.join(' '.join(names) for names in _USUAL.values())}]",
    )
    add(
        "--language",
        metavar="NAME",
        help="language of the target, or column:NAME, for metrics that parse it [the task's]",
    )
    add("--parts", nargs="+", metavar="NAME", help="parts to evaluate [those whose names begin with test]")
    add("--out", metavar="FOLDER", help="folder for scores, outputs and a summary")
    add_against(command, "rows")
    add(
        "--column",
        metavar="NAME",
        help="column of the code that is looked for there [the target; of a classification the source]",
    )
    add("--features", action="store_true", help="keep the features of each row, for distances from training rows")
    add("--confidence", action="store_true", help="keep how sure the model is of each text that it writes")
    _add_generation(command)


def _add_generation(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("generation").add_argument
    add("--generate-rows", type=int, metavar="N", help="number of rows of each part to generate for [all]")
    add("--num-beams", type=int, default=1, metavar="N", help="number of beams; 1 is greedy [%(default)s]")
    add("--samples", type=int, default=1, metavar="N", help="samples of each row, for pass_at_k [%(default)s]")
    add("--temperature", type=float, metavar="T", help="draw tokens at this temperature [1 for several samples]")
    add(
        "--shots",
        type=int,
        default=0,
        metavar="N",
        help="rows of train shown before each source of a chat [%(default)s]",
    )
    add("--extract", choices=("code",), help="score the first fenced block of each output, or the whole")
    add("--max-new-tokens", type=int, metavar="N", help="longest output, in tokens [the longest reference of the part]")
    add("--from-model", action="store_true", help="decode by the model's own generation_config")
    trained = "[that of the model's training if its folder records it, else 512]"
    add("--max-source-length", type=int, metavar="N", help=f"longest source, in tokens {trained}")
    add("--max-target-length", type=int, metavar="N", help=f"longest target, in tokens {trained}")
    add("--batch-size", type=int, default=BATCH_SIZE, metavar="N", help="rows per batch [%(default)s]")
    add("--seed", type=int, default=0, metavar="N", help="seed of drawn rows and intervals [%(default)s]")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    check_folder("--out", arguments.out)
    model = model_of(arguments)
    task = task_of(arguments, language=arguments.language, trained=_trained(arguments, model))
    from codeshift.metrics import metric_by_name

    metrics = [metric_by_name(name, language=task.language) for name in arguments.metrics or _USUAL[task.kind]]
    if arguments.out:
        arguments.interrupted = "run the same command again to evaluate the remaining rows"
    evaluator = _evaluator(arguments, metrics, task)
    data = data_of(arguments)
    result = evaluator.evaluate(
        model,
        data,
        tokenizer=arguments.tokenizer,
        parts=arguments.parts,
        output_dir=arguments.out,
        revision=arguments.model_revision,
        marks=_marks_of(arguments, data, evaluator.task),
    )
    report(arguments, scores_in_words(result, arguments.out), _json_result(result))
    return DONE


def _evaluator(arguments: argparse.Namespace, metrics: Sequence[Metric], task: TaskColumns) -> Evaluator:
    from codeshift.finetune import Evaluator

    return Evaluator(
        metrics,
        source=task.source,
        target=task.target,
        task=task.kind,
        chat=arguments.chat,
        system=arguments.system,
        shots=arguments.shots,
        extract=arguments.extract,
        batch_size=arguments.batch_size,
        max_source_length=arguments.max_source_length,
        max_target_length=arguments.max_target_length,
        decoding=_decoding_of(arguments),
        generate_rows=arguments.generate_rows,
        features=arguments.features,
        confidence=arguments.confidence,
        seed=arguments.seed,
    )


def _marks_of(arguments: argparse.Namespace, data: Dataset | DatasetDict, task: Task) -> dict[str, RowMarks] | None:
    """Return the marks of the rows that corpora hold, by each text of the task; None if no corpora are named."""
    corpora = corpora_of(arguments)
    if corpora is None:
        return None
    from codeshift.audit import overlap
    from codeshift.finetune.dataset_parts import evaluation_parts
    from codeshift.properties.dataset_columns import columns_of_text
    from codeshift.properties.near_duplicates import NearDuplicates

    parts = evaluation_parts(data, arguments.parts)
    texts = columns_of_text(parts, task.text_columns)
    column = arguments.column or (texts[-1] if texts else task.columns[-1])
    near_duplicates = NearDuplicates(columns=texts or None)
    return dict(overlap(parts, corpora, column=column, near_duplicates=near_duplicates, worst=0).marks)


def _decoding_of(arguments: argparse.Namespace) -> Decoding:
    from codeshift.finetune import Decoding

    return Decoding(
        n=arguments.samples,
        do_sample=arguments.samples > 1 or arguments.temperature is not None,
        temperature=1.0 if arguments.temperature is None else arguments.temperature,
        num_beams=arguments.num_beams,
        max_new_tokens=arguments.max_new_tokens,
        from_model=arguments.from_model,
    )


def _trained(arguments: argparse.Namespace, model: str) -> Task | None:
    """Return what the model was trained to do, as far as the arguments leave something open."""
    if arguments.task is not None and (arguments.task not in TASK_NAMES or (arguments.source and arguments.target)):
        return None
    from codeshift.finetune.trained import trained_with

    return trained_with(model).task


def _json_result(result: EvaluationResult) -> dict[str, Any]:
    plain = {"scores": result.aggregates(), "metadata": result.metadata}
    more = {"seen": result.seen_aggregates(), "transformed": result.transformed()}
    return plain | {name: rows for name, rows in more.items() if rows}

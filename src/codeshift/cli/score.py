"""``codeshift score``, which scores outputs that were made elsewhere."""

from __future__ import annotations

import argparse

from codeshift.cli.arguments import Commands, add_command, add_data, data_of
from codeshift.cli.names import OF_TEXTS
from codeshift.cli.output import DONE, report
from codeshift.cli.scores_table import scores_in_words
from codeshift.cli.tasks import add_task, task_of
from codeshift.errors import ParameterError
from codeshift.requirements import check_extra, check_folder
from codeshift.task_kinds import GENERATION


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "score",
        run,
        summary="score outputs that were made elsewhere",
        description="Matches each prediction with its row, by the identity that codeshift export wrote or by a column "
        "of the data, and scores it as codeshift evaluate would. A row without a prediction or with several, and a "
        "prediction without a row, are errors.",
        example="codeshift score my-split predictions.jsonl --source '{docstring}' --target code "
        "\\\n    --metrics exact_match codebleu --language python --out my-scores",
    )
    add_data(command, "the parts of a split, or rows")
    add = command.add_argument
    add(
        "predictions",
        metavar="PREDICTIONS",
        help="the outputs: JSONL, CSV or Parquet with an id and a prediction, or the answers of a batch",
    )
    add_task(command)
    names = ", ".join(OF_TEXTS)
    add("--metrics", nargs="+", default=["exact_match"], metavar="NAME", help=f"of {names} [exact_match]")
    add(
        "--language",
        metavar="NAME",
        help="language of the target, or column:NAME, for metrics that parse it [the task's]",
    )
    add("--parts", nargs="+", metavar="NAME", help="parts that were predicted [those whose names begin with test]")
    add("--id", metavar="COLUMN", help="column of data and predictions that identifies a row [the export's identity]")
    add("--prediction", default="prediction", metavar="COLUMN", help="column of the output [%(default)s]")
    add("--extract", choices=("code",), help="score the first fenced block of each output, or the whole")
    add("--model", metavar="NAME", help="name of the model, for the record")
    add("--seed", type=int, default=0, metavar="N", help="seed of the intervals [%(default)s]")
    add("--out", metavar="FOLDER", help="folder for scores, outputs and a summary")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    check_folder("--out", arguments.out)
    check_extra("finetune")
    task = task_of(arguments, language=arguments.language)
    if task.kind != GENERATION:
        remedy = "labels that a classifier predicts have no probabilities to score: use codeshift evaluate"
        raise ParameterError("--task", "one whose target is a text to write", arguments.task, remedy)
    from codeshift.metrics import metric_by_name

    metrics = [metric_by_name(name, language=task.language) for name in arguments.metrics]
    splits = data_of(arguments)
    from codeshift.predictions import score_predictions

    result = score_predictions(
        splits, arguments.predictions, metrics, source=task.source, target=task.target, parts=arguments.parts,
        id_column=arguments.id, prediction_column=arguments.prediction, extract=arguments.extract,
        model=arguments.model, seed=arguments.seed, output_dir=arguments.out,
    )  # fmt: skip
    report(
        arguments, scores_in_words(result, arguments.out), {"scores": result.aggregates(), "metadata": result.metadata}
    )
    return DONE

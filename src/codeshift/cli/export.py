"""``codeshift export``, which writes the parts of a split for training and generation elsewhere."""

from __future__ import annotations

import argparse
from typing import Any

from codeshift.cli.arguments import Commands, add_command, add_data, data_of
from codeshift.cli.output import DONE, report
from codeshift.cli.tasks import add_task, task_of
from codeshift.defaults import ENDPOINTS, EXPORT_FORMATS
from codeshift.errors import ParameterError
from codeshift.files import json_value
from codeshift.requirements import check_extra


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "export",
        run,
        summary="write parts for training and generation elsewhere",
        description="Writes a JSONL file for each part, each row with its identity, by which codeshift score finds the "
        "row again. messages and prompt-completion are what TRL's SFTTrainer takes; requests are those of a batch of "
        "an OpenAI-like server or of vLLM.",
        example="codeshift export my-split --source '{docstring}' --target code --format requests --model my-model "
        "\\\n    --out my-requests",
    )
    add_data(command, "the parts of a split, or rows")
    add_task(command)
    add = command.add_argument
    add("--format", required=True, choices=EXPORT_FORMATS, help="format of the files: %(choices)s", metavar="NAME")
    add("--out", required=True, metavar="FOLDER", help="folder of the files")
    add("--parts", nargs="+", metavar="NAME", help="parts to write [all; for requests those that begin with test]")
    add("--system", metavar="TEXT", help="text of a system turn, for conversations")
    add("--shots", type=int, default=0, metavar="K", help="examples from train before each source [%(default)s]")
    add("--seed", type=int, default=0, metavar="N", help="seed of the draw of the examples [%(default)s]")
    add("--endpoint", choices=ENDPOINTS, default="chat", metavar="NAME", help="endpoint of requests [%(default)s]")
    add("--model", metavar="NAME", help="model in the requests")
    add("--body", metavar="JSON", help="other values of each request, such as '{\"max_tokens\": 256}'")
    add("--overwrite", action="store_true", help="replace parts that are already in the folder")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    check_extra("finetune")
    task = task_of(arguments)
    body = _body(arguments)
    splits = data_of(arguments)
    from codeshift.predictions import export_parts

    files = export_parts(
        splits, arguments.out, format=arguments.format, source=task.source, target=task.target, parts=arguments.parts,
        system=arguments.system, shots=arguments.shots, seed=arguments.seed, endpoint=arguments.endpoint, body=body,
        overwrite=arguments.overwrite,
    )  # fmt: skip
    report(arguments, "\n".join(map(str, files.values())), {"files": {part: str(path) for part, path in files.items()}})
    return DONE


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    try:
        body = json_value(arguments.body or "{}")
    except ValueError as error:
        raise ParameterError("--body", "a JSON object", arguments.body, str(error)) from error
    if not isinstance(body, dict):
        raise ParameterError("--body", "a JSON object", arguments.body, "such as '{\"max_tokens\": 256}'")
    return body | ({"model": arguments.model} if arguments.model else {})

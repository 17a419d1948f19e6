"""``codeshift split``, which builds a split of a dataset, or rebuilds one from its manifest."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.cli.arguments import (
    Commands,
    add_command,
    add_data,
    add_processes,
    as_parts,
    data_of,
    near_duplicates,
    size,
)
from codeshift.cli.names import SPLIT_OPTIONS, SPLITTERS, TRANSFORM_NAMES
from codeshift.cli.output import DONE, report
from codeshift.cli.split_files import add_cluster, check_of_files, is_of_files, run_on_files, split_facts
from codeshift.cli.unparsed import warn_unparsed
from codeshift.errors import ParameterError
from codeshift.parts import MANIFEST, TRANSFORMED
from codeshift.requirements import check_folder

if TYPE_CHECKING:
    from datasets import DatasetDict

    from codeshift.splitters import SplitAssignment, SplitManifest, Splitter

_KINDS: dict[str, dict[str, Any]] = {
    "integer": {"type": int, "metavar": "N"},
    "share": {"type": float, "metavar": "SHARE"},
    "size": {"type": size, "metavar": "SIZE"},
    "column": {"metavar": "COLUMN"},
    "flag": {"action": "store_true"},
    "near_duplicates": {"type": near_duplicates, "metavar": "HOW"},
}
"""How an option of each kind is read."""
_ON_THE_COMMAND_LINE = {
    "near_duplicates": ": bind (keep on one side), drop (keep one of each) or none (do not look for them); "
    "bind:doc,code looks in the columns doc and code",
}
"""What help says of an option besides, where the command line has words of its own."""

_SCENARIOS = (
    "one splitter by name: length_p90_p100 (any two percentiles), syntax_while_statement (any node type), api_os.path "
    "(any API), semantics_cluster_0"
)
_EXPRESSION = f"splitters with &, |, ~ and -, as in Python; there are {', '.join(SPLITTERS)}"


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "split",
        run,
        summary="build an out-of-distribution split of a dataset, or rebuild one from its manifest",
        description="Writes a file for each part (train, validation, test_id, test_ood) and the manifest of the split, "
        "from which anyone with the same rows can rebuild it. Rows with equal code and near-duplicates stay on one "
        "side of train and test. Data with official train and test parts keeps them: the region is masked from train, "
        "and test is divided. With --workers or --scheduler, many Parquet files are split into folders of such files.",
        example="codeshift split rows.jsonl --rename func=code --language python --out my-split \\\n"
        "    --splitter 'LengthSplitter(quantiles=(0.9, 1.0)) | ASTNodeSplitter(nodes=(\"while_statement\",))'",
    )
    add_data(command, "the rows to split")
    command.add_argument("--part", metavar="NAME", help="part of the data to split, or several joined by +")
    kinds = command.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--splitter", metavar="EXPRESSION", help=_EXPRESSION)
    kinds.add_argument("--scenario", metavar="NAME", help=_SCENARIOS)
    kinds.add_argument("--manifest", metavar="FILE", help="manifest of a split to rebuild")
    command.add_argument(
        "--verify-region",
        action="store_true",
        help="with --manifest, check that its region holds as many rows as before",
    )
    command.add_argument(
        "--transform",
        nargs="+",
        metavar="NAME",
        help=f"also write test_transformed, row by row the transform of test_id: {', '.join(TRANSFORM_NAMES)}; "
        "several are made one after the other; with settings as in RenameIdentifiers[parameters=True]",
    )
    command.add_argument("--out", required=True, metavar="FOLDER", help="folder for the parts and the manifest")
    command.add_argument(
        "--format", default="parquet", metavar="NAME", help="format of the parts, parquet or jsonl [%(default)s]"
    )
    command.add_argument("--overwrite", action="store_true", help="replace a split that is already in the folder")
    add_processes(command)
    add_cluster(command)
    _add_split_options(command)


def _add_split_options(command: argparse.ArgumentParser) -> None:
    words = "sizes are shares (0.1; 1.0 for all) or numbers of rows (500)"
    add = command.add_argument_group("assignment of rows", words).add_argument
    add("--column", metavar="NAME", help="column for splitters that name none [code]")
    add(
        "--language",
        metavar="NAME",
        help="language for splitters that need one and name none; column:NAME for a column that names each row's",
    )
    for name, (kind, default, description) in SPLIT_OPTIONS.items():
        text = description + _ON_THE_COMMAND_LINE.get(name, "") + (f" [{default}]" if default else "")
        add(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, help=text, **_KINDS[kind])


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    options = {name: value for name, value in vars(arguments).items() if name in SPLIT_OPTIONS}
    if is_of_files(arguments):
        check_of_files(arguments)
        return run_on_files(arguments, _splitter(arguments), options)
    check_folder("--out", arguments.out)
    from codeshift.data.saving import check_saving, write_parts
    from codeshift.properties.row_languages import language_column

    check_saving(arguments.out, format=arguments.format, overwrite=arguments.overwrite)
    assignment = _rebuilt(arguments, options) if arguments.manifest else _assigned(arguments, options)
    splits, manifest = _with_transform(arguments, assignment)
    by_row = assignment.manifest.language
    languages = {by_row} if by_row and language_column(by_row) else set(assignment.manifest.grammars)
    for language in sorted(languages - {arguments.language}):
        warn_unparsed(splits, assignment.manifest.columns, language)
    files = write_parts(
        splits,
        arguments.out,
        format=arguments.format,
        overwrite=arguments.overwrite,
        beside={MANIFEST: partial(manifest.save, rows_beside=False)},
    )
    path = Path(arguments.out) / MANIFEST
    words = f"{manifest.summary()}\n\nParts and {MANIFEST} are in {arguments.out}."
    parts = {part: {"rows": len(splits[part]), "file": str(file)} for part, file in files.items()}
    report(arguments, words, split_facts(assignment.manifest, parts, str(path)))
    return DONE


def _rebuilt(arguments: argparse.Namespace, options: Mapping[str, Any]) -> SplitAssignment:
    """Return the assignment of the rows that a manifest records."""
    from codeshift.splitters import SplitAssignment, SplitManifest

    _refuse_settings(arguments, options)
    recorded = SplitManifest.load(arguments.manifest)
    data = data_of(arguments, split=arguments.part)
    return SplitAssignment.from_manifest(recorded, data, verify_region=arguments.verify_region)


def _assigned(arguments: argparse.Namespace, options: Mapping[str, Any]) -> SplitAssignment:
    """Return a new assignment of the rows by a splitter."""
    if arguments.verify_region:
        raise ParameterError("--verify-region", "given with --manifest", True, "a new split fits its region itself")
    splitter = _splitter(arguments)
    data = data_of(arguments, split=arguments.part)
    if arguments.language:  # before an error that a region holds no rows
        warn_unparsed(as_parts(data), splitter.columns, arguments.language)
    return splitter.assign(data, num_proc=arguments.num_proc, **options)


def _with_transform(arguments: argparse.Namespace, assignment: SplitAssignment) -> tuple[DatasetDict, SplitManifest]:
    """Return the parts, with ``test_transformed`` if it is asked for or the manifest has it, and the manifest."""
    if arguments.transform is None and TRANSFORMED not in assignment.manifest.transformed:
        return assignment.to_dataset_dict(), assignment.manifest
    from codeshift.transforms import paired_shift, transform_by_name

    transform = None
    if arguments.transform is not None:
        language = arguments.language or assignment.manifest.language
        column = arguments.column or assignment.manifest.columns[0]
        transform = transform_by_name(arguments.transform, column=column, language=language)
    shift = paired_shift(assignment, transform)
    return shift.parts, shift.manifest or assignment.manifest


def _splitter(arguments: argparse.Namespace) -> Splitter:
    from codeshift.splitters import parse_splitter, scenarios_by_name

    column = arguments.column or "code"
    if arguments.splitter:
        return parse_splitter(arguments.splitter, column=column, language=arguments.language)
    scenarios = scenarios_by_name(arguments.scenario, column=column, language=arguments.language)
    if len(scenarios) > 1:
        names = ", ".join(scenario.name for scenario in scenarios)
        raise ParameterError("scenario", "one scenario", arguments.scenario, f"choose one of {names}")
    return scenarios[0].splitter


def _refuse_settings(arguments: argparse.Namespace, options: Mapping[str, Any]) -> None:
    named = {name: getattr(arguments, name) for name in ("column", "language")}
    for name, value in {**options, **{name: value for name, value in named.items() if value is not None}}.items():
        option = f"--{name.replace('_', '-')}"
        raise ParameterError(option, "left out with --manifest", value, "the manifest has it")

"""``codeshift split``: builds a split of a dataset, or builds one again from its manifest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.cli.arguments import Commands, add_command, add_data, data_of, or_none, parts_of, size
from codeshift.cli.output import DONE, report
from codeshift.cli.unparsed import warn_unparsed
from codeshift.errors import ParameterError, check_folder

if TYPE_CHECKING:
    from codeshift.splitters import SplitAssignment, Splitter

MANIFEST = "manifest.json"
"""The manifest's name in the folder of parts."""

DEALING: dict[str, dict[str, Any]] = {
    "seed": {"type": int, "metavar": "N", "help": "any integer [0]"},
    "ood_kept": {"type": float, "metavar": "SHARE", "help": "of the region's pool, what stays in train [0]"},
    "test_ood_size": {"type": size, "metavar": "SIZE", "help": "of the region's rows, how many are test_ood [0.5]"},
    "validation_size": {"type": size, "metavar": "SIZE", "help": "of all rows, how many are validation [0.1]"},
    "test_id_size": {
        "type": size,
        "metavar": "SIZE",
        "help": "of all rows, how many are test_id; match: as many as test_ood has [match]",
    },
    "train_size": {"type": size, "metavar": "SIZE", "help": "of all rows, exactly how many are train [what is left]"},
    "groups": {"metavar": "COLUMN", "help": "rows that share its value stay together"},
    "stratify_by_column": {"metavar": "COLUMN", "help": "every drawn part holds its share of each value"},
    "near_duplicates": {
        "type": or_none,
        "metavar": "HOW",
        "help": "bind (keep on one side), drop (deal one of each) or none (do not look for them) [bind]",
    },
    "validation_ood_size": {
        "type": size,
        "metavar": "SIZE",
        "help": "of the region's rows, how many are validation_ood [0]",
    },
    "train_control": {"action": "store_true", "help": "also draw as many rows with nothing masked"},
    "tolerance": {"type": float, "metavar": "SHARE", "help": "how far a part may miss its size"},
    "min_test_rows": {"type": int, "metavar": "N", "help": "warn where a test part has fewer distinct rows [30]"},
}
"""The fields of ``SplitConfig`` as options; help lists them without loading what they mean."""

SPLITTERS = (
    "LengthSplitter", "ComplexitySplitter", "ASTNodeSplitter", "APIUsageSplitter", "TokenRaritySplitter",
    "CompoundDivergenceSplitter", "ClusterSplitter", "GroupSplitter", "TimeSplitter", "RandomSplitter",
)  # fmt: skip
"""All that an expression may name; help lists them without loading them."""

_SCENARIOS = (
    "one splitter by name: length_p90_p100 (any two percentiles), syntax_while_statement (any node type), api_os.path "
    "(any API), semantics_cluster_0"
)
_EXPRESSION = f"splitters with &, |, ~ and -, as in Python; there are {', '.join(SPLITTERS)}"


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "split",
        run,
        summary="build an out-of-distribution split of a dataset, or build one again from its manifest",
        description="Writes a file for each part (train, validation, test_id, test_ood) and the split's manifest, from "
        "which anybody with the same rows builds the split again. Rows with equal code and near-duplicates stay on one "
        "side of train and test. Data with official train and test parts keeps them: the region is masked from train, "
        "and test is divided.",
        example="codeshift split rows.jsonl --rename func=code --language python --out my-split \\\n"
        "    --splitter 'LengthSplitter(quantiles=(0.9, 1.0)) | ASTNodeSplitter(nodes=(\"while_statement\",))'",
    )
    add_data(command, "the rows to split")
    command.add_argument("--part", metavar="NAME", help="a part of the data to split, or several joined by +")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--splitter", metavar="EXPRESSION", help=_EXPRESSION)
    what.add_argument("--scenario", metavar="NAME", help=_SCENARIOS)
    what.add_argument("--manifest", metavar="FILE", help="build this manifest's split again")
    command.add_argument("--out", required=True, metavar="FOLDER", help="where the parts and the manifest go")
    command.add_argument("--format", default="parquet", metavar="NAME", help="parquet or jsonl [%(default)s]")
    command.add_argument("--overwrite", action="store_true", help="replace a split that lies there already")
    _add_dealing(command)


def _add_dealing(command: argparse.ArgumentParser) -> None:
    words = "sizes are shares (0.1; 1.0 for all) or numbers of rows (500)"
    add = command.add_argument_group("how rows are dealt", words).add_argument
    add("--column", metavar="NAME", help="of splitters that name none [code]")
    add("--language", metavar="NAME", help="of splitters that need one and name none; see codeshift languages")
    for name, option in DEALING.items():
        add(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, **option)


def run(arguments: argparse.Namespace) -> int:
    """Run it."""
    check_folder("--out", arguments.out)
    from codeshift.data import save_splits
    from codeshift.data.saving import check_saving
    from codeshift.splitters import SplitManifest

    check_saving(arguments.out, format=arguments.format, overwrite=arguments.overwrite)
    given = {name: value for name, value in vars(arguments).items() if name in DEALING}
    if arguments.manifest:
        _refuse_settings(arguments, given)
        manifest = SplitManifest.load(arguments.manifest)
        data = data_of(arguments, split=arguments.part)
        assignment = manifest.assign(data)
    else:
        splitter = _splitter(arguments)
        data = data_of(arguments, split=arguments.part)
        if arguments.language:  # before a region is found to hold no rows
            warn_unparsed(parts_of(data), splitter.columns, arguments.language)
        assignment = splitter.assign(data, **given)
    splits = assignment.to_dataset_dict()
    for language in sorted(set(assignment.manifest.grammars) - {arguments.language}):
        warn_unparsed(splits, assignment.manifest.columns, language)
    files = save_splits(splits, arguments.out, format=arguments.format, overwrite=arguments.overwrite)
    path = Path(arguments.out) / MANIFEST
    assignment.manifest.save(path)
    words = f"{assignment.summary()}\n\nParts and {MANIFEST} are in {arguments.out}."
    report(arguments, words, _told(assignment, files, path))
    return DONE


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


def _refuse_settings(arguments: argparse.Namespace, given: dict[str, Any]) -> None:
    named = {name: getattr(arguments, name) for name in ("column", "language")}
    for name, value in (given | {name: value for name, value in named.items() if value is not None}).items():
        option = f"--{name.replace('_', '-')}"
        raise ParameterError(option, "left out with --manifest", value, "the manifest has it")


def _told(assignment: SplitAssignment, files: dict[str, Path], manifest: Path) -> dict[str, Any]:
    return {
        "splitter": assignment.manifest.splitter,
        "seed": assignment.manifest.request["seed"],
        "region_rows": assignment.manifest.region_rows,
        "parts": {part: {"rows": assignment.sizes[part], "file": str(path)} for part, path in files.items()},
        "excluded": assignment.excluded,
        "manifest": str(manifest),
    }

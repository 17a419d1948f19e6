"""``codeshift study``, with its commands plan, run, status and report."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.cli.arguments import Commands, add_against, add_command, add_processes, corpora_of
from codeshift.cli.output import (
    DONE,
    NO,
    on_terminal,
    quiet_models_unless_watched,
    quiet_unless_watched,
    report,
    tell_run,
)
from codeshift.errors import ParameterError
from codeshift.requirements import check_folder
from codeshift.wording import closest

if TYPE_CHECKING:
    from codeshift.audit import Corpus
    from codeshift.study import Study, StudyResults

_FILE = "the study as YAML"
_POWER = {
    "seed_spread": "standard deviation of a model's value over training seeds; .02 is two points of a share",
    "row_spread": "standard deviation of the score over rows [measured on the model without fine-tuning]",
    "correlation": "correlation over rows of the scores of two models [0.5]",
    "seed_correlation": "correlation over rows of two training seeds of one model [halfway to 1]",
    "difference": "difference to show, for the number of seeds that it takes",
    "power": "probability to show a difference that exists [0.8]",
    "confidence": "confidence of the intervals [0.95]",
}


def add_to(commands: Commands) -> None:
    """Add the commands to ``commands``."""
    study = commands.add_parser(
        "study",
        help="run scenarios x regimes x methods x seeds, resumably, and report on them",
        description="Plans, runs and reports on the study that a YAML file describes. See codeshift study run --help.",
        allow_abbrev=False,
    )
    actions = study.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_plan(actions)
    _add_run(actions)
    _add_status(actions)
    _add_report(actions)


def _add_plan(actions: Commands) -> None:
    command = add_command(
        actions,
        "plan",
        run_plan,
        summary="list every training and evaluation with its estimated cost, before anything runs",
        description="Loads the data, splits it, and counts the runs of a study.",
        example="codeshift study plan study.yaml --probe-steps 5",
    )
    command.add_argument("file", metavar="FILE", help=_FILE)
    command.add_argument(
        "--tokens-per-second",
        action="append",
        default=[],
        type=_speed,
        metavar="[NAME=]N",
        help="speed of training, in target tokens; by name of a method, or of a model if there are several, it may be "
        "given several times",
    )
    command.add_argument(
        "--probe-steps", type=int, default=0, metavar="N", help="number of steps to train for, to measure the speed [0]"
    )
    _add_power(command)


def _add_power(command: argparse.ArgumentParser) -> None:
    power = command.add_argument_group(
        "power", "The smallest difference that the study can show. These come before the study's own settings of power."
    )
    for name, meaning in _POWER.items():
        power.add_argument(f"--{name.replace('_', '-')}", type=float, metavar="X", help=meaning)
    power.add_argument("--pilot", metavar="FOLDER", help="folder of a study that was run, for these spreads")


def _add_run(actions: Commands) -> None:
    command = add_command(
        actions,
        "run",
        run_run,
        summary="run what is left of a study",
        description="Runs a study in a folder. The same command resumes it after an interruption; a finished run is "
        "never repeated. A failed run is recorded with its error, and the others continue; the exit code is then 1.",
        example="codeshift study run study.yaml --out runs/first --workers 2",
    )
    add = command.add_argument
    add("file", metavar="FILE", help=_FILE)
    add("--out", required=True, metavar="FOLDER", help="folder of the study, for results, splits and weights")
    add("--workers", type=int, default=1, metavar="N", help="number of processes [%(default)s]")
    command.set_defaults(interrupted="run the same command again to resume")
    add("--threads", type=int, metavar="N", help="threads of each process [an equal share of the cores]")
    add_processes(command)
    add("--extend", action="store_true", help="allow more scenarios, methods, shares or seeds")
    add("--retry", action="store_true", help="repeat the runs that failed")
    add_against(command, "the test rows")


def _add_status(actions: Commands) -> None:
    command = add_command(
        actions,
        "status",
        run_status,
        summary="list which runs are done, failed (and why) or left, also while a study runs",
        description="Reads the folder of a study; neither data nor model is needed. The exit code is 1 if runs failed.",
        example="codeshift study status runs/first --table results.parquet",
    )
    command.add_argument("folder", metavar="FOLDER", help="folder of the study")
    command.add_argument(
        "--table", metavar="FILE", help="file for the results, a row per run, part and metric, as .parquet or .csv"
    )


def _add_report(actions: Commands) -> None:
    command = add_command(
        actions,
        "report",
        run_report,
        summary="write a report of the results as a page, Markdown or LaTeX tables, and figures",
        description="Reads the folder of a study, finished or not.",
        example="codeshift study report runs/first --out report.html --figures figures",
    )
    command.add_argument("folder", metavar="FOLDER", help="folder of the study")
    command.add_argument(
        "--out", metavar="FILE", help="file for the report, .html, .md or .tex [report.html in the study's folder]"
    )
    command.add_argument("--metric", metavar="NAME", help="metric of the summary [the study's first]")
    command.add_argument("--figures", metavar="FOLDER", help="folder for figures for papers, as SVG and PDF")


def run_plan(arguments: argparse.Namespace) -> int:
    """Run ``plan``."""
    study = _study(arguments)
    plan = study.plan(
        tokens_per_second=_throughput(arguments.tokens_per_second),
        probe_steps=arguments.probe_steps,
        power=_power(arguments, study),
    )
    plain = {
        "trainings": len(plan.trainings),
        "variants": len(plan.variants),
        "seconds": plan.seconds,
        "runs": plan.to_rows(),
        "tests": [vars(test) for test in plan.tests],
        "power": None if plan.power is None else plan.power.to_rows(),
    }
    words = [str(plan)]
    if plan.power is None:
        words.append("What it can show is not known: give --seed-spread X, or --pilot FOLDER.")
    if not arguments.tokens_per_second and not arguments.probe_steps:
        words.append("Seconds are not known: measure them with --probe-steps 5, or give --tokens-per-second N.")
    report(arguments, "\n".join(words), plain)
    return DONE


def _speed(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not [NAME=]N, such as 2000 or lora=3000") from None


def _throughput(speeds: list[tuple[str, float]]) -> float | dict[str, float] | None:
    """Return the speed for all, or those of names; None if none is given."""
    by_name = dict(speeds)
    if len(by_name) < len(speeds) or ("" in by_name and len(speeds) > 1):
        remedy = "give one number for all, or each name once"
        raise ParameterError("--tokens-per-second", "one number, or one of each name", [*by_name], remedy)
    return by_name.get("", by_name or None)


def _power(arguments: argparse.Namespace, study: Study) -> dict[str, Any] | None:
    """Return the settings of power of the command line beside those of the file; None if there are none at all."""
    options = {name: getattr(arguments, name) for name in (*_POWER, "pilot") if getattr(arguments, name) is not None}
    own = {} if study.power is None else dict(vars(study.power))
    return own | options or None


def run_run(arguments: argparse.Namespace) -> int:
    """Run ``run``."""
    study = _study(arguments, against=corpora_of(arguments))
    results = study.run(
        arguments.out,
        workers=arguments.workers,
        num_proc=arguments.num_proc,
        threads=arguments.threads,
        progress=True if on_terminal() else tell_run,
        retry=arguments.retry,
        extend=arguments.extend,
    )
    return _print_results(arguments, results, arguments.out)


def run_status(arguments: argparse.Namespace) -> int:
    """Run ``status``."""
    from codeshift.study import load_results

    results = load_results(arguments.folder)
    if arguments.table:
        _write_table(results, Path(arguments.table))
    return _print_results(arguments, results, arguments.folder)


def run_report(arguments: argparse.Namespace) -> int:
    """Run ``report``."""
    from codeshift.files import write_text
    from codeshift.study import load_results
    from codeshift.study.report import report_of

    out = Path(arguments.out or Path(arguments.folder) / "report.html")
    suffix = out.suffix.lower()
    if suffix not in (".html", ".md", ".tex"):
        remedy = closest(suffix, (".html", ".md", ".tex"))
        raise ParameterError("--out", "a file that ends in .html, .md or .tex", str(out), remedy)
    check_folder("--out", out.parent)
    check_folder("--figures", arguments.figures)
    results = load_results(arguments.folder)
    page = report_of(results, metric=arguments.metric)
    out.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".html":
        page.save(out)
    else:
        write_text(out, page.to_markdown() if suffix == ".md" else page.to_latex())
    figures = [str(path) for path in page.save_figures(arguments.figures)] if arguments.figures else []
    words = [f"{results}", f"The report is in {out}."]
    words += [f"{len(figures)} figures are in {arguments.figures}."] if figures else []
    report(arguments, "\n".join(words), {"report": str(out), "figures": figures, "counts": results.counts})
    return DONE


def _study(arguments: argparse.Namespace, against: Mapping[str, str | Corpus] | None = None) -> Study:
    """Load the study, with further corpora to look for the test rows in."""
    quiet_unless_watched()
    quiet_models_unless_watched()
    from codeshift.study.study_file import load_study

    study = load_study(arguments.file)
    return study if not against else replace(study, against={**(study.against or {}), **against})


def _print_results(arguments: argparse.Namespace, results: StudyResults, folder: str) -> int:
    failed = [record for record in results.records if record.status == "failed"]
    lines = [str(results), *(f"- {record.key}: {record.error}" for record in failed)]
    lines += [f"- {corpus} could not be searched: {error}" for corpus, error in results.unmarked.items()]
    if results.counts["done"]:
        lines.append(f"Look at it: codeshift study report {folder}")
    if (failed or results.unmarked) and hasattr(arguments, "file"):
        lines.append(f"Once more: codeshift study run {arguments.file} --out {folder} --retry")
    runs = [{"name": record.key.name, **record.to_dict()} for record in results.records]
    plain: dict[str, Any] = {"folder": str(folder), "counts": results.counts, "runs": runs}
    plain |= {"not_searched": dict(results.unmarked)} if results.unmarked else {}
    report(arguments, "\n".join(lines), plain)
    return NO if failed or results.unmarked else DONE


def _write_table(results: StudyResults, path: Path) -> None:
    if path.suffix.lower() == ".parquet":
        results.save_table(path)
        return
    if path.suffix.lower() != ".csv":
        raise ParameterError("--table", "a file that ends in .parquet or .csv", str(path), "choose one of the two")
    import pyarrow.csv

    from codeshift.files import replaced

    with replaced(path) as temporary:
        pyarrow.csv.write_csv(results.table(), temporary)

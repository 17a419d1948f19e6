"""``codeshift audit``, which measures whether a split leaks, how strong its shift is, and what else moved."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from codeshift.cli.arguments import (
    Commands,
    add_against,
    add_command,
    add_data,
    add_processes,
    columns_of,
    corpora_of,
    splits_of,
)
from codeshift.cli.output import DONE, NO, check_report_file, report, write_report
from codeshift.cli.unparsed import warn_unparsed
from codeshift.defaults import N_PERMUTATIONS, SAMPLED_ROWS
from codeshift.parts import MANIFEST

if TYPE_CHECKING:
    from codeshift.audit import AuditReport
    from codeshift.splitters import SplitManifest


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "audit",
        run,
        summary="measure whether a split leaks, how strong its shift is, and what else moved",
        description="Measures leakage, the strength of the shift and the confounds of a split, whether codeshift made "
        "it or not. A manifest.json in the folder says what the split was meant to move. The exit code is 0 if the "
        "split is sound, 1 if it leaks, has no shift to speak of, or has too few rows or permutations for a verdict.",
        example="codeshift audit my-split --language python --out audit.html",
    )
    add_data(command, "the parts of a split")
    _add_columns(command)
    _add_parts(command)
    _add_settings(command)
    _add_tests(command)
    add_against(command, "the held-out rows")
    add_processes(command)
    command.add_argument("--out", metavar="FILE", help="file for the full report, .html, .md or .json")


def _add_columns(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--column", metavar="NAME", help="column of the code [the manifest's, or code]")
    add(
        "--language",
        metavar="NAME",
        help="language of the code, or column:NAME, to compare syntax and APIs too [the manifest's]",
    )
    add("--manifest", metavar="FILE", help=f"manifest of the split [{MANIFEST} in the folder, if any]")
    add("--groups", metavar="COLUMN", help="column whose values must not be on both sides [the manifest's]")
    add(
        "--columns",
        type=columns_of,
        metavar="NAMES",
        help="columns to look for leakage in one by one and together, as in doc,code [those that the split bound]",
    )
    add("--label", metavar="COLUMN", help="column of a classification task's labels, whose mix is compared")


def _add_parts(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--train", default="train", metavar="PART", help="part to train on [%(default)s]")
    add("--test", metavar="PART", help="part whose shift is measured [test_ood, or test]")
    add("--reference", metavar="PART", help="in-distribution test part [test_id, if any]")


def _add_settings(command: argparse.ArgumentParser) -> None:
    """Add what rows are measured by."""
    add = command.add_argument
    add("--tokenizer", metavar="NAME", help="hub name or folder of a tokenizer, to count rows longer than its context")
    add("--tokenizer-revision", metavar="NAME", help="branch, tag or commit of that tokenizer of the hub [the newest]")
    add("--max-length", type=int, metavar="N", help="length of that context, in tokens [the tokenizer's]")


def _add_tests(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--seed", type=int, default=0, metavar="N", help="seed of samples, folds and permutations [%(default)s]")
    add(
        "--permutations",
        type=int,
        default=N_PERMUTATIONS,
        metavar="N",
        help="number per p-value, 39 for a verdict [%(default)s]",
    )
    add(
        "--sample",
        type=int,
        default=SAMPLED_ROWS,
        metavar="N",
        help="rows per part in the two-sample tests [%(default)s]",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from codeshift.audit import audit

    check_report_file(arguments.out)
    from codeshift.properties.near_duplicates import NearDuplicates

    splits, manifest = splits_of(arguments), _manifest(arguments)
    findings = audit(
        splits,
        column=arguments.column,
        manifest=manifest,
        language=arguments.language,
        groups=arguments.groups,
        label=arguments.label,
        near_duplicates=NearDuplicates(columns=arguments.columns),
        against=corpora_of(arguments),
        train=arguments.train,
        test=arguments.test,
        reference=arguments.reference,
        tokenizer=arguments.tokenizer,
        tokenizer_revision=arguments.tokenizer_revision,
        max_length=arguments.max_length,
        seed=arguments.seed,
        n_permutations=arguments.permutations,
        sample=arguments.sample,
        num_proc=arguments.num_proc,
    )
    if findings.settings.language:
        warn_unparsed(splits, [findings.settings.column], findings.settings.language)
    if arguments.out:
        write_report(arguments.out, findings)
    report(arguments, _summary(findings, arguments.out), findings.to_dict())
    return DONE if findings.verdict.label == "sound" else NO


def _manifest(arguments: argparse.Namespace) -> SplitManifest | None:
    from codeshift.splitters import SplitManifest

    if arguments.manifest:
        return SplitManifest.load(arguments.manifest)
    beside = Path(arguments.data) / MANIFEST
    return SplitManifest.load(beside) if beside.is_file() else None


def _summary(findings: AuditReport, out: str | None) -> str:
    lines = [str(findings.verdict), *(f"- {caution}" for caution in findings.verdict.cautions)]
    sizes = ", ".join(f"{part} {rows:,}" for part, rows in findings.sizes.items())
    where = f"The full report is in {out}." if out else "For the full report give --out FILE.html, .md or .json."
    return "\n".join([*lines, f"Rows: {sizes}.", where])

"""``codeshift overlap``, which says what one dataset shares with another."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.cli.arguments import Commands, add_command, add_data, add_processes, as_parts, columns_of, data_of
from codeshift.cli.output import DONE, check_report_file, report, write_report
from codeshift.defaults import EMBEDDED, MARKS

if TYPE_CHECKING:
    from codeshift.audit import Overlap
    from codeshift.audit.part_overlap import PartOverlap

_OF_DATASETS = ("dataset_dict.json", "state.json")  # files of a folder that ``datasets`` has saved


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = add_command(
        commands,
        "overlap",
        run,
        summary="say which rows of a dataset another one holds too: copies, near-duplicates, renamed copies",
        description="Compares each part of a dataset with each part of another, such as what a model was trained on.",
        example="codeshift overlap my-split pretraining.parquet --without clean",
    )
    add_data(command, "the dataset whose rows are looked for")
    add = command.add_argument
    add(
        "corpus",
        metavar="CORPUS",
        help="the dataset to look in: a file, a folder with all below it or a pattern, of Parquet, JSON Lines, JSON or "
        "CSV, the texts compressed or not (.gz, .zst), or owner/name of the hub; embedded for what the embedded model "
        "has read; or a list of n-grams: the folder of lm-evaluation-harness or the .pkl of NeMo Curator",
    )
    add("--column", default="code", metavar="NAME", help="column of the code [%(default)s]")
    add(
        "--columns",
        type=columns_of,
        metavar="NAMES",
        help="columns whose texts are looked for as well, each in the corpus's column of that name, as in docstring",
    )
    add("--corpus-column", metavar="NAME", help="column of the corpus's code [the same]")
    add("--label", metavar="COLUMN", help="column of labels in both, to count copies with another label")
    add("--ngrams", type=int, metavar="N", help="also count the rows that share N words in a row, such as 13")
    add(
        "--ngrams-out",
        metavar="PATH",
        help="write the n-grams of DATA as a decontamination list: a .pkl for NeMo Curator, else a folder for "
        "lm-evaluation-harness",
    )
    add("--without", metavar="FOLDER", help="folder for the rows that the corpus does not hold, a file for each part")
    add("--kind", choices=MARKS, help="copies that --without leaves out [renamed; ngrams of a list of n-grams]")
    add_processes(command)
    add("--out", metavar="FILE", help="file for the full report with the most similar pairs, .html, .md or .json")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from codeshift.audit import overlap, write_decontamination_list
    from codeshift.audit.word_ngrams import NGRAM
    from codeshift.data import save_splits
    from codeshift.properties.near_duplicates import NearDuplicates

    check_report_file(arguments.out)
    data = data_of(arguments)
    overlaps = overlap(
        data,
        _corpus(arguments.corpus),
        column=arguments.column,
        corpus_column=arguments.corpus_column,
        label=arguments.label,
        near_duplicates=NearDuplicates(columns=arguments.columns),
        ngrams=arguments.ngrams,
        num_proc=arguments.num_proc,
    )
    remaining = overlaps.without(data, arguments.kind) if arguments.without else None
    lines = [_overlap_lines(overlaps), *overlaps.left_out]
    if arguments.out:
        write_report(arguments.out, overlaps)
        lines.append(f"The full report is in {arguments.out}.")
    if arguments.ngrams_out:
        texts = [text for part in as_parts(data).values() for text in part.with_format(None)[arguments.column]]
        write_decontamination_list(texts, arguments.ngrams_out, n=arguments.ngrams or NGRAM)
        lines.append(f"The n-grams of the {len(texts):,} rows are in {arguments.ngrams_out}.")
    if remaining is not None:
        save_splits({name: part for name, part in remaining.items() if len(part)}, arguments.without)
        sizes = ", ".join(f"{name} {len(part):,}" for name, part in remaining.items())
        lines.append(f"The rows without overlap are in {arguments.without}: {sizes}.")
    report(arguments, "\n".join(lines), overlaps.to_dict())
    return DONE


def _corpus(source: str) -> Any:
    """Return a corpus as ``overlap`` takes it: a path or pattern, whose files are streamed, or data that is loaded."""
    from codeshift.data import load_data

    path = Path(source)
    if source == EMBEDDED or os.path.isfile(path):
        return source
    if os.path.isdir(path):
        return load_data(source) if any((path / name).exists() for name in _OF_DATASETS) else source
    return source if any(sign in source for sign in "*?[") else load_data(source)


def _overlap_lines(overlaps: Overlap) -> str:
    several = len(overlaps.columns) > 1
    return "\n".join(
        f"{pair.part}{f' by {pair.column}' if several else ''} in {pair.corpus} of the corpus: {_shown_counts(pair)}"
        for pair in overlaps.parts
    )


def _shown_counts(pair: PartOverlap) -> str:
    counts = f"{_shown_count(pair, 'exact')} of {pair.n:,} rows as exact copies"
    counts += f", {_shown_count(pair, 'near')} near, {_shown_count(pair, 'renamed')} renamed"
    counts += "" if pair.ngrams is None else f", {pair.ngrams:,} by n-grams"
    return counts + ("" if pair.conflicts is None else f", {pair.conflicts:,} with another label")


def _shown_count(pair: PartOverlap, kind: str) -> str:
    """Return the number of copies of a kind; a dash if the corpus cannot be searched for them."""
    return f"{getattr(pair, kind):,}" if pair.looked_for(kind) else "–"

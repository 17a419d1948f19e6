"""``codeshift split`` of many files: by processes of this machine, or by the workers of a dask scheduler."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from codeshift.cli.output import DONE, report
from codeshift.errors import MissingExtraError, ParameterError
from codeshift.parts import MANIFEST

if TYPE_CHECKING:
    from dask.distributed import Client

    from codeshift.splitters import SplitManifest, Splitter

_REFUSED: dict[str, Any] = {
    "part": None, "rename": [], "require": [], "config": None, "revision": None, "num_proc": None, "manifest": None,
    "verify_region": False, "format": "parquet",
}  # fmt: skip
"""Arguments that files cannot have, each with its default."""


def add_cluster(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say who splits files."""
    add = command.add_argument_group("many Parquet files, which are split where they are read").add_argument
    add("--workers", type=int, metavar="N", help="split the files DATA ('data/*.parquet') by N processes")
    add("--scheduler", metavar="ADDRESS", help="split them by the workers of a dask scheduler, such as tcp://host:8786")


def is_of_files(arguments: argparse.Namespace) -> bool:
    """Return whether the data are files for workers."""
    return arguments.workers is not None or arguments.scheduler is not None


def run_on_files(arguments: argparse.Namespace, splitter: Splitter, options: dict[str, Any]) -> int:
    """Split files and return the exit code.

    Args:
        arguments: Arguments of the command.
        splitter: Splitter.
        options: Fields of ``SplitConfig`` that were given.
    """
    with _client(arguments.scheduler) as client:
        from codeshift.distributed import split_files

        manifest = split_files(
            splitter,
            arguments.data,
            arguments.out,
            client=client,
            workers=arguments.workers,
            overwrite=arguments.overwrite,
            **options,
        )
    words = f"{manifest.summary()}\n\nThe folders of the parts and {MANIFEST} are in {arguments.out}."
    parts = {
        part: {"rows": manifest.sizes[part].actual, "folder": f"{arguments.out}/{part}"} for part in manifest.delivered
    }
    report(arguments, words, split_facts(manifest, parts, f"{arguments.out}/{MANIFEST}"))
    return DONE


def check_of_files(arguments: argparse.Namespace) -> None:
    """Check that no argument is given that files cannot have.

    Raises:
        ParameterError: if one is.
    """
    for name, default in _REFUSED.items():
        value = getattr(arguments, name)
        if value != default:
            remedy = "it is for data that one process reads"
            raise ParameterError(f"--{name.replace('_', '-')}", "left out with --workers or --scheduler", value, remedy)


@contextmanager
def _client(scheduler: str | None) -> Iterator[Client | None]:
    if scheduler is None:
        yield None
        return
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise MissingExtraError("dask.distributed", "scale") from error
    try:
        client = Client(scheduler)
    except (OSError, ValueError) as error:
        remedy = f"{error}: is it running, and reached from here?"
        raise ParameterError("--scheduler", "the address of a dask scheduler", scheduler, remedy) from error
    with client:
        yield client


def split_facts(manifest: SplitManifest, parts: dict[str, dict[str, Any]], written: str) -> dict[str, Any]:
    """Return what ``--json`` prints of a split: its facts, with each part's rows and place and the manifest's path."""
    return {
        "splitter": manifest.splitter,
        "seed": manifest.config.seed,
        "region_rows": manifest.region_rows,
        "parts": parts,
        "excluded": manifest.excluded,
        "manifest": written,
    }

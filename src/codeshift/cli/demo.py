"""``codeshift demo``: runs a small study end to end, offline."""

from __future__ import annotations

import argparse
import time

from codeshift.cli.arguments import Commands, add_command
from codeshift.cli.output import DONE, NO, quiet_models_unless_watched, quiet_unless_watched, say, tell_run, watched


def add_to(commands: Commands) -> None:
    """Add the command."""
    demo = add_command(
        commands,
        "demo",
        run,
        summary="a small study end to end on Python's standard library, offline",
        description="Leaves a name out of functions of Python's standard library, fine-tunes the embedded model to "
        "write it, in full and by LoRA, without long functions or without loops and with them, and compares it in and "
        "out of distribution. Nothing is downloaded. It is a study: what was stopped goes on when the same command is "
        "given again, and codeshift study status and report read its folder.",
        example="codeshift demo --out my-demo --seed 1",
        json=False,
    )
    demo.add_argument("--out", default="codeshift-demo", metavar="FOLDER", help="of the study [%(default)s]")
    demo.add_argument("--seed", type=int, default=0, help="same seed, same table [%(default)s]")
    demo.add_argument("--rows", type=int, metavar="N", help="a smaller demo: N functions [all that it is meant for]")
    demo.add_argument("--workers", type=int, default=2, metavar="N", help="processes at once [%(default)s]")
    demo.set_defaults(interrupted="the same command goes on where it was")


def run(arguments: argparse.Namespace) -> int:
    """Run it."""
    started = time.monotonic()
    quiet_unless_watched()
    quiet_models_unless_watched()
    from codeshift.demo import ROWS, run_demo

    results = run_demo(
        arguments.out,
        rows=ROWS if arguments.rows is None else arguments.rows,
        seed=arguments.seed,
        workers=arguments.workers,
        say=say,
        progress=True if watched() else tell_run,
    )
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    say(f"Took {minutes} min {seconds} s.")
    return NO if results.counts["failed"] else DONE

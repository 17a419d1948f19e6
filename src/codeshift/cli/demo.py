"""``codeshift demo``, which runs a small study from start to finish, offline."""

from __future__ import annotations

import argparse
import time

from codeshift.cli.arguments import Commands, add_command
from codeshift.cli.output import DONE, NO, on_terminal, quiet_models_unless_watched, quiet_unless_watched, say, tell_run


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    demo = add_command(
        commands,
        "demo",
        run,
        summary="run a small study from start to finish on Python's standard library, offline",
        description="Leaves a name out of each function of Python's standard library and fine-tunes the embedded model "
        "to write it, fully and by LoRA, with and without long functions or loops, and compares the models in and out "
        "of distribution. Nothing is downloaded. It is a study: the same command resumes it after an interruption, and "
        "codeshift study status and report read its folder.",
        example="codeshift demo --out my-demo --seed 1",
        json=False,
    )
    demo.add_argument("--out", default="codeshift-demo", metavar="FOLDER", help="folder of the study [%(default)s]")
    demo.add_argument(
        "--seed", type=int, default=0, help="seed of the study; the same seed gives the same table [%(default)s]"
    )
    demo.add_argument(
        "--rows", type=int, metavar="N", help="number of functions, for a smaller demo [those of the full demo]"
    )
    demo.add_argument("--workers", type=int, default=2, metavar="N", help="number of processes [%(default)s]")
    demo.set_defaults(interrupted="run the same command again to resume")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
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
        progress=True if on_terminal() else tell_run,
    )
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    say(f"Took {minutes} min {seconds} s.")
    return NO if results.counts["failed"] else DONE

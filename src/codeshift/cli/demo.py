"""``codeshift demo``."""

from __future__ import annotations

import argparse
import time

from codeshift.cli.arguments import Commands, add_command
from codeshift.cli.output import DONE, say, watched


def add_to(commands: Commands) -> None:
    """Add the command."""
    demo = add_command(
        commands,
        "demo",
        run,
        summary="the main job end to end on Python's standard library, offline",
        description="Splits the functions of Python's standard library in two ways, fine-tunes the embedded model "
        "fully and by LoRA, and compares them in and out of distribution. Nothing is downloaded.",
        example="codeshift demo --out my-demo --seed 1",
        json=False,
    )
    demo.add_argument("--out", default="codeshift-demo", metavar="FOLDER", help="where all files go [%(default)s]")
    demo.add_argument("--seed", type=int, default=0, help="same seed, same table [%(default)s]")
    demo.add_argument("--rows", type=int, metavar="N", help="a smaller demo: N functions, less training [all]")


def run(arguments: argparse.Namespace) -> int:
    """Run it."""
    from codeshift.study.demo import DemoConfig, run_demo

    started = time.monotonic()
    config = DemoConfig(seed=arguments.seed, rows=arguments.rows)
    run_demo(arguments.out, config, say=say, progress=watched())
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    say(f"Took {minutes} min {seconds} s.")
    return DONE

"""The command line: each command is one call into the library."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from codeshift import __version__
from codeshift.errors import CodeshiftError

BAD_INPUT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 for success, 2 for bad input, 130 when interrupted.

    Args:
        arguments: of the command line; None takes those of the process.
    """
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except CodeshiftError as error:
        print(f"codeshift: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("codeshift: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codeshift",
        description="Out-of-distribution splits, fine-tuning and evaluation for code models.",
    )
    parser.add_argument("--version", action="version", version=f"codeshift {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="the main job end to end on Python's standard library, offline",
        description="Splits the functions of Python's standard library in two ways, pretrains a small T5, fine-tunes "
        "it fully and by LoRA, and compares them in and out of distribution. Nothing is downloaded.",
        epilog="example: codeshift demo --out my-demo --seed 1",
    )
    demo.add_argument("--out", default="codeshift-demo", metavar="FOLDER", help="where all files go [%(default)s]")
    demo.add_argument("--seed", type=int, default=0, help="same seed, same table [%(default)s]")
    demo.add_argument("--rows", type=int, metavar="N", help="a smaller demo: N functions, less training [all]")
    demo.set_defaults(run=_demo)
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    from codeshift.study.demo import DemoConfig, run_demo

    started = time.monotonic()
    config = DemoConfig(seed=arguments.seed, rows=arguments.rows)
    run_demo(arguments.out, config, say=_say, progress=sys.stderr.isatty())
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    _say(f"Took {minutes} min {seconds} s.")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)

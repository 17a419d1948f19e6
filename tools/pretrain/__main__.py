"""``python -m tools.pretrain --out FOLDER`` makes the embedded model anew, or goes on where it was killed."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from codeshift.errors import CodeshiftError
from codeshift.finetune import TruncationWarning
from tools.pretrain.corpus import Corpus, make_corpus
from tools.pretrain.exporting import earlier_stages, export
from tools.pretrain.java_sources import JDK_ZIP, jdk_methods
from tools.pretrain.python_sources import MOST_OF_ONE, PACKAGES, installed_package, standard_library
from tools.pretrain.running import PretrainingConfig, check_held_out, pretrain


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the sources, check what is held out, pretrain and export; the exit status."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    config = PretrainingConfig(
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        precision=options.precision,
        seed=options.seed,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TruncationWarning)  # long functions are cut, and that is meant
            corpus, about = _corpus(options.jdk, options.jdk_version)
            about["held_out"] = check_held_out(corpus)
            print("{train:,} fragments, {test:,} held-out functions, {leaked} leaked".format(**about["held_out"]))
            start = Path(options.start) if options.start else None
            if start is not None:
                about["earlier"] = earlier_stages(start)
            result = pretrain(corpus, Path(options.out), config, start=start, progress=True)
            recipe = export(Path(options.out), Path(options.out) / "model", corpus, config, result, about=about)
            before, after = (recipe[f"likelihood_{when}"]["value"] for when in ("before", "after"))
            print(f"{Path(options.out) / 'model'}: NLL of held-out functions {before:.3f} before, {after:.3f} after")
    except CodeshiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _corpus(jdk: str, jdk_version: str) -> tuple[Corpus, dict[str, Any]]:
    """The corpus, and what the recipe says of it besides its counts."""
    library, held_out = standard_library()
    packages = [installed_package(name) for name in PACKAGES]
    java = jdk_methods(jdk, version=jdk_version)
    about = {
        "java_files": java.files,
        "java_left_out": java.left_out,
        "jdk_version": jdk_version,
        "most_of_one": MOST_OF_ONE,
    }
    return make_corpus([*packages, library, *java.sources], held_out), about


def _parser() -> argparse.ArgumentParser:
    defaults = PretrainingConfig()
    parser = argparse.ArgumentParser(prog="python -m tools.pretrain", description=__doc__)
    parser.add_argument("--out", required=True, help="folder of checkpoints and of the model")
    parser.add_argument("--start", help="the --out of an earlier run to go on from (random weights)")
    parser.add_argument("--jdk", default=JDK_ZIP, help="zip of a JDK's sources (%(default)s)")
    parser.add_argument("--jdk-version", default="17", help="its version, for the card (%(default)s)")
    parser.add_argument("--steps", type=int, default=defaults.steps, help="updates of the weights (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=defaults.batch_size, help="rows in each (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate, help="highest (%(default)s)")
    parser.add_argument("--precision", default=defaults.precision, help="bf16 or fp32 (%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of everything random (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of the arithmetic (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

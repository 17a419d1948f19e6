"""How often the audit calls a random split of 240 rows sound, although nothing shifted.

Run: OMP_NUM_THREADS=1 python benchmarks/verdict_error.py

Each simulation draws 240 functions of the standard library (no two of them near-duplicates, so that nothing leaks) and
deals them at random: 160 to train, 80 to test. Nothing shifted, so "sound" is an error of the verdict: its nominal
level is 5% for all tests together. Beside it stands what the same p-values come to where the classifier is held to
.05 by itself and the properties to another .05. With --write it writes the page, benchmarks/verdict_error.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from pathlib import Path

import datasets
import numpy as np
from datasets import DatasetDict

from codeshift.audit import Strength, Thresholds, audit
from codeshift.data import stdlib_functions
from codeshift.metrics.aggregates import holm
from codeshift.properties.near_duplicates import NearDuplicates

ROWS, TRAIN = 240, 160
PAGE = Path(__file__).with_suffix(".md")


def distinct_functions() -> datasets.Dataset:
    """One function of each component of near-duplicates."""
    rows = stdlib_functions().select_columns(["code"])
    labels = NearDuplicates().components(rows["code"][:]).labels
    return rows.select(np.unique(labels, return_index=True)[1])


def uncorrected(strength: Strength, thresholds: Thresholds) -> bool:
    """Whether either family of tests shows a shift at a level of its own."""
    counted = [prop for prop in strength.properties if prop.in_verdict]
    p_values = holm([prop.p_value for prop in counted])
    distances = np.array([prop.jensen_shannon for prop in counted])
    moved = (distances >= thresholds.jensen_shannon) & (p_values <= thresholds.alpha)
    test = strength.classifier
    return bool(moved.any() or (test.statistic >= thresholds.auc and test.p_value <= thresholds.alpha))


def simulate(simulations: int, permutations: int) -> dict[str, int]:
    """Count the verdicts over random splits."""
    rows, verdicts = distinct_functions(), {"sound": 0, "uncorrected": 0, "other": 0}
    for seed in range(simulations):
        drawn = np.random.default_rng(seed).permutation(len(rows))[:ROWS]
        splits = DatasetDict(train=rows.select(drawn[:TRAIN]), test=rows.select(drawn[TRAIN:]))
        report = audit(splits, column="code", language="python", n_permutations=permutations, progress=False)
        label = report.verdict.label
        verdicts["sound"] += label == "sound"
        verdicts["other"] += label not in ("sound", "no shift to speak of")
        verdicts["uncorrected"] += uncorrected(report.strength[0], Thresholds())
        if seed % 50 == 49:
            print(seed + 1, verdicts, flush=True)
    return verdicts


def page(verdicts: dict[str, int], simulations: int, permutations: int) -> str:
    """What was found, as the page of the docs."""
    lines = [
        f"| {name} | {verdicts[key]} of {simulations} | {verdicts[key] / simulations:.1%} |"
        for name, key in (
            ("for all tests together, as the verdict has it", "sound"),
            ("for each family", "uncorrected"),
        )
    ]
    command = f"OMP_NUM_THREADS=1 python benchmarks/verdict_error.py --simulations {simulations}"
    return (
        "# Errors of the audit's verdict\n\n"
        f"Random splits of {ROWS} functions of the standard library ({TRAIN} in train, {ROWS - TRAIN} in test, no "
        "near-duplicates), in which nothing shifted: the table shows how often the verdict is *sound* nevertheless. "
        "The classifier and the four properties that count (characters, lines, tokens, tree depth) share a level of "
        "5%. A level of 5% for the classifier and another 5% for the properties gives more errors.\n\n"
        f"```sh\n{command} --permutations {permutations} --write\n```\n\n"
        "| level of 5% | called sound | share |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def main() -> None:
    """Run, and perhaps write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--permutations", type=int, default=39)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    datasets.disable_progress_bars()
    verdicts = simulate(options.simulations, options.permutations)
    text = page(verdicts, options.simulations, options.permutations)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

"""How often the audit calls a random split of 240 rows sound, although nothing shifted.

Run: OMP_NUM_THREADS=1 python benchmarks/verdict_error.py

Each simulation draws 240 functions of the standard library (no two of them near-duplicates, so that nothing leaks) and
deals them at random: 160 to train, 80 to test. Nothing shifted, so "sound" is an error of the verdict: its nominal level
is 5% for all tests together. The uncorrected column is what the same p-values come to where the classifier is held to
.05 by itself and the properties to another .05. ``--simulations`` and ``--permutations`` set the size.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
from pathlib import Path

import datasets
import numpy as np
from datasets import DatasetDict

from codeshift.audit import Strength, Thresholds, audit
from codeshift.data import stdlib_functions
from codeshift.metrics.aggregates import holm
from codeshift.properties.near_duplicates import NearDuplicates

ROWS, TRAIN = 240, 160
RESULT = Path(__file__).parent / "results" / "verdict_error.json"


def distinct_functions() -> datasets.Dataset:
    """One function of each component of near-duplicates."""
    rows = stdlib_functions().select_columns(["code"])
    labels = NearDuplicates().components(rows["code"][:]).labels
    return rows.select(np.unique(labels, return_index=True)[1])


def uncorrected(strength: Strength, thresholds: Thresholds) -> bool:
    """Whether either family of tests shows a shift at a level of its own."""
    counted = [prop for prop in strength.properties if prop.counts]
    p_values = holm([prop.p_value for prop in counted])
    distances = np.array([prop.jensen_shannon for prop in counted])
    moved = (distances >= thresholds.jensen_shannon) & (p_values <= thresholds.alpha)
    told = strength.classifier
    return bool(moved.any() or (told.statistic >= thresholds.auc and told.p_value <= thresholds.alpha))


def simulate(simulations: int, permutations: int) -> dict[str, int]:
    """Count the verdicts over random splits."""
    rows, found = distinct_functions(), {"sound": 0, "uncorrected": 0, "other": 0}
    for seed in range(simulations):
        drawn = np.random.default_rng(seed).permutation(len(rows))[:ROWS]
        splits = DatasetDict(train=rows.select(drawn[:TRAIN]), test=rows.select(drawn[TRAIN:]))
        report = audit(splits, column="code", language="python", n_permutations=permutations, progress=False)
        label = report.verdict.label
        found["sound"] += label == "sound"
        found["other"] += label not in ("sound", "no shift to speak of")
        found["uncorrected"] += uncorrected(report.strength[0], Thresholds())
        if seed % 50 == 49:
            print(seed + 1, found, flush=True)
    return found


def main() -> None:
    """Run, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--permutations", type=int, default=39)
    options = parser.parse_args()
    datasets.disable_progress_bars()
    found = simulate(options.simulations, options.permutations)
    result = {"simulations": options.simulations, "permutations": options.permutations, **found}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(result)


if __name__ == "__main__":
    main()

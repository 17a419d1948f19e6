"""Cost of a sweep over 15 scenarios against the cost of one.

Run: OMP_NUM_THREADS=1 python benchmarks/scenario_sweep.py

One ``PropertyTable`` serves a sweep, so each program is lexed, parsed, embedded and searched for near-duplicates once.
Sweeps of 15 scenarios of one kind (bands of length, node types, clusters) are set against one scenario of that kind
with a table of its own; ``simscood_scenarios``, which has five of each kind, against one scenario of each kind. The
rows are the functions of the standard library. Caches on disk are off. CPU seconds, medians.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import statistics
import time
import warnings
from collections.abc import Sequence

import datasets

from codeshift.data import stdlib_functions
from codeshift.errors import SizeWarning
from codeshift.properties import PropertyTable
from codeshift.splitters.scenarios import Scenario, ast_elements, clusters, length_bands, simscood_scenarios

NODES = (
    "if_statement", "for_statement", "while_statement", "try_statement", "with_statement", "raise_statement",
    "break_statement", "continue_statement", "pass_statement", "conditional_expression", "list_comprehension",
    "boolean_operator", "not_operator", "unary_operator", "comparison_operator",
)  # fmt: skip


def cpu(scenarios: Sequence[Scenario], data: datasets.Dataset) -> float:
    """CPU seconds of assigning all ``scenarios`` with one table."""
    start = time.process_time()
    table = PropertyTable(data)
    for scenario in scenarios:
        scenario.splitter.assign(table, seed=0)
    return time.process_time() - start


def main() -> None:
    """Print the cost of one scenario and of 15, and the ratio."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--repeats", type=int, default=3)
    options = arguments.parse_args()
    datasets.disable_caching()
    datasets.disable_progress_bars()
    warnings.simplefilter("ignore", SizeWarning)
    data = stdlib_functions()
    kinds = {
        "length": length_bands("code", bands=[(i / 20, (i + 1) / 20) for i in range(15)], language="python"),
        "syntax": ast_elements("code", language="python", nodes=NODES),
        "semantics": clusters("code", count=15),
    }
    mixed = simscood_scenarios("code", language="python")
    cpu(mixed[::5], data.select(range(300)))  # imports and grammars
    single: dict[str, list[float]] = {kind: [] for kind in kinds}
    fifteen: dict[str, list[float]] = {kind: [] for kind in (*kinds, "simscood")}
    for _ in range(options.repeats):
        for kind, scenarios in kinds.items():
            single[kind].append(cpu(scenarios[:1], data))
            fifteen[kind].append(cpu(scenarios, data))
        fifteen["simscood"].append(cpu(mixed, data))
    alone = {kind: statistics.median(seconds) for kind, seconds in single.items()}
    alone["simscood"] = sum(alone.values())
    print("15 scenarios     alone  sweep  ratio")
    for kind, seconds in fifteen.items():
        sweep = statistics.median(seconds)
        print(f"{kind:<15} {alone[kind]:6.2f} {sweep:6.2f} {sweep / alone[kind]:6.2f}")


if __name__ == "__main__":
    main()

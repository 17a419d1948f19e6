"""The page of ``scale.py``: a table of memory and time by rows, and a plot of their growth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_HEADING = """# Memory and time of a split by its rows

`OMP_NUM_THREADS=1 python benchmarks/scale.py run --write benchmarks/results/scale.json`, and
`python benchmarks/scale.py page --read benchmarks/results/scale.json --write benchmarks/scale.md`

Functions of the standard library and of the packages installed, as they are up to some 100,000; beyond as many as there
are, renamed ones. Near-duplicates are bound unless the case says otherwise. Each case is one process. Memory is the
peak that the operating system counts (`ru_maxrss`), less that of importing; "own" leaves out the pages of memory-mapped
files, such as those of the dataset. "Before" is the version that held texts, trees and digests as Python objects; the
manifests are the same. Figures of one run each on a shared machine with two cores: CPU seconds of a busy machine vary
by a tenth or more.

"""
_COLUMNS = (
    "rows",
    "case",
    "version",
    "processes",
    "peak MB",
    "own MB",
    "bytes a row",
    "CPU s",
    "CPU ms a row",
    "wall s",
)


def write_page(results: list[dict[str, Any]], page: Path, plot: Path | None) -> None:
    """Write the table of results, and a plot of memory and CPU seconds by rows."""
    results = sorted(
        results, key=lambda each: (each["kind"], each["case"], each["rows"], each["name"], _processes(each))
    )
    lines = [f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS)]
    for each in results:
        kind = "short rows, " if each["kind"] == "short" else ""
        own = "-" if each["peak_held_mb"] is None else each["peak_held_mb"]
        cells = (
            f"{each['rows']:,}", f"{kind}{each['case']}", each["name"], _processes(each), each["peak_mb"], own,
            f"{each['peak_mb'] * 2**20 / each['rows']:,.0f}", each["cpu_seconds"],
            f"{each['cpu_seconds'] * 1000 / each['rows']:.3f}", each["wall_seconds"],
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    picture = ""
    if plot is not None:
        _plot(results, plot)
        picture = "![Peak memory and CPU seconds by rows, both axes logarithmic](../assets/scale.svg)\n\n"
    page.write_text(_HEADING + picture + "\n".join(lines) + "\n", encoding="utf-8")


def _processes(result: dict[str, Any]) -> int:
    """As many as asked for; if none were, several where the process had workers."""
    return result["num_proc"] or (result["cores"] if result["largest_worker_mb"] else 1)


def _plot(results: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    real = [each for each in results if each["kind"] == "real" and _processes(each) == 1]
    for case, name in sorted({(each["case"], each["name"]) for each in real}):
        of_case = [each for each in real if (each["case"], each["name"]) == (case, name)]
        rows = [each["rows"] for each in of_case]
        style = {"marker": "o", "linestyle": "-" if name == "codeshift" else ":", "label": f"{case}, {name}"}
        axes[0].loglog(rows, [each["peak_mb"] for each in of_case], **style)
        axes[1].loglog(rows, [each["cpu_seconds"] for each in of_case], **style)
    for axis, title in zip(axes, ("peak memory beyond importing, MB", "CPU seconds"), strict=True):
        axis.set(xlabel="rows", title=title)
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(path, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))

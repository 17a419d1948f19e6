"""Run the notebooks of ``examples/``, all of them or those named, and write them with their outputs.

The ``.py`` file is the source; the ``.ipynb`` file beside it is written from it, with outputs that hold no path of this
machine, no time and no random name, so that a run that changes nothing changes no line.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOISE = "Failed to load CPU gemm_4bit_forward"
PATIENCE = 3600  # seconds for a kernel to start and for outputs to arrive: a machine may have other things to do
# No bars, which are noise in a file; no network; one thread, as all that is measured.
QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "critical",  # workers tell that they end
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    # Of other libraries: that no bar is shown, and what they will rename.
    "PYTHONWARNINGS": "ignore:IProgress not found,ignore:`is_gradient_checkpointing` is deprecated",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
}


def main() -> int:
    """Run the notebooks and return 0 if every one ran."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="*", help="the .py files; all of examples/ without")
    for source in parser.parse_args().sources or sources():
        start, before = time.perf_counter(), cpu_seconds()
        notebook = execute(source)
        source.with_suffix(".ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        took = f"{time.perf_counter() - start:.0f} s, {cpu_seconds() - before:.0f} CPU s"
        print(f"{source.name}: {took}", flush=True)
    return 0


def cpu_seconds() -> float:
    """Return the CPU seconds of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sources() -> list[Path]:
    """Return the notebooks' sources, in order."""
    return sorted(EXAMPLES.glob("[0-9][0-9]_*.py"))


def read(source: Path) -> nbformat.NotebookNode:
    """Return the notebook of a source, without outputs and with constant names of cells."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "jupytext": {"formats": "ipynb,py:percent"},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
        cell.metadata = nbformat.from_dict({})
    return notebook


# What a fresh kernel has is kept where no name of a notebook is.
_AS_FRESH = """\
import os, warnings
os.chdir({!r})
os.first = getattr(os, "first", (set(globals()), warnings.filters[:]))
for _name in set(globals()) - os.first[0]:
    del globals()[_name]
warnings.filters[:] = os.first[1]
warnings.simplefilter("ignore", ResourceWarning)
del os, warnings"""
_SELECTED = re.compile(r"(\bselect\(range\()(\d+)\)\)")


def execute(
    source: Path,
    *,
    shortened: Mapping[str, int] | None = None,
    most_rows: int | None = None,
    first: str = "",
    kernel: AsyncKernelManager | None = None,
) -> nbformat.NotebookNode:
    """Run all cells in a fresh kernel, in a folder of its own with a copy of ``examples/data``.

    A notebook that asks for ``SMOLLM2`` takes the folder of that model from the environment.

    Args:
        source: the ``.py`` file.
        shortened: values of settings to put in the place of the source's, such as ``{"max_steps": 2}``, for a test of
            the cells rather than of what they find.
        most_rows: the largest number of rows in each ``select(range(...))`` of the source, likewise; None for its own.
        first: code that runs before that of the first cell with code, in a line of its own.
        kernel: a kernel that others run in as well, whose names, folder and warnings become those of a fresh one; it is
            started if it was not, and stays. None for a kernel of its own.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised.
        ValueError: an output is a warning, or tells where it was made.
    """
    notebook = read(source)
    for name, value in (shortened or {}).items():
        for cell in notebook.cells:
            cell.source = re.sub(rf"\b{name}(=|\": )\d+", rf"{name}\g<1>{value}", cell.source)
    if most_rows is not None:
        for cell in notebook.cells:
            cell.source = _SELECTED.sub(
                lambda selection: f"{selection[1]}{min(int(selection[2]), most_rows)}))", cell.source
            )
    with tempfile.TemporaryDirectory() as folder:
        begin = first if kernel is None else f"{_AS_FRESH.format(folder)}\n{first}"
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.source = f"{begin}\n{cell.source}" if begin else cell.source
        if (EXAMPLES / "data").exists():
            shutil.copytree(EXAMPLES / "data", Path(folder) / "data")
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=None,  # of a cell
            startup_timeout=PATIENCE,
            iopub_timeout=PATIENCE,
            kernel_name="python3",
            coalesce_streams=True,  # in how many pieces a cell's lines come depends on how busy the machine is
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=40"],  # it warns of its port, which is this machine's alone
        )
        _find_fonts()
        # Processes of a kernel start where it did, which must not be gone.
        client.execute(env=os.environ | QUIET, cwd=folder if kernel is None else tempfile.gettempdir())
        if client.kc is not None:
            client.kc.stop_channels()
        _drop_noise(notebook)
        check_outputs(notebook, [folder, *places()])
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})  # of the times at which it ran
    return notebook


@functools.cache
def _find_fonts() -> None:
    """Find fonts, which matplotlib does once on a machine, with a warning if it takes more than 5 seconds."""
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], capture_output=True, check=True)


def places() -> list[str]:
    """Return the folders of this machine that no output may name: home, temporary files, packages, this checkout.

    Those of this machine count where they lie at least two folders deep: `/src` and `/usr` stand in any code.
    """
    own = [str(EXAMPLES.parent), sysconfig.get_path("stdlib"), os.path.expanduser("~")]
    own += [sys.prefix] if sys.prefix != sys.base_prefix else []
    deep = [place for place in own if len(Path(place).parts) > 2]
    return ["/home/", "/root/", "/Users/", f"{tempfile.gettempdir()}/", "/tmp/", "site-packages", *deep]  # noqa: S108


def _drop_noise(notebook: nbformat.NotebookNode) -> None:
    """Drop what bitsandbytes, if installed, logs on some CPUs as soon as peft is imported."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                lines = output["text"].splitlines(keepends=True)
                output["text"] = "".join(line for line in lines if not line.startswith(NOISE))
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr" or output["text"]]


def check_outputs(notebook: nbformat.NotebookNode, places: list[str]) -> None:
    """Refuse outputs that another machine would not give, and text on stderr.

    Raises:
        ValueError: with the output.
    """
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", ()):
            text = shown(output)
            if output.get("name") == "stderr":
                raise ValueError(f"cell {number} wrote to stderr: {text}")
            if re.search(r"\bat 0x[0-9a-f]+", text):
                raise ValueError(f"cell {number} tells where an object lies in memory: {text}")
            if any(place in text for place in places):
                raise ValueError(f"cell {number} tells a path of this machine: {text}")


def shown(output: dict[str, Any]) -> str:
    """Return the whole text of an output."""
    data = output.get("data", {})
    return "\n".join([output.get("text", ""), *(value for value in data.values() if isinstance(value, str))])


if __name__ == "__main__":
    sys.exit(main())

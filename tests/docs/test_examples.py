"""The notebooks of examples/ run, and are stored with the outputs of a run next to their sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_core.utils import run_sync

from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from helpers.pages import ROOT, script

notebooks = script("scripts/notebooks.py")
MOST_BYTES = 400_000
CHAT = notebooks.EXAMPLES / "10_a_chat_model.py"
# So few rows that parts are small, as in other tests, which ignore the warning of it too; and texts that are cut.
EXPECTED = (
    "import warnings; from codeshift.errors import SmallPartWarning; warnings.simplefilter('ignore', SmallPartWarning)"
    "; warnings.filterwarnings('ignore', r'.* tokens$')"
)
# Workers of a cluster are forked from a process that has imported what they need.
FORKED = (
    "import dask; from multiprocessing import forkserver, get_context"
    "; dask.config.set({'distributed.worker.multiprocessing-method': 'forkserver'})"
    "; get_context('forkserver').set_forkserver_preload(['distributed', 'codeshift.study.running.worker'])"
    "; forkserver.ensure_running()"
)
SHORTENED = {"max_steps": 2, "sample": 100, "train_size": 100, "max_source_length": 16, "max_target_length": 16}
MOST_ROWS = dict.fromkeys(
    ("02_five_splitters", "03_compose_and_audit", "04_full_against_lora", "05_a_study", "08_to_a_cluster"), 300
)


def _name(source: Path) -> str:
    return source.stem


@pytest.fixture(scope="module")
def kernel() -> Iterator[AsyncKernelManager]:
    """Return a kernel for all notebooks, each of which would import the same packages in its own."""
    manager = AsyncKernelManager(kernel_name="python3")
    yield manager
    if manager.has_kernel:
        run_sync(manager.shutdown_kernel)(now=True)


@pytest.mark.slow
@pytest.mark.parametrize("source", [path for path in notebooks.sources() if path != CHAT], ids=_name)
def test_notebook_runs(source: Path, kernel: AsyncKernelManager) -> None:
    """A notebook runs from its source, without names of others, in an empty folder, and outputs no warning or path.

    Trainings stop after two steps here, and rows are fewer and shorter: every cell runs, in a fraction of the time.
    """
    first = f"{FORKED}; {EXPECTED}" if "LocalCluster" in source.read_text(encoding="utf-8") else EXPECTED
    notebooks.execute(
        source, shortened=SHORTENED, most_rows=MOST_ROWS.get(source.stem, 700), first=first, kernel=kernel
    )


@pytest.mark.slow
def test_notebook_of_a_chat_model_runs(tmp_path: Path, kernel: AsyncKernelManager) -> None:
    """The same with a tiny chat model, whose answers are noise; tests/test_real_model.py asks SmolLM2 itself."""
    texts = (notebooks.EXAMPLES / "data" / "mbpp.jsonl").read_text(encoding="utf-8").splitlines()
    tokenizer = tiny_tokenizer(texts, vocab_size=2000)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = (ROOT / "tests/data/chat_templates/chatml.jinja").read_text(encoding="utf-8")
    tokenizer.save_pretrained(tmp_path)
    tiny_model("llama", tokenizer, max_position_embeddings=2048).save_pretrained(tmp_path)
    sizes = {"train_size": 2, "test_id_size": 2, "test_ood_size": 2, "min_test_rows": 0}
    notebooks.execute(
        CHAT,
        shortened={"max_steps": 1, "max_new_tokens": 4} | sizes,
        first=f"import os; os.environ['SMOLLM2'] = {str(tmp_path)!r}",
        kernel=kernel,
    )


@pytest.mark.parametrize("source", notebooks.sources(), ids=_name)
def test_notebook_is_that_of_its_source(source: Path) -> None:
    """The committed notebook has the cells of its source, and outputs; ``scripts/notebooks.py`` writes it."""
    written = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(written)
    expected = notebooks.read(source)
    assert [(cell.cell_type, cell.source) for cell in written.cells] == [
        (cell.cell_type, cell.source) for cell in expected.cells
    ]
    outputs = [output for cell in written.cells for output in cell.get("outputs", ())]
    assert outputs
    assert all(output.output_type != "error" for output in outputs)


@pytest.mark.parametrize("source", notebooks.sources(), ids=_name)
def test_notebook_is_small_and_holds_no_paths(source: Path) -> None:
    """The outputs show nothing of the machine, and the file is small enough for a code host."""
    path = source.with_suffix(".ipynb")
    assert path.stat().st_size < MOST_BYTES
    notebooks.check_outputs(nbformat.read(path, as_version=4), notebooks.places())


@pytest.mark.parametrize("source", notebooks.sources(), ids=_name)
def test_notebook_says_how_to_use_other_data(source: Path) -> None:
    """The page that lists the notebooks also lists it."""
    assert "hub dataset" in source.read_text(encoding="utf-8")
    assert f"`{source.stem}`" in (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")


def test_every_listed_notebook_exists() -> None:
    """The page lists no notebook that is missing."""
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if "| `" in line]
    assert listed == [source.stem for source in notebooks.sources()]


def test_outputs_with_paths_are_refused() -> None:
    """A path or a line on stderr raises an error, so that none is stored in a file."""
    output = nbformat.v4.new_output("stream", name="stdout", text="saved to /home/me/x.json")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    notebooks.check_outputs(notebook, ["/home/you"])
    with pytest.raises(ValueError, match="cell 1 tells a path"):
        notebooks.check_outputs(notebook, ["/home/me"])
    output["text"] = "<Axes at 0x7f0c>"
    with pytest.raises(ValueError, match="cell 1 tells where an object lies"):
        notebooks.check_outputs(notebook, [])
    output["name"] = "stderr"
    with pytest.raises(ValueError, match="cell 1 wrote to stderr"):
        notebooks.check_outputs(notebook, [])

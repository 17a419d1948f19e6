"""A storm over the library: studies that are killed at seeded moments, and rows that were made to be hard.

python scripts/storm.py --kills 200 --rows 100000

Each call adds to the figures in docs/promises/storm.json, with kills and rows that no call before had; a difference or
an error ends it, and says which seed repeats it.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from codeshift.errors import CodeshiftError

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "promises" / "storm.json"
BATCH = 500
"""Number of hostile rows of a dataset."""

sys.path.append(str(ROOT / "tests"))  # for the small study of tests

_NODE = {
    "python": "identifier", "java": "identifier", "c_sharp": "identifier", "javascript": "identifier",
    "typescript": "identifier", "go": "identifier", "c": "identifier", "cpp": "identifier", "rust": "identifier",
    "ruby": "identifier", "php": "name",
}  # fmt: skip
_PIECES = (
    "", " ", "\n", "\r", "\r\n", "\t", "\0", "\x0b", "\x0c", "\x1b[31m", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffd",
    "é", "e\u0301", "日本", "𝔘", "(", ")", "[", "{", "}", "<", ">", '"', "'", '"""', "`", "\\", "/*", "*/", "//", "#",
    "%w( ", "x => ", "a < ", "case 1: ", "(a) => ", "a::< ", "lambda a: ", "a else if (a) ", "if ( a ) { ", "f ( a , ",
    "x = x + 1 ; ", "${", "0x", "1e-", "9" * 400, "a" * 3000, "_", "def f(x):\n", "return x\n",
    "while x:\n    x -= 1\n", "import os\n",
    "<script>alert(1)</script>", "{{ x }}", "%s%n", "| a | b |", "[a](b)", "$(rm -r x)", "NaN", "None",
)  # fmt: skip


def hostile_row(rng: np.random.Generator) -> str:
    """Draw a text: pieces in a row, one piece many times, or any characters at all."""
    kind = rng.random()
    if kind < 0.6:
        return "".join(_PIECES[i] for i in rng.integers(0, len(_PIECES), rng.integers(0, 30)))
    if kind < 0.75:
        return _PIECES[rng.integers(0, len(_PIECES))] * int(rng.integers(1, 400))
    points = rng.integers(0, 0x11_0000, rng.integers(0, 60))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def blow_on_rows(seed: int) -> None:
    """Split, audit and score one batch of hostile rows.

    Raises:
        AssertionError: a row was lost, the order of rows changed a split, or a score is neither a number nor NaN.
    """
    from datasets import Dataset

    from codeshift.audit import audit
    from codeshift.metrics import BLEU, ChrF, CodeBLEU, EditSimilarity, ExactMatch, SyntacticValidity
    from codeshift.properties.grammars import languages
    from codeshift.splitters import ASTNodeSplitter, LengthSplitter

    rng = np.random.default_rng(seed)
    language = languages()[seed % len(languages())]
    texts = [hostile_row(rng) for _ in range(BATCH)]
    data = Dataset.from_dict({"code": texts})
    order = rng.permutation(BATCH)
    for splitter in (LengthSplitter(), ASTNodeSplitter(column="code", language=language, nodes=(_NODE[language],))):
        try:
            assignment = splitter.assign(data, seed=seed)
        except CodeshiftError:  # none of the rows holds such a node, say
            continue
        assert len(assignment.parts) == BATCH
        shuffled = splitter.assign(data.select(order), seed=seed)
        assert (shuffled.parts == assignment.parts[order]).all(), "the order of rows changed a split"
        report = audit(assignment, language=language, n_permutations=19, sample=100, progress=False)
        assert report.to_html()
    references = texts[1:] + texts[:1]
    for metric in (BLEU(), ChrF(), EditSimilarity(), ExactMatch(), SyntacticValidity(language), CodeBLEU(language)):
        value = metric.corpus(texts, references).value
        assert math.isnan(value) or math.isfinite(value)


class KilledStudies:
    """A small study that is run again and again in folders of its own, and killed at moments that follow from a seed.

    Args:
        folder: folder for everything.
    """

    def __init__(self, folder: Path) -> None:
        from codeshift.study import load_results
        from helpers.study_case import run_small_study, save_model, small_study

        self.folder, self.run, self.load = folder, run_small_study, load_results
        self.model = save_model(folder / "model")
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(
            ["helpers.study_case", "codeshift.study.running.worker", "codeshift.study.study"]
        )
        started = time.monotonic()
        self.straight = small_study(self.model).run(folder / "straight", threads=1, progress=False)
        self.seconds = time.monotonic() - started

    def blow(self, seed: int) -> int:
        """Kill one study until it is done; return how often.

        Raises:
            AssertionError: its results are not those of the study that was never killed, to the last bit.
        """
        from helpers.study_case import assert_same

        rng = np.random.default_rng(seed)
        folder, kills = self.folder / f"killed-{seed}", 0
        while True:
            child = self.processes.Process(target=self.run, args=(self.model, folder))
            child.start()
            child.join(self.seconds * rng.uniform(0.0, 0.6))
            if child.is_alive():
                child.kill()
                child.join()
            if child.exitcode == 0:
                break
            assert child.exitcode == -signal.SIGKILL, f"it ended with {child.exitcode}"
            kills += 1
        assert_same(self.load(folder), self.straight)
        shutil.rmtree(folder)
        return kills


def main() -> None:
    """Blow for as many kills and rows as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first call; later ones go on from it")
    parser.add_argument("--figures", type=Path, default=FIGURES)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    figures = {"studies": 0, "kills": 0, "rows": 0, "seconds": 0.0}
    if arguments.figures.exists():
        figures |= json.loads(arguments.figures.read_text(encoding="utf-8"))
    before, started = dict(figures), time.monotonic()

    def add(**more: int) -> None:
        figures.update({name: figures[name] + number for name, number in more.items()})
        figures["seconds"] = round(before["seconds"] + time.monotonic() - started, 1)
        arguments.figures.parent.mkdir(exist_ok=True)
        arguments.figures.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(figures), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["CODESHIFT_CACHE"] = folder
        while figures["rows"] - before["rows"] < arguments.rows:
            seed = arguments.seed + figures["rows"] // BATCH
            with _named("rows", seed):
                blow_on_rows(seed)
            add(rows=BATCH)
        studies = KilledStudies(Path(folder)) if arguments.kills else None
        while studies and figures["kills"] - before["kills"] < arguments.kills:
            seed = arguments.seed + figures["studies"]
            with _named("kills", seed):
                add(studies=1, kills=studies.blow(seed))


@contextmanager
def _named(what: str, seed: int) -> Iterator[None]:
    """Add to whatever goes wrong what repeats it."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"{what} of seed {seed}")
        raise


if __name__ == "__main__":
    main()

"""The main job, end to end, on real input that every Python has: splits, fine-tuning, evaluation and a report."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from codeshift import __version__
from codeshift.data import embedded_model_path, stdlib_functions
from codeshift.errors import ParameterError
from codeshift.files import write_text
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, TruncationWarning, load_model
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.template import Template
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, TokenAccuracy
from codeshift.properties import PropertyTable
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitAssignment, Splitter
from codeshift.study.demo_cells import DemoCell, to_jsonl, to_text
from codeshift.study.demo_results import demo_results, run_key, run_scores, split_facts
from codeshift.study.files import output_folder
from codeshift.study.keys import RunKey
from codeshift.study.report import Report
from codeshift.study.scores import RunScores

METRICS = (NegativeLogLikelihood(), TokenAccuracy(), ExactMatch())
SOURCE, TARGET = "{docstring}\n{signature}", "code"
LONGEST_CODE = 600  # characters: about 80% of the corpus, so that every reference fits the model's context
PARTS = ("test_id", "test_ood")
_CORPUS_ROWS = 4800  # that many functions are short enough; the budgets below are meant for them
_FINE_TUNING_STEPS = 150
_SOURCE_TOKENS, _TARGET_TOKENS = 128, 256
_LEARNING_RATES = {"full": 5e-4, "lora": 5e-3}
_GENERATED_ROWS = 32
_COLUMNS = 100


@dataclass(frozen=True, kw_only=True)
class DemoScenario:
    """A splitter, and what its region means in words."""

    name: str
    meaning: str
    splitter: Splitter


SCENARIOS = (
    DemoScenario(
        name="length",
        meaning="the longest fifth of the functions is out of distribution",
        splitter=LengthSplitter(column="code", quantiles=(0.8, 1.0)),
    ),
    DemoScenario(
        name="loops",
        meaning="functions with a for or while statement are out of distribution",
        splitter=ASTNodeSplitter(column="code", language="python", nodes=("for_statement", "while_statement")),
    ),
)


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """How large the demo is.

    Attributes:
        seed: of splits, fine-tuning and intervals.
        rows: functions of the corpus, drawn evenly over it; budgets of training shrink with them. None takes all.

    Raises:
        ParameterError: too few rows to split, or a seed that is negative.
    """

    seed: int = 0
    rows: int | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ParameterError("seed", "0 or larger", self.seed, "leave it out to take 0")
        if self.rows is not None and self.rows < 100:
            raise ParameterError("rows", "at least 100", self.rows, "fewer leave a scenario without test rows")

    def scaled(self, budget: int) -> int:
        """A budget for the whole corpus, scaled down to ``rows``."""
        return budget if self.rows is None else max(2, min(budget, round(budget * self.rows / _CORPUS_ROWS)))


def run_demo(
    folder: str | os.PathLike[str],
    config: DemoConfig | None = None,
    *,
    say: Callable[[str], None] = lambda text: None,
    progress: bool = False,
) -> list[DemoCell]:
    """Split, fine-tune, evaluate and report; one seed gives the same results on the same machine.

    Writes ``report.html``, ``results.jsonl`` and ``manifests/<scenario>.json`` into ``folder``. The model is the
    embedded one, which has read none of these functions.

    Args:
        folder: where all files go.
        config: how large the demo is, and its seed.
        say: takes the lines that tell a person what happens.
        progress: whether progress bars are shown.

    Returns:
        The results, a cell a scenario, method and part.

    Raises:
        ParameterError: the folder cannot be written to.
        RegionError: so few rows are asked for that a scenario's region is empty.
    """
    config = config or DemoConfig()
    folder = output_folder("out", folder)
    with _quiet():
        return _Demo(folder, config, say, progress).run()


class _Demo:
    """One run; ``run`` may be called once."""

    def __init__(self, folder: Path, config: DemoConfig, say: Callable[[str], None], progress: bool) -> None:
        self.folder, self.config, self.say, self.progress = folder, config, say, progress
        self.steps: list[str] = []
        self.cells: list[DemoCell] = []
        self.scored: dict[RunKey, RunScores] = {}
        self.trained: dict[RunKey, int] = {}

    def run(self) -> list[DemoCell]:
        functions = self._corpus()
        assignments = {scenario: self._split(scenario, functions) for scenario in SCENARIOS}
        self._heading(3, "Fine-tuning and evaluation")
        model = self._model()
        for scenario, assignment in assignments.items():
            self._scenario(scenario, assignment.to_dataset_dict(functions), model)
        self._write(assignments, functions)
        return self.cells

    def _corpus(self) -> Dataset:
        """The functions to split: documented, and short enough for the model."""
        self._heading(1, "The corpus: functions of Python 3.11's standard library")
        documented = stdlib_functions()
        chosen = np.flatnonzero([len(code) <= LONGEST_CODE for code in documented["code"][:]])
        self._note(
            f"{len(documented):,} documented functions; {len(chosen):,} of at most {LONGEST_CODE} characters of code "
            "are split, so that references fit the model."
        )
        if self.config.rows is not None and self.config.rows < len(chosen):
            chosen = chosen[_evenly(len(chosen), self.config.rows)]
            self._note(f"Of these, {len(chosen):,} are drawn evenly, as --rows asks.")
        return documented.select(chosen)

    def _split(self, scenario: DemoScenario, functions: Dataset) -> SplitAssignment:
        if scenario is SCENARIOS[0]:
            self._heading(2, "Two scenarios")
        assignment = scenario.splitter.assign(functions, seed=self.config.seed)
        self.say(f"  {scenario.name}: {scenario.meaning}")
        self.say(_indented(assignment.summary(), "    "))
        manifests = self.folder / "manifests"
        manifests.mkdir(exist_ok=True)
        assignment.manifest.save(manifests / f"{scenario.name}.json")
        return assignment

    def _model(self) -> Path:
        folder = embedded_model_path()
        parameters = load_model(folder).num_parameters()
        self._note(
            f"The embedded model, a T5 of {parameters / 1e6:.1f} million parameters, pretrained on Python and Java, "
            "but on none of these functions and no near-duplicate of one."
        )
        return folder

    def _scenario(self, scenario: DemoScenario, splits: DatasetDict, model: Path) -> None:
        from peft import LoraConfig

        lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="SEQ_2_SEQ_LM")
        texts = [Template(SOURCE, "source").texts(splits[part][:]) for part in PARTS]
        for method, adapter in (("none", None), ("full", None), ("lora", lora)):
            trained: Any = load_model(model)
            about = "without fine-tuning"
            if method != "none":
                result = self._trainer(model, method, adapter).fit({"train": splits["train"]})
                trained, about = result.model, f"{len(result.losses)} steps, {result.parameters}"
                self.trained[run_key(scenario.name, method, self.config.seed)] = len(result.losses)
            self.say(f"  {scenario.name}, {method}: {about}")
            found = self._evaluate(trained, splits, model)
            sources = [text for of_part in texts for text in of_part]
            self.scored[run_key(scenario.name, method, self.config.seed)] = run_scores(found, sources)
            for part in PARTS:
                rows, estimates = len(splits[part]), found[part].estimates
                self.cells.append(
                    DemoCell(scenario=scenario.name, method=method, part=part, rows=rows, estimates=estimates)
                )

    def _trainer(self, model: Path, method: str, adapter: Any) -> Trainer:
        config = TrainingConfig(
            learning_rate=_LEARNING_RATES[method],
            max_steps=self.config.scaled(_FINE_TUNING_STEPS),
            warmup_steps=0.1,
            weight_decay=0.0,
            seed=self.config.seed,
            eval_strategy="no",
            max_source_length=_SOURCE_TOKENS,
            max_target_length=_TARGET_TOKENS,
        )
        return Trainer(
            str(model), str(model), config, source=SOURCE, target=TARGET, peft_config=adapter, progress=self.progress
        )

    def _evaluate(self, trained: Any, splits: DatasetDict, model: Path) -> dict[str, PartEvaluation]:
        evaluator = Evaluator(
            METRICS,
            source=SOURCE,
            target=TARGET,
            generate_rows=self.config.scaled(_GENERATED_ROWS),
            seed=self.config.seed,
            progress=self.progress,
            max_source_length=_SOURCE_TOKENS,
            max_target_length=_TARGET_TOKENS,
        )
        return evaluator.evaluate(trained, splits, tokenizer=load_tokenizer(model), parts=PARTS).parts

    def _write(self, assignments: dict[DemoScenario, SplitAssignment], functions: Dataset) -> None:
        generated = min(cell.estimates["exact_match"].n for cell in self.cells)
        note = (
            "NLL a token is the negative log-likelihood of the reference in nats. Values in brackets are 95% bootstrap "
            f"intervals over rows. Exact match is of greedy outputs for {generated} rows of each part; where "
            "none matches, its interval says no more than that."
        )
        table = PropertyTable(functions)
        facts = [
            split_facts(s.name, s.meaning, s.splitter, assignment, table, f"manifests/{s.name}.json")
            for s, assignment in assignments.items()
        ]
        metrics = {metric.name: metric for metric in METRICS}
        settings = {"language": "python", "source": SOURCE, "target": TARGET, "versions": _versions()}
        report = Report(
            demo_results(self.scored, self.trained, facts, metrics, settings),
            title="Fine-tuning on one part of the standard library, tested on another",
            subtitle=f"codeshift demo: docstring and signature to code, {platform.python_implementation()} "
            f"{platform.python_version()}, seed {self.config.seed}",
            notes=[*self.steps, note],
            command=self._command(),
            seed=self.config.seed,
        )
        self.say("\n" + to_text(self.cells) + "\n\n" + _indented(note, ""))
        results = write_text(self.folder / "results.jsonl", to_jsonl(self.cells))
        page = report.save(self.folder / "report.html")
        self.say(f"\nReport     {page}\nResults    {results}\nManifests  {self.folder / 'manifests'}")

    def _command(self) -> str:
        rows = "" if self.config.rows is None else f" --rows {self.config.rows}"
        return f'pip install "codeshift-ood[finetune]=={__version__}"\ncodeshift demo --seed {self.config.seed}{rows}'

    def _heading(self, number: int, text: str) -> None:
        self.say(f"{'' if number == 1 else chr(10)}[{number}/3] {text}")

    def _note(self, text: str) -> None:
        self.steps.append(text)
        self.say(_indented(text, "  "))


def _evenly(rows: int, wanted: int) -> list[int]:
    return [i * rows // wanted for i in range(wanted)]


def _indented(text: str, by: str) -> str:
    """Lines set in, and wrapped to fit a terminal."""
    wrapped = []
    for line in text.splitlines():
        deeper = by + " " * (len(line) - len(line.lstrip()))
        wrapped += textwrap.wrap(line.strip(), _COLUMNS, initial_indent=deeper, subsequent_indent=deeper)
    return "\n".join(wrapped)


def _versions() -> str:
    libraries = ("torch", "transformers", "peft", "datasets", "tree-sitter", "tree-sitter-python")
    named = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in libraries)
    return f"codeshift {__version__}, Python {platform.python_version()} on {platform.machine()}, {named}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and warnings of others that would stand between our lines, and afterwards as before."""
    from transformers.utils import logging

    bars, datasets_bars = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    logging.disable_progress_bar()
    disable_progress_bars()
    try:
        with warnings.catch_warnings():
            # Long docstrings are cut, which is known and harmless here.
            warnings.simplefilter("ignore", TruncationWarning)
            warnings.simplefilter("ignore", FutureWarning)  # between transformers and PEFT
            yield
    finally:
        if bars:
            logging.enable_progress_bar()
        if datasets_bars:
            enable_progress_bars()

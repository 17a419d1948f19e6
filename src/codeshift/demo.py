"""The demo: a study in which a model must write a name that is left out of real functions."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow.compute as pc
from datasets import Dataset

from codeshift.data import completion_rows, stdlib_functions
from codeshift.documents import text
from codeshift.documents.document import Code, Document, Facts, Note, Paragraph, Table, Value, names, numbers
from codeshift.errors import LeftOutWarning, ParameterError
from codeshift.formatting import MISSING
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from codeshift.requirements import check_extra, check_folder
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, Scenario
from codeshift.study import Findings, Report, RunRecord, Study, StudyResults
from codeshift.study.findings.scores import Score
from codeshift.study.report.tables import estimated
from codeshift.study.results.measures import method_name

ROWS = 2200
SOURCE, TARGET = "{prefix}<extra_id_0>{suffix}", "name"
SCENARIOS = (
    Scenario("longest", LengthSplitter(column="code", quantiles=(0.8, 1.0))),
    Scenario("loops", ASTNodeSplitter(column="code", language="python", nodes=("for_statement", "while_statement"))),
)
HELD_OUT = {"longest": "the longest fifth", "loops": "functions with a loop"}
LEARNING_RATES = {"full": 3e-4, "lora": 1e-3}
"""Learning rates by method, chosen once by the likelihood of validation rows: see the guide on studies."""

PRETRAINING = "pretraining"
"""Name of the corpus that the embedded model was pretrained on, whose digests come with codeshift."""

_LONGEST = 600  # characters of code; nearly all of these functions fit into this many tokens:
_SOURCE_TOKENS, _TARGET_TOKENS = 224, 16
DEMO_TRAINING: dict[str, Any] = {
    "num_train_epochs": 2,
    "train_batch_size": 16,
    "warmup_steps": 0.1,
    "weight_decay": 0.0,
    "eval_strategy": "no",
    "max_source_length": _SOURCE_TOKENS,
    "max_target_length": _TARGET_TOKENS,
}
"""Settings of ``TrainingConfig`` that all methods share."""

_GIVEN_AWAY = ("self", "cls")  # every third name: a model that always wrote them would seem to have learnt
_FEWEST = 100
_PARTS = ("test_id", "test_ood")

_Place: TypeAlias = tuple[str, str, float | None]
"""Scenario, method and kept share of a line of the table."""


def demo_rows(count: int = ROWS, *, seed: int = 0) -> Dataset:
    """Return short functions of the embedded corpus, each with one name left out by ``completion_rows``.

    Rows whose name is ``self`` or ``cls`` are dropped, so that no name is right in more than a few of a hundred.

    Args:
        count: Largest number of rows, drawn evenly over the corpus.
        seed: Seed of the names that are left out.

    >>> row = demo_rows(100)[0]
    >>> row["prefix"] + row["name"] + row["suffix"] == row["code"]
    True
    """
    functions = stdlib_functions().remove_columns("name")  # the function's own; the name left out takes its place
    short = pc.less_equal(pc.utf8_length(functions.data["code"]), _LONGEST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeftOutWarning)  # the demo describes its task, not the gaps of the corpus
        rows = completion_rows(Dataset(functions.data.filter(short)), "name", language="python", seed=seed)
    meant = np.flatnonzero([name not in _GIVEN_AWAY for name in rows["name"][:]])
    count = min(count, len(meant))
    return rows.select([meant[i * len(meant) // count] for i in range(count)])


def demo_study(rows: int = ROWS, *, seed: int = 0) -> Study:
    """Return the study that ``codeshift demo`` runs.

    Args:
        rows: Number of functions of the corpus.
        seed: Seed of the names that are left out, of the split and of training.

    Raises:
        ParameterError: if a scenario would have no test rows with so few rows, or the seed is below 0.
        MissingExtraError: if a package of the extra ``finetune`` is not installed.
    """
    if rows < _FEWEST:
        raise ParameterError("rows", f"at least {_FEWEST}", rows, "fewer leave a scenario without test rows")
    if seed < 0:
        raise ParameterError("seed", "0 or larger", seed, "leave it out to take 0")
    check_extra("finetune")
    from peft import LoraConfig

    from codeshift.finetune import TrainingConfig

    return Study(
        dataset=demo_rows(rows, seed=seed),
        scenarios=SCENARIOS,
        source=SOURCE,
        target=TARGET,
        methods={
            "full": None,
            "lora": LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="SEQ_2_SEQ_LM"),
        },
        ood_kept=(0.0, 1.0),
        split_seeds=(seed,),
        train_seeds=(seed,),
        config={
            method: TrainingConfig(learning_rate=learning_rate, **DEMO_TRAINING)
            for method, learning_rate in LEARNING_RATES.items()
        },
        metrics=(ExactMatch(), NegativeLogLikelihood()),
        test_size=0.3,
        validation_size=0,  # nothing is chosen here
        audit={"n_permutations": 39},
        against={PRETRAINING: "embedded"},
        detection=False,  # it would take the demo beyond four minutes
        keep_weights=False,
        title="A name left out of functions of Python's standard library",
    )


def run_demo(
    folder: str | os.PathLike[str],
    *,
    rows: int = ROWS,
    seed: int = 0,
    workers: int = 2,
    say: Callable[[str], None] = print,
    progress: bool | Callable[[RunRecord], None] = True,
) -> StudyResults:
    """Describe ``demo_study``, run it in a folder, show its scores, and write its report to the same folder.

    Each worker has one thread, so that any number of workers gives the same figures.

    Args:
        folder: Folder of the study; a study that was stopped there resumes.
        rows: Number of functions, as in ``demo_study``.
        seed: Seed, as in ``demo_study``.
        workers: Number of processes.
        say: Function that is called with each text.
        progress: Whether to show bars, or a function of each record, as in ``Study.run``.

    Raises:
        ParameterError: if an argument is invalid, or the folder is that of another study.
        MissingExtraError: if a package of the extra ``finetune`` is not installed.
        StudyError: if no worker can be started.
    """
    check_folder("out", folder)
    study = demo_study(rows, seed=seed)
    say(text.render(demo_task(study)))
    results = study.run(folder, workers=workers, threads=1, progress=progress)
    report = Report(results).save(Path(folder) / "report.html")
    say(text.render(demo_scores(results)))
    say(f"The report is in {report}.")
    return results


def demo_task(study: Study) -> Document:
    """Describe the task of the study with one of its rows, and its plan."""
    rows = study.splits.all_rows
    shortest = min(
        (row for row in rows if row["code"].count("\n") > 2),
        key=lambda row: (len(row["code"]), row["code"]),
    )
    prompt = (
        f"{len(rows):,} functions of Python 3.11's standard library each lack one name at one place. A model is given "
        "the rest, and must write the name. For one of the functions, it is given this:"
    )
    compared = (
        "The model is the small one that comes with codeshift; it was not trained on these functions. It is fine-tuned "
        "in full and by LoRA, without the functions that a scenario holds out and with them:"
    )
    return Document(
        "Which name was left out?",
        (
            Paragraph(prompt),
            Code(f"{shortest['prefix']}<extra_id_0>{shortest['suffix']}", "python"),
            Paragraph(f"It must write {shortest['name']}."),
            Paragraph(compared),
            Facts(tuple((f"{scenario.name}:", HELD_OUT[scenario.name]) for scenario in study.spec.scenarios)),
            Code(str(study.plan())),
        ),
    )


def demo_scores(results: StudyResults) -> Document:
    """Return the scores in and out of distribution, one line for each model.

    Args:
        results: Results of ``demo_study``, finished or not.
    """
    lines: dict[_Place, dict[tuple[str, str], Score]] = {}
    for score in Findings(results=results).scores:
        cell = score.cell
        lines.setdefault((cell.scenario, cell.method, cell.ood_kept), {})[score.measure.metric, score.part] = score
    table = Table(
        columns=names("scenario", "model") + numbers("exact match in", "out of distr.", "NLL in", "out"),
        rows=tuple(
            (Value(label), *_score_line(method, kept, scores))
            for label, ((_, method, kept), scores) in zip(_line_labels(lines), lines.items(), strict=True)
        ),
    )
    note = (
        "Out of distribution: the scenario's test functions; in distribution: all others. Without them: trained on "
        "no such function; with them: trained on all, which is the 100% baseline. The cost of masking is the "
        "difference of these two on the same functions; between in and out, the functions also differ in difficulty. "
        "Brackets are 95% intervals over functions; NLL is in nats per token, lower is better."
    )
    return Document("In and out of distribution", (table, Note(note), *_read_before(results)))


def _read_before(results: StudyResults) -> list[Paragraph]:
    """Say how many test functions the model read in pretraining; nothing before they were looked for."""
    return [
        Paragraph(
            f"Of the {marks.n:,} test functions the model read {int(marks.seen(PRETRAINING, 'exact').sum()):,} in "
            f"pretraining as they are, and {int(marks.seen(PRETRAINING).sum()):,} with other names."
        )
        for marks in results.marks.values()
    ]


def _line_labels(lines: Mapping[_Place, Mapping[tuple[str, str], Score]]) -> list[str]:
    """Return the first column: in the first lines of a scenario its name and the rows of both parts, then nothing."""
    labels: list[str] = []
    for scenario, grouped in groupby(lines.items(), key=lambda line: line[0][0]):
        scores = [line_scores for _, line_scores in grouped]
        rows = {part: max(score["exact_match", part].n for score in scores) for part in _PARTS}
        shown = [scenario, f" in: n={rows['test_id']}", f" out: n={rows['test_ood']}"]
        labels += [label for _, label in zip_longest(scores, shown, fillvalue="")][: len(scores)]
    return labels


def _score_line(method: str, kept: float | None, scores: Mapping[tuple[str, str], Score]) -> tuple[Value, ...]:
    trained = {None: "", 0.0: ", without them", 1.0: ", with them"}[kept]
    places = [(metric, part) for metric in ("exact_match", "negative_log_likelihood") for part in _PARTS]
    values = [_value(scores[place], interval=place[0] == "exact_match") for place in places]
    return Value(method_name(method) + trained), *values


def _value(score: Score, *, interval: bool) -> Value:
    status = score.state.status
    value = estimated(score.measure, score.estimate, status if status in ("failed", "pending") else MISSING)
    return value if interval else Value(value.text)

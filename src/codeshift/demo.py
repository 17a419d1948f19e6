"""The demo: a name is left out of real functions, and a model must write it. A study like any other."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from datasets import Dataset

from codeshift.data import completion_rows, stdlib_functions
from codeshift.documents import text
from codeshift.documents.document import Code, Document, Facts, Note, Paragraph, Table, Value, names, numbers
from codeshift.errors import LeftOutWarning, ParameterError, check_extra, check_folder
from codeshift.formatting import MISSING
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, Scenario
from codeshift.study import Findings, Report, RunRecord, Study, StudyResults
from codeshift.study.findings.scores import Score
from codeshift.study.keys import NONE
from codeshift.study.measures import method_name
from codeshift.study.report.tables import estimated

ROWS = 2400
SOURCE, TARGET = "{prefix}<extra_id_0>{suffix}", "name"
SCENARIOS = (
    Scenario("longest", LengthSplitter(column="code", quantiles=(0.8, 1.0))),
    Scenario("loops", ASTNodeSplitter(column="code", language="python", nodes=("for_statement", "while_statement"))),
)
HELD_OUT = {"longest": "the longest fifth", "loops": "functions with a loop"}
LEARNING_RATES = {"full": 3e-4, "lora": 1e-3}
"""Chosen once, by the likelihood of validation rows: see the guide on studies."""

_LONGEST = 600  # characters of code; all of these functions but a few fit into so many tokens:
_SOURCE_TOKENS, _TARGET_TOKENS = 224, 16
_GIVEN_AWAY = ("self", "cls")  # every third place of a name: whoever always wrote them would seem to have learnt
_FEWEST = 100
_PARTS = ("test_id", "test_ood")


def demo_rows(count: int = ROWS, *, seed: int = 0) -> Dataset:
    """Functions of the embedded corpus of which one name is left out: ``completion_rows`` of the short ones.

    Those that lack ``self`` or ``cls`` are left out, so that no name is right in more than a few of a hundred.

    Args:
        count: how many at most, drawn evenly over the corpus.
        seed: of the names that are left out.

    >>> row = demo_rows(100)[0]
    >>> row["prefix"] + row["name"] + row["suffix"] == row["code"]
    True
    """
    functions = stdlib_functions().remove_columns("name")  # of the function: here it is what is left out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeftOutWarning)  # the demo says what is asked, not what the corpus lacks
        rows = completion_rows(functions, "name", language="python", seed=seed)
    pairs = zip(rows["code"][:], rows["name"][:], strict=True)
    meant = np.flatnonzero([len(code) <= _LONGEST and name not in _GIVEN_AWAY for code, name in pairs])
    count = min(count, len(meant))
    return rows.select([meant[i * len(meant) // count] for i in range(count)])


def demo_study(rows: int = ROWS, *, seed: int = 0) -> Study:
    """The study that ``codeshift demo`` runs.

    Args:
        rows: functions of the corpus.
        seed: of the names that are left out, of the dealing of rows and of training.

    Raises:
        ParameterError: so few rows that a scenario would have no test rows, or a seed below 0.
        MissingExtraError: a package of the extra ``finetune`` is not installed.
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
            method: TrainingConfig(
                learning_rate=learning_rate,
                num_train_epochs=2,
                train_batch_size=16,
                warmup_steps=0.1,
                weight_decay=0.0,
                eval_strategy="no",
                max_source_length=_SOURCE_TOKENS,
                max_target_length=_TARGET_TOKENS,
            )
            for method, learning_rate in LEARNING_RATES.items()
        },
        metrics=(ExactMatch(), NegativeLogLikelihood()),
        test_size=0.3,
        validation_size=0,  # nothing is chosen here
        audit={"n_permutations": 39},
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
    """Tell what ``demo_study`` asks, run it in a folder, and tell what came of it; its report stands there too.

    A worker has one thread, so that any number of workers gives the same figures.

    Args:
        folder: of the study; what was stopped there goes on.
        rows: as in ``demo_study``.
        seed: likewise.
        workers: processes at once.
        say: takes what is told.
        progress: as in ``Study.run``.

    Raises:
        ParameterError: an argument cannot work, or the folder is that of another study.
        MissingExtraError: a package of the extra ``finetune`` is not installed.
        StudyError: no worker can be started.
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
    """What the study asks, with one of its rows, and its plan."""
    rows = study.rows.corpus.table.data
    one = min((one for one in rows if one["code"].count("\n") > 2), key=lambda one: (len(one["code"]), one["code"]))
    asked = (
        f"{len(rows):,} functions of Python 3.11's standard library lack one name at one of its places. A model is "
        "given what is left, and must write the name. Of one of them it is given this:"
    )
    compared = (
        "The model is the small one that codeshift carries; it has read none of these functions. It is fine-tuned in "
        "full and by LoRA, without the functions that a scenario holds out and with them:"
    )
    return Document(
        "What stands where a name was left out?",
        (
            Paragraph(asked),
            Code(f"{one['prefix']}<extra_id_0>{one['suffix']}", "python"),
            Paragraph(f"It must write {one['name']}."),
            Paragraph(compared),
            Facts(tuple((f"{scenario.name}:", HELD_OUT[scenario.name]) for scenario in study.spec.scenarios)),
            Code(str(study.plan())),
        ),
    )


def demo_scores(results: StudyResults) -> Document:
    """The scores in and out of distribution, a line a model.

    Args:
        results: of ``demo_study``, finished or not.
    """
    lines: dict[tuple[str, str, float | None], dict[tuple[str, str], Score]] = {}
    for score in Findings(results=results).scores:
        cell = score.cell
        lines.setdefault((cell.scenario, cell.method, cell.ood_kept), {})[score.measure.metric, score.part] = score
    table = Table(
        columns=names("scenario", "model") + numbers("exact match in", "out of distr.", "NLL in", "out"),
        rows=tuple(_line(*place, scores) for place, scores in lines.items()),
    )
    note = (
        "In distribution are the test functions beside the scenario's, out of distribution the scenario's own. Without "
        "them: training saw no such function; with them: all that there are, which is the 100% baseline. What masking "
        "costs is the difference of these two on the same functions; between in and out, the functions differ in how "
        "hard they are as well. Brackets hold 95% intervals over functions; NLL is in nats a token, lower is better."
    )
    return Document("In and out of distribution", (table, Note(note)))


def _line(scenario: str, method: str, kept: float | None, scores: dict[tuple[str, str], Score]) -> tuple[Value, ...]:
    trained = {None: "", 0.0: ", without them", 1.0: ", with them"}[kept]
    places = [(metric, part) for metric in ("exact_match", "negative_log_likelihood") for part in _PARTS]
    found = [_value(scores[place], interval=place[0] == "exact_match") for place in places]
    return Value(scenario if method == NONE else ""), Value(method_name(method) + trained), *found


def _value(score: Score, *, interval: bool) -> Value:
    status = score.state.status
    value = estimated(score.measure, score.estimate, status if status in ("failed", "pending") else MISSING)
    return value if interval else Value(value.text)

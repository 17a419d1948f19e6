"""Study 1: a small model on names left out of functions, in many scenarios, by several methods and with three seeds.

    python studies/first/study.py plan stdlib
    python studies/first/study.py search stdlib runs/first --workers 6
    python studies/first/study.py run stdlib runs/first --workers 6
    python studies/first/study.py run stdlib-curve runs/first --workers 6
    python studies/first/study.py audit stdlib runs/first --workers 2

The model is the one that comes with codeshift. Of each function one name is left out at one place, and the model must
write it (see ``codeshift.data.completion_rows``). The corpora are ``stdlib``, functions of Python's standard library,
which come with codeshift too, and ``algorithms``, functions of TheAlgorithms' repositories in Python, Java, C++ and Go
(``--data`` names their file of JSON lines). ``stdlib-curve`` and ``algorithms-curve`` keep several shares of the region
in three scenarios each.

``search`` takes the learning rate of each method by the validation loss of the 100% baseline with the first seeds, and
``run`` reads what it found. Every training has the same number of rows, so that masking a region takes no rows away.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, concatenate_datasets

from codeshift.data import completion_rows, embedded_model_path, load_rows, stdlib_functions
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    CompoundDivergenceSplitter,
    GroupSplitter,
    RandomSplitter,
    Scenario,
    TokenRaritySplitter,
    clusters,
    length_bands,
)

SOURCE, TARGET = "{prefix}<extra_id_0>{suffix}", "name"
LONGEST = 600  # characters
GIVEN_AWAY = ("self", "cls")  # a model that always wrote them would seem to have learnt
TENTHS = ((0.0, 0.1), (0.22, 0.32), (0.45, 0.55), (0.67, 0.77), (0.9, 1.0))
"""Bands of length: SimSCOOD's hold 3% of the rows, too few test rows here to show anything."""
CURVE = (0.01, 0.05, 0.1, 0.25, 0.5)
SEEDS = (0, 1, 2)
RATES: dict[str, tuple[float, ...]] = {"full": (1e-4, 3e-4, 1e-3, 3e-3), "lora": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)}
MOST = {"python": 1500, "java": 1500, "cpp": 1100, "go": 600}
"""Most functions of each language of ``algorithms``."""
SEARCH = "search-{corpus}.json"


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Rows of a study, its scenarios, and the tokens that its rows take.

    Attributes:
        rows: Rows with ``prefix``, ``suffix``, ``name`` and ``code``.
        scenarios: Scenarios of the main study.
        of_curve: Names of those whose share of kept rows varies.
        train_size: Rows of each training.
        source_tokens: Longest source.
        max_steps: Most steps of a training; None for all.
        language: Language of the code, or None.
    """

    rows: Dataset
    scenarios: tuple[Scenario, ...]
    of_curve: tuple[str, ...]
    train_size: int
    source_tokens: int
    language: str | None
    max_steps: int | None = None


def stdlib(_: Path | None) -> Corpus:
    """Return functions of Python's standard library; a project is a top-level module or package."""
    rows = kept(stdlib_functions().remove_columns("name"), "python")
    python = {"column": "code", "language": "python"}
    scenarios = (
        *length_bands("code", bands=TENTHS, language="python"),
        *(
            Scenario(f"syntax_{name}", ASTNodeSplitter(nodes=nodes, **python))
            for name, nodes in {
                "loop": ("for_statement", "while_statement"),
                "try": ("try_statement",),
                "raise": ("raise_statement",),
                "boolean": ("boolean_operator",),
                "subscript": ("subscript",),
            }.items()
        ),
        *clusters("code", n_clusters=10),
        Scenario("rarity", TokenRaritySplitter(column="code")),
        Scenario("api_builtins_isinstance", APIUsageSplitter(apis=("isinstance",), **python)),
        Scenario("compounds", CompoundDivergenceSplitter(**python)),
        Scenario("project", GroupSplitter(column="code", by="project")),
        Scenario("control", RandomSplitter(column="code", share=0.1)),
    )
    return Corpus(rows, scenarios, ("length_p90_p100", "syntax_loop", "semantics_cluster_0"), 1100, 224, "python")


def algorithms(data: Path | None) -> Corpus:
    """Return functions of TheAlgorithms' repositories in four languages."""
    if data is None:
        raise SystemExit("algorithms needs --data: JSON lines with the columns language, topic, added and code")
    everything = load_rows(data)
    languages = np.array(everything["language"][:])
    rows = concatenate_datasets([
        evenly(kept(everything.select(np.flatnonzero(languages == language)).remove_columns("label"), language), most)
        for language, most in MOST.items()
    ])  # fmt: skip
    scenarios = (
        *length_bands("code", bands=TENTHS, unit="chars"),
        *clusters("code", n_clusters=10),
        Scenario("rarity", TokenRaritySplitter(column="code")),
        *(
            Scenario(f"language_{language}", GroupSplitter(column="code", by="language", values=(language,)))
            for language in ("java", "cpp", "go")
        ),
        Scenario("topic", GroupSplitter(column="code", by="topic")),
        Scenario("control", RandomSplitter(column="code", share=0.1)),
    )
    return Corpus(rows, scenarios, ("length_p90_p100", "language_cpp", "semantics_cluster_0"), 1800, 320, None)


CORPORA = {"stdlib": stdlib, "algorithms": algorithms}


def kept(functions: Dataset, language: str) -> Dataset:
    """Leave one name out of each function, and keep the functions that are short and whose name is not given away."""
    rows = completion_rows(functions, "name", language=language, seed=0)
    pairs = zip(rows["code"][:], rows["name"][:], strict=True)
    return rows.select(np.flatnonzero([len(code) <= LONGEST and name not in GIVEN_AWAY for code, name in pairs]))


def evenly(rows: Dataset, most: int) -> Dataset:
    """Return at most so many rows, drawn evenly over all."""
    count = min(most, len(rows))
    return rows.select([i * len(rows) // count for i in range(count)])


def methods() -> dict[str, Any]:
    """Return full fine-tuning, and LoRA on all linear layers."""
    from peft import LoraConfig

    return {
        "full": None,
        "lora": LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="SEQ_2_SEQ_LM"),
    }


def config(rate: float, corpus: Corpus) -> Any:
    """Return how a method is trained."""
    from codeshift.finetune import TrainingConfig

    return TrainingConfig(
        learning_rate=rate,
        num_train_epochs=3,
        max_steps=corpus.max_steps,
        train_batch_size=16,
        warmup_steps=0.1,
        weight_decay=0.0,
        max_source_length=corpus.source_tokens,
        max_target_length=16,
    )


def study_of(name: str, corpus: Corpus, rates: Mapping[str, float], *, audits: bool) -> Any:
    """Return the main study of a corpus, or its curve."""
    from codeshift.metrics import ExactMatch, NegativeLogLikelihood
    from codeshift.study import Study

    curve = name.endswith("-curve")
    scenarios = [scenario for scenario in corpus.scenarios if not curve or scenario.name in corpus.of_curve]
    return Study(
        dataset=corpus.rows,
        scenarios=scenarios,
        source=SOURCE,
        target=TARGET,
        column="code",
        language=corpus.language,
        methods=methods(),
        ood_kept=CURVE if curve else (0.0, 1.0),
        split_seeds=SEEDS,
        train_seeds=(0,),
        config={method: config(rate, corpus) for method, rate in rates.items()},
        metrics=(ExactMatch(), NegativeLogLikelihood()),
        test_size=0.3,
        validation_size=0.1,
        train_size=corpus.train_size,
        wise_ft=() if curve else (0.5,),
        watch=None if curve else {"test_id": 100, "test_ood": 100},
        detection=not curve,
        audit=audits,
        evaluation_batch_size=64,
        keep_weights=False,
        title=f"Names left out of functions: {name}",
    )


def search(options: argparse.Namespace, corpus: Corpus) -> None:
    """Measure the validation loss of each method and learning rate, on the 100% baseline of the first split seed.

    What is measured is noted as it comes: a search that was stopped goes on when it is run again.
    """
    from codeshift.study.running.executors import WorkerProcesses

    path = options.folder / SEARCH.format(corpus=options.study)
    options.folder.mkdir(parents=True, exist_ok=True)
    losses = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    study = study_of(options.study, corpus, {method: several[0] for method, several in RATES.items()}, audits=False)
    table = study.splits.all_rows
    parts = {part: [dict(row) for row in table.select(rows)] for part, rows in study.splits.baseline(0).items()}
    done = {(measured["method"], measured["learning_rate"]) for measured in losses}
    left = [(method, rate) for method, several in RATES.items() for rate in several if (method, rate) not in done]
    with WorkerProcesses(options.workers, 1) as pool:
        waited = [
            pool.submit(validation_loss, dataclasses.replace(corpus, rows=None, scenarios=()), parts, *pair)
            for pair in left
        ]
        for future in as_completed(waited):
            losses.append(future.result())
            path.write_text(json.dumps(losses, indent=1) + "\n", encoding="utf-8")
            print(losses[-1], flush=True)
    print(best_rates(path))


def validation_loss(corpus: Corpus, parts: dict[str, Any], method: str, rate: float) -> dict[str, Any]:
    """Train once; the loss is infinite where training diverges."""
    from codeshift.finetune import Trainer
    from codeshift.finetune.errors import DivergenceError

    model = str(embedded_model_path())
    columns: dict[str, Any] = {"source": SOURCE, "target": TARGET, "progress": False}
    trainer = Trainer(model, model, config(rate, corpus), peft_config=methods()[method], **columns)
    started = time.perf_counter()
    try:
        losses = trainer.fit(
            {part: Dataset.from_list(parts[part]) for part in ("train", "validation")}
        ).validation_losses
    except DivergenceError:
        losses = [float("inf")]
    seconds = round(time.perf_counter() - started, 1)
    return {"method": method, "learning_rate": rate, "validation_losses": losses, "seconds": seconds}


def best_rates(path: Path) -> dict[str, float]:
    """Return each method's learning rate with the lowest validation loss of any epoch.

    Raises:
        SystemExit: if a method was not searched.
    """
    losses = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    best = {}
    for method in RATES:
        of_method = [measured for measured in losses if measured["method"] == method]
        if not of_method:
            raise SystemExit(f"{path} has no learning rate of {method}: run search first")
        best[method] = min(of_method, key=lambda measured: min(measured["validation_losses"]))["learning_rate"]
    return best


def run(options: argparse.Namespace, corpus: Corpus) -> None:
    """Do what is left of the study."""
    path = options.folder / SEARCH.format(corpus=options.study.removesuffix("-curve"))
    study = study_of(options.study, corpus, best_rates(path), audits=options.step == "audit")
    started = time.perf_counter()

    def note(record: Any) -> None:
        seconds = time.perf_counter() - started
        print(f"{seconds:6.0f} s  {record.status}  {record.key}  {record.error[:200]}", flush=True)

    print(study.run(options.folder / options.study, workers=options.workers, threads=1, progress=note))


def main() -> None:
    """Do one step of a study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["plan", "search", "run", "audit"])
    parser.add_argument("study", choices=[f"{corpus}{kind}" for corpus in CORPORA for kind in ("", "-curve")])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/first"))
    parser.add_argument("--data", type=Path, help="file of the functions of TheAlgorithms' repositories, as JSON lines")
    parser.add_argument("--workers", type=int, default=1, help="number of processes")
    parser.add_argument("--max-steps", type=int, help="most steps of a training, to try it")
    options = parser.parse_args()
    corpus = CORPORA[options.study.removesuffix("-curve")](options.data)
    corpus = dataclasses.replace(corpus, max_steps=options.max_steps)
    if options.step == "plan":
        print(
            study_of(
                options.study, corpus, {method: several[0] for method, several in RATES.items()}, audits=False
            ).plan()
        )
    elif options.step == "search":
        search(options, corpus)
    else:
        run(options, corpus)


if __name__ == "__main__":
    main()

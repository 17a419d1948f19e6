r"""A model that people know: SmolLM2-135M-Instruct, fine-tuned on MBPP in its chat format.

    python scripts/real_model.py runs/smollm2
    python studies/smollm2_mbpp/study.py plan --data problems.jsonl --model runs/smollm2
    python studies/smollm2_mbpp/study.py search runs/mbpp --data problems.jsonl --model runs/smollm2 --workers 6
    python studies/smollm2_mbpp/study.py run runs/mbpp --data problems.jsonl --model runs/smollm2 --workers 5
    python studies/smollm2_mbpp/study.py score runs/mbpp --data problems.jsonl

``search`` takes the learning rate of each method by the validation loss of the 100% baseline with the first split seed,
and ``run`` reads what it found. ``score`` needs neither model nor GPU: it takes the program out of each stored output,
**executes it** against its tests (see ``codeshift.metrics.execution``), and writes a second folder beside the first,
``runs/mbpp-scored``, with pass@1, exact match and validity of the programs, tables and a report.

What SmolLM2 has read cannot be audited: MBPP, or pages like it, may be in it. So no row is new to it for certain, and
what is compared is the same model without fine-tuning. Its weights were stored with 4 bits (see
``scripts/real_model.py``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
SOURCE = (
    f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
    "<|im_start|>user\n{prompt}<|im_end|>\n"
    "<|im_start|>assistant\n"
)  # fmt: skip
TARGET = "code"  # a decoder's target ends with the tokenizer's end token: <|im_end|>, which ends the turn
PROMPT = (
    "You are an expert Python programmer, and here is your task: {text} Your code should pass these tests:\n\n{tests}"
)
LONGEST_PROMPT = 900  # characters: some of what is longer does not fit LENGTHS
LENGTHS: dict[str, Any] = {"max_source_length": 544, "max_target_length": 320}
RATES: dict[str, tuple[float, ...]] = {"full": (1e-5, 3e-5, 1e-4), "lora": (1e-4, 3e-4, 1e-3)}
TEST_ROWS = 192  # in three batches of 64
SEARCH = "search.json"
TITLE = "SmolLM2-135M-Instruct on MBPP"
NOTES = (
    "What SmolLM2 has read cannot be audited, so no row of MBPP is new to it for certain: compare with the model "
    "without fine-tuning.",
    "The weights were stored with 4 bits (Q4_1): this is a quantised SmolLM2, trained on from there in full precision.",
    f"Problems whose prompt is longer than {LONGEST_PROMPT} characters are left out.",
    "Programs are the first fenced block of an output, or all of it, of every model alike.",
    "Learning rates were chosen by the validation loss of the 100% baseline of the first split seed.",
)
_AT_ONCE = 64  # programs between two notes of what passed


def rows_of(data: Path) -> list[dict[str, str]]:
    """The problems: the prompt, the reference as ``code``, the tests that a program must pass, the task's number.

    Those whose prompt is longer than ``LONGEST_PROMPT`` are left out.
    """
    rows = []
    for line in data.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        tests = "\n".join(_plain(test) for test in row["test_list"])
        prompt = PROMPT.format(text=_plain(row["text"]), tests=tests)
        if len(prompt) <= LONGEST_PROMPT:
            checks = "\n".join([_plain(row["test_setup_code"]), tests]).strip()
            code = _plain(row["code"]).strip()
            rows.append({"task_id": str(row["task_id"]), "prompt": prompt, "code": code, "tests": checks})
    return rows


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")


def scenarios(names: Sequence[str]) -> list[Any]:
    """Three shifts, and a region that means nothing, which tells what is lost to fewer rows alone."""
    from codeshift.splitters import ASTNodeSplitter, ClusterSplitter, LengthSplitter, RandomSplitter, Scenario

    known = {
        "length": LengthSplitter(column="code", quantiles=(0.8, 1.0), ties="split"),
        "loops": ASTNodeSplitter(column="code", language="python", nodes=("while_statement", "for_statement")),
        "cluster": ClusterSplitter(column="code", n_clusters=8, clusters=(0,)),
        "control": RandomSplitter(column="code", share=0.2),
    }
    return [Scenario(name, known[name]) for name in names]


def configs(rates: dict[str, float], options: argparse.Namespace) -> dict[str, Any]:
    """How each method is trained."""
    from codeshift.finetune import TrainingConfig

    return {
        method: TrainingConfig(
            learning_rate=rate,
            num_train_epochs=options.epochs,
            max_steps=options.max_steps,
            train_batch_size=16,
            warmup_steps=0.1,
            lr_scheduler_type="cosine",
            bf16=options.precision == "bf16",
            save_strategy="steps",
            save_steps=1_000_000,  # at the end alone
            **LENGTHS,
        )
        for method, rate in rates.items()
    }


def methods() -> dict[str, Any]:
    """Full fine-tuning, and LoRA on all linear layers."""
    from peft import LoraConfig

    return {"full": None, "lora": LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")}


def study_of(options: argparse.Namespace, rates: dict[str, float]) -> Any:
    """The whole study: one train seed for each dealing of the rows."""
    from datasets import Dataset

    from codeshift.finetune import Decoding
    from codeshift.metrics import ExactMatch, NegativeLogLikelihood, SyntacticValidity
    from codeshift.study import Study

    return Study(
        dataset=Dataset.from_list(rows_of(options.data)[: options.rows]),
        scenarios=scenarios(options.scenarios),
        source=SOURCE,
        target=TARGET,
        column="code",
        language="python",
        model=str(options.model),
        methods=methods(),
        ood_kept=(0.0, 1.0),
        split_seeds=tuple(range(options.seeds)),
        train_seeds=(0,),
        config=configs(rates, options),
        metrics=[NegativeLogLikelihood(), ExactMatch(), SyntacticValidity("python")],
        test_size=TEST_ROWS if options.rows is None else 0.25,
        validation_size=0.1,
        wise_ft=(0.5,) if options.wise_ft else (),
        audit=options.audit,
        decoding=Decoding(max_new_tokens=options.new_tokens),
        evaluation_batch_size=options.device_batch,
        keep_weights=False,
        title=TITLE,
    )


def search(options: argparse.Namespace) -> None:
    """The validation loss of each method and learning rate, on the 100% baseline of the first split seed.

    What is measured is noted as it comes: a search that was stopped, or had an error, goes on when it is run again.
    """
    from codeshift.study.running.executors import WorkerProcesses, threads_each  # they end when this process does

    path = options.folder / SEARCH
    options.folder.mkdir(parents=True, exist_ok=True)
    trials = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rates = {method: several[0] for method, several in RATES.items()}
    study = study_of(options, rates)
    dealt = study.splits.baseline(0)
    table = study.splits.all_rows
    parts = {part: [dict(row) for row in table.select(positions)] for part, positions in dealt.items()}
    done = {(trial["method"], trial["learning_rate"]) for trial in trials}
    left = [(m, rate) for m, several in RATES.items() for rate in several if (m, rate) not in done]
    with WorkerProcesses(options.workers, threads_each(options.workers)) as pool:
        waited = [pool.submit(_measured, options, parts, method, rate) for method, rate in left]
        for future in as_completed(waited):
            if (error := future.exception()) is not None:
                print(f"{type(error).__name__}: {error}", flush=True)
                continue
            trials.append(future.result())
            path.write_text(json.dumps(trials, indent=1) + "\n", encoding="utf-8")
            print(trials[-1], flush=True)
    print(best_rates(options.folder))


def _measured(options: argparse.Namespace, parts: dict[str, Any], method: str, rate: float) -> dict[str, Any]:
    """Train once; the loss is infinite where training diverges."""
    from datasets import Dataset

    from codeshift.finetune import Trainer
    from codeshift.finetune.errors import DivergenceError

    config = configs({method: rate}, options)[method]
    data = {part: Dataset.from_list(rows) for part, rows in parts.items()}
    trainer = Trainer(
        str(options.model), str(options.model), config,
        source=SOURCE, target=TARGET, peft_config=methods()[method], progress=False,
    )  # fmt: skip
    started = time.perf_counter()
    try:
        losses = trainer.fit(data).validation_losses
    except DivergenceError:
        losses = [float("inf")]
    seconds = time.perf_counter() - started
    return {"method": method, "learning_rate": rate, "validation_losses": losses, "seconds": round(seconds, 1)}


def best_rates(folder: Path) -> dict[str, float]:
    """The learning rate of the lowest validation loss at the end of training, of each method.

    Raises:
        SystemExit: a method was not searched.
    """
    path = folder / SEARCH
    trials = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    best = {}
    for method in RATES:
        of_method = [trial for trial in trials if trial["method"] == method]
        if not of_method:
            raise SystemExit(f"{path} has no learning rate of {method}: run search first, or pass --rates")
        best[method] = min(of_method, key=lambda trial: trial["validation_losses"][-1])["learning_rate"]
    return best


def run(options: argparse.Namespace) -> None:
    """Do what is left of the study."""
    study = study_of(options, options.rates or best_rates(options.folder))
    started = time.perf_counter()

    def note(record: Any) -> None:
        seconds = time.perf_counter() - started
        print(f"{seconds:6.0f} s  {record.status}  {record.key}  {record.error[:200]}", flush=True)

    print(study.run(options.folder / "study", workers=options.workers, progress=note, retry=options.retry))


def plan(options: argparse.Namespace) -> None:
    """What the study would do, and the rows that it would test."""
    print(study_of(options, options.rates or {method: rates[0] for method, rates in RATES.items()}).plan())


def extract(output: str) -> str:
    r"""The program in an output: the first fenced block, or all of it where there is none.

    >>> extract("Sure:\n```python\nx = 1\n```\nThat is all.")
    'x = 1'
    >>> extract("x = 1\n")
    'x = 1'
    """
    from codeshift.finetune import extract_code

    return extract_code(output).strip("\n")


def score(options: argparse.Namespace) -> None:
    """Write the folder of scored programs, with tables and a report."""
    from codeshift.metrics import ExactMatch, NegativeLogLikelihood, PassAtK, SyntacticValidity
    from codeshift.study import Report, load_results
    from codeshift.study.folder.store import StudyStore

    folder = options.folder / "study"
    out = options.out or options.folder.with_name(options.folder.name + "-scored")
    metrics = [NegativeLogLikelihood(), ExactMatch(), SyntacticValidity("python"), PassAtK(1)]
    results = load_results(folder)
    _copy(folder, out)
    tests = {SOURCE.replace("{prompt}", row["prompt"]): row["tests"] for row in rows_of(options.data)}
    outputs, wanted = {}, []
    records, store = {record.key: record for record in results.records}, StudyStore(out)
    done = [key for key, record in records.items() if record.status == "done"]
    for key in done:
        scores = results.scores(key)
        outputs[key] = programs = [extract(text or "") for text in scores.predictions]
        wanted += list(zip(programs, [tests[source] for source in scores.sources], strict=True))
    passed = _passed(wanted, out / "passed.jsonl", options.workers)
    for key in done:
        scores, programs = results.scores(key), outputs[key]
        statistics = dict(scores.statistics)
        for metric in metrics[1:3]:
            statistics[metric.name] = metric.statistics(programs, list(scores.references))
        hits = [[passed[_name(pair)]] for pair in zip(programs, map(tests.__getitem__, scores.sources), strict=True)]
        statistics["pass@1"] = PassAtK(1).statistics(hits)
        scored = type(scores)(scores.references, programs, statistics, scores.sources, scores.finished)
        scored.save(out / "runs" / key.name / "test.parquet")
        store.write_record(records[key])  # it vouches for the scores
    scored_results = load_results(out, metrics=metrics)
    frame = scored_results.to_pandas()
    frame.to_csv(out / "table.csv", index=False)
    text = summary(frame)
    (out / "table.md").write_text(text, encoding="utf-8")
    print(text)
    Report(scored_results, metric="pass@1", title=TITLE, notes=NOTES).save(out / "report.html")


def _copy(folder: Path, out: Path) -> None:
    """A folder of the study with one metric more."""
    from codeshift.files import read_json, write_json

    ignored = shutil.ignore_patterns("*.safetensors", "checkpoints", "locks")
    shutil.copytree(folder, out, ignore=ignored, dirs_exist_ok=True)
    content = read_json(out / "study.json")
    content["settings"]["metrics"]["pass@1"] = None
    write_json(out / "study.json", content, (out / "data").iterdir())


def _name(pair: tuple[str, str]) -> str:
    return hashlib.sha256("\0".join(pair).encode("utf-8", "surrogatepass")).hexdigest()


def _passed(pairs: list[tuple[str, str]], path: Path, workers: int) -> dict[str, bool]:
    """Whether each program passes its tests; equal ones run once, and what was run stays known in ``path``.

    What does not parse is not run: it cannot pass.
    """
    from codeshift.metrics import PassAtK, SyntacticValidity
    from codeshift.metrics.execution import PythonRunner

    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    passed: dict[str, bool] = dict(map(json.loads, lines))
    unknown = {_name(pair): pair for pair in pairs if _name(pair) not in passed}
    valid = SyntacticValidity("python").score([program for program, _ in unknown.values()], [""] * len(unknown))
    passed |= {name: False for name, parses in zip(unknown, valid, strict=True) if not parses}
    left = [name for name, parses in zip(unknown, valid, strict=True) if parses]
    metric = PassAtK(1, runner=PythonRunner(timeout=10.0, cpu_seconds=5, workers=workers))
    with path.open("a", encoding="utf-8") as file:
        for some in _chunks(left):
            hits = metric.score(*zip(*(unknown[name] for name in some), strict=True))
            for name, hit in zip(some, hits, strict=True):
                passed[name] = bool(hit)
                file.write(json.dumps([name, bool(hit)]) + "\n")
            file.flush()
            print(f"{len(passed):,} of {len(passed) + len(left):,} programs run", flush=True)
    return passed


def _chunks(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def summary(frame: Any) -> str:
    """In-distribution against out-of-distribution rows, by scenario, method, regime and seed, and over seeds."""
    parts = frame[frame["part"].isin(["test_id", "test_ood"]) & (frame["status"] == "done")].copy()
    parts["method"] = (parts["method"] + " " + parts["variant"]).str.strip()
    parts["ood_kept"] = parts["ood_kept"].map(lambda kept: "-" if kept != kept else f"{kept:g}")
    keys = ["scenario", "method", "ood_kept", "split_seed"]
    wide = parts.pivot_table(index=keys, columns=["metric", "part"], values=["value", "n"])
    lines = [f"# {TITLE}", "", *(f"- {note}" for note in NOTES), "", _HEAD, ""]
    names = ("pass@1", "exact_match", "syntactic_validity", "negative_log_likelihood")
    head = [*keys, "n ID", "n OOD", *(f"{name} {part}" for name in names for part in ("ID", "OOD"))]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for index, row in wide.iterrows():
        counts = [f"{row['n', names[0], part]:.0f}" for part in ("test_id", "test_ood")]
        lines.append("| " + " | ".join([*map(str, index), *counts, *_cells(row["value"], names)]) + " |")
    means = wide["value"].groupby(level=keys[:3]).agg(["mean", "count"])
    head = [*keys[:3], "seeds", *head[6:]]
    lines += ["", "Means over split seeds:", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for index, row in means.iterrows():
        values = {pair: row[(*pair, "mean")] for pair in wide["value"].columns}
        seeds = f"{row[(names[0], 'test_id', 'count')]:.0f}"
        lines.append("| " + " | ".join([*map(str, index), seeds, *_cells(values, names)]) + " |")
    return "\n".join(lines) + "\n"


_HEAD = """Shares times 100; NLL in nats a token of the reference. `none` is the model without fine-tuning; `ood_kept` 0
trained without the region's rows, 1 with them."""


def _cells(values: Any, names: Sequence[str]) -> list[str]:
    pairs = [(name, part) for name in names for part in ("test_id", "test_ood")]
    return [f"{values[p]:.3f}" if p[0].startswith("negative") else f"{100 * values[p]:.1f}" for p in pairs]


def _rates(text: str) -> dict[str, float]:
    """Such as ``full=3e-5,lora=3e-4``."""
    return {method: float(rate) for method, _, rate in (setting.partition("=") for setting in text.split(","))}


def main() -> None:
    """Do one step of the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["plan", "search", "run", "score"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/mbpp"))
    parser.add_argument("--data", type=Path, required=True, help="MBPP as JSON lines")
    parser.add_argument("--model", type=Path, help="the folder that scripts/real_model.py made")
    parser.add_argument("--out", type=Path, help="where scores go (FOLDER-scored)")
    parser.add_argument("--workers", type=int, default=1, help="processes at once, or programs at once of score")
    parser.add_argument("--device-batch", type=int, default=64, help="rows at once in evaluation")
    parser.add_argument("--seeds", type=int, default=3, help="dealings of the rows")
    parser.add_argument("--scenarios", nargs="+", default=["length", "loops", "cluster", "control"])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rates", type=_rates, help="learning rates instead of those of search: full=3e-5,lora=3e-4")
    parser.add_argument("--precision", default="bf16", choices=["bf16", "fp32"])
    parser.add_argument("--new-tokens", type=int, default=256, help="longest output")
    parser.add_argument("--wise-ft", action="store_true", help="evaluate WiSE-FT at 0.5 too, of every full model")
    parser.add_argument("--audit", action="store_true", help="audit the splits too; also afterwards")
    parser.add_argument("--retry", action="store_true", help="do what failed once more")
    parser.add_argument("--rows", type=int, help="the first so many problems alone, to try it")
    parser.add_argument("--max-steps", type=int, help="so many steps alone, to try it")
    options = parser.parse_args()
    if options.model is None and options.step != "score":
        parser.error(f"{options.step} needs --model")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    {"plan": plan, "search": search, "run": run, "score": score}[options.step](options)


if __name__ == "__main__":
    main()

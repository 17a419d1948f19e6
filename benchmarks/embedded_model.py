"""The embedded model beside the same architecture with random weights, after the same fine-tuning.

    python benchmarks/embedded_model.py stdlib --out runs/embedded
    python benchmarks/embedded_model.py translation --data ../shared/data --out runs/embedded
    python benchmarks/embedded_model.py table --out runs/embedded --write benchmarks/embedded_model.md

``stdlib``: the NLL of documented functions of the standard library, docstring and signature to code, after 150
steps. ``translation``: Java to C#, the pairs of CodeXGLUE. Each fine-tuned model is one
*arm*: weights, a learning rate, and "scaled" where that is scaled by the weights. ``--arms`` chooses; what is done is
kept in ``--out`` and not done again. All arms of a task get the same rows in the same order and the same steps.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from transformers import AutoConfig, AutoModelForSeq2SeqLM

from codeshift.data import embedded_model_path, stdlib_functions
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.runtime import seeded
from codeshift.metrics import BLEU, ExactMatch, NegativeLogLikelihood, paired_difference
from codeshift.splitters import RandomSplitter

WEIGHTS = ("pretrained", "random")
ARMS = {
    "stdlib": ("pretrained-1e-3", "pretrained-5e-4", "random-1e-3", "random-2e-2-scaled"),
    "translation": ("pretrained-1e-2-scaled", "random-2e-2-scaled"),
}
LENGTHS = {"stdlib": (128, 256), "translation": (192, 256)}
BUDGETS: dict[str, dict[str, Any]] = {
    "stdlib": {"max_steps": 150, "train_batch_size": 16},
    "translation": {"num_train_epochs": 10, "train_batch_size": 32, "bf16": True},
}
METRICS: dict[str, list[Any]] = {
    "stdlib": [NegativeLogLikelihood(), ExactMatch()],
    "translation": [NegativeLogLikelihood(), BLEU(smoothing="codexglue"), ExactMatch()],
}
TABLED = {"stdlib": 1, "translation": 3}  # the first so many of them
GENERATED = {"stdlib": 64, "translation": None}
HEAD = """# The embedded model beside random weights

`OMP_NUM_THREADS=1 python benchmarks/embedded_model.py stdlib --out runs/embedded`, then the same with `translation`
(which needs `--data`), then `table --out runs/embedded --write benchmarks/embedded_model.md`. The same architecture,
tokenizer, rows, order and steps; an arm is named by its weights and learning rate, "scaled" where that is multiplied
by the scale of each matrix (`TrainingConfig.scale_by_weights`), which suits random weights. NLL is in nats a token;
BLEU and exact match are times 100, of greedy outputs, BLEU over whitespace-separated tokens with CodeXGLUE's
smoothing; intervals are 95% bootstrap intervals over test rows, differences are paired."""
OUTPUTS_HEAD = """# Ten outputs of the fine-tuned embedded model

Five outputs for each task of [the benchmark](benchmarks/embedded-model.md), decoded greedily, for test rows at equal
distances, so that they are neither the best nor the worst. `python benchmarks/embedded_model.py table
--out runs/embedded --write-outputs docs/embedded-model-outputs.md` writes this page."""
TITLES = {
    "stdlib": "Docstring and signature to code, functions of the standard library",
    "translation": "Java to C#, CodeXGLUE's pairs",
}


def stdlib_splits(options: argparse.Namespace) -> tuple[DatasetDict, str, str]:
    """Documented functions that fit the model, split at random."""
    functions = stdlib_functions()
    short = [i for i, code in enumerate(functions["code"]) if len(code) <= 600]
    splits = RandomSplitter(column="code").split(functions.select(short), seed=options.seed)
    return splits, "{docstring}\n{signature}", "code"


def translation_splits(options: argparse.Namespace) -> tuple[DatasetDict, str, str]:
    """CodeXGLUE's pairs of Java and C#, in its own parts."""
    parts = {}
    for part in ("train", "validation", "test"):
        path = Path(options.data) / "code_to_code_trans" / f"{part}.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        parts[part] = Dataset.from_list([{"java": row["java"], "cs": row["cs"]} for row in rows])
    return DatasetDict(parts), "java", "cs"


def model_of(weights: str, options: argparse.Namespace) -> tuple[Any, Any]:
    """The weights of that name, and the tokenizer that both share."""
    folder = options.model or embedded_model_path()
    if weights == "pretrained":
        return load_model(folder), load_tokenizer(folder)
    with seeded(options.seed):
        return AutoModelForSeq2SeqLM.from_config(AutoConfig.from_pretrained(folder)).eval(), load_tokenizer(folder)


def run_arm(task: str, arm: str, splits: tuple[DatasetDict, str, str], options: argparse.Namespace) -> None:
    """Fine-tune one arm and keep what it scores."""
    path = Path(options.out) / f"{task}-{arm}.json"
    if path.exists():
        return
    parts, source, target = splits
    weights, rate = arm.removesuffix("-scaled").split("-", 1)
    longest_source, longest_target = LENGTHS[task]
    limits = {"max_source_length": longest_source, "max_target_length": longest_target}
    config = TrainingConfig(
        learning_rate=float(rate), scale_by_weights=arm.endswith("-scaled"), warmup_steps=0.1, weight_decay=0.0,
        seed=options.seed, **BUDGETS[task], **limits,
    )  # fmt: skip
    model, tokenizer = model_of(weights, options)
    started = time.process_time()
    result = Trainer(model, tokenizer, config, source=source, target=target, progress=False).fit(
        {"train": parts["train"], "validation": parts["validation"]}
    )
    seconds = time.process_time() - started
    evaluator = Evaluator(
        METRICS[task], source=source, target=target, generate_rows=GENERATED[task], progress=False, **limits
    )
    test = "test" if task == "translation" else "test_id"
    evaluated = evaluator.evaluate(result.model, {test: parts[test]}, tokenizer=tokenizer, parts=[test])[test]
    record = {
        "task": task, "arm": arm, "weights": weights, "steps": len(result.losses), "train_rows": len(parts["train"]),
        "cpu_seconds": round(seconds), "validation_loss": result.validation_losses[-1], "rows": len(parts[test]),
        "estimates": {name: vars(estimate) for name, estimate in evaluated.estimates.items()},
        "statistics": {name: evaluated.statistics_of(name).tolist() for name in evaluated.metrics},
        "predictions": evaluated.predictions, "references": evaluated.references,
    }  # fmt: skip
    path.write_text(json.dumps(record), encoding="utf-8")
    print(f"{path.name}: {evaluated.estimates}", flush=True)


def table(task: str, out: Path, seed: int) -> str:
    """Every arm in Markdown, and the difference of the best of each kind of weights, by validation loss."""
    arms = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob(f"{task}-*.json")]
    arms.sort(key=lambda arm: (WEIGHTS.index(arm["weights"]), arm["validation_loss"]))
    best = {arm["weights"]: arm for arm in reversed(arms)}
    if set(best) != set(WEIGHTS):
        return f"{TITLES[task]}: no arm of each kind of weights yet."
    metrics = METRICS[task][: TABLED[task]]
    names = [metric.name for metric in metrics]
    lines = [f"| weights and learning rate | validation NLL | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for arm in arms:
        cells = [cell(arm["estimates"][name], name) for name in names]
        lines.append(f"| {arm['arm']} | {arm['validation_loss']:.3f} | {' | '.join(cells)} |")
    differences = []
    for metric in metrics:
        a, b = (np.array(best[weights]["statistics"][metric.name]) for weights in WEIGHTS)
        differences.append(cell(vars(paired_difference(a, b, metric=metric, seed=seed)), metric.name))
    lines.append(f"| **best pretrained less best random** | | {' | '.join(differences)} |")
    likelihood = [best[weights]["estimates"]["negative_log_likelihood"]["value"] for weights in WEIGHTS]
    about = best["pretrained"]
    seconds = " to ".join(f"{end(arm['cpu_seconds'] for arm in arms):,}" for end in (min, max))
    lines.append(
        f"\n{about['train_rows']:,} training rows, {about['steps']:,} steps ({seconds} CPU seconds on one thread), "
        f"{about['rows']:,} test rows. The best pretrained NLL is {likelihood[0] / likelihood[1]:.1%} of the best "
        "random one."
    )
    return f"## {TITLES[task]}\n\n" + "\n".join(lines)


def cell(estimate: dict[str, Any], name: str) -> str:
    """A value and its interval; shares as papers print them, times 100."""
    scale, digits = (1, 3) if name == "negative_log_likelihood" else (100, 1)
    value, low, high = (f"{estimate[key] * scale:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def outputs(task: str, out: Path, count: int) -> str:
    """What the best pretrained arm wrote for test rows at equal distances, good and bad as they come."""
    arms = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob(f"{task}-pretrained-*.json")]
    best = min(arms, key=lambda arm: arm["validation_loss"])
    rows = [row for row, text in enumerate(best["predictions"]) if text is not None]
    parts = [f"## {TITLES[task]}"]
    for row in rows[:: len(rows) // count][:count]:
        written, wanted = best["predictions"][row], best["references"][row]
        judged = "exactly the reference" if written == wanted else "not the reference"
        shown = [f"{name}:\n\n````text\n{text}\n````" for name, text in (("Reference", wanted), ("Written", written))]
        parts.append(f"### Test row {row}: {judged}\n\n" + "\n\n".join(shown))
    return "\n\n".join(parts)


def main() -> None:
    """Run one task's arms, or write down what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["stdlib", "translation", "table"])
    parser.add_argument("--out", required=True)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--model", help="another folder than the embedded model's")
    parser.add_argument("--arms", nargs="*", help="which to fine-tune (those of the tables)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", help="a Markdown file for the tables")
    parser.add_argument("--write-outputs", help="a Markdown file for ten outputs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    Path(options.out).mkdir(parents=True, exist_ok=True)
    if options.what == "table":
        text = "\n\n".join([HEAD, *(table(task, Path(options.out), options.seed) for task in BUDGETS)]) + "\n"
        if options.write:
            Path(options.write).write_text(text, encoding="utf-8")
        print(text)
        if options.write_outputs:
            shown = [outputs(task, Path(options.out), 5) for task in BUDGETS]
            Path(options.write_outputs).write_text("\n\n".join([OUTPUTS_HEAD, *shown]) + "\n", encoding="utf-8")
        return
    splits = (stdlib_splits if options.what == "stdlib" else translation_splits)(options)
    for arm in options.arms or ARMS[options.what]:
        run_arm(options.what, arm, splits, options)


if __name__ == "__main__":
    main()

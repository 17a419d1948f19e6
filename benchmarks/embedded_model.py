"""The embedded model beside the same architecture with random weights, after the same fine-tuning.

    python benchmarks/embedded_model.py stdlib --out runs/embedded
    python benchmarks/embedded_model.py translation --data ../shared/data --out runs/embedded
    python benchmarks/embedded_model.py table --out runs/embedded

``stdlib``: the NLL of documented functions of the standard library, docstring and signature to code, before and after
the fine-tuning of ``codeshift demo``. ``translation``: Java to C#, the pairs of CodeXGLUE. Each fine-tuned model is one
*arm*, a name of weights and a learning rate; ``--arms`` chooses, what is done is kept in ``--out`` and not done again,
and ``table`` prints all that is there. Both weights get the same rows in the same order, the same steps and settings;
of the learning rates the one with the lower validation loss counts, for each.
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

from codeshift.data import embedded_model_path, stdlib_functions
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
from codeshift.finetune.models import load_tokenizer
from codeshift.metrics import BLEU, ExactMatch, NegativeLogLikelihood, paired_difference
from codeshift.pretrain.model import untrained_model
from codeshift.splitters import RandomSplitter

WEIGHTS, RATES = ("pretrained", "random"), (1e-3, 2e-3)
LENGTHS = {"stdlib": (192, 256), "translation": (192, 256)}
BUDGETS: dict[str, dict[str, Any]] = {
    "stdlib": {"max_steps": 300, "batch_size": 16},
    "translation": {"num_epochs": 3, "batch_size": 32, "precision": "bf16"},
}


def stdlib_splits(options: argparse.Namespace) -> tuple[DatasetDict, str, str]:
    """Documented functions as the demo takes them, split at random with near-duplicates kept together."""
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
    tokenizer = load_tokenizer(folder)
    return (load_model(folder) if weights == "pretrained" else untrained_model(tokenizer, seed=options.seed)), tokenizer


def run_arm(
    task: str, weights: str, rate: float, splits: tuple[DatasetDict, str, str], out: Path, options: Any
) -> None:
    """Fine-tune one arm and keep what it scores."""
    path = out / f"{task}-{weights}-{rate:g}.json"
    if path.exists():
        return
    parts, source, target = splits
    longest_source, longest_target = LENGTHS[task]
    limits = {"max_source_length": longest_source, "max_target_length": longest_target}
    config = TrainingConfig(
        learning_rate=rate, warmup=0.1, weight_decay=0.0, seed=options.seed, **BUDGETS[task], **limits
    )
    model, tokenizer = model_of(weights, options)
    metrics: list[Any] = [NegativeLogLikelihood()]
    if task == "translation":
        metrics += [BLEU(smoothing="codexglue"), ExactMatch()]
    evaluator = Evaluator(metrics, source=source, target=target, progress=False, **limits)
    test = "test" if task == "translation" else "test_id"
    before = Evaluator(metrics[:1], source=source, target=target, progress=False, **limits)
    found_before = before.evaluate(model, {test: parts[test]}, tokenizer=tokenizer, parts=[test])[test]
    started = time.process_time()
    result = Trainer(model, tokenizer, config, source=source, target=target, progress=False).fit(
        {"train": parts["train"], "validation": parts["validation"]}
    )
    seconds = time.process_time() - started
    found = evaluator.evaluate(result.model, {test: parts[test]}, tokenizer=tokenizer, parts=[test])[test]
    record = {
        "task": task, "weights": weights, "rate": rate, "steps": len(result.losses), "train_rows": len(parts["train"]),
        "cpu_seconds": round(seconds), "validation_loss": result.validation_losses[-1], "rows": len(parts[test]),
        "before": vars(found_before.estimate("negative_log_likelihood")),
        "after": {name: vars(estimate) for name, estimate in found.estimates.items()},
        "statistics": {name: found.statistics_of(name).tolist() for name in found.metrics},
        "predictions": found.predictions, "references": found.references,
    }  # fmt: skip
    path.write_text(json.dumps(record), encoding="utf-8")
    print(f"{path.name}: {found.estimates}", flush=True)


def best_arms(task: str, out: Path) -> dict[str, dict[str, Any]]:
    """Of each kind of weights the arm with the lowest validation loss."""
    arms = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob(f"{task}-*.json"))]
    ordered = sorted(arms, key=lambda arm: -arm["validation_loss"])
    return {arm["weights"]: arm for arm in ordered}


def table(task: str, out: Path, seed: int) -> str:
    """What both weights come to, in Markdown, and their difference."""
    arms = best_arms(task, out)
    if set(arms) != set(WEIGHTS):
        return ""
    metrics: dict[str, Any] = {"negative_log_likelihood": NegativeLogLikelihood()}
    if task == "translation":
        metrics |= {"bleu": BLEU(smoothing="codexglue"), "exact_match": ExactMatch()}
    scale = {"negative_log_likelihood": 1, "bleu": 100, "exact_match": 100}
    digits = {"negative_log_likelihood": 3, "bleu": 1, "exact_match": 1}
    lines = ["| | pretrained | random weights | difference |", "|---|---|---|---|"]

    def cell(value: dict[str, Any], name: str) -> str:
        shown = [f"{value[key] * scale[name]:.{digits[name]}f}" for key in ("value", "low", "high")]
        return f"{shown[0]} [{shown[1]}, {shown[2]}]"

    before = [cell(arms[weights]["before"], "negative_log_likelihood") for weights in WEIGHTS]
    lines.append(f"| NLL a token before fine-tuning | {before[0]} | {before[1]} | |")
    for name, metric in metrics.items():
        a, b = (np.array(arms[weights]["statistics"][name]) for weights in WEIGHTS)
        difference = paired_difference(a, b, metric=metric, seed=seed)
        cells = [cell(arms[weights]["after"][name], name) for weights in WEIGHTS] + [cell(vars(difference), name)]
        lines.append(f"| {metric.name} after | {' | '.join(cells)} |")
    ratio = np.divide(*(arms[weights]["after"]["negative_log_likelihood"]["value"] for weights in WEIGHTS))
    told = ", ".join(f"{w}: learning rate {arms[w]['rate']:g}, {arms[w]['cpu_seconds']} CPU s" for w in WEIGHTS)
    about = arms["pretrained"]
    lines.append("")
    lines.append(
        f"{about['train_rows']:,} training rows, {about['steps']:,} steps, {about['rows']:,} test rows; {told}. "
        f"The pretrained model's NLL is {ratio:.1%} of the other's."
    )
    return "\n".join(lines)


def main() -> None:
    """Run one task's arms, or print what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["stdlib", "translation", "table"])
    parser.add_argument("--out", required=True)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--model", help="another folder than the embedded model's")
    parser.add_argument("--arms", nargs="*", default=[f"{w}-{r:g}" for w in WEIGHTS for r in RATES])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    if options.what == "table":
        for task in BUDGETS:
            print(f"{task}\n\n{table(task, out, options.seed)}\n")
        return
    splits = (stdlib_splits if options.what == "stdlib" else translation_splits)(options)
    for arm in options.arms:
        weights, rate = arm.split("-", 1)
        run_arm(options.what, weights, float(rate), splits, out, options)


if __name__ == "__main__":
    main()

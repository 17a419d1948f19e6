"""Macro-F1 of the topic of functions in four languages, in distribution and in a language that training never saw.

    python benchmarks/algorithms_classification.py functions.jsonl [--ood go] [--rows 1200] [--tokens 192] [--epochs 3]

The file holds one function a line with ``code``, ``language`` and ``label``. Rows without a label are left out, and so
are those whose label does not stand in every language; both are counted. For each seed the rows are split anew
(near-duplicates stay together), and three classifiers learn from the same rows: one that always says the commonest
label, TF-IDF with logistic regression, and the embedded model with transformers' head for sequences. ``--kept 1`` is
the 100% baseline, whose training rows hold the language. Every line that is printed is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, DatasetDict, disable_progress_bars
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from transformers.utils import logging

from codeshift.data import embedded_model_path
from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.class_scores import ClassScores
from codeshift.metrics import AUROC, F1, Accuracy
from codeshift.splitters import GroupSplitter

PARTS = ("test_id", "test_ood")


def labelled_rows(path: Path) -> tuple[Dataset, dict[str, int]]:
    """Return the rows whose label stands in every language, and the number of rows by what became of them."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labelled = [row for row in rows if row["label"] is not None]
    languages_of = defaultdict(set)
    for row in labelled:
        languages_of[row["label"]].add(row["language"])
    every = {row["language"] for row in rows}
    kept = [row for row in labelled if languages_of[row["label"]] == every]
    counts = {
        "rows": len(rows),
        "without a label": len(rows) - len(labelled),
        "label not in every language": len(labelled) - len(kept),
        "kept": len(kept),
        "labels": len({row["label"] for row in kept}),
    }
    return Dataset.from_list([{name: row[name] for name in ("code", "language", "label")} for row in kept]), counts


def of_pipeline(classifier: Any, splits: DatasetDict, seed: int) -> dict[str, ClassScores]:
    """Return what a classifier of scikit-learn says of each test part after it learnt from ``train``."""
    words = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    pipeline = make_pipeline(words, classifier).fit(splits["train"]["code"], splits["train"]["label"])
    labels = tuple(pipeline.classes_)
    numbers = {label: number for number, label in enumerate(labels)}
    return {
        part: ClassScores(
            labels,
            np.log(np.maximum(pipeline.predict_proba(splits[part]["code"]), 1e-12)),
            np.array([numbers.get(label, -1) for label in splits[part]["label"]]),
        )
        for part in PARTS
    }


def of_embedded_model(splits: DatasetDict, seed: int, options: argparse.Namespace) -> dict[str, ClassScores]:
    """Return what the embedded model says of each test part after it was fine-tuned on ``train``."""
    config = TrainingConfig(
        learning_rate=options.learning_rate, num_train_epochs=options.epochs, train_batch_size=16, warmup_steps=0.1,
        max_source_length=options.tokens, class_weight="balanced", eval_strategy="no", seed=seed,
    )  # fmt: skip
    path = embedded_model_path()
    task: dict[str, Any] = {"source": "code", "target": "label", "task": "classification", "progress": False}
    trained = Trainer(path, path, config, **task).fit(DatasetDict({"train": splits["train"]}))
    evaluator = Evaluator([Accuracy()], max_source_length=options.tokens, **task)
    result = evaluator.evaluate(trained.model, splits, tokenizer=str(path), parts=PARTS)
    return {part: result[part].classes for part in PARTS}


def figures(scores: dict[str, ClassScores]) -> dict[str, float]:
    """Return macro-F1 and accuracy of each part, and the AUROC of telling the parts apart by the top probability."""
    by_part = {}
    for part, said in scores.items():
        for name, metric in (("macro-F1", F1(average="macro")), ("accuracy", Accuracy())):
            value = metric.for_labels(said.labels).corpus(said.probabilities, said.references).value
            by_part[f"{name} {part}"] = round(value, 4)
    unsure = np.concatenate([1 - scores[part].probabilities.max(axis=1) for part in PARTS])
    shifted = np.repeat([0, 1], [len(scores[part].references) for part in PARTS])
    ranks = np.column_stack([1 - unsure, unsure])
    return by_part | {"AUROC of the shift": round(AUROC().corpus(ranks, shifted).value, 4)}


def main() -> None:
    """Train and score the three classifiers for each seed, and print a line for each and their means."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--ood", default="go", help="the language that is out of distribution")
    arguments.add_argument("--kept", type=float, default=0.0, help="the share of its rows that stay in train")
    arguments.add_argument("--rows", type=int, default=1200, help="the number of training rows")
    arguments.add_argument("--tokens", type=int, default=192, help="the longest source")
    arguments.add_argument("--epochs", type=int, default=3)
    arguments.add_argument("--learning-rate", type=float, default=1e-3)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--only", help="the beginning of the name of one classifier")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    disable_progress_bars()
    logging.disable_progress_bar()
    warnings.simplefilter("ignore")  # rows that are cut are the same for all seeds
    data, counts = labelled_rows(options.file)
    print(json.dumps(counts), flush=True)
    splitter = GroupSplitter(column="code", by="language", values=(options.ood,))
    classifiers = {
        "commonest label": lambda splits, seed: of_pipeline(DummyClassifier(strategy="prior"), splits, seed),
        "TF-IDF, logistic regression": lambda splits, seed: of_pipeline(
            LogisticRegression(C=10, max_iter=2000, class_weight="balanced", random_state=seed), splits, seed
        ),
        "embedded model": lambda splits, seed: of_embedded_model(splits, seed, options),
    }
    rows_of = defaultdict(list)
    for seed in range(options.seeds):
        splits = splitter.split(
            data, seed=seed, train_size=options.rows, ood_kept=options.kept, test_ood_size=0.8,
            validation_size=0.0, stratify_by_column="label",
        )  # fmt: skip
        print(json.dumps({"seed": seed, **{part: len(rows) for part, rows in splits.items()}}), flush=True)
        for name, classify in classifiers.items():
            if name.startswith(options.only or ""):
                started = time.perf_counter()
                rows_of[name].append(figures(classify(splits, seed)))
                seconds = round(time.perf_counter() - started)
                print(
                    json.dumps({"classifier": name, "seed": seed, "seconds": seconds} | rows_of[name][-1]), flush=True
                )
    for name, runs in rows_of.items():
        over_seeds = {key: [run[key] for run in runs] for key in runs[0]}
        means = {key: f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}" for key, values in over_seeds.items()}
        print(json.dumps({"classifier": name, "mean ± sd over seeds": means}), flush=True)


if __name__ == "__main__":
    main()

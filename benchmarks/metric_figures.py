"""The figures that docs/guides/metrics.md and the metrics' docstrings quote, on real model outputs.

    python benchmarks/metric_figures.py codebert_predictions.jsonl --language java

The file holds one JSON object a line with ``prediction`` and ``reference``. Those of the guide are the outputs of
CodeXGLUE's CodeBERT baseline for code refinement (small), 5,835 rows.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from codeshift.metrics import (
    BLEU,
    ChrF,
    EditSimilarity,
    ElementPrecision,
    ElementRecall,
    ExactMatch,
    SyntacticValidity,
    bootstrap_ci,
)


def main() -> None:
    """Score one file and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--language", default="java")
    options = arguments.parse_args()
    rows = [json.loads(line) for line in options.file.read_text(encoding="utf-8").splitlines()]
    predictions, references = [r["prediction"].strip() for r in rows], [r["reference"].strip() for r in rows]
    print(f"{len(rows)} rows\n{'':46}{'corpus':>9}{'mean of rows':>14}  95% interval of the corpus value")
    for metric in metrics(options.language):
        corpus, scores = metric.corpus(predictions, references), metric.score(predictions, references)
        interval = bootstrap_ci(metric.statistics(predictions, references), metric=metric, seed=0)
        mean = f"{100 * scores.mean():14.2f}"
        print(f"{metric.name:46}{100 * corpus.value:9.2f}{mean}  [{100 * interval.low:.2f}, {100 * interval.high:.2f}]")
    for name, value in others(predictions, references, options.language).items():
        print(f"{name:46}{100 * value:9.2f}")


def metrics(language: str) -> list:
    """The metrics of the table."""
    smoothings = ("exp", "floor", "add-k", "none", "codexglue")
    return [
        ExactMatch(),
        ExactMatch(normalize_whitespace=True),
        *(BLEU(smoothing=s) for s in smoothings),
        ChrF(),
        EditSimilarity(),
        EditSimilarity(unit="tokens"),
        SyntacticValidity(language),
        ElementRecall(language=language),
        ElementPrecision(language=language),
    ]


def others(predictions: list[str], references: list[str], language: str) -> dict[str, float]:
    """What other choices would have given."""
    import sacrebleu
    from rapidfuzz import fuzz

    prose = sacrebleu.corpus_bleu(predictions, [references], force=True).score
    ratios = [fuzz.ratio(p, r) for p, r in zip(predictions, references, strict=True)]
    return {
        "sacrebleu with its default tokenizer, 13a": prose / 100,
        "rapidfuzz fuzz.ratio, mean": sum(ratios) / len(ratios) / 100,
        "syntactic validity of the references": SyntacticValidity(language).corpus(references, references).value,
    }


if __name__ == "__main__":
    main()

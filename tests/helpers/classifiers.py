"""Random classifiers, and every metric of them."""

from __future__ import annotations

import numpy as np

from codeshift.metrics import (
    AUROC,
    F1,
    MCC,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    BrierScore,
    ExpectedCalibrationError,
    FalseNegativeRateAt,
    LogLoss,
)

OF_CLASSES = (
    Accuracy(), BalancedAccuracy(), F1(), F1(average="macro"), F1(average="weighted"), MCC(), AUROC(),
    AveragePrecision(), BrierScore(), LogLoss(), ExpectedCalibrationError(), FalseNegativeRateAt(fpr=0.1),
)  # fmt: skip


def drawn(rng, n=None, classes=None, *, outside=0.0, ties=True):
    """Probabilities and classes of a random classifier, better than chance; ``outside`` is the share of labels -1."""
    n = int(rng.integers(2, 60)) if n is None else n
    classes = int(rng.integers(2, 5)) if classes is None else classes
    references = rng.integers(0, classes, size=n)
    logits = rng.normal(size=(n, classes)) + rng.random() * 2 * np.eye(classes)[references]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if ties and rng.random() < 0.5:
        probabilities = np.round(probabilities, 1) + 1e-9
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    references[rng.random(n) < outside] = -1
    return probabilities, references

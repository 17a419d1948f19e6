"""Rows of several references: the counts of each pair of prediction and reference merged into those of one row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from codeshift.metrics.base import FloatArray
from codeshift.metrics.bleu import closest_length, ngram_matches
from codeshift.metrics.codebleu.parts.ngrams import ORDERS

OTHER_WEIGHT = 0.2  # weight of a token that is not a keyword
_NEAREST, _FOUND = 10, 11  # columns of CodeBLEU's statistics: the reference's length, the weighted tokens found


def merged(
    pairs: FloatArray, prediction: list[str], references: Sequence[list[str]], keywords: frozenset[str] | None
) -> FloatArray:
    """Merge the statistics of one prediction with each of its references into one row.

    N-grams are counted as in BLEU of several references, in every mode. For subtrees and for data flow, the reference
    with the greatest share found counts. Without ``keywords`` (the compatible modes) all other counts are added up, as
    in the public code, so a prediction that equals one of two references does not score 1.
    """
    row: FloatArray = pairs[0].copy()
    row[1 : 1 + len(ORDERS)] = ngram_matches(prediction, references, len(ORDERS))[: len(ORDERS)]
    row[_NEAREST] = closest_length(len(prediction), references)
    row[-1] = pairs[:, -1].max()
    if keywords is None:
        row[_FOUND:-1] = pairs[:, _FOUND:-1].sum(axis=0)
        return row
    most = Counter(references[0])
    for reference in references[1:]:
        most |= Counter(reference)
    shared = Counter(prediction) & most
    matched = sum(count for token, count in shared.items() if token in keywords)
    row[_FOUND] = matched + OTHER_WEIGHT * (shared.total() - matched)
    row[-5:-3] = _best_reference(pairs[:, -5:-3])
    row[-3:-1] = _best_reference(pairs[:, -3:-1])
    return row


def _best_reference(counts: FloatArray) -> FloatArray:
    """Return the pair (found, total) of the reference with the greatest share; one without any precedes a 0."""
    shares = np.divide(counts[:, 0], counts[:, 1], out=np.full(len(counts), 1e-12), where=counts[:, 1] > 0)
    keys = [(share, matched, -total) for share, (matched, total) in zip(shares, counts.tolist(), strict=True)]
    best: FloatArray = counts[keys.index(max(keys))]
    return best

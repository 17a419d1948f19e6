"""Shift of each property that a moved mix of labels explains, told apart from other programs of the same labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.audit.compared_properties import ComparedProperty
from codeshift.audit.distances import scaled_effect, standardised_effect
from codeshift.audit.labels import NO_LABEL
from codeshift.audit.rounding import agreed


@dataclass(frozen=True, kw_only=True)
class LabelMixShift:
    """Shift of one number from train to a part, and that of train's own rows with the part's mix of labels.

    The rows are distinct rows with a label that train has. ``effect`` minus ``effect_of_mix`` is what other programs
    of the same labels add.

    Attributes:
        part: Part that is compared with train.
        name: Name of the property.
        n_train: Number of rows of train.
        n: Number of rows of the part.
        mean_train: Mean in train.
        mean: Mean in the part.
        mean_of_mix: Mean that train would have with the part's mix of labels: the mean of each label in train,
            weighted by the label's share in the part.
        effect: Standardised effect from train to the part.
        effect_of_mix: ``mean_of_mix`` minus ``mean_train`` in the same standard deviations.

    Source: Lipton, Wang and Smola, Detecting and correcting for label shift (ICML 2018): the labels' shares move, and
    the programs of each label do not.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> short, long = ([f"{body} + {i}" for i in range(40)] for body in ("x", "x + y + z"))
    >>> train = {"code": short + long, "label": ["short"] * 40 + ["long"] * 40}
    >>> test = {"code": [code + "0" for code in long], "label": ["long"] * 40}
    >>> splits = DatasetDict(train=Dataset.from_dict(train), test=Dataset.from_dict(test))
    >>> report = audit(splits, column="code", label="label", n_permutations=39)
    >>> shift = next(shift for shift in report.label_mix if shift.name == "TokenCount")
    >>> shift.mean_train, shift.mean, shift.mean_of_mix
    (5.0, 7.0, 7.0)
    """

    part: str
    name: str
    n_train: int
    n: int
    mean_train: float
    mean: float
    mean_of_mix: float
    effect: float
    effect_of_mix: float


def measure_label_mix(
    labels: np.ndarray, part: str, train: np.ndarray, rows: np.ndarray, properties: Sequence[ComparedProperty]
) -> list[LabelMixShift]:
    """Measure what the mix of labels explains of the shift of each number that describes programs.

    Args:
        labels: Label of each row of the table, by number as in ``RowLabels``.
        part: Part.
        train: Positions of the distinct rows of train.
        rows: Positions of the distinct rows of the part.
        properties: Properties.

    Returns:
        One shift for each such number; none if no row of the part has a label of train.
    """
    train = train[labels[train] != NO_LABEL]
    rows = rows[np.isin(labels[rows], labels[train]) & (labels[rows] != NO_LABEL)]
    if not len(rows):
        return []
    names, of_train = np.unique(labels[train], return_inverse=True)
    shares = np.bincount(np.searchsorted(names, labels[rows]), minlength=len(names)) / len(rows)
    weights = (shares / np.bincount(of_train))[of_train]
    return [
        _shift_of_mix(prop.name, part, prop.values[train], prop.values[rows], weights)
        for prop in properties
        if prop.in_verdict and isinstance(prop.values, np.ndarray)
    ]


def _shift_of_mix(name: str, part: str, first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> LabelMixShift:
    mean, mean_of_mix = agreed(float(first.mean())), agreed(float((weights * first).sum()))
    return LabelMixShift(
        part=part,
        name=name,
        n_train=len(first),
        n=len(second),
        mean_train=mean,
        mean=agreed(float(second.mean())),
        mean_of_mix=mean_of_mix,
        effect=agreed(standardised_effect(first, second)),
        effect_of_mix=agreed(scaled_effect(mean, mean_of_mix, (first.var() + second.var()) / 2)),
    )

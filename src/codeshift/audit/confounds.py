"""What else moved with the shift: every other property, and every other element, by how far."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.audit.distances import presence_effects, standardised_effect
from codeshift.audit.series import Series
from codeshift.properties import ElementCounts

ELEMENTS = 8
"""Elements that are listed of each kind (tokens, node types): those that moved farthest."""


@dataclass(frozen=True, kw_only=True)
class Confound:
    """A property that the split was not meant to move, or whether rows hold an element that it was not meant to move.

    Attributes:
        name: the property, or ``property: element``.
        effect: the standardised effect from train to test; positive where test has more of it.
        reference_effect: the same from train to the reference part: what comes with no shift. NaN without reference.

    >>> Confound(name="TreeDepth", effect=0.9, reference_effect=0.02).effect
    0.9
    """

    name: str
    effect: float
    reference_effect: float


def measure_confounds(
    series: Sequence[Series], train: np.ndarray, test: np.ndarray, reference: np.ndarray | None
) -> tuple[Confound, ...]:
    """The confounds, farthest moved first, on distinct rows given by their positions in the table."""
    nothing = np.empty(0, dtype=np.int64)
    found = [
        confound
        for one in series
        if not one.intended
        for confound in _of(one, train, test, nothing if reference is None else reference)
    ]
    return tuple(sorted(found, key=lambda confound: (-abs(confound.effect), confound.name)))


def _of(series: Series, train: np.ndarray, test: np.ndarray, reference: np.ndarray) -> Iterator[Confound]:
    if isinstance(series.values, ElementCounts):
        yield from _of_elements(series, train, test, reference)
    elif series.is_number:
        before = series.values[train]
        effect, other = (standardised_effect(before, series.values[rows]) for rows in (test, reference))
        if not math.isnan(effect):
            yield Confound(name=series.name, effect=effect, reference_effect=other)


def _of_elements(series: Series, train: np.ndarray, test: np.ndarray, reference: np.ndarray) -> Iterator[Confound]:
    assert isinstance(series.values, ElementCounts)  # noqa: S101 - the caller asked
    counts, vocabulary = series.values.counts, series.values.vocabulary
    effects, others = (presence_effects(counts[train], counts[rows]) for rows in (test, reference))
    moved = np.flatnonzero(np.nan_to_num(effects, nan=0.0))
    order = moved[np.argsort(-np.abs(effects[moved]), kind="stable")]
    kept = [i for i in order[: ELEMENTS + len(series.spared)].tolist() if vocabulary[i] not in series.spared]
    for i in kept[:ELEMENTS]:
        name = f"{series.name}: {vocabulary[i]}"
        yield Confound(name=name, effect=float(effects[i]), reference_effect=float(others[i]))

"""Strength of a shift: of the programs as a whole, and of each property."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from codeshift.audit.compared_properties import ComparedProperty
from codeshift.audit.correction import property_permutations
from codeshift.audit.distances import (
    PermutedSamples,
    memberships,
    permuted_jensen_shannon,
    standardised_effect,
    wasserstein,
)
from codeshift.audit.nearest import NearestSimilarity, nearest_similarities, summarise_similarities
from codeshift.audit.parts import AuditParts
from codeshift.audit.plain_values import KEY
from codeshift.audit.rounding import agreed
from codeshift.audit.settings import AuditSettings
from codeshift.audit.tokens import TokenTypes, reduced
from codeshift.audit.two_sample import TwoSampleTest, classifier_two_sample_test, maximum_mean_discrepancy
from codeshift.hashing import generator
from codeshift.properties import ElementCounts


@dataclass(frozen=True, kw_only=True)
class PropertyShift:
    r"""Difference of one property between train and a part, on distinct rows.

    Attributes:
        name: Name of the property.
        intended: Whether the split was meant to move the property.
        in_verdict: Whether the property counts in the verdict: numbers that describe programs do, a project or date
            do not. ``to_dict`` calls it ``counts``.
        n_train: Number of distinct rows of train.
        n: Number of distinct rows of the part.
        mean_train: Mean in train; NaN for labels and elements.
        mean: Mean in the part; NaN for labels and elements.
        effect: Standardised effect; NaN for labels and elements.
        wasserstein: Wasserstein-1 distance in the property's unit; NaN for labels and elements.
        jensen_shannon: Jensen-Shannon distance, from 0 to 1.
        p_value: P-value of the Jensen-Shannon distance, by permutation; not corrected for other tests.
        times: Whether the numbers are seconds since 1970; ``to_dict`` leaves it out.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> short = [f"x{i} = {i}" for i in range(40)]
    >>> long = [f"for y{i} in z{i}:\n    f{i}(y{i})\n    g{i}(y{i})" for i in range(40)]
    >>> splits = DatasetDict(train=Dataset.from_dict({"code": short}), test=Dataset.from_dict({"code": long}))
    >>> report = audit(splits, column="code", n_permutations=19)
    >>> shift = next(prop for prop in report.strength[0].properties if prop.name == "TokenCount")
    >>> shift.mean_train, shift.mean > shift.mean_train, shift.jensen_shannon
    (3.0, True, 1.0)
    """

    name: str
    intended: bool
    in_verdict: bool = field(metadata={KEY: "counts"})
    n_train: int
    n: int
    mean_train: float
    mean: float
    effect: float
    wasserstein: float
    jensen_shannon: float
    p_value: float
    times: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Strength:
    r"""Difference of a part from train, on distinct rows: one of each near-duplicate component within either part.

    Copies are not independent of each other, and a permutation test that treats them as independent finds a shift in
    every split that keeps them together.

    Attributes:
        part: Part that is compared with train.
        n_train: Number of distinct rows of train.
        n: Number of distinct rows of the part.
        classifier: Classifier two-sample test (AUC), on a sample.
        mmd: Unbiased MMD^2, on the same sample.
        nearest: Similarity of the part's rows to the nearest row of train, on a sample of the part.
        properties: Comparison of each property.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> short = [f"x{i} = {i}" for i in range(40)]
    >>> long = [f"for y{i} in z{i}:\n    f{i}(y{i})\n    g{i}(y{i})" for i in range(40)]
    >>> splits = DatasetDict(train=Dataset.from_dict({"code": short}), test=Dataset.from_dict({"code": long}))
    >>> report = audit(splits, column="code", n_permutations=19)
    >>> strength = report.strength[0]
    >>> strength.part, strength.classifier.statistic
    ('test', 1.0)
    """

    part: str
    n_train: int
    n: int
    classifier: TwoSampleTest
    mmd: TwoSampleTest
    nearest: NearestSimilarity
    properties: tuple[PropertyShift, ...]


def components_of(parts: AuditParts, part: str, settings: AuditSettings) -> np.ndarray:
    """Return the near-duplicate component of each row of a part, in the order of content: of shape ``(n,)``."""
    return settings.near_duplicates.components(parts.texts(part, settings.column)).labels


def first_of_each(rows: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return the first row of each component, in the order of ``rows``.

    >>> first_of_each(np.array([7, 3, 5]), np.array([1, 0, 1]))
    array([7, 3])
    """
    _, first = np.unique(components, return_index=True)
    return np.asarray(rows[np.sort(first)])


def measure_strength(
    parts: AuditParts,
    part: str,
    train: np.ndarray,
    rows: np.ndarray,
    properties: Sequence[ComparedProperty],
    settings: AuditSettings,
) -> Strength:
    """Compare the distinct ``rows`` of a part with those of ``train``."""
    tokens: ElementCounts = parts.table.values(TokenTypes(settings.column))
    of_train, of_part = (_sampled_positions(positions, settings) for positions in (train, rows))
    vectors = reduced(tokens.counts[np.concatenate([of_train, of_part])], settings.seed)
    first, second = vectors[: len(of_train)], vectors[len(of_train) :]
    permuted = {"n_permutations": settings.n_permutations, "seed": settings.seed}
    of_properties = property_permutations(settings.n_permutations, sum(prop.in_verdict for prop in properties))
    samples = PermutedSamples(np.arange(len(train) + len(rows)) >= len(train), of_properties, settings.seed)
    return Strength(
        part=part,
        n_train=len(train),
        n=len(rows),
        classifier=classifier_two_sample_test(first, second, **permuted),
        mmd=maximum_mean_discrepancy(first, second, **permuted),
        nearest=summarise_similarities(nearest_similarities(tokens.counts[of_part], tokens.counts[train])),
        properties=tuple(_shift_of_property(prop, train, rows, samples) for prop in properties),
    )


def _sampled_positions(positions: np.ndarray, settings: AuditSettings) -> np.ndarray:
    if len(positions) <= settings.sample:
        return positions
    rng = generator(settings.seed, "sample")
    return positions[np.sort(rng.choice(len(positions), settings.sample, replace=False))]


def _shift_of_property(
    prop: ComparedProperty, train: np.ndarray, rows: np.ndarray, samples: PermutedSamples
) -> PropertyShift:
    both = np.concatenate([train, rows])
    mean_train = mean = effect = moved = math.nan
    counts = prop.values.counts[both] if isinstance(prop.values, ElementCounts) else memberships(prop.values[both])
    if isinstance(prop.values, np.ndarray) and prop.is_number:
        first, second = prop.values[train], prop.values[rows]
        mean_train, mean = (float(v.mean()) if len(v) else math.nan for v in (first, second))
        effect, moved = standardised_effect(first, second), wasserstein(first, second)
    distance, p_value = permuted_jensen_shannon(counts, samples)
    return PropertyShift(
        name=prop.name,
        intended=prop.intended,
        in_verdict=prop.in_verdict,
        n_train=len(train),
        n=len(rows),
        mean_train=agreed(mean_train),
        mean=agreed(mean),
        effect=agreed(effect),
        wasserstein=agreed(moved),
        jensen_shannon=agreed(distance),
        p_value=agreed(p_value),
        times=prop.times,
    )

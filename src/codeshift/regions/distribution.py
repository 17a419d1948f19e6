"""Distributions of the properties of a region in the parts of a split: numbers, elements, clusters, projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from codeshift.formatting import moment_of, share, significant
from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.base import OTHER
from codeshift.regions.base import Region
from codeshift.regions.elements import ElementRegion

RowPositions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Shares = NDArray[np.float64]

_MASKED, _MOVED, _LABELS = 4, 5, 4  # numbers of categories that fit into a plot


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution:
    """Distribution of one property in the parts of a split.

    Attributes:
        name: Property in words.
        values: Values by part: a number for each row or, if there are ``categories``, the share of the part's rows
            in each, of shape ``(n_categories,)``.
        categories: Names of elements (a row can contain several), clusters or groups; empty for numbers.
        inside: Whether the region takes the rows of each category, so that they are masked.
        rows: Number of rows of each part.
        times: Whether the numbers are seconds since 1970.

    >>> shares = {"train": np.array([1.0, 0.0]), "test_ood": np.array([0.0, 1.0])}
    >>> drawn = Distribution(name="cluster", values=shares, categories=("cluster 0", "cluster 1"), inside=(False, True))
    >>> drawn.summary
    'cluster 1 (masked): train 0.0%, test_ood 100.0%; cluster 0: train 100.0%, test_ood 0.0%'
    """

    name: str
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)
    categories: tuple[str, ...] = ()
    inside: tuple[bool, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    times: bool = False

    @classmethod
    def of_numbers(
        cls, name: str, numbers: np.ndarray, parts: Mapping[str, RowPositions], times: bool = False
    ) -> Distribution:
        """Create the distribution of numbers.

        Args:
            name: Property in words.
            numbers: Numbers of all rows, of shape ``(n,)``.
            parts: Positions of the rows of each part.
            times: Whether the numbers are seconds since 1970.
        """
        values = {part: np.asarray(numbers[positions], dtype=np.float64) for part, positions in parts.items()}
        return cls(name=name, values=values, rows={part: len(rows) for part, rows in parts.items()}, times=times)

    def text(self, number: float) -> str:
        """Format one of the numbers for people, as a date if they are times.

        >>> Distribution(name="time (date)", values={}, times=True).text(1719878400.0 + 5)
        '2024-07-02'
        """
        return moment_of(number // 86_400 * 86_400) if self.times else significant(number)

    @property
    def summary(self) -> str:
        """Shares in words, masked categories first; for numbers, the medians."""
        if not self.categories:
            medians = {part: np.median(numbers) for part, numbers in self.values.items() if len(numbers)}
            return "median " + ", ".join(f"{part} {self.text(median)}" for part, median in medians.items())
        order = sorted(range(len(self.categories)), key=lambda i: not self.inside[i])
        return "; ".join(
            f"{self.categories[i]}{' (masked)' if self.inside[i] else ''}: "
            + ", ".join(f"{part} {share(float(shares[i]))}" for part, shares in self.values.items())
            for i in order
        )


def distributions_of(
    region: Region, table: PropertyTable, parts: Mapping[str, RowPositions]
) -> tuple[Distribution, ...]:
    """Return how each property that a region depends on is distributed in the parts of a split.

    Args:
        region: Region.
        table: Table of all rows.
        parts: Positions of the rows of each part; ``train`` and ``test_ood`` must be among them.

    >>> from datasets import Dataset
    >>> from codeshift.properties import NodeTypes
    >>> from codeshift.splitters import Contains
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1", "y = 2"]}))
    >>> region = Contains(NodeTypes("code", "python"), ("while_statement",))
    >>> [shown] = distributions_of(region, table, {"train": np.array([1, 2]), "test_ood": np.array([0])})
    >>> shown.name, shown.categories[0], shown.inside[0], shown.values["test_ood"][0], shown.values["train"][0]
    ('node type', 'while_statement', True, np.float64(1.0), np.float64(0.0))
    """
    leaves_of: dict[Property, dict[Region, bool]] = {}
    for leaf, taken in region.signed_leaves:
        for prop in leaf.shown():
            signs = leaves_of.setdefault(prop, {})
            signs[leaf] = signs.get(leaf, False) or taken
    inside = region.contains(table)
    distributions = (distribution(prop, leaves, inside, table, parts) for prop, leaves in leaves_of.items())
    return tuple(each for each in distributions if each is not None)


def dimension_of(region: Region) -> str:
    """Return the dimension of code that a region shifts, such as "complexity"; "other" for several or unnamed.

    >>> from codeshift.properties import CharCount, NodeTypes
    >>> from codeshift.splitters import Contains, Interval
    >>> long, loops = Interval(CharCount("code"), low=1200), Contains(NodeTypes("code", "python"), ("for_statement",))
    >>> dimension_of(long), dimension_of(~loops), dimension_of(long & loops)
    ('complexity', 'syntax', 'other')
    """
    dimensions = {OTHER if len(shifted) != 1 else shifted.pop() for shifted in map(_dimensions_of_leaf, region.leaves)}
    return dimensions.pop() if len(dimensions) == 1 else OTHER


def _dimensions_of_leaf(leaf: Region) -> set[str]:
    return {leaf.dimension} if leaf.dimension else {prop.dimension for prop in leaf.shown()}


def distribution(
    prop: Property, leaves: Mapping[Region, bool], inside: Mask, table: PropertyTable, parts: Mapping[str, RowPositions]
) -> Distribution | None:
    """Return the distribution of a property; None if it has no single value for each row, such as a vector.

    Args:
        prop: Property, which all of ``leaves`` depend on.
        leaves: Leaves of the region, at least one, each with whether the region takes its rows or takes them out.
        inside: Which rows of the table lie inside the region: booleans of shape ``(n,)``.
        table: Table of all rows.
        parts: Positions of the rows of each part; ``train`` and ``test_ood`` must be among them.
    """
    if prop.truth:
        holds = np.logical_or.reduce([leaf.contains(table) for leaf in leaves])
        return _categories(prop.describe(), {prop.truth: holds}, (any(leaves.values()),), parts)
    values = table.values(prop)
    if isinstance(values, ElementCounts):
        return _elements(prop, values, leaves, table, parts)
    if not isinstance(values, np.ndarray) or values.ndim != 1:
        return None
    if prop.nominal or values.dtype.kind not in "fiub":
        sides = [leaf.contains(table) if taken else ~leaf.contains(table) for leaf, taken in leaves.items()]
        inside = inside & np.logical_or.reduce(sides)
        named = values.dtype.kind in "fiu"  # a number alone is not a name
        texts = np.array([f"{prop.describe()} {value}" if named else str(value) for value in values], dtype=object)
        return _distribution_of_labels(prop.describe(), texts, inside, parts)
    return Distribution.of_numbers(prop.describe(), values, parts, prop.is_time(table))


def _elements(
    prop: Property,
    elements: ElementCounts,
    leaves: Mapping[Region, bool],
    table: PropertyTable,
    parts: Mapping[str, RowPositions],
) -> Distribution:
    """Return the shares of the leaves' elements, and of others that changed most from train to ``test_ood``."""
    categories: dict[str, Mask] = {}
    inside: dict[str, bool] = {}
    for leaf, taken in leaves.items():
        masks = _held(leaf, table, parts["test_ood"])
        categories |= masks
        inside |= {name: inside.get(name, False) or taken for name in masks}
    holding = {part: _shares_of_rows(elements, positions) for part, positions in parts.items()}
    moved = np.abs(holding["test_ood"] - holding["train"])
    moved[~_others(elements.vocabulary, prop, leaves)] = 0.0
    most = np.argsort(-moved, kind="stable")[:_MOVED]
    others = [column for column in most.tolist() if moved[column] > 0]
    masked = _categories(prop.element or prop.describe(), categories, tuple(inside.values()), parts)
    return Distribution(
        name=masked.name,
        values={part: np.array([*shares, *holding[part][others]]) for part, shares in masked.values.items()},
        categories=(*masked.categories, *(elements.vocabulary[column] for column in others)),
        inside=(*masked.inside, *(False for _ in others)),
        rows=masked.rows,
    )


def _categories(
    name: str, masks: Mapping[str, Mask], inside: tuple[bool, ...], parts: Mapping[str, RowPositions]
) -> Distribution:
    """Return the share of rows in each mask, and whether its rows are what the region takes."""
    return Distribution(
        name=name,
        values={part: np.array([_mean_of_mask(mask[rows]) for mask in masks.values()]) for part, rows in parts.items()},
        categories=tuple(masks),
        inside=inside,
        rows={part: len(rows) for part, rows in parts.items()},
    )


def _held(region: Region, table: PropertyTable, test_ood: RowPositions) -> dict[str, Mask]:
    """Return masks of rows by element of a region: all elements together, then the most frequent in ``test_ood``."""
    masks = region.indicators(table) if isinstance(region, ElementRegion) else {}
    together, single = ([], list(masks)) if len(masks) == 1 else (list(masks)[:1], list(masks)[1:])
    order = sorted(single, key=lambda name: -_mean_of_mask(masks[name][test_ood]))
    return {name: masks[name] for name in [*together, *order[:_MASKED]]}


def _shares_of_rows(elements: ElementCounts, rows: RowPositions) -> Shares:
    """Return the share of the rows that contain each element."""
    of_rows = elements.counts[rows]
    counts = np.bincount(of_rows.indices[of_rows.data > 0], minlength=len(elements.vocabulary))
    return np.asarray(counts / max(len(rows), 1), dtype=np.float64)


def _others(names: Sequence[str], prop: Property, regions: Iterable[Region]) -> Mask:
    """Return which elements define no region and are meaningful by themselves."""
    drawing = [region for region in regions if isinstance(region, ElementRegion)]
    inside = {name for region in drawing for name in region.drawn_by(names)}
    telling = prop.telling(names)
    return np.array([name not in inside and name in telling for name in names], dtype=bool)


def _distribution_of_labels(
    name: str, labels: NDArray[np.object_], inside: Mask, parts: Mapping[str, RowPositions]
) -> Distribution:
    """Return the shares of the largest labels inside and outside the region, with the rest of each side as one."""
    names, numbers = np.unique(labels.astype(str), return_inverse=True)
    is_inside = np.bincount(numbers, weights=inside, minlength=len(names)) > 0
    shares = {part: np.bincount(numbers[at], minlength=len(names)) / max(len(at), 1) for part, at in parts.items()}
    size = np.sum([shares[part] for part in shares], axis=0)
    order = np.argsort(-size, kind="stable")
    categories: list[str] = []
    columns: list[NDArray[np.int64]] = []
    masked: list[bool] = []
    for side in (True, False):
        of_side = np.array([i for i in order if is_inside[i] == side and size[i] > 0], dtype=np.int64)
        single = of_side if len(of_side) <= _LABELS + 1 else of_side[:_LABELS]
        rest = of_side[len(single) :]
        categories += [*names[single].tolist(), *([f"{len(rest):,} others"] if len(rest) else [])]
        columns += [*(single[i : i + 1] for i in range(len(single))), *([rest] if len(rest) else [])]
        masked += [side] * (len(categories) - len(masked))
    return Distribution(
        name=name,
        values={part: np.array([share_of[of_bin].sum() for of_bin in columns]) for part, share_of in shares.items()},
        categories=tuple(categories),
        inside=tuple(masked),
        rows={part: len(at) for part, at in parts.items()},
    )


def _mean_of_mask(mask: Mask) -> float:
    return float(mask.mean()) if len(mask) else 0.0

"""How what a region looks at is distributed in the parts of a split: numbers, elements, clusters, projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from codeshift.formatting import moment_of, share, significant
from codeshift.properties import APINames, ElementCounts, NodeTypes, Property, PropertyTable
from codeshift.properties.api_pairs import APIPairs
from codeshift.properties.clustering import NearestCluster
from codeshift.properties.columns import TIME, Timestamp, typed_text
from codeshift.properties.grammars import ts_language
from codeshift.properties.node_pairs import NodePairs
from codeshift.properties.predicate import Satisfies
from codeshift.regions.base import Region
from codeshift.regions.centroids import NearestCentroid
from codeshift.regions.elements import Contains, Matches, matching
from codeshift.regions.interval import Interval
from codeshift.regions.labels import OneOf
from codeshift.study.meaning import cut_property, leaves, property_words

Rows = NDArray[np.int64]
Shares = NDArray[np.float64]

_MASKED, _MOVED, _LABELS = 4, 5, 4  # categories that a plot has room for
_KINDS = {NodeTypes: "node type", APINames: "API", NodePairs: "pair of node types", APIPairs: "pair of APIs"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution:
    """One property in the parts of a split.

    Attributes:
        name: what it is, in words.
        values: by part: a number for each row or, where there are ``categories``, the share of the part's rows in each.
        categories: names of elements (a row can hold several), clusters or groups; empty for numbers.
        inside: whether the region is drawn by each category.
        rows: of each part.
        times: whether the numbers are seconds since 1970.

    >>> shares = {"train": np.array([1.0, 0.0]), "test_ood": np.array([0.0, 1.0])}
    >>> made = Distribution(name="cluster", values=shares, categories=("cluster 0", "cluster 1"), inside=(False, True))
    >>> made.told
    'cluster 1 (masked): train 0.0%, test_ood 100.0%; cluster 0: train 100.0%, test_ood 0.0%'
    """

    name: str
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)
    categories: tuple[str, ...] = ()
    inside: tuple[bool, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    times: bool = False

    def text(self, number: float) -> str:
        """One of the numbers as people read it: a date where they are times.

        >>> Distribution(name="time (date)", values={}, times=True).text(1719878400.0 + 5)
        '2024-07-02'
        """
        return moment_of(number // 86_400 * 86_400) if self.times else significant(number)

    @property
    def told(self) -> str:
        """The shares in words, what is masked first; for numbers the medians."""
        if not self.categories:
            medians = {part: np.median(numbers) for part, numbers in self.values.items() if len(numbers)}
            return "median " + ", ".join(f"{part} {self.text(median)}" for part, median in medians.items())
        order = sorted(range(len(self.categories)), key=lambda i: not self.inside[i])
        return "; ".join(
            f"{self.categories[i]}{' (masked)' if self.inside[i] else ''}: "
            + ", ".join(f"{part} {share(float(shares[i]))}" for part, shares in self.values.items())
            for i in order
        )


def distributions_of(region: Region, table: PropertyTable, parts: Mapping[str, Rows]) -> tuple[Distribution, ...]:
    """A distribution for each region that a region is made of; none of what is cut by chance, or is not known here.

    Args:
        region: as fitted.
        table: of all rows.
        parts: the positions of the rows of each part.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import Contains
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1", "y = 2"]}))
    >>> region = Contains(NodeTypes("code", "python"), ("while_statement",))
    >>> [made] = distributions_of(region, table, {"train": np.array([1, 2]), "test_ood": np.array([0])})
    >>> made.name, made.categories[0], made.inside[0], made.values["test_ood"][0], made.values["train"][0]
    ('node type', 'while_statement', True, np.float64(1.0), np.float64(0.0))
    """
    rows = {part: len(positions) for part, positions in parts.items()}
    made = []
    every = list(dict.fromkeys(leaves(region)))
    for leaf in every:
        if (prop := cut_property(leaf)) is not None and not isinstance(prop, Satisfies):
            numbers = np.asarray(table.values(prop), dtype=np.float64)
            values = {part: numbers[positions] for part, positions in parts.items()}
            times = isinstance(prop, Timestamp) and prop.measure(table)[0] == TIME
            made.append(Distribution(name=property_words(prop), values=values, rows=rows, times=times))
        elif isinstance(leaf, Contains | Matches):
            same = [one for one in every if isinstance(one, Contains | Matches) and one.property == leaf.property]
            if leaf == same[0]:
                made.append(_elements(same, table, parts))
        elif isinstance(leaf, Interval) and isinstance(leaf.property, Satisfies):
            name = f"rows where {leaf.property.name} holds"
            values = {part: np.array([_mean(leaf.contains(table)[at])]) for part, at in parts.items()}
            made.append(Distribution(name="function", values=values, categories=(name,), inside=(True,), rows=rows))
        elif isinstance(leaf, NearestCentroid):
            numbers = table.values(NearestCluster(leaf.property.column, leaf.property, leaf.centroids))
            labels = np.array([f"cluster {number}" for number in range(leaf.centroids.rows)], dtype=object)[numbers]
            made.append(_labels("cluster", labels, {f"cluster {number}" for number in leaf.chosen}, parts))
        elif isinstance(leaf, OneOf):
            wanted = {typed_text(value) for value in leaf.values}
            labels = np.asarray(table.values(leaf.property), dtype=object)
            inside = {str(label) for label in {*labels.tolist()} if typed_text(label) in wanted}
            made.append(_labels(leaf.property.column, labels.astype(str), inside, parts))
    return tuple(made)


def _elements(drawn_by: Sequence[Contains | Matches], table: PropertyTable, parts: Mapping[str, Rows]) -> Distribution:
    """The elements of regions, and those whose share of rows moved most with them from train to ``test_ood``."""
    prop = drawn_by[0].property
    found: ElementCounts = table.values(prop)
    categories: dict[str, NDArray[np.bool_]] = {}
    for leaf in drawn_by:
        categories |= _asked(leaf, table, parts["test_ood"])
    values = {part: [_mean(mask[positions]) for mask in categories.values()] for part, positions in parts.items()}
    holding = {part: _holding(found, positions) for part, positions in parts.items()}
    moved = np.abs(holding["test_ood"] - holding["train"])
    moved[~_others(found.vocabulary, prop, drawn_by)] = 0.0
    most = np.argsort(-moved, kind="stable")[:_MOVED]
    others = [column for column in most.tolist() if moved[column] > 0]
    return Distribution(
        name=_KINDS.get(type(prop)) or property_words(prop),
        values={part: np.array([*shares, *holding[part][others]]) for part, shares in values.items()},
        categories=(*categories, *(found.vocabulary[column] for column in others)),
        inside=(True,) * len(categories) + (False,) * len(others),
        rows={part: len(positions) for part, positions in parts.items()},
    )


def _asked(leaf: Contains | Matches, table: PropertyTable, test_ood: Rows) -> dict[str, NDArray[np.bool_]]:
    """By name, which rows hold each element of a region, first those of most rows of ``test_ood``; and all together."""
    names = leaf.elements if isinstance(leaf, Contains) else leaf.patterns
    masks = {name: type(leaf)(leaf.property, (name,), "any", leaf.min_count).contains(table) for name in names}
    order = sorted(masks, key=lambda name: -_mean(masks[name][test_ood]))
    together = {} if len(names) == 1 else {f"{leaf.match} of the {len(names)}": leaf.contains(table)}
    return together | {name: masks[name] for name in order[:_MASKED]}


def _holding(found: ElementCounts, rows: Rows) -> Shares:
    """Of each element, the share of the rows that hold it."""
    held = found.counts[rows]
    counts = np.bincount(held.indices[held.data > 0], minlength=len(found.vocabulary))
    return np.asarray(counts / max(len(rows), 1), dtype=np.float64)


def _others(names: Sequence[str], prop: Property, drawn_by: Sequence[Contains | Matches]) -> NDArray[np.bool_]:
    """Which elements no region is drawn by; without keywords and brackets, which only spell a node type."""
    inside: set[str] = set()
    for leaf in drawn_by:
        inside |= set(leaf.elements) if isinstance(leaf, Contains) else set()
        for pattern in leaf.patterns if isinstance(leaf, Matches) else ():
            inside |= set(matching(pattern, names))
    named = _named_types(prop.language) if isinstance(prop, NodeTypes) else frozenset(names)
    return np.array([name not in inside and name in named for name in names], dtype=bool)


def _named_types(language: str) -> frozenset[str]:
    grammar = ts_language(language)
    kinds = range(grammar.node_kind_count)
    return frozenset(str(grammar.node_kind_for_id(i)) for i in kinds if grammar.node_kind_is_named(i))


def _labels(name: str, labels: NDArray[np.object_], inside: set[str], parts: Mapping[str, Rows]) -> Distribution:
    """The largest labels inside and outside of the region, and the rest of either in one."""
    names, numbers = np.unique(labels.astype(str), return_inverse=True)
    shares = {part: np.bincount(numbers[at], minlength=len(names)) / max(len(at), 1) for part, at in parts.items()}
    size = np.sum([shares[part] for part in shares], axis=0)
    order = np.argsort(-size, kind="stable")
    categories: list[str] = []
    columns: list[NDArray[np.int64]] = []
    masked: list[bool] = []
    for is_inside in (True, False):
        side = np.array([i for i in order if (names[i] in inside) == is_inside and size[i] > 0], dtype=np.int64)
        single = side if len(side) <= _LABELS + 1 else side[:_LABELS]
        rest = side[len(single) :]
        categories += [*names[single].tolist(), *([f"{len(rest):,} others"] if len(rest) else [])]
        columns += [*(single[i : i + 1] for i in range(len(single))), *([rest] if len(rest) else [])]
        masked += [is_inside] * (len(categories) - len(masked))
    return Distribution(
        name=name,
        values={part: np.array([of[some].sum() for some in columns]) for part, of in shares.items()},
        categories=tuple(categories),
        inside=tuple(masked),
        rows={part: len(at) for part, at in parts.items()},
    )


def _mean(mask: NDArray[np.bool_]) -> float:
    return float(mask.mean()) if len(mask) else 0.0

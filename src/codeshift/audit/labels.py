"""Labels of a classification task: how their mix moves between parts, and near-duplicates with other labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.audit.correction import property_permutations
from codeshift.audit.distances import jensen_shannon, one_hot
from codeshift.audit.parts import AuditParts
from codeshift.audit.rounding import agreed
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import first_of_each
from codeshift.properties.dataset_columns import check_column
from codeshift.properties.labels import LabelValue, check_label_values
from codeshift.properties.near_duplicates import NearDuplicates


@dataclass(frozen=True, kw_only=True)
class LabelShift:
    """Labels of one part beside those of train.

    Attributes:
        part: Part that is compared with train.
        n_train: Number of labelled rows of train.
        n: Number of labelled rows of the part.
        unlabelled: Number of rows of the part without a label, which count for nothing here.
        labels: Labels as text, the most frequent in train first.
        train_shares: Share of train's rows with each label.
        shares: Share of the part's rows with each label.
        unseen: Number of rows of the part whose label no row of train has.
        total_variation: Share of rows that would need another label for the part to have the mix of train.
        jensen_shannon: Jensen-Shannon distance of the labels of distinct rows, from 0 to 1.
        p_value: Its p-value by permutation; the verdict corrects it with the other tests.
        conflicts: Number of rows of the part with a near-duplicate in train that has another label.
        conflicts_within: Number of rows of the part with a near-duplicate in it that has another label.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> rows = {"code": [f"x{i} = {i}" for i in range(80)], "label": ["safe", "leak"] * 40}
    >>> test = {"code": [f"f{i}({i})" for i in range(40)], "label": ["safe"] * 40}
    >>> splits = DatasetDict(train=Dataset.from_dict(rows), test=Dataset.from_dict(test))
    >>> labels = audit(splits, column="code", label="label", n_permutations=39).labels[0]
    >>> labels.labels, labels.train_shares, labels.shares, labels.total_variation
    (('leak', 'safe'), (0.5, 0.5), (0.0, 1.0), 0.5)
    """

    part: str
    n_train: int
    n: int
    unlabelled: int
    labels: tuple[str, ...]
    train_shares: tuple[float, ...]
    shares: tuple[float, ...]
    unseen: int
    total_variation: float
    jensen_shannon: float
    p_value: float
    conflicts: int
    conflicts_within: int

    @property
    def conflicts_share(self) -> float:
        """Share of labelled rows with a near-duplicate in train that has another label; NaN if there are no rows."""
        return ratio(self.conflicts, self.n)

    @property
    def conflicts_within_share(self) -> float:
        """Share of labelled rows with a near-duplicate in the part that has another label; NaN if there are no rows."""
        return ratio(self.conflicts_within, self.n)


@dataclass(frozen=True, eq=False)
class RowLabels:
    """Labels of the rows of a table.

    Attributes:
        names: Different labels as text, in the order of their types and texts; 1 and "1" differ.
        numbers: Number of each row's label among these, of shape ``(n,)``; -1 for a row without one.

    >>> labels = RowLabels.of(["leak", 1, None, "1", "leak"])
    >>> labels.names, labels.numbers.tolist()
    (('1', '1', 'leak'), [2, 0, -1, 1, 2])
    """

    names: tuple[str, ...]
    numbers: np.ndarray

    @classmethod
    def of(cls, values: Iterable[LabelValue | None]) -> RowLabels:
        """Number the labels of rows."""
        keys = [None if value is None else (type(value).__name__, str(value)) for value in values]
        listed = sorted({key for key in keys if key is not None})
        number_of = {key: number for number, key in enumerate(listed)}
        numbers = [NO_LABEL if key is None else number_of[key] for key in keys]
        return cls(tuple(text for _, text in listed), np.array(numbers, dtype=np.int64))


def measure_labels(
    labels: RowLabels,
    parts: AuditParts,
    part: str,
    components: dict[str, np.ndarray],
    settings: AuditSettings,
    counted: int,
) -> LabelShift:
    """Compare the labels of a part with those of train.

    Args:
        labels: Labels of the rows of the table.
        parts: Parts.
        part: Part.
        components: Near-duplicate component of each row of train and of the part, in the order of content.
        settings: Arguments of the audit.
        counted: Number of properties whose tests share the level of the verdict.
    """
    of_train, of_part = (labels.numbers[parts.rows[name]] for name in (parts.train, part))
    in_train, counts = np.unique(of_train[of_train != NO_LABEL], return_counts=True)
    order = np.lexsort([in_train, -counts])
    extra = np.setdiff1d(of_part[of_part != NO_LABEL], in_train)
    listed = [*in_train[order].tolist(), *extra.tolist()]
    before, after = (_shares(side, listed) for side in (of_train, of_part))
    sides = [_labels_of_components(side, components[name]) for name, side in ((parts.train, of_train), (part, of_part))]
    distance = p_value = math.nan
    if all(len(side) for side in sides):
        is_part = np.repeat([False, True], [len(side) for side in sides])
        permutations = property_permutations(settings.n_permutations, counted + 1)
        bins = np.unique(np.concatenate(sides), return_inverse=True)[1]
        distance, p_value = jensen_shannon(one_hot(bins), is_part, n_permutations=permutations, seed=settings.seed)
    codes = [parts.texts(name, settings.column) for name in (parts.train, part)]
    search, n_train = settings.near_duplicates, len(of_train)
    together = search.components([*codes[0], *codes[1]]).labels
    train_rows = _Labelled(codes[0], of_train, together[:n_train])
    within = _Labelled(codes[1], of_part, components[part])
    n = int((of_part != NO_LABEL).sum())
    return LabelShift(
        part=part,
        n_train=int(counts.sum()),
        n=n,
        unlabelled=len(of_part) - n,
        labels=tuple(labels.names[number] for number in listed),
        train_shares=tuple(agreed(share) for share in before),
        shares=tuple(agreed(share) for share in after),
        unseen=int(np.isin(of_part, extra).sum()),
        total_variation=agreed(float(np.abs(before - after).sum() / 2)) if n and counts.sum() else math.nan,
        jensen_shannon=agreed(distance),
        p_value=agreed(p_value),
        conflicts=_count_conflicts(_Labelled(codes[1], of_part, together[n_train:]), train_rows, search),
        conflicts_within=_count_conflicts(within, within, search),
    )


NO_LABEL = -1
"""Number in place of the label of a row without one."""


def label_column(parts: AuditParts, label: str) -> RowLabels:
    """Return the labels of the rows of the table.

    Raises:
        DataError: if there is no such column, or it holds something else than text, whole numbers or truth values.
    """
    data = parts.table.data
    check_column(data, label, "label", of="all parts")
    names = getattr(data.features[label], "names", None)  # of a ClassLabel
    values = data.with_format(None)[label][:]
    check_label_values("label", ["" if value is None else value for value in values])
    if names is not None:
        values = [None if value is None or value < 0 else names[value] for value in values]
    return RowLabels.of(values)


def _shares(labels: np.ndarray, listed: Sequence[int]) -> np.ndarray:
    """Return the share of the labelled rows with each of the listed labels."""
    counts = np.array([(labels == number).sum() for number in listed], dtype=np.float64)
    return np.asarray(counts / max(counts.sum(), 1.0))


def _labels_of_components(labels: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return the labels of the first labelled row of each component."""
    labelled = labels != NO_LABEL
    return first_of_each(labels[labelled], components[labelled])


class _Labelled(NamedTuple):
    """Rows with their labels, and the component of near-duplicates that each is in."""

    codes: Sequence[str]
    labels: np.ndarray
    components: np.ndarray


def _count_conflicts(rows: _Labelled, others: _Labelled, search: NearDuplicates) -> int:
    """Count the labelled rows with a near-duplicate among the others that has another label.

    A component is a chain: its ends may be alike in nothing. So pairs are searched for, within components that have
    several labels.
    """
    labels_of: dict[int, set[int]] = {}
    for side in (rows, others):
        for component, label in zip(side.components.tolist(), side.labels.tolist(), strict=True):
            if label != NO_LABEL:
                labels_of.setdefault(component, set()).add(label)
    mixed = np.array([component for component, labels in labels_of.items() if len(labels) > 1], dtype=np.int64)
    places, among = (
        np.flatnonzero(np.isin(side.components, mixed) & (side.labels != NO_LABEL)) for side in (rows, others)
    )
    count = 0
    for label in dict.fromkeys(rows.labels[places].tolist()):
        queries = [rows.codes[place] for place in places[rows.labels[places] == label]]
        corpus = [others.codes[place] for place in among[others.labels[among] != label]]
        count += int((search.nearest(queries, corpus).index >= 0).sum())
    return count

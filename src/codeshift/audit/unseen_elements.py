"""Elements of a test part that never occur in train: tokens, node types, APIs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.audit.compared_properties import ComparedProperty
from codeshift.audit.parts import AuditParts
from codeshift.properties import ElementCounts

EXAMPLES = 8


@dataclass(frozen=True, kw_only=True)
class UnseenElements:
    r"""Counts of the elements of a part that never occur in train.

    Attributes:
        part: Part.
        kind: Kind of the elements, as the name of the property that finds them.
        distinct: Number of different elements in the part.
        unseen: Number of these elements that occur in no row of train.
        n: Number of rows of the part.
        rows: Number of rows that contain at least one unseen element.
        examples: Unseen elements in the most rows, the most frequent first.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> short = [f"x{i} = {i}" for i in range(40)]
    >>> long = [f"for y{i} in z{i}:\n    f{i}(y{i})\n    g{i}(y{i})" for i in range(40)]
    >>> splits = DatasetDict(train=Dataset.from_dict({"code": short}), test=Dataset.from_dict({"code": long}))
    >>> report = audit(splits, column="code", n_permutations=19)
    >>> tokens = next(elements for elements in report.unseen_elements if elements.part == "test")
    >>> tokens.rows_share, "for" in tokens.examples
    (1.0, True)
    """

    part: str
    kind: str
    distinct: int
    unseen: int
    n: int
    rows: int
    examples: tuple[str, ...]

    @property
    def unseen_share(self) -> float:
        """Share of the part's different elements that never occur in train; NaN if the part has none."""
        return ratio(self.unseen, self.distinct)

    @property
    def rows_share(self) -> float:
        """Share of rows that contain an unseen element; NaN for an empty part."""
        return ratio(self.rows, self.n)


def measure_unseen(parts: AuditParts, part: str, prop: ComparedProperty) -> UnseenElements:
    """Compare the elements of a part with those of train, on all rows."""
    assert isinstance(prop.values, ElementCounts)  # noqa: S101 - the caller asked
    counts = prop.values.counts
    of_part = counts[parts.rows[part]]
    in_train = np.bincount(counts[parts.rows[parts.train]].indices, minlength=counts.shape[1]) > 0
    rows_holding = np.bincount(of_part.indices, minlength=counts.shape[1])
    unseen = np.flatnonzero((rows_holding > 0) & ~in_train)
    most = unseen[np.argsort(-rows_holding[unseen], kind="stable")][:EXAMPLES]
    return UnseenElements(
        part=part,
        kind=prop.name,
        distinct=int((rows_holding > 0).sum()),
        unseen=len(unseen),
        n=of_part.shape[0],
        rows=int((of_part[:, unseen].getnnz(axis=1) > 0).sum()),
        examples=tuple(prop.values.vocabulary[i] for i in most.tolist()),
    )

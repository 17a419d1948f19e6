"""The column of labels that a classifier learns: which columns can be one, and the name of each row's class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from datasets import ClassLabel, Dataset, Features, Value
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError, warn
from codeshift.finetune.errors import UnseenLabelWarning
from codeshift.formatting import listed
from codeshift.properties.labels import LABELS
from codeshift.wording import Remedy, Verbatim, closest

UNKNOWN = -1
"""Number of a label that is none of the classes."""

Labels: TypeAlias = tuple[str, ...]
"""Names of classes, in the order of their numbers."""

_TEXT = ("string", "large_string", "string_view")


@dataclass(frozen=True)
class LabelColumn:
    """A column that holds one label a row: a ``ClassLabel``, texts, whole numbers or truth values.

    Attributes:
        name: Name of the column.

    Raises:
        ParameterError: the name is no text.

    >>> from datasets import Dataset
    >>> rows = Dataset.from_dict({"buggy": [True, False, True]})
    >>> LabelColumn("buggy").classes(rows), LabelColumn("buggy").names(rows)
    (('False', 'True'), ['True', 'False', 'True'])
    """

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ParameterError("target", "the name of the column of labels", self.name, 'such as "label"')

    def check(self, features: Features) -> None:
        """Check that the column holds labels.

        Raises:
            ParameterError: there is no such column; close matches are named.
            DataError: it holds something else, such as fractions or lists.
        """
        if self.name not in features:
            raise ParameterError("target", "a column of the data", self.name, closest(self.name, features))
        feature = features[self.name]
        if isinstance(feature, ClassLabel):
            return
        kind = feature.dtype if isinstance(feature, Value) else ""
        if kind not in _TEXT and kind != "bool" and not kind.startswith(("int", "uint")):
            column = Verbatim(f"{self.name}, which holds {feature}")
            remedy = "make them texts or whole numbers first (data.map)"
            raise DataError("target", LABELS, column, remedy)

    def names(self, rows: Dataset) -> list[str]:
        """Return the name of each row's class: that of a ``ClassLabel``, or the text of the value.

        Raises:
            DataError: a row has no label.
        """
        values = self._values(rows)
        feature = rows.features[self.name]
        return [feature.int2str(v) for v in values] if isinstance(feature, ClassLabel) else [str(v) for v in values]

    def classes(self, rows: Dataset) -> Labels:
        """Return the names of all classes: those of a ``ClassLabel``, else the labels of ``rows``, sorted by value.

        Raises:
            DataError: a row has no label, or there are fewer than two classes.
        """
        feature, values = rows.features[self.name], self._values(rows)
        names = feature.names if isinstance(feature, ClassLabel) else [str(value) for value in sorted(set(values))]
        if len(names) < 2:
            only = Verbatim(f"only {names}")
            raise DataError(self.name, "a column of at least two labels", only, "there is nothing to tell apart")
        return tuple(names)

    def numbers(self, rows: Dataset, classes: Labels) -> Labelling:
        """Return the number of each row's class among ``classes``.

        If the classes have no names, as those of a model that was trained elsewhere on numbers, then the whole numbers,
        truth values or ``ClassLabel`` of a column are the numbers of classes.

        Raises:
            DataError: a row has no label.
        """
        names = self.names(rows)
        numbered = is_unnamed(classes) and rows.features[self.name].dtype not in _TEXT
        sought = [_unnamed(int(value)) for value in self._values(rows)] if numbered else names
        number_of = {name: number for number, name in enumerate(classes)}
        numbers = np.array([number_of.get(name, UNKNOWN) for name in sought], dtype=np.int64)
        return Labelling(numbers, Counter(name for name, n in zip(names, numbers, strict=True) if n == UNKNOWN))

    def _values(self, rows: Dataset) -> list[Any]:
        values, feature = list(rows[self.name]), rows.features[self.name]
        unlabelled = (None, UNKNOWN) if isinstance(feature, ClassLabel) else (None,)  # -1 is what datasets gives
        wrong = [row for row, value in enumerate(values) if value in unlabelled]
        if wrong:
            kept = "is not None" if len(unlabelled) == 1 else f"not in {unlabelled}"
            where = f"{len(wrong)} such row(s), the first at position {wrong[0]}"
            code = f"data.filter(lambda row: row[{self.name!r}] {kept})"
            remedy = Remedy(f"{where}: leave them out with ", code, option="require", value=self.name)
            raise DataError(self.name, "a label in every row", values[wrong[0]], remedy)
        return values


@dataclass(frozen=True)
class Labelling:
    """The labels of a part as numbers of classes.

    Attributes:
        numbers: Number of each row's class, (rows,); ``UNKNOWN`` (-1) for a label that is none of the classes.
        unknown: Number of rows of each label that is none of the classes.
    """

    numbers: NDArray[np.int64]
    unknown: Mapping[str, int] = field(default_factory=dict)

    def warn(self, part: str) -> None:
        """Issue an ``UnseenLabelWarning`` if some labels are none of the classes."""
        if self.unknown:
            labels = listed([f"{name} ({rows})" for name, rows in self.unknown.items()])
            count = sum(self.unknown.values())
            words = f"{part}: {count} of {len(self.numbers)} rows have a label that the model has no class for"
            warn(UnseenLabelWarning(f"{words}: {labels}. Each counts as wrong, and its probability is 0"))


def is_unnamed(classes: Labels) -> bool:
    """Tell whether names are those that transformers gives to classes without one: LABEL_0, LABEL_1, ..."""
    return classes == tuple(map(_unnamed, range(len(classes))))


def _unnamed(number: int) -> str:
    return f"LABEL_{number}"

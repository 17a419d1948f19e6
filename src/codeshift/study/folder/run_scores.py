"""The scores of a run on each row of one evaluated set, in memory and as a Parquet file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.special import softmax

from codeshift.files import replaced

_STATISTICS = "stats:"
_OOD = "ood:"
_LOGITS = "logits"
_CLASS = re.compile(r"probability\[(.*)\]", re.DOTALL)


@dataclass(frozen=True, eq=False)
class RunScores:
    """Scores of one run on one evaluated set, in the order of its rows.

    Attributes:
        references: Texts that the model should write, or names of the classes that it should tell.
        predictions: Texts that the model wrote, None for a row without generation; or names of the likeliest classes.
        statistics: Statistics of each row by metric, shape (rows, d), see ``codeshift.metrics``; NaN for a row that
            was not scored.
        sources: Texts that the model was given; empty if unknown.
        finished: Whether each output ended by itself (False: cut at the length limit, None: no output); empty if
            unknown.
        samples: Texts of all samples of each row, None for a row without generation; empty if there is one a row.
        languages: Language of each row, if a column of the data names it; empty if not.
        labels: Names of the classes of a classifier; empty for text.
        logits: Logits of the classes, shape (rows, classes); None for text.
        ood: Scores of how far out of distribution each row seems to the model, by their names in
            ``codeshift.metrics.ood_scores``, shape (rows,); NaN for a row without one. Empty if nothing was kept of the
            model.

    >>> len(RunScores(["return a"], [None], {"exact_match": np.array([[np.nan, np.nan]])}))
    1
    """

    references: Sequence[str] = field(repr=False)
    predictions: Sequence[str | None] = field(repr=False)
    statistics: Mapping[str, NDArray[np.float64]] = field(repr=False)
    sources: Sequence[str] = field(default=(), repr=False)
    finished: Sequence[bool | None] = field(default=(), repr=False)
    samples: Sequence[Sequence[str] | None] = field(default=(), repr=False)
    languages: Sequence[str] = field(default=(), repr=False)
    labels: Sequence[str] = ()
    logits: NDArray[np.float64] | None = field(default=None, repr=False)
    ood: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.references)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probabilities of the classes, shape (rows, classes); without classes for text."""
        if self.logits is None:
            return np.empty((len(self), 0))
        return np.asarray(softmax(self.logits, axis=1))

    @property
    def classes(self) -> NDArray[np.int64]:
        """Number of each row's class, shape (rows,); -1 for a label that is none of the classes.

        >>> RunScores(["bug", "typo"], ["bug", "bug"], {}, labels=("bug", "fine"), logits=np.zeros((2, 2))).classes
        array([ 0, -1])
        """
        numbers = {label: number for number, label in enumerate(self.labels)}
        return np.array([numbers.get(label, -1) for label in self.references], dtype=np.int64)

    def save(self, path: Path) -> None:
        """Write a Parquet file with one line for each row, atomically.

        Its columns are ``row``, ``reference`` and ``prediction``; ``source``, ``finished`` and ``language`` if known;
        ``samples`` if there are several; and for each metric ``stats:<metric>``, a list that is null if the row was not
        scored. A classifier has a ``probability[<label>]`` of each class and the list ``logits`` as well.
        ``ood:<score>`` tells how far out of distribution the row seems to the model.

        >>> import tempfile
        >>> scores = RunScores(["a", "b"], ["a", None], {"exact_match": np.array([[1.0, 1.0], [np.nan, np.nan]])})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     scores.save(Path(folder) / "test.parquet")
        ...     back = RunScores.load(Path(folder) / "test.parquet")
        >>> back.predictions, back.statistics["exact_match"].tolist()
        (['a', None], [[1.0, 1.0], [nan, nan]])
        """
        columns: dict[str, Any] = {
            "row": pa.array(range(len(self)), pa.int64()),
            "reference": pa.array(self.references, pa.string()),
            "prediction": pa.array(self.predictions, pa.string()),
        }
        if len(self.sources):
            columns["source"] = pa.array(self.sources, pa.string())
        if len(self.finished):
            columns["finished"] = pa.array(self.finished, pa.bool_())
        if len(self.languages):
            columns["language"] = pa.array(self.languages, pa.string())
        if len(self.samples):
            columns["samples"] = pa.array(self.samples, pa.list_(pa.string()))
        if self.logits is not None:
            shares = self.probabilities.T
            columns |= {_probability(label): pa.array(of) for label, of in zip(self.labels, shares, strict=True)}
            columns[_LOGITS] = _as_lists(np.ascontiguousarray(self.logits, dtype=np.float64))
        for metric, values in self.statistics.items():
            columns[_STATISTICS + metric] = _as_lists(np.ascontiguousarray(values, dtype=np.float64))
        columns |= {_OOD + name: pa.array(values) for name, values in self.ood.items()}
        with replaced(path) as temporary:
            pq.write_table(pa.table(columns), temporary)

    @classmethod
    def load(cls, path: Path) -> RunScores:
        """Read a file that ``save`` wrote."""
        table = pq.read_table(path)
        statistics = {
            name.removeprefix(_STATISTICS): _from_lists(table.column(name).combine_chunks())
            for name in table.column_names
            if name.startswith(_STATISTICS)
        }
        named_columns = ("reference", "prediction", "source", "finished", "language", "samples")
        texts = {name: _column_values(table, name) for name in named_columns}
        named = (_CLASS.fullmatch(name) for name in table.column_names)
        labels = tuple(match[1] for match in named if match)
        logits = _from_lists(table.column(_LOGITS).combine_chunks()) if labels else None
        return cls(
            texts["reference"],
            texts["prediction"],
            statistics,
            sources=texts["source"],
            finished=texts["finished"],
            languages=texts["language"],
            samples=texts["samples"],
            labels=labels,
            logits=logits,
            ood={
                name.removeprefix(_OOD): table.column(name).to_numpy()
                for name in table.column_names
                if name.startswith(_OOD)
            },
        )


def _probability(label: str) -> str:
    return f"probability[{label}]"


def _column_values(table: Any, name: str) -> list[Any]:
    return list(table.column(name).to_pylist()) if name in table.column_names else []


def _as_lists(values: NDArray[np.float64]) -> Any:

    unscored = np.isnan(values).all(axis=1)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1], mask=pa.array(unscored))


def _from_lists(lists: Any) -> NDArray[np.float64]:
    lists = lists if not hasattr(lists, "chunks") else lists.chunk(0)
    width = lists.type.list_size
    values = np.full((len(lists), width), np.nan)
    scored = ~lists.is_null().to_numpy(zero_copy_only=False)
    values[scored] = lists.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return values

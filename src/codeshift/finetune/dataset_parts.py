"""The parts of a dataset that a call reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from datasets import Dataset

from codeshift.errors import DataError, ParameterError
from codeshift.marks import RowMarks
from codeshift.wording import closest

Splits: TypeAlias = Mapping[str, Dataset] | Dataset


def training_parts(data: Splits, *, validates: bool = False) -> dict[str, Dataset]:
    """Return ``train``, and ``validation`` if it has rows; a single ``Dataset`` is ``train``.

    Raises:
        ParameterError: ``data`` is neither a ``DatasetDict`` nor a ``Dataset``.
        DataError: there is no part ``train``, or the run ``validates`` and ``validation`` has no rows.

    >>> list(training_parts({"train": Dataset.from_dict({"x": [1]}), "test": Dataset.from_dict({"x": [2]})}))
    ['train']
    """
    if isinstance(data, Dataset):
        data = {"train": data}
    if not isinstance(data, Mapping):
        raise ParameterError("data", "a DatasetDict or a Dataset", data, "see the datasets library")
    if "train" not in data:
        raise DataError("data", 'a DatasetDict with a part "train"', sorted(data), 'call the part to train on "train"')
    if validates and not len(data.get("validation", ())):
        remedy = "give that part, or leave out load_best_model_at_end, early_stopping_patience and the evaluator"
        raise DataError("data", 'a DatasetDict with rows in "validation"', sorted(data), remedy)
    return {part: data[part] for part in ("train", "validation") if part == "train" or len(data.get(part, ()))}


def evaluation_parts(splits: Splits, parts: Iterable[str] | None) -> dict[str, Dataset]:
    """Return ``parts``; None takes those whose names begin with "test", or a single ``Dataset`` as "data".

    Raises:
        ParameterError: a part is unknown.
        DataError: there is no part to take.

    >>> list(evaluation_parts({"train": Dataset.from_dict({"x": [1]}), "test_id": Dataset.from_dict({"x": [2]})}, None))
    ['test_id']
    """
    if isinstance(splits, Dataset):
        splits, parts = {"data": splits}, ("data",) if parts is None else parts
    if not isinstance(splits, Mapping):
        raise ParameterError("splits", "a DatasetDict or a Dataset", splits, "see the datasets library")
    if isinstance(parts, str):
        raise ParameterError("parts", "a sequence of names", parts, f"write it as ({parts!r},)")
    chosen = [name for name in splits if name.startswith("test")] if parts is None else list(parts)
    for name in chosen:
        if name not in splits:
            raise ParameterError("parts", "names of parts of the data", name, closest(name, splits))
    if not chosen:
        raise DataError("splits", 'a DatasetDict with a part "test..."', sorted(splits), "name the parts (parts=...)")
    return {name: splits[name] for name in chosen}


def rows_for_shots(splits: Splits, shots: int) -> Dataset:
    """Return the part ``train``, from which the examples of prompts are drawn.

    Raises:
        ParameterError: there is none.

    >>> len(rows_for_shots({"train": Dataset.from_dict({"x": [1]})}, 1))
    1
    """
    if not isinstance(splits, Mapping) or "train" not in splits:
        remedy = "examples never come from a part that is scored: give a DatasetDict, or shots=0"
        raise ParameterError("shots", "0 for data without a part train", shots, remedy)
    return splits["train"]


def marks_of_parts(marks: Mapping[str, RowMarks] | None, chosen: Mapping[str, Dataset]) -> dict[str, RowMarks]:
    """Return the marks of the parts that have some, checked against their rows.

    Raises:
        ParameterError: they are no marks by part, of no part that is evaluated, or of other rows.

    >>> rows = Dataset.from_dict({"code": ["x = 1"]})
    >>> list(marks_of_parts({"test": RowMarks.of(["x = 1"], "code", {})}, {"test": rows}))
    ['test']
    """
    if marks is None:
        return {}
    if not isinstance(marks, Mapping) or not all(isinstance(of_part, RowMarks) for of_part in marks.values()):
        raise ParameterError("marks", "marks by part", marks, "pass overlap(splits, corpora).marks")
    marked = {part: marks[part] for part in chosen if part in marks}
    if marks and not marked:
        raise ParameterError(
            "marks", "those of a part that is evaluated", sorted(marks), closest(next(iter(marks)), chosen)
        )
    for part, of_part in marked.items():
        rows = chosen[part]
        if of_part.column not in rows.column_names:
            remedy = "the column tells whether marks and rows belong together: keep it in the data"
            raise ParameterError("marks", f"of a column of {part}", of_part.column, remedy)
        of_part.check(part, list(map(str, rows.with_format(None)[of_part.column])))
    return marked

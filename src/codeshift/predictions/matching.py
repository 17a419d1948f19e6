"""Predictions as they come back from elsewhere, and the rows that they belong to."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from datasets import Dataset

from codeshift.checks import check_bool, read_bool
from codeshift.data.csv_rows import csv_table
from codeshift.data.json_rows import json_objects
from codeshift.data.loading import load_rows
from codeshift.data.text_file import no_text
from codeshift.errors import DataError, ParameterError
from codeshift.file_formats import CSV_SEPARATORS, format_of
from codeshift.finetune.decoding import Output
from codeshift.formatting import counted, listed
from codeshift.wording import Verbatim, closest

Predictions: TypeAlias = "str | os.PathLike[str] | Dataset | Mapping[str, str] | Iterable[Mapping[str, Any]]"
"""A file of predictions, a dataset, a dict of texts by identity, or several rows."""

_IDENTITIES = ("id", "custom_id")
_SHOWN = 10


class PredictionsError(DataError):
    """Predictions do not belong to the rows one to one.

    Attributes:
        missing: Identities of rows without a prediction.
        surplus: Identities of predictions without a row.
        doubled: Identities of rows with several predictions.

    >>> raise PredictionsError(["a"], [], ["b"], {"a": "row 0 of test", "b": "row 1 of test"})
    Traceback (most recent call last):
        ...
    codeshift.predictions.matching.PredictionsError: predictions must be one for each row, got 1 row without a
    prediction, 1 row with several: without a prediction a (row 0 of test); with several b (row 1 of test). Keep one
    prediction for each row. Name ...
    """

    def __init__(
        self, missing: Sequence[str], surplus: Sequence[str], doubled: Sequence[str], places: Mapping[str, str]
    ) -> None:
        self.missing, self.surplus, self.doubled = list(missing), list(surplus), list(doubled)
        self.places = dict(places)
        kinds = {
            "without a prediction": ("row", self.missing),
            "with several": ("row", self.doubled),
            "without a row": ("prediction", self.surplus),
        }
        faults = {words: fault for words, fault in kinds.items() if fault[1]}
        counts = [f"{counted(len(names), noun)} {words}" for words, (noun, names) in faults.items()]
        lists = [f"{words} {_named_with_places(names, self.places)}" for words, (_, names) in faults.items()]
        remedies = ["Keep one prediction for each row"] if self.doubled else []
        if self.missing or self.surplus:
            remedies.append(
                "Name the parts that were predicted (parts=...), and give the source and target of the export, of "
                "which the identities are digests"
            )
        remedy = ". ".join(["; ".join(lists), *remedies])
        super().__init__("predictions", "one for each row", Verbatim(", ".join(counts)), remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.missing, self.surplus, self.doubled, self.places)


def read_predictions(
    predictions: Predictions, *, identity_column: str | None, prediction_column: str
) -> list[tuple[str, Output]]:
    """Return identity and output of each prediction, in their order.

    A row is an answer of an OpenAI-like batch (``custom_id`` and ``response``), or has a column of the identity, one of
    the text and, if it is known, one that says whether the text is ``finished``. Cells of CSV are texts as they are
    written, empty ones too.

    Raises:
        DataError: a file cannot be read, a column is missing, an answer is an error, or a text is not text.
    """
    if isinstance(predictions, Mapping):
        rows: Iterable[Any] = [
            {identity_column or "id": name, prediction_column: text} for name, text in predictions.items()
        ]
    elif isinstance(predictions, str | os.PathLike):
        rows = _rows_of_file(Path(predictions))
    elif isinstance(predictions, Iterable):
        rows = predictions
    else:
        raise ParameterError("predictions", "a file, a dataset or rows", predictions, 'such as "predictions.jsonl"')
    return [_checked_prediction(i, row, identity_column, prediction_column) for i, row in enumerate(rows)]


def match(expected: Mapping[str, str], predicted: Sequence[tuple[str, Output]]) -> dict[str, Output]:
    """Return the output of each identity, in the order of ``expected``.

    Args:
        expected: Place of each row in words, by identity.
        predicted: Identity and output of each prediction.

    Raises:
        PredictionsError: a row has no prediction or several, or a prediction has no row.
    """
    times = Counter(identity for identity, _ in predicted)
    missing = [identity for identity in expected if identity not in times]
    surplus = [identity for identity in times if identity not in expected]
    doubled = [identity for identity in expected if times[identity] > 1]
    if missing or surplus or doubled:
        raise PredictionsError(missing, surplus, doubled, expected)
    outputs = dict(predicted)
    return {identity: outputs[identity] for identity in expected}


def predictions_digest(outputs: Mapping[str, Output]) -> str:
    """Return the SHA-256 of identities and texts."""
    content = json.dumps([[identity, output.text] for identity, output in outputs.items()])
    return hashlib.sha256(content.encode()).hexdigest()


def _rows_of_file(path: Path) -> list[Any]:
    ending = format_of(path)
    if ending in CSV_SEPARATORS:
        if not os.path.isfile(path):
            raise DataError("predictions", "a file that can be read", str(path), "there is no such file")
        # Cells as they are written: an answer may be a number, or empty.
        cells: list[Any] = csv_table(path, CSV_SEPARATORS[ending]).to_pylist()
        return cells
    if path.suffix != ".jsonl":
        return list(load_rows(path))
    try:
        return [row for _, row in json_objects(path)]  # whose columns need not fit together
    except OSError as error:
        raise DataError("predictions", "a file that can be read", str(path), str(error)) from error


def _checked_prediction(i: int, row: Any, identity_column: str | None, prediction_column: str) -> tuple[str, Output]:
    place = f"predictions[{i}]"
    if not isinstance(row, Mapping):
        raise DataError(place, "an object with named values", row, "give an identity and a text")
    names = _IDENTITIES if identity_column is None else (identity_column,)
    name = next((name for name in names if row.get(name) not in (None, "")), None)
    if name is None:
        raise DataError(place, f"of a row's identity ({' or '.join(names)})", sorted(row), "keep the id of the export")
    is_answer = "response" in row and prediction_column != "response"
    text, finished = _answer(place, row) if is_answer else (row.get(prediction_column), _finished(place, row))
    if not isinstance(text, str):
        if not is_answer and prediction_column not in row:
            remedy = f"name the column: {closest(prediction_column, row)}"
            raise DataError(place, f"of a column {prediction_column!r}", sorted(row), remedy)
        raise DataError(place, "a text", text, "give '' for an output that is empty")
    if problem := no_text(text):
        raise DataError(place, "a text that can be written as UTF-8", Verbatim(problem), "ask for it again")
    return str(row[name]), Output(text=text, finished=finished)


def _finished(place: str, row: Mapping[str, Any]) -> bool:
    """Return whether a text is finished, which it is if the row does not say."""
    finished = row.get("finished")
    if finished is None or finished == "":
        return True
    try:
        return read_bool("finished", finished) if isinstance(finished, str) else check_bool("finished", finished)
    except ParameterError as error:
        remedy = "give True or False, or leave it empty if it is not known"
        raise DataError(f"{place}['finished']", "whether the text is finished", finished, remedy) from error


def _answer(place: str, row: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return text and end of an answer of an OpenAI-like batch."""
    try:
        choice = row["response"]["body"]["choices"][0]
        text = choice["message"]["content"] if "message" in choice else choice["text"]
        return text, choice.get("finish_reason") != "length"
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        fault = row.get("error") or row["response"]
        remedy = "ask for it again, and give its answer in place of this one"
        raise DataError(place, "an answer of the model", fault, remedy) from error


def _named_with_places(identities: Sequence[str], places: Mapping[str, str]) -> str:
    return listed([f"{name} ({places[name]})" if name in places else name for name in identities], _SHOWN)

"""Columns of JSON, in which each row keeps its own keys and its exact numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import datasets
import pyarrow as pa
from datasets import Dataset, Features


@dataclass(eq=False)
class Json(datasets.Json):  # type: ignore[misc] # datasets is read without types
    """The feature ``Json`` of ``datasets``, with values read by the standard library's ``json``.

    The one of ``datasets`` reads them with pandas' ``ujson``, which changes the last digit of one float in three,
    refuses integers beyond 64 bits and turns NaN into None. In all other respects the two are the same, and they
    compare equal.

    >>> Json().decode_example('{"id": 1180591620717411303424, "loss": 0.30000000000000004}')
    {'id': 1180591620717411303424, 'loss': 0.30000000000000004}
    >>> Json() == datasets.Json(), Features(meta=Json()) == Features(meta=datasets.Json())
    (True, True)
    """

    def decode_example(self, example_data: str | None, token_per_repo_id: Any = None) -> Any:
        """Parse JSON; None stays None."""
        return None if example_data is None else json.loads(example_data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datasets.Json) and self.decode == other.decode

    def __hash__(self) -> int:
        return hash(self.decode)


def json_array(values: Iterable[Any]) -> pa.Array:
    """Return the values as a column of JSON; None stays None.

    >>> json_array([{"a": 1}, None]).to_pylist()
    ['{"a": 1}', None]
    """
    texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    return pa.array(texts, type=pa.json_())


def exact_json(rows: Dataset) -> Dataset:
    """Return the rows with the feature ``Json`` of this module for all columns of JSON, also inside lists and structs.

    >>> kept = Dataset.from_dict({"meta": [None]}, features=Features({"meta": [datasets.Json()]}))
    >>> type(kept.features["meta"].feature) is Json, type(exact_json(kept).features["meta"].feature) is Json
    (False, True)
    """
    if not any(map(_holds_json, rows.features.values())):
        return rows
    again = rows.with_format(None)  # a copy, so that the rows given keep their own features
    again.info.features = Features({name: _with_exact_json(feature) for name, feature in rows.features.items()})
    return again


def _holds_json(feature: Any) -> bool:
    if isinstance(feature, dict):
        return any(map(_holds_json, feature.values()))
    return isinstance(feature, datasets.Json) or _holds_json(getattr(feature, "feature", None) or {})


def _with_exact_json(feature: Any) -> Any:
    if isinstance(feature, datasets.Json):
        return Json(decode=feature.decode)
    if isinstance(feature, dict):
        return {name: _with_exact_json(inner) for name, inner in feature.items()}
    if isinstance(feature, datasets.List):
        return datasets.List(_with_exact_json(feature.feature), length=feature.length)
    if isinstance(feature, datasets.LargeList):
        return datasets.LargeList(_with_exact_json(feature.feature))
    return feature

"""Parts that are scored while a model trains, to see what happens there; they never choose anything."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from datasets import Dataset

from codeshift.checks import check_integer
from codeshift.errors import ParameterError
from codeshift.finetune.dataset_parts import Splits
from codeshift.finetune.training_config import TrainingConfig
from codeshift.wording import closest


def check_watch(watch: Mapping[str, int] | None, config: TrainingConfig) -> dict[str, int]:
    """Return the numbers of rows to watch by part; None watches none.

    Raises:
        ParameterError: a value is no mapping to whole numbers, a part is scored already, or nothing says when.
    """
    if watch is None:
        return {}
    if not isinstance(watch, Mapping):
        raise ParameterError("watch", "numbers of rows by part", watch, 'such as {"test_id": 200, "test_ood": 200}')
    for part, rows in watch.items():
        if part == "validation":
            raise ParameterError("watch", "made of other parts than validation", part, "its loss is there already")
        check_integer("watch", rows, smallest=1, remedy='such as {"test_id": 200, "test_ood": 200}')
    if watch and config.eval_strategy == "no":
        remedy = "parts are watched when validation takes place, with or without a part validation"
        raise ParameterError("eval_strategy", '"epoch" or "steps" with watch', "no", remedy)
    return dict(watch)


def watched_rows(data: Splits, watch: Mapping[str, int], seed: int) -> dict[str, Dataset]:
    """Draw the rows to watch, by part; a part with fewer rows is taken whole.

    Raises:
        ParameterError: the data have no such part.

    >>> parts = {"train": Dataset.from_dict({"x": [1]}), "test": Dataset.from_dict({"x": [2, 3, 4]})}
    >>> watched_rows(parts, {"test": 2}, seed=0)["test"]["x"][:]
    [2, 4]
    """
    parts = {} if isinstance(data, Dataset) else data
    drawn = {}
    for part, count in watch.items():
        if part not in parts:
            raise ParameterError("watch", "made of parts of the data", part, closest(part, parts))
        rows = parts[part]
        drawn[part] = rows.select(np.sort(np.random.default_rng(seed).permutation(len(rows))[:count]))
    return drawn

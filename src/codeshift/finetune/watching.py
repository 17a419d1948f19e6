"""Parts that are scored while a model trains, to see what happens there; they never choose anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from datasets import Dataset

from codeshift.checks import check_integer, check_texts
from codeshift.errors import ParameterError
from codeshift.finetune.dataset_parts import Splits
from codeshift.finetune.training_config import TrainingConfig
from codeshift.wording import closest

Watch = Mapping[str, int | None] | Sequence[str]
"""Parts to watch: numbers of rows by part, None for as many as take little time; or names, which mean the same."""

_MOST_ROWS = 200  # of a part whose number is not given
_TRAINED_ROWS = 16
"""Rows that are trained on for each watched row. A forward pass of few rows took .7 to 1.1 of what training on as many
takes (``benchmarks/finetune.md``), so that watching stays below a tenth of the time."""


def check_watch(watch: Watch | None, config: TrainingConfig) -> dict[str, int | None]:
    """Return the numbers of rows to watch by part, None where names alone are given; {} watches nothing.

    Raises:
        ParameterError: a value is no mapping to whole numbers and no names, a part is scored already, or nothing says
            when.
    """
    if watch is None:
        return {}
    counts = watched_counts(watch)
    for part, rows in counts.items():
        if part == "validation":
            raise ParameterError("watch", "made of other parts than validation", part, "its loss is there already")
        if rows is not None:
            check_integer("watch", rows, smallest=1, remedy='such as {"test_id": 200, "test_ood": 200}')
    if counts and config.eval_strategy == "no":
        remedy = "parts are watched when validation takes place, with or without a part validation"
        raise ParameterError("eval_strategy", '"epoch" or "steps" with watch', "no", remedy)
    return counts


def watched_counts(watch: Watch) -> dict[str, int | None]:
    """Return numbers of rows by part, None for each part that is given by its name alone.

    Raises:
        ParameterError: it is neither a mapping nor several names.

    >>> watched_counts(["test_id"])
    {'test_id': None}
    """
    if isinstance(watch, Mapping):
        return dict(watch)
    return dict.fromkeys(check_texts("watch", watch, members="names of parts", example='("test_id", "test_ood")'))


def watched_rows(
    data: Splits, watch: Mapping[str, int | None], seed: int, *, trained_rows: int = 0
) -> dict[str, Dataset]:
    """Draw the rows to watch, by part; a part with fewer rows is taken whole.

    Args:
        data: Parts.
        watch: Number of rows by part; None for as many as take less than a tenth of the time, at most 200.
        seed: Seed of the draw.
        trained_rows: Number of rows that are trained on between two validations.

    Raises:
        ParameterError: the data have no such part.

    >>> parts = {"train": Dataset.from_dict({"x": [1]}), "test": Dataset.from_dict({"x": [2, 3, 4]})}
    >>> watched_rows(parts, {"test": 2}, seed=0)["test"]["x"][:]
    [2, 4]
    >>> len(watched_rows(parts, {"test": None}, seed=0, trained_rows=18)["test"])
    1
    """
    parts = {} if isinstance(data, Dataset) else data
    without_number = max(sum(count is None for count in watch.values()), 1)
    affordable = min(max(trained_rows // (_TRAINED_ROWS * without_number), 1), _MOST_ROWS)
    drawn = {}
    for part, count in watch.items():
        if part not in parts:
            raise ParameterError("watch", "made of parts of the data", part, closest(part, parts))
        rows, most = parts[part], affordable if count is None else count
        drawn[part] = rows.select(np.sort(np.random.default_rng(seed).permutation(len(rows))[:most]))
    return drawn

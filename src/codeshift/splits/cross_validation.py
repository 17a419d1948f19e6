"""Splitter as the ``cv`` of scikit-learn: several splits of the same rows, each with its own seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.checks import check_integer
from codeshift.errors import DataError, ParameterError
from codeshift.hashing import digest
from codeshift.parts import TRAINED_ON
from codeshift.properties import PropertyTable
from codeshift.splits.assign import assign
from codeshift.splits.config import SplitConfig, SplitOptions
from codeshift.splits.fitting import Recipe
from codeshift.splits.rows import SplitRows
from codeshift.wording import Verbatim, closest

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidator:
    """Splits for ``cv=`` of scikit-learn's ``cross_val_score`` and similar functions, made by ``Splitter.as_cv``.

    It stores positions only, not the data, so copying and pickling it is cheap.

    Attributes:
        splitter: Repr of the splitter.
        seeds: Seed of each split: ``splitter.assign(data, seed=seeds[i])`` makes split ``i``.
        n_rows: Number of rows of the data.
        positions: Ascending positions of each part's rows, for each split.
        part: Part that models are scored on.
        train: Part that models are fitted on.
    """

    splitter: str
    seeds: tuple[int, ...]
    n_rows: int
    positions: tuple[dict[str, np.ndarray], ...]
    part: str = "test_ood"
    train: str = "train"

    def __post_init__(self) -> None:
        self._check_part("part", self.part, tuple(name for name in self.positions[0] if name not in TRAINED_ON))
        self._check_part("train", self.train, tuple(name for name in TRAINED_ON if name in self.positions[0]))
        distinct = {(rows[self.train].tobytes(), rows[self.part].tobytes()) for rows in self.positions}
        if len(distinct) < len(self.seeds):
            raise ParameterError(
                "n_splits",
                f"at most {len(distinct)}, the splits that differ",
                len(self.seeds),
                "so few rows (or groups) leave too little to chance: ask for fewer splits, or try another seed",
            )

    def _check_part(self, parameter: str, part: Any, part_names: tuple[str, ...]) -> None:
        if part not in part_names:
            raise ParameterError(parameter, "a part of the split", part, closest(part, part_names))
        if not all(rows[part].size for rows in self.positions):
            raise ParameterError(parameter, "a part that holds rows", part, f"ask for some with {part}_size")

    def on(self, part: str, *, train: str = "train") -> CrossValidator:
        """Return the same splits scored on another part: models are fitted on the same rows, so only the shift differs.

        Args:
            part: Part that models are scored on, such as ``"test_id"``.
            train: Part that models are fitted on: ``"train"``, or ``"train_control"`` for as many rows drawn as if
                none were masked (request it with ``train_control=True``).

        Raises:
            ParameterError: if there is no such part or it has no rows.
        """
        return replace(self, part=part, train=train)

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # noqa: N803 - scikit-learn's name
        """Return an iterator over the splits: the positions of the rows to fit on and of those to score on.

        Args:
            X: Features of the data's rows, in the data's order; only their number is checked.
            y: Targets, which scikit-learn passes; ignored.
            groups: None, since groups are set by ``as_cv(groups=...)``.

        Raises:
            DataError: if ``X`` does not have as many rows as the data.
            ParameterError: if ``groups`` is not None.
        """
        if groups is not None:
            raise ParameterError(
                "groups",
                "None",
                Verbatim("a value"),
                "the rows are split already: pass the column to as_cv, groups=...",
            )
        if X is not None and _row_count(X) != self.n_rows:
            remedy = "X must hold one row of features for each row of the data, in its order"
            raise DataError("X", f"the {self.n_rows} rows that were split", Verbatim(f"{_row_count(X)} rows"), remedy)
        # Returned rather than yielded, so that the errors above are raised by the call, not by the loop's first step.
        return ((rows[self.train].copy(), rows[self.part].copy()) for rows in self.positions)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: N803
        """Return the number of splits; the arguments are ignored."""
        return len(self.seeds)

    def __repr__(self) -> str:
        return f"<{len(self.seeds)} splits of {self.n_rows} rows by {self.splitter}, scored on {self.part}>"


def cross_validator(
    recipe: Recipe,
    data: Dataset | PropertyTable,
    options: SplitOptions,
    *,
    n_splits: int,
    part: str,
    num_proc: int | None = None,
) -> CrossValidator:
    """Split the rows several times, each time with its own seed.

    Args:
        recipe: Splitter, which defines what is out of distribution.
        data: Rows.
        options: Seed from which the seeds of the splits are derived, sizes and groups.
        n_splits: Number of splits.
        part: Part that models are scored on.
        num_proc: Number of processes that compute properties; None to choose it by the rows.

    Raises:
        ParameterError: if an argument is invalid, or two of the splits would be the same.
        DataError: if the data is a ``DatasetDict``, lacks a column, or a column contains None.
    """
    from datasets import DatasetDict

    if isinstance(data, DatasetDict):
        remedy = "official splits leave nothing to draw again: join them with datasets.concatenate_datasets"
        raise DataError("data", "one Dataset", Verbatim("a DatasetDict"), remedy)
    check_integer("n_splits", n_splits, smallest=1, remedy="5 is common")
    config, rows = SplitConfig(**options), SplitRows.of(data, num_proc=num_proc)
    seeds = tuple(_seed_of(config.seed, i) for i in range(n_splits))
    positions, region = [], None
    for seed in seeds:
        assignment = assign(recipe, rows, replace(config, seed=seed), region=region)
        region = assignment.fitted_region
        positions.append({name: assignment.indices(name) for name in assignment.delivered})
    return CrossValidator(repr(recipe), seeds, sum(rows.lengths), tuple(positions), part)


def _seed_of(seed: int, i: int) -> int:
    """Return the seed of the ``i``-th split, hashed so that neighbouring seeds do not share all splits except one."""
    return int(digest([str(seed), str(i)])[:12], 16)


def _row_count(features: Any) -> int:
    # Sparse matrices have no length.
    return int(features.shape[0]) if getattr(features, "shape", ()) else len(features)

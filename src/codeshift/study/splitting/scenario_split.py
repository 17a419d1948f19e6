"""The split of one scenario with one split seed: training rows of each regime, and test rows in the region."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import ParameterError, SizeWarning, SmallPartWarning, warn
from codeshift.formatting import shortest
from codeshift.parts import PARTS, TRAIN, TRAINING, VALIDATION
from codeshift.regions.distribution import Distribution, dimension_of, distributions_of
from codeshift.regions.elements import masked_by
from codeshift.splits.assign import assign
from codeshift.splits.config import SplitConfig
from codeshift.splits.division import divide_rows
from codeshift.splits.groups import group_rows
from codeshift.splits.part_sizes import count_distinct, small_parts, words_of_small_parts
from codeshift.splitters import Region, Scenario, SplitAssignment
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.store import Positions
from codeshift.study.splitting.study_data import Parts


@dataclass(frozen=True, eq=False)
class ScenarioSplit:
    """Split of one scenario with one split seed.

    Attributes:
        scenario: Scenario: its name and splitter.
        parts: Parts of the split seed, before anything is masked.
        region: Region, fitted on ``train``.
        assignments: Assignments by the share kept; 0 is always there, 1 never, as all scenarios share it.
        identities: Number of each row of the parts, end to end, that is equal for copies of a row.
    """

    scenario: Scenario
    parts: Parts
    region: Region
    assignments: Mapping[float, SplitAssignment]
    identities: NDArray[np.int64]

    def training(self, ood_kept: float) -> dict[str, Positions]:
        """Return the positions in all rows of the rows of ``train`` and ``validation``."""
        assignment = self.assignments[ood_kept]
        return {
            part: self.parts.positions[part][assignment.indices(part, split=part)]
            for part in TRAINING
            if part in self.parts.positions
        }

    @cached_property
    def test(self) -> dict[str, Positions]:
        """Positions within the test part of the rows of ``test_id`` and ``test_ood``."""
        return {part: self.assignments[0.0].indices(part, split="test") for part in ("test_id", "test_ood")}

    def positions(self) -> dict[str, Positions]:
        """Return the positions in all rows of each part, with the whole region masked."""
        return self.training(0.0) | {part: self.parts.positions["test"][rows] for part, rows in self.test.items()}

    def test_rows(self) -> dict[str, tuple[int, int]]:
        """Count the rows of ``test_id`` and ``test_ood``, all and distinct ones."""
        parts = self.assignments[0.0].parts
        identities = {part: self.identities[parts == PARTS.index(part)] for part in ("test_id", "test_ood")}
        return {part: (len(rows), count_distinct(rows)) for part, rows in identities.items()}

    def facts(self, manifest: str) -> SplitFacts:
        """Return the facts of the split that are stored, without the audit."""
        masks = {}
        for part, rows in self.test.items():
            masks[part] = np.zeros(len(self.parts.positions["test"]), dtype=bool)
            masks[part][rows] = True
        return SplitFacts(
            scenario=self.scenario.name,
            splitter=repr(self.scenario.splitter),
            meaning=f"Programs {self.region.describe()} are out of distribution.",
            manifest=manifest,
            members=masks,
            sizes=self.assignments[0.0].sizes,
            masked=masked_by(self.region),
            dimension=dimension_of(self.region),
            distributions=self._distributions(),
        )

    def _distributions(self) -> tuple[Distribution, ...]:
        table = self.parts.split_rows.all_rows.tables[0]
        parts = {part: rows for part, rows in self.positions().items() if part != "validation"}
        return distributions_of(self.region, table, parts)


def split_scenario(scenario: Scenario, parts: Parts, config: SplitConfig, shares: Iterable[float]) -> ScenarioSplit:
    """Mask a scenario's region in ``train`` and ``validation``, and divide ``test`` by it.

    Args:
        scenario: Scenario: its name and splitter.
        parts: Parts of the split seed.
        config: Sizes, groups and near-duplicates.
        shares: Shares of the region to keep, 0 among them and 1 not.

    Raises:
        ParameterError: if the scenario cannot be split; the message names it.
    """
    try:
        with warnings.catch_warnings():
            # The plan shows the training rows of each run; small test parts are warned of once, below.
            warnings.simplefilter("ignore", SizeWarning)
            warnings.simplefilter("ignore", SmallPartWarning)
            region = None
            assignments = {}
            for share in shares:
                own_config = _config_of(parts, config, share)
                assignments[share] = assign(scenario.splitter, parts.split_rows, own_config, region=region)
                region = assignments[share].region
        assert region is not None  # noqa: S101 - a share of 0 is always there
        identities = parts.identities(scenario.splitter.columns, config)
        split = ScenarioSplit(scenario, parts, region, assignments, identities)
        _warn_of_small_parts(split, config.min_test_rows)
        for share in shares:
            for part, rows in split.training(share).items():
                if not len(rows):
                    remedy = "narrow the region, or ask for other sizes"
                    raise ParameterError(
                        "the region", f"such that {part} has rows at ood_kept={shortest(share)}", 0, remedy
                    )
    except ParameterError as error:
        parameter = f"scenario {scenario.name!r}: {error.parameter}"
        raise type(error)(parameter, error.constraint, error.value, error.remedy) from error
    return split


def _warn_of_small_parts(split: ScenarioSplit, least: int) -> None:
    small = small_parts(split.assignments[0.0].parts, split.identities, least)
    if small:
        where = f"scenario {split.scenario.name!r} with split seed {split.parts.split_seed}"
        warn(SmallPartWarning(f"{where}: {words_of_small_parts(small, least)}"))


def baseline_rows(parts: Parts, config: SplitConfig, column: str) -> dict[str, Positions]:
    """Return the positions of the rows that the 100% baseline trains on: all training rows, with nothing masked.

    Args:
        parts: Parts of the split seed.
        config: Sizes, groups and near-duplicates.
        column: Column of the code.
    """
    rows, own_config = parts.split_rows, _config_of(parts, config, 0.0)  # without a region there is nothing to keep
    grouping = group_rows(rows, (column,), own_config)
    nothing = np.zeros(sum(rows.lengths), dtype=bool)
    partition = divide_rows(rows, nothing, grouping, rows.digests((column,)), own_config)
    codes = {"train": TRAIN, "validation": VALIDATION}
    return {part: rows.order[partition.parts == codes[part]] for part in TRAINING if part in parts.positions}


def _config_of(parts: Parts, config: SplitConfig, share: float) -> SplitConfig:
    """Return the config of official splits; the study has drawn ``validation`` already."""
    return replace(config, ood_kept=share, seed=parts.split_seed, validation_size=0.0)

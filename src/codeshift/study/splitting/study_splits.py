"""The splits of a study: each is made once, at its first use, for all runs and scenarios."""

from __future__ import annotations

from datasets import Dataset, DatasetDict

from codeshift.errors import ParameterError
from codeshift.parts import rewritten_by
from codeshift.study.folder.store import Positions
from codeshift.study.settings.keys import NONE, RunKey
from codeshift.study.settings.spec import StudySpec
from codeshift.study.splitting.scenario_split import ScenarioSplit, baseline_rows, split_scenario
from codeshift.study.splitting.study_data import Parts, StudyData


class StudySplits:
    """Splits of a study, of each split seed and scenario, made at the first access.

    Args:
        spec: Spec of the study.
    """

    def __init__(self, spec: StudySpec) -> None:
        self.spec = spec
        self.data = StudyData.of(spec.dataset)
        self._parts: dict[int, Parts] = {}
        self._baselines: dict[int, dict[str, Positions]] = {}
        self._scenarios: dict[tuple[str, int], ScenarioSplit] = {}
        self._rewritten: dict[tuple[str, int], Dataset] = {}
        self._refuse_idle_seeds()

    def _refuse_idle_seeds(self) -> None:
        """Check that there is one split seed where nothing is drawn.

        Raises:
            ParameterError: if there are several.
        """
        spec, official = self.spec, self.data.official
        draws = spec.split_config.train_size is not None or any(0 < share < 1 for share in spec.ood_kept)
        draws = draws or not official or ("validation" not in official and spec.split_config.validation_size > 0)
        if not draws and len(spec.split_seeds) > 1:
            remedy = "the official splits leave nothing to chance; train_seeds are what differs"
            raise ParameterError("split_seeds", "one seed where nothing is drawn", spec.split_seeds, remedy)

    @property
    def all_rows(self) -> Dataset:
        """All rows of the study, in the order that positions count."""
        return self.data.table.data

    def parts(self, split_seed: int) -> Parts:
        """Return the parts of a split seed, before any region is masked."""
        if split_seed not in self._parts:
            spec = self.spec
            self._parts[split_seed] = self.data.split(spec.split_config, spec.column, spec.test_size, split_seed)
        return self._parts[split_seed]

    def baseline(self, split_seed: int) -> dict[str, Positions]:
        """Return the positions of the rows that the 100% baseline trains and validates on."""
        if split_seed not in self._baselines:
            parts = self.parts(split_seed)
            self._baselines[split_seed] = baseline_rows(parts, self.spec.split_config, self.spec.column)
        return self._baselines[split_seed]

    def scenario(self, name: str, split_seed: int) -> ScenarioSplit:
        """Return the split of a scenario with a split seed."""
        if (name, split_seed) not in self._scenarios:
            scenario = next(
                scenario_of_study for scenario_of_study in self.spec.scenarios if scenario_of_study.name == name
            )
            self._scenarios[name, split_seed] = split_scenario(
                scenario, self.parts(split_seed), self.spec.split_config, self.spec.split_shares
            )
        return self._scenarios[name, split_seed]

    def rewritten(self, transform: str, split_seed: int) -> Dataset:
        """Return the test rows of a split seed as a transform of the study leaves them."""
        if (transform, split_seed) not in self._rewritten:
            rewritten = self.spec.transforms[transform].apply(self.test(split_seed))
            self._rewritten[transform, split_seed] = rewritten
        return self._rewritten[transform, split_seed]

    def test(self, split_seed: int) -> Dataset:
        """Return the test rows of a split seed."""
        return self.all_rows.select(self.parts(split_seed).positions["test"])

    def training(self, key: RunKey) -> dict[str, Positions]:
        """Return the positions of the rows that a run trains and validates on; {} without fine-tuning."""
        if key.method == NONE:
            return {}
        if key.scenario is None:
            return self.baseline(key.split_seed)
        assert key.ood_kept is not None  # noqa: S101 - every training has one
        return self.scenario(key.scenario, key.split_seed).training(key.ood_kept)

    def run_parts(self, key: RunKey) -> DatasetDict:
        """Return the rows that a run trains, validates and is scored on."""
        positions = self.training(key) | {"test": self.parts(key.split_seed).positions["test"]}
        parts = {part: self.all_rows.select(rows) for part, rows in positions.items()}
        if self.spec.general is not None:
            parts["general"] = self.spec.general
        for name in self.spec.transforms:
            parts[rewritten_by(name)] = self.rewritten(name, key.split_seed)
        return DatasetDict(parts)

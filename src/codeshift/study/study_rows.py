"""The rows of every part of a study: each split is made once for all runs and scenarios that use it."""

from __future__ import annotations

from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.study.corpus import Parts, Positions, StudyCorpus
from codeshift.study.keys import NONE, RunKey
from codeshift.study.regimes import ScenarioRows, baseline_rows, scenario_rows
from codeshift.study.spec import StudySpec


class StudyRows:
    """Rows of every part of a study, split at the first access.

    Args:
        spec: Spec of the study.
    """

    def __init__(self, spec: StudySpec) -> None:
        self.spec = spec
        self.corpus = StudyCorpus.of(spec.dataset)
        self._parts: dict[int, Parts] = {}
        self._baselines: dict[int, dict[str, Positions]] = {}
        self._scenarios: dict[tuple[str, int], ScenarioRows] = {}
        self._rewritten: dict[int, Dataset] = {}
        self._refuse_idle_seeds()

    def _refuse_idle_seeds(self) -> None:
        """Raise a ParameterError if there are several split seeds although nothing is drawn."""
        spec, official = self.spec, self.corpus.official
        draws = spec.split_config.train_size is not None or any(0 < share < 1 for share in spec.ood_kept)
        draws = draws or not official or ("validation" not in official and spec.split_config.validation_size > 0)
        if not draws and len(spec.split_seeds) > 1:
            remedy = "the official splits leave nothing to chance; train_seeds are what differs"
            raise ParameterError("split_seeds", "one seed where nothing is drawn", spec.split_seeds, remedy)

    def parts(self, split_seed: int) -> Parts:
        """Return the parts of a split seed, before any region is masked."""
        if split_seed not in self._parts:
            spec = self.spec
            self._parts[split_seed] = self.corpus.split(spec.split_config, spec.column, spec.test_size, split_seed)
        return self._parts[split_seed]

    def baseline(self, split_seed: int) -> dict[str, Positions]:
        """Return the positions of the rows that the 100% baseline trains and validates on."""
        if split_seed not in self._baselines:
            parts = self.parts(split_seed)
            self._baselines[split_seed] = baseline_rows(parts, self.spec.split_config, self.spec.column)
        return self._baselines[split_seed]

    def scenario(self, name: str, split_seed: int) -> ScenarioRows:
        """Return the rows of a scenario with a split seed."""
        if (name, split_seed) not in self._scenarios:
            scenario = next(each for each in self.spec.scenarios if each.name == name)
            self._scenarios[name, split_seed] = scenario_rows(
                scenario, self.parts(split_seed), self.spec.split_config, self.spec.split_shares
            )
        return self._scenarios[name, split_seed]

    def rewritten(self, split_seed: int) -> Dataset:
        """Return the test rows of a split seed as the transform of the study leaves them."""
        if split_seed not in self._rewritten:
            assert self.spec.transform is not None  # noqa: S101 - who asks has one
            self._rewritten[split_seed] = self.spec.transform.apply(self.test(split_seed))
        return self._rewritten[split_seed]

    def test(self, split_seed: int) -> Dataset:
        """Return the test rows of a split seed."""
        return self.corpus.table.data.select(self.parts(split_seed).positions["test"])

    def training(self, key: RunKey) -> dict[str, Positions]:
        """Return the positions of the rows that a run trains and validates on; {} without fine-tuning."""
        if key.method == NONE:
            return {}
        if key.scenario is None:
            return self.baseline(key.split_seed)
        assert key.ood_kept is not None  # noqa: S101 - every training has one
        return self.scenario(key.scenario, key.split_seed).training(key.ood_kept)

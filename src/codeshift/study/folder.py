"""Where a study's files stand in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codeshift.study.keys import RunKey, plain_name


@dataclass(frozen=True)
class StudyFolder:
    """The paths of a study; nothing is read or written here.

    Attributes:
        root: the folder itself.

    >>> StudyFolder(Path("runs/a")).record(RunKey(method="none")).as_posix()
    'runs/a/runs/none-split0-e6910e10/run.json'
    """

    root: Path

    @property
    def study(self) -> Path:
        """The study's settings and the keys of its runs."""
        return self.root / "study.json"

    @property
    def rows(self) -> Path:
        """All rows, as an Arrow stream."""
        return self.root / "data" / "rows.arrow"

    @property
    def general(self) -> Path:
        """The general held-out set, likewise."""
        return self.root / "data" / "general.arrow"

    @property
    def model(self) -> Path:
        """The model and tokenizer, where they were given as objects."""
        return self.root / "model"

    def parts(self, split_seed: int) -> Path:
        """The positions of the rows of each part of a split seed, and of those that the baseline trains on."""
        return self.root / "data" / f"parts-split{split_seed}.npz"

    def split(self, scenario: str, split_seed: int) -> Path:
        """The folder of a scenario with a split seed."""
        key = {"scenario": scenario, "split_seed": split_seed}
        return self.root / "splits" / plain_name([scenario, f"split{split_seed}"], key)

    def manifest(self, scenario: str, split_seed: int, ood_kept: float) -> Path:
        """The manifest of one regime."""
        return self.split(scenario, split_seed) / f"kept{ood_kept:g}.manifest.json"

    def training_rows(self, scenario: str, split_seed: int) -> Path:
        """The positions of the rows that each regime trains and validates on."""
        return self.split(scenario, split_seed) / "rows.npz"

    def facts(self, scenario: str, split_seed: int) -> Path:
        """What ``SplitFacts.save`` takes; written last."""
        return self.split(scenario, split_seed) / "facts"

    def audit(self, scenario: str, split_seed: int) -> Path:
        """The audit's figures."""
        return self.split(scenario, split_seed) / "audit.json"

    def run(self, key: RunKey) -> Path:
        """The folder of a run."""
        return self.root / "runs" / key.name

    def record(self, key: RunKey) -> Path:
        """How a run went; written last."""
        return self.run(key) / "run.json"

    def earlier(self, key: RunKey) -> Path:
        """How a run went that is to be evaluated again."""
        return self.run(key) / "earlier.json"

    def scores(self, key: RunKey, part: str) -> Path:
        """The scores of a run on one evaluated set."""
        return self.run(key) / f"{part}.parquet"

    def training(self, key: RunKey) -> Path:
        """Where a run is trained, and its weights stay."""
        return self.run(key) / "training"

    def evaluation(self, key: RunKey) -> Path:
        """Where a run is evaluated, row by row; it is removed when the run is done."""
        return self.run(key) / "evaluation"

    def lock(self, name: str) -> Path:
        """A file that whoever works on ``name`` holds locked."""
        return self.root / "locks" / f"{name}.lock"

"""The places of a study's files in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codeshift.parts import rewritten_by
from codeshift.study.settings.keys import RunKey, plain_name, share_name


@dataclass(frozen=True)
class StudyPaths:
    """Paths of the files and folders of a study.

    Attributes:
        root: Folder of the study.

    >>> StudyPaths(Path("runs/a")).record(RunKey(method="none")).as_posix()
    'runs/a/runs/none-split0-e6910e10/run.json'
    """

    root: Path

    @property
    def study(self) -> Path:
        """File of the study's settings and the keys of its runs."""
        return self.root / "study.json"

    @property
    def rows_file(self) -> Path:
        """File of all rows, an Arrow stream."""
        return self.root / "data" / "rows.arrow"

    @property
    def general(self) -> Path:
        """File of the general held-out set, an Arrow stream."""
        return self.root / "data" / "general.arrow"

    def rewritten(self, transform: str, split_seed: int) -> Path:
        """Return the file of a split seed's test rows as a transform leaves them, an Arrow stream."""
        return self.root / "data" / f"{rewritten_by(transform)}-split{split_seed}.arrow"

    def model(self, name: str | None = None) -> Path:
        """Return the folder of a model and tokenizer that were given as objects; None for the one without a name."""
        return self.root / "models" / plain_name([name], {"model": name}) if name is not None else self.root / "model"

    def parts(self, split_seed: int) -> Path:
        """Return the file of the row positions of the parts of a split seed, and of the baseline's training rows."""
        return self.root / "data" / f"parts-split{split_seed}.npz"

    def split(self, scenario: str, split_seed: int) -> Path:
        """Return the folder of a scenario with a split seed."""
        key = {"scenario": scenario, "split_seed": split_seed}
        return self.root / "splits" / plain_name([scenario, f"split{split_seed}"], key)

    def manifest(self, scenario: str, split_seed: int, ood_kept: float) -> Path:
        """Return the file of the manifest of one regime."""
        return self.split(scenario, split_seed) / f"kept{share_name(ood_kept)}.manifest.json"

    def training_rows(self, scenario: str, split_seed: int) -> Path:
        """Return the file of the positions of the rows that each regime trains and validates on."""
        return self.split(scenario, split_seed) / "rows.npz"

    def facts(self, scenario: str, split_seed: int) -> Path:
        """Return the file of the facts of a split, which is written last."""
        return self.split(scenario, split_seed) / "facts.json"

    def audit(self, scenario: str, split_seed: int) -> Path:
        """Return the file of the audit's figures."""
        return self.split(scenario, split_seed) / "audit.json"

    def marks(self, corpus: str, split_seed: int) -> Path:
        """Return the file of the marks of a split's test rows that a corpus holds."""
        key = {"corpus": corpus, "split_seed": split_seed}
        return self.root / "marks" / f"{plain_name(['marks', corpus, f'split{split_seed}'], key)}.json"

    def nearest(self, scenario: str, split_seed: int) -> Path:
        """Return the file of the similarity of each test row to its nearest training row, by the share kept."""
        return self.split(scenario, split_seed) / "nearest.npz"

    def run(self, key: RunKey) -> Path:
        """Return the folder of a run."""
        return self.root / "runs" / key.name

    def record(self, key: RunKey) -> Path:
        """Return the file of a run's record, which is written last."""
        return self.run(key) / "run.json"

    def earlier(self, key: RunKey) -> Path:
        """Return the file of the earlier record of a run that is evaluated again."""
        return self.run(key) / "earlier.json"

    def scores(self, key: RunKey, part: str) -> Path:
        """Return the file of a run's scores on one evaluated set."""
        return self.run(key) / f"{part}.parquet"

    def training(self, key: RunKey) -> Path:
        """Return the folder of a run's training and weights."""
        return self.run(key) / "training"

    def evaluation(self, key: RunKey) -> Path:
        """Return the folder of a run's unfinished evaluation, which is removed when the run is done."""
        return self.run(key) / "evaluation"

    def lock(self, name: str) -> Path:
        """Return the file that a process locks while it works on ``name``."""
        return self.root / "locks" / f"{name}.lock"

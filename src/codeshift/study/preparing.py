"""The dealing of a study: in memory, and written into its folder for the workers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.audit import Thresholds
from codeshift.audit.settings import AuditSettings
from codeshift.errors import ParameterError
from codeshift.files import replaced
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.study.auditing import AuditTask, functions_of
from codeshift.study.corpus import Corpus, Parts, Rows
from codeshift.study.dealing import DealtScenario, baseline_rows, deal_scenario
from codeshift.study.folder import StudyFolder
from codeshift.study.keys import NONE, RunKey

if TYPE_CHECKING:
    from datasets import Dataset

    from codeshift.splitters import Scenario
    from codeshift.study.study import Study

_ROWS_AT_ONCE = 1000


class Dealing:
    """The rows of every part of a study, dealt when they are first asked for.

    Args:
        study: whose rows.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.corpus = Corpus.of(study.dataset)
        self._parts: dict[int, Parts] = {}
        self._baselines: dict[int, dict[str, Rows]] = {}
        self._scenarios: dict[tuple[str, int], DealtScenario] = {}
        self._check_seeds()

    def _check_seeds(self) -> None:
        study, official = self.study, self.corpus.official
        draws = study.train_size is not None or any(0 < share < 1 for share in study.ood_kept)
        draws = draws or not official or ("validation" not in official and study.validation_size > 0)
        if not draws and len(study.split_seeds) > 1:
            remedy = "the official splits leave nothing to chance; train_seeds are what differs"
            raise ParameterError("split_seeds", "one seed where nothing is drawn", study.split_seeds, remedy)

    def parts(self, split_seed: int) -> Parts:
        """The parts of a split seed, before any region is masked."""
        if split_seed not in self._parts:
            study = self.study
            self._parts[split_seed] = self.corpus.deal(study.request, study.column, study.test_size, split_seed)
        return self._parts[split_seed]

    def baseline(self, split_seed: int) -> dict[str, Rows]:
        """The positions of what the 100% baseline trains and validates on."""
        if split_seed not in self._baselines:
            parts = self.parts(split_seed)
            self._baselines[split_seed] = baseline_rows(parts, self.study.request, self.study.column)
        return self._baselines[split_seed]

    def scenario(self, name: str, split_seed: int) -> DealtScenario:
        """A scenario with a split seed."""
        if (name, split_seed) not in self._scenarios:
            scenario = next(one for one in self.study.scenarios if one.name == name)
            self._scenarios[name, split_seed] = deal_scenario(
                scenario, self.parts(split_seed), self.study.request, self.study.ood_kept
            )
        return self._scenarios[name, split_seed]

    def training(self, key: RunKey) -> dict[str, Rows]:
        """The positions of what a run trains and validates on; nothing for the model without fine-tuning."""
        if key.method == NONE:
            return {}
        if key.scenario is None:
            return self.baseline(key.split_seed)
        assert key.ood_kept is not None  # noqa: S101 - of every training
        return self.scenario(key.scenario, key.split_seed).training(key.ood_kept)

    def write(self, files: StudyFolder) -> None:
        """Write what is not written yet; what is there stays as it is."""
        (files.root / "data").mkdir(exist_ok=True)
        if not files.rows.exists():
            write_arrow(self.corpus.table.data, files.rows)
        if self.study.general is not None and not files.general.exists():
            write_arrow(self.study.general, files.general)
        for split_seed in self.study.split_seeds:
            if not files.parts(split_seed).exists():
                baseline = {f"baseline:{part}": rows for part, rows in self.baseline(split_seed).items()}
                _write_arrays(files.parts(split_seed), dict(self.parts(split_seed).rows) | baseline)
            for scenario in self.study.scenarios:
                self._write_scenario(files, scenario, split_seed)

    def _write_scenario(self, files: StudyFolder, scenario: Scenario, split_seed: int) -> None:
        """Write the manifests and the rows of each regime; the facts come last and say that all is there."""
        name = scenario.name
        files.split(name, split_seed).mkdir(parents=True, exist_ok=True)
        dealt = None
        for share in sorted({0.0, *(share for share in self.study.ood_kept if share < 1)}):
            if not files.manifest(name, split_seed, share).exists():
                dealt = self.scenario(name, split_seed)
                dealt.assignments[share].manifest.save(files.manifest(name, split_seed, share))
        facts = files.facts(name, split_seed)
        if dealt is None and facts.with_name("facts.json").exists():
            return
        dealt = self.scenario(name, split_seed)
        regimes = {
            f"{share:g}:{part}": rows for share in dealt.assignments for part, rows in dealt.training(share).items()
        }
        _write_arrays(files.training_rows(name, split_seed), regimes)
        manifest = files.manifest(name, split_seed, 0.0).relative_to(files.root)
        dealt.facts(manifest.as_posix()).save(facts)

    def audit_task(self, files: StudyFolder, name: str, split_seed: int) -> AuditTask:
        """The audit of a scenario with a split seed."""
        study = self.study
        options: dict[str, Any] = {
            "column": study.column,
            "language": study.language,
            "groups": study.groups,
            "near_duplicates": study.request.search or NearDuplicates(),
            "thresholds": Thresholds(),
        }
        settings = AuditSettings(**(options | dict(study.audit if isinstance(study.audit, Mapping) else {})))
        region = self.scenario(name, split_seed).region
        functions = functions_of((region, settings))
        return AuditTask(
            folder=files.root,
            scenario=name,
            split_seed=split_seed,
            region=region,
            settings=settings,
            functions=functions,
        )


def write_arrow(data: Dataset, path: Path) -> None:
    """Write a dataset as an Arrow stream, whole or not at all; ``Dataset.from_file`` maps it into memory.

    >>> import tempfile
    >>> from datasets import Dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_arrow(Dataset.from_dict({"code": ["x", "y"]}).select([1]), Path(folder) / "rows.arrow")
    ...     Dataset.from_file(str(Path(folder) / "rows.arrow"))["code"][:]
    ['y']
    """
    import pyarrow as pa

    schema = data.features.arrow_schema
    with (
        replaced(path) as temporary,
        pa.OSFile(str(temporary), "wb") as file,
        pa.ipc.new_stream(file, schema) as stream,
    ):
        for table in data.with_format("arrow").iter(_ROWS_AT_ONCE):
            stream.write_table(table)


def _write_arrays(path: Path, arrays: Mapping[str, Rows]) -> None:
    with replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)

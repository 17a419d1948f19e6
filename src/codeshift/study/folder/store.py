"""The folder of a study: the reading, writing, checking and repair of its records and rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import DamagedFileError, DamagedFileWarning, ParameterError, warn
from codeshift.files import (
    check_file,
    damaged,
    damaged_files,
    file_digest,
    finite,
    json_value,
    read_json,
    set_aside,
    write_json,
)
from codeshift.metrics.base import FloatArray
from codeshift.parts import TRAINING
from codeshift.study.folder.arrays import write_arrays
from codeshift.study.folder.corpus_marks import CorpusMarks
from codeshift.study.folder.paths import StudyPaths
from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.split_audit import AuditError, SplitAudit, audit_from_dict
from codeshift.study.folder.stored_settings import StoredSettings, StoredStudy
from codeshift.study.settings.keys import RunKey, share_name
from codeshift.temporary_files import remove_unfinished

Outcome = Literal["done", "busy"]
"""Outcome of an attempt at a job: all its files exist, or another process is doing it."""

Positions = NDArray[np.int64]
"""Positions of rows in the table of all rows."""

_FORMAT = "codeshift-study/2"


@dataclass(frozen=True)
class StudyStore(StudyPaths):
    """Folder that the processes of a study share; each file is written atomically.

    Attributes:
        root: Folder of the study.
    """

    def check_scores(self, key: RunKey, part: str) -> Path:
        """Check the file of the scores of a run that is done, and return it.

        Raises:
            DamagedFileError: if the file differs from what was written.
        """
        try:
            check_file(self.record(key), self.scores(key, part))
        except DamagedFileError as error:
            remedy = "run the study again in its folder, which evaluates this run again"
            raise DamagedFileError(error.path, error.why, remedy) from error
        return self.scores(key, part)

    def weights(self, key: RunKey) -> dict[str, str]:
        """Return the digests of the files of a run's trained weights, by file name."""
        return {path.name: file_digest(path) for path in sorted(self.training(key).glob("*.safetensors"))}

    def has_weights(self, record: RunRecord) -> bool:
        """Return whether all trained weights of a run are there and intact; damaged files are set aside."""
        folder = self.training(record.key)
        digests = {} if record.training is None else record.training.weights
        if not all((folder / name).exists() for name in digests):
            return False
        return bool(digests) and not _set_aside(damaged_files(folder, digests))

    def read_study(self) -> StoredStudy | None:
        """Read ``study.json``; return None if there is none.

        Raises:
            ParameterError: if this version cannot read it.
            DamagedFileError: if the file is damaged.
        """
        try:
            content = read_json(self.study)
        except FileNotFoundError:
            return None
        except DamagedFileError as error:
            self._refuse_earlier_format()
            remedy = "put back a copy of it, or run the study in another folder"
            raise DamagedFileError(error.path, error.why, remedy) from error
        self._refuse_other_format(content)
        return StoredStudy(
            settings=StoredSettings.from_fingerprint(content["settings"], content["versions"]),
            keys=tuple(RunKey.from_dict(key) for key in content["runs"]),
        )

    def _refuse_earlier_format(self) -> None:
        """Check that ``study.json``, which fails its digest, is not of a format that had none.

        Raises:
            ParameterError: if it is.
        """
        try:
            content = json_value(self.study.read_text(encoding="utf-8"))
        except ValueError:
            return
        self._refuse_other_format(content)

    def _refuse_other_format(self, content: Any) -> None:
        """Check the format of the content of ``study.json``.

        Raises:
            ParameterError: if it is another one.
        """
        name = content.get("format") if isinstance(content, dict) else None
        if name != _FORMAT:
            remedy = f"its study.json has the format {name!r}, not {_FORMAT!r}: run the study in another folder"
            raise ParameterError("folder", "that of a study of this version", str(self.root), remedy)

    def write_study(self, settings: Mapping[str, Any], keys: Iterable[RunKey], versions: Mapping[str, str]) -> None:
        """Write ``study.json``.

        Args:
            settings: Fingerprint of the study.
            keys: Keys of its runs.
            versions: Versions of libraries.
        """
        runs = [key.to_dict() for key in keys]
        content = {"format": _FORMAT, "settings": settings, "versions": versions, "runs": runs}
        data = [path for folder in ("data", "model", "models") for path in (self.root / folder).glob("**/*")]
        write_json(self.study, content, [path for path in data if path.is_file() and not path.name.startswith(".")])

    def check_data(self, path: Path) -> Path:
        """Check a file below ``data`` or ``model``, and return its path.

        Raises:
            DamagedFileError: if the file differs from what was written.
        """
        try:
            check_file(self.study, path)
        except DamagedFileError as error:
            remedy = "run the study again in its folder with retry=True, which writes it anew"
            raise DamagedFileError(error.path, error.why, remedy) from error
        return path

    def repair(self, keys: Iterable[RunKey], scenarios: Iterable[str], split_seeds: Iterable[int]) -> None:
        """Set aside all damaged files with a warning, so that their content is made again.

        Unfinished files of killed processes are removed. No other process may prepare the study
        meanwhile.

        Args:
            keys: Keys of the runs.
            scenarios: Names of the scenarios.
            split_seeds: Seeds of the splits.
        """
        for folder in (self.root, self.root / "data", self.root / "marks"):
            remove_unfinished(folder)
        _set_aside(damaged(self.study))
        for path in sorted((self.root / "marks").glob("*.json")):
            _set_aside(damaged(path))
        for scenario in scenarios:
            for split_seed in split_seeds:
                remove_unfinished(self.split(scenario, split_seed))
                facts = self.facts(scenario, split_seed)
                if _set_aside(damaged(facts)):
                    facts.unlink(missing_ok=True)
                _set_aside(damaged(self.audit(scenario, split_seed)))
        for key in keys:
            if _set_aside(damaged(self.record(key))):
                self.evaluate_again(key)
            elif self.record(key).exists():  # the process may have been killed before it cleaned up
                remove_unfinished(self.run(key))
                for folder in (self.evaluation(key), self.training(key) / "checkpoints"):
                    shutil.rmtree(folder, ignore_errors=True)

    def read_record(self, key: RunKey) -> RunRecord | None:
        """Read the record of a run that is done or failed; return None if the run is pending."""
        return _read_run_record(self.record(key))

    def earlier_record(self, key: RunKey) -> RunRecord | None:
        """Read the earlier record of a run that is evaluated again; return None if there is none."""
        return _read_run_record(self.earlier(key))

    def evaluate_again(self, key: RunKey) -> None:
        """Make a run that is done pending; its weights stay, and its record as the source of the training's facts."""
        record = self.read_record(key)
        if record is not None and record.status == "done":
            write_json(self.earlier(key), record.to_dict())
            self.record(key).unlink()

    def write_record(self, record: RunRecord) -> None:
        """Write a record, with the digests of the run's scores."""
        folder = self.run(record.key)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(self.record(record.key), finite(record.to_dict()), folder.glob("*.parquet"))
        self.earlier(record.key).unlink(missing_ok=True)

    def read_audit(self, scenario: str, split_seed: int) -> SplitAudit | AuditError | None:
        """Read the audit of a split, or the error that it ended with; return None if it is not done."""
        content = _read_or_warn(self.audit(scenario, split_seed))
        return None if content is None else audit_from_dict(content)

    def write_audit(self, scenario: str, split_seed: int, audit: SplitAudit | AuditError) -> None:
        """Write the audit of a split, or the error that it ended with; it vouches for the similarities beside it."""
        nearest = self.nearest(scenario, split_seed)
        write_json(self.audit(scenario, split_seed), audit.to_dict(), [nearest] if nearest.exists() else [])

    def write_nearest(self, scenario: str, split_seed: int, nearest: Mapping[float, FloatArray]) -> None:
        """Write the similarity of each test row to its nearest training row, by the share kept."""
        write_arrays(
            self.nearest(scenario, split_seed), {share_name(share): values for share, values in nearest.items()}
        )

    def read_nearest(self, scenario: str, split_seed: int) -> dict[float, FloatArray]:
        """Read the similarity of each test row to its nearest training row, by the share kept; {} if not measured."""
        path, audit = self.nearest(scenario, split_seed), self.audit(scenario, split_seed)
        if not path.exists() or not audit.exists():
            return {}
        check_file(audit, path)
        with np.load(path, allow_pickle=False) as arrays:
            return {float(share): arrays[share] for share in arrays.files}

    def read_marks(self, corpus: str, split_seed: int) -> CorpusMarks | None:
        """Read what a corpus holds of a split's test rows; return None if it was not searched."""
        content = _read_or_warn(self.marks(corpus, split_seed))
        return None if content is None else CorpusMarks.from_dict(content)

    def read_all_marks(self) -> list[CorpusMarks]:
        """Read the marks of all corpora and split seeds, in the order of their files."""
        contents = [_read_or_warn(path) for path in sorted((self.root / "marks").glob("*.json"))]
        return [CorpusMarks.from_dict(content) for content in contents if content is not None]

    def write_marks(self, marks: CorpusMarks) -> None:
        """Write the marks of a corpus and a split seed."""
        path = self.marks(marks.corpus, marks.split_seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, marks.to_dict())

    def write_parts(self, split_seed: int, parts: Mapping[str, Positions], baseline: Mapping[str, Positions]) -> None:
        """Write the positions of the rows of each part of a split seed, and of those that the baseline trains on."""
        named = {f"baseline:{part}": rows for part, rows in baseline.items()}
        write_arrays(self.parts(split_seed), dict(parts) | named)

    def write_regimes(self, scenario: str, split_seed: int, regimes: Mapping[float, Mapping[str, Positions]]) -> None:
        """Write the positions of the rows that each share kept trains and validates on."""
        named = {
            f"{share_name(share)}:{part}": rows for share, parts in regimes.items() for part, rows in parts.items()
        }
        write_arrays(self.training_rows(scenario, split_seed), named)

    def read_test(self, split_seed: int) -> Positions:
        """Read the positions of the test rows of a split seed."""
        with np.load(self.check_data(self.parts(split_seed)), allow_pickle=False) as arrays:
            test: Positions = arrays["test"]
        return test

    def read_training(self, scenario: str | None, split_seed: int, ood_kept: float) -> dict[str, Positions]:
        """Read the positions of the rows of ``train``, and of ``validation`` if there is one.

        Args:
            scenario: Scenario whose region is masked; None for the 100% baseline.
            split_seed: Seed of the split.
            ood_kept: Share of the region that is kept.
        """
        baseline = scenario is None
        if scenario is None:
            path = self.check_data(self.parts(split_seed))
        else:
            path = self.training_rows(scenario, split_seed)
            check_file(self.facts(scenario, split_seed), path)
        named = {part: f"baseline:{part}" if baseline else f"{share_name(ood_kept)}:{part}" for part in TRAINING}
        with np.load(path, allow_pickle=False) as arrays:
            return {part: arrays[name] for part, name in named.items() if name in arrays.files}


def _read_run_record(path: Path) -> RunRecord | None:
    content = _read_or_warn(path)
    return None if content is None else RunRecord.from_dict(content)


def _read_or_warn(path: Path) -> dict[str, Any] | None:
    """Read a record; return None if there is none, or, with a warning, if it is damaged."""
    try:
        return read_json(path)
    except FileNotFoundError:
        return None
    except DamagedFileError as error:
        warn(DamagedFileWarning(f"{error}: it counts as not done"))
        return None


def _set_aside(errors: Iterable[DamagedFileError]) -> bool:
    """Set damaged files aside, each with a warning; return whether there were any."""
    any_damaged = False
    for error in errors:
        place = set_aside(error.path)
        where = "" if place is None else f"; it is kept as {place.name}"
        warn(DamagedFileWarning(f"{error}: what it held is done again{where}"))
        any_damaged = True
    return any_damaged

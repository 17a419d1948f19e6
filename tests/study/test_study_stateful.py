"""A study with any events in any order ends with the results of an undisturbed one."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from codeshift.errors import DamagedFileError, DamagedFileWarning, ParameterError
from codeshift.study import Study, StudyResults, load_results
from helpers.study_case import LONG, LOOPS, assert_same, save_model, small_study
from helpers.untrained_study import untrained

EXTENSIONS: dict[str, dict[str, Any]] = {
    "scenario": {"scenarios": (LONG, LOOPS)},
    "split seed": {"split_seeds": (0, 1)},
    "train seed": {"train_seeds": (0, 1)},
    "variant": {"wise_ft": (0.5,)},
}
SCRATCH = Path(tempfile.mkdtemp(prefix="stateful-"))


class StoppedError(BaseException):
    """Error that ends a process at any point."""


@cache
def model() -> Path:
    """The folder of a model that is never loaded."""
    return save_model(SCRATCH / "model")


@cache
def study_with(extensions: frozenset[str]) -> Study:
    """Return one scenario and seed, and what it was extended by; a study is planned before it is run."""
    changes: dict[str, Any] = {"scenarios": (LONG,), "methods": {"full": None}, "language": "python"}
    for name in sorted(extensions):
        changes |= EXTENSIONS[name]
    study = small_study(model(), **changes)
    assert study.plan().runs
    return study


@cache
def straight(extensions: frozenset[str]) -> StudyResults:
    """The results of a study that is run at once."""
    with untrained(lambda _: None):
        return study_with(extensions).run(SCRATCH / f"straight-{hash(extensions)}", threads=1, progress=False)


class StudyMachine(RuleBasedStateMachine):
    """A folder of a study, and all that may be done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=SCRATCH)) / "study"
        self.extensions: frozenset[str] = frozenset()

    def run_study(self, *, stop: int = 0, fail: int = 0, **options: Any) -> StudyResults | None:
        """Run it; its process ends at the moment ``stop``, and from 1 on each ``fail``-th moment is an error."""
        moments = 0

        def event(_: str) -> None:
            nonlocal moments
            moments += 1
            if moments == stop:
                raise StoppedError
            if fail and moments % fail == 0:
                raise ValueError("this run cannot be done")

        with warnings.catch_warnings(), untrained(event):
            warnings.simplefilter("ignore", DamagedFileWarning)
            try:
                return study_with(self.extensions).run(self.folder, threads=1, progress=False, extend=True, **options)
            except StoppedError:
                return None

    @rule(retry=st.booleans())
    def resume(self, retry: bool) -> None:
        """Run it to the end; what failed before is done again only where that is asked for."""
        results = self.run_study(retry=retry)
        assert results is not None
        assert results.counts["pending"] == 0
        assert not (retry and results.counts["failed"])

    @rule(stop=st.integers(1, 12), retry=st.booleans())
    def kill(self, stop: int, retry: bool) -> None:
        """Its process ends somewhere, or just before."""
        self.run_study(stop=stop, retry=retry)

    @rule(fail=st.integers(1, 5))
    def fail(self, fail: int) -> None:
        """Some runs fail."""
        self.run_study(fail=fail)

    @rule(name=st.sampled_from(sorted(EXTENSIONS)))
    def extend(self, name: str) -> None:
        """Extend the study by scenarios, seeds or variants."""
        self.extensions |= {name}

    @rule(choice=st.integers(0, 10**6), how=st.sampled_from(["flip", "tear", "empty", "delete"]))
    def damage(self, choice: int, how: str) -> None:
        """A file is no longer what was written; of the settings, which nothing can replace, a copy is kept."""
        files = sorted(
            path for path in self.folder.rglob("*")
            if path.is_file() and path != self.folder / "study.json" and path.parent.name != "locks"
        )  # fmt: skip
        if not files:
            return
        path = files[choice % len(files)]
        content = bytearray(path.read_bytes())
        if how == "delete":
            path.unlink()
            return
        if how == "flip" and content:
            content[choice % len(content)] ^= 1 << choice % 8
        path.write_bytes(bytes(content[: len(content) // 2] if how == "tear" else b"" if how == "empty" else content))

    @invariant()
    def can_be_looked_at(self) -> None:
        """Check that a reader gets results or an error with the name of a file."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedFileWarning)
            told = ""
            try:
                results = load_results(self.folder)
                for record in results.records:
                    if record.status == "done":
                        results.scores(record.key, "test")
            except (DamagedFileError, ParameterError) as error:
                told = str(error)
            assert not told or str(self.folder) in told

    def teardown(self) -> None:
        """In the end it is as if nothing had happened."""
        results = self.run_study(retry=True)
        assert results is not None
        assert_same(results, straight(self.extensions))
        assert not [path for path in self.folder.rglob(".*") if path.is_file()]
        shutil.rmtree(self.folder.parent)


StudyMachine.TestCase.settings = settings.get_profile(f"{os.environ.get('HYPOTHESIS_PROFILE', 'default')}-events")
TestStudy = StudyMachine.TestCase

"""Progress bars: each long phase has one with its name, one switch turns all off, and short work has none."""

from __future__ import annotations

import re

import pytest
from datasets import Dataset
from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from codeshift.audit import audit
from codeshift.properties import progress
from codeshift.properties.progress import Stages, bars, progress_bar
from codeshift.splitters import ClusterSplitter

ROWS = Dataset.from_dict({"code": [f"def f{i}(x):\n    return x + {i} * {'(x)' * (i % 9)}" for i in range(1200)]})
AUDIT = {"column": "code", "n_permutations": 19, "sample": 100}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Turn bars on and show them without the delay of a second, and take nothing from a cache."""
    monkeypatch.setattr(progress, "_LONG", 0.0)
    monkeypatch.setenv("CODESHIFT_CACHE", str(tmp_path))
    off = are_progress_bars_disabled()
    enable_progress_bars()
    yield
    if off:
        disable_progress_bars()


def seen(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return the names of the bars that were shown."""
    return {name.strip() for name in re.findall(r"([A-Z][\w :,.-]*?):\s+\d+%", capsys.readouterr().err)}


def test_a_split_and_its_audit_say_what_they_do(capsys) -> None:
    """Near-duplicates, embedding, clusters, properties and each measure of the audit have a bar."""
    assignment = ClusterSplitter(column="code", n_clusters=5).assign(ROWS, seed=0)
    bars = seen(capsys)
    assert {"Near-duplicates: n-grams", "TF-IDF: vocabulary", "TF-IDF: vectors", "Clustering: centroids"} <= bars
    audit(assignment, ROWS, **AUDIT)
    bars = seen(capsys)
    assert {"TokenCount", "Two-sample test by a classifier", "Nearest rows of train"} <= bars
    assert {f"Audit: {stage}" for stage in ("properties", "leakage", "shift of test_ood", "confounds")} <= bars


def test_progress_false_is_silent(capsys) -> None:
    """Neither these bars nor those of datasets are shown, and the settings are restored afterwards."""
    assignment = ClusterSplitter(column="code", n_clusters=5).assign(ROWS, seed=0, progress=False)
    ClusterSplitter(column="code", n_clusters=5).split(ROWS, seed=0, progress=False)
    audit(assignment, ROWS, progress=False, **AUDIT)
    assert capsys.readouterr().err == ""
    assert not are_progress_bars_disabled()


def test_the_switch_of_datasets_turns_off_all_bars(capsys) -> None:
    """If bars of datasets are off, no bar is shown, whatever a call says."""
    disable_progress_bars()
    with bars(True), Stages("Audit", 1, rows=10_000) as stages:
        stages.at("leakage")
        assert list(progress_bar("Counting", 3, "row", over=range(3))) == [0, 1, 2]
    assert capsys.readouterr().err == ""
    assert are_progress_bars_disabled()
    enable_progress_bars()
    with pytest.raises(KeyError), bars(False):
        raise KeyError
    assert not are_progress_bars_disabled()


def test_little_work_has_no_bar(monkeypatch, capsys) -> None:
    """Fewer than 1,000 rows have no bar, and neither has anything that takes less than a second."""
    monkeypatch.undo()
    with Stages("Audit", 2, rows=999) as stages:
        stages.at("leakage")
        list(progress_bar("Counting", 3, "row", over=range(3)))
    assert capsys.readouterr().err == ""


def test_stages_count_only_what_was_done(capsys) -> None:
    """A stage that fails is not counted as done."""

    def fails() -> None:
        with Stages("Audit", 2, rows=1000) as stages:
            stages.at("leakage")
            stages.at("shift")
            raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        fails()
    assert "2/2" not in capsys.readouterr().err

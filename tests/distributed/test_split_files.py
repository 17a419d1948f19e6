"""Splits of rows in many files: each row has the part that it has on one machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, load_dataset

from codeshift.distributed import split_files
from codeshift.errors import DataError, ParameterError
from codeshift.parts import PARTS, REASONS
from codeshift.properties import CharCount
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ComplexitySplitter,
    GroupSplitter,
    Interval,
    LengthSplitter,
    PredicateSplitter,
    RandomSplitter,
    SplitManifest,
    Splitter,
    TimeSplitter,
    TokenRaritySplitter,
)
from helpers.splitter_rows import python_rows

pytestmark = pytest.mark.filterwarnings("ignore")  # of small parts, and of the cluster when it ends


@pytest.fixture(scope="module")
def client():
    """A cluster whose workers are threads of this process, so that no process has to start."""
    from dask.distributed import Client

    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        yield client


@pytest.fixture(scope="module")
def rows():
    """Rows with a number, by which they are known again; the last ten are whole copies but for it."""
    rows = python_rows(200)
    return rows.add_column("number", list(range(len(rows))))


@pytest.fixture(scope="module")
def files(rows, tmp_path_factory):
    """The rows in four files of different sizes, one of them empty, whose names are in another order than the rows."""
    folder = tmp_path_factory.mktemp("files")
    cuts = [(0, 60), (60, 61), (61, 140), (140, len(rows)), (0, 0)]
    for name, (start, stop) in zip("dacbe", cuts, strict=True):
        rows.select(range(start, stop)).to_parquet(folder / f"{name}.parquet")
    return str(folder / "*.parquet")


def numbers_of(out) -> dict[str, list[int]]:
    """The numbers of the rows of each part that was written."""
    parts = load_dataset(str(out))
    return {part: sorted(parts[part]["number"]) for part in parts}


def check_same(splitter, rows, files, out, client, **options) -> SplitManifest:
    """Check that the parts in files are those of one machine, row by row, and so is the manifest."""
    assignment = splitter.assign(rows, **options)
    manifest = split_files(splitter, files, str(out), client=client, **options)
    expected = {part: sorted(split["number"]) for part, split in assignment.to_dataset_dict().items() if len(split)}
    assert numbers_of(out) == expected
    assert manifest == assignment.manifest == SplitManifest.load(out / "manifest.json")
    return manifest


def is_long(row) -> bool:
    return len(row["code"]) > 400


@dataclass(frozen=True, kw_only=True)
class AboveMean(Splitter):
    """A splitter of a user's own, which looks at the numbers of all rows."""

    def fit(self, table):
        length = CharCount(self.column)
        return Interval(length, low=float(np.mean(table.values(length))))


SPLITTERS = {
    "length": LengthSplitter(),
    "untied": LengthSplitter(unit="lines", ties="split"),
    "complexity": ComplexitySplitter(language="python"),
    "nodes": ASTNodeSplitter(language="python", share=0.2),
    "rarest": ASTNodeSplitter(language="python", rarest=2),
    "apis": APIUsageSplitter(language="python", share=0.1),
    "named": APIUsageSplitter(language="python", apis=("os.path",)) | LengthSplitter(bounds=(200, None)),
    "rarity": TokenRaritySplitter(),
    "group": GroupSplitter(by="project"),
    "time": TimeSplitter(by="year"),
    "within": TimeSplitter(by="year", within="project"),
    "random": RandomSplitter(region_seed=3) & ~LengthSplitter(quantiles=(0.0, 0.3)),
    "predicate": PredicateSplitter(predicate=is_long),
    "own": AboveMean(),
}


@pytest.mark.parametrize("name", SPLITTERS)
def test_each_splitter(name, rows, files, client, tmp_path):
    """Every splitter that is fitted on summaries gives each row the same part."""
    check_same(SPLITTERS[name], rows, files, tmp_path / "out", client, near_duplicates=None)


def test_all_options(rows, files, client, tmp_path):
    """Groups, strata, sizes, the control and its order of equal rows are those of one machine."""
    options = {"groups": "project", "seed": 5, "ood_kept": 0.4, "train_size": 40, "train_control": True}
    manifest = check_same(LengthSplitter(), rows, files, tmp_path / "a", client, near_duplicates=None, **options)
    assert manifest.control
    options = {"stratify_by_column": "year", "validation_ood_size": 0.2, "train_control": True}
    check_same(LengthSplitter(), rows, files, tmp_path / "b", client, near_duplicates=None, **options)

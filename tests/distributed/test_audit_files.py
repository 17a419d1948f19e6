"""Audits of splits in files: planted leaks are counted, and a shift is told from none."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset

from codeshift.distributed import audit_files
from codeshift.distributed.cluster import Cluster
from codeshift.distributed.sampling import sample_texts
from codeshift.distributed.sources import Shards, shards_of
from codeshift.errors import DataError, ParameterError
from codeshift.properties.near_duplicates import NearDuplicates

pytestmark = pytest.mark.filterwarnings("ignore")  # of the cluster, when it ends


def texts(count, words, seed):
    """Rows of random words."""
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(words, size=20)) for _ in range(count)]


@pytest.fixture(scope="module")
def parts():
    """Parts with 12 exact copies and 9 near-duplicates of train in test_id; test_ood has other words."""
    words = [f"w{i}" for i in range(300)]
    train = texts(400, words, 0)
    leaked = [*train[:12], *(f"{text} more" for text in train[100:109])]
    others = [f"o{i}" for i in range(300)]
    return {"train": train, "test_id": [*leaked, *texts(179, words, 1)], "test_ood": texts(150, others, 2)}


@pytest.fixture(scope="module")
def folder(parts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited")
    for part, code in parts.items():
        (folder / part).mkdir()
        for number in range(3):
            Dataset.from_dict({"code": code[number::3]}).to_parquet(folder / part / f"{number}.parquet")
    return str(folder)


def test_all_rows(parts, folder, client):
    """With a sample as large as the parts, the figures are those of all rows."""
    search = NearDuplicates(ngram=3, threshold=0.5)
    found = audit_files(folder, client=client, sample=1000, near_duplicates=search)
    near = {part: int((search.nearest(parts[part], parts["train"]).index >= 0).sum()) for part in parts}
    assert near["test_id"] == 21
    told = {leaked.part: (leaked.exact.matches, leaked.near.matches, leaked.near.rows) for leaked in found.leakage}
    assert told == {"test_id": (12, 21, 200), "test_ood": (0, 0, 150)}
    moved = {each.part: each for each in found.strength}
    assert moved["test_ood"].auc > 0.95
    assert moved["test_id"].auc < 0.7
    assert moved["test_id"].rows <= 40
    assert "test_id: 6.0% of rows have exact copies in train (95% interval 3.5% to 10.2%" in found.summary()


def test_train_is_read_once_for_all_parts(folder, client, monkeypatch):
    """The rows of all held-out parts are looked for in one pass over the files of train."""
    functions, each = [], Shards.each
    monkeypatch.setattr(
        Shards,
        "each",
        lambda self, function, *a, **k: functions.append(function.__name__) or each(self, function, *a, **k),
    )
    assert len(audit_files(folder, client=client, sample=100).leakage) == 2
    assert functions.count("_matches") == 1


def test_a_sample(parts, folder, client):
    """A sample depends on its seed alone, takes each row once, and favours no file."""
    source = shards_of(Cluster(client), f"{folder}/train/*.parquet", {})
    drawn = [sample_texts(source, "code", 120, seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    for texts in drawn:
        assert len(set(texts)) == 120
        of_file = np.bincount([parts["train"].index(text) % 3 for text in texts])
        assert of_file.min() > 20
    assert sorted(sample_texts(source, "code", 500, 1)) == sorted(parts["train"])


def test_what_is_refused(folder, client, tmp_path):
    """A folder without parts, and arguments that cannot be."""
    with pytest.raises(DataError, match="folder must be a folder of parts"):
        audit_files(str(tmp_path), client=client)
    with pytest.raises(ParameterError, match="sample must be"):
        audit_files(folder, client=client, sample=99)
    with pytest.raises(ParameterError, match=r"near_duplicates must be a search without columns.*column="):
        audit_files(folder, client=client, near_duplicates=NearDuplicates(columns=("doc", "code")))
    with pytest.raises(ParameterError, match="near_duplicates must be a NearDuplicates"):
        audit_files(folder, client=client, near_duplicates="bind")

"""How rows are dealt, from top to bottom: an assignment, its regimes, its manifest."""

from __future__ import annotations

import pytest
from datasets import Dataset

from codeshift.errors import ManifestError
from codeshift.properties import PropertyTable
from codeshift.splitters import LengthSplitter, SplitManifest, StreamDealer

# 100 programs, each fifth of them long: 62 tokens, where the others have 3.
ROWS = Dataset.from_dict({"code": [f"x{i} = {i}" + " + 1" * 30 if i % 5 == 0 else f"x{i} = {i}" for i in range(100)]})
LONG = LengthSplitter("code", bounds=(30, None))
REQUEST = {"seed": 0, "near_duplicates": None, "min_test_rows": 0, "progress": False}


def test_the_story_of_a_split() -> None:
    """Half of the region is tested, the other half is masked from train or kept, and all of it is written down."""
    # 20 rows lie in the region: 10 are test_ood, 10 are masked. test_id is as large, validation a tenth of all rows.
    masked = LONG.assign(ROWS, **REQUEST)
    assert masked.sizes == {"train": 60, "validation": 10, "test_id": 10, "test_ood": 10, "excluded": 10}
    assert all(row % 5 == 0 for row in masked.indices("test_ood"))
    assert all(row % 5 != 0 for row in masked.indices("train"))

    # What is kept of the region goes to train; every other part stays the same.
    half, all_kept = (LONG.assign(ROWS, ood_kept=share, **REQUEST) for share in (0.5, 1.0))
    assert (half.sizes["train"], all_kept.sizes["train"]) == (65, 70)
    assert set(masked.indices("train")) < set(half.indices("train")) < set(all_kept.indices("train"))
    assert (half.indices("test_ood") == masked.indices("test_ood")).all()

    # The manifest is all that anybody with the rows needs, in whatever order they have them.
    manifest = SplitManifest.from_json(masked.manifest.to_json())
    assert manifest == masked.manifest
    again, first = manifest.apply(ROWS.shuffle(seed=1)), masked.to_dataset_dict()
    assert all(sorted(again[part]["code"]) == sorted(first[part]["code"]) for part in first)
    with pytest.raises(ManifestError):
        manifest.apply(ROWS.select(range(99)))

    # The region that was fitted deals a stream too, a row at a time.
    dealer = StreamDealer(region=masked.region, region_share=manifest.region_share)
    parts = dealer.parts(ROWS)
    inside = masked.region.contains(PropertyTable(ROWS))
    assert set(parts[inside]) == {"test_ood", "excluded"}
    assert set(parts[~inside]) == {"train", "validation", "test_id"}

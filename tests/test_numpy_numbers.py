"""NumPy's numbers are settled to Python's wherever they are accepted: in reprs, which manifests hold, and in JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from codeshift.audit import Thresholds
from codeshift.audit.settings import AuditSettings
from codeshift.metrics import AUROC, BLEU, ChrF, ExactMatch, PassAtK
from codeshift.properties import CharCount, NodeTypes
from codeshift.splits.config import SplitConfig
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ClusterSplitter,
    ComplexitySplitter,
    Contains,
    EncoderEmbedding,
    GroupSplitter,
    Interval,
    LengthSplitter,
    RandomSplitter,
    TfidfEmbedding,
    TimeSplitter,
    TokenRaritySplitter,
    parse_splitter,
)

SPLITTERS = [
    (LengthSplitter, {"unit": "chars", "quantiles": (0.1, 0.5), "ties": "split"}),
    (LengthSplitter, {"bounds": (3, None)}),
    (ComplexitySplitter, {"language": "python", "measure": "nesting", "bounds": (1, 4)}),
    (TokenRaritySplitter, {"quantiles": (0.0, 0.5), "score": "max", "vocabulary": "tokens"}),
    (RandomSplitter, {"share": 0.5, "region_seed": 3}),
    (GroupSplitter, {"by": "project", "share": 0.5, "region_seed": 3}),
    (GroupSplitter, {"by": "project", "values": (1, "a")}),
    (TimeSplitter, {"by": "year", "cutoff": 2020}),
    (TimeSplitter, {"by": "year", "cutoff": 2020.5}),
    (TimeSplitter, {"by": "year", "share": 0.3, "within": "project"}),
    (ASTNodeSplitter, {"language": "python", "nodes": ("call",), "match": "any", "min_count": 2}),
    (ASTNodeSplitter, {"language": "python", "share": 0.3}),
    (APIUsageSplitter, {"language": "python", "apis": ("os",)}),
    (ClusterSplitter, {"n_clusters": 4, "clusters": (1,), "cluster_seed": 2}),
    (ClusterSplitter, {"n_clusters": 4, "share": 0.3}),
]
OTHERS = [
    (TfidfEmbedding, {"features": 100, "dimensions": 4}),
    (EncoderEmbedding, {"model": "m", "max_length": 5, "batch_size": 2}),
    (SplitConfig, {"seed": 1, "ood_kept": 0.5, "test_ood_size": 10, "test_id_size": 4, "train_size": 20}),
    (SplitConfig, {"groups": "project", "stratify_by_column": "kind", "train_control": True, "tolerance": 0.1}),
    (Thresholds, {"leaked_rows": 0.1, "alpha": 0.1, "min_rows": 12, "confound": 2}),
    (AuditSettings, {"column": "code", "seed": 1, "n_permutations": 30, "sample": 30, "worst": 2}),
    (BLEU, {"max_order": 3}),
    (ChrF, {"beta": 3}),
    (PassAtK, {"k": 2}),
    (ExactMatch, {"normalize_whitespace": True}),
    (AUROC, {}),
]


def _of_numpy(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_of_numpy, value))
    kinds = {bool: np.bool_, int: np.int64, float: np.float64, str: np.str_}
    return kinds[type(value)](value) if type(value) in kinds else value


@pytest.mark.parametrize(("cls", "arguments"), [*SPLITTERS, *OTHERS], ids=lambda each: getattr(each, "__name__", ""))
def test_settings_show_the_numbers_of_python(cls: type, arguments: dict[str, Any]) -> None:
    """The repr is that of Python's numbers, to the letter: 2 and not np.int64(2)."""
    assert repr(cls(**{name: _of_numpy(value) for name, value in arguments.items()})) == repr(cls(**arguments))


@pytest.mark.parametrize(("cls", "arguments"), SPLITTERS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_splitter_made_of_numpy_is_parsed_again(cls: type, arguments: dict[str, Any]) -> None:
    """What the manifest holds of it makes the same splitter."""
    splitter = cls(**{name: _of_numpy(value) for name, value in arguments.items()})
    assert parse_splitter(repr(splitter)) == splitter


def test_regions_and_embeddings_are_json() -> None:
    """The regions that users write, and a splitter's embedding."""
    interval = Interval(CharCount("code"), np.int64(3), np.float64(9.5))
    assert repr(interval) == "Interval(property=CharCount(column='code'), low=3, high=9.5)"
    contains = Contains(NodeTypes("code", "python"), (np.str_("call"),), min_count=np.int64(2))
    for region in (interval, contains, interval & contains):
        assert json.loads(json.dumps(region.to_dict())) == region.to_dict()
    splitter = ClusterSplitter(n_clusters=4, embedding=TfidfEmbedding(dimensions=np.int64(4)))
    assert parse_splitter(repr(splitter)) == splitter

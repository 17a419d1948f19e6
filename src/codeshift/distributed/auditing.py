"""Leakage and strength of a split in files, on samples of its rows, with the error that sampling leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np

from codeshift.audit.settings import FEWEST_IN_SAMPLE
from codeshift.audit.strength import first_of_each
from codeshift.audit.tokens import TokenTypes, reduced
from codeshift.audit.two_sample import classifier_auc
from codeshift.checks import check_integer
from codeshift.distributed.cluster import Cluster, cluster_of
from codeshift.distributed.sampling import sample_texts
from codeshift.distributed.sources import Shards, shards_of
from codeshift.errors import DataError, ParameterError
from codeshift.hashing import row_digests
from codeshift.metrics.aggregates.binomial import wilson
from codeshift.parts import TEST_PARTS
from codeshift.properties import PropertyTable
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.similar_sets import SimilarSets
from codeshift.splits.rows import SplitRows
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from dask.distributed import Client

_HELD_OUT = ("validation", *TEST_PARTS)
_REPEATS = 5
_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class SampledShare:
    """Share of a part's rows, estimated by a sample of them.

    Attributes:
        matches: Number of sampled rows that count.
        rows: Number of sampled rows.

    >>> share = SampledShare(matches=2, rows=200)
    >>> share.share, [round(end, 3) for end in share.interval]
    (0.01, [0.003, 0.036])
    """

    matches: int
    rows: int

    @property
    def share(self) -> float:
        """Share of the sample."""
        return self.matches / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of Wilson's interval of 95% for the share of all rows of the part."""
        return wilson(self.matches, self.rows, _CONFIDENCE)


@dataclass(frozen=True, kw_only=True)
class FilesLeakage:
    """Rows of a held-out part that are in train too.

    Attributes:
        part: Part.
        exact: Share of rows with exactly the same code as a row of train, any of them.
        near: Share of rows with a near-duplicate in train, exact copies included.

    >>> none, one_row = SampledShare(matches=0, rows=9), SampledShare(matches=1, rows=9)
    >>> FilesLeakage(part="test_id", exact=none, near=one_row).near.matches
    1
    """

    part: str
    exact: SampledShare
    near: SampledShare


@dataclass(frozen=True, kw_only=True)
class FilesStrength:
    """Difference of a test part from train, by a classifier of tokens on several samples that share no row.

    Attributes:
        part: Part.
        aucs: AUC of each sample: .5 if the part cannot be told from train, 1 if it always can.
        rows: Number of distinct rows of the part in the smallest of these samples.

    >>> strength = FilesStrength(part="test_ood", aucs=(0.8, 0.9), rows=400)
    >>> round(strength.auc, 3), round(strength.error, 3)
    (0.85, 0.05)
    """

    part: str
    aucs: tuple[float, ...]
    rows: int

    @property
    def auc(self) -> float:
        """Mean AUC of the samples."""
        return float(np.mean(self.aucs))

    @property
    def error(self) -> float:
        """Standard error of the mean, by the spread of the samples."""
        return float(np.std(self.aucs, ddof=1) / math.sqrt(len(self.aucs)))


@dataclass(frozen=True, kw_only=True)
class FilesAudit:
    """What ``audit_files`` measures.

    Attributes:
        leakage: Leakage of each held-out part.
        strength: Strength of the shift of each test part.

    >>> FilesAudit(leakage=(), strength=(FilesStrength(part="test_ood", aucs=(0.8, 0.9), rows=400),)).summary()
    'test_ood: AUC against train 0.850 (standard error 0.050, 2 samples)'
    """

    leakage: tuple[FilesLeakage, ...]
    strength: tuple[FilesStrength, ...]

    def summary(self) -> str:
        """Return a line for each figure."""
        lines = []
        for leaked in self.leakage:
            for kind, share in (("exact copies", leaked.exact), ("near-duplicates", leaked.near)):
                low, high = share.interval
                words = f"{share.share:.1%} of rows have {kind} in train (95% interval {low:.1%} to {high:.1%}"
                lines.append(f"{leaked.part}: {words}, {share.rows:,} rows sampled)")
        lines += [
            f"{each.part}: AUC against train {each.auc:.3f} (standard error {each.error:.3f}, {len(each.aucs)} samples)"
            for each in self.strength
        ]
        return "\n".join(lines)


def audit_files(
    folder: str,
    *,
    column: str = "code",
    sample: int = 2_000,
    near_duplicates: NearDuplicates | None = None,
    seed: int = 0,
    client: Client | None = None,
    workers: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> FilesAudit:
    """Measure the leakage and the strength of a split that ``split_files`` wrote, on samples of its rows.

    For leakage, sampled rows of each held-out part are looked for in all of train. For strength, a classifier of tokens
    tells test rows from those of train, on five samples that share no row; near-duplicates within a sample count once.

    Args:
        folder: Folder of the parts, on any file system of fsspec.
        column: Column that holds the code.
        sample: Number of rows that are sampled of each part, at least 100.
        near_duplicates: Definition of near-duplicates, without columns; by default that of ``audit``.
        seed: Seed of the samples.
        client: Client of a dask cluster; None for processes on this machine, as in ``split_files``.
        workers: Number of processes without a client; None for one a core.
        storage_options: Options of the file system.

    Raises:
        ParameterError: if an argument is invalid.
        DataError: if there is no train part or no test part, or files cannot be read.

    >>> import tempfile
    >>> from dask.distributed import Client
    >>> from datasets import Dataset
    >>> from codeshift.distributed import split_files
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * (i % 60) + "1" for i in range(600)]})
    >>> threads = Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0")
    >>> with tempfile.TemporaryDirectory() as folder, threads as client:
    ...     _ = rows.to_parquet(f"{folder}/rows.parquet")
    ...     out = f"{folder}/parts"
    ...     _ = split_files(LengthSplitter(), f"{folder}/rows.parquet", out, client=client, near_duplicates=None)
    ...     measured = audit_files(out, client=client, sample=100)
    >>> [leaked.exact.matches for leaked in measured.leakage], measured.strength[1].part, measured.strength[1].auc > 0.9
    ([0, 0, 0], 'test_ood', True)
    """
    search = NearDuplicates() if near_duplicates is None else near_duplicates
    if not isinstance(search, NearDuplicates):
        raise ParameterError("near_duplicates", "a NearDuplicates", search, "leave it out for that of audit")
    if search.columns is not None:
        remedy = "leave its columns out, and name each by column= in a call of its own"
        raise ParameterError("near_duplicates", "a search without columns", search, remedy)
    check_name("column", column, example="code")
    check_integer("sample", sample, smallest=2 * FEWEST_IN_SAMPLE * _REPEATS, remedy="2,000 take seconds")
    check_integer("seed", seed)
    storage = dict(storage_options or {})
    with cluster_of(client, workers) as cluster:
        parts = _parts(cluster, folder, storage)
        texts = {part: sample_texts(source, column, sample, seed) for part, source in parts.items()}
        held_out = {part: texts[part] for part in _HELD_OUT if part in parts}
        leakage = _leakage(held_out, parts["train"], column, search)
    strength = tuple(_strength(part, texts["train"], texts[part], search, seed) for part in TEST_PARTS if part in parts)
    return FilesAudit(leakage=leakage, strength=strength)


def _parts(cluster: Cluster, folder: str, storage: Mapping[str, Any]) -> dict[str, Shards]:
    """Return the shards of train and of each held-out part that is there."""
    system, path = fsspec.core.url_to_fs(folder, **storage)
    there = [part for part in ("train", *_HELD_OUT) if system.exists(f"{path}/{part}")]
    if "train" not in there or not {*TEST_PARTS} & {*there}:
        remedy = "name the folder that split_files wrote"
        raise DataError("folder", "a folder of parts, with train and a test part", folder, remedy)
    return {part: shards_of(cluster, f"{folder}/{part}/*.parquet", storage) for part in there}


def _leakage(
    held_out: Mapping[str, Sequence[str]], train: Shards, column: str, search: NearDuplicates
) -> tuple[FilesLeakage, ...]:
    """Look for the sampled rows of all held-out parts in all of train, whose files are read once."""
    texts = [text for of_part in held_out.values() for text in of_part]
    held_out_sets = SimilarSets.of(search, texts)
    digests = row_digests([texts])
    by_shard = train.each(_matches, column, digests, held_out_sets)
    exact = np.logical_or.reduce([copies for copies, _ in by_shard])
    of_sets = np.logical_or.reduce([matched for _, matched in by_shard])
    near = of_sets[np.searchsorted(held_out_sets.sets.names, search.whole_sets(texts).names)] | exact
    ends = np.cumsum([len(of_part) for of_part in held_out.values()])[:-1]
    of_parts = zip(held_out, np.split(exact, ends), np.split(near, ends), strict=True)
    return tuple(FilesLeakage(part=part, exact=_share(copies), near=_share(alike)) for part, copies, alike in of_parts)


def _share(counts: np.ndarray) -> SampledShare:
    return SampledShare(matches=int(counts.sum()), rows=len(counts))


def _matches(
    rows: SplitRows, column: str, digests: np.ndarray, held_out_sets: SimilarSets
) -> tuple[np.ndarray, np.ndarray]:
    """Return which digests, and which sets, the rows of a shard have, in a worker."""
    return np.isin(digests, rows.digests((column,))), held_out_sets.matched(rows.training_table.texts(column))


def _strength(
    part: str, train: Sequence[str], texts: Sequence[str], search: NearDuplicates, seed: int
) -> FilesStrength:
    """Compare samples of a part with samples of train."""
    aucs, rows = [], []
    for repeat in range(_REPEATS):
        sides = [_distinct(side[repeat::_REPEATS], search) for side in (train, texts)]
        if min(map(len, sides)) < FEWEST_IN_SAMPLE:
            fewest = f"parts with {FEWEST_IN_SAMPLE} distinct rows in each of {_REPEATS} samples"
            count = Verbatim(f"{len(sides[1])} of {part} and {len(sides[0])} of train")
            raise DataError("folder", fewest, count, "load the parts and audit them whole, with codeshift.audit")
        vectors = reduced(_tokens([*sides[0], *sides[1]]), seed)
        first, second = vectors[: len(sides[0])], vectors[len(sides[0]) :]
        aucs.append(classifier_auc(first, second, seed=seed))
        rows.append(len(sides[1]))
    return FilesStrength(part=part, aucs=tuple(aucs), rows=min(rows))


def _distinct(texts: Sequence[str], search: NearDuplicates) -> list[str]:
    """Return the first text of each component of near-duplicates."""
    first = first_of_each(np.arange(len(texts)), search.components(texts).labels)
    return [texts[row] for row in first.tolist()]


def _tokens(texts: Sequence[str]) -> Any:
    from datasets import Dataset

    return PropertyTable(Dataset.from_dict({"code": texts})).values(TokenTypes("code")).counts

"""Splits that are published with codeshift, by name: manifests of scenarios on public benchmarks, and their audits.

A published name is two files: a Parquet table with the digest of each row and its label in each manifest, and a
compressed JSON with what else the manifests hold, since manifests of one benchmark list the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from codeshift.checks import check_choice
from codeshift.errors import DamagedFileError, ManifestError, ParameterError
from codeshift.files import content_digest, json_value, replaced_together
from codeshift.parts import WHOLE
from codeshift.splits.manifest import SplitManifest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

PUBLISHED_FOLDER = Path(__file__).parent / "published_splits"
PUBLISHED_FORMAT = "codeshift-published/1"

_TABLE, _FACTS = ".parquet", ".json.zst"
_REMEDY = "install codeshift again"
_LEVEL = 19  # of zstd, with a window large enough to find the vocabulary that regions of clusters repeat


@dataclass(frozen=True, kw_only=True)
class PublishedSplits:
    """Scenarios of one benchmark, with the manifests and the audit of each.

    Attributes:
        name: Name with its version, as in ``load_benchmark``. The splits of a name never change.
        description: Description of the rows, and of where they are found.
        licence: Licence of the rows, which are not part of codeshift.
        scenarios: Names of the scenarios.
        ood_kept: Shares of the region's pool that stay in ``train``, of which each scenario has a manifest: 0.0 masks
            the region, 1.0 is the 100% baseline.
        audits: Figures of each scenario's audit with the region masked, as ``AuditReport.to_dict`` gives them.
        recipes: Fields of each manifest but for its rows, by ``"scenario@ood_kept"``.
        labels: Names of parts, as in the rows of a manifest.
        table: Digest of each row, one for each set of columns that rows are known by, and the position of its label in
            ``labels`` for each recipe, in the order of its digests.

    >>> published = load_benchmark("mbpp-bands-syntax-clusters-v1")
    >>> published.licence, published.audits["syntax_lambda"]["verdict"]["label"]
    ('CC BY 4.0', 'sound')
    """

    name: str
    description: str
    licence: str
    scenarios: tuple[str, ...]
    ood_kept: tuple[float, ...]
    audits: Mapping[str, Mapping[str, Any]] = field(repr=False)
    recipes: Mapping[str, Mapping[str, Any]] = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    table: pa.Table = field(repr=False)

    @classmethod
    def collect(
        cls,
        name: str,
        manifests: Mapping[tuple[str, float], SplitManifest],
        audits: Mapping[str, Mapping[str, Any]],
        *,
        description: str,
        licence: str,
    ) -> Self:
        """Collect the manifests of one benchmark's rows, by scenario and ``ood_kept``, and the audit of each scenario.

        Raises:
            ManifestError: if the manifests list other rows than each other, official splits, or a control part.
        """
        plain = {_manifest_key(*key): json.loads(manifest.to_json()) for key, manifest in manifests.items()}
        entries = {key: _digests_and_labels(key, fields) for key, fields in plain.items()}
        labels = sorted({label for listed in entries.values() for _, label in listed})
        columns: dict[str, pa.Array] = {}
        first = next(iter(entries.values()))
        for key, listed in entries.items():
            digests = pa.array([bytes.fromhex(digest) for digest, _ in listed], pa.binary(16))
            stored = columns.setdefault(_digest_column(plain[key]), digests)
            if len(listed) != len(first) or not stored.equals(digests):
                raise ManifestError(f"{key} lists other rows than {next(iter(entries))}: split the same rows")
            columns[key] = pa.array([labels.index(label) for _, label in listed], pa.int8())
        return cls(
            name=name,
            description=description,
            licence=licence,
            scenarios=tuple(dict.fromkeys(scenario for scenario, _ in manifests)),
            ood_kept=tuple(sorted({kept for _, kept in manifests})),
            audits=audits,
            recipes={key: {**fields, "rows": {}} for key, fields in plain.items()},
            labels=tuple(labels),
            table=pa.table(columns),
        )

    def manifest(self, scenario: str, *, ood_kept: float = 0.0) -> SplitManifest:
        """Return the manifest of a scenario.

        Args:
            scenario: Name of the scenario, one of ``scenarios``.
            ood_kept: Share of the region's pool that stays in ``train``, one of ``self.ood_kept``.

        Raises:
            ParameterError: if there is no such scenario, or no manifest of that share.
            DamagedFileError: if the manifest is not what was published.
        """
        check_choice("scenario", scenario, self.scenarios)
        if ood_kept not in self.ood_kept:
            shares = " or ".join(f"{share:g}" for share in self.ood_kept)
            remedy = "split the rows again with the manifest's splitter for another share"
            raise ParameterError("ood_kept", shares, ood_kept, remedy)
        key = _manifest_key(scenario, ood_kept)
        rows: dict[str, list[str]] = {}
        digests = self.table[_digest_column(self.recipes[key])]
        for digest, label in zip(digests.to_pylist(), self.table[key].to_pylist(), strict=True):
            rows.setdefault(self.labels[label], []).append(digest.hex())
        text = json.dumps({**self.recipes[key], "rows": {WHOLE: rows}})
        try:
            return SplitManifest.from_json(text, name=f"{self.name}, {key}")
        except ManifestError as error:
            raise DamagedFileError(Path(f"{self.name}{_TABLE}"), str(error), _REMEDY) from error

    def apply(self, data: Dataset | DatasetDict, scenario: str, *, ood_kept: float = 0.0) -> DatasetDict:
        """Split the benchmark's rows, in any order, as the manifest of a scenario says.

        Raises:
            ParameterError: if there is no such scenario, or no manifest of that share.
            ManifestError: if rows are missing, are not in the manifest, or differ in number.
            DataError: if a column is missing.
        """
        return self.manifest(scenario, ood_kept=ood_kept).apply(data)

    def save(self, folder: Path) -> None:
        """Write the two files of the name into a folder."""
        facts = {
            "format": PUBLISHED_FORMAT,
            "description": self.description,
            "licence": self.licence,
            "scenarios": list(self.scenarios),
            "ood_kept": list(self.ood_kept),
            "labels": list(self.labels),
            "recipes": dict(self.recipes),
            "audits": dict(self.audits),
        }
        text = json.dumps(facts | {"sha256": content_digest(facts)}, ensure_ascii=False).encode()
        table, compressed = folder / f"{self.name}{_TABLE}", folder / f"{self.name}{_FACTS}"
        with replaced_together([table, compressed]) as writing:
            with writing(table) as temporary:
                pq.write_table(self.table, temporary, compression="zstd", compression_level=_LEVEL)
            with writing(compressed) as temporary:
                temporary.write_bytes(pa.Codec("zstd", compression_level=_LEVEL).compress(text, asbytes=True))


def benchmark_names(folder: Path = PUBLISHED_FOLDER) -> tuple[str, ...]:
    """Return the names that ``load_benchmark`` takes.

    >>> "mbpp-bands-syntax-clusters-v1" in benchmark_names()
    True
    """
    return tuple(sorted(path.name.removesuffix(_FACTS) for path in folder.glob(f"*{_FACTS}")))


def load_benchmark(name: str, *, folder: Path = PUBLISHED_FOLDER) -> PublishedSplits:
    """Load published splits by name, so that a paper can name its split instead of describing it.

    The rows themselves are not part of codeshift: ``description`` says where they are.

    Args:
        name: Name with its version, one of ``benchmark_names()``.
        folder: Folder of the files; by default that of the installation.

    Raises:
        ParameterError: if there is no such name.
        DamagedFileError: if a file is not what was published.

    >>> published = load_benchmark("mbpp-bands-syntax-clusters-v1")
    >>> published.scenarios[:2]
    ('length_p0_p10', 'length_p22_p32')
    >>> masked, baseline = (published.manifest("syntax_while_statement", ood_kept=kept) for kept in (0.0, 1.0))
    >>> masked.digests["data"]["test_ood"] == baseline.digests["data"]["test_ood"]
    True
    """
    check_choice("name", name, benchmark_names(folder))
    table, compressed = folder / f"{name}{_TABLE}", folder / f"{name}{_FACTS}"
    try:
        with pa.input_stream(compressed, compression="zstd") as stream:
            facts = json_value(stream.read())
        if facts.pop("sha256") != content_digest(facts) or facts["format"] != PUBLISHED_FORMAT:
            raise ValueError("its digest or format differs")
        rows = pq.read_table(table, memory_map=False)
        if set(rows.column_names) != {*map(_digest_column, facts["recipes"].values()), *facts["recipes"]}:
            raise ValueError("the two files are not of one name")
        return PublishedSplits(
            name=name,
            description=facts["description"],
            licence=facts["licence"],
            scenarios=tuple(facts["scenarios"]),
            ood_kept=tuple(facts["ood_kept"]),
            audits=facts["audits"],
            recipes=facts["recipes"],
            labels=tuple(facts["labels"]),
            table=rows,
        )
    except (pa.ArrowException, AttributeError, OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(compressed, f"it or {table.name} is not what was published: {error}", _REMEDY) from error


def _manifest_key(scenario: str, ood_kept: float) -> str:
    """Return the name of a manifest's column."""
    return f"{scenario}@{ood_kept:g}"


def _digest_column(fields: Mapping[str, Any]) -> str:
    """Return the name of the column of digests by which a manifest knows rows: by code, or by a date as well, say."""
    return f"digest[{','.join(fields['also_reads'])}]" if fields["also_reads"] else "digest"


def _digests_and_labels(key: str, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the digest and label of each row, sorted."""
    if set(fields["rows"]) != {WHOLE} or fields["control"]:
        raise ManifestError(
            f"{key} divides {sorted(fields['rows'])} with a control, or official splits: pass one dataset"
        )
    return sorted((digest, label) for label, label_digests in fields["rows"][WHOLE].items() for digest in label_digests)

"""Makes the compact form of a study's folder, a few hundred kilobytes that the repository holds, and reads it.

    python -m studies.first.compact runs/first

It writes a folder of ``studies/first/results`` for each study that is there, and copies of the searches of learning
rates. The compact form of a study has these files:

* ``study.json``: that of the study's folder, with all settings and the keys of the runs.
* ``runs.parquet``: the key and the record of each run that is done or failed.
* ``rows.parquet``: the test rows of each split seed: the position in the corpus, the name that was left out, its
  tokens, the group of near-duplicates, and whether the 100% baseline was trained on a row with this name.
* ``outputs.parquet``: for each test row and run the name that the model wrote, the negative log-likelihood in
  hundredths of a nat and, where the region was masked, in thousandths how unlikely the output was (minus its mean token
  log-probability).
* ``scenarios.parquet``: the facts of each split, its test rows in and out of distribution, the rows whose name is among
  those that the masked training saw, the similarity of each to its nearest training row, and the AUC of an audit's
  classifier, for ``test_ood`` against the masked training's rows.
* ``read.json``: how many rows of the corpus are copies of functions that the model was pretrained on.
* ``manifests.parquet`` and ``manifests.json.zst``: the manifests and audits, see ``manifests.py``.

The sources are not among them: they are those of ``study.py``, at the positions in ``rows.parquet``.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict
from numpy.typing import NDArray

from codeshift.audit import overlap
from codeshift.audit.nearest import nearest_similarities
from codeshift.audit.tokens import TokenTypes, reduced
from codeshift.audit.two_sample import classifier_auc
from codeshift.files import write_text
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from codeshift.parts import TEST_PARTS
from codeshift.properties import PropertyTable
from codeshift.study import RunRecord, RunScores, SplitAudit, SplitFacts, StudyResults, load_results
from codeshift.study.findings.detection import CONFIDENCE_OF_TEXT
from codeshift.study.folder.store import StudyStore
from codeshift.study.settings.keys import RunKey
from studies.first.manifests import load_audits, save_manifests

RESULTS = Path(__file__).resolve().parent / "results"
READ = "read.json"
STUDIES = ("stdlib", "algorithms", "stdlib-curve", "algorithms-curve")
EXACT, LOSS = ExactMatch(), NegativeLogLikelihood()
NATS, UNLIKELY = 1e-2, 1e-3
"""Units of the losses, and of how unlikely outputs are."""
_Split = tuple[str, int]
_PLAIN = ("scenario", "splitter", "meaning", "manifest", "sizes", "dimension")


@dataclass(frozen=True, kw_only=True, eq=False)
class CompactResults(StudyResults):
    """Results that know the groups of near-duplicates, as they hold no sources.

    Attributes:
        groups: Group of each test row, by split seed.
        named: Whether the 100% baseline was trained on each test row's name, by split seed.
        named_masked: The same of the training with the region masked, by scenario and split seed.
        aucs: AUC of an audit's classifier, by scenario and split seed.
    """

    groups: Mapping[int, NDArray[np.int64]]
    named: Mapping[int, NDArray[np.bool_]]
    named_masked: Mapping[tuple[str, int], NDArray[np.bool_]]
    aucs: Mapping[tuple[str, int], float]

    def copies(self, key: RunKey, part: str = "test") -> NDArray[np.int64]:
        """Return the group of near-duplicates of each test row."""
        return self.groups[key.split_seed]


def pack(folder: Path, into: Path) -> None:
    """Write the compact form of a study's folder.

    Args:
        folder: Folder of the study.
        into: Folder of the compact form.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    results, store = load_results(folder), StudyStore(folder)
    shutil.copy(store.study, into / store.study.name)
    records = [record for record in results.records if record.status != "pending"]
    runs = [{name: _json(record.to_dict()[name]) for name in ("key", "status", "facts", "steps", "seconds", "error")}
            for record in records]  # fmt: skip
    _write(into / "runs.parquet", pa.Table.from_pylist(runs))
    scored = [(number, record) for number, record in enumerate(records) if record.status == "done"]
    names = np.array(Dataset.from_file(str(store.rows_file))["name"][:], dtype=object)
    rows, outputs = [], []
    for split_seed in results.split_seeds:
        of_seed = [(number, record.key) for number, record in scored if record.key.split_seed == split_seed]
        if of_seed:
            rows.append(_rows_of(results, store, names, split_seed, of_seed[0][1]))
            outputs.append(_outputs_of(results, split_seed, of_seed))
    _write(into / "rows.parquet", pa.concat_tables(rows))
    _write(into / "outputs.parquet", pa.concat_tables(outputs), ["loss", "unlikely"])
    _write(into / "scenarios.parquet", _scenarios(results, store, names))
    _save_splits(results, folder, into)
    write_text(into / READ, json.dumps(_read_in_pretraining(Dataset.from_file(str(store.rows_file)))) + "\n")


def _rows_of(
    results: StudyResults, store: StudyStore, names: NDArray[np.object_], split_seed: int, key: RunKey
) -> pa.Table:
    """Return the table of the test rows of a split seed."""
    scores, positions = results.scores(key), store.read_test(split_seed)
    assert list(scores.references) == names[positions].tolist()  # noqa: S101 - the rows are those of the corpus
    tokens = scores.statistics[LOSS.name][:, 2].astype(np.int16)
    seen = np.isin(names[positions], names[store.read_training(None, split_seed, 1.0)["train"]])
    return pa.table({
        "split_seed": pa.array([split_seed] * len(positions), pa.int8()),
        "position": pa.array(positions, pa.int32()),
        "name": pa.array(scores.references),
        "tokens": pa.array(tokens),
        "group": pa.array(results.copies(key), pa.int32()),
        "named": pa.array(seen),
    })  # fmt: skip


def _outputs_of(results: StudyResults, split_seed: int, keys: list[tuple[int, RunKey]]) -> pa.Table:
    """Return the table of the outputs of the runs of a split seed, row by row: those of one row are much alike."""
    written, losses, unlikely = [], [], []
    for _, key in keys:
        scores = results.scores(key)
        written.append(np.array(scores.predictions, dtype=object))
        losses.append(np.rint(scores.statistics[LOSS.name][:, 1] / NATS))
        masked = key.scenario is not None and not key.variant
        measured = scores.ood.get(CONFIDENCE_OF_TEXT) if masked else None
        measured = np.full(len(scores), np.nan) if measured is None else measured
        unlikely.append(np.rint(measured / UNLIKELY))
    count = len(losses[0])
    strange = np.column_stack(unlikely).ravel()
    return pa.table({
        "split_seed": pa.array([split_seed] * count * len(keys), pa.int8()),
        "row": pa.array(np.repeat(np.arange(count), len(keys)), pa.int16()),
        "run": pa.array(np.tile([number for number, _ in keys], count), pa.int16()),
        "prediction": pa.array(np.column_stack(written).ravel().tolist(), pa.string()),
        "loss": pa.array(np.column_stack(losses).ravel(), pa.int32()),
        "unlikely": pa.array(strange, pa.int32(), mask=np.isnan(strange)),
    })  # fmt: skip


def _scenarios(results: StudyResults, store: StudyStore, names: NDArray[np.object_]) -> pa.Table:
    """Return the table of the splits' facts, with two measures of each shift."""
    lines = []
    tokens = PropertyTable(Dataset.from_file(str(store.rows_file))).values(TokenTypes("code")).counts
    for (scenario, split_seed), facts in results.splits.items():
        test, masked = store.read_test(split_seed), store.read_training(scenario, split_seed, 0.0)["train"]
        ood = test[facts.members["test_ood"]]
        vectors = reduced(tokens[np.concatenate([masked, ood])], seed=0)
        lines.append({
            "split_seed": split_seed,
            "facts": _json({name: getattr(facts, name) for name in _PLAIN}),
            **{part: facts.members[part].tolist() for part in TEST_PARTS},
            "named": np.isin(names[test], names[masked]).tolist(),
            "nearest": nearest_similarities(tokens[test], tokens[masked]).round(4).tolist(),
            "auc": classifier_auc(vectors[: len(masked)], vectors[len(masked) :]),
        })  # fmt: skip
    flags, measured = pa.list_(pa.bool_()), pa.list_(pa.float32())
    kinds = {"split_seed": pa.int8(), "facts": pa.string(), **dict.fromkeys(TEST_PARTS, flags), "named": flags}
    return pa.Table.from_pylist(lines, pa.schema({**kinds, "nearest": measured, "auc": pa.float64()}))


def _read_in_pretraining(rows: Dataset) -> dict[str, int]:
    """Count the rows whose code the embedded model was pretrained on, as exact and as renamed copies."""
    marks = overlap(DatasetDict(test=rows.select_columns(["code"])), {"pretraining": "embedded"}).marks["test"]
    exact, copies = (int(marks.seen("pretraining", *kind).sum()) for kind in (("exact",), ()))
    return {"rows": len(rows), "exact": exact, "renamed": copies - exact}


def _save_splits(results: StudyResults, folder: Path, into: Path) -> None:
    """Write the manifests and audits of all splits."""
    paths: dict[str, Path] = {}
    audits: dict[str, Mapping[str, Any]] = {}
    for (scenario, split_seed), facts in results.splits.items():
        name = split_name(scenario, split_seed)
        for path in sorted((folder / facts.manifest).parent.glob("*.manifest.json")):
            paths[f"{name} {path.name.removesuffix('.manifest.json')}"] = path
        if facts.audit is not None:
            audits[name] = facts.audit.to_dict()
    save_manifests(into, paths, audits)


def unpack(folder: Path) -> CompactResults:
    """Read the compact form of a study.

    Args:
        folder: Folder of the compact form.
    """
    study = StudyStore(folder).read_study()
    assert study is not None, f"{folder} holds no study"  # noqa: S101 - pack wrote it
    records = [_record(line) for line in pq.read_table(folder / "runs.parquet").to_pylist()]
    by_key = {record.key: record for record in records}
    outputs, rows = _Outputs(folder, [record.key for record in records]), pq.read_table(folder / "rows.parquet")
    seeds = rows["split_seed"].to_numpy()
    splits, named, aucs = _splits(folder)
    of_seed = {name: {int(seed): rows[name].to_numpy()[seeds == seed] for seed in np.unique(seeds)}
               for name in ("group", "named")}  # fmt: skip
    return CompactResults(
        settings=study.settings,
        metrics={metric.name: metric for metric in (EXACT, LOSS)},
        records=tuple(by_key.get(key, RunRecord(key=key, status="pending")) for key in study.keys),
        splits=splits,
        load=outputs.scores,
        groups={seed: groups.astype(np.int64) for seed, groups in of_seed["group"].items()},
        named=of_seed["named"],
        named_masked=named,
        aucs=aucs,
    )


class _Outputs:
    """Outputs of a study's runs, and the test rows that they belong to."""

    def __init__(self, folder: Path, keys: list[RunKey]) -> None:
        rows, outputs = (pq.read_table(folder / f"{name}.parquet") for name in ("rows", "outputs"))
        self._runs = {key: number for number, key in enumerate(keys)}
        seeds = rows["split_seed"].to_numpy()
        self._names = {int(seed): rows["name"].to_numpy()[seeds == seed] for seed in np.unique(seeds)}
        self._tokens = {int(seed): rows["tokens"].to_numpy()[seeds == seed] for seed in np.unique(seeds)}
        order = np.argsort(outputs["run"].to_numpy(), kind="stable")
        self._of_run = outputs["run"].to_numpy()[order]
        self._columns = {
            "prediction": outputs["prediction"].to_numpy()[order],
            "loss": outputs["loss"].to_numpy()[order] * NATS,
            "unlikely": outputs["unlikely"].to_numpy()[order] * UNLIKELY,
        }

    def scores(self, key: RunKey, part: str) -> RunScores:
        """Return the scores of a run."""
        of_run = slice(*np.searchsorted(self._of_run, [self._runs[key], self._runs[key] + 1]))
        written, names = self._columns["prediction"][of_run].tolist(), self._names[key.split_seed].tolist()
        losses, tokens = self._columns["loss"][of_run], self._tokens[key.split_seed]
        unlikely = self._columns["unlikely"][of_run]
        return RunScores(
            names,
            written,
            {
                EXACT.name: EXACT.statistics(written, names),
                LOSS.name: np.column_stack([np.ones(len(losses)), losses, tokens]),
            },
            ood={} if np.isnan(unlikely).all() else {CONFIDENCE_OF_TEXT: unlikely},
        )


def _splits(folder: Path) -> tuple[dict[_Split, SplitFacts], dict[_Split, NDArray[np.bool_]], dict[_Split, float]]:
    """Return, by scenario and split seed, the facts, the rows whose name the masked training saw, and the AUC."""
    audits = load_audits(folder)
    splits, named, aucs = {}, {}, {}
    for line in pq.read_table(folder / "scenarios.parquet").to_pylist():
        facts = json.loads(line["facts"])
        at = facts["scenario"], line["split_seed"]
        figures = audits.get(split_name(*at), {})
        splits[at] = SplitFacts(
            **facts,
            members={part: np.array(line[part]) for part in TEST_PARTS},
            audit=SplitAudit.from_dict(figures) if "verdict" in figures else None,
            nearest={0.0: np.array(line["nearest"], dtype=np.float64)},
        )
        named[at], aucs[at] = np.array(line["named"]), line["auc"]
    return splits, named, aucs


def _record(line: Mapping[str, Any]) -> RunRecord:
    """Return the record of a line of ``runs.parquet``."""
    return RunRecord.from_dict({**{name: json.loads(value) for name, value in line.items()}, "blocked": False})


def split_name(scenario: str, split_seed: int) -> str:
    """Return the name of a split."""
    return f"{scenario} split{split_seed}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _write(path: Path, table: pa.Table, split_bytes: Sequence[str] = ()) -> None:
    """Write a table; bytes of the same place stand together in some columns, which then take less."""
    pq.write_table(
        table, path, compression="zstd", compression_level=19,
        use_dictionary=[name for name in table.column_names if name not in split_bytes],
        column_encoding=dict.fromkeys(split_bytes, "BYTE_STREAM_SPLIT") or None,
    )  # fmt: skip


def main() -> None:
    """Write the compact form of each study of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder that the studies were run in")
    parser.add_argument(
        "studies", nargs="*", metavar="STUDY", help="study to write, such as stdlib; all of them without any"
    )
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for search in sorted(options.folder.glob("search-*.json")):
        shutil.copy(search, RESULTS / search.name)
    for name in options.studies or STUDIES:
        if (options.folder / name / "study.json").exists():
            pack(options.folder / name, RESULTS / name)
            print(name, unpack(RESULTS / name))


if __name__ == "__main__":
    main()

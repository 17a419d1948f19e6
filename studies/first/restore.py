"""Makes a study's folder of its compact form, so that ``study.py run`` goes on where that ends.

    python -m studies.first.restore stdlib runs/first
    python studies/first/study.py run stdlib runs/first --workers 2

The rows are split again, and the runs and audits of ``studies/first/results`` are written as done. Their losses have
two digits, as in the compact form.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from codeshift.study.folder.store import StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.running.prepare import prepare_folder
from studies.first.compact import RESULTS, unpack
from studies.first.study import CORPORA, SEARCH, best_rates, study_of


def restore(name: str, folder: Path, data: Path | None) -> StudyStore:
    """Write a study's folder with the runs and audits of the compact form.

    Args:
        name: Name of the study.
        folder: Folder of all studies.
        data: File of the functions of ``algorithms``.
    """
    corpus_name, results = name.removesuffix("-curve"), unpack(RESULTS / name)
    folder.mkdir(parents=True, exist_ok=True)
    search = folder / SEARCH.format(corpus=corpus_name)
    shutil.copy(RESULTS / search.name, search)
    study = study_of(name, CORPORA[corpus_name](data), best_rates(search), audits=False)
    store = StudyStore((folder / name).resolve())
    prepare_folder(study.spec, Plan.of(study.spec), study.splits, store, extend=False)
    rows = {seed: study.splits.all_rows.select(store.read_test(seed)) for seed in study.spec.split_seeds}
    texts = {seed: study.spec.task.texts(test) for seed, test in rows.items()}
    for record in results.records:
        if record.status == "done" and store.read_record(record.key) is None:
            scores, (sources, names) = results.scores(record.key), texts[record.key.split_seed]
            assert list(scores.references) == names, f"{record.key} was scored on other rows"  # noqa: S101
            store.run(record.key).mkdir(parents=True, exist_ok=True)
            replace(scores, sources=sources).save(store.scores(record.key, "test"))
            store.write_record(record)
    for (scenario, seed), facts in results.splits.items():
        if facts.audit is not None and store.read_audit(scenario, seed) is None:
            store.write_audit(scenario, seed, facts.audit)
    return store


def main() -> None:
    """Make the folder of one study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=sorted(path.name for path in RESULTS.iterdir() if path.is_dir()))
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/first"))
    parser.add_argument("--data", type=Path, help="file of the functions of TheAlgorithms' repositories, as JSON lines")
    options = parser.parse_args()
    print(restore(options.study, options.folder, options.data).root)


if __name__ == "__main__":
    main()

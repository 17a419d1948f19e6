"""Preparation of a study's folder: the files that workers need, written before any of them starts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from codeshift.errors import ParameterError
from codeshift.files import damaged
from codeshift.requirements import check_folder
from codeshift.splits.facts import environment
from codeshift.study.folder.arrays import write_arrow
from codeshift.study.folder.locks import awaited
from codeshift.study.folder.output_folder import output_folder
from codeshift.study.folder.split_audit import AuditError
from codeshift.study.folder.store import StudyStore
from codeshift.study.folder.stored_settings import StoredStudy
from codeshift.study.planning.plan import Plan
from codeshift.study.settings.fingerprint import fingerprint, refuse_other_study
from codeshift.study.settings.spec import AXES, ModelSpec, StudySpec
from codeshift.study.splitting.rewritten_part import transformed_parts
from codeshift.study.splitting.study_splits import StudySplits


def prepare_folder(spec: StudySpec, plan: Plan, splits: StudySplits, store: StudyStore, *, extend: bool) -> None:
    """Write the files that workers need, unless they exist; one process does it while others wait.

    What cannot work raises its error before anything is written.

    Raises:
        ParameterError: if the folder is that of another study or cannot be written to, or a scenario cannot be split.
    """
    check_folder("folder", store.root)
    settings = fingerprint(spec)
    _read_same(settings, store, extend=extend)
    _split_what_is_missing(spec, splits, store)
    output_folder("folder", store.root)
    with awaited(store.lock("study")):
        stored = _read_same(settings, store, extend=extend)  # another process may have prepared it meanwhile
        if stored is not None:
            store.repair(plan.keys, [scenario.name for scenario in spec.scenarios], spec.split_seeds)
            _evaluate_shared_again(spec, plan, store, stored)
        _save_model(spec, store)
        _write_study_rows(spec, splits, store)
        extended = stored is not None and any(settings.get(name) != stored.settings.plain.get(name) for name in AXES)
        if stored is None or extended or damaged(store.study):
            store.write_study(settings, plan.keys, environment() if stored is None else stored.settings.versions)


def _read_same(settings: Mapping[str, Any], store: StudyStore, *, extend: bool) -> StoredStudy | None:
    """Read the study of a folder; None if there is none.

    Raises:
        ParameterError: if it is another study, or the folder holds something else.
    """
    stored = store.read_study()
    if stored is not None:
        refuse_other_study(settings, stored.settings.plain, store.root, extend=extend)
    elif any(store.root.glob("*.json")):
        raise ParameterError("folder", "empty, or that of a study", str(store.root), "name another folder")
    return stored


def _split_what_is_missing(spec: StudySpec, splits: StudySplits, store: StudyStore) -> None:
    """Split all that is to be written, so that a scenario that cannot be split raises its error now."""
    for split_seed in spec.split_seeds:
        if not store.parts(split_seed).exists():
            splits.baseline(split_seed)
        for scenario in spec.scenarios:
            if not store.facts(scenario.name, split_seed).exists():
                splits.scenario(scenario.name, split_seed)


def _evaluate_shared_again(spec: StudySpec, plan: Plan, store: StudyStore, before: StoredStudy) -> None:
    """Have shared runs evaluated again if scenarios were added, as the parts of these have other rows to generate."""
    added = {scenario.name for scenario in spec.scenarios} - set(before.settings.scenarios)
    if spec.evaluation.generate_rows is not None and added:
        for key in plan.keys:
            if key.scenario is None:
                store.evaluate_again(key)


def _save_model(spec: StudySpec, store: StudyStore) -> None:
    """Save models and tokenizers that were given as objects to folders that workers can load."""
    for name, model in spec.models.items():
        if model.objects and not store.model(name).exists():
            _save_objects(model, store.model(name))


def _save_objects(model: ModelSpec, folder: Path) -> None:
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    from codeshift.study.running.worker import quiet

    with quiet():
        for part in model.objects:
            part.save_pretrained(temporary)
    temporary.replace(folder)


def _write_study_rows(spec: StudySpec, splits: StudySplits, store: StudyStore) -> None:
    """Write the files of rows that do not exist yet; others stay as they are."""
    (store.root / "data").mkdir(exist_ok=True)
    if not store.rows_file.exists():
        write_arrow(splits.all_rows, store.rows_file)
    if spec.general is not None and not store.general.exists():
        write_arrow(spec.general, store.general)
    for split_seed in spec.split_seeds:
        if not store.parts(split_seed).exists():
            store.write_parts(split_seed, splits.parts(split_seed).positions, splits.baseline(split_seed))
        for name in spec.transforms:
            if not store.rewritten(name, split_seed).exists():
                write_arrow(splits.rewritten(name, split_seed), store.rewritten(name, split_seed))
        for scenario in spec.scenarios:
            _write_scenario(spec, splits, store, scenario.name, split_seed)


def _write_scenario(spec: StudySpec, splits: StudySplits, store: StudyStore, name: str, split_seed: int) -> None:
    """Write the manifests and the rows of each regime; the facts come last and mark the split as complete."""
    store.split(name, split_seed).mkdir(parents=True, exist_ok=True)
    missing = [share for share in spec.split_shares if not store.manifest(name, split_seed, share).exists()]
    facts = store.facts(name, split_seed)
    if not missing and facts.exists():
        return
    split = splits.scenario(name, split_seed)
    transformed = transformed_parts(spec, splits, split)
    for share in missing:
        manifest = replace(split.assignments[share].manifest, transformed=transformed)
        manifest.save(store.manifest(name, split_seed, share))
    store.write_regimes(name, split_seed, {share: split.training(share) for share in split.assignments})
    masked = store.manifest(name, split_seed, 0.0).relative_to(store.root)
    split.facts(masked.as_posix()).save(
        facts, vouched=[store.training_rows(name, split_seed), *facts.parent.glob("*.manifest.json")]
    )


def forget_failures(plan: Plan, store: StudyStore) -> None:
    """Remove the records of failed runs, audits and searches of corpora, so that they are done again."""
    for key in plan.keys:
        record = store.read_record(key)
        if record is not None and record.status == "failed":
            store.record(key).unlink()
            if record.blocked:
                shutil.rmtree(store.training(key) / "checkpoints", ignore_errors=True)
                shutil.rmtree(store.evaluation(key), ignore_errors=True)
    for audit in plan.audits:
        if isinstance(store.read_audit(audit.scenario, audit.split_seed), AuditError):
            store.audit(audit.scenario, audit.split_seed).unlink()
    for marks in store.read_all_marks():
        if marks.error:
            store.marks(marks.corpus, marks.split_seed).unlink()

"""Fingerprints that identify a study, as JSON values, and the differences between two of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.audit.corpora import corpus_identity
from codeshift.errors import ParameterError
from codeshift.properties.grammars import language_of
from codeshift.properties.model_tokens import vocabulary_digest
from codeshift.study.settings.spec import AXES, FREE_SETTINGS, OMITTED, ModelSpec, StudySpec
from codeshift.wording import Verbatim, shown

if TYPE_CHECKING:
    from datasets import Dataset
    from peft import PeftConfig

    from codeshift.finetune import TrainingConfig
    from codeshift.finetune.models import ModelOrName, TokenizerOrName


_ABSENT = Verbatim("absent")
_BLOCK = 1 << 20
# Settings of a TrainingConfig that change no weight, or are an axis of the study.
_NOT_OF_A_RUN = ("seed", "logging_steps", "save_strategy", "save_steps")


def fingerprint(spec: StudySpec) -> dict[str, Any]:
    """Return the settings of a study as JSON values: two studies with equal settings have equal results.

    A setting is recorded under its name by its own value, unless ``_RECORDED`` says how; a value of ``OMITTED`` is not.
    """
    from codeshift.finetune.identity import as_json

    values: dict[str, Any] = {}
    for setting in fields(spec):
        if setting.name in OMITTED and getattr(spec, setting.name) == OMITTED[setting.name]:
            continue
        record = _RECORDED.get(setting.name)
        values |= {setting.name: as_json(getattr(spec, setting.name))} if record is None else record(spec)
    return values


def _general(spec: StudySpec) -> dict[str, Any]:
    return {"general": None if spec.general is None else rows_digest(spec.general, spec.text_columns)}


def _model_facts(spec: StudySpec) -> dict[str, Any]:
    """Return the model without a name as a study of one model has it, and others by name, with what is their own."""
    named = {
        name: _model_identities(model) | _own_settings(model) for name, model in spec.models.items() if name is not None
    }
    return (_model_identities(spec.models[None]) if None in spec.models else {}) | ({"models": named} if named else {})


def _model_identities(model: ModelSpec) -> dict[str, Any]:
    revision = {} if model.revision is None else {"revision": model.revision}
    return {"model": _identity(model.model) | revision, "tokenizer": _identity(model.tokenizer)}


def _own_settings(model: ModelSpec) -> dict[str, Any]:
    own = {name: value for name, value in model.own.items() if name != "revision"}
    if "methods" in own:
        own["methods"] = {name: _peft_or_none(config) for name, config in own["methods"].items()}
    if "configs" in own:
        own["configs"] = {name: _of_a_run(config) for name, config in own["configs"].items()}
    return own


def _method_facts(spec: StudySpec) -> dict[str, Any]:
    return {
        "methods": {
            name: {"peft": _peft_or_none(config), "config": _of_a_run(spec.configs[name])}
            for name, config in spec.methods.items()
        }
    }


def _of_a_run(config: TrainingConfig) -> dict[str, Any]:
    return {name: value for name, value in config.to_dict().items() if name not in _NOT_OF_A_RUN}


def _peft_or_none(config: PeftConfig | None) -> dict[str, Any] | None:
    return None if config is None else _peft(config)


def _metric_facts(spec: StudySpec) -> dict[str, Any]:
    """Return the metrics, and the columns of the tests that outputs are run against if a metric runs tests."""
    tests = {metric.name: metric.test_code for metric in spec.metrics}
    columns = {name: template for name, template in tests.items() if template is not None}
    languages = {metric.name: language_of(metric) for metric in spec.metrics}
    return {"metrics": languages} | ({"tests": columns} if columns else {})


def _split_config(spec: StudySpec) -> dict[str, Any]:
    from codeshift.finetune.identity import as_json

    config = spec.split_config
    return {
        "groups": config.groups,
        "stratify_by_column": config.stratify_by_column,
        "near_duplicates": as_json(config.recorded().near_duplicates),
        "validation_size": config.validation_size,
        "train_size": config.train_size,
    }


def _audit_facts(spec: StudySpec) -> dict[str, Any]:
    from codeshift.finetune.identity import as_json

    return {"audit": spec.audit is not None and as_json(vars(spec.audit))}


def _against(spec: StudySpec) -> dict[str, Any]:
    return {"against": {name: corpus_identity(source) for name, source in spec.against.items()}}


def _evaluation(spec: StudySpec) -> dict[str, Any]:
    from codeshift.finetune import Decoding

    evaluation = spec.evaluation
    return {
        "generate_rows": evaluation.generate_rows,
        "decoding": None if evaluation.decoding == Decoding() else evaluation.decoding.to_dict(),
        "shots": evaluation.shots,
        "extract": evaluation.extract,
        "evaluation_batch_size": evaluation.batch_size,
        "evaluation_seed": evaluation.seed,
    }


def _task_facts(spec: StudySpec) -> dict[str, Any]:
    """Return the name, source and target of the task, and the classes if it has any."""
    classes = spec.task.class_names
    return spec.task.to_dict() | ({"classes": list(classes)} if classes else {})


_RECORDED: Mapping[str, Callable[[StudySpec], dict[str, Any]]] = {
    "dataset": lambda spec: {
        "data": {name: rows_digest(rows, spec.data_columns) for name, rows in spec.data_splits.items()}
    },
    "general": _general,
    "task": _task_facts,
    "scenarios": lambda spec: {"scenarios": {scenario.name: repr(scenario.splitter) for scenario in spec.scenarios}},
    "models": _model_facts,
    "methods": _method_facts,
    "configs": lambda spec: {},  # each stands beside its method
    "metrics": _metric_facts,
    "split_config": _split_config,
    "audit": _audit_facts,
    "against": _against,
    "evaluation": _evaluation,
    "transforms": lambda spec: {"transforms": {name: of.to_dict() for name, of in spec.transforms.items()}},
}
"""JSON values of the settings that are no plain values themselves."""


def refuse_other_study(ours: Mapping[str, Any], theirs: Mapping[str, Any], folder: Path, *, extend: bool) -> None:
    """Check that the study of a folder is the same one.

    Args:
        ours: Settings of this study.
        theirs: Settings in the folder.
        folder: Folder that the message names.
        extend: Whether this study may have more values on the axes.

    Raises:
        ParameterError: if the studies differ; the message says in what.

    >>> refuse_other_study({"source": "doc"}, {"source": "docstring"}, Path("runs/a"), extend=False)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: folder must be of the same study, got 'runs/a': source is 'doc', there it is
    'docstring'; give another folder, or the study that was run there
    """
    ours, theirs = json.loads(json.dumps(ours)), json.loads(json.dumps(theirs))
    differences = []
    for name in sorted({*ours, *theirs} - {*FREE_SETTINGS}):
        empty: Any = {} if name in AXES else None  # an axis that is new in this version has no values there
        left, right = ours.get(name, empty), theirs.get(name, empty)
        if name in AXES and _extends(left, right) and (extend or not _extends(right, left)):
            if not extend:
                differences.append((name, left, right))
        elif left != right and not (name in AXES and _same_members(left, right)):
            differences.append((name, left, right))
    if not differences:
        return
    lines = "; ".join(line for name, left, right in differences for line in _described(name, left, right))
    only_more = all(name in AXES and _extends(left, right) for name, left, right in differences)
    remedy = (
        "pass extend=True (on the command line --extend) to add to it"
        if only_more
        else "give another folder, or the study that was run there"
    )
    raise ParameterError("folder", "of the same study", str(folder), f"{lines}; {remedy}")


def _extends(left: Any, right: Any) -> bool:
    """Return whether ``left`` has all that ``right`` has."""
    if isinstance(left, dict) and isinstance(right, dict):
        return all(name in left and left[name] == value for name, value in right.items())
    return isinstance(left, list) and isinstance(right, list) and all(value in left for value in right)


def _same_members(left: Any, right: Any) -> bool:
    return _extends(left, right) and _extends(right, left)


def _described(name: str, left: Any, right: Any) -> list[str]:
    """Describe the differences, down to the single setting."""
    if isinstance(left, dict) and isinstance(right, dict):
        values = {n: (left.get(n, _ABSENT), right.get(n, _ABSENT)) for n in sorted({*left, *right})}
        return [
            line
            for n, (ours, theirs) in values.items()
            if ours != theirs
            for line in _described(f"{name}.{n}", ours, theirs)
        ]
    return [f"{name} is {shown(left)}, there it is {shown(right)}"]


def rows_digest(data: Dataset, columns: Iterable[str]) -> str:
    """Return a digest of some columns of a dataset, row by row."""
    state = hashlib.blake2b(digest_size=16)
    plain_rows = data.with_format(None)
    for column in sorted(columns):
        state.update(json.dumps([column, list(plain_rows[column])], default=str).encode())
    return f"{len(data)} rows, {state.hexdigest()}"


def _peft(config: PeftConfig) -> dict[str, Any]:
    """Return a PEFT config as JSON values, without the version that wrote it."""
    from codeshift.finetune.identity import as_json

    return {name: as_json(value) for name, value in config.to_dict().items() if name != "peft_version"}


def _identity(value: ModelOrName | TokenizerOrName) -> dict[str, str]:
    """Return the identity of a model or tokenizer: its name on the hub, or a digest of its folder or weights."""
    if isinstance(value, str | os.PathLike):
        folder = Path(value)
        return {"folder": _folder_digest(folder)} if folder.is_dir() else {"name": str(value)}
    if hasattr(value, "get_vocab"):
        return {"vocabulary": vocabulary_digest(value)}
    from codeshift.finetune.identity import weights_digest

    return {"weights": weights_digest(value)}


def _folder_digest(folder: Path) -> str:
    """Return a digest of a model's files; for large files, of their sizes and of blocks spread over them."""
    state = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in (".json", ".safetensors", ".txt", ".model"):
            state.update(f"{path.name} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                step = max(_BLOCK, path.stat().st_size // 64)
                for start in range(0, path.stat().st_size, step):
                    file.seek(start)
                    state.update(file.read(_BLOCK))
    return state.hexdigest()

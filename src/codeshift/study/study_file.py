"""Studies from YAML files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from codeshift.audit.corpora import Corpus
from codeshift.data import load_data, load_rows
from codeshift.data.hub import is_hub_name
from codeshift.defaults import EMBEDDED
from codeshift.errors import ParameterError
from codeshift.splitters import EncoderEmbedding, Scenario, parse_splitter, scenarios_by_name
from codeshift.study.config_file import SettingsError, SettingsFile, read_settings
from codeshift.study.settings.study_model import StudyModel
from codeshift.study.study import Study
from codeshift.transforms import Chain, Transform, transform_by_name
from codeshift.wording import closest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from peft import PeftConfig

    from codeshift.finetune import TrainingConfig

Settings = TypeVar("Settings")

_DATA = ("source", "split", "rename", "require", "config", "revision")
# Keys of the file whose values are made into objects, and the arguments of ``Study`` that these become, if any.
_OBJECTS = {
    "data": "dataset", "general": "general", "scenarios": "scenarios", "embedding": None, "pca": None,
    "methods": "methods", "models": "models", "training": "config", "decoding": "decoding", "against": "against",
    "transforms": "transforms",
}  # fmt: skip
_OF_A_MODEL = ("model", "tokenizer", "revision", "methods", "training", "chat", "system")
_ARGUMENTS = tuple(argument for argument in fields(Study) if argument.init)
_VALUES = tuple(argument.name for argument in _ARGUMENTS if argument.name not in _OBJECTS.values())
_KEYS = {argument: key for key, argument in _OBJECTS.items() if argument is not None}
_NEEDED = tuple(
    _KEYS.get(argument.name, argument.name)
    for argument in _ARGUMENTS
    if argument.default is argument.default_factory is MISSING
)


def load_study(path: str | os.PathLike[str]) -> Study:
    r"""Load a study from a YAML file, with its data.

    Most keys are those of ``Study``. Paths are searched for beside the file first. The other keys:

    ``data`` and ``general``: a file, folder or hub name, or ``source``, ``split``, ``rename``, ``require``, ``config``
    and ``revision`` as in ``load_rows``. ``scenarios``: names as in ``scenarios_by_name``, or ``name`` and
    ``splitter`` (an expression as in ``parse_splitter``); ``embedding`` and ``pca`` are those of clusters, the
    embedding a name or the settings of an ``EncoderEmbedding``.
    ``methods``: a list such as ``[full, lora]``, or by name ``full`` or the settings of a PEFT method, whose
    ``type`` is the name by default. ``models``: by name a hub name or folder, or the settings of a ``StudyModel``,
    with ``methods`` and ``training`` as above for what is the model's own. ``training``: settings of
    ``TrainingConfig``; below a method's name, those of that method alone. ``decoding``: settings of ``Decoding``.
    ``against``: corpora by name, each a file, a folder or a pattern of files, or ``embedded``, or its ``source`` and
    the ``column`` of its code, or its columns by those of the data. ``transforms``: a list, or by name, of names as in
    ``transform_by_name``, settings with one as ``type``, or lists of these, which are chains; or one name or settings.

    Args:
        path: Path of the file, which ends in ``.yaml`` or ``.yml``.

    Raises:
        ParameterError: if the file does not exist.
        SettingsError: if a value or key is invalid; the message names the line and the closest valid name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = "".join(f'{{"doc": "Add {i}.", "code": "x = {i}"}}\n' for i in range(40))
    ...     _ = Path(folder, "rows.jsonl").write_text(rows)
    ...     path = Path(folder, "study.yaml")
    ...     _ = path.write_text('''
    ... data: rows.jsonl
    ... column: code
    ... source: doc
    ... target: code
    ... scenarios: [length_p90_p100]
    ... methods: [full, lora]
    ... model: a/model
    ... ''')
    ...     study = load_study(path)
    >>> [scenario.name for scenario in study.scenarios], list(study.methods), len(study.dataset)
    (['length_p90_p100'], ['full', 'lora'], 40)
    """
    file = read_settings(Path(path))
    content = file.check_keys(file.content, (*_OBJECTS, *_VALUES))
    missing = [name for name in _NEEDED if name not in content]
    if missing:
        remedy = ", ".join(f"{name}: ..." for name in missing)
        raise SettingsError(str(path), None, f"the key {missing[0]!r} is missing: add {remedy}")
    plain = {name: content[name] for name in _VALUES if name in content}
    for name in ("model", "tokenizer"):
        if isinstance(plain.get(name), str):
            plain[name] = _beside(file, plain[name])
    if isinstance(plain.get("power"), Mapping) and isinstance(plain["power"].get("pilot"), str):
        plain["power"] = {**plain["power"], "pilot": _beside(file, plain["power"]["pilot"])}
    objects = _objects(file, content, plain)
    with file.at():
        return Study(**plain, **objects)


def _objects(file: SettingsFile, content: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    """Make the arguments that are no plain values."""
    objects: dict[str, Any] = {"scenarios": _scenarios(file, content, plain)}
    if "methods" in content:
        objects["methods"] = _read_methods(file, content["methods"])
    if "training" in content:
        objects["config"] = _training(file, content["training"], objects.get("methods", {"full": None}))
    if "models" in content:
        objects["models"] = _read_models(file, content, objects.get("methods", {"full": None}))
    if "decoding" in content:
        from codeshift.finetune import Decoding

        objects["decoding"] = _dataclass(file, Decoding, content["decoding"], "decoding")
    if "against" in content:
        objects["against"] = _corpora(file, content["against"])
    if content.get("transforms") is not None:
        objects["transforms"] = _transforms(file, content["transforms"], plain)
    objects["dataset"] = _data(file, content["data"], "data")
    if "general" in content:
        objects["general"] = _data(file, content["general"], "general")
    return objects


def _data(file: SettingsFile, content: object, key: str) -> Dataset | DatasetDict:
    options = {"source": content} if isinstance(content, str) else dict(file.check_keys(content, _DATA, key))
    with file.at(key):
        if not isinstance(options.get("source"), str):
            raise ParameterError("source", "a file, a folder or a hub name", options.get("source"), "as a text")
        options["source"] = _beside(file, options["source"])
        return load_rows(**options) if key == "general" else load_data(**options)


def _corpora(file: SettingsFile, content: object) -> dict[str, str | Corpus]:
    """Return the corpora, whose paths are searched for beside the file."""
    with file.at("against"):
        if not isinstance(content, Mapping):
            raise ParameterError("against", "paths by name", content, "such as {pretraining: pretraining/*.parquet}")
    corpora: dict[str, str | Corpus] = {}
    for name, entry in content.items():
        place = ("against", name)
        options = {"source": entry} if isinstance(entry, str) else file.check_keys(entry, ("source", "column"), *place)
        with file.at(*place):
            if not isinstance(options.get("source"), str):
                raise ParameterError("source", "a path, or embedded", options.get("source"), "as a text")
            path = options["source"]
            source = path if path == EMBEDDED else str(file.path.parent / Path(path).expanduser())
            corpora[str(name)] = Corpus(source, options["column"]) if "column" in options else source
    return corpora


def _transforms(
    file: SettingsFile, content: object, plain: Mapping[str, Any]
) -> dict[str, Transform | Chain] | list[Transform | Chain]:
    """Return the transforms by name, or a list of those that have none; one by itself is a list of one."""
    make = partial(transform_by_name, column=plain.get("column") or "code", language=plain.get("language"))
    alone = isinstance(content, str) or (isinstance(content, Mapping) and "type" in content)
    listed = [content] if alone else content
    with file.at("transforms"):
        if not isinstance(listed, list | Mapping):
            raise ParameterError("transforms", "a list, or transforms by name", listed, "such as [Reformat]")
    transforms: dict[Any, Transform | Chain] = {}
    for name, settings in listed.items() if isinstance(listed, Mapping) else enumerate(listed):
        with file.at("transforms", *([] if alone else [name])):
            transforms[name] = make(settings)
    return transforms if isinstance(listed, Mapping) else list(transforms.values())


def _beside(file: SettingsFile, source: str) -> str:
    """Return the path beside the file if it exists or the text cannot be a hub name, or else the text."""
    path = file.path.parent / Path(source).expanduser()
    return source if is_hub_name(source) and not os.path.exists(path) else str(path)


def _scenarios(file: SettingsFile, of_file: dict[str, Any], plain: dict[str, Any]) -> list[Scenario]:
    listed = [of_file["scenarios"]] if isinstance(of_file["scenarios"], str) else of_file["scenarios"]
    with file.at("scenarios"):
        if not isinstance(listed, list):
            raise ParameterError("scenarios", "a list", listed, "such as [length, syntax]")
        column = plain.get("column") or "code"
        settings: dict[str, Any] = {name: of_file[name] for name in ("embedding", "pca") if name in of_file}
        if isinstance(settings.get("embedding"), Mapping):
            settings["embedding"] = _encoder(file, settings["embedding"])
        scenarios: list[Scenario] = []
        for i, content in enumerate(listed):
            with file.at("scenarios", i):
                scenarios += _scenario(file, content, i, column, plain.get("language"), settings)
        return scenarios


def _encoder(file: SettingsFile, content: Mapping[str, Any]) -> EncoderEmbedding:
    with file.at("embedding"):
        if not isinstance(content.get("model"), str):
            raise ParameterError("model", "a folder or a hub name", content.get("model"), "as a text")
    content = {**content, "model": _beside(file, content["model"])}
    return _dataclass(file, EncoderEmbedding, content, "embedding")


def _scenario(
    file: SettingsFile, content: object, i: int, column: str, language: str | None, settings: dict[str, Any]
) -> tuple[Scenario, ...]:
    if isinstance(content, str):
        return scenarios_by_name(content, column=column, language=language, **settings)
    keys = file.check_keys(content, ("name", "splitter"), "scenarios", i)
    text = keys.get("splitter")
    if not isinstance(text, str):
        remedy = "such as LengthSplitter(bounds=(200, None))"
        raise ParameterError("splitter", "an expression of splitters", text, remedy)
    with file.at("scenarios", i, "splitter"):
        splitter = parse_splitter(text, column=column, language=language)
    return (Scenario(keys.get("name", ""), splitter),)


def _read_methods(file: SettingsFile, content: object, *place: str) -> dict[str, PeftConfig | None]:
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        content = {name: {} for name in content}
    with file.at(*place, "methods"):
        if not isinstance(content, Mapping) or not content:
            raise ParameterError("methods", "a list of names, or settings by name", content, "such as [full, lora]")
        return {name: _method(file, name, settings, *place) for name, settings in content.items()}


def _method(file: SettingsFile, name: str, settings: Any, *place: str) -> PeftConfig | None:
    with file.at(*place, "methods", name):
        options = {"type": settings} if isinstance(settings, str) else dict(settings or {})
        kind = str(options.pop("type", name)).lower()
        if kind == "full":
            file.check_keys(options, ("type",), *place, "methods", name)
            return None
        from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

        kinds = {getattr(key, "value", key).lower(): config for key, config in PEFT_TYPE_TO_CONFIG_MAPPING.items()}
        if kind not in kinds:
            raise ParameterError("type", "full or a method of PEFT", kind, closest(kind, ["full", *kinds]))
        if kind == "lora":
            options = {"r": 8, "lora_alpha": 2 * options.get("r", 8)} | options
        config: PeftConfig = _dataclass(file, kinds[kind], options, *place, "methods", name)
        return config


def _read_models(
    file: SettingsFile, of_file: Mapping[str, Any], methods: Mapping[str, PeftConfig | None]
) -> dict[str, StudyModel]:
    """Make the models; what a model's own ``training`` leaves out is that of the file's ``training``."""
    with file.at("models"):
        if not isinstance(of_file["models"], Mapping) or not of_file["models"]:
            raise ParameterError("models", "names or settings by name", of_file["models"], "such as {t5: a/name}")
    models = {}
    for name, content in of_file["models"].items():
        place = ("models", name)
        settings = {"model": content} if isinstance(content, str) else content
        options: dict[str, Any] = dict(file.check_keys(settings, _OF_A_MODEL, *place))
        with file.at(*place):
            if not isinstance(options.get("model"), str):
                raise ParameterError("model", "a folder or a hub name", options.get("model"), "as a text")
        for key in ("model", "tokenizer"):
            if isinstance(options.get(key), str):
                options[key] = _beside(file, options[key])
        if "methods" in options:
            options["methods"] = _read_methods(file, options["methods"], *place)
        if "training" in options:
            options["config"] = _training(
                file, options.pop("training"), methods, *place, common=of_file.get("training")
            )
        with file.at(*place):
            models[name] = StudyModel(**options)
    return models


def _training(
    file: SettingsFile,
    content: object,
    methods: Mapping[str, PeftConfig | None],
    *place: str,
    common: Mapping[str, Any] | None = None,
) -> TrainingConfig | dict[str, TrainingConfig]:
    from codeshift.finetune import TrainingConfig
    from codeshift.finetune.training_config import RENAMED

    of_config = [field.name for field in fields(TrainingConfig)]
    place = (*place, "training")
    settings_of_place = file.check_keys(content, (*of_config, *methods), *place, renamed=RENAMED)
    settings = {**(common or {}), **settings_of_place}
    of_all = {name: value for name, value in settings.items() if name in of_config}
    own = {name: value for name, value in settings.items() if name not in of_config}
    if not own:
        return _dataclass(file, TrainingConfig, of_all, *place)
    configs = {}
    for method in methods:
        if method not in own:
            configs[method] = _dataclass(file, TrainingConfig, of_all, *place)
            continue
        overriding = file.check_keys(own[method], of_config, *place, method, renamed=RENAMED)
        configs[method] = _dataclass(file, TrainingConfig, of_all | overriding, *place, method)
    return configs


def _dataclass(file: SettingsFile, cls: type[Settings], content: object, *place: str) -> Settings:
    """Make an object of a dataclass from its settings."""
    names = [field.name for field in fields(cls) if field.init]  # type: ignore[arg-type]  # each is a dataclass
    settings = file.check_keys(content, names, *place)
    with file.at(*place):
        return cls(**settings)

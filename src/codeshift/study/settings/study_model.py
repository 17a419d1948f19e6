"""Several models of one study: what is a model's own, and what it takes from the study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codeshift.errors import ParameterError
from codeshift.reaching_hub import check_revision
from codeshift.study.settings.axes import check_methods
from codeshift.study.settings.spec import ModelSpec
from codeshift.study.settings.validate import check_configs, check_model, check_tokenizer
from codeshift.wording import closest

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.finetune import TrainingConfig
    from codeshift.finetune.evaluation_settings import EvaluationSettings
    from codeshift.finetune.models import ModelOrName, TokenizerOrName
    from codeshift.finetune.tasks import Task


@dataclass(frozen=True, kw_only=True)
class StudyModel:
    """One of several models of a study; what is None is as the study has it.

    Attributes:
        model: Hub name, folder or model of transformers.
        tokenizer: Tokenizer of the model; by default the one at its name or folder.
        revision: Branch, tag or commit of the hub's name.
        methods: PEFT configs of some of the study's methods for this model, such as a LoRA of its own target modules.
        config: Training config for all methods of this model, or one for each by name.
        chat: Whether rows become conversations by the chat template of this model's tokenizer.
        system: Text of a system turn before each source, with ``chat``.

    >>> StudyModel(model="HuggingFaceTB/SmolLM2-135M-Instruct", chat=True).chat
    True
    """

    model: ModelOrName
    tokenizer: TokenizerOrName | None = field(default=None, repr=False)
    revision: str | None = None
    methods: Mapping[str, PeftConfig | None] | None = None
    config: TrainingConfig | Mapping[str, TrainingConfig] | None = None
    chat: bool | None = None
    system: str | None = None


def check_models(models: object) -> dict[str, StudyModel]:
    """Check that models have names, and return them; a name, folder or object becomes a ``StudyModel``.

    Raises:
        ParameterError: if they are no models by name.

    >>> check_models({"t5": "Salesforce/codet5p-220m"})
    {'t5': StudyModel(model='Salesforce/codet5p-220m', revision=None, methods=None, config=None, chat=None, ...)}
    """
    remedy = 'such as {"t5": "Salesforce/codet5p-220m", "smollm2": StudyModel(model="...", chat=True)}'
    if models is None:
        return {}
    if not isinstance(models, Mapping) or not models:
        raise ParameterError("models", "models by name, at least one", models, remedy)
    for name in models:
        if not isinstance(name, str) or not name:
            raise ParameterError("models", "models by names of text", name, remedy)
    return {name: each if isinstance(each, StudyModel) else StudyModel(model=each) for name, each in models.items()}


def model_spec(
    study_model: StudyModel,
    methods: Mapping[str, PeftConfig | None],
    configs: Mapping[str, TrainingConfig],
    task_of: Callable[[StudyModel], Task],
    evaluation_of: Callable[[Task, Mapping[str, TrainingConfig]], EvaluationSettings],
    name: str | None = None,
) -> ModelSpec:
    """Return all settings of a model.

    Args:
        study_model: Model, as it was given.
        methods: Methods of the study.
        configs: Training config of each method of the study.
        task_of: Function that returns the task of a model.
        evaluation_of: Function that returns the settings of the evaluation for a task and training configs.
        name: Name of the model in ``Study.models``, for messages; None for ``Study.model``.

    Raises:
        ParameterError: if a setting cannot work; the message names the model.
    """
    try:
        model, task = check_model(study_model.model), task_of(study_model)
        own_methods = _own_methods(study_model, methods)
        own_configs = configs if study_model.config is None else check_configs(study_model.config, methods)
        for config in own_configs.values():
            task.check_config(config)
        return ModelSpec(
            model=model,
            tokenizer=check_tokenizer(study_model.tokenizer, model),
            revision=check_revision(model, study_model.revision),
            task=task,
            methods={**methods, **own_methods},
            configs=own_configs,
            evaluation=evaluation_of(task, own_configs),
            own=_own_settings(study_model, own_methods, own_configs),
        )
    except ParameterError as error:
        if name is None:
            raise
        parameter = f"models[{name!r}]: {error.parameter}"
        raise type(error)(parameter, error.constraint, error.value, error.remedy) from error


def _own_methods(study_model: StudyModel, methods: Mapping[str, PeftConfig | None]) -> dict[str, PeftConfig | None]:
    """Return the methods that a model has configs of its own for; each is of one kind in all models."""
    own = {} if study_model.methods is None else check_methods(study_model.methods)
    for method, config in own.items():
        if method not in methods:
            raise ParameterError("methods", "of names of the study's methods", method, closest(method, methods))
        if (config is None) != (methods[method] is None):
            kind = "None, full fine-tuning," if methods[method] is None else "a PEFT config"
            raise ParameterError("methods", f"{kind} as in the study", config, "a method is one kind in all models")
    return own


def _own_settings(
    study_model: StudyModel, methods: Mapping[str, PeftConfig | None], configs: Mapping[str, TrainingConfig]
) -> dict[str, Any]:
    """Return what a model was given for itself."""
    own: dict[str, Any] = {"methods": methods} if methods else {}
    own |= {} if study_model.config is None else {"configs": configs}
    named = {"revision": study_model.revision, "chat": study_model.chat, "system": study_model.system}
    return own | {name: value for name, value in named.items() if value is not None}

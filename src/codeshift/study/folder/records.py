"""Records of runs: how each went, and the facts of its training and its evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from codeshift.study.settings.keys import RunKey

Status = Literal["done", "failed", "pending"]


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    """Facts of the training of a run.

    Attributes:
        steps: Number of updates of the weights.
        training_seconds: Seconds of the training loop, validation included.
        first_loss: Loss of the first step, in nats per target token; None if it is not finite.
        last_loss: Loss of the last step.
        best_validation_loss: Smallest validation loss; None without validation.
        best_step: Step of the best validation; None without validation.
        stopped_early: Whether patience ended the training.
        target_tokens: Number of target tokens in all steps.
        trainable_parameters: Number of parameters that were trained.
        parameters: Number of all parameters.
        truncation: Counts of cut texts by part, as in ``TrainingResult``.
        round_trip: Counts of the texts that the tokenizer does not give back, by part.
        rows: Number of rows by part.
        weights: Digests of the files of the trained weights, by file name.
        unseen_labels: Classes that no training row has, so that the model cannot learn them.
        watched: Steps and losses of ``validation`` and of watched test parts, by part; {} if none were watched.

    >>> facts = TrainingFacts(steps=3, training_seconds=0.5, first_loss=2.0, last_loss=1.5, rows={"train": 29})
    >>> TrainingFacts.from_dict(facts.to_dict()) == facts
    True
    """

    steps: int
    training_seconds: float
    first_loss: float | None
    last_loss: float | None
    best_validation_loss: float | None = None
    best_step: int | None = None
    stopped_early: bool = False
    target_tokens: int = 0
    trainable_parameters: int = 0
    parameters: int = 0
    truncation: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False)
    round_trip: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    rows: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict, repr=False)
    unseen_labels: Sequence[str] = field(default_factory=list, repr=False)
    watched: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        values = asdict(self)
        trainable = values.pop("trainable_parameters")
        if not self.watched:
            values.pop("watched")
        return values | {"parameters": {"trainable": trainable, "total": self.parameters}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingFacts:
        """Make facts from the values of ``to_dict``; other values are left out."""
        counts = values["parameters"]
        own = _own_fields(cls, values) | {"trainable_parameters": counts["trainable"], "parameters": counts["total"]}
        watched = values.get("watched", {}).items()
        own["watched"] = {part: [(int(step), loss) for step, loss in steps] for part, steps in watched}
        return cls(**own)


@dataclass(frozen=True, kw_only=True)
class EvaluationFacts:
    """Facts of the evaluation of a run on one set.

    Attributes:
        rows: Number of rows of the set.
        truncation: Counts of cut texts, as in ``EvaluationResult``.
        round_trip: Counts of the texts that the tokenizer does not give back; None if it gives back all.
        generated: Number of rows that text was generated for; None if no metric needs text.
        unfinished: Number of outputs that were cut at the length limit; None if no metric needs text.
        unparsable: Number of rows on which the parser gives up, by metric; only metrics with such rows are named.
        unknown_labels: Number of rows of each label that is none of the classes; None if there is none.

    >>> EvaluationFacts(rows=12, truncation={"rows": 12}).to_dict()
    {'rows': 12, 'truncation': {'rows': 12}}
    """

    rows: int
    truncation: Mapping[str, int] = field(default_factory=dict, repr=False)
    round_trip: Mapping[str, Any] | None = field(default=None, repr=False)
    generated: int | None = None
    unfinished: int | None = None
    unparsable: Mapping[str, int] | None = field(default=None, repr=False)
    unknown_labels: Mapping[str, int] | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON values, without those that are None."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> EvaluationFacts:
        """Make facts from the values of ``to_dict``; other values are left out."""
        return cls(**_own_fields(cls, values))


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Record of how a run went.

    Attributes:
        key: Key of the run.
        status: Status of the run: "done", "failed" or "pending".
        error: Type and message of the error that made it fail; empty otherwise.
        blocked: Whether it failed because of files that it left itself, such as a broken checkpoint, which block
            another try.
        seconds: Seconds that it took, evaluation included; NaN if it is not done.
        training: Facts of the training; None if nothing was trained.
        evaluated: Facts of the evaluation by set: ``"test"``, and ``"general"`` if the study has such a set.
        versions: Versions of Python and of the libraries that can change a number.
        origin: Origin of the outputs if they were made elsewhere and given to ``Study.add_run``: the ``model``'s name,
            a ``digest`` of the outputs and what was extracted of them (``extract``); empty otherwise.

    >>> RunRecord(key=RunKey(method="none"), status="done", seconds=12.5)
    RunRecord(key=RunKey(method='none', scenario=None, ood_kept=None, variant=None, split_seed=0,
    train_seed=None, model=None), status='done', error='', seconds=12.5)
    """

    key: RunKey
    status: Status
    error: str = ""
    blocked: bool = field(default=False, repr=False)
    seconds: float = math.nan
    training: TrainingFacts | None = field(default=None, repr=False)
    evaluated: Mapping[str, EvaluationFacts] = field(default_factory=dict, repr=False)
    versions: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: Mapping[str, str | None] = field(default_factory=dict, repr=False)

    @property
    def steps(self) -> int | None:
        """Number of updates of the weights; None if nothing was trained."""
        return None if self.training is None else self.training.steps

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values; NaN becomes None.

        >>> record = RunRecord(key=RunKey(method="none"), status="failed", error="DivergenceError: ...")
        >>> RunRecord.from_dict(record.to_dict()).error
        'DivergenceError: ...'
        """
        facts: dict[str, Any] = {} if self.training is None else self.training.to_dict()
        facts.pop("steps", None)  # it stands beside the facts
        if self.evaluated:
            facts["evaluated"] = {part: evaluation.to_dict() for part, evaluation in self.evaluated.items()}
        if self.versions:
            facts["versions"] = dict(self.versions)
        if self.origin:
            facts["origin"] = dict(self.origin)
        return {
            "key": self.key.to_dict(),
            "status": self.status,
            "error": self.error,
            "blocked": self.blocked,
            "seconds": self.seconds if math.isfinite(self.seconds) else None,
            "steps": self.steps,
            "facts": facts,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunRecord:
        """Make a record from the values of ``to_dict``."""
        facts: Mapping[str, Any] = values["facts"]
        trained = values["steps"] is not None
        return cls(
            key=RunKey.from_dict(values["key"]),
            status=values["status"],
            error=values["error"],
            blocked=values["blocked"],
            seconds=math.nan if values["seconds"] is None else values["seconds"],
            training=TrainingFacts.from_dict({**facts, "steps": values["steps"]}) if trained else None,
            evaluated={
                part: EvaluationFacts.from_dict(evaluation) for part, evaluation in facts.get("evaluated", {}).items()
            },
            versions=facts.get("versions", {}),
            origin=facts.get("origin", {}),
        )


def _own_fields(cls: type[TrainingFacts | EvaluationFacts], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are fields of a class."""
    names = {attribute.name for attribute in fields(cls)}
    return {name: value for name, value in values.items() if name in names}

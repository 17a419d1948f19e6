"""The settings of an evaluation, apart from the task and the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from codeshift.checks import check_bool, check_integer, optional, settings
from codeshift.defaults import BATCH_SIZE
from codeshift.errors import ParameterError
from codeshift.finetune.decoding import Decoding
from codeshift.finetune.extraction import Extract, check_extract
from codeshift.finetune.limits import GivenLimits, Limits
from codeshift.metrics import Metric


def _checked_decoding(parameter: str, value: Any) -> Decoding:
    if not isinstance(value, Decoding):
        raise ParameterError(parameter, "a Decoding or None", value, "such as Decoding(num_beams=5)")
    return value


@settings(
    {
        "decoding": _checked_decoding,
        "shots": partial(check_integer, smallest=0),
        "extract": lambda _, value: check_extract(value),
        "generate_rows": optional(partial(check_integer, smallest=1, remedy="leave metrics of text out for none")),
        "features": check_bool,
        "confidence": check_bool,
        "batch_size": partial(check_integer, smallest=1),
        "seed": partial(check_integer, smallest=0),
        "progress": check_bool,
    }
)
@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """How models are evaluated.

    Attributes:
        metrics: Metrics by name.
        own_limits: Limits of the evaluator itself; the others are those of a model's training.
        limits: Limits that hold for a model.
        decoding: How text is generated.
        shots: Number of examples before each source of a chat.
        extract: What the metrics of text are given of an output; None for the whole.
        generate_rows: Number of rows of a part to generate for; None for all.
        features: Whether the features of each row are kept.
        confidence: Whether the model's confidence in each output is kept.
        batch_size: Number of rows in a batch.
        seed: Seed of the draw of those rows and of the intervals.
        progress: Whether to show progress.
    """

    metrics: Mapping[str, Metric]
    own_limits: GivenLimits = field(default_factory=GivenLimits)
    limits: Limits = field(default_factory=Limits)
    decoding: Decoding = field(default_factory=Decoding)
    shots: int = 0
    extract: Extract | None = None
    generate_rows: int | None = None
    features: bool = False
    confidence: bool = False
    batch_size: int = BATCH_SIZE
    seed: int = 0
    progress: bool = True

    def within(self, limits: Limits) -> EvaluationSettings:
        """Return the settings with ``limits``, for every model, where none were given."""
        filled = self.own_limits.filled(limits)
        return replace(self, own_limits=GivenLimits(**vars(filled)), limits=filled)

    def describe(self) -> dict[str, Any]:
        """Return the settings that outputs and scores depend on, as JSON values."""
        limits = self.limits
        return {
            "max_source_length": limits.max_source_length,
            "max_target_length": limits.max_target_length,
            "special_tokens": list(limits.special_tokens),
            "decoding": self.decoding.to_dict(),
            "extract": self.extract,
            "generate_rows": self.generate_rows,
            "seed": self.seed,
        }

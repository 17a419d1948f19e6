"""Fine-tuning, full or with any method of PEFT, and evaluation on any ``DatasetDict``, with or without a splitter."""

from __future__ import annotations

from codeshift.requirements import check_extra

check_extra("finetune")

from codeshift.finetune.adapters import TrainableParameters, trainable_parameters, with_adapter  # noqa: E402
from codeshift.finetune.class_scores import ClassScores  # noqa: E402
from codeshift.finetune.confidence import Confidence  # noqa: E402
from codeshift.finetune.conversation import draw_shots  # noqa: E402
from codeshift.finetune.decoding import Decoding, Output  # noqa: E402
from codeshift.finetune.errors import (  # noqa: E402
    AdapterWarning,
    CheckpointError,
    DivergenceError,
    RoundTripWarning,
    TrainedOtherwiseWarning,
    TruncationWarning,
    UnseenLabelWarning,
    UnusedWeightsWarning,
)
from codeshift.finetune.evaluation_result import EvaluationResult, PartEvaluation  # noqa: E402
from codeshift.finetune.evaluator import Evaluator  # noqa: E402
from codeshift.finetune.extraction import extract_code  # noqa: E402
from codeshift.finetune.forgetting import forgetting  # noqa: E402
from codeshift.finetune.interpolation import scale_adapter, wise_ft, wise_ft_sweep  # noqa: E402
from codeshift.finetune.linear_probing import lp_ft  # noqa: E402
from codeshift.finetune.loading import load_model  # noqa: E402
from codeshift.finetune.round_trip import LostText, RoundTrip  # noqa: E402
from codeshift.finetune.trainer import Trainer  # noqa: E402
from codeshift.finetune.training_config import TrainingConfig  # noqa: E402
from codeshift.finetune.training_result import TrainingResult  # noqa: E402
from codeshift.finetune.truncation import TruncationCounts  # noqa: E402

__all__ = [
    "AdapterWarning",
    "CheckpointError",
    "ClassScores",
    "Confidence",
    "Decoding",
    "DivergenceError",
    "EvaluationResult",
    "Evaluator",
    "LostText",
    "Output",
    "PartEvaluation",
    "RoundTrip",
    "RoundTripWarning",
    "TrainableParameters",
    "TrainedOtherwiseWarning",
    "Trainer",
    "TrainingConfig",
    "TrainingResult",
    "TruncationCounts",
    "TruncationWarning",
    "UnseenLabelWarning",
    "UnusedWeightsWarning",
    "draw_shots",
    "extract_code",
    "forgetting",
    "load_model",
    "lp_ft",
    "scale_adapter",
    "trainable_parameters",
    "wise_ft",
    "wise_ft_sweep",
    "with_adapter",
]

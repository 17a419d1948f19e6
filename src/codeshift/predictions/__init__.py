"""Parts for training and generation elsewhere, and the scores of what comes back.

``export_parts`` writes what other tools take, each row with its identity; ``score_predictions`` finds the rows again
and gives the result that an ``Evaluator`` would give for the same outputs.
"""

from __future__ import annotations

from codeshift.requirements import check_extra

check_extra("finetune")

from codeshift.defaults import EXPORT_FORMATS  # noqa: E402
from codeshift.predictions.export import export_parts  # noqa: E402
from codeshift.predictions.identity import row_identities  # noqa: E402
from codeshift.predictions.matching import PredictionsError  # noqa: E402
from codeshift.predictions.scoring import score_predictions  # noqa: E402

__all__ = ["EXPORT_FORMATS", "PredictionsError", "export_parts", "row_identities", "score_predictions"]

"""How outputs that are made elsewhere are scored: rows go out with identities, by which predictions come back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict

from codeshift.metrics import ExactMatch
from codeshift.predictions import PredictionsError, export_parts, score_predictions

ROWS = Dataset.from_dict({"doc": [f"Add {i}." for i in range(8)], "code": [f"return x + {i}" for i in range(8)]})
PARTS = DatasetDict(test_id=ROWS.select(range(4)), test_ood=ROWS.select(range(4, 8)))


def test_the_story_of_predictions(tmp_path: Path) -> None:
    """Parts are exported, answered in any order by whatever tool, and scored as an evaluator would."""
    files = export_parts(PARTS, tmp_path, format="prompt-completion", source="{doc}", target="code")
    exported = [json.loads(line) for path in files.values() for line in path.read_text(encoding="utf-8").splitlines()]

    # A model that is right on each row but the last.
    answers = [{"id": row["id"], "prediction": row["completion"]} for row in exported]
    answers[-1]["prediction"] = "pass"
    result = score_predictions(PARTS, answers[::-1], [ExactMatch()], source="{doc}", target="code")
    assert result["test_id"].scores("exact_match").tolist() == [1, 1, 1, 1]
    assert result["test_ood"].scores("exact_match").tolist() == [1, 1, 1, 0]

    # A row without an answer is an error, not a zero.
    with pytest.raises(PredictionsError):
        score_predictions(PARTS, answers[1:], [ExactMatch()], source="{doc}", target="code")

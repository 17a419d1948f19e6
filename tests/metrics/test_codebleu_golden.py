"""CodeBLEU of real model outputs, against the figures that the public implementations give."""

from __future__ import annotations

import json

import pytest

from codeshift.metrics.codebleu import CodeBLEU
from helpers.shared_data import shared_data, shared_rows


@pytest.fixture(scope="module")
def refinement():
    rows = shared_rows("code_refinement_small/codebert_predictions.jsonl")
    return rows["prediction"][:], rows["reference"][:]


@pytest.fixture(scope="module")
def golden():
    return json.loads(shared_data("code_refinement_small", "golden_scores.json").read_text(encoding="utf-8"))[
        "codebleu"
    ]


@pytest.mark.parametrize("compat", ["codebleu-0.7", "codexglue"])
def test_compatible_modes_give_the_figures_of_the_public_code(compat, refinement, golden):
    """5,835 outputs of CodeBERT: n-grams, weighted n-grams and syntax to 1e-9, data flow within its hash seeds."""
    known = golden["pypi_codebleu_0.7.0(--no-deps),tree-sitter 0.26.1,tree-sitter-java 0.23.5,PYTHONHASHSEED=0"][
        "small"
    ]
    parts = CodeBLEU("java", compat=compat).corpus(*refinement).parts
    for part in ("ngram", "weighted_ngram", "syntax"):
        assert parts[part] == pytest.approx(known[f"{part}_match_score"], abs=1e-9)
    assert 0.75263 <= round(parts["dataflow"], 5) <= 0.75394


def test_a_row_of_the_public_code_has_no_data_flow_for_one(refinement, golden):
    """The package finds a data flow of zero in 1,766 rows, and 1,336 of those have a reference without any."""
    known = golden["pypi_codebleu_0.7.0,tree-sitter 0.22.3,tree-sitter-java 0.21.0,PYTHONHASHSEED=0"]["small"]
    statistics = CodeBLEU("java", compat="codebleu-0.7").statistics(*refinement)
    assert (statistics[:, -3] == 0).sum() == pytest.approx(known["pairs_df_zero"], abs=3)
    assert (statistics[:, -2] == 0).sum() == known["pairs_df_zero_type_int"]


def test_the_default_on_real_outputs(refinement):
    """The default's figures, as docs/guides/codebleu.md gives them; its n-grams are BLEU's."""
    score = CodeBLEU("java").corpus(*refinement)
    assert score.n == 5835
    assert score.parts["ngram"] == pytest.approx(0.7741701406934739, abs=1e-9)
    figures = [score.value, *score.parts.values()]
    assert [round(figure, 5) for figure in figures] == [0.75773, 0.77417, 0.85034, 0.65767, 0.74874]

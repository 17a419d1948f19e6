"""Scores of real model outputs, as public implementations give them."""

from __future__ import annotations

import json

import pytest

from codeshift.metrics import BLEU, ChrF, EditSimilarity, ExactMatch
from helpers.shared_data import shared_data, shared_rows


def rows(path):
    return [[text.strip() for text in shared_rows(path)[side]] for side in ("prediction", "reference")]


@pytest.fixture(scope="module")
def refinement():
    return rows("code_refinement_small/codebert_predictions.jsonl")


@pytest.fixture(scope="module")
def golden():
    return json.loads(shared_data("code_refinement_small", "golden_scores.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("metric", "figure"),
    [
        (BLEU(smoothing="codexglue"), "cxg_bleu_corpus_smooth"),
        (BLEU(smoothing="none"), "cxg_bleu_corpus_nosmooth"),
        (BLEU(smoothing="none"), "sacre_none_none"),
        (BLEU(smoothing="add-k"), "sacre_none_addk1"),
        (ChrF(), "chrf"),
    ],
)
def test_corpus_figures_of_code_refinement(metric, figure, refinement, golden):
    """5,835 outputs of CodeBERT score what CodeXGLUE's evaluator and sacrebleu give them, to 1e-9."""
    assert 100 * metric.corpus(*refinement).value == pytest.approx(golden["bleu"][figure], abs=1e-9)


@pytest.mark.parametrize(
    ("metric", "figure"),
    [
        (BLEU(smoothing="codexglue"), ("bleu", "cxg_bleu_sentence_mean_smooth")),
        (BLEU(smoothing="exp"), ("bleu", "sacre_sentence_none_exp_mean")),
        (EditSimilarity(), ("edit_similarity", "rf_lev_norm_sim")),
        (EditSimilarity(unit="tokens"), ("edit_similarity", "rf_lev_norm_sim_tokens")),
    ],
)
def test_mean_row_figures_of_code_refinement(metric, figure, refinement, golden):
    """The mean over rows is what CodeXGLUE, sacrebleu and rapidfuzz give, to 1e-9."""
    expected = golden[figure[0]][figure[1]]
    assert 100 * metric.score(*refinement).mean() == pytest.approx(expected, abs=1e-9)


def test_exact_match_of_code_refinement(refinement, golden):
    """The share of outputs that are the reference is CodeXGLUE's."""
    assert 100 * ExactMatch().corpus(*refinement).value == pytest.approx(golden["exact_match"], abs=1e-12)


def test_code_translation():
    """CodeXGLUE's evaluator prints BLEU 77.46 and exact match 56.1 for its RoBERTa baseline, Java to C#."""
    pairs = rows("code_to_code_trans/roberta_predictions.jsonl")
    assert round(100 * BLEU(smoothing="codexglue").corpus(*pairs).value, 2) == 77.46
    assert round(100 * ExactMatch().corpus(*pairs).value, 2) == 56.1

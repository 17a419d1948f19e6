"""How sure a model is of what it writes: the log-probabilities of its own tokens, for detection of the shift."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from peft import PromptTuningConfig

from codeshift.errors import ParameterError
from codeshift.finetune import Decoding, Evaluator, with_adapter
from codeshift.finetune.batching import pad
from codeshift.finetune.encoding import Encoder
from codeshift.finetune.generators import as_generator
from codeshift.finetune.limits import Limits
from codeshift.finetune.models import is_decoder
from codeshift.finetune.template import Template
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, TrainFeatures, ood_detection, ood_scores

COLUMNS = {"source": "doc", "target": "code", "progress": False}
NAMES = ("mean_log_probability", "min_log_probability", "sequence_log_probability", "margin")


def evaluated(model, tokenizer, rows, decoding=None, **options):
    decoding = decoding or Decoding(max_new_tokens=6)
    evaluator = Evaluator([ExactMatch()], decoding=decoding, confidence=True, **options, **COLUMNS)
    return evaluator.evaluate(model, rows, tokenizer=tokenizer)["data"]


def step_by_step(model, tokenizer, rows):
    """The figures of greedy search by the logits that transformers gives at each step, a row at a time."""
    templates = Template("doc", "source"), Template("code", "target")
    sources = Encoder.of(model, tokenizer, templates, Limits()).encode(rows).sources
    for ids in sources:
        given = pad([ids], 0)
        made = model.generate(
            input_ids=given, attention_mask=torch.ones_like(given), max_new_tokens=6, do_sample=False, num_beams=1,
            output_logits=True, return_dict_in_generate=True,
        )  # fmt: skip
        tokens = made.sequences[0, given.shape[1] if is_decoder(model) else 1 :]
        every = torch.cat(made.logits).log_softmax(-1)
        written = every[torch.arange(len(tokens)), tokens]
        first, second = every.topk(2).values.T
        yield [f.item() for f in (written.mean(), written.min(), written.sum(), (first - second).mean())]


@pytest.mark.parametrize("family", FAMILIES)
def test_confidence_of_greedy_search(family, data, tokenizer):
    """Confidence follows the logits of each step, for rows of unequal lengths in one batch; the text is unchanged."""
    torch.manual_seed(0)
    model = as_generator(tiny_model(family, tokenizer), tokenizer)
    with torch.no_grad():  # a model that is sure of some tokens
        model.get_output_embeddings().weight.mul_(8)
    rows = data["test_id"]
    part = evaluated(model, tokenizer, rows)
    expected = list(step_by_step(model, tokenizer, rows))
    got = [[getattr(output.confidence, name) for name in NAMES] for output in part.outputs]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4)
    plain = Evaluator([ExactMatch()], decoding=Decoding(max_new_tokens=6), **COLUMNS)
    without = plain.evaluate(model, rows, tokenizer=tokenizer)["data"]
    assert without.predictions == part.predictions
    assert without.outputs[0].confidence is None


@pytest.mark.parametrize("how", [{"num_beams": 3}, {"do_sample": True}], ids=["beams", "draw"])
@pytest.mark.parametrize("family", ["t5", "llama"])
def test_confidence_is_the_model_s_own_however_tokens_are_chosen(family, how, data, tokenizer):
    """Beams and draws: the sum is the log-likelihood of the tokens, whatever batches they were in."""
    model, decoding = tiny_model(family, tokenizer), Decoding(max_new_tokens=5, **how)
    parts = [evaluated(model, tokenizer, data["test_id"], decoding, batch_size=size) for size in (1, 8)]
    for alone, together in zip(*(part.outputs for part in parts), strict=True):
        assert alone.text == together.text
        sure = alone.confidence
        assert sure.sequence_log_probability == pytest.approx(together.confidence.sequence_log_probability, rel=1e-4)
        assert sure.sequence_log_probability == pytest.approx(sure.mean_log_probability * alone.tokens)
        assert sure.min_log_probability <= sure.mean_log_probability <= 0


def test_virtual_tokens_come_first(data, tokenizer):
    """Prompt tuning: positions are those of the row, behind the prompt."""
    model = with_adapter(tiny_model("llama", tokenizer), PromptTuningConfig(num_virtual_tokens=3)).eval()
    part = evaluated(model, tokenizer, data["test_id"])
    expected = list(step_by_step(model, tokenizer, data["test_id"]))
    got = [[getattr(output.confidence, name) for name in NAMES] for output in part.outputs]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4)


def test_confidence_is_kept_and_resumed(data, tokenizer, tmp_path):
    """In the Parquet file, in the log, and for the detection of the shift; rows without an output have none."""
    evaluator = Evaluator(
        [ExactMatch()], decoding=Decoding(max_new_tokens=4), confidence=True, generate_rows=5, **COLUMNS
    )
    model = tiny_model("t5", tokenizer)
    first = evaluator.evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    again = evaluator.evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    assert [part.outputs for part in first.parts.values()] == [part.outputs for part in again.parts.values()]
    table = pq.read_table(tmp_path / "test_id.parquet").to_pydict()
    outputs = first["test_id"].outputs
    for name in NAMES:
        assert table[name] == [None if output is None else getattr(output.confidence, name) for output in outputs]
    assert sum(value is None for value in table["margin"]) == 3
    inside, outside = (again[part].model_outputs(error="exact_match") for part in ("test_id", "test_ood"))
    assert np.isnan(inside.margin).sum() == 3
    np.testing.assert_array_equal(inside.errors, 1 - first["test_id"].scores("exact_match"))
    assert ood_detection(inside, outside).rows_id == 8


def test_what_cannot_be_kept():
    """Confidence where nothing is written."""
    with pytest.raises(ParameterError, match="confidence must be False if nothing is generated"):
        Evaluator([NegativeLogLikelihood()], confidence=True, **COLUMNS)


@pytest.mark.parametrize("family", FAMILIES)
def test_features_of_sources(family, data, tokenizer):
    """The mean of the last hidden states that transformers gives, a row at a time, whatever batch it was in."""
    model = as_generator(tiny_model(family, tokenizer), tokenizer)
    rows = data["test_id"]
    evaluator = Evaluator([NegativeLogLikelihood()], features=True, batch_size=3, **COLUMNS)
    part = evaluator.evaluate(model, rows, tokenizer=tokenizer)["data"]
    templates = Template("doc", "source"), Template("code", "target")
    for features, ids in zip(part.features, Encoder.of(model, tokenizer, templates, Limits()).encode(rows).sources,
                             strict=True):  # fmt: skip
        reader = model if is_decoder(model) else model.get_encoder()
        with torch.inference_mode():
            states = reader(input_ids=pad([ids], 0), output_hidden_states=True).hidden_states[-1][0]
        np.testing.assert_allclose(features, states.double().mean(0), rtol=1e-4, atol=1e-6)
    assert part.rows()[0]["features"] == part.features[0].tolist()
    outputs = part.model_outputs()
    assert outputs.margin is None
    scores = ood_scores(outputs, TrainFeatures(features=part.features, neighbors=1))
    np.testing.assert_allclose(scores["nearest-neighbour distance"], 0, atol=1e-6)


def test_a_result_without_confidence_says_so(data, tokenizer):
    """With the argument that keeps it."""
    evaluator = Evaluator([NegativeLogLikelihood()], **COLUMNS)
    part = evaluator.evaluate(tiny_model("t5", tokenizer), data["test_id"], tokenizer=tokenizer)["data"]
    with pytest.raises(ParameterError, match=r"evaluation must be one with confidence.*confidence=True"):
        part.model_outputs()

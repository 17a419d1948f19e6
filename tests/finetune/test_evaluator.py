"""Evaluation: numbers of single rows by batches, outputs of single rows by batches, and what is reported."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from datasets import Dataset
from peft import LoraConfig, PrefixTuningConfig, get_peft_model

from codeshift.draws import drawn, order_of_contents
from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Decoding, Evaluator, Trainer, TrainingConfig, TruncationWarning, with_adapter
from codeshift.finetune.beam_cache import BeamCache
from codeshift.finetune.generators import as_generator
from codeshift.finetune.runtime import seeded
from codeshift.finetune.sampling import RowSampler
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, TokenAccuracy, bootstrap_ci

FORCED = [NegativeLogLikelihood(), TokenAccuracy()]


def quiet(metrics, **options) -> Evaluator:
    return Evaluator(metrics, **{"source": "doc", "target": "code", "progress": False} | options)


def generator(family, tokenizer):
    """A random model, its weights enlarged so that what it writes differs from row to row."""
    settings = {"tie_word_embeddings": False} if family == "plbart" else {}
    with seeded(0):
        model = as_generator(tiny_model(family, tokenizer, **settings), tokenizer)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim == 2:
                    parameter.mul_(6)
    return model


@pytest.fixture(scope="module")
def trained(data, tokenizer):
    """A T5 that has learned its rows by heart."""
    config = TrainingConfig(
        learning_rate=2e-2, num_train_epochs=150, train_batch_size=8, warmup_steps=10, eval_strategy="no"
    )
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    return Trainer(model, tokenizer, config, source="doc", target="code", progress=False).fit(by_heart(data)).model


def by_heart(data):
    """The rows that ``trained`` has learned, of unequal lengths."""
    return data["train"].select(range(8))


@pytest.mark.parametrize("family", FAMILIES)
def test_teacher_forced_scores_are_those_of_single_rows(family, data, tokenizer):
    """Batches, padding and order change no row's log-likelihood and no argmax."""
    model = generator(family, tokenizer)
    together = quiet(FORCED, batch_size=5).evaluate(model, data, tokenizer=tokenizer)["test_id"]
    alone = quiet(FORCED, batch_size=1).evaluate(model, data, tokenizer=tokenizer)["test_id"]
    for metric in ("negative_log_likelihood", "token_accuracy"):
        assert np.allclose(together.scores(metric), alone.scores(metric), rtol=1e-4, atol=1e-4)
        assert np.isfinite(alone.scores(metric)).all()
    assert np.ptp(alone.scores("negative_log_likelihood")) > 0.01


def test_negative_log_likelihood_is_that_of_the_definition(data, tokenizer):
    """The mean over tokens of -log softmax, computed by hand for a decoder: source and target as one sequence."""
    model = tiny_model("llama", tokenizer)
    found = quiet(FORCED).evaluate(model, data["test_id"], tokenizer=tokenizer)["data"]
    for i, row in enumerate(data["test_id"]):
        source = tokenizer(row["doc"])["input_ids"][:-1]  # without the end token
        target = tokenizer(row["code"])["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([source + target])).logits[0]
        logs = logits.log_softmax(-1)[len(source) - 1 : -1]
        nats = -logs[torch.arange(len(target)), torch.tensor(target)].mean()
        right = (logs.argmax(-1) == torch.tensor(target)).float().mean()
        assert found.scores("negative_log_likelihood")[i] == pytest.approx(float(nats), abs=1e-5)
        assert found.scores("token_accuracy")[i] == pytest.approx(float(right))


@pytest.mark.parametrize("num_beams", [1, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_are_those_of_single_rows(family, num_beams, data, tokenizer):
    """Batched generation gives each row what it gets alone, in the order of the rows, greedy and by beams."""
    model = generator(family, tokenizer)
    decoding = Decoding(num_beams=num_beams, max_new_tokens=12)
    outputs = []
    for size in (1, 5):
        evaluator = quiet([ExactMatch()], batch_size=size, decoding=decoding)
        outputs.append(evaluator.evaluate(model, data, tokenizer=tokenizer, parts=["test_id"])["test_id"].outputs)
    assert outputs[0] == outputs[1]
    assert None not in outputs[0]
    assert len({output.text for output in outputs[0]}) > 2, "a model that writes one text would prove nothing"


@pytest.mark.parametrize("num_beams", [1, 2, 5])
@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_are_those_of_transformers(family, num_beams, data, tokenizer):
    """A cache that leaves cross-attention where it is gives the beams of plain ``generate``, row by row."""
    model = generator(family, tokenizer)
    decoding = Decoding(num_beams=num_beams, max_new_tokens=12)
    evaluator = quiet([ExactMatch()], decoding=decoding)
    found = evaluator.evaluate(model, data, tokenizer=tokenizer, parts=["test_id"])["test_id"].predictions
    decoder = not model.config.is_encoder_decoder
    for text, expected in zip(data["test_id"]["doc"], found, strict=True):
        ids = tokenizer([text], return_tensors="pt")["input_ids"]
        ids = ids[:, :-1] if decoder else ids
        made = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            num_beams=num_beams,
            max_new_tokens=12,
            pad_token_id=0,
            eos_token_id=2,
        )
        assert tokenizer.decode(made[0, ids.shape[1] if decoder else 1 :], skip_special_tokens=True) == expected


@pytest.mark.filterwarnings("ignore::codeshift.finetune.AdapterWarning")
@pytest.mark.parametrize("family", ["t5", "plbart", "roberta"])
def test_beams_of_an_adapter_are_those_of_the_merged_model(family, data, tokenizer):
    """The cache of beams finds every layer, in a decoder that PEFT has wrapped as well."""
    with seeded(0):
        model = with_adapter(generator(family, tokenizer), LoraConfig(r=2, init_lora_weights=False))
    evaluator = quiet([ExactMatch()], decoding=Decoding(num_beams=3, max_new_tokens=12))
    adapted = evaluator.evaluate(model, data["test_id"], tokenizer=tokenizer)["data"].predictions
    merged = evaluator.evaluate(model.merge_and_unload(), data["test_id"], tokenizer=tokenizer)["data"].predictions
    assert adapted == merged
    assert len(set(adapted)) > 2


@pytest.mark.parametrize("family", ["t5", "plbart", "roberta"])
def test_beams_hold_the_source_once(family, data, tokenizer, monkeypatch):
    """Beams share one copy of the source of each row, and no step makes another."""
    reorder, seen = BeamCache.reorder_cache, []

    def watching(cache, beam_idx):
        reorder(cache, beam_idx)
        keys = [layer.keys for layer in cache.cross_attention_cache.layers]
        seen.append(([len(k) for k in keys], [k.data_ptr() for k in keys], len(beam_idx)))

    monkeypatch.setattr(BeamCache, "reorder_cache", watching)
    evaluator = quiet([ExactMatch()], decoding=Decoding(num_beams=5, max_new_tokens=8))
    evaluator.evaluate(generator(family, tokenizer), data["test_id"], tokenizer=tokenizer)
    rows, places, beams = zip(*seen, strict=True)
    assert len(seen) > 3
    assert all(set(found) == {8} for found in rows)
    assert set(beams) == {40}
    assert len({tuple(found) for found in places}) == 1


def test_a_trained_model_matches(trained, data, tokenizer):
    """Evaluation finds the trained text; the output may be as long as the longest reference."""
    found = quiet([*FORCED, ExactMatch()]).evaluate(trained, by_heart(data), tokenizer=tokenizer)["data"]
    assert found.estimates["exact_match"].value > 0.8
    assert found.estimates["token_accuracy"].value > 0.95
    assert found.unfinished == 0
    longest = max(found.references, key=len)
    assert found.predictions[found.references.index(longest)] == longest
    matches = [float(p == r) for p, r in zip(found.predictions, found.references, strict=True)]
    assert found.scores("exact_match").tolist() == matches


def test_evaluation_changes_nothing(trained, data, tokenizer):
    """The model's weights, mode and generation config are what they were, and a second call gives the same."""
    before = {name: p.clone() for name, p in trained.named_parameters()}
    settings = trained.generation_config.to_dict()
    evaluator = quiet([*FORCED, ExactMatch()])
    trained.train()
    first, second = (evaluator.evaluate(trained, data, tokenizer=tokenizer) for _ in range(2))
    assert trained.training
    trained.eval()
    assert first.aggregates() == second.aggregates()
    assert all(torch.equal(p, before[name]) for name, p in trained.named_parameters())
    assert trained.generation_config.to_dict() == settings


def test_generation_of_some_rows_is_told(trained, data, tokenizer):
    """With ``generate_rows`` the estimate's n is the rows generated for, and the other scores are NaN."""
    evaluator = quiet([*FORCED, ExactMatch()], generate_rows=3)
    result = evaluator.evaluate(trained, data, tokenizer=tokenizer)
    found = result["test_ood"]
    assert found.estimates["exact_match"].n == 3
    assert found.estimates["negative_log_likelihood"].n == 8
    assert np.isnan(found.scores("exact_match")).sum() == 5
    assert [p is None for p in found.predictions] == np.isnan(found.scores("exact_match")).tolist()
    assert "3 of 8 rows" in str(result)
    everything = quiet([ExactMatch()]).evaluate(trained, data, tokenizer=tokenizer)["test_ood"]
    kept = ~np.isnan(found.scores("exact_match"))
    assert (found.scores("exact_match")[kept] == everything.scores("exact_match")[kept]).all()


def test_the_rows_to_generate_for_do_not_depend_on_their_order(trained, data, tokenizer):
    """Shuffled rows have the outputs that they had; of equal rows it does not matter which is drawn."""
    rows = data["test_ood"].select([0, 1, 2, 3, 4, 5, 6, 7, 0, 1])
    shuffled = rows.shuffle(seed=1)
    outputs = []
    for some in (rows, shuffled):
        part = quiet([ExactMatch()], generate_rows=4).evaluate(trained, {"test": some}, tokenizer=tokenizer)["test"]
        written = [row for row, text in zip(some["code"], part.predictions, strict=True) if text is not None]
        outputs.append(sorted(written))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 4
    draws = {tuple(np.flatnonzero(drawn(np.ones(8, dtype=bool), 4, 0, order=order_of_contents([rows["code"][:8]], s))))
             for s in range(20)}  # fmt: skip
    assert len(draws) > 5


def test_corpus_value_weighs_tokens(trained, data, tokenizer):
    """The estimate of nats a token is all nats over all tokens, not a mean over rows."""
    found = quiet(FORCED).evaluate(trained, data, tokenizer=tokenizer)["test_ood"]
    tokens = np.array([len(ids) for ids in tokenizer(found.references)["input_ids"]])
    expected = (found.scores("negative_log_likelihood") * tokens).sum() / tokens.sum()
    estimate = found.estimates["negative_log_likelihood"]
    assert estimate.value == pytest.approx(expected)
    assert estimate.low <= estimate.value <= estimate.high


def test_what_is_cut_is_told(trained, data, tokenizer):
    """Targets that do not fit are counted and warned of, and outputs that the limit cut are counted."""
    evaluator = quiet([*FORCED, ExactMatch()], max_target_length=4)
    with pytest.warns(
        TruncationWarning, match=r"test_id: 0 of 8 sources and 8 of 8 targets cut at max_target_length=\d+ tokens$"
    ):
        found = evaluator.evaluate(trained, data, tokenizer=tokenizer, parts=["test_id"])["test_id"]
    assert found.truncation.targets == 8
    assert found.unfinished == 8


def test_stop_strings_end_an_output(trained, data, tokenizer):
    """The output stops at the first stop string, which it leaves out, and counts as finished."""
    decoding = Decoding(stop_strings=("self",))
    found = quiet([ExactMatch()], decoding=decoding).evaluate(trained, data, tokenizer=tokenizer, parts=["train"])
    assert set(found["train"].predictions) == {"return "}
    assert found["train"].unfinished == 0


def test_sampling_follows_the_seed(data, tokenizer):
    """One seed, one draw, whatever batch a row stands in and in whatever order; another seed, another draw."""
    model = generator("gpt2", tokenizer)

    def draw(seed, rows=data["test_id"], **options):
        decoding = Decoding(do_sample=True, seed=seed, max_new_tokens=8, temperature=2.0)
        evaluator = quiet([ExactMatch()], decoding=decoding, **options)
        return evaluator.evaluate(model, rows, tokenizer=tokenizer)["data"].predictions

    first = draw(0)
    assert first == draw(0) == draw(0, batch_size=3) != draw(1)
    backwards = list(range(8))[::-1]
    assert draw(0, data["test_id"].select(backwards)) == [first[i] for i in backwards]
    assert len(set(draw(0, data["test_id"].select([0] * 8)))) > 1, "equal rows draw different texts"


def test_draws_have_the_probabilities_of_the_model():
    """Many rows of one distribution draw each token as often as temperature and top_p say, and none below top_p."""
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    numbers = np.random.default_rng(0).random((4000, 1))
    for temperature, top_p, expected in (
        (1.0, 1.0, [0.5, 0.3, 0.15, 0.05]),
        (0.5, 1.0, [0.685, 0.247, 0.062, 0.007]),
        (1.0, 0.8, [0.625, 0.375, 0.0, 0.0]),
    ):
        scores = RowSampler(numbers, temperature, top_p)(torch.zeros(4000, 1), logits.expand(4000, 4))
        shares = np.bincount(scores.argmax(-1), minlength=4) / 4000
        assert np.allclose(shares, expected, atol=0.025)
        assert (np.isfinite(scores.numpy()).sum(1) == 1).all()
        assert shares[np.array(expected) == 0].sum() == 0


def test_out_of_memory_halves_the_batch(trained, data, tokenizer, monkeypatch):
    """A batch that does not fit is tried by halves, with the same numbers and texts; one row that fails is an error."""
    evaluator = quiet([*FORCED, ExactMatch()], decoding=Decoding(max_new_tokens=4))
    expected = evaluator.evaluate(trained, data, tokenizer=tokenizer)
    forward, tried = type(trained).forward, []

    def limited(self, *args, **inputs):
        rows = len(next(v for n in ("decoder_input_ids", "input_ids") if (v := inputs.get(n)) is not None))
        tried.append(rows)
        if rows > limit:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return forward(self, *args, **inputs)

    limit = 3
    monkeypatch.setattr(type(trained), "forward", limited)
    result = evaluator.evaluate(trained, data, tokenizer=tokenizer)
    assert {8, 4, 2} <= set(tried)
    for part in result.parts:
        assert result[part].predictions == expected[part].predictions
        scores = result[part].scores("negative_log_likelihood")
        assert np.allclose(scores, expected[part].scores("negative_log_likelihood"), atol=1e-5)
    limit = 0
    with pytest.raises(torch.cuda.OutOfMemoryError):
        quiet(FORCED).evaluate(trained, data, tokenizer=tokenizer)


def test_results_are_saved(trained, data, tokenizer, tmp_path):
    """The folder holds a Parquet file a part with one row a row, and the aggregates with what made them."""
    result = quiet([*FORCED, ExactMatch()], generate_rows=3).evaluate(trained, data, tokenizer=tokenizer)
    result.save(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evaluation.json", "test_id.parquet", "test_ood.parquet"]
    rows = Dataset.from_parquet(str(tmp_path / "test_ood.parquet"), cache_dir=str(tmp_path / "cache"))
    assert rows["reference"][:] == data["test_ood"]["code"][:]
    assert sum(p is not None for p in rows["prediction"]) == 3
    summary = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert summary["metadata"]["model"]["class"] == "T5ForConditionalGeneration"
    assert [row["n"] for row in summary["aggregates"] if row["metric"] == "exact_match"] == [3, 3]


def test_metadata_tells_models_and_data_apart(trained, data, tokenizer):
    """The digest of the weights differs between models, that of the data between parts; both stay the same else."""
    evaluator = quiet(FORCED)
    one, again = (evaluator.evaluate(trained, data, tokenizer=tokenizer).metadata for _ in range(2))
    other = evaluator.evaluate(tiny_model("t5", tokenizer), data, tokenizer=tokenizer).metadata
    assert one == again
    assert one["model"]["weights"] != other["model"]["weights"]
    assert one["data"] == other["data"]
    assert one["data"]["test_id"] != one["data"]["test_ood"]
    assert one["model"]["dtype"] == "float32"
    assert {"decoding", "generation_config", "versions", "adapter"} <= set(one)


def test_metadata_tells_prefixes_apart(data, tokenizer):
    """A prefix is outside of the model that it was trained on, and part of what is evaluated all the same."""
    config = PrefixTuningConfig(num_virtual_tokens=2, task_type="CAUSAL_LM")
    found = []
    for seed in (0, 1):
        with seeded(seed):
            model = get_peft_model(tiny_model("llama", tokenizer), config)
        found.append(quiet(FORCED).evaluate(model, data["test_id"], tokenizer=tokenizer).metadata["model"]["weights"])
    assert found[0] != found[1]


def test_an_adapter_is_evaluated_from_its_folder(data, tokenizer, tmp_path):
    """A base and an adapter saved apart load as one model, by the adapter's folder."""
    base = tiny_model("t5", tokenizer)
    base.save_pretrained(tmp_path / "base")
    config = TrainingConfig(learning_rate=1e-2, num_train_epochs=3)
    trainer = Trainer(
        str(tmp_path / "base"),
        tokenizer,
        config,
        source="doc",
        target="code",
        progress=False,
        peft_config=LoraConfig(r=2),
    )
    result = trainer.fit(data["train"], tmp_path / "adapter")
    evaluator = quiet(FORCED)
    loaded = evaluator.evaluate(tmp_path / "adapter", data)
    assert loaded.aggregates() == evaluator.evaluate(result.model, data, tokenizer=tokenizer).aggregates()
    assert loaded.aggregates() != evaluator.evaluate(base, data, tokenizer=tokenizer).aggregates()
    assert loaded.metadata["adapter"] == {"default": "LORA"}


BAD = {
    "no metric": ({"metrics": []}, "metrics must be at least one, each once"),
    "text": ({"metrics": ["exact_match"]}, "metrics must be made of metrics of codeshift.metrics, got 'exact_match'"),
    "twice": ({"metrics": [ExactMatch(), ExactMatch()]}, "metrics must be at least one, each once"),
    "rows": ({"generate_rows": 0}, "generate_rows must be a whole number from 1 up"),
    "decoding": ({"decoding": {"num_beams": 2}}, "decoding must be a Decoding or None, got"),
    "progress": ({"progress": "no"}, "progress must be True or False, got 'no': give False"),
    "batch": ({"batch_size": 0}, "batch_size must be a whole number from 1 up"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_settings_are_named(case):
    """Each fault is an error with the parameter and what to do."""
    options, message = BAD[case]
    with pytest.raises(ParameterError, match=message):
        quiet(**{"metrics": FORCED} | options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_beams": 0}, "num_beams must be a whole number from 1 up"),
        ({"temperature": 0.0}, "temperature must be a number above 0"),
        ({"top_p": 0.0}, "top_p must be a number above 0 and at most 1, got 0.0"),
        ({"num_beams": 2, "do_sample": True}, "num_beams must be 1 with do_sample, got 2"),
        ({"stop_strings": "\n"}, "stop_strings must be several texts"),
        ({"max_new_tokens": 0}, "max_new_tokens must be a whole number from 1 up"),
    ],
)
def test_bad_decoding_is_named(options, message):
    """Each fault is an error with the parameter and what to do."""
    with pytest.raises(ParameterError, match=message):
        Decoding(**options)


def test_bad_parts_are_named(trained, data, tokenizer):
    """Unknown parts, no test part, an empty part, a missing column and a missing tokenizer."""
    evaluator = quiet(FORCED)
    with pytest.raises(ParameterError, match=r"parts must be names of parts of the data, got 'test_odd': did you mean"):
        evaluator.evaluate(trained, data, tokenizer=tokenizer, parts=["test_odd"])
    with pytest.raises(ParameterError, match="parts must be a sequence of names, got 'test_id'"):
        evaluator.evaluate(trained, data, tokenizer=tokenizer, parts="test_id")
    with pytest.raises(DataError, match=r'splits must be a DatasetDict with a part "test\.\.\."'):
        evaluator.evaluate(trained, {"train": data["train"]}, tokenizer=tokenizer)
    with pytest.raises(DataError, match="test must be a dataset with rows, got 0"):
        evaluator.evaluate(trained, {"test": data["train"].select([])}, tokenizer=tokenizer)
    with pytest.raises(ParameterError, match="target must be made of columns of the data, got 'codes'"):
        quiet(FORCED, target="codes").evaluate(trained, data, tokenizer=tokenizer)
    listed = {"test": data["train"].map(lambda row: {"doc": [row["doc"]]})}
    with pytest.raises(DataError, match="source must be made of columns of text, got doc, which holds List"):
        evaluator.evaluate(trained, listed, tokenizer=tokenizer)
    with pytest.raises(ParameterError, match="tokenizer must be given with a model object"):
        evaluator.evaluate(trained, data)
    with pytest.raises(ParameterError, match="metric must be one that was evaluated, got 'bleu'"):
        evaluator.evaluate(trained, data, tokenizer=tokenizer)["test_id"].scores("bleu")


def test_copies_are_resampled_as_one(tokenizer):
    """A function that stands four times among the rows counts once; estimate and aggregates count what is left."""
    body = "int main() { test(); return 0; }"
    rows = {"doc": [f"say {i}" for i in range(10)], "code": [body] * 4 + [f"return a{i} + b{i}" for i in range(6)]}
    model = generator("t5", tokenizer)
    found = quiet(FORCED).evaluate(model, Dataset.from_dict(rows), tokenizer=tokenizer)
    part = found["data"]
    assert len(set(part.copies.tolist())) == 7
    estimate = part.estimates["negative_log_likelihood"]
    assert (estimate.n, estimate.groups) == (10, 7)
    expected = bootstrap_ci(
        part.statistics_of("negative_log_likelihood"),
        metric=part.metrics["negative_log_likelihood"],
        groups=[0, 0, 0, 0, 1, 2, 3, 4, 5, 6],
    )
    assert estimate == expected
    assert "10 of 10 rows in 7 groups of near-duplicates" in str(found)
    assert [(row["n"], row["groups"]) for row in found.aggregates()] == [(10, 7)] * 2


def test_a_share_at_its_bound_is_told_by_wilson(tokenizer):
    """A model that gets nothing right has Wilson's interval, which the text names."""
    rows = {"doc": [f"say {i}" for i in range(6)], "code": [f"return a{i} + b{i}" for i in range(6)]}
    found = quiet([ExactMatch()]).evaluate(generator("t5", tokenizer), Dataset.from_dict(rows), tokenizer=tokenizer)
    assert found["data"].estimates["exact_match"].method == "Wilson"
    assert "0.0000 [0.0000, 0.3903] Wilson  6 of 6 rows" in str(found)

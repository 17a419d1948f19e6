"""A ``Decoding`` decides all of generation, and a model's own generation config only where it is asked."""

from __future__ import annotations

import copy

import pytest
import torch
from peft import LoraConfig, PrefixTuningConfig, get_peft_model
from transformers import GenerationConfig

from codeshift.errors import ParameterError
from codeshift.finetune import Decoding, Evaluator
from codeshift.finetune.generation_settings import only, settings_for, taken_warpers
from codeshift.finetune.generators import as_generator
from codeshift.finetune.runtime import seeded
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

KEPT = {"pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"}
VALUES = {
    "max_length": 3, "max_new_tokens": 2, "min_length": 40, "min_new_tokens": 12, "max_time": 1e-9, "num_beams": 4,
    "do_sample": True, "temperature": 9.0, "top_k": 1, "repetition_penalty": 30.0, "encoder_repetition_penalty": 30.0,
    "length_penalty": -5.0, "no_repeat_ngram_size": 1, "encoder_no_repeat_ngram_size": 1, "num_return_sequences": 3,
    "bad_words_ids": [[n] for n in range(40, 330)], "forced_bos_token_id": 60, "forced_eos_token_id": 61,
    "exponential_decay_length_penalty": (1, 9.0), "suppress_tokens": list(range(40, 330)), "guidance_scale": 5.0,
    "begin_suppress_tokens": list(range(40, 330)), "sequence_bias": [[[n], 90.0] for n in range(70, 75)],
    "stop_strings": ["e", " "], "watermarking_config": {"greenlist_ratio": 0.5, "bias": 50.0}, "early_stopping": True,
    "return_dict_in_generate": True, "output_scores": True, "output_logits": True, "output_attentions": True,
    "output_hidden_states": True, "cache_implementation": "static", "use_cache": False, "diversity_penalty": 5.0,
    "num_beam_groups": 2, "prompt_lookup_num_tokens": 3, "remove_invalid_values": True, "renormalize_logits": True,
    "transformers_version": "4.0.0", "assistant_early_exit": 1, "low_memory": True, "penalty_alpha": 0.5,
    "constraints": ["none"], "force_words_ids": [[60]], "token_healing": True, "dola_layers": "low",
}  # fmt: skip
FIELDS = sorted(name for name in vars(GenerationConfig()) if not name.startswith("_") and name not in KEPT)


def generator(family, tokenizer, **settings):
    """A random model, its weights enlarged so that what it writes differs from row to row."""
    with seeded(0):
        model = as_generator(tiny_model(family, tokenizer, **settings), tokenizer)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim == 2:
                    parameter.mul_(6)
    return model


def evaluated(model, data, tokenizer, decoding=None, **options):
    decoding = decoding or Decoding(max_new_tokens=10)
    evaluator = Evaluator([ExactMatch()], source="doc", target="code", decoding=decoding, progress=False, **options)
    return evaluator.evaluate(model, data["test_id"], tokenizer=tokenizer)


def outputs(*args, **options):
    return evaluated(*args, **options)["data"].outputs


def set_all(config, names=FIELDS):
    for name in names:
        setattr(config, name, copy.deepcopy(VALUES.get(name, 7)))


@pytest.mark.parametrize("num_beams", [1, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_field_of_the_models_config_counts(family, num_beams, data, tokenizer):
    """All fields that transformers has, at once: the outputs are those of a model without any."""
    decoding = Decoding(num_beams=num_beams, max_new_tokens=10)
    settings = {"tie_word_embeddings": False} if family == "plbart" else {}
    model = generator(family, tokenizer, **settings)
    plain = evaluated(model, data, tokenizer, decoding)
    set_all(model.generation_config)
    before = copy.deepcopy(vars(model.generation_config))
    hostile = evaluated(model, data, tokenizer, decoding)
    assert hostile["data"].outputs == plain["data"].outputs
    assert hostile.metadata == plain.metadata
    assert vars(model.generation_config) == before
    assert len({output.text for output in plain["data"].outputs}) > 2


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_alone_changes_nothing(field, data, tokenizer):
    """One field after another, drawn and greedy."""
    model = generator("t5", tokenizer)
    drawing = Decoding(do_sample=True, temperature=1.5, top_p=0.9, max_new_tokens=6)
    plain = [outputs(model, data, tokenizer, decoding) for decoding in (Decoding(max_new_tokens=6), drawing)]
    set_all(model.generation_config, [field])
    assert [outputs(model, data, tokenizer, d) for d in (Decoding(max_new_tokens=6), drawing)] == plain


def test_the_model_has_its_config_again_after_an_error(tokenizer):
    """The very object, whatever happens in between."""
    model = tiny_model("gpt2", tokenizer)
    own = model.generation_config
    seen = []

    def stopping():
        with only(model, GenerationConfig()):
            seen.append(model.generation_config is own)
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopping()
    assert seen == [False]
    assert model.generation_config is own


@pytest.mark.parametrize("config", [LoraConfig(r=2, init_lora_weights=False), PrefixTuningConfig(num_virtual_tokens=2)])
@pytest.mark.parametrize("family", ["llama", "t5"])
def test_adapters_hide_no_config(family, config, data, tokenizer):
    """A config that was set on PEFT's wrapping counts as little as that of the model inside, and both are left."""
    config = copy.deepcopy(config)
    config.task_type = "CAUSAL_LM" if family == "llama" else "SEQ_2_SEQ_LM"
    with seeded(0):
        model = get_peft_model(generator(family, tokenizer), config)
    plain = outputs(model, data, tokenizer)
    model.generation_config = copy.deepcopy(model.get_base_model().generation_config)
    for part in (model, model.get_base_model()):
        set_all(part.generation_config)
    own = [part.generation_config for part in (model, model.get_base_model())]
    assert own[0] is not own[1]
    assert outputs(model, data, tokenizer) == plain
    assert [part.generation_config for part in (model, model.get_base_model())] == own
    assert len({output.text for output in plain}) > 2


def test_settings_of_the_config_are_not_settings_of_generation(data, tokenizer):
    """Old folders have such values in ``config.json``: transformers refuses them, and they do not count here."""
    model = generator("llama", tokenizer)
    plain = outputs(model, data, tokenizer)
    model.config.no_repeat_ngram_size, model.config.repetition_penalty = 1, 9.0
    assert outputs(model, data, tokenizer) == plain


ASKED = {
    "no_repeat_ngram_size": 2, "repetition_penalty": 3.0, "min_new_tokens": 10, "num_beams": 3, "guidance_scale": 4.0,
    "suppress_tokens": list(range(40, 200)), "sequence_bias": [[[70], 80.0]], "forced_eos_token_id": 2,
}  # fmt: skip


@pytest.mark.parametrize("field", ASKED)
def test_a_models_own_decoding_is_that_of_transformers(field, data, tokenizer):
    """With ``from_model`` the outputs are those of a plain ``generate``, row by row, and the metadata says so."""
    model = generator("llama", tokenizer)
    plain = evaluated(model, data, tokenizer)
    setattr(model.generation_config, field, ASKED[field])
    found = evaluated(model, data, tokenizer, Decoding(max_new_tokens=10, from_model=True))
    texts = []
    for row in data["test_id"]["doc"]:
        ids = tokenizer([row], return_tensors="pt")["input_ids"][:, :-1]
        made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=10)
        texts.append(tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True))
    assert found["data"].predictions == texts
    if field not in ("min_new_tokens", "forced_eos_token_id"):  # these change outputs that end early or do not end
        assert texts != plain["data"].predictions
    assert found.metadata["decoding"]["from_model"] is True
    assert found.metadata["generation_config"][field] == ASKED[field]
    assert plain.metadata["decoding"]["from_model"] is False
    assert field not in plain.metadata["generation_config"]


def test_a_models_own_draw_follows_the_seed(data, tokenizer):
    """The probabilities are those of its config; batches and order change nothing, another seed does."""
    model = generator("gpt2", tokenizer)
    model.generation_config.update(do_sample=True, temperature=2.0, top_k=20, min_p=0.001)

    def draw(seed, **options):
        return outputs(model, data, tokenizer, Decoding(from_model=True, seed=seed, max_new_tokens=8), **options)

    assert draw(0) == draw(0, batch_size=3) != draw(1)
    model.generation_config.top_k = 1
    greedy = outputs(model, data, tokenizer, Decoding(max_new_tokens=8))
    assert draw(0) == greedy, "the one likeliest token is all that is left to draw"
    assert model.generation_config.do_sample is True


def test_a_models_own_draw_has_the_probabilities_of_transformers(tokenizer):
    """What is left of the scores before a draw is what ``generate`` itself would draw from, all settings together."""
    model = tiny_model("gpt2", tokenizer)
    config = model.generation_config
    config.update(do_sample=True, temperature=1.7, top_k=90, top_p=0.9, min_p=0.01, typical_p=0.9)
    config.update(epsilon_cutoff=1e-3, eta_cutoff=1e-3)
    seen = []

    def watching(ids, scores):
        seen.append(scores)
        return scores

    ids = torch.tensor([[5, 6, 7]])
    made = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=1, pad_token_id=0, logits_processor=[watching],
        output_scores=True, return_dict_in_generate=True,
    )  # fmt: skip
    settings = settings_for(model, tokenizer, Decoding(from_model=True))
    scores = seen[0]
    for warper in taken_warpers(settings, torch.device("cpu")):
        scores = warper(ids, scores)
    assert torch.equal(scores, made.scores[0])
    assert 1 < int(torch.isfinite(scores).sum()) < 90
    assert not settings.do_sample


def test_a_model_that_draws_with_beams_is_refused(data, tokenizer):
    """By name: its draws would differ from batch to batch."""
    model = tiny_model("gpt2", tokenizer)
    model.generation_config.update(do_sample=True, num_beams=3)
    with pytest.raises(ParameterError, match="from_model must be False for a model that samples with beams"):
        evaluated(model, data, tokenizer, Decoding(from_model=True))
    scored = Evaluator([NegativeLogLikelihood()], source="doc", target="code", progress=False)
    assert scored.evaluate(model, data["test_id"], tokenizer=tokenizer).metadata["generation_config"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_model": 1}, "from_model must be True or False, got 1"),
        ({"from_model": True, "num_beams": 2}, "num_beams must be left out with from_model, got 2"),
        ({"from_model": True, "do_sample": True}, "do_sample must be left out with from_model, got True"),
        ({"from_model": True, "top_p": 0.5}, "top_p must be left out with from_model, got 0.5"),
    ],
)
def test_bad_decoding_is_named(options, message):
    """Each fault is an error with the parameter and what to do."""
    with pytest.raises(ParameterError, match=message):
        Decoding(**options)


def test_what_a_model_needs_is_kept(tokenizer):
    """Start, end and padding; an end of the model's that is an ordinary token of the tokenizer ends nothing."""
    model = tiny_model("t5", tokenizer)
    model.generation_config.decoder_start_token_id = 4
    model.generation_config.eos_token_id = [1, 70]
    made = settings_for(model, tokenizer, Decoding())
    assert (made.decoder_start_token_id, made.pad_token_id, made.bos_token_id) == (4, 0, 1)
    assert made.eos_token_id == [2, 1]
    model.generation_config.decoder_start_token_id = None
    assert settings_for(model, tokenizer, Decoding()).decoder_start_token_id == 0  # of the model's config


def test_an_output_ends_with_any_end_of_the_model(data, tokenizer):
    """A chat model ends a turn with another token than a text; it is left out of the text."""
    model, row = generator("llama", tokenizer), data["test_id"].select([0])
    ids = tokenizer(row["doc"][:], return_tensors="pt")["input_ids"][:, :-1]
    written = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=10, eos_token_id=2)
    end = next(n for n in written[0, ids.shape[1] + 1 :].tolist() if n not in ids)
    again = copy.deepcopy(tokenizer)
    again.add_special_tokens({"additional_special_tokens": [tokenizer.convert_ids_to_tokens(end)]})
    [plain] = outputs(model, {"test_id": row}, again)
    model.generation_config.eos_token_id = [2, end]
    [found] = outputs(model, {"test_id": row}, again)
    assert found.finished
    assert found.tokens == written[0, ids.shape[1] :].tolist().index(end) + 1 < plain.tokens == 10
    assert plain.text.startswith(found.text)

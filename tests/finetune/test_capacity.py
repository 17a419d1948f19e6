"""A model without room for a token or a position is an error before the first step; one with room to spare is not."""

from __future__ import annotations

import copy

import pytest
from datasets import Dataset
from peft import LoraConfig, PrefixTuningConfig, get_peft_model
from transformers import MarianConfig, MarianMTModel, T5Config, T5ForConditionalGeneration

from codeshift.errors import ParameterError
from codeshift.finetune import Decoding, Evaluator, Trainer, TrainingConfig
from codeshift.finetune.generators import as_generator
from codeshift.finetune.runtime import seeded
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

FORCED = NegativeLogLikelihood()
ONE_STEP = TrainingConfig(max_steps=1, train_batch_size=4)
COLUMNS = {"source": "doc", "target": "code", "progress": False}


def fit(model, tokenizer, rows, config=ONE_STEP, **options):
    return Trainer(model, tokenizer, config, **COLUMNS, **options).fit(rows)


def evaluate(model, tokenizer, rows, metrics=(FORCED,), **options):
    return Evaluator(metrics, **COLUMNS, **options).evaluate(model, rows, tokenizer=tokenizer)


def texts(source, target, rows=4):
    return Dataset.from_dict({"doc": [source] * rows, "code": [target] * rows})


def more_tokens(tokenizer, count=40):
    larger = copy.deepcopy(tokenizer)
    larger.add_tokens([f"<new{i}>" for i in range(count)])
    return larger


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tokenizer_that_is_larger_than_the_embedding(family, tokenizer):
    """Training and evaluation name the token, the sizes and the remedy; with it they run."""
    larger = more_tokens(tokenizer)
    rows = texts("a <new39>", "return <new38>")
    with seeded(0):
        model = as_generator(tiny_model(family, tokenizer), tokenizer)
    size = len(tokenizer)
    message = rf"tokenizer must be within the model's embedding of {size} tokens, got one of {size + 40} tokens"
    with pytest.raises(
        ParameterError, match=message + rf", among them '<new39>' with the id {size + 39}: .*resize_token"
    ):
        fit(model, larger, rows)
    with pytest.raises(ParameterError, match=message):
        evaluate(model, larger, rows)
    if family in ("t5", "llama", "gpt2"):
        model.resize_token_embeddings(len(larger))
        assert len(fit(model, larger, rows).losses) == 1


def test_an_adapter_hides_no_embedding(tokenizer):
    """That of the model inside is what counts."""
    larger, rows = more_tokens(tokenizer), texts("a", "b")
    model = get_peft_model(tiny_model("llama", tokenizer), LoraConfig(r=2, target_modules=["q_proj", "embed_tokens"]))
    with pytest.raises(ParameterError, match="within the model's embedding of"):
        evaluate(model, larger, rows)


def test_tokens_that_no_text_can_hold_need_no_room(tokenizer):
    """A special token that was added, and that neither the template nor padding uses; an embedding that is padded."""
    rows = texts("a", "b <turn>")
    larger = copy.deepcopy(tokenizer)
    larger.add_special_tokens({"additional_special_tokens": ["<turn>"]})
    assert len(fit(tiny_model("t5", tokenizer), larger, rows).losses) == 1
    padded = tiny_model("t5", tokenizer, vocab_size=len(tokenizer) + 64)
    assert len(fit(padded, tokenizer, rows).losses) == 1
    for columns in ({"source": "doc", "target": "<turn>{code}"}, {"source": "<turn>{doc}", "target": "code"}):
        with pytest.raises(ParameterError, match="among them '<turn>'"):
            Trainer(tiny_model("t5", tokenizer), larger, ONE_STEP, **columns, progress=False).fit(rows)
    with pytest.raises(ParameterError, match="among them '<turn>'"):
        fit(tiny_model("t5", tokenizer), larger, rows, TrainingConfig(max_steps=1, special_tokens=("<turn>",)))


def test_a_padding_token_without_room_is_told(tokenizer):
    """A decoder whose own padding nobody set is padded with the tokenizer's."""
    larger = copy.deepcopy(tokenizer)
    larger.add_special_tokens({"pad_token": "<new-pad>"})
    model = tiny_model("llama", tokenizer)
    model.config.pad_token_id = None
    with pytest.raises(ParameterError, match="among them '<new-pad>'"):
        fit(model, larger, texts("a", "b"))
    model.config.pad_token_id = 0
    assert len(fit(model, larger, texts("a", "b")).losses) == 1


def test_an_output_layer_that_is_smaller(tokenizer):
    """Labels need room there, even where the embedding has it."""
    model = tiny_model("llama", tokenizer, tie_word_embeddings=False, vocab_size=len(tokenizer) + 40)
    model.lm_head = tiny_model("llama", tokenizer).lm_head
    with pytest.raises(ParameterError, match=f"embedding of {len(tokenizer)} tokens"):
        fit(model, more_tokens(tokenizer), texts("a", "b"))


# What the positions of each family are called, and how many rows of its table come before the first position.
POSITIONS = {
    "plbart": ({"max_position_embeddings": 24}, 24), "llama": ({"max_position_embeddings": 24}, 24),
    "starcoder2": ({"max_position_embeddings": 24}, 24), "qwen2": ({"max_position_embeddings": 24}, 24),
    "gpt2": ({"n_positions": 24}, 24), "codegen": ({"n_positions": 24}, 24),
    "roberta": ({"max_position_embeddings": 25}, 24),  # one more for its padding
}  # fmt: skip


def of(count, tokenizer):
    """A text of so many tokens, none of them special."""
    text = "7" * count
    assert len(tokenizer(text, add_special_tokens=False)["input_ids"]) == count
    return text


@pytest.mark.parametrize("family", POSITIONS)
def test_a_row_that_is_longer_than_the_positions(family, tokenizer):
    """A row as long as the positions is trained on and generated for; one more token is an error with the arguments."""
    settings, limit = POSITIONS[family]
    with seeded(0):
        model = as_generator(tiny_model(family, tokenizer, **settings), tokenizer)
    decoder = not model.config.is_encoder_decoder
    source, target = (
        (limit - 8, 7) if decoder else (limit - 1, limit - 1)
    )  # both end with a token; a source of Llama not
    fits = texts(of(source, tokenizer), of(target, tokenizer))
    assert len(fit(model, tokenizer, fits).losses) == 1
    assert evaluate(model, tokenizer, fits, [ExactMatch(), FORCED])["data"].outputs
    long_source, long_target = (
        texts(of(source + 1, tokenizer), "7" * target),
        texts("7" * source, of(target + 1, tokenizer)),
    )
    needed = rf"model must be given no more than its {limit} positions, got a row of {limit + 1} tokens in "
    for rows, argument in ((long_source, "max_source_length"), (long_target, "max_target_length")):
        with pytest.raises(ParameterError, match=needed + f"train: .*{argument}"):
            fit(model, tokenizer, rows)
        with pytest.raises(ParameterError, match=needed + f"data: .*{argument}"):
            evaluate(model, tokenizer, rows)
    cut = TrainingConfig(max_steps=1, train_batch_size=4, max_source_length=source, max_target_length=target)
    with pytest.warns(match="sources"):
        assert len(fit(model, tokenizer, long_source, cut).losses) == 1


@pytest.mark.parametrize("family", POSITIONS)
def test_an_output_that_may_grow_longer_than_the_positions(family, tokenizer):
    """The longest output counts, but for its last token, which a decoder does not read any more."""
    settings, limit = POSITIONS[family]
    with seeded(0):
        model = as_generator(tiny_model(family, tokenizer, **settings), tokenizer)
    source = 8
    longest = limit - source + 1 if not model.config.is_encoder_decoder else limit
    rows = texts(of(source, tokenizer), "a")
    fits = evaluate(model, tokenizer, rows, [ExactMatch()], decoding=Decoding(max_new_tokens=longest))
    assert fits["data"].outputs[0].tokens <= longest
    with pytest.raises(ParameterError, match=f"no more than its {limit} positions, got a row .*max_new_tokens"):
        evaluate(model, tokenizer, rows, [ExactMatch()], decoding=Decoding(max_new_tokens=longest + 1))


def test_distances_have_no_end(tokenizer):
    """T5 has no positions, so no row is too long for it."""
    config = T5Config(vocab_size=len(tokenizer), d_model=16, d_ff=16, d_kv=8, num_layers=1, num_heads=2, n_positions=8)
    config.decoder_start_token_id = 0
    assert len(fit(T5ForConditionalGeneration(config), tokenizer, texts("7" * 60, "7" * 60)).losses) == 1


def test_positions_that_are_computed_are_a_table_too(tokenizer):
    """Marian's sinusoids end as abruptly as learned ones."""
    config = MarianConfig(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=24,
        pad_token_id=0, eos_token_id=2, decoder_start_token_id=0, forced_eos_token_id=None,
    )  # fmt: skip
    model = MarianMTModel(config)
    assert len(fit(model, tokenizer, texts(of(23, tokenizer), "a")).losses) == 1
    with pytest.raises(ParameterError, match="no more than its 24 positions, got a row of 25 tokens in train"):
        fit(model, tokenizer, texts(of(24, tokenizer), "a"))


def test_a_prefix_takes_positions(tokenizer):
    """Virtual tokens stand before each row."""
    model = tiny_model("gpt2", tokenizer, n_positions=24)
    prefix = PrefixTuningConfig(num_virtual_tokens=4, task_type="CAUSAL_LM")
    assert len(fit(model, tokenizer, texts(of(12, tokenizer), of(7, tokenizer)), peft_config=prefix).losses) == 1
    with pytest.raises(ParameterError, match="no more than its 24 positions, got a row of 25 tokens"):
        fit(model, tokenizer, texts(of(13, tokenizer), of(7, tokenizer)), peft_config=prefix)


def test_rotary_positions_may_be_set_higher(tokenizer):
    """They are computed, so a user may let a model go beyond them, and the message says how."""
    model = tiny_model("llama", tokenizer, max_position_embeddings=24)
    rows = texts("7" * 20, "7" * 20)
    with pytest.raises(ParameterError, match=r"or raise config\.max_position_embeddings"):
        fit(model, tokenizer, rows)
    model.config.max_position_embeddings = 64
    assert len(fit(model, tokenizer, rows).losses) == 1


def test_nothing_is_written_or_evaluated_before(tokenizer, tmp_path):
    """The second part does not fit: the first one is not evaluated, and no folder is made."""
    model = tiny_model("gpt2", tokenizer, n_positions=24)
    parts = {"test_id": texts("a", "b"), "test_ood": texts("7" * 30, "b")}
    with pytest.raises(ParameterError, match="tokens in test_ood"):
        Evaluator([ExactMatch()], **COLUMNS).evaluate(model, parts, tokenizer=tokenizer, output_dir=tmp_path / "out")
    with pytest.raises(ParameterError, match="tokens in train"):
        Trainer(model, tokenizer, ONE_STEP, **COLUMNS).fit(parts["test_ood"], tmp_path / "out")
    assert not (tmp_path / "out").exists()

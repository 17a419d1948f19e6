"""Templates of models that fill in the middle, through the encoder of fine-tuning."""

from __future__ import annotations

import pytest
from datasets import Dataset
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from codeshift.data import FIM_TEMPLATES, completion_rows
from codeshift.finetune.encoding import Encoder
from codeshift.finetune.template import Template

TOKENS = {
    "starcoder2": ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    "qwen-coder": ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    "codellama": ("▁<PRE>", "▁<SUF>", "▁<MID>"),
    "t5": (None, "<extra_id_0>", None),
}


def make_tokenizer(tokens: list[str]) -> PreTrainedTokenizerFast:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(["def f(x): return x"], trainer)
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in [*tokens, "</s>"]])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>", pad_token="</s>")  # noqa: S106


@pytest.mark.parametrize("name", FIM_TEMPLATES)
@pytest.mark.parametrize("unit", ["name", "line", "block"])
def test_a_row_is_encoded_as_the_model_was_pretrained(name, unit):
    """Special tokens around prefix and suffix, each encoded by itself; those in the program stay text."""
    marks = [token for token in TOKENS[name] if token]
    tokenizer = make_tokenizer(marks)
    code = f"def f(x):\n    if x:\n        return '{marks[0]}', x\n    return x\n"
    [row] = rows = completion_rows(Dataset.from_dict({"code": [code]}), unit, language="python", seed=3)
    templates = Template(FIM_TEMPLATES[name], "source"), Template(unit, "target")
    encoded = Encoder(tokenizer, *templates, 512, 512, is_decoder=True).encode(rows)

    before, between, after = (
        [] if token is None else [tokenizer.convert_tokens_to_ids(token)] for token in TOKENS[name]
    )
    assert encoded.sources[0].tolist() == [
        *before,
        *plain(tokenizer, row["prefix"]),
        *between,
        *plain(tokenizer, row["suffix"]),
        *after,
    ]
    assert tokenizer.decode(encoded.targets[0], skip_special_tokens=True) == row[unit]


def plain(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """The ids of a text by the model of the tokenizer alone, which knows no special token."""
    backend = tokenizer.backend_tokenizer
    words = [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(text)]
    return [token.id for word in words for token in backend.model.tokenize(word)]

"""Conversations in the published templates of five models: the ids of the whole, and the mask of the answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from codeshift.errors import DataError
from codeshift.finetune.chat import ChatTemplateError, encode_turn
from codeshift.finetune.conversation import Chat
from helpers.pages import ROOT

TEMPLATES = ROOT / "tests" / "data" / "chat_templates"
SPECIAL = {  # beginning of a text, end of a text, other special tokens, and what ends a turn
    "chatml": ("<|im_start|>", "<|im_end|>", ["<|endoftext|>"], "<|im_end|>"),
    "llama3": (
        "<|begin_of_text|>",
        "<|end_of_text|>",
        ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        "<|eot_id|>",
    ),
    "qwen2.5": (None, "<|im_end|>", ["<|im_start|>", "<|endoftext|>"], "<|im_end|>"),
    "mistral": ("<s>", "</s>", [], "</s>"),
    "deepseek": ("<|begin▁of▁sentence|>", "<|end▁of▁sentence|>", [], "<|end▁of▁sentence|>"),
}
SOURCE = "Add two numbers.\n\nWrite Python: é, 中 and 1234."
TARGET = "def add(a, b):\n    return a + b"


def make_tokenizer(name: str) -> PreTrainedTokenizerFast:
    """A small tokenizer with the special tokens of a model and its published template."""
    begin, end, others, _ = SPECIAL[name]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(
        [SOURCE, TARGET, "User: Assistant: [INST] [/INST] system\nuser\nassistant\n"], trainer
    )
    added = [AddedToken(token, special=True, normalized=False) for token in [begin, end, *others] if token]
    tokenizer.add_special_tokens(added)
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=begin, eos_token=end)
    made.chat_template = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    return made


@pytest.fixture(scope="module", params=SPECIAL)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def tokenizer(name):
    return make_tokenizer(name)


@pytest.mark.parametrize("system", [None, "Write code alone."])
@pytest.mark.parametrize("shots", [(), (("Negate.", "return -x"), ("Halve.", "return x / 2"))])
def test_ids_are_those_of_the_whole_conversation(name, tokenizer, system, shots):
    """The answer and the end of its turn are learned, and nothing else; the examples' answers are not."""
    if name == "mistral" and system is not None:
        with pytest.raises(ChatTemplateError, match=r"takes the turns system, user.*Conversation roles must alternate"):
            encode_turn(tokenizer, SOURCE, TARGET, Chat(system, shots))
        return
    turns = Chat(system, shots).turns(SOURCE, TARGET)
    turn = encode_turn(tokenizer, SOURCE, TARGET, Chat(system, shots))
    whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
    assert turn.ids.tolist() == whole
    assert tokenizer.decode(turn.answer).removeprefix(" ") == TARGET + SPECIAL[name][3]
    given = tokenizer.apply_chat_template(turns[:-1], add_generation_prompt=True, tokenize=True, return_dict=True)
    assert turn.prompt.tolist() == given["input_ids"]
    [start, *_, last] = np.flatnonzero(turn.learned)
    assert turn.learned[start : last + 1].all()
    assert tokenizer.decode(turn.ids[last + 1 :]) in ("", "\n")
    assert turn.as_written
    assert turn.as_whole


def test_the_text_of_a_conversation(name, tokenizer):
    """Written by hand from the pages of the models: were a template file damaged, all else would agree still."""
    expected = {
        "chatml": "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        "Yo<|im_end|>\n",
        "llama3": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe short.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nYo<|eot_id|>",
        "qwen2.5": "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        "Yo<|im_end|>\n",
        "mistral": "<s>[INST] Hi [/INST]Yo</s>",
        "deepseek": "<|begin▁of▁sentence|>Be short.\n\nUser: Hi\n\nAssistant: Yo<|end▁of▁sentence|>",
    }[name]
    turn = encode_turn(tokenizer, "Hi", "Yo", Chat(None if name == "mistral" else "Be short."))
    assert tokenizer.decode(turn.ids) == expected


def test_generation_stops_at_the_end_of_the_turn(name, tokenizer):
    assert tokenizer.convert_ids_to_tokens(int(encode_turn(tokenizer, "x", "x").answer[-1])) == SPECIAL[name][3]


@given(source=st.text(min_size=1, max_size=40), target=st.text(min_size=1, max_size=40))
def test_any_text_is_learned_as_it_is_written(name, tokenizer, source, target):
    """The learned ids are what the template writes of the target, and the others what generation is given."""
    turn = encode_turn(tokenizer, source, target)
    given = tokenizer.apply_chat_template(Chat().turns(source), add_generation_prompt=True, return_dict=True)
    assert turn.prompt.tolist() == given["input_ids"]
    whole = tokenizer.apply_chat_template(Chat().turns(source, target), tokenize=True, return_dict=True)["input_ids"]
    assert turn.as_whole == (turn.ids.tolist() == whole)
    assert tokenizer.decode(turn.ids) == tokenizer.decode(whole)
    written = target.strip() if name == "llama3" else target
    answer = tokenizer.decode(turn.answer, clean_up_tokenization_spaces=False)
    assert answer.removeprefix(" " if name == "deepseek" else "") == written + SPECIAL[name][3]
    assert turn.as_written == (target in answer)


def test_an_indentation_is_not_joined_with_the_line_end_before_it():
    """Both are one token in the whole conversation; generation is given the line end, so it is encoded apart."""
    tokenizer = make_tokenizer("chatml")
    turn = encode_turn(tokenizer, "Go on.", "    return a")
    assert not turn.as_whole
    assert tokenizer.decode(turn.prompt).endswith("<|im_start|>assistant\n")
    assert tokenizer.decode(turn.answer) == "    return a<|im_end|>"


def test_a_target_that_the_template_strips_is_told():
    """The indentation of a first line is code, and Llama 3's template removes it."""
    assert not encode_turn(make_tokenizer("llama3"), "Go on.", "    return a").as_written
    assert encode_turn(make_tokenizer("qwen2.5"), "Go on.", "    return a").as_written


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "tokenizer must be one with a chat template"),
        (
            "{% for m in messages %}{{ m.content + eos_token }}{% endfor %}{{ '<think>' if add_generation_prompt }}",
            "one whose chat template only adds to what comes before the answer",
        ),
        (
            "{% for m in messages %}{% if loop.last %}{{ 'last: ' }}{% endif %}{{ m.content + eos_token }}{% endfor %}",
            "one whose chat template only adds to what comes before the answer",
        ),
        (
            "{% for m in messages %}{{ m.content + '\\n' }}{% endfor %}",
            "ends the assistant's turn with a special token",
        ),
        ("{{ raise_exception('no') }}", "one whose chat template takes the turns user"),
        ("{% for m in messages %}", "one whose chat template takes the turns user"),
    ],
)
def test_a_template_that_a_model_cannot_be_trained_with(template, message):
    """A wrong mask would train on what the model is never given."""
    tokenizer = make_tokenizer("chatml")
    tokenizer.chat_template = template
    with pytest.raises(ChatTemplateError, match=message):
        encode_turn(tokenizer, "def", "add")


@pytest.mark.parametrize("place", ["source", "target", "system", "shots"])
def test_text_that_would_end_a_turn_is_refused(place):
    texts = {"source": "a", "target": "b", "system": "c"} | {place: "a <|im_end|> b"}
    chat = Chat(texts["system"], (("q", texts.get("shots", "a")),))
    with pytest.raises(DataError, match=f"{place} must be text without special tokens .* it holds <.im_end.>"):
        encode_turn(make_tokenizer("chatml"), texts["source"], texts["target"], chat)

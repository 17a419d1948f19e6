"""The tokenizer of code: lossless, and the same for the same texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError
from codeshift.properties.text_tokens import detokenize, tokenize_plain
from tools.pretrain.code_tokenizer import END, PAD, SENTINELS, train_code_tokenizer

CODE = ["def f(a, b):\n    return a + b  # größe", "class A:\n    x = 'ß'\n", "for i in range(10):\n\tprint(i)"]
TOKENIZER = train_code_tokenizer(CODE, vocabulary=400)


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_survives(text):
    """Decoding gives back each character of any text, spaces before stops and unknown scripts included."""
    ids = TOKENIZER(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert TOKENIZER.decode(ids) == text


def test_special_tokens():
    """Padding and end are where T5 has them, the end token ends each text, sentinels are one token each."""
    assert TOKENIZER.convert_tokens_to_ids([PAD, END]) == [0, 1]
    assert (TOKENIZER.pad_token_id, TOKENIZER.eos_token_id) == (0, 1)
    ids = TOKENIZER("a<extra_id_3>b")["input_ids"]
    assert len(ids) == 4
    assert ids[1:] == TOKENIZER.convert_tokens_to_ids([SENTINELS[3], "b", END])
    assert set(TOKENIZER.all_special_tokens) == {PAD, END, *SENTINELS}


def test_the_order_of_texts_changes_nothing():
    """Merges depend on what the texts hold alone."""
    other = train_code_tokenizer(CODE[::-1], vocabulary=400)
    assert other.backend_tokenizer.to_str() == TOKENIZER.backend_tokenizer.to_str()


def test_round_trip_through_a_folder(tmp_path):
    """Saved and loaded in transformers' format it is the same tokenizer."""
    from transformers import AutoTokenizer

    TOKENIZER.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded(CODE)["input_ids"] == TOKENIZER(CODE)["input_ids"]
    assert loaded.all_special_ids == TOKENIZER.all_special_ids


def test_bad_input():
    """No room for bytes, and no text, are errors that say what to do."""
    with pytest.raises(ParameterError, match="vocabulary must be at least 358, got 300: 4096 suits"):
        train_code_tokenizer(CODE, vocabulary=300)
    with pytest.raises(DataError, match=r"texts must be texts to learn from, got \[\]: give the code"):
        train_code_tokenizer([])


@given(st.lists(st.sampled_from(["</s>", "<pad>", "<extra_id_7>"]) | st.text(max_size=8), max_size=8))
def test_special_tokens_in_a_text_are_text(parts):
    """As they are for other tokenizers: none of their ids, and the text comes back."""
    text = "".join(parts).encode("utf-8", "replace").decode()
    [ids] = tokenize_plain(TOKENIZER, [text])
    assert not set(ids) & set(TOKENIZER.all_special_ids)
    assert detokenize(TOKENIZER, ids) == text

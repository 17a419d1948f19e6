"""Span corruption: what is hidden can be put back, and nothing but the text and the seed decides what is hidden."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError
from codeshift.finetune.encoding import Encoder
from codeshift.finetune.template import Template
from codeshift.finetune.testing import tiny_tokenizer
from tools.pretrain.code_tokenizer import SENTINELS, train_code_tokenizer
from tools.pretrain.denoising import corrupt_spans, offsets_of

CODE = [f"def f{i}(a, b):\n    # größe 名前\n    return a + {i} * b\n" * 3 for i in range(20)]
TOKENIZER = train_code_tokenizer(CODE, vocabulary=500)
PIECE = re.compile(r"<extra_id_\d+>")


def filled(row) -> str:
    """The source with each span of the target in the place of its sentinel."""
    shown, hidden = PIECE.split(row["source"]), PIECE.split(row["target"])
    assert PIECE.findall(row["source"]) == list(SENTINELS[: len(shown) - 1])
    assert PIECE.findall(row["target"]) == list(SENTINELS[: len(shown)])
    assert (hidden[0], hidden[-1]) == ("", "")
    return "".join(a + b for a, b in zip(shown, hidden[1:], strict=True))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=300).filter(lambda text: "<extra_id_" not in text)


@given(st.lists(TEXTS, max_size=4), st.floats(0.05, 0.9), st.floats(1, 6), st.integers(2, 60), st.integers(0, 9))
def test_filling_the_spans_in_gives_the_text_back(texts, density, mean, length, seed):
    """No character is lost or moved, whatever the text: only last pieces of one token may be missing."""
    rows = corrupt_spans(texts, TOKENIZER, noise_density=density, mean_span_length=mean, max_length=length, seed=seed)
    found = "".join(filled(row) for row in rows)
    rest = iter("".join(texts))
    assert all(character in rest for character in found)  # in order
    for text in texts:
        ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
        if len(ids) % length != 1:
            assert text in found


def test_the_share_and_length_of_spans_are_as_asked():
    """About 15% of the tokens are hidden, in spans of about three."""
    text = "".join(CODE)
    rows = corrupt_spans([text], TOKENIZER, max_length=192)
    total = len(TOKENIZER(text, add_special_tokens=False)["input_ids"])
    spans = [span for row in rows for span in PIECE.split(row["target"])[1:-1]]
    hidden = sum(len(TOKENIZER(span, add_special_tokens=False)["input_ids"]) for span in spans)
    assert 0.13 < hidden / total < 0.18  # cutting a token's neighbours off can change how it is tokenised
    assert 2.5 < hidden / len(spans) < 3.5


def test_rows_depend_on_text_and_seed_alone():
    """Another order gives the same rows in that order; another seed gives other rows."""
    rows = corrupt_spans(CODE, TOKENIZER, seed=3)
    turned = corrupt_spans(CODE[::-1], TOKENIZER, seed=3)
    assert sorted(rows["source"]) == sorted(turned["source"])
    assert rows["source"][:] != turned["source"][:]
    assert corrupt_spans(CODE, TOKENIZER, seed=3)[:] == rows[:]
    assert corrupt_spans(CODE, TOKENIZER, seed=4)[:] != rows[:]


def test_spans_stand_anywhere():
    """Each token of a short text is hidden by some seed, the first and the last included."""
    text = "qwzxjk"  # no two of which were merged
    hidden = {corrupt_spans([text], TOKENIZER, seed=seed)[0]["target"] for seed in range(60)}
    assert hidden == {f"<extra_id_0>{token}<extra_id_1>" for token in text}


def test_no_row_is_longer_than_asked():
    """A long text becomes several rows, each within the limit, sentinels aside."""
    rows = corrupt_spans(["".join(CODE)], TOKENIZER, max_length=50)
    assert len(rows) > 5
    for row in rows:
        assert len(TOKENIZER(filled(row), add_special_tokens=False)["input_ids"]) <= 55


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"noise_density": 0.0}, "noise_density must be between 0 and 1, got 0.0: 0.15 is T5's"),
        ({"mean_span_length": 0.5}, "mean_span_length must be at least 1, got 0.5: 3.0 is T5's"),
        ({"max_length": 1}, "max_length must be at least 2, got 1: a row needs a token to hide and one to show"),
        ({"max_length": 4000}, "max_length must be within what the sentinels can mark, got 4000: .* shorten rows"),
    ],
)
def test_settings_that_cannot_work(settings, message):
    """Each setting out of range is named, with what to do."""
    with pytest.raises(ParameterError, match=message):
        corrupt_spans(CODE, TOKENIZER, **settings)


def test_a_text_with_a_sentinel_is_refused():
    """A text that holds a sentinel could not be told from a corrupted one."""
    with pytest.raises(DataError, match=r"texts must be free of sentinels .* leave such texts out"):
        corrupt_spans(["a <extra_id_7> b c d"], TOKENIZER)


def test_the_places_of_tokens_read_special_tokens_as_text():
    places = offsets_of(tiny_tokenizer(["return a + b"]), ["a</s>b", "a b"])
    assert places == [[(i, i + 1) for i in range(6)], [(0, 1), (1, 3)]]


def test_spans_are_encoded_as_tokens():
    """Sentinels in the rows' own columns are the tokens that they name, where the encoder is told of them."""
    rows = corrupt_spans(["def add(a, b): return a + b"], TOKENIZER)
    encoder = Encoder(
        TOKENIZER,
        Template("source", "source"),
        Template("target", "target"),
        50,
        50,
        False,
        0,
        special_tokens=SENTINELS,
    )
    ids = set(TOKENIZER.convert_tokens_to_ids(list(SENTINELS)))
    found = encoder.encode(rows)
    for side, column in ((found.sources, "source"), (found.targets, "target")):
        tokens = TOKENIZER.convert_ids_to_tokens([number for number in side[0].tolist() if number in ids])
        assert tokens == PIECE.findall(rows[0][column])
        assert tokens

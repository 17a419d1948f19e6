"""Encoding of text as token ids, for each kind of tokenizer and model."""

from __future__ import annotations

import copy

import pytest
from datasets import Dataset, Value
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import processors

from codeshift.errors import DataError, ParameterError
from codeshift.finetune.encoding import Encoder, Ragged
from codeshift.finetune.template import Template
from codeshift.finetune.testing import tiny_tokenizer
from codeshift.finetune.token_memory import remember_tokens
from codeshift.finetune.tokenizing import Tokenizing

PAD, BOS, EOS, LANGUAGE = 0, 1, 2, 4
KINDS = {"t5": "$A </s>", "roberta": "<s> $A </s>", "plbart": "$A </s> <mask>", "plain": "$A"}
TOKENIZER = tiny_tokenizer(["return a + b"])


def encoder(kind, *, is_decoder=False, start=PAD, longest=50):
    """An encoder over a tokenizer of this kind."""
    tokenizer = copy.deepcopy(TOKENIZER)
    ids = [("<s>", BOS), ("</s>", EOS), ("<mask>", LANGUAGE)]
    post = processors.TemplateProcessing(single=KINDS[kind], pair=f"{KINDS[kind]} $B", special_tokens=ids)
    tokenizer.backend_tokenizer.post_processor = post
    return Encoder(tokenizer, Template("s", "source"), Template("t", "target"), longest, longest, is_decoder, start)


def encode(made, *texts):
    """Each text as a source and as a target."""
    return made.encode(Dataset.from_dict({"s": texts, "t": texts}))


def encoded(kind, text, **options):
    found = encode(encoder(kind, **options), text)
    return found.sources[0].tolist(), found.targets[0].tolist(), found.truncation


WORDS = TOKENIZER("return a + b", add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("kind", KINDS)
def test_cutting_leaves_no_trace_in_the_tokenizer(kind):
    """The tokenizer that is saved after a text was truncated does not truncate by itself."""
    cutting = encoder(kind, longest=2)
    before = cutting.tokenizer.backend_tokenizer.to_str()
    assert encode(cutting, "return a + b").truncation.sources == 1
    assert cutting.tokenizer.backend_tokenizer.to_str() == before


@pytest.mark.parametrize(
    ("kind", "options", "source", "target"),
    [
        ("t5", {}, [*WORDS, EOS], [*WORDS, EOS]),
        ("plain", {}, WORDS, [*WORDS, EOS]),
        ("plbart", {}, [*WORDS, EOS, LANGUAGE], [*WORDS, EOS, LANGUAGE]),
        ("roberta", {}, [BOS, *WORDS, EOS], [BOS, *WORDS, EOS]),
        ("roberta", {"start": BOS}, [BOS, *WORDS, EOS], [*WORDS, EOS]),
        ("t5", {"is_decoder": True}, WORDS, [*WORDS, EOS]),
        ("roberta", {"is_decoder": True}, [BOS, *WORDS], [*WORDS, EOS]),
        ("plain", {"is_decoder": True}, WORDS, [*WORDS, EOS]),
    ],
)
def test_special_tokens(kind, options, source, target):
    """A target ends once, does not begin with what the model is started with; a decoder's source does not end."""
    assert encoded(kind, "return a + b", **options)[:2] == (source, target)


@pytest.mark.parametrize(
    ("kind", "options", "source", "target"),
    [
        ("t5", {}, [WORDS[0], EOS], WORDS[:2]),
        ("roberta", {"start": BOS}, [BOS, EOS], WORDS[:2]),
        ("t5", {"is_decoder": True}, WORDS[:2], WORDS[:2]),
        ("plbart", {}, [EOS, LANGUAGE], [EOS, LANGUAGE]),
    ],
)
def test_what_is_too_long_is_cut_and_counted(kind, options, source, target):
    """A source keeps its special tokens; a target loses its end token, but not a language that stands last."""
    found = encoded(kind, "return a + b", longest=2, **options)
    assert found[:2] == (source, target)
    truncation = found[2]
    assert (truncation.rows, truncation.sources, truncation.targets) == (1, 1, 1)
    assert truncation.lost_target_tokens == len(encoded(kind, "return a + b", **options)[1]) - 2


@pytest.mark.parametrize("is_decoder", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_text_has_a_token(kind, is_decoder):
    """No source is empty (a decoder must be given something), and an empty target is its end."""
    source, target, _ = encoded(kind, "", is_decoder=is_decoder)
    assert source
    assert target[-1] in (EOS, LANGUAGE)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.integers(2, 12), st.booleans())
def test_lengths_hold_and_rows_keep_their_order(texts, longest, is_decoder):
    """No row is longer than allowed, counts add up, and each row is what it is alone."""
    made = encoder("t5", is_decoder=is_decoder, longest=longest)
    together = encode(made, *texts)
    assert together.sources.lengths.max() <= longest >= together.targets.lengths.max()
    assert together.truncation.rows == len(texts)
    for i, text in enumerate(texts):
        alone = encode(made, text)
        assert together.sources[i].tolist() == alone.sources[0].tolist()
        assert together.targets[i].tolist() == alone.targets[0].tolist()


@given(st.lists(st.lists(st.integers(0, 99))))
def test_ragged_rows_are_the_rows(rows):
    """Rows come out as they went in."""
    ragged = Ragged.of(rows)
    assert [row.tolist() for row in ragged] == rows
    assert ragged.lengths.tolist() == [len(row) for row in rows]


@given(st.dictionaries(st.sampled_from(["a", "b", "c_1"]), st.text(), min_size=1), st.text())
def test_templates_are_format_strings(row, literal):
    """A template gives what ``str.format`` gives, braces doubled included."""
    spec = literal.replace("{", "{{").replace("}", "}}") + "".join(f"{{{name}}}" for name in row)
    template = Template(spec, "source")
    assert template.texts({name: [value] for name, value in row.items()}) == [spec.format(**row)]
    assert template.columns == tuple(row)


@pytest.mark.parametrize("spec", ["{}", "{0.real}", "{a[0]}", "{a!r}", "{a:>4}", "{a", "a}", "", "{{a}}"])
def test_other_templates_are_errors(spec):
    """Invalid parts of a template are named before a row is read."""
    with pytest.raises(ParameterError, match="source must be"):
        Template(spec, "source").check({"a": Value("string")})


@pytest.mark.parametrize("spec", ["a", "{t}: {a}"])
@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            [["x", "y"]],
            r"a, which holds List\(Value\('string'\)\): make it text first, such as .* ' '.join\(row\['a'\]\)",
        ),
        ([{"x": "y"}], r"a, which holds {'x': Value\('string'\)}: make it text first"),
        ([1, None], r"a, which holds Value\('int64'\): make it text first, such as .* str\(row\['a'\]\)"),
    ],
)
def test_columns_that_hold_no_text(spec, values, told):
    """The error for lists, objects and numbers names the column and type, before a row is read."""
    features = Dataset.from_dict({"a": values, "t": ["x"] * len(values)}).features
    with pytest.raises(DataError, match=f"source must be made of columns of text, got {told}"):
        Template(spec, "source").check(features)


@pytest.mark.parametrize("is_decoder", [False, True])
def test_texts_that_are_remembered_are_tokenised_once(is_decoder, monkeypatch):
    """The ids are those of a tokenizer that remembers nothing, cut ones too; each text is tokenised once a side."""
    tokenised = []
    tokenize = Tokenizing._tokenized
    monkeypatch.setattr(
        Tokenizing, "_tokenized", lambda self, texts, *args: tokenised.extend(texts) or tokenize(self, texts, *args)
    )
    plain, remembering = (encoder("t5", is_decoder=is_decoder, longest=3) for _ in range(2))
    remember_tokens(remembering.tokenizer)
    texts = ["return a", "a + b", "return a", "return a + b + a"]
    for some in (texts, texts[::-1]):
        expected = encode(plain, *some)
        tokenised.clear()
        got = encode(remembering, *some)
        for side in ("sources", "targets"):
            assert [ids.tolist() for ids in getattr(got, side)] == [ids.tolist() for ids in getattr(expected, side)]
        assert got.truncation == expected.truncation
        assert sorted(tokenised) == (sorted(2 * list(set(texts))) if some is texts else [])

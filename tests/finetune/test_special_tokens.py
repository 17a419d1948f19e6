"""Special tokens in data are text, those of a template are tokens, and failed round trips are reported."""

from __future__ import annotations

import copy
import json
import warnings

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

from codeshift.audit import audit
from codeshift.data import embedded_model_path
from codeshift.errors import ParameterError
from codeshift.finetune import Evaluator, RoundTripWarning, Trainer, TrainingConfig
from codeshift.finetune.encoding import Encoder
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.template import Template
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch
from codeshift.properties.model_tokens import ModelTokenCount
from codeshift.properties.table import PropertyTable
from codeshift.properties.text_tokens import detokenize, special_tokens, tokenize_plain

CONTROL = ["<pad>", "</s>", "<unk>"]


def unigram(**options):
    """Return a tokenizer like T5's: special tokens are in the unigram vocabulary too, with the best score."""
    letters = sorted(set("abcdefghijklmnopqrstuvwxyz<>/_0123456789 +(){}\"';=.&|"))
    pieces = [(token, 0.0) for token in CONTROL] + [("▁", -2.0)] + [(letter, -3.0) for letter in letters]
    core = Tokenizer(models.Unigram(pieces, unk_id=2))
    core.pre_tokenizer, core.decoder = pre_tokenizers.Metaspace(**options), decoders.Metaspace(**options)
    end = ("</s>", 1)
    core.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[end])
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=core, **names)


def word_level(words="return a b + ; Give"):
    """A list of words."""
    vocabulary = {word: i for i, word in enumerate(CONTROL + words.split())}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106 - a token of text, not of access
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=core, **names)


def lowercase():
    """Special tokens are looked for in what is left of a text in lower case."""
    tokenizer = tiny_tokenizer(["return a + b"])
    tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.add_special_tokens({"additional_special_tokens": [AddedToken("<fim>", normalized=True)]})
    return tokenizer


BYTES = {
    "bytes": lambda: tiny_tokenizer(["return a + b"]),
    "slow": ByT5Tokenizer,
    "embedded": lambda: load_tokenizer(embedded_model_path()),
}
KINDS = BYTES | {"unigram": unigram, "unigram-first": lambda: unigram(prepend_scheme="first")}
MADE = {name: make() for name, make in KINDS.items()}


@pytest.mark.parametrize("text", ['echo "<s>a</s>"', "</s>", "<pad><pad> a", "a</s> b", "<unk>", "<extra_id_1>a </s>"])
@pytest.mark.parametrize("kind", MADE)
def test_special_tokens_in_a_text_are_text(kind, text):
    """The text gives none of their ids, and comes back."""
    tokenizer = MADE[kind]
    [ids] = tokenize_plain(tokenizer, [text])
    assert not set(ids) & set(special_tokens(tokenizer).values())
    assert detokenize(tokenizer, ids) == text


@pytest.mark.parametrize("kind", BYTES)
@given(st.lists(st.sampled_from(["</s>", "<pad>", "<s>", "<unk>", "<extra_id_7>"]) | st.text(max_size=8), max_size=8))
def test_any_text_comes_back(kind, parts):
    """Any text comes back from bytes."""
    text = "".join(parts).encode("utf-8", "replace").decode()
    [ids] = tokenize_plain(MADE[kind], [text])
    assert detokenize(MADE[kind], ids) == text


@pytest.mark.parametrize("kind", MADE)
def test_texts_without_special_tokens_are_tokenised_as_ever(kind):
    """And the tokenizer is left as it was."""
    tokenizer = MADE[kind]
    texts = ["return a + b", "", "  a\n", "</s> a"]
    before = tokenizer(texts)["input_ids"]
    assert tokenize_plain(tokenizer, texts)[:3] == tokenizer(texts[:3], add_special_tokens=False)["input_ids"]
    assert tokenizer(texts)["input_ids"] == before


def test_words_that_were_added_stay_words():
    """Tokens that a user adds to a vocabulary are part of it, except special ones; the copy knows new ones."""
    tokenizer = tiny_tokenizer(["return a + b"])
    assert detokenize(tokenizer, tokenize_plain(tokenizer, ["</s> <new>"])[0]) == "</s> <new>"
    tokenizer.add_tokens(["<new>"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<turn>"]})
    new, turn = (tokenizer.convert_tokens_to_ids(token) for token in ("<new>", "<turn>"))
    [ids] = tokenize_plain(tokenizer, ["</s> <new><turn>"])
    assert new in ids
    assert turn not in ids
    assert detokenize(tokenizer, ids) == "</s> <new><turn>"


def test_tokens_that_are_found_after_normalising_are_text_too():
    """``<FIM>`` in lower case is a special token of this tokenizer."""
    tokenizer = lowercase()
    fim = tokenizer.convert_tokens_to_ids("<fim>")
    assert fim in tokenizer("a <FIM>")["input_ids"]
    [ids] = tokenize_plain(tokenizer, ["a <FIM>"])
    assert fim not in ids
    assert detokenize(tokenizer, ids) == "a <fim>"


def encoder(tokenizer, source, target="t", *, is_decoder=False, **options):
    templates = Template(source, "source"), Template(target, "target")
    return Encoder(tokenizer, *templates, 50, 50, is_decoder, 0, **options)


@pytest.mark.parametrize("is_decoder", [False, True])
@pytest.mark.parametrize("kind", ["slow", "embedded"])
def test_a_template_writes_tokens(kind, is_decoder):
    """A sentinel of the template is the token, the same text in a column is text, and all of it comes back."""
    tokenizer = MADE[kind]
    zero, one = (tokenizer.convert_tokens_to_ids(f"<extra_id_{i}>") for i in (0, 1))
    made = encoder(tokenizer, "<extra_id_0>{s}<extra_id_1> ", "<extra_id_0>{t}", is_decoder=is_decoder)
    rows = Dataset.from_dict({"s": ["a", "a<extra_id_1></s>"], "t": ["b", "<extra_id_0>b"]})
    found = made.encode(rows)
    assert [[n for n in ids if n in (zero, one)] for ids in found.sources] == [[zero, one], [zero, one]]
    assert [[n for n in ids if n in (zero, one)] for ids in found.targets] == [[zero], [zero]]
    assert (
        found.sources[0].tolist()[:-1]
        == tokenizer("<extra_id_0>a<extra_id_1> ")["input_ids"][: len(found.sources[0]) - 1]
    )
    assert (found.round_trip.sources, found.round_trip.targets) == (0, 0)
    assert made.written == {zero}


def test_a_token_over_an_edge_is_text():
    """``<`` of the template and ``/s>`` of the column make no end."""
    made = encoder(tiny_tokenizer(["a"]), "<{s}")
    found = made.encode(Dataset.from_dict({"s": ["/s> a"], "t": ["a"]}))
    assert found.sources[0].tolist().count(2) == 1
    assert found.round_trip.sources == 0


def test_tokens_of_the_columns_are_tokens_where_they_are_named():
    """Rendered chats, hidden spans: the tokens named, and no others."""
    tokenizer = MADE["embedded"]
    made = encoder(tokenizer, "s", special_tokens=("<extra_id_0>",))
    found = made.encode(Dataset.from_dict({"s": ["a<extra_id_0>b<extra_id_1></s>"], "t": ["<extra_id_0>a"]}))
    zero, one = (tokenizer.convert_tokens_to_ids(f"<extra_id_{i}>") for i in (0, 1))
    assert [n for n in found.sources[0] if n in (zero, one, 1)] == [zero, 1]
    assert found.targets[0][0] == zero
    assert found.round_trip.sources == found.round_trip.targets == 0


def test_a_name_that_is_no_special_token_is_named(data, tokenizer):
    """With close ones."""
    config = TrainingConfig(max_steps=1, special_tokens=("<maks>",))
    trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, config, source="doc", target="code", progress=False)
    with pytest.raises(
        ParameterError, match=r"special_tokens must be special tokens of .*, got '<maks>': did you mean <mask>"
    ):
        trainer.fit(data)
    with pytest.raises(ParameterError, match="special_tokens must be several tokens, got '<mask>'"):
        TrainingConfig(special_tokens="<mask>")


def test_a_tokenizer_without_an_end_is_told(data, tokenizer):
    """A tokenizer without an end token is refused: nothing could end the output of a model."""
    endless = copy.deepcopy(tokenizer)
    endless.eos_token = None
    trainer = Trainer(tiny_model("t5", tokenizer), endless, source="doc", target="code", progress=False)
    with pytest.raises(ParameterError, match="tokenizer must be one with an end token, got one without: set"):
        trainer.fit(data)


ROWS = {"doc": [f"Show {w}." for w in "abcdefgh"], "code": [f'echo "<s>{w}</s>" . {w} ;' for w in "abcdefgh"]}


@pytest.mark.parametrize("family", ["t5", "llama", "roberta"])
@pytest.mark.parametrize("target", ["code", "<mask>{code}"])
def test_a_model_learns_to_write_them(family, target):
    """Exact match of programs that hold special tokens, and of a template that writes one."""
    tokenizer = tiny_tokenizer(ROWS["doc"] + ROWS["code"], vocab_size=450)
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0} if family == "roberta" else {}
    model = tiny_model(family, tokenizer, **({"dropout_rate": 0.0} if family == "t5" else quiet))
    config = TrainingConfig(learning_rate=1e-2, max_steps=120, train_batch_size=8, warmup_steps=5)
    data = DatasetDict(train=Dataset.from_dict(ROWS))
    columns = {"source": "doc", "target": target, "progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RoundTripWarning)
        fitted = Trainer(model, tokenizer, config, **columns).fit(data)
        found = Evaluator([ExactMatch()], **columns).evaluate(fitted.model, data["train"], tokenizer=tokenizer)["data"]
    assert found.estimates["exact_match"].value > 0.8, found.predictions[:3]
    assert found.predictions[0].startswith("<mask>") == (target != "code")
    assert fitted.round_trip["train"].targets == found.round_trip.targets == 0


def test_what_does_not_come_back_is_counted_and_told(tmp_path):
    """Failed round trips are counted by part and side, with the column, a row and an example, in results and files."""
    tokenizer = word_level()
    model = tiny_model("t5", tokenizer, pad_token_id=0, eos_token_id=1)
    rows = {"doc": ["Give a"] * 4, "sig": ["a", "a  b", "a", "a"], "code": ["return a ;", "{ return a + b ; }"] * 2}
    data = DatasetDict(train=Dataset.from_dict(rows), test=Dataset.from_dict(rows).select([0, 1]))
    config = TrainingConfig(max_steps=1, train_batch_size=4)
    columns = {"source": "{doc} {sig}", "target": "code", "progress": False}
    with pytest.warns(RoundTripWarning) as seen:
        fitted = Trainer(model, tokenizer, config, **columns).fit(data, tmp_path / "model")
    assert [str(w.message) for w in seen if w.category is RoundTripWarning] == [
        "train: 1 of 4 sources and 2 of 4 targets are not given back by the tokenizer: 'sig' of row 1, where "
        "'Give a a  b' becomes 'Give a a b'; 'code' of row 1, where '{ return a + b ; }' becomes "
        "'<unk> return a + b ; <unk>'. Choose a tokenizer that keeps them, or leave such rows out"
    ]
    with pytest.warns(RoundTripWarning, match="test: 1 of 2 sources and 1 of 2 targets"):
        found = Evaluator([ExactMatch()], **columns).evaluate(
            fitted.model, data, tokenizer=tokenizer, output_dir=tmp_path / "scores"
        )
    assert (found["test"].round_trip.sources, found["test"].round_trip.targets) == (1, 1)
    told = json.loads((tmp_path / "model" / "training.json").read_text())["round_trip"]["train"]
    assert (told["rows"], told["sources"], told["targets"], len(told["examples"])) == (4, 1, 2, 2)
    assert (
        json.loads((tmp_path / "scores" / "evaluation.json").read_text())["parts"]["test"]["round_trip"]["targets"] == 1
    )


def test_what_a_model_does_not_know_stays_in_sight():
    """An unknown word of an output is no control token: left out, it would make a wrong output match."""
    tokenizer = word_level()
    assert detokenize(tokenizer, tokenizer("{ return a", add_special_tokens=False)["input_ids"]) == "<unk> return a"


def test_spaces_are_not_cleaned_up():
    """Some tokenizers would, when they decode, which loses what code needs."""
    tokenizer = tiny_tokenizer(["a ."])
    tokenizer.clean_up_tokenization_spaces = True
    tokenizer.clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output = True
    ids = tokenizer("a . b , do n't", add_special_tokens=False)["input_ids"]
    assert detokenize(tokenizer, ids) == "a . b , do n't"


def test_tokens_are_counted_as_they_are_trained_on(tmp_path):
    """The property of lengths and the audit's truncation read special tokens as text as well."""
    tokenizer = tiny_tokenizer(["return a + b"])
    tokenizer.save_pretrained(tmp_path)
    texts = ["a</s>b", "a", "<mask>", "a b"] * 4
    table = PropertyTable(Dataset.from_dict({"code": texts}))
    counts = table.values(ModelTokenCount("code", str(tmp_path)))
    assert counts[:3].tolist() == [6.0, 1.0, 6.0]
    splits = DatasetDict(train=Dataset.from_dict({"code": texts}), test=Dataset.from_dict({"code": texts[:4]}))
    report = audit(splits, column="code", tokenizer=tokenizer, max_length=6, n_permutations=19)
    assert [part.truncated for part in report.truncation if part.part == "test"] == [2]


def test_the_copy_of_a_tokenizer_does_not_touch_it():
    """It is saved as it was, whatever was tokenised."""
    tokenizer = unigram()
    before = copy.deepcopy(tokenizer.backend_tokenizer.to_str())
    assert tokenize_plain(tokenizer, ["a </s>"])
    assert tokenizer.backend_tokenizer.to_str() == before
    assert tokenizer("a </s>")["input_ids"][-2:] == [1, 1]

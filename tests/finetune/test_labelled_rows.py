"""Rows of a classifier: the tokenizer's own form for a text and for a pair, truncation of the longer side, labels."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value
from tokenizers.normalizers import Lowercase
from tokenizers.processors import TemplateProcessing

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import RoundTripWarning, TruncationWarning
from codeshift.finetune.label_column import LabelColumn
from codeshift.finetune.labelled_rows import LabelledEncoder, pair_frame_of, shortened, templates_of
from codeshift.finetune.testing import tiny_tokenizer

TEXTS = ["return a", "a + b + a + b + a", "", "b", "return a + b"]
FORMS = {
    "t5": ("$A </s>", "$A </s> $B </s>"),
    "roberta": ("<s> $A </s>", "<s> $A </s> </s> $B </s>"),
    "llama": ("<s> $A", "<s> $A <s> $B:1"),
    "bert": ("<s> $A </s>", "<s> $A </s> $B:1 </s>:1"),
    "gpt2": ("$A", "$A $B"),
}


def tokenizer_of(form: str):
    """A tokenizer that puts around texts what those of a family do."""
    tokenizer = tiny_tokenizer(["return a + b"] * 3)
    single, pair = FORMS[form]
    tokens = [("<s>", 1), ("</s>", 2)]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=single, pair=pair, special_tokens=tokens)
    if form == "bert":
        tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    return tokenizer


def encoder(tokenizer, source, longest=512, classes=("x", "y"), **options) -> LabelledEncoder:
    return LabelledEncoder(tokenizer, templates_of(source), LabelColumn("label"), classes, longest, **options)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("form", FORMS)
def test_ids_are_those_of_the_tokenizer(form, side):
    """This holds for texts and pairs, whole and truncated to every length with room for the special tokens."""
    tokenizer = tokenizer_of(form)
    tokenizer.truncation_side = side
    firsts, seconds = zip(*((a, b) for a in TEXTS for b in TEXTS), strict=True)
    rows = Dataset.from_dict({"a": firsts, "b": seconds, "label": ["x"] * len(firsts)})
    for longest in range(4, 16):
        for source, texts in (("a", (firsts,)), (("a", "b"), (firsts, seconds))):
            some = encoder(tokenizer, source, longest)
            data = some.encode(rows)
            options = {"truncation": "longest_first", "max_length": longest, "return_token_type_ids": True}
            expected = tokenizer(*map(list, texts), **options)
            for row, ids in enumerate(expected["input_ids"]):
                assert data.sources[row].tolist() == (ids or [1]), (longest, row)
                types = expected["token_type_ids"][row]
                if some.numbered:
                    assert (np.arange(len(ids)) >= data.second[row]).astype(int).tolist() == types
            whole = tokenizer(*map(list, texts))["input_ids"]
            cut = [len(ids) - len(left) for ids, left in zip(whole, expected["input_ids"], strict=True)]
            assert data.truncation.sources == np.count_nonzero(cut)
            assert data.truncation.lost_source_tokens == sum(cut)
    assert encoder(tokenizer, ("a", "b")).numbered is (form == "bert")
    tokenizer.truncation_side = "right"


def test_each_side_is_counted():
    """The longer text is cut first; a pair counts once."""
    tokenizer = tokenizer_of("t5")
    rows = Dataset.from_dict({"a": ["a", "a" * 20, "a" * 9], "b": ["b" * 20, "b", "b" * 9], "label": ["x"] * 3})
    some = encoder(tokenizer, ("a", "b"), 10)
    with pytest.warns(TruncationWarning, match="part: 3 of 3 sources cut at max_source_length=10 tokens"):
        some.warn_of(data := some.encode(rows), "part")
    assert (data.truncation.first, data.truncation.second, data.truncation.sources) == (2, 2, 3)
    assert data.sources.lengths.tolist() == [10, 10, 10]


def test_shortened_takes_tokens_one_by_one():
    """Tokens are removed from the longer text until both fit."""
    for first in range(12):
        for second in range(12):
            for room in range(24):
                kept = [first, second]
                while sum(kept) > room:
                    # of equal lengths the first loses a token, unless it was the longer one to begin with
                    longer = (0 if first <= second else 1) if kept[0] == kept[1] else int(kept[1] > kept[0])
                    kept[longer] -= 1
                assert shortened(first, second, room) == tuple(kept), (first, second, room)


def test_special_tokens_in_a_column_are_text():
    """An end token in a program is not one, in either text of a pair."""
    tokenizer = tokenizer_of("t5")
    rows = Dataset.from_dict({"a": ["a </s> b"], "b": ["</s>"], "label": ["x"]})
    assert (encoder(tokenizer, ("a", "b")).encode(rows).sources[0] == 2).sum() == 2
    told = encoder(tokenizer, ("a", "b"), special_tokens=("</s>",)).encode(rows)
    assert (told.sources[0] == 2).sum() == 4


def test_the_end_that_a_model_looks_for_is_there():
    """The end is added if the tokenizer does not add it."""
    rows = Dataset.from_dict({"a": ["a", ""], "label": ["x", "y"]})
    data = encoder(tokenizer_of("gpt2"), "a", end=2).encode(rows)
    assert [ids[-1] for ids in data.sources] == [2, 2]
    data = encoder(tokenizer_of("t5"), "a", end=2).encode(rows)
    assert [(ids == 2).sum() for ids in data.sources] == [1, 1]


def test_what_is_not_given_back_is_counted_once_a_row():
    """A pair with two such texts is one row; the example names its column."""
    tokenizer = tiny_tokenizer(["a b"])
    tokenizer.backend_tokenizer.normalizer = Lowercase()
    rows = Dataset.from_dict({"a": ["A", "a"], "b": ["B", "B"], "label": ["x", "y"]})
    some = encoder(tokenizer, ("a", "b"))
    with pytest.warns(RoundTripWarning, match="2 of 2 sources and 0 of 2 targets .*: 'a' of row 0"):
        some.warn_of(data := some.encode(rows), "part")
    assert data.round_trip.sources == 2


@pytest.mark.parametrize(
    ("values", "feature", "classes", "names"),
    [
        (["b", "a", "b"], Value("string"), ("a", "b"), ["b", "a", "b"]),
        ([10, 9, 10], Value("int64"), ("9", "10"), ["10", "9", "10"]),
        ([True, False, True], Value("bool"), ("False", "True"), ["True", "False", "True"]),
        ([1, 0, 1], ClassLabel(names=["no", "yes", "maybe"]), ("no", "yes", "maybe"), ["yes", "no", "yes"]),
    ],
)
def test_columns_of_labels(values, feature, classes, names):
    """Texts, whole numbers in their own order, truth values, and a ClassLabel with all of its names."""
    rows = Dataset.from_dict({"label": values}, features=Features({"label": feature}))
    column = LabelColumn("label")
    column.check(rows.features)
    assert column.classes(rows) == classes
    assert column.names(rows) == names
    assert [classes[number] for number in column.numbers(rows, classes).numbers] == names


def test_columns_that_hold_no_labels():
    """Fractions, lists, empty rows, a single class and a misspelt name are each an error."""
    column = LabelColumn("label")
    for values in ([0.5, 1.5], [["a"], ["b"]]):
        with pytest.raises(
            DataError,
            match=r"target must be a column of labels: .*, got label, which holds",
        ):
            column.check(Dataset.from_dict({"label": values}).features)
    with pytest.raises(ParameterError, match=r"target must be a column of the data, got 'label'.*labels"):
        column.check(Dataset.from_dict({"labels": ["a"]}).features)
    with pytest.raises(DataError, match=r"1 such row\(s\), the first at position 1: .*row\['label'\] is not None\)"):
        column.names(Dataset.from_dict({"label": ["a", None]}))
    unlabelled = Features({"label": ClassLabel(names=["a", "b"])})
    with pytest.raises(DataError, match=r"got -1: 1 such row\(s\), the first at position 0: .*not in \(None, -1\)"):
        column.names(Dataset.from_dict({"label": [-1, 0]}, features=unlabelled))
    with pytest.raises(DataError, match=r"at least two labels, got only \['a'\]"):
        column.classes(Dataset.from_dict({"label": ["a", "a"]}))


def test_sources_that_are_no_text_and_no_pair():
    """Three texts, none, a number."""
    for source in (("a", "b", "c"), (), 3, None):
        with pytest.raises(ParameterError, match="source must be a column, a template or a pair of them"):
            templates_of(source)


def test_a_tokenizer_without_a_form_for_pairs():
    """One text as a template is what to do."""
    tokenizer = tokenizer_of("t5")
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A </s>", pair="$B </s> $A", special_tokens=[("</s>", 2)]
    )
    with pytest.raises(ParameterError, match="source must be one text for this tokenizer, got a pair"):
        pair_frame_of(tokenizer)

"""LengthSplitter in the tokens of a model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.errors import ManifestError, MissingExtraError, ParameterError
from codeshift.properties import PropertyTable
from codeshift.properties.model_tokens import ModelTokenCount, load_counting_tokenizer
from codeshift.splitters import LengthSplitter
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import java_rows, python_rows

tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")


def _tokenizer(vocab_size: int):
    """A small byte-level BPE, trained on a line; bytes stand in the alphabet, so nothing is unknown."""
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    model.train_from_iterator(["return self.value for value in values if value is not None"], trainer)
    model.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=model)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a small tokenizer."""
    path = tmp_path_factory.mktemp("tokenizer")
    _tokenizer(280).save_pretrained(path)
    return str(path)


def test_it_keeps_the_laws(folder: str) -> None:
    """Every law of a split holds, in a fresh process too."""
    check_splitter(LengthSplitter(column="code", tokenizer=folder), python_rows())


def test_it_keeps_the_laws_composed(folder: str) -> None:
    """Every law holds for a composition, on real Java."""
    splitter = LengthSplitter(column="code", tokenizer=folder, quantiles=(0.5, 0.8))
    check_splitter(splitter - LengthSplitter(column="code", unit="chars"), java_rows(), fresh_process=False)


def test_lengths_are_those_of_the_model_without_special_tokens(folder: str) -> None:
    """The length of a text is that of the tokenizer, without special tokens."""
    tokenizer = load_counting_tokenizer(folder)[0]
    texts = ["return value", "", "größe = 1"]
    lengths = ModelTokenCount("code", folder).compute(texts)
    assert lengths.tolist() == [len(tokenizer(text)["input_ids"]) - 2 for text in texts]


def test_name_path_and_object_are_one_splitter(folder: str) -> None:
    """However the tokenizer is given, the splitter holds the name, which its repr shows."""
    loaded = transformers.AutoTokenizer.from_pretrained(folder)
    splitters = [LengthSplitter(column="code", tokenizer=given) for given in (folder, Path(folder), loaded)]
    assert splitters[0] == splitters[1] == splitters[2]
    assert f"tokenizer={folder!r}" in repr(splitters[2])


def test_an_object_that_its_name_does_not_load_must_be_saved_first(folder: str) -> None:
    """A tokenizer made in memory, or changed after it was loaded, cannot be recorded by name."""
    changed = transformers.AutoTokenizer.from_pretrained(folder)
    changed.add_tokens(["<indent>"])
    for tokenizer in (_tokenizer(270), changed):
        with pytest.raises(
            ParameterError, match=r"tokenizer must be one that its name loads again, got .*save_pretrained"
        ):
            LengthSplitter(column="code", tokenizer=tokenizer)


def test_another_vocabulary_under_the_same_name_is_noticed(folder: str, tmp_path: Path) -> None:
    """A region fitted with one tokenizer refuses to count with another that has taken its place."""
    _tokenizer(280).save_pretrained(tmp_path)
    table = PropertyTable(Dataset.from_dict({"code": ["return value", "x"]}))
    region = LengthSplitter(column="code", tokenizer=tmp_path).fit(table)
    assert region.contains(table).tolist() == [True, False]
    _tokenizer(262).save_pretrained(tmp_path)
    load_counting_tokenizer.cache_clear()
    with pytest.raises(ManifestError, match="has a different vocabulary"):
        region.contains(PropertyTable(Dataset.from_dict({"code": ["return value"]})))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unit": "lines"}, "tokenizer must be left out if unit is 'lines', got 'somewhere': drop it"),
        ({"language": "python"}, "language must be left out if tokenizer is given, got 'python': tokens are either"),
        ({"ties": "apart"}, "ties must be one of together, split, got 'apart': choose one of split, together"),
        (
            {"ties": "split", "bounds": (1, 2)},
            "ties must be left out if bounds is given, got 'split': bounds name the values",
        ),
        ({"tokenizer": 3}, 'tokenizer must be a name, a folder or a Hugging Face tokenizer, got 3: such as "gpt2"'),
    ],
)
def test_errors_of_arguments(arguments: dict, message: str) -> None:
    """Each invalid argument is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        LengthSplitter(**{"column": "code", "tokenizer": "somewhere", **arguments})
    assert str(error.value).startswith(message)


def test_a_tokenizer_that_is_not_there(tmp_path: Path) -> None:
    """A name that loads nothing is an error when it is first needed."""
    splitter = LengthSplitter(column="code", tokenizer=tmp_path)
    with pytest.raises(ParameterError, match="tokenizer must be the name or folder of a tokenizer, got"):
        splitter.fit(PropertyTable(python_rows()))


def test_without_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install says which extra to install."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    load_counting_tokenizer.cache_clear()
    with pytest.raises(
        MissingExtraError, match=r"transformers is not installed: pip install 'codeshift-ood\[finetune\]'"
    ):
        LengthSplitter(column="code", tokenizer="gpt2").fit(PropertyTable(python_rows()))


def test_ties_are_kept_together_or_split() -> None:
    """A band among rows of one length is all of them, none, or with ``ties="split"`` its share of them."""
    table = PropertyTable(Dataset.from_dict({"code": [f"{i:03d}" for i in range(100)] + ["longer"] * 10}))
    band = {"column": "code", "unit": "chars", "quantiles": (0.2, 0.5)}
    assert LengthSplitter(**band).fit(table).contains(table).sum() == 0
    split = LengthSplitter(**band, ties="split")
    assert split.fit(table).contains(table).sum() == 33
    assert "ties='split'" in repr(split)
    assert "ties" not in repr(LengthSplitter(**band))
    check_splitter(LengthSplitter(column="code", ties="split"), java_rows(), fresh_process=False)


def test_lengths_of_a_changed_tokenizer_are_not_those_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values on disk are known by the vocabulary, so a folder whose tokenizer was trained anew is counted anew."""
    monkeypatch.setenv("CODESHIFT_CACHE", str(tmp_path / "cache"))
    rows = Dataset.from_dict({"code": [f"return value {i}" for i in range(1200)]})
    counts = []
    for size in (258, 290):
        _tokenizer(size).save_pretrained(tmp_path / "model")
        load_counting_tokenizer.cache_clear()
        counts.append(PropertyTable(rows).values(ModelTokenCount("code", str(tmp_path / "model"))).sum())
    load_counting_tokenizer.cache_clear()
    assert counts[0] > counts[1]

"""A hub that does not answer is told in seconds, what is in its cache is used, and HF_HUB_OFFLINE is respected."""

from __future__ import annotations

import socket
import threading
import urllib.error
from collections.abc import Iterator
from dataclasses import replace

import pytest
from datasets import Dataset, DatasetDict
from huggingface_hub import constants

from codeshift import reaching_hub
from codeshift.audit import audit
from codeshift.data import hub as data_hub
from codeshift.data import load_rows
from codeshift.errors import CodeshiftWarning, DataError, ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, generators, load_model, lp_ft, models, wise_ft
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch
from codeshift.properties import PropertyTable
from codeshift.properties.encoder import EncoderVectors
from codeshift.properties.model_tokens import ModelTokenCount
from codeshift.properties.model_tokens import load_counting_tokenizer as load_token_counter
from codeshift.properties.serialise import from_dict
from codeshift.reaching_hub import hub_or_cache
from codeshift.splitters import ClusterSplitter, EncoderEmbedding, LengthSplitter, length_bands, parse_splitter
from codeshift.study import Study


@pytest.fixture
def online(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """The settings of a machine that is not told to stay offline."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(reaching_hub.datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(reaching_hub, "_answers_by_endpoint", {})
    monkeypatch.setattr(reaching_hub, "ANSWERS_WITHIN", 3600.0)
    return monkeypatch


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_silent_hub_is_an_error_that_says_so(online, silent):
    """After one request: the libraries, which would try again for a minute, are not let to it."""
    online.setattr(constants, "ENDPOINT", silent)
    online.setattr(reaching_hub, "ANSWERS_WITHIN", 0.5)
    with pytest.raises(DataError, match=f"got 'google/nothing': {silent} does not answer within 0.5 s, and the cache"):
        load_rows("google/nothing", split="train")
    assert not constants.HF_HUB_OFFLINE, "only for as long as it takes"


def test_ten_seconds_are_enough_for_the_answer():
    assert reaching_hub.ANSWERS_WITHIN <= 9


def test_a_hub_that_refuses_is_found_out_once(online):
    """The second load does not wait again."""
    asked = []

    def refuse(request, timeout):
        asked.append(request.full_url)
        raise urllib.error.URLError("refused")

    online.setattr(reaching_hub.urllib.request, "urlopen", refuse)
    for _ in range(2):
        with pytest.raises(DataError, match="does not answer"):
            load_rows("google/nothing", split="train")
    assert asked == [f"{constants.ENDPOINT}/api/whoami-v2"]


def test_what_the_cache_holds_is_used_and_told(online):
    online.setattr(reaching_hub, "_responds", lambda endpoint: False)
    told = pytest.warns(CodeshiftWarning, match="does not answer: owner/rows comes from the cache")
    with told, hub_or_cache("owner/rows") as unreachable:
        assert constants.is_offline_mode()
        assert "does not answer" in unreachable
    assert not constants.is_offline_mode()


@pytest.mark.parametrize("error", [urllib.error.HTTPError("x", 401, "who?", None, None), None])
def test_any_answer_is_an_answer(online, error):
    """A hub that wants a token is there; so is one whose certificate Python itself cannot check."""
    reason = error or urllib.error.URLError(reaching_hub.ssl.SSLError("self-signed"))

    def answer(request, timeout):
        raise reason

    online.setattr(reaching_hub.urllib.request, "urlopen", answer)
    with hub_or_cache("owner/rows") as unreachable:
        assert (unreachable, constants.is_offline_mode()) == ("", False)


def test_a_name_server_that_hangs_is_not_waited_for(online):
    hanging = threading.Event()
    online.setattr(reaching_hub, "_responds", lambda endpoint: hanging.wait())
    online.setattr(reaching_hub, "ANSWERS_WITHIN", 0.1)
    try:
        with pytest.raises(DataError, match="does not answer"):
            load_rows("google/nothing", split="train")
    finally:
        hanging.set()


def test_offline_the_hub_is_not_asked(online):
    online.setattr(constants, "HF_HUB_OFFLINE", True)
    online.setattr(reaching_hub.datasets.config, "HF_HUB_OFFLINE", True)
    online.setattr(reaching_hub, "_responds", lambda endpoint: pytest.fail("nothing is asked"))
    with pytest.raises(DataError, match="HF_HUB_OFFLINE is set, and the cache does not hold it"):
        data_hub.hub_parts("google/nothing", None, None)


LOADERS = {
    "model": lambda: load_model("google/nothing"),
    "classifier": lambda: load_model("google/nothing", task="classification"),
    "tokenizer": lambda: load_tokenizer("google/nothing"),
    "trainer": lambda: Trainer("google/nothing", "google/nothing", source="a", target="b"),
    "length": lambda: load_token_counter("google/nothing"),
    "embedding": lambda: EncoderVectors("code", "google/nothing")._loaded(),
}


@pytest.mark.parametrize("loader", LOADERS)
def test_models_and_tokenizers_are_told_likewise(online, loader):
    online.setattr(reaching_hub, "_responds", lambda endpoint: False)
    with pytest.raises(ParameterError, match=r"google/nothing.* does not answer within .*, and the cache"):
        LOADERS[loader]()


def test_a_folder_is_loaded_without_the_hub(online, tmp_path):
    online.setattr(reaching_hub, "_responds", lambda endpoint: pytest.fail("nothing is asked"))
    tokenizer = tiny_tokenizer(["a"])
    tokenizer.save_pretrained(tmp_path)
    tiny_model("gpt2", tokenizer).save_pretrained(tmp_path)
    assert load_model(tmp_path).num_parameters() > 0
    assert load_tokenizer(str(tmp_path))("a").input_ids
    with pytest.raises(ParameterError, match="revision must be left out for a model that is an object or a folder"):
        Trainer(str(tmp_path), str(tmp_path), source="a", target="b", revision="v1")


@pytest.fixture
def asked(monkeypatch):
    """What is asked of a hub that has nothing: the class, the name and the revision of each."""
    asked = []

    def note(cls):
        def from_pretrained(name, **options):
            asked.append((cls.__name__, name, options.get("revision")))
            raise OSError("not there")

        monkeypatch.setattr(cls, "from_pretrained", from_pretrained)

    for cls in (models.AutoTokenizer, generators.AutoConfig):
        note(cls)
    return asked


def test_a_revision_reaches_what_is_loaded(asked):
    """Of the model, and of the tokenizer of the same name; a tokenizer of another name has its own newest."""
    rows = Dataset.from_dict({"a": ["x"], "b": ["y"]})
    evaluator = Evaluator([ExactMatch()], source="a", target="b", progress=False)
    calls = (
        lambda: load_model("o/m", revision="v1"),
        lambda: Trainer("o/m", "o/m", source="a", target="b", revision="v1"),
        lambda: Trainer("o/m", tiny_tokenizer(["x y"]), source="a", target="b", revision="v1").fit(rows),
        lambda: Trainer("o/m", "o/t", source="a", target="b", revision="v1"),
        lambda: evaluator.evaluate("o/m", rows, revision="v1"),
        lambda: evaluator.evaluate("o/m", rows, tokenizer=tiny_tokenizer(["x y"]), revision="v1"),
        lambda: lp_ft("o/m", "o/m", TrainingConfig(), rows, probe=TrainingConfig(), revision="v1"),
        lambda: wise_ft("o/m", tiny_model("gpt2", tiny_tokenizer(["x y"])), 0.5, revision="v1"),
    )
    for call in calls:
        with pytest.raises(ParameterError):
            call()
    config, tokenizer = ("AutoConfig", "o/m", "v1"), ("AutoTokenizer", "o/m", "v1")
    assert asked == [config, tokenizer, config, ("AutoTokenizer", "o/t", "main"), tokenizer, config, tokenizer, config]


def test_a_revision_reaches_what_rows_are_measured_with(asked):
    """Of an encoder of clusters, and of a tokenizer that counts lengths or truncated rows."""
    rows = Dataset.from_dict({"code": ["x = 1"]})
    calls = (
        lambda: EncoderEmbedding("o/m", revision="v1").fit(PropertyTable(rows), "code").evaluate(PropertyTable(rows)),
        lambda: LengthSplitter(column="code", tokenizer="o/t", tokenizer_revision="v2").fit(PropertyTable(rows)),
        lambda: length_bands("code", tokenizer="o/t", tokenizer_revision="v3")[0].splitter.fit(PropertyTable(rows)),
        lambda: ModelTokenCount("code", "o/t", revision="v4").compute(["x"]),
        lambda: audit(DatasetDict(train=rows, test=rows), tokenizer="o/t", tokenizer_revision="v5"),
        lambda: PropertyTable(rows).values(ModelTokenCount("code", "o/t", revision="v6")),
    )
    for call in calls:
        with pytest.raises(ParameterError, match="it cannot be loaded"):
            call()
    names = ["o/m", "o/t", "o/t", "o/t", "o/t", "o/t"]
    assert asked == [("AutoTokenizer", name, f"v{i}") for i, name in enumerate(names, 1)]


def test_a_study_counts_with_the_tokenizer_that_it_trains_with(asked):
    """The revision of a study's model is that of its tokenizer if they have one name, in estimates too."""
    rows = Dataset.from_dict({"code": [f"x = {i}" for i in range(20)], "doc": ["y"] * 20})
    study = Study(
        dataset=rows, scenarios=length_bands("code", bands=[(0.5, 1)]), source="doc", target="code", model="o/m",
        tokenizer="o/t", revision="v1", near_duplicates=None, min_test_rows=0, audit=False,
    )  # fmt: skip
    for changed in (study, replace(study, tokenizer=None)):
        with pytest.raises(ParameterError):
            changed.plan()
    assert asked == [("AutoTokenizer", "o/t", "main"), ("AutoTokenizer", "o/m", "v1")]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: EncoderEmbedding(".", revision="v1"), "revision must be left out for a model that is an object or a"),
        (lambda: EncoderEmbedding("o/m", revision=3), "revision must be a branch, tag or commit, got 3"),
        (
            lambda: LengthSplitter(column="code", tokenizer_revision="v1"),
            "tokenizer_revision must be left out for a tokenizer that is an object or a folder, got 'v1'",
        ),
        (
            lambda: audit(DatasetDict(), tokenizer=str.split, max_length=3, tokenizer_revision="v1"),
            "tokenizer_revision must be left out for a tokenizer that is an object or a folder, got 'v1'",
        ),
    ],
)
def test_only_names_of_the_hub_have_revisions(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def test_revisions_are_another_embedding_and_splitter():
    """They are in the repr, which makes the splitter again, and told apart as properties."""
    pinned = ClusterSplitter(column="code", embedding=EncoderEmbedding("o/m", revision="v1"))
    lengths = LengthSplitter(column="code", tokenizer="o/t", tokenizer_revision="v1")
    for splitter in (pinned, lengths):
        assert parse_splitter(repr(splitter)) == splitter
    assert "tokenizer_revision" not in repr(LengthSplitter(column="code", tokenizer="o/t"))
    vectors = EncoderEmbedding("o/m", revision="v1").fit(PropertyTable(Dataset.from_dict({"code": ["x"]})), "code")
    assert from_dict(vectors.to_dict()) == vectors != EncoderVectors("code", "o/m")

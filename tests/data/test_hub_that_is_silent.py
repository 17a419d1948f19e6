"""A hub that does not answer is told in seconds, what is in its cache is used, and HF_HUB_OFFLINE is respected."""

from __future__ import annotations

import socket
import threading
import urllib.error
from collections.abc import Iterator

import pytest
from datasets import Dataset
from huggingface_hub import constants

from codeshift import reaching_hub
from codeshift.data import hub as data_hub
from codeshift.data import load_rows
from codeshift.errors import CodeshiftWarning, DataError, ParameterError
from codeshift.finetune import Evaluator, Trainer, generators, load_model, models
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch
from codeshift.properties.encoder import EncoderVectors
from codeshift.properties.model_tokens import load_tokenizer as load_token_counter
from codeshift.reaching_hub import hub_or_cache


@pytest.fixture
def online(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """The settings of a machine that is not told to stay offline."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(reaching_hub.datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(reaching_hub, "_found", {})
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
    online.setattr(reaching_hub, "_asked", lambda endpoint: False)
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
    online.setattr(reaching_hub, "_asked", lambda endpoint: hanging.wait())
    online.setattr(reaching_hub, "ANSWERS_WITHIN", 0.1)
    try:
        with pytest.raises(DataError, match="does not answer"):
            load_rows("google/nothing", split="train")
    finally:
        hanging.set()


def test_offline_the_hub_is_not_asked(online):
    online.setattr(constants, "HF_HUB_OFFLINE", True)
    online.setattr(reaching_hub.datasets.config, "HF_HUB_OFFLINE", True)
    online.setattr(reaching_hub, "_asked", lambda endpoint: pytest.fail("nothing is asked"))
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
    online.setattr(reaching_hub, "_asked", lambda endpoint: False)
    with pytest.raises(ParameterError, match=r"google/nothing.* does not answer within .*, and the cache"):
        LOADERS[loader]()


def test_a_folder_is_loaded_without_the_hub(online, tmp_path):
    online.setattr(reaching_hub, "_asked", lambda endpoint: pytest.fail("nothing is asked"))
    tokenizer = tiny_tokenizer(["a"])
    tokenizer.save_pretrained(tmp_path)
    tiny_model("gpt2", tokenizer).save_pretrained(tmp_path)
    assert load_model(tmp_path).num_parameters() > 0
    assert load_tokenizer(str(tmp_path))("a").input_ids
    with pytest.raises(ParameterError, match="revision must be left out for a model that is an object or a folder"):
        Trainer(str(tmp_path), str(tmp_path), source="a", target="b", revision="v1")


def test_a_revision_reaches_what_is_loaded(monkeypatch):
    """Of the model, and of the tokenizer of the same name; a tokenizer of another name has its own newest."""
    asked = []

    def note(cls):
        def from_pretrained(name, **options):
            asked.append((cls.__name__, name, options.get("revision")))
            raise OSError("not there")

        monkeypatch.setattr(cls, "from_pretrained", from_pretrained)

    for cls in (models.AutoTokenizer, generators.AutoConfig):
        note(cls)
    rows = Dataset.from_dict({"a": ["x"], "b": ["y"]})
    evaluator = Evaluator([ExactMatch()], source="a", target="b", progress=False)
    calls = (
        lambda: load_model("o/m", revision="v1"),
        lambda: Trainer("o/m", "o/m", source="a", target="b", revision="v1"),
        lambda: Trainer("o/m", tiny_tokenizer(["x y"]), source="a", target="b", revision="v1").fit(rows),
        lambda: Trainer("o/m", "o/t", source="a", target="b", revision="v1"),
        lambda: evaluator.evaluate("o/m", rows, revision="v1"),
        lambda: evaluator.evaluate("o/m", rows, tokenizer=tiny_tokenizer(["x y"]), revision="v1"),
    )
    for call in calls:
        with pytest.raises(ParameterError):
            call()
    config, tokenizer = ("AutoConfig", "o/m", "v1"), ("AutoTokenizer", "o/m", "v1")
    assert asked == [config, tokenizer, config, ("AutoTokenizer", "o/t", "main"), tokenizer, config]

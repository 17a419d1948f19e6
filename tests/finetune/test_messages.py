"""A list of message templates as source: the turns before the answer, as the tokenizer's own template writes them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.chat_encoding import ChatEncoder
from codeshift.finetune.conversation import Chat
from codeshift.finetune.limits import Limits
from codeshift.finetune.messages import Messages
from codeshift.finetune.tasks import Generation
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.finetune.trained import trained_with
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from codeshift.predictions import export_parts
from codeshift.study.settings.fingerprint import fingerprint
from helpers.study_case import LONG, rows, small_study

MESSAGES = [
    {"role": "system", "content": "Mend code."},
    {"role": "user", "content": "{task}"},
    {"role": "assistant", "content": "{draft}"},
    {"role": "user", "content": "It fails: {error}"},
]
ROWS = [
    {"task": "Add.", "draft": "a - b", "error": "wrong sum", "code": "a + b"},
    {"task": "Negate.", "draft": "a", "error": "no sign", "code": "-a"},
]
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)
COLUMNS = {"source": MESSAGES, "target": "code", "chat": True, "progress": False}


@pytest.fixture(scope="module")
def tokenizer():
    """A tokenizer with a chat template."""
    made = tiny_tokenizer([json.dumps(ROWS), "system user assistant Mend code. It fails:"])
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="module")
def model(tokenizer):
    """A tiny decoder."""
    return tiny_model("llama", tokenizer)


def _turns(row):
    filled = [{"role": m["role"], "content": m["content"].format(**row)} for m in MESSAGES]
    return [*filled, {"role": "assistant", "content": row["code"]}]


def _encoder(model, tokenizer, **limits):
    task = Generation.of(MESSAGES, "code", Chat())
    return ChatEncoder.of(model, tokenizer, (task.source, task.target), Chat(), Limits(**limits))


def test_ids_are_those_of_the_whole_conversation(model, tokenizer):
    """Prompt and answer are apply_chat_template's ids; only the answer and its end are learnt."""
    encoded = _encoder(model, tokenizer).encode(Dataset.from_list(ROWS))
    for i, row in enumerate(ROWS):
        options = {"tokenize": True, "return_dict": True}
        whole = tokenizer.apply_chat_template(_turns(row), **options)["input_ids"]
        asked = tokenizer.apply_chat_template(_turns(row)[:-1], **options, add_generation_prompt=True)["input_ids"]
        assert encoded.sources[i].tolist() == asked
        assert [*encoded.sources[i], *encoded.targets[i]] == whole
        assert tokenizer.decode(encoded.targets[i]).strip() == row["code"] + tokenizer.eos_token
    assert encoded.round_trip.sources == encoded.round_trip.targets == 0


def test_only_the_last_turn_is_cut(model, tokenizer):
    """What is too long loses tokens of the last user's text; earlier turns and the template stay."""
    long = Dataset.from_list([ROWS[0] | {"error": "wrong sum " * 30}])
    whole = _encoder(model, tokenizer).encode(long).sources[0]
    cut = _encoder(model, tokenizer, max_source_length=len(whole) - 20).encode(long)
    assert len(cut.sources[0]) == len(whole) - 20
    text = tokenizer.decode(cut.sources[0])
    assert text.startswith("system: Mend code.</s>user: Add.</s>assistant: a - b</s>user: It fails: wrong sum")
    assert text.endswith("</s>assistant:")
    assert cut.truncation.sources == 1
    with pytest.raises(ParameterError, match="max_source_length must be above"):
        _encoder(model, tokenizer, max_source_length=5).encode(long)


def test_training_and_evaluation_by_messages(model, tokenizer, tmp_path):
    """A folder remembers its messages, and an evaluator takes the chat from it."""
    config = TrainingConfig(max_steps=2, train_batch_size=2, learning_rate=1e-2, eval_strategy="no")
    data = Dataset.from_list(ROWS)
    result = Trainer(model, tokenizer, config, **COLUMNS).fit(data, tmp_path)
    assert json.loads((tmp_path / "training.json").read_text(encoding="utf-8"))["source"] == MESSAGES
    assert result.losses[1] < result.losses[0]
    metrics = [NegativeLogLikelihood(), ExactMatch()]
    found = Evaluator(metrics, source=MESSAGES, target="code", progress=False).evaluate(tmp_path, data)["data"]
    again = Evaluator(metrics, **COLUMNS).evaluate(result.model, data, tokenizer=tokenizer)["data"]
    np.testing.assert_array_equal(*(one.statistics["negative_log_likelihood"] for one in (found, again)))
    assert trained_with(tmp_path).task == Generation.of(MESSAGES, "code", Chat())


def test_export_writes_the_turns(tmp_path):
    """Messages and requests have all turns; a format of a prompt alone cannot."""
    part = {"test": Dataset.from_list(ROWS)}
    files = export_parts(part, tmp_path / "m", format="messages", source=MESSAGES, target="code")
    assert [json.loads(line)["messages"] for line in files["test"].open(encoding="utf-8")] == [*map(_turns, ROWS)]
    files = export_parts(part, tmp_path / "r", format="requests", source=MESSAGES, target="code")
    bodies = [json.loads(line)["body"] for line in files["test"].open(encoding="utf-8")]
    assert [body["messages"] for body in bodies] == [_turns(row)[:-1] for row in ROWS]
    with pytest.raises(ParameterError, match="source must be left out of the format prompt-completion"):
        export_parts(part, tmp_path / "p", format="prompt-completion", source=MESSAGES, target="code")


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"role": "user", "content": "x", "name": "y"}], "messages with a role and a content"),
        ([{"role": "usr", "content": "{task}"}], "did you mean user"),
        ([{"role": "user", "content": 3}], "contents are templates"),
        ([{"role": "assistant", "content": "{task}"}], "end with the user's turn"),
        ([*MESSAGES[1:], *MESSAGES[:1], MESSAGES[1]], "at their beginning alone"),
        ([{"role": "user", "content": "{task.x}"}], "plain column names"),
    ],
)
def test_messages_that_cannot_work(messages, words):
    """The message says what they must be."""
    with pytest.raises(ParameterError, match=words):
        Messages.of(messages, "source")


def test_what_does_not_go_with_messages(model, tokenizer):
    """No chat, a second system turn, examples, a missing column and no column at all are errors."""
    config = TrainingConfig(max_steps=1, eval_strategy="no")
    data = Dataset.from_list(ROWS)
    with pytest.raises(ParameterError, match="chat must be True where the source is a list of messages"):
        Trainer(model, tokenizer, config, **(COLUMNS | {"chat": False})).fit(data)
    with pytest.raises(ParameterError, match="system must be left out where the messages have"):
        Trainer(model, tokenizer, config, system="Be brief.", **COLUMNS)
    evaluator = Evaluator([ExactMatch()], shots=1, **COLUMNS)
    with pytest.raises(ParameterError, match="shots must be 0 with a list of messages"):
        evaluator.evaluate(model, {"train": data, "test": data}, tokenizer=tokenizer)
    with pytest.raises(ParameterError, match="errors"):
        Trainer(model, tokenizer, config, **COLUMNS).fit(data.rename_column("error", "errors"))
    plain = [{"role": "user", "content": "Write something."}]
    with pytest.raises(ParameterError, match="messages with a column"):
        Trainer(model, tokenizer, config, **(COLUMNS | {"source": plain})).fit(data)
    special = Dataset.from_list([ROWS[0] | {"draft": "a</s>"}])
    with pytest.raises(DataError, match="without special tokens"):
        Trainer(model, tokenizer, config, **COLUMNS).fit(special)


def test_a_study_of_messages(model, tokenizer):
    """A study takes them, and its fingerprint differs by them."""
    source = [{"role": "user", "content": "{doc}"}]
    study = small_study(model, tokenizer=tokenizer, scenarios=(LONG,), source=source, chat=True, dataset=rows())
    assert study.spec.data_columns == ("code", "doc")
    assert fingerprint(study.spec)["source"] == source
    other = replace(study, source=[{"role": "user", "content": "Do: {doc}"}])
    assert fingerprint(other.spec) != fingerprint(study.spec)

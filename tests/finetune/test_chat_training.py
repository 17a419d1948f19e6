"""Training and evaluation of conversations, and several samples a row."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Decoding, Evaluator, Trainer, TrainingConfig
from codeshift.finetune.chat_encoding import ChatEncoder
from codeshift.finetune.conversation import Chat
from codeshift.finetune.errors import TrainedOtherwiseWarning
from codeshift.finetune.template import Template
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, PassAtK

NAMES = ["total", "first", "length", "name"]
# A turn ends with another token than a text, and white space stands between the role and the content.
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ':' }}{{ ' ' + m['content'] + '<mask>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)
COLUMNS = {"source": "doc", "target": "code", "progress": False}


def make_rows(start: int = 0) -> Dataset:
    return Dataset.from_dict(
        {
            "doc": [f"Set {name}" for name in NAMES],
            "code": [f"{name} = {i + start}" for i, name in enumerate(NAMES)],
            "tests": [f"assert {name} == {i + start}" for i, name in enumerate(NAMES)],
        }
    )


@pytest.fixture(scope="module")
def chat_tokenizer():
    tokenizer = tiny_tokenizer([" ".join(NAMES) + " system: user: assistant: Set = 0 1 2 3 Write"] * 3)
    tokenizer.chat_template = TEMPLATE
    return tokenizer


@pytest.fixture(scope="module")
def model(chat_tokenizer):
    return tiny_model("llama", chat_tokenizer)


@pytest.fixture(scope="module")
def trained(model, chat_tokenizer, tmp_path_factory):
    """The folder of a model that has learned its answers by heart."""
    folder = tmp_path_factory.mktemp("chat") / "trained"
    config = TrainingConfig(learning_rate=1e-2, max_steps=60, train_batch_size=4, eval_strategy="no")
    Trainer(model, chat_tokenizer, config, chat=True, system="Write", **COLUMNS).fit(make_rows(), folder)
    return folder


def plain_loss(model, tokenizer, rows, system) -> tuple[float, int]:
    """The loss of the assistant's turns by plain transformers: its summed nats and its number of tokens."""
    nats, tokens = 0.0, 0
    for row in rows:
        turns = [{"role": "system", "content": system}] if system else []
        turns += [{"role": "user", "content": row["doc"]}, {"role": "assistant", "content": row["code"]}]
        whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
        asked = tokenizer.apply_chat_template(turns[:-1], add_generation_prompt=True, tokenize=True, return_dict=True)
        ids = torch.tensor([whole])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0].double()
        start = len(asked["input_ids"])
        assert tokenizer.convert_ids_to_tokens(whole[-1]) == "<mask>"
        nats += float(torch.nn.functional.cross_entropy(logits[start - 1 : -1], ids[0, start:], reduction="sum"))
        tokens += len(whole) - start
    return nats, tokens


@pytest.mark.parametrize("system", [None, "Write"])
def test_the_loss_is_that_of_the_assistants_turn(model, chat_tokenizer, system):
    """The first step's loss, and the likelihood that an evaluation gives, are those of the turn and its end alone."""
    nats, tokens = plain_loss(model, chat_tokenizer, make_rows(), system)
    config = TrainingConfig(max_steps=1, train_batch_size=4, eval_strategy="no")
    options = {"chat": True, "system": system} | COLUMNS
    result = Trainer(model, chat_tokenizer, config, **options).fit(make_rows())
    assert result.history[0]["tokens"] == tokens
    assert result.losses[0] == pytest.approx(nats / tokens, rel=1e-5)
    evaluator = Evaluator([NegativeLogLikelihood()], **options)
    part = evaluator.evaluate(model, make_rows(), tokenizer=chat_tokenizer)["data"]
    assert part.estimates["negative_log_likelihood"].value == pytest.approx(nats / tokens, rel=1e-5)


def test_a_folder_says_how_it_was_trained(trained, recwarn):
    """An evaluator without arguments uses conversations, with the system turn of the training."""
    kept = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    assert (kept["chat"], kept["system"]) == (True, "Write")
    result = Evaluator([ExactMatch()], **COLUMNS).evaluate(trained, make_rows())
    assert (result.metadata["chat"], result.metadata["system"]) == (True, "Write")
    outputs = result["data"].outputs
    assert [output.text for output in outputs] == make_rows()["code"]  # without the space of the template
    assert all(output.finished for output in outputs)  # by the end of the turn, which is not the end token
    assert not [w for w in recwarn if issubclass(w.category, TrainedOtherwiseWarning)]


@pytest.mark.parametrize(
    ("options", "difference"),
    [({"chat": False}, "chat is False, not True"), ({"chat": True}, "system is None, not 'Write'")],
)
def test_another_form_than_that_of_the_training_warns(trained, options, difference):
    evaluator = Evaluator([NegativeLogLikelihood()], **options, **COLUMNS)
    with pytest.warns(TrainedOtherwiseWarning, match=difference):
        evaluator.evaluate(trained, make_rows())


def test_an_evaluator_of_validation_asks_as_the_training_does(model, chat_tokenizer):
    """Its likelihood is the validation loss of training, since both see the same conversations."""
    config = TrainingConfig(max_steps=2, train_batch_size=4)
    evaluator = Evaluator([NegativeLogLikelihood()], **COLUMNS)
    trainer = Trainer(model, chat_tokenizer, config, chat=True, evaluator=evaluator, **COLUMNS)
    history = trainer.fit({"train": make_rows(), "validation": make_rows(1)}).history
    [row, *_] = [row for row in history if "validation_loss" in row]
    assert row["validation_negative_log_likelihood"] == pytest.approx(row["validation_loss"], rel=1e-6)


def test_shots_come_from_train(model, chat_tokenizer):
    """Examples stand before every source, none of a scored part; without train there is an error."""
    splits = DatasetDict(train=make_rows(), test=make_rows(1))
    options = {"chat": True, "shots": 2} | COLUMNS
    evaluator = Evaluator([NegativeLogLikelihood()], **options)
    shots = evaluator.evaluate(model, splits, tokenizer=chat_tokenizer).metadata["shots"]
    pairs = [[row["doc"], row["code"]] for row in splits["train"]]
    assert len(shots) == 2
    assert all(shot in pairs for shot in shots)
    assert evaluator.evaluate(model, splits, tokenizer=chat_tokenizer).metadata["shots"] == shots
    with pytest.raises(ParameterError, match="shots must be 0 for data without a part train"):
        evaluator.evaluate(model, make_rows(), tokenizer=chat_tokenizer)


def test_only_the_source_is_cut(chat_tokenizer):
    """The text of the template stays whole, on either side of truncation; too little room is an error."""
    templates = Template("doc", "source"), Template("code", "target")
    long = Dataset.from_dict({"doc": ["Set " + "total first length name " * 10], "code": ["name = 1"]})
    for side in ("right", "left"):
        chat_tokenizer.truncation_side = side
        encoded = ChatEncoder(chat_tokenizer, *templates, Chat("Write"), 20, 32).encode(long)
        text = chat_tokenizer.decode(encoded.sources[0])
        assert len(encoded.sources[0]) == 20
        assert text.startswith("system: Write<mask>user:")
        assert text.endswith("<mask>assistant:")
        assert ("Set" in text) == (side == "right")
        assert encoded.truncation.sources == 1
    chat_tokenizer.truncation_side = "right"
    with pytest.raises(ParameterError, match="max_source_length must be above"):
        ChatEncoder(chat_tokenizer, *templates, Chat("Write"), 5, 32).encode(long)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"system": "Write"}, "system must be left out without chat=True"),
        ({"chat": "yes"}, "chat must be True or False"),
        ({"chat": True, "task": "classification"}, "chat must be False for a classification"),
        ({"chat": True, "system": 1}, "system must be a text or None"),
    ],
)
def test_what_cannot_be_is_refused(model, chat_tokenizer, arguments, message):
    with pytest.raises(ParameterError, match=message):
        Trainer(model, chat_tokenizer, **arguments, **COLUMNS)


def test_an_encoder_decoder_has_no_turns(chat_tokenizer):
    trainer = Trainer(tiny_model("t5", chat_tokenizer), chat_tokenizer, chat=True, **COLUMNS)
    with pytest.raises(ParameterError, match="chat must be False for a model that is no decoder"):
        trainer.fit(make_rows())


def test_a_special_token_in_a_text_is_refused(model, chat_tokenizer):
    rows = Dataset.from_dict({"doc": ["Set <mask>"], "code": ["name = 1"]})
    with pytest.raises(DataError, match="source must be text without special tokens"):
        Evaluator([NegativeLogLikelihood()], chat=True, **COLUMNS).evaluate(model, rows, tokenizer=chat_tokenizer)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_samples_do_not_depend_on_batches(trained, batch_size):
    """The first sample is that of n=1, and fewer samples are the first of more."""

    def outputs(n: int, size: int):
        decoding = Decoding(n=n, do_sample=True, temperature=3.0, max_new_tokens=6)
        evaluator = Evaluator([ExactMatch()], decoding=decoding, batch_size=size, **COLUMNS)
        return evaluator.evaluate(trained, make_rows())["data"].outputs

    several, one = outputs(5, batch_size), outputs(1, 32)
    assert [len(output.samples) for output in several] == [5] * len(NAMES)
    assert [output.text for output in several] == [output.text for output in one]
    assert [output.samples[:2] for output in several] == [output.samples for output in outputs(2, 32)]
    assert len({sample.text for output in several for sample in output.samples}) > len(NAMES)


class Compared:
    """A runner that runs nothing: a program passes if it sets what its test asserts."""

    def check(self):
        """Nothing can fail."""

    def run(self, candidates, tests):
        passed = [
            f"assert {text.replace(' = ', ' == ')}" == test
            for row, test in zip(candidates, tests, strict=True)
            for text in row
        ]
        ends = np.cumsum([len(row) for row in candidates])[:-1]
        return np.split(np.array(passed), ends)


def test_all_samples_are_run(trained, tmp_path):
    """pass@k is that of the counts of right samples, in the result and in its files; a resumed run gives the same."""
    decoding = Decoding(n=4, do_sample=True, temperature=2.0, max_new_tokens=8)
    metrics = [PassAtK(k, runner=Compared(), tests="tests") for k in (1, 2, 4)]
    evaluator = Evaluator([*metrics, ExactMatch()], decoding=decoding, **COLUMNS)
    part = evaluator.evaluate(trained, make_rows(), output_dir=tmp_path)["data"]
    references = make_rows()["code"]
    right = [
        sum(sample.text == reference for sample in output.samples)
        for output, reference in zip(part.outputs, references, strict=True)
    ]
    assert 0 < sum(right) < 16
    assert part.scores("pass@1").tolist() == [count / 4 for count in right]
    assert part.scores("pass@4").tolist() == [float(count > 0) for count in right]
    pairs = [1 - (4 - count) * (3 - count) / 12 for count in right]
    assert part.scores("pass@2").tolist() == pytest.approx(pairs)
    first = [float(output.text == reference) for output, reference in zip(part.outputs, references, strict=True)]
    assert part.scores("exact_match").tolist() == first
    assert [row["samples"] for row in part.rows()] == [[s.text for s in output.samples] for output in part.outputs]
    log = tmp_path / "data.outputs.jsonl"
    log.write_text("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[:3]), encoding="utf-8")
    assert evaluator.evaluate(trained, make_rows(), output_dir=tmp_path)["data"].outputs == part.outputs


def test_more_of_k_than_samples_is_refused():
    decoding = Decoding(n=2, do_sample=True)
    with pytest.raises(ParameterError, match="PassAtK with k of at most 2"):
        Evaluator([PassAtK(3, runner=Compared())], decoding=decoding, **COLUMNS)
    with pytest.raises(ParameterError, match="n must be 1 without do_sample"):
        Decoding(n=2)


def test_metrics_see_the_code_of_an_answer(model, chat_tokenizer, monkeypatch):
    """The fenced block is scored and the whole answer kept; the metadata says which."""
    import codeshift.finetune.tasks.generation as module
    from codeshift.finetune.decoding import Output

    def generate(*arguments, on_batch, **options):
        rows = arguments[3]
        texts = [f"Sure:\n```python\n{code}\n```\nDone." for code in make_rows()["code"]]
        on_batch(rows, [Output(texts[row], finished=True) for row in rows])

    monkeypatch.setattr(module, "generate", generate)
    for extract, score in (("code", 1.0), (None, 0.0)):
        evaluator = Evaluator([ExactMatch()], extract=extract, **COLUMNS)
        result = evaluator.evaluate(model, make_rows(), tokenizer=chat_tokenizer)
        assert result["data"].scores("exact_match").tolist() == [score] * len(NAMES)
        assert result.metadata["extract"] == extract
        assert ("output" in result["data"].rows()[0]) == (extract is not None)

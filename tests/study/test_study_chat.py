"""A study of a chat model: conversations in training and evaluation, examples, and several samples a row."""

from __future__ import annotations

import json

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.finetune import Decoding, TrainingConfig
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, PassAtK
from codeshift.study.settings.fingerprint import fingerprint
from helpers.study_case import LONG, rows, small_study

TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ':' + m['content'] + '<mask>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)


class FirstLetter:
    """A runner that runs nothing: a program passes if it begins with a letter."""

    def run(self, candidates, tests):
        """Return which candidates pass."""
        return [np.array([text[:1].isalpha() for text in row]) for row in candidates]


@pytest.fixture(scope="module")
def model():
    """A tiny decoder with a tokenizer that has a chat template."""
    tokenizer = tiny_tokenizer([*rows()["code"], *rows()["doc"], "system user assistant"])
    tokenizer.chat_template = TEMPLATE
    return tiny_model("llama", tokenizer), tokenizer


def chat_study(model, **changes):
    """Return a study of two trainings, with samples for a part of the rows."""
    given = {
        "tokenizer": model[1],
        "scenarios": (LONG,),
        "methods": {"full": None},
        "config": TrainingConfig(max_steps=2, train_batch_size=4, eval_strategy="no"),
        "dataset": rows().map(lambda row: {"tests": f"assert {len(row['code'])}"}),
        "metrics": [NegativeLogLikelihood(), ExactMatch(), PassAtK(2, runner=FirstLetter(), tests="tests")],
        "generate_rows": 3,
        "decoding": Decoding(n=3, do_sample=True, max_new_tokens=4),
        "chat": True,
        "system": "Write",
        "shots": 1,
        "extract": "code",
    }
    return small_study(model[0], **(given | changes))


def test_a_study_of_a_chat_model(model, tmp_path):
    """Each run trains on conversations and says so; pass@2 is that of the samples in its Parquet."""
    study = chat_study(model)
    results = study.run(tmp_path)
    assert results.counts["failed"] == 0, [record.error for record in results.records]
    assert results.counts["done"] == len(results.records) == 3
    for record in results.records:
        scores = results.scores(record.key, "test")
        written = [i for i, samples in enumerate(scores.samples) if samples is not None]
        assert len(written) >= 3
        for i in written:
            assert len(scores.samples[i]) == 3
            assert scores.samples[i][0] == scores.predictions[i]
            right = sum(text[:1].isalpha() for text in scores.samples[i])
            estimate = 1 - (3 - right) * (2 - right) / 6
            assert scores.statistics["pass@2"][i].tolist() == pytest.approx([1, estimate])
    trained = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("training.json")]
    assert [(one["chat"], one["system"]) for one in trained] == [(True, "Write")] * 2


def test_what_cannot_be_is_refused_before_anything_runs(model):
    """Examples and a system turn need conversations; pass@k needs k samples."""
    with pytest.raises(ParameterError, match="shots must be 0 unless rows are conversations"):
        chat_study(model, chat=False, system=None)
    with pytest.raises(ParameterError, match="system must be left out without chat=True"):
        chat_study(model, chat=False)
    with pytest.raises(ParameterError, match="PassAtK with k of at most 1"):
        chat_study(model, decoding=Decoding())


def test_another_conversation_is_another_study(model):
    """The system turn, the examples and what is extracted are in the fingerprint."""
    prints = [
        fingerprint(chat_study(model, **change).spec)
        for change in (
            {},
            {"system": None},
            {"shots": 2},
            {"extract": None},
            {"chat": False, "system": None, "shots": 0},
        )
    ]
    assert len({json.dumps(values, sort_keys=True, default=str) for values in prints}) == len(prints)

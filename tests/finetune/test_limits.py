"""Evaluation encodes rows as training did, if the folder records it, and warns of other arguments."""

from __future__ import annotations

import json
import warnings

import pytest
from peft import LoraConfig

from codeshift.finetune import Evaluator, TrainedOtherwiseWarning, Trainer, TrainingConfig
from codeshift.finetune.evaluator import Limits
from codeshift.finetune.testing import tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

pytestmark = pytest.mark.filterwarnings("ignore::codeshift.finetune.TruncationWarning")
FORCED = [NegativeLogLikelihood()]
COLUMNS = {"source": "doc", "target": "code", "progress": False}
CONFIG = TrainingConfig(
    max_steps=1, train_batch_size=4, max_source_length=7, max_target_length=5, special_tokens=("<mask>",)
)


@pytest.fixture(scope="module", params=["full", "lora"])
def folder(request, data, tokenizer, tmp_path_factory):
    """A model, or an adapter, as its trainer saved it."""
    place = tmp_path_factory.mktemp("trained")
    tiny_model("t5", tokenizer).save_pretrained(place / "base")
    tokenizer.save_pretrained(place / "base")
    peft = LoraConfig(r=2) if request.param == "lora" else None
    trainer = Trainer(str(place / "base"), tokenizer, CONFIG, peft_config=peft, **COLUMNS)
    trainer.fit(data["train"], place / "made")
    return place / "made"


def limits(metadata):
    return {name: metadata[name] for name in vars(Limits())}


def test_limits_are_those_of_the_folder(folder, data):
    """They are in the metadata, rows are cut by them, and nothing is warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainedOtherwiseWarning)
        result = Evaluator(FORCED, **COLUMNS).evaluate(folder, data)
    assert limits(result.metadata) == {"max_source_length": 7, "max_target_length": 5, "special_tokens": ["<mask>"]}
    assert result["test_id"].truncation.targets == 8
    same = Evaluator(FORCED, max_target_length=5, **COLUMNS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainedOtherwiseWarning)
        assert same.evaluate(str(folder), data).aggregates() == result.aggregates()


def test_what_is_told_otherwise_is_warned_of(folder, data):
    """The warning names limits and templates with both values; the argument takes precedence."""
    evaluator = Evaluator(FORCED, source="{doc} {sig}", target="code", max_target_length=30, progress=False)
    words = (
        rf"the model in {folder} is not evaluated as it was trained: max_target_length is 30, not 5 and "
        r"source is '\{doc\} \{sig\}', not 'doc'"
    )
    with pytest.warns(TrainedOtherwiseWarning, match=words):
        result = evaluator.evaluate(folder, data)
    assert limits(result.metadata)["max_target_length"] == 30
    assert limits(result.metadata)["max_source_length"] == 7
    assert evaluator.settings.own_limits.max_source_length is None, "the evaluator serves other models as well"


def test_the_longest_output_is_that_of_training(folder, data):
    """The length of outputs follows from the truncated targets."""
    result = Evaluator([ExactMatch()], **COLUMNS).evaluate(folder, data, parts=["test_id"])
    assert max(output.tokens for output in result["test_id"].outputs) <= 5


def test_a_model_that_says_nothing_has_the_usual_limits(data, tokenizer, tmp_path):
    """An object, a folder of transformers, one whose training.json is another program's, or torn."""
    model = tiny_model("t5", tokenizer)
    usual = {"max_source_length": 512, "max_target_length": 512, "special_tokens": []}
    evaluator = Evaluator(FORCED, **COLUMNS)
    assert limits(evaluator.evaluate(model, data, tokenizer=tokenizer).metadata) == usual
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    for content in (None, "[1, 2]", '{"config": 3}', '{"config": {"max_target', '{"epochs": 3}'):
        if content is not None:
            (tmp_path / "training.json").write_text(content)
        assert limits(evaluator.evaluate(tmp_path, data).metadata) == usual
    (tmp_path / "training.json").write_text(json.dumps({"config": {"max_target_length": 9}}))  # of an older version
    assert limits(evaluator.evaluate(tmp_path, data).metadata) == usual | {"max_target_length": 9}


def test_validation_has_the_limits_of_training(data, tokenizer):
    """An evaluator that says nothing cuts rows as the trainer does; one that says something is left with it."""
    for given, expected in ((None, 5), (30, 30)):
        evaluator = Evaluator([ExactMatch()], max_target_length=given, **COLUMNS)
        trainer = Trainer(tiny_model("t5", tokenizer), tokenizer, CONFIG, evaluator=evaluator, **COLUMNS)
        assert trainer.evaluator.settings.limits.max_target_length == expected
        assert evaluator.settings.own_limits.max_target_length == given
        assert "validation_exact_match" in trainer.fit(data).history[-1]

"""Fine-tuning from top to bottom: train a model, fully or by an adapter, and evaluate it."""

from __future__ import annotations

import torch
from datasets import Dataset, DatasetDict
from peft import LoraConfig

from codeshift.finetune import Evaluator, Trainer, TrainingConfig, forgetting, trainable_parameters, wise_ft
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

ROWS = Dataset.from_dict({"doc": ["Add.", "Negate."] * 4, "code": ["return a + b", "return -a"] * 4})
PARTS = DatasetDict(train=ROWS, test_id=ROWS.select(range(2)))
COLUMNS = {"source": "doc", "target": "code", "progress": False}
TOKENIZER = tiny_tokenizer(["Add. Negate. return a + b - a"])


def test_the_story_of_fine_tuning() -> None:
    """The model given stays as it is; what training returns knows the rows."""
    model = tiny_model("t5", TOKENIZER, dropout_rate=0.0)
    config = TrainingConfig(learning_rate=1e-2, num_train_epochs=20, train_batch_size=4)

    # 8 rows in batches of 4 are 2 steps an epoch; the model has the rows by heart in the end.
    result = Trainer(model, TOKENIZER, config, **COLUMNS).fit(PARTS)
    assert len(result.losses) == 40
    assert result.losses[-1] < result.losses[0]

    # Evaluation says what it writes, and how likely it thinks what it should have written.
    evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], **COLUMNS)
    before, after = (evaluator.evaluate(one, PARTS, tokenizer=TOKENIZER) for one in (model, result.model))
    assert before["test_id"].scores("exact_match").tolist() == [0, 0]
    assert after["test_id"].predictions == ["return a + b", "return -a"]
    assert after["test_id"].estimates["exact_match"].value == 1
    likelihoods = [found["test_id"].estimates["negative_log_likelihood"].value for found in (before, after)]
    assert likelihoods[0] > 1 > likelihoods[1]

    # What was forgotten between the two: less than nothing, for both rows are right now, and neither was.
    assert forgetting(before, after, part="test_id", metric="exact_match").value == -1

    # Between the two models lie others: halfway, each weight is the mean of both.
    halfway = wise_ft(model, result.model, 0.5)
    weights = [one.shared.weight for one in (model, result.model, halfway)]
    assert torch.allclose(weights[2], (weights[0] + weights[1]) / 2)


def test_the_story_of_an_adapter() -> None:
    """Any method of PEFT trains a small part of a model, by the same call."""
    model = tiny_model("t5", TOKENIZER)
    lora = LoraConfig(r=2, target_modules=["q"])
    result = Trainer(model, TOKENIZER, TrainingConfig(max_steps=1), peft_config=lora, **COLUMNS).fit(PARTS)
    # q is a map from 32 to 32 numbers, in 2 blocks of the encoder and, twice each, 2 of the decoder: 6 pairs of 2 * 32.
    assert trainable_parameters(result.model).trainable == 6 * 2 * (2 * 32)

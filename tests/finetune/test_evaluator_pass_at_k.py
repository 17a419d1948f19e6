"""pass@1 of what a model writes, with test code in the target's column or in another, in evaluator and study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.decoding import Output
from codeshift.finetune.evaluation_settings import EvaluationSettings
from codeshift.finetune.tasks import Generation
from codeshift.finetune.tasks.generation import score_outputs
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch, Metric, PassAtK, metric_by_name
from codeshift.metrics import execution as execution_module
from codeshift.metrics.execution import IsolationError, PythonRunner

RUNNER = PythonRunner(timeout=60, allow_network=True)
NAMES = ["total", "first", "length", "name"]
WRONG = 2  # the row whose test no right program passes


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Programs of one line; one row's test fails for them, and ``check`` must be called."""
    values = range(len(NAMES))
    return Dataset.from_dict(
        {
            "doc": [f"Set {name}." for name in NAMES],
            "code": [f"{name} = {i}" for i, name in enumerate(NAMES)],
            "test": [f"assert {name} == {i + 1 if i == WRONG else i}" for i, name in enumerate(NAMES)],
            "check": [f"def check(value):\n    assert value == {i}" for i in values],
            "entry": NAMES,
            "assertions": [[f"assert {name} == {i}"] for i, name in enumerate(NAMES)],
        }
    )


@pytest.fixture(scope="module")
def tokenizer(data):
    return tiny_tokenizer([" ".join(NAMES) + " Set = 0 1 2 3 ."] * 3)


@pytest.fixture(scope="module")
def trained(data, tokenizer):
    """A model that has learned the programs by heart."""
    config = TrainingConfig(
        learning_rate=2e-2, num_train_epochs=150, train_batch_size=4, warmup_steps=10, eval_strategy="no"
    )
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    model = Trainer(model, tokenizer, config, source="doc", target="code", progress=False).fit(data).model
    found = quiet([ExactMatch()]).evaluate(model, data, tokenizer=tokenizer)["data"]
    assert found.predictions == list(data["code"])
    return model


def quiet(metrics, **options) -> Evaluator:
    return Evaluator(metrics, **{"source": "doc", "target": "code", "progress": False} | options)


@pytest.mark.parametrize(
    ("tests", "target", "expected"),
    [
        (None, "test", [1, 1, 0, 1]),
        ("test", "code", [1, 1, 0, 1]),
        ("{check}\ncheck({entry})", "code", [1, 1, 1, 1]),
    ],
)
def test_outputs_are_run_against_their_tests(trained, data, tokenizer, tests, target, expected):
    """The target holds tests, another column does, or a template makes them; other metrics keep the target."""
    metric = PassAtK(1, runner=RUNNER, tests=tests)
    parts = DatasetDict(test_id=data, test_ood=data.select([WRONG, 0]))
    found = quiet([metric, ExactMatch()], target=target).evaluate(trained, parts, tokenizer=tokenizer)
    assert found["test_id"].scores("pass@1").tolist() == expected
    assert found["test_ood"].scores("pass@1").tolist() == [expected[WRONG], expected[0]]
    assert found["test_id"].estimates["pass@1"].value == np.mean(expected)
    assert found["test_id"].estimates["exact_match"].value == (target == "code")


def test_drawn_rows_meet_their_own_tests(trained, data, tokenizer):
    """With ``generate_rows`` the tests of the drawn rows are run, and the others have no score."""
    metric = metric_by_name("pass@1[runner=python,allow_network=True,tests=test]")
    assert metric == PassAtK(1, runner=PythonRunner(allow_network=True), tests="test")
    found = quiet([metric], generate_rows=2).evaluate(trained, data, tokenizer=tokenizer)["data"]
    drawn = [prediction is not None for prediction in found.predictions]
    expected = [float(i != WRONG) if there else np.nan for i, there in enumerate(drawn)]
    np.testing.assert_array_equal(found.scores("pass@1"), expected)
    assert found.estimates["pass@1"].n == 2


@dataclass(frozen=True)
class AnySample(Metric):
    """Whether any sample of a row is the text in another column than the target."""

    @property
    def test_code(self) -> str:
        return "entry"

    def of_samples(self, samples):
        return set(samples)

    def check_samples(self, n: int) -> None:
        if n < 2:
            raise ParameterError("metrics", "AnySample of several samples", n, "draw more")

    def score(self, predictions, references):
        return np.array([float(right in texts) for texts, right in zip(predictions, references, strict=True)])


def test_a_metric_of_ones_own_takes_all_samples_and_another_column(data):
    """What ``PassAtK`` is to an evaluation, it says by methods that any metric can have."""
    outputs = [Output("no", True, others=(Output(name, True),)) for name in NAMES[:2]] + [Output("no", True)] * 2
    settings = EvaluationSettings(metrics={"any_sample": AnySample()})
    scored = score_outputs(Generation.of("doc", "code", None), settings, data, outputs)
    assert scored.scores("any_sample").tolist() == [1, 1, 0, 0]
    with pytest.raises(ParameterError, match="AnySample of several samples, got 1"):
        quiet([AnySample()])


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (PassAtK(1), "metrics must be a PassAtK with a runner where outputs are generated"),
        (PassAtK(2, runner=RUNNER), "metrics must be a PassAtK with k of at most 1"),
    ],
)
def test_what_one_output_cannot_serve_is_refused_at_once(metric, message):
    """No runner, or more samples than are generated: before the model is loaded."""
    with pytest.raises(ParameterError, match=message):
        quiet([metric])


def test_no_isolation_is_told_before_anything_is_generated(monkeypatch):
    """A runner that would refuse refuses when the evaluator is created."""
    monkeypatch.setattr(execution_module, "network_can_be_cut_off", lambda: False)
    with pytest.raises(IsolationError, match="allow_network=True"):
        quiet([PassAtK(1, runner=PythonRunner(sandbox="limits"))])


@pytest.mark.parametrize(
    ("tests", "error", "message"),
    [
        ("tets", ParameterError, "tests must be made of columns of the data, got 'tets': did you mean test?"),
        # Joined by blanks, as other lists are advised to be, assertions would be no code.
        ("assertions", DataError, r"tests must be made of columns of text, .*: '\\n'.join\(row\['assertions'\]\)"),
        ("check", DataError, r"check\[0\] must be test code that checks something"),
        ("doc", DataError, r"doc\[0\] must be test code in Python"),
        (None, DataError, r"code\[0\] must be test code that checks something"),
    ],
)
def test_columns_without_tests_are_refused_before_generating(data, tokenizer, tests, error, message):
    """A missing column, lists, definitions that nothing calls, prose, and reference programs in place of tests."""
    with pytest.raises(error, match=message):
        quiet([PassAtK(1, runner=RUNNER, tests=tests)]).evaluate("no model", data, tokenizer=tokenizer)

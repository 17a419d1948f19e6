"""What an audit says: does a split leak, is there a shift, and what else moved?"""

from __future__ import annotations

import numpy as np
from datasets import Dataset, DatasetDict

from codeshift.audit import audit, standardised_effect, wasserstein
from codeshift.properties import LineCount

SHORT = [f"def f{i}(): return {i} + {i * i}" for i in range(80)]
LONG = [f"class C{i}:\n    def get(self):\n        self.x = [{i}]\n        return self.x" for i in range(40)]
QUICK = {"column": "code", "properties": [LineCount("code")], "n_permutations": 39, "progress": False}


def parts(**code: list[str]) -> DatasetDict:
    """Return a split that was not made by a splitter."""
    return DatasetDict({name: Dataset.from_dict({"code": texts}) for name, texts in code.items()})


def test_the_story_of_audits() -> None:
    """A split is sound if no test row is in train, and test differs from train."""
    # 10 of the 40 rows of test are exact copies of rows of train.
    leaky = audit(parts(train=SHORT, test=[*SHORT[:10], *LONG[:30]]), **QUICK)
    assert leaky.verdict.label == "leaks"
    assert (leaky.leakage[0].exact, leaky.leakage[0].exact_share) == (10, 0.25)
    assert leaky.leakage[0].rows == tuple(range(10))
    assert "10 of 40 rows of test (25.00%)" in str(leaky.verdict)

    # Functions in train and classes in test: nothing leaks, and a classifier tells every row apart.
    sound = audit(parts(train=SHORT, test=LONG), **QUICK)
    assert sound.verdict.label == "sound"
    assert (sound.leakage[0].near, sound.strength[0].classifier.statistic) == (0, 1.0)

    # It says what moved: each function has 1 line, each class 4.
    lines = sound.strength[0].properties[0]
    assert (lines.name, lines.mean_train, lines.mean, lines.wasserstein) == ("LineCount", 1, 4, 3)
    assert lines.p_value < 0.05
    assert sound.to_html().startswith("<!DOCTYPE html>")


def test_the_story_of_distances() -> None:
    """The distances of the report, computed by hand: each number moved by 5, a mean by one standard deviation."""
    assert wasserstein(np.array([0.0, 1.0]), np.array([5.0, 6.0])) == 5
    assert standardised_effect(np.array([1.0, 3.0]), np.array([2.0, 4.0])) == 1

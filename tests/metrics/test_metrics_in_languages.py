"""Metrics of rows in the languages that a column names: the statistics of each language alone, in the rows' order."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import CodeBLEU, ElementRecall, Metric, SyntacticValidity, metric_by_name
from codeshift.predictions import score_predictions

LANGUAGES = ["python", "java", "python", "java"]
REFERENCES = ["x = f(1)", "int f() { return 1; }", "while x: y(x)", "while (x) { y(x); }"]
PREDICTIONS = ["x = f(2)", "int f() { return 1;", "while (x) { y(x); }", "while (x) { y(x); }"]


@pytest.mark.parametrize(
    "metric",
    [
        lambda language: CodeBLEU(language),
        lambda language: ElementRecall(language),
        lambda language: ElementRecall(language, elements="apis"),
    ],
)
def test_statistics_are_those_of_each_language(metric) -> None:
    """Row by row what the metric of the row's language gives, so the corpus value is that of both together."""
    found = metric("column:lang").statistics_in(LANGUAGES, PREDICTIONS, REFERENCES)
    for i, language in enumerate(LANGUAGES):
        alone = metric(language).statistics([PREDICTIONS[i]], [REFERENCES[i]])
        np.testing.assert_array_equal(found[[i]], alone)


def test_validity_knows_no_python_2_among_several_languages() -> None:
    """Each row is judged in its language, and Java in a row of Python is no program."""
    metric = SyntacticValidity("column:lang")
    found = metric.statistics_in([*LANGUAGES, "python"], [*PREDICTIONS, "print x"], [*REFERENCES, ""])
    assert found[:, 1].tolist() == [1, 0, 0, 1, 0]
    score = metric.of_rows(found)
    assert (score.value, score.parts, score.unparsable) == (0.4, {}, 0)


def test_names_of_one_grammar_only() -> None:
    """A node type that a language's grammar lacks is in none of its rows."""
    metric = ElementRecall("column:lang", names=("enhanced_for_statement", "while_statement"))
    found = metric.of_rows(metric.statistics_in(LANGUAGES, PREDICTIONS, REFERENCES))
    assert found.parts["while_statement"] == 0.5
    assert np.isnan(found.parts["enhanced_for_statement"])


def test_scores_of_predictions_read_the_column() -> None:
    """Whatever scores texts of a dataset finds the languages there; the digest of the data covers the column."""
    rows = Dataset.from_dict({"n": list("abcd"), "doc": list("abcd"), "code": REFERENCES, "lang": LANGUAGES})
    given = [{"n": n, "prediction": text} for n, text in zip("abcd", PREDICTIONS, strict=True)]
    metrics = [SyntacticValidity("column:lang"), metric_by_name("codebleu", language="column:lang")]

    def result(data: Dataset):
        return score_predictions(data, given, metrics, source="doc", target="code", id_column="n")

    scored = result(rows)["data"]
    assert scored.scores("syntactic_validity").tolist() == [1, 0, 0, 1]
    assert scored.scores("codebleu")[3] == 1
    swapped = rows.remove_columns("lang").add_column("lang", ["java", "java", "java", "java"])
    assert result(swapped).metadata["data"] != result(rows).metadata["data"]
    for change, message in (
        ({"lang": ["python", "java", "Python", "java"]}, "1 of 4 rows name others: 'Python'"),
        ({"lang": ["python", "java", "python", None]}, "are None"),
    ):
        with pytest.raises(DataError, match=message):
            result(Dataset.from_dict({**rows.to_dict(), **change}))
    with pytest.raises(DataError, match="language must be a column of the dataset, got 'lang'"):
        result(rows.remove_columns("lang"))


@pytest.mark.parametrize(
    "metric", [CodeBLEU("column:lang"), SyntacticValidity("column:lang"), ElementRecall("column:l")]
)
def test_texts_alone_do_not_tell(metric: Metric) -> None:
    """Without languages the metric says what to call."""
    with pytest.raises(ParameterError, match="call statistics_in"):
        metric.corpus(PREDICTIONS, REFERENCES)


def test_languages_that_a_metric_does_not_know() -> None:
    """The rows are counted; lengths must agree."""
    with pytest.raises(DataError, match="'bash'"):
        CodeBLEU("column:lang").statistics_in(["bash", "java", "bash", "java"], PREDICTIONS, REFERENCES)
    with pytest.raises(ParameterError, match="one for each prediction"):
        CodeBLEU("column:lang").statistics_in(["java"], PREDICTIONS, REFERENCES)

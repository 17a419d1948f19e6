"""Rows on which the parser gives up are counted by every metric that parses, and in what an evaluation says."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from tree_sitter import Query

from codeshift.cli.scores_table import scores_in_words
from codeshift.finetune.decoding import Output
from codeshift.finetune.evaluation_result import EvaluationResult, PartEvaluation
from codeshift.finetune.truncation import TruncationCounts
from codeshift.metrics import CodeBLEU, ElementPrecision, ElementRecall, ExactMatch, Metric, SyntacticValidity
from codeshift.metrics.base import column_sums
from codeshift.metrics.validity_parts import shells
from helpers.bad_texts import bad_text

GOOD, BAD = "int f ( ) { return 1 ; }", bad_text("x => ")
METRICS = [
    CodeBLEU("java"),
    CodeBLEU("java", compat="codexglue"),
    SyntacticValidity("java"),
    ElementRecall("java"),
    ElementPrecision("java", names=("method_declaration",)),
    ElementRecall("java", elements="apis"),
]


@pytest.mark.parametrize("metric", METRICS, ids=repr)
def test_a_row_on_which_the_parser_gives_up_is_counted(metric: Metric) -> None:
    """In the corpus score, in sums of any rows, and on the side of the reference too where it is parsed."""
    predictions, references = [GOOD, BAD, GOOD, "int"], [GOOD, GOOD, BAD, GOOD]
    counted = [0, 1, 0 if isinstance(metric, SyntacticValidity) else 1, 0]
    rows = metric.statistics(predictions, references)
    assert [metric.from_statistics(row).unparsable for row in rows] == counted
    assert metric.corpus(predictions, references).unparsable == sum(counted)
    assert metric.corpus([GOOD], [GOOD]).unparsable == 0
    assert metric.from_statistics(column_sums(rows[:0])).unparsable == 0


@pytest.mark.parametrize("compat", [None, "codexglue"])
def test_a_row_of_several_references_is_counted_once(compat: str | None) -> None:
    """However many of its texts are unparsable; its other counts are those of the references that parse."""
    metric = CodeBLEU("java", compat=compat)
    assert metric.corpus([GOOD, GOOD], [[BAD, BAD, GOOD], [GOOD, GOOD, GOOD]]).unparsable == 1
    assert metric.corpus([BAD], [[GOOD, GOOD]]).unparsable == 1


def test_a_text_that_is_stopped_only_in_a_shell_is_counted() -> None:
    """What stands in no file of Java may be a member of a class: the second try may reach the bound as well."""
    judge = shells.ShellParser("java")
    tries = iter([judge._parser.parse(b"return 1"), None])

    class Giving:
        def parse(self, _: bytes) -> object:
            return next(tries)

    judge._parser = Giving()  # type: ignore[assignment]
    assert judge.judge("return 1") is None


def test_only_metrics_that_parse_count() -> None:
    """The tokens of a text are found without a parser."""
    assert ElementRecall(elements="tokens").corpus([BAD], [GOOD]).unparsable == 0


def test_scores_are_those_of_code_that_does_not_parse() -> None:
    """A stopped output is no valid program and holds no element, a stopped reference asks for none."""
    assert SyntacticValidity("java").score([GOOD, BAD], ["", ""]).tolist() == [1, 0]
    recall = ElementRecall("java").score([BAD, GOOD], [GOOD, BAD])
    assert recall[0] == 0
    assert np.isnan(recall[1])


def test_what_validity_looks_for_is_made_once() -> None:
    """A second metric of the language compiles no query again; for C++ that took half a second at each call."""
    SyntacticValidity("cpp").score(["int x;"], [""])
    with patch("tree_sitter.Query", side_effect=Query) as made:
        assert SyntacticValidity("cpp").score(["int y;"], [""]).tolist() == [1]
    assert not made.called


def test_an_evaluation_says_how_many_rows_are_unparsable(tmp_path: Path) -> None:
    """In its aggregates, in words, in its file and by metric; metrics without such rows are not named."""
    metrics = {metric.name: metric for metric in (SyntacticValidity("java"), ExactMatch())}
    texts, references = [GOOD, BAD, BAD], [GOOD] * 3
    part = PartEvaluation(
        references=references,
        truncation=TruncationCounts(rows=3, sources=0, targets=0, lost_source_tokens=0, lost_target_tokens=0),
        metrics=metrics,
        statistics={name: metric.statistics(texts, references) for name, metric in metrics.items()},
        scored={name: np.arange(3) for name in metrics},
        outputs=[Output(text, True, 1) for text in texts],
    )
    assert part.unparsable == {"syntactic_validity": 2}
    result = EvaluationResult({"test_ood": part}, {})
    assert {row["metric"]: row["unparsable"] for row in result.aggregates()} == {
        "syntactic_validity": 2,
        "exact_match": 0,
    }
    assert [line.endswith(", 2 unparsable") for line in str(result).splitlines()] == [True, False]
    result.save(tmp_path)
    saved = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert saved["parts"]["test_ood"]["unparsable"] == {"syntactic_validity": 2}
    assert "test_ood, syntactic_validity: 2 rows scored as code that does not parse" in scores_in_words(result, None)

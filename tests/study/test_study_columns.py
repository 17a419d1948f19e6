"""A study over several columns and languages: what its splits, its audits and its metrics read."""

from __future__ import annotations

import re

import pytest
from datasets import Dataset

from codeshift.errors import DataError, ParameterError
from codeshift.finetune.tasks import Classification
from codeshift.metrics import SyntacticValidity
from codeshift.properties.dataset_columns import columns_of_text
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splitters import ASTNodeSplitter, Scenario
from helpers.study_case import rows, small_study

BY_ROW = Scenario("loops", ASTNodeSplitter("code", language="column:lang", nodes=("while_statement",)))
OF_JAVA = "while (x) { y = 1; }"


def _rows(languages: tuple[str, ...] = ("python", "java")) -> Dataset:
    """Rows of Python, and as many of Java."""
    python = rows(60)
    code = [*python["code"], *(f"int f{i}() {{ {OF_JAVA if i % 3 == 0 else ''} return {i}; }}" for i in range(60))]
    language = [name for name in languages for _ in range(60)]
    return Dataset.from_dict({"doc": [f"Row {i}." for i in range(120)], "code": code, "lang": language})


def test_the_audit_looks_in_source_target_and_code(model) -> None:
    """Without being told; with one text of the task, or columns of one's own, in those."""
    assert small_study(model, audit=True).spec.audit.near_duplicates.columns == ("doc", "code")
    assert small_study(model, audit=True, source="code").spec.audit.near_duplicates.columns is None
    given = small_study(model, audit=True, near_duplicates={"columns": ["code"], "drop": True}).spec
    assert given.audit.near_duplicates.columns == ("code",)
    assert given.split_config.drops
    with pytest.raises(ParameterError, match=re.escape("audit['near_duplicates'] must be a column of data, got 'cod'")):
        small_study(model, audit={"near_duplicates": NearDuplicates(columns=("cod",))})


def test_labels_are_no_texts() -> None:
    """Of a classification the sources are looked in, and of data what is text."""
    data = Dataset.from_dict({"code": ["x"], "label": ["bug"], "turns": [["a"]]})
    assert columns_of_text(data, Classification.of("code", "label", None).text_columns) == ("code",)


def test_the_language_of_each_row_is_read_throughout(model) -> None:
    """Scenarios name the column; the audit, metrics by name and the rows that the study keeps follow."""
    study = small_study(model, dataset=_rows(), scenarios=(BY_ROW,), metrics=["syntactic_validity"], audit=True)
    assert (study.spec.language, study.spec.audit.language) == ("column:lang", "column:lang")
    assert study.spec.metrics == (SyntacticValidity("column:lang"),)
    assert "lang" in study.spec.data_columns
    facts = study.splits.scenario("loops", 0)
    assert sorted(facts.assignments[0.0].manifest.grammars) == ["java", "python"]


def test_unknown_languages_are_counted_at_once(model) -> None:
    """Before anything is split: by the metric that would read them."""
    with pytest.raises(DataError, match="60 of 120 rows name others: 'Java'"):
        small_study(model, dataset=_rows(("python", "Java")), scenarios=(BY_ROW,), metrics=["syntactic_validity"])

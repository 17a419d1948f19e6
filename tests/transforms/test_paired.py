"""The part ``test_transformed``: its rows, its record in the manifest, and how an evaluator compares it."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import DataError, ManifestError, ParameterError
from codeshift.finetune import Evaluator
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import NegativeLogLikelihood
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.manifest import SplitManifest
from codeshift.splitters import LengthSplitter
from codeshift.transforms import DropComments, ForToWhile, RenameIdentifiers, paired_shift

ROWS = Dataset.from_dict(
    {
        "code": [
            f"def f{i}(x):\n    y = x" + " + 1" * i + "\n    return y" if i % 3 else f"z{i} = 1" + " + 1" * i
            for i in range(60)
        ],
        "doc": [f"Row {i}." for i in range(60)],
    }
)
RENAMED = RenameIdentifiers(language="python")
RENAMED_BY_ROW = RenameIdentifiers(language="column:lang")


@pytest.fixture(scope="module")
def assignment() -> SplitAssignment:
    return LengthSplitter(column="code").assign(ROWS, seed=0, near_duplicates=None, min_test_rows=0)


def test_rows_correspond_one_to_one(assignment):
    """Each row is the transform of the row of test_id at its place; other columns and parts are untouched."""
    before = assignment.to_dataset_dict()
    shift = paired_shift(assignment, RENAMED)
    assert shift.parts["test_transformed"]["code"][:] == [RENAMED.rewrite(code) for code in before["test_id"]["code"]]
    assert shift.parts["test_transformed"]["doc"][:] == before["test_id"]["doc"][:]
    assert {part: rows["code"][:] for part, rows in before.items()} == {
        part: shift.parts[part]["code"][:] for part in before
    }
    unchanged = sum(RENAMED.rewrite(code) == code for code in before["test_id"]["code"])
    assert 0 < unchanged == shift.unchanged < len(before["test_id"])


def test_the_manifest_records_the_transform(assignment):
    """It is read back, and the part is made of it again; without the part, the file is as it was."""
    manifest = paired_shift(assignment, RENAMED).manifest
    again = SplitManifest.from_json(manifest.to_json())
    assert again == manifest
    assert (
        again.transformed["test_transformed"].digest
        == RENAMED.digest
        != RenameIdentifiers(language="python", parameters=True).digest
    )
    assert "transformed" not in assignment.manifest.to_json()
    assert "test_transformed" in again.summary()
    rebuilt = paired_shift(SplitAssignment.from_manifest(again, ROWS.shuffle(seed=3)))
    assert sorted(rebuilt.parts["test_transformed"]["code"]) == sorted(
        paired_shift(assignment, RENAMED).parts["test_transformed"]["code"]
    )


def test_another_transform_than_that_of_the_manifest_is_refused(assignment):
    """What the manifest says is what the rows are, or there is an error."""
    recorded = SplitAssignment.from_manifest(paired_shift(assignment, RENAMED).manifest, ROWS)
    with pytest.raises(ManifestError, match="another transform"):
        paired_shift(recorded, DropComments(language="python"))


def test_what_cannot_work_is_refused(assignment):
    """Errors name the argument."""
    with pytest.raises(ParameterError, match="part must be a part of the split, got 'test_ids'"):
        paired_shift(assignment, RENAMED, part="test_ids")
    with pytest.raises(ParameterError, match="transform must be a transform, got None"):
        paired_shift(assignment)
    with pytest.raises(DataError, match="column must be a column of the dataset, got 'body'"):
        paired_shift(assignment, RenameIdentifiers(column="body", language="python"))


def test_an_evaluator_compares_the_two_parts_row_by_row(assignment, monkeypatch):
    """The difference is the mean of the rows' differences, and rows that did not change have none."""
    tokenizer = tiny_tokenizer([*ROWS["code"], *ROWS["doc"], "local_0"])
    evaluator = Evaluator([NegativeLogLikelihood()], source="code", target="doc", progress=False)
    parts = paired_shift(assignment, RENAMED).to_dataset_dict()
    result = evaluator.evaluate(tiny_model("t5", tokenizer), parts, tokenizer=tokenizer)
    scores = [result[part].scores("negative_log_likelihood") for part in ("test_transformed", "test_id")]
    same = [a == b for a, b in zip(parts["test_transformed"]["code"], parts["test_id"]["code"], strict=True)]
    assert np.abs(scores[0] - scores[1])[same].max() < 1e-5 < np.abs(scores[0] - scores[1]).max()
    [lost] = result.transformed()
    with monkeypatch.context() as patched:
        patched.delattr(type(result), "paired")
        assert result.transformed() == [lost]  # resampled once
    assert lost["value"] == pytest.approx(result.paired("negative_log_likelihood").value)
    weights = [len(tokenizer(doc)["input_ids"]) for doc in parts["test_id"]["doc"]]
    assert lost["value"] == pytest.approx(np.average(scores[0] - scores[1], weights=weights), abs=1e-6)
    assert "test_transformed less test_id, negative_log_likelihood:" in str(result)
    with pytest.raises(ParameterError, match="the rows of train, one to one"):
        evaluator.evaluate(tiny_model("t5", tokenizer), parts, tokenizer=tokenizer, parts=("train", "test_id")).paired(
            "negative_log_likelihood", "test_id", "train"
        )


def test_each_row_is_rewritten_in_its_own_language():
    """Rows of a language that the transform does not know stay as they are; the manifest makes the part again."""
    texts = {"python": "def f(x):\n    y = x  # z\n    return y", "java": "int f(int x) { int y = x; return y; }  // z"}
    texts["ruby"] = "def f(x)\n  y = x # z\n  y\nend"
    rows = Dataset.from_dict(
        {
            "code": [f"{text}{' ' * i}" for i in range(12) for text in texts.values()],
            "lang": [language for _ in range(12) for language in texts],
        }
    )
    by_row = DropComments(language="column:lang") >> RenameIdentifiers(language="column:lang")
    assert by_row.also_reads == ("lang",)
    for code, language, rewritten in zip(rows["code"], rows["lang"], by_row.apply(rows)["code"], strict=True):
        dropped = DropComments(language=language).rewrite(code)
        known = language in RenameIdentifiers.known_languages
        assert rewritten == (RenameIdentifiers(language=language).rewrite(dropped) if known else dropped) != code
    loops = ForToWhile(language="column:lang").apply(rows)
    assert loops["code"][:] == rows["code"][:]
    assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=None, min_test_rows=0)
    manifest = SplitManifest.from_json(paired_shift(assignment, RENAMED_BY_ROW).manifest.to_json())
    shift = paired_shift(SplitAssignment.from_manifest(manifest, rows))
    assert shift.transform == RENAMED_BY_ROW
    assert shift.unchanged == sum(name == "ruby" for name in shift.parts["test_id"]["lang"]) > 0


def test_what_a_column_of_languages_cannot_be():
    """A text names no language, a column must exist, and must name languages that are known."""
    with pytest.raises(ParameterError, match="apply rewrites rows"):
        RENAMED_BY_ROW.rewrite("x = 1")
    with pytest.raises(DataError, match="lang"):
        RENAMED_BY_ROW.apply(ROWS)
    with pytest.raises(DataError, match="1 of 1 rows name others: 'C#'"):
        RENAMED_BY_ROW.apply(Dataset.from_dict({"code": ["x"], "lang": ["C#"]}))

"""Marks of rows: positions in the order given, digests that find copies, and scores of an evaluator on both sides."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict

from codeshift.audit import RowMarks, audit, overlap
from codeshift.audit import embedded_digests as module
from codeshift.audit.embedded_digests import embedded_digests
from codeshift.data import stdlib_functions
from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Evaluator
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, bootstrap_ci
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.digests import CodeDigests, renamed_digests
from helpers.renamer import renamed


@pytest.fixture(scope="module")
def code() -> list[str]:
    """Functions of which hardly any two are alike."""
    return [text for text in stdlib_functions()["code"][::50] if text.isascii() and len(text) > 300][:40]


def test_marks_of_an_audit_stand_in_the_order_given(code):
    """An audit sorts rows by content; its marks are those of the rows as they were given."""
    test = code[:12]
    splits = DatasetDict(train=Dataset.from_dict({"code": code[12:40]}), test=Dataset.from_dict({"code": test}))
    corpus = Dataset.from_dict({"code": [test[3], test[7].replace("self", "self ", 1), "x = 1"]})
    settings = {"column": "code", "n_permutations": 19, "progress": False}
    report = audit(splits, against={"web": corpus, "read": "embedded"}, **settings)
    marks = report.overlap.marks["test"]
    marks.check("test", test)
    assert np.flatnonzero(marks.seen("web", "exact")).tolist() == [3]
    assert np.flatnonzero(marks.seen("web")).tolist() == [3, 7]
    assert marks.kinds_of_rows()["web"][7] == "near"
    assert "read" in str(report)
    with pytest.raises(ParameterError, match="rows of test"):
        marks.check("test", test[::-1])
    with pytest.raises(ParameterError, match="corpus"):
        marks.seen("wep")
    with pytest.raises(ParameterError, match="kind"):
        marks.seen(kind="nearly")


def test_digests_find_exact_and_renamed_copies_only(code):
    """What digests find renamed is what has a similarity of 1, as nearly all that a renamer makes."""
    corpus = CodeDigests.of(code[:20])
    others = [renamed(text) for text in code[:20]]
    nearest = NearDuplicates().of_renamed().nearest(others, code[:20])
    alike = nearest.jaccard == 1
    assert alike.sum() > 15
    assert corpus.exact_copies([*code[:5], *code[20:25]]).tolist() == [True] * 5 + [False] * 5
    assert corpus.renamed_copies(others).tolist() == alike.tolist()
    assert not corpus.renamed_copies(code[20:]).any()
    assert renamed_digests([]).shape == CodeDigests.of([]).exact_copies([]).shape == (0,)
    assert not CodeDigests.of([""]).renamed_copies(["", "x"]).any()
    found = overlap(Dataset.from_dict({"code": [code[0], others[1], code[30]]}), {"of": corpus})["data", "of"]
    assert (found.exact, found.renamed, found.looked_for("near")) == (1, 2, False)


def test_what_the_embedded_model_has_read_is_what_its_card_says(monkeypatch, tmp_path):
    """As many functions as it was trained on, none of which is held out; a damaged file is refused."""
    digests = embedded_digests()
    assert digests.rows == 63_087
    assert module.DIGESTS_FILE.stat().st_size < 2_000_000
    assert (np.diff(digests.exact.astype(object)) >= 0).all()
    assert not digests.exact_copies(stdlib_functions()["code"][:]).any()
    damaged = tmp_path / "digests.npy"
    damaged.write_bytes(module.DIGESTS_FILE.read_bytes()[:-8])
    monkeypatch.setattr(module, "DIGESTS_FILE", damaged)
    with pytest.raises(DataError, match="digest"):
        embedded_digests.__wrapped__()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Eight rows, of which a corpus holds the first three, evaluated with their marks."""
    rows = Dataset.from_dict({"doc": [f"Add {i}." for i in range(8)], "code": [f"return a + {i}" for i in range(8)]})
    tokenizer = tiny_tokenizer([*rows["doc"], *rows["code"]])
    marks = overlap(rows, {"web": rows.select(range(3)), "other": rows.select([])}, worst=0).marks
    evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], source="doc", target="code", progress=False)
    folder = tmp_path_factory.mktemp("evaluated")
    model = tiny_model("t5", tokenizer)
    result = evaluator.evaluate(model, rows, tokenizer=tokenizer, marks=marks, output_dir=folder)
    return rows, marks, evaluator, (model, tokenizer), result, folder


def test_an_evaluation_has_each_score_for_rows_seen_and_unseen(evaluated):
    """They are the scores of these rows alone; files hold them, and each row its kind of copy."""
    _, _, _, _, result, folder = evaluated
    part = result["data"]
    seen, unseen = part.seen_estimates("negative_log_likelihood", kind="exact")
    statistics = part.statistics["negative_log_likelihood"]
    for found, rows in ((seen, slice(0, 3)), (unseen, slice(3, 8))):
        expected = bootstrap_ci(
            statistics[rows], metric=NegativeLogLikelihood(), groups=part.copies[rows], seed=part.seed
        )
        assert (found.value, found.low, found.n) == (expected.value, expected.low, expected.n)
    nothing, all_rows = part.seen_estimates("negative_log_likelihood", corpus="other")
    assert nothing.n == 0
    assert np.isnan(nothing.value)
    assert all_rows.value == part.estimate("negative_log_likelihood").value
    written = json.loads((folder / "evaluation.json").read_text())["seen"]
    assert {(row["corpus"], row["seen"]) for row in written} == {
        (corpus, seen) for corpus in ("", "web", "other") for seen in (True, False)
    }
    kinds = pq.read_table(folder / "data.parquet")["seen[web]"].to_pylist()
    assert kinds[:3] == ["exact"] * 3
    assert "rows in a corpus, n=" in str(result)


def test_marks_of_other_rows_are_refused(evaluated):
    """Before the model is run."""
    rows, marks, evaluator, (model, tokenizer), _, _ = evaluated
    for wrong, told in (
        ({"data": RowMarks.of(rows["code"][:][::-1], "code", {})}, "rows of data"),
        ({"data": RowMarks.of(rows["code"][:], "text", {})}, "column"),
        ({"test": marks["data"]}, "evaluated"),
        (marks["data"], "by part"),
    ):
        with pytest.raises(ParameterError, match=told):
            evaluator.evaluate(model, rows, tokenizer=tokenizer, marks=wrong)
    without = evaluator.evaluate(model, rows, tokenizer=tokenizer)
    assert without.seen_aggregates() == []
    with pytest.raises(ParameterError, match="marks"):
        without["data"].seen_estimates("exact_match")

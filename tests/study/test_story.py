"""A study from top to bottom: scenarios, the rows that training sees, methods; a plan, results, a report."""

from __future__ import annotations

from pathlib import Path

from datasets import Dataset

from codeshift.finetune import TrainingConfig
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.splitters import LengthSplitter, Scenario
from codeshift.study import Report, Study, load_results

# 60 programs; in 24 of them seven sums or more.
CODE = [f"return {i}" + " + 1" * (i % 10) for i in range(60)]
ROWS = Dataset.from_dict({"doc": [f"Give {i}." for i in range(60)], "code": CODE})
LONG = Scenario("long", LengthSplitter("code", bounds=(14, None)))


def test_the_story_of_a_study(tmp_path: Path) -> None:
    """One call trains and evaluates all that is asked; what is done is never done again."""
    tokenizer = tiny_tokenizer(CODE)
    study = Study(
        dataset=ROWS, scenarios=[LONG], source="doc", target="code",
        model=tiny_model("t5", tokenizer), tokenizer=tokenizer, methods={"full": None}, ood_kept=(0, 1),
        config=TrainingConfig(max_steps=3, train_batch_size=4), metrics=["token_accuracy"],
        near_duplicates=None, min_test_rows=0, audit=False,
    )  # fmt: skip

    # The plan: the model as it is, trained without long programs, and trained on all of them.
    assert len(study.plan()) == 3
    assert [run.key.ood_kept for run in study.plan().trainings] == [1.0, 0.0]

    results = study.run(tmp_path, threads=1, progress=False)
    assert results.counts == {"done": 3, "failed": 0, "pending": 0}

    # A fifth of the rows is tested, by every model; the scenario says which of them are out of distribution.
    members = results.splits["long", 0].members
    scores = results.scores(results.records[0].key, "test")
    assert len(scores.references) == 12
    assert members["test_ood"].tolist() == [code.count("+") >= 6 for code in scores.references]
    assert (members["test_id"] == ~members["test_ood"]).all()

    # One tidy table has every score; the report is made from it.
    table = results.to_pandas()
    both = table[(table.method == "full") & (table.ood_kept == 0) & table.part.isin(["test_id", "test_ood"])]
    assert both.rows.sum() == 12
    assert "test\\_ood" in Report(results, n_resamples=50).to_markdown()

    # All is in the folder: to be read later, and to go on from.
    assert load_results(tmp_path).counts == results.counts
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/**/*.parquet")}
    study.run(tmp_path, threads=1, progress=False)
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/**/*.parquet")}

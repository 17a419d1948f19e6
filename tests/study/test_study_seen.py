"""Rows that corpora hold, in studies: found once a split, with each score for rows seen and unseen in the report."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pyarrow.parquet
import pytest
from datasets import Dataset

from codeshift.audit import Corpus, overlap
from codeshift.errors import LeftOutWarning, ParameterError
from codeshift.marks import RowMarks
from codeshift.study import Report, SettingsError, load_results, load_study
from codeshift.study.findings import Findings
from codeshift.study.folder.store import StudyStore
from helpers.study_case import LONG, LOOPS, rows, small_study
from helpers.study_results import study_results

SEEN, UNSEEN, FAVOURS = "a corpus holds", "no corpus holds", "What corpora hold favours LoRA over full fine-tuning"


@pytest.fixture(scope="module")
def corpus() -> Dataset:
    """Half of the rows of the study as they are, and others."""
    return Dataset.from_dict({"code": [*rows()["code"][::2], *rows(9, start=500)["code"]]})


@pytest.fixture(scope="module")
def folder(model, corpus, tmp_path_factory):
    """The folder of a study of the untrained model and one method: a file with prompts too, and a dataset of code."""
    folder = tmp_path_factory.mktemp("seen")
    corpus.add_column("doc", [rows()["doc"][1], *["none"] * (len(corpus) - 1)]).to_parquet(folder / "web.parquet")
    study = study_of(model, {"web": str(folder / "web.parquet"), "kept": corpus.select(range(4))})
    study.run(folder / "study", threads=1, progress=False)
    return folder / "study"


def study_of(model, against, **changes):
    one = {"methods": {"full": None}, "ood_kept": (0.0,), "scenarios": (LONG, LOOPS)}
    return small_study(model, against=against, **one, **changes)


def marked(rows=400, every=3):
    """Results of which every third row, from the first on, is in the corpus."""
    results = study_results(scenarios=("length_p97_p100",), rows=rows, general=0, ood_kept=(0.0,))
    texts = list(results.scores(results.records[-1].key).references)
    marks = RowMarks.of(texts, "code", {"web": {"exact": list(range(0, rows, every))}})
    return dataclasses.replace(results, marks={0: marks})


def test_a_study_marks_its_test_rows_with_digests(folder, model, corpus):
    """What is stored is the overlap of the test rows, with the digest of their texts, and is read from the folder."""
    store = StudyStore(folder)
    test = Dataset.from_file(str(store.rows_file)).select(store.read_test(0)).select_columns(["doc", "code"])
    expected = overlap(test, {"web": corpus, "kept": corpus.select(range(4))}, worst=0).marks["data"]
    stored = load_results(folder).marks[0]
    assert sorted(stored.corpora) == ["kept", "web"]
    assert stored.by_column["code"] == expected.by_column["code"]
    prompts = overlap(test, {"web": rows().select([1])}, column="doc").marks["data"]
    assert stored.seen("web", "near", column="doc").tolist() == prompts.seen(kind="near").tolist()
    assert set(stored.by_column["doc"]) == {"web"}
    stored.check("test", test["code"][:])
    assert 0 < stored.seen("kept").sum() < stored.seen().sum() < stored.n
    before = {path.name: path.read_bytes() for path in (folder / "marks").glob("*.json")}
    assert len(before) == 2
    assert "digest" in json.loads(next(iter(before.values())))["marks"]
    assert "against" in json.loads(store.study.read_text())["settings"]


def test_marks_are_made_once_and_again_for_another_corpus(folder, model, corpus, monkeypatch):
    """A finished search is not repeated; a corpus of the same name that holds something else is searched anew."""
    path = str(folder.parent / "web.parquet")
    searched = []
    real = overlap
    monkeypatch.setattr(
        "codeshift.study.running.marking_job.overlap", lambda *a, **k: searched.append(a[1]) or real(*a, **k)
    )
    study_of(model, {"web": path, "kept": corpus.select(range(4))}).run(folder, threads=1, progress=False)
    assert not searched
    study_of(model, {"kept": corpus.select(range(6))}).run(folder, threads=1, progress=False)
    assert [list(one) for one in searched] == [["kept"]]
    study_of(model, {"kept": corpus.select(range(4))}).run(folder, threads=1, progress=False)  # as other tests have it


def test_an_error_of_a_search_is_told_and_tried_again(folder, model, corpus):
    """The runs go on; the report says what failed, and retry searches again."""
    wrong = folder.parent / "wrong.csv"  # whose columns are known once it is read
    corpus.rename_column("code", "text").to_csv(wrong)
    results = study_of(model, {"bad": str(wrong)}).run(folder, threads=1, progress=False)
    assert "column" in results.unmarked["bad"]
    assert "bad could not be searched" in Report(results).to_html()
    study_of(model, {"bad": corpus}).run(folder, threads=1, progress=False, retry=True)
    assert "bad" in load_results(folder).marks[0].corpora
    StudyStore(folder).marks("bad", 0).unlink()


def test_scores_of_seen_and_unseen_rows_are_those_of_numpy(folder):
    """Each cell's score on each part, as the mean of the stored rows; p- and t-intervals hold them."""
    results = load_results(folder)
    findings = Findings(results=results, min_rows=1, n_resamples=50)
    held = results.marks[0].seen()
    assert {(one.cell.scenario, one.cell.method, one.part) for one in findings.seen} == {
        (scenario, method, part)
        for scenario in ("long", "loops")
        for method in ("none", "full")
        for part in ("test_ood", "test_id")
    }
    for one in findings.seen:
        if one.measure.metric != "token_accuracy":
            continue
        (record,) = findings.cells.records(one.cell)
        values = results.scores(record.key).statistics["token_accuracy"]
        mask = results.members(one.part, one.cell.scenario, 0) & (held if one.seen else ~held)
        sums = results.metrics["token_accuracy"].from_statistics(values[mask].sum(axis=0))
        assert one.n == mask.sum()
        np.testing.assert_allclose(one.value, sums.value)
    assert {share.corpus for share in findings.seen_shares} == {"web", "kept"}
    assert {(share.corpus, share.column) for share in findings.seen_shares} == {
        ("kept", "code"), ("web", "code"), ("web", "doc"), ("web", None),
    }  # fmt: skip
    for share in findings.seen_shares:
        members = results.members(share.part, share.scenario, 0)
        held = results.marks[0].seen(share.corpus, "near", column=share.column)
        assert share.copies["near"] == (held & members).sum()


def test_few_rows_are_refused(folder):
    """Below 30 distinct rows no score is told, the table says why, and claims say that nothing was shown."""
    report = Report(load_results(folder), n_resamples=50)
    assert all(one.value != one.value for one in report.findings.seen)
    assert "too few" in report.findings.seen[0].sentence
    table = next(table for table in report.tables if table.name == "seen")
    assert "too few" in {value.text for row in table.rows for value in row}
    assert "Rows that corpora hold" in report.to_html()
    assert "doc was not looked for in kept" in report.to_html()
    assert not any(SEEN in claim.claim and claim.verdict != "not shown" for claim in report.findings.claims)


def test_the_interaction_with_the_method():
    """LoRA's advantage on rows that no corpus holds, and on others, as differences of means; the claim says it."""
    results = marked()
    held = results.marks[0].seen()
    right = {}
    original = results.load

    def load(key, part):
        scores = original(key, part)
        rng = np.random.default_rng(len(right))
        chance = 0.4 + 0.45 * held * (key.method == "lora")
        hits = rng.random(len(held)) < chance
        right[key.method] = hits
        texts = list(scores.references)
        predictions = [text if hit else "pass" for text, hit in zip(texts, hits, strict=True)]
        exact = results.metrics["exact_match"].statistics(predictions, texts)
        nll = results.metrics["negative_log_likelihood"].statistics([[-2.0 + hit] for hit in hits], [[1]] * len(hits))
        return dataclasses.replace(
            scores, predictions=predictions, statistics={"exact_match": exact, "negative_log_likelihood": nll}
        )

    results = dataclasses.replace(results, load=load)
    findings = Findings(results=results, metric="exact_match")
    (ood,) = (one for one in findings.seen_advantages if one.part == "test_ood")
    members = results.members("test_ood", "length_p97_p100", 0)
    lora, full = right["lora"].astype(float), right["full"].astype(float)
    on_seen, on_unseen = ((lora - full)[members & mask].mean() for mask in (held, ~held))
    np.testing.assert_allclose(ood.on_seen.value, on_seen)
    np.testing.assert_allclose(ood.on_unseen.value, on_unseen)
    np.testing.assert_allclose(ood.value, on_seen - on_unseen)
    variance = sum((lora - full)[members & mask].var(ddof=1) / (members & mask).sum() for mask in (held, ~held))
    np.testing.assert_allclose((ood.high - ood.low) / 2 / 1.96, np.sqrt(variance), rtol=0.05)
    (claim,) = (claim for claim in findings.claims if claim.claim == FAVOURS)
    assert claim.verdict == "holds"
    assert f"on rows that {UNSEEN}" in claim.evidence
    (better,) = (claim for claim in findings.claims if claim.claim.startswith("Rows that a corpus holds"))
    assert better.verdict == "holds"
    of_nll = Findings(results=results, metric="negative_log_likelihood")  # of which less is better
    assert [claim.verdict for claim in of_nll.claims[-2:]] == ["holds", "holds"]
    (turned,) = (one for one in of_nll.seen_advantages if one.part == "test_ood")
    np.testing.assert_allclose(turned.value, -ood.value)


def test_without_marks_nothing_is_said():
    """A study without corpora has no such tables, section or claims."""
    report = Report(study_results(general=0), n_resamples=50)
    assert not report.findings.seen
    assert not report.findings.seen_shares
    assert not any("corpus" in claim.claim or "corpora" in claim.claim for claim in report.findings.claims)
    assert "Rows that corpora hold" not in report.to_html()


def test_a_study_file_and_the_command_line_name_corpora(tmp_path, corpus):
    """Paths are searched for beside the file; what is no corpus is an error that names the line."""
    rows().to_json(tmp_path / "rows.jsonl")
    corpus.to_parquet(tmp_path / "web.parquet")
    plain = "data: rows.jsonl\nsource: doc\ntarget: code\nscenarios: [length_p90_p100]\ncolumn: code\nagainst:\n"
    file = tmp_path / "study.yaml"
    file.write_text(plain + "  web: web.parquet\n  read: embedded\n")
    study = load_study(file)
    assert study.spec.against == {"web": str(tmp_path / "web.parquet"), "read": "embedded"}
    texts = str(tmp_path / "texts.parquet")
    corpus.rename_column("code", "text").to_parquet(texts)
    file.write_text(plain + "  web: {source: texts.parquet, column: text}\n")
    assert load_study(file).spec.against == {"web": Corpus(texts, "text")}
    file.write_text(plain + "  web: {source: texts.parquet, column: {doc: text}}\n")
    assert load_study(file).spec.against == {"web": Corpus(texts, {"doc": "text"})}
    file.write_text(plain + "  web: {source: texts.parquet, column: txet}\n")
    with pytest.raises(SettingsError, match=r"line 7: against\['web'\] must be a column txet, .*did you mean text\?"):
        load_study(file)
    file.write_text(plain + "  web: nowhere\n")
    with pytest.raises(SettingsError, match=r"line 7: against\['web'\]"):
        load_study(file)


@pytest.mark.parametrize("against", [5, {"": "x.parquet"}, {"web": 3}, {"web": "nowhere.parquet"}])
def test_what_is_no_corpus_is_refused(model, against):
    """Before anything runs."""
    with pytest.raises(ParameterError, match="against"):
        study_of(model, against)


def test_marks_that_were_made_elsewhere_are_taken(folder, model, corpus):
    """Those of an audit or overlap of the study's test rows are stored as they are; those of other rows are refused."""
    study = study_of(model, None)
    test = study.run_parts(study.key(method="none"))["test"]
    marks = overlap({"test": test}, {"a": corpus, "b": corpus.select([])}, worst=0).marks["test"]
    other = RowMarks.of(test["code"][:][1:], "code", {"a": {"exact": [0]}})
    results = study_of(model, {"given": marks, "other": other}).run(folder, threads=1, progress=False)
    held = results.marks[0]
    assert held.seen("given a").tolist() == marks.seen("a").tolist()
    assert not held.seen("given b").any()
    assert "other rows" in results.unmarked["other"]
    for name in ("given", "other"):
        StudyStore(folder).marks(name, 0).unlink()


def test_corpora_are_opened_once_when_a_study_is_checked(model, tmp_path, monkeypatch):
    """Their files are listed and their ends read once; what is left out is told once."""
    (tmp_path / "web").mkdir()
    Dataset.from_dict({"code": ["a = 1"]}).to_parquet(tmp_path / "web" / "rows.parquet")
    (tmp_path / "web" / "notes.txt").write_text("none")
    reads = []
    schema = pyarrow.parquet.read_schema
    monkeypatch.setattr("pyarrow.parquet.read_schema", lambda file, **how: reads.append(file) or schema(file, **how))
    with pytest.warns(LeftOutWarning) as given:
        study_of(model, {"web": tmp_path / "web"}).spec  # noqa: B018
    assert [file for file in reads if isinstance(file, str)] == [str(tmp_path / "web" / "rows.parquet")]
    assert [str(warning.message).count("notes.txt") for warning in given if warning.category is LeftOutWarning] == [1]


def test_the_report_shows_the_most_similar_pairs_by_scenario(model, tmp_path):
    """Beside each other, of each scenario its own rows, the most similar first; texts of the corpus are escaped."""
    nasty = "\n<b>"
    texts = rows()["code"]
    corpus = Dataset.from_dict({"code": [texts[0], *(text + nasty for text in texts[1:])]})
    study = study_of(model, {"web": corpus})
    results = study.run(tmp_path / "study", threads=1, progress=False)
    findings = Findings(results=results)
    shown = findings.seen_pairs(3)
    assert {pairs.scenario for pairs in shown} == {LONG.name, LOOPS.name}
    test = overlap(
        Dataset.from_file(str(StudyStore(tmp_path / "study").rows_file)).select(
            StudyStore(tmp_path / "study").read_test(0)
        ).select_columns(["doc", "code"]),
        {"web": corpus}, worst=1000,
    )["data", "web"]  # fmt: skip
    for pairs in shown:
        members = results.members(pairs.part, pairs.scenario, pairs.split_seed)
        expected = {pair.row: pair for pair in reversed(test.worst) if members[pair.position]}
        best = sorted(expected.values(), key=lambda pair: (pair.kind, -pair.jaccard, pair.row))[:3]
        assert [(pair.jaccard, pair.row) for pair in pairs.pairs] == [(pair.jaccard, pair.row) for pair in best]
        assert all(pair.row != pair.corpus_row for pair in pairs.pairs)
    page = Report(results, n_resamples=10, examples=1).to_html()
    assert "The most similar pairs that are no equal texts" in page
    assert page.count("row of web") == len(findings.seen_pairs(1))
    assert nasty not in page
    assert "&lt;b&gt;" in page
    assert "The most similar pairs" not in Report(results, n_resamples=10, examples=0).to_html()

"""The page of a report: one file that asks the network for nothing, all texts escaped, with the study's numbers."""

from __future__ import annotations

import dataclasses
import html
import re
from html.parser import HTMLParser

import pytest

from codeshift.errors import ParameterError
from codeshift.study.findings import Findings
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_audit import AuditError
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.report.differences import marked
from codeshift.study.report.sections import what_was_found
from codeshift.study.report.study_report import Report
from helpers.report_page import FAILED, NASTY, SCENARIOS, nasty_html, nasty_report, nasty_results
from helpers.study_results import study_results


class Page(HTMLParser):
    """The tags, what they refer to, and the text of a page; fails on tags that do not match."""

    VOID = frozenset({"meta", "link", "img", "br", "path", "circle", "use", "rect", "input"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.references, self.text, self.events = [], [], [], [], []
        self.rows: list[list[str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.references += [v for name, v in attributes if name in ("src", "href", "xlink:href", "srcset", "data")]
        self.events += [name for name, _ in attributes if name.startswith("on")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open[1:3]):
            self.text.append(data)
        if self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def page():
    return Page(nasty_html())


def test_the_page_refers_to_nothing_outside(page):
    """No script, style sheet, font or picture comes from elsewhere; links lead inside the page or beside it."""
    assert page.tags.count("script") == 1
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(page.tags)
    assert all(reference.startswith(("#", "./splits/")) for reference in page.references)
    assert set(re.findall(r"https?://[^\"'\s<)]+", nasty_html())) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
    }  # fmt: skip
    assert "@import" not in nasty_html()
    assert "default-src 'none'" in nasty_html()


def test_every_text_is_escaped(page):
    """Any text of a reference, an output, a name or an error is shown as it is, and never is markup."""
    text = "".join(page.text)
    assert page.events == []
    assert "<script>window" not in nasty_html()
    assert "{{" in text
    assert "49" not in [cell for row in page.rows for cell in row]
    for place in ("model", "config", "source", "reference", "splitter"):
        assert place in text
    assert text.count("window.hacked = 1") > 30
    assert html.escape(NASTY) in nasty_html()


def test_failed_cells_are_shown_as_failed(page):
    """The cell is "failed" in every table that has a place for it, its error is told, and what is pending as that."""
    failed = [row for row in page.rows if row[:1] == [FAILED.scenario] and "failed" in row]
    assert len(failed) == 1 + 3  # the heat map, and all scores of three parts
    heat = next(row for row in failed if "complexity" in row)
    assert "0.0%" not in heat
    assert [row for row in page.rows if row[0] == NASTY and "pending" in row]
    text = " ".join("".join(page.text).split())
    assert "Of 29 runs 27 done, 1 failed, 1 pending." in text
    assert "lora on length_p97_p100, ood_kept=0 (split seed 0, train seed 0): DivergenceError" in text


def test_the_tables_hold_the_findings(page):
    """Numbers of the heat map and of all scores are those of the findings, with their intervals."""
    findings = Findings(results=nasty_results(), metric="exact_match", n_resamples=60)
    one = next(r for r in findings.relative if r.measure.metric == "exact_match" and r.cell.scenario == SCENARIOS[0])
    row = next(row for row in page.rows if row[:2] == [SCENARIOS[0], "syntax"])
    assert (row[2], " ".join(row[3].split())) == (str(one.n), one.text)
    scores = [s for s in findings.scores if s.cell == one.cell and s.part == "test_ood"]
    place = [SCENARIOS[0], "full fine-tuning", "0%", "test_ood"]
    row = next(row for row in page.rows if row[:4] == place and len(row) == 5 + 2 * len(scores))
    values = [
        (one.n, f"{one.measure.text(one.value)}{one.measure.sign}", one.measure.interval(one.estimate))
        for one in scores
    ]
    told = [(str(n), f"{value} {ends}".rstrip()) for n, value, ends in values]
    assert [(row[i], " ".join(row[i + 1].split())) for i in (5, 7)] == told


def test_the_summary_holds_every_claim(page):
    """Each claim stands at the top with its verdict and its numbers."""
    text = " ".join("".join(page.text).split())
    claims = nasty_report().findings.claims
    assert len(claims) == 8
    for claim in claims:
        assert f"{claim.verdict} {claim.claim} {' '.join(claim.evidence.split())}" in text


def test_two_pages_of_the_same_results_are_the_same_bytes():
    """Nothing depends on the time, on hashes or on what was drawn before."""
    again = Report(nasty_results(), metric="exact_match", n_resamples=60, notes=(NASTY,), command=NASTY, subtitle=NASTY)
    assert again.to_html() == nasty_html()


def test_a_study_that_has_hardly_begun_has_a_page():
    """Pending runs leave no number anywhere, and no plot fails for it."""
    results = study_results(general=0)
    records = tuple(dataclasses.replace(r, status="pending") for r in results.records)
    text = Report(dataclasses.replace(results, records=records), n_resamples=10).to_html()
    assert "Of 11 runs 11 pending." in text
    assert "nan" not in "".join(Page(text).text).lower()
    planned = dataclasses.replace(results, records=records, splits={})
    assert "Of 11 runs 11 pending." in Report(planned, n_resamples=10).to_html()


def test_a_study_without_baselines_has_a_page():
    """One share kept, one method, no general set, no model without fine-tuning: what cannot be said is left out."""
    results = study_results(methods=("full",), ood_kept=(0.0,), general=0)
    trained = tuple(r for r in results.records if r.key.method != "none")
    text = Report(dataclasses.replace(results, records=trained), n_resamples=10).to_html()
    assert 'id="relative"' not in text
    assert 'id="methods"' not in text
    assert 'id="scores"' in text


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        (StoredSettings(title="Mine", model="org/t5"), "Mine"),
        (StoredSettings(model="org/t5"), "Out of distribution: org/t5"),
        (StoredSettings(), "What fine-tuning loses out of distribution"),
    ],
)
def test_title(settings, title):
    """A study's own title stands above its report, or its model's name; a digest of weights is no name."""
    assert Report(dataclasses.replace(study_results(), settings=settings)).title == title


def test_an_audit_that_failed_is_told():
    """Its error stands beside the split, and in the table it has no verdict."""
    results = study_results()
    splits = {
        at: dataclasses.replace(facts, audit=AuditError("MemoryError: <no room>"))
        for at, facts in results.splits.items()
    }
    report = Report(dataclasses.replace(results, splits=splits), n_resamples=20)
    assert "The audit failed: MemoryError: &lt;no room&gt;" in report.to_html()
    [table] = [table for table in report.tables if table.name == "splits"]
    assert {row[2].text for row in table.rows} == {"failed"}


def test_a_study_that_generates_nothing_has_no_empty_table():
    """Without outputs there is nothing to say of masked elements, of failures and of who is right."""
    results = study_results(general=0)

    def load(key, part, before=results.load):
        scores = before(key, part)
        return RunScores(scores.references, [None] * len(scores), scores.statistics)

    report = Report(dataclasses.replace(results, load=load), n_resamples=10)
    assert [table.name for table in report.tables] == [
        "relative", "scores", "comparisons", "forgetting", "splits", "distributions",
    ]  # fmt: skip
    assert {"unseen", "failures"}.isdisjoint(report.plots)
    assert report.findings.examples() == ()


def test_saved_whole(tmp_path, monkeypatch):
    """A crash while writing leaves the old page and nothing beside it."""
    report = Report(study_results(methods=("full",), ood_kept=(0.0,), general=0), n_resamples=10)
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        report.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8") == "old"
    monkeypatch.undo()
    assert report.save(str(path)).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("a b", "a b", [("a b", False)]),
        ("a  b", "a b", [("a  b", False)]),
        ("x = f(1)", "x = g(1)", [("x = ", False), ("f", True), ("(1)", False)]),
        ("", "a", []),
        ("new", "", [("new", True)]),
    ],
)
def test_marked_differences(text, other, expected):
    """Stretches that the other lacks are marked; whitespace alone is no difference; the text is whole."""
    assert marked(text, other) == expected
    assert "".join(stretch for stretch, _ in marked(text, other)) == text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Report(study_results(), metric="bleu"), "metric must be one of the study, got 'bleu'"),
        (
            lambda: Report(study_results(), examples=-1),
            "examples must be a whole number from 0 up, got -1: 0 shows none",
        ),
        (lambda: nasty_report().plot("heatmap"), "name must be that of a figure, got 'heatmap': did you mean heat_map"),
        (lambda: nasty_report().plot("curves", panel=9), "panel must be from 0 to 2, got 9"),
        (lambda: nasty_report().save_figures("x", formats=("jpg",)), "formats must be known, got 'jpg'"),
        (
            lambda: nasty_report().to_latex(["score"]),
            "tables must be names of tables, got 'score': did you mean",
        ),
    ],
)
def test_bad_input(call, message):
    """Each error says what to do, with close matches for a name."""
    with pytest.raises(ParameterError) as error:
        call()
    assert str(error.value).startswith(message)


def test_an_unfinished_study_counts_the_seeds_behind_its_values():
    """Seeds whose runs are still to come are told as such; the words below the claims are of one seed."""
    shape = {"methods": ("full",), "ood_kept": (0.0, 1.0), "split_seeds": (0, 1), "train_seeds": (0, 1)}
    whole = study_results(**shape)
    to_come = [r.key for r in whole.records if r.key.split_seed or r.key.train_seed]
    trainings = [r.key for r in whole.records if r.key.train_seed is not None]
    begun, early, late = (
        Report(results, n_resamples=20)
        for results in (study_results(**shape, pending=trainings), study_results(**shape, pending=to_come), whole)
    )
    assert begun.results.seeds_done == (2, 0)
    assert "no training is done yet" in repr(what_was_found(begun.contents))
    assert early.results.seeds_done == (1, 1)
    assert "; 1 of 2 split seeds, 1 of 2 training seeds." in early.subtitle
    assert "there is one training seed" in repr(what_was_found(early.contents))
    assert "; 2 split seeds, 2 training seeds." in late.subtitle
    assert "the noise of 2 split and 2 training seeds" in repr(what_was_found(late.contents))

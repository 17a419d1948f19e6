"""The report: one file that asks the network for nothing, all texts escaped, with the numbers that it was given."""

from __future__ import annotations

import html
import math
import re
from html.parser import HTMLParser

import pytest

from codeshift.errors import ParameterError
from codeshift.metrics import Estimate
from codeshift.study.cells import MEASURES, Cell
from codeshift.study.files import output_folder, write_text
from codeshift.study.plot import dot_plot
from codeshift.study.report import Example, Report, ScenarioNote, findings

NASTY = '<script>alert(1)</script> & "quoted" {{ 7 * 7 }} </pre> größe'


def cells(id_nll=(4.0, 3.9, 4.1), ood_nll=(5.0, 4.9, 5.1)):
    made = []
    for method in ("none", "full"):
        for part, nll in (("test_id", id_nll), ("test_ood", ood_nll)):
            found = {m.metric: Estimate(0.25, 0.2, 0.3, n=20, confidence=0.95, method="percentile") for m in MEASURES}
            found["negative_log_likelihood"] = Estimate(*nll, n=20, confidence=0.95, method="percentile")
            made.append(Cell(scenario="length", method=method, part=part, rows=20, estimates=found))
    return made


def report(**changes):
    given = {
        "title": NASTY, "subtitle": NASTY, "cells": cells(), "steps": [NASTY], "note": NASTY, "command": NASTY,
        "versions": NASTY,
        "scenarios": [ScenarioNote(name=NASTY, meaning=NASTY, summary=NASTY, manifest=NASTY)],
        "examples": [Example(row=NASTY, scenario=NASTY, part="test_ood", reference=NASTY, outputs=(("full", NASTY),))],
    }  # fmt: skip
    return Report(**given | changes)


class Page(HTMLParser):
    """The tags, what they refer to, and the text of a page; fails on tags that do not match."""

    VOID = frozenset({"meta", "link", "img", "br", "path", "circle", "use"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.references, self.text = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.references += [v for name, v in attributes if name in ("src", "href", "xlink:href", "srcset", "data")]
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
        self.text.append(data)


def test_the_page_refers_to_nothing_outside():
    """No script, style sheet, font or picture comes from elsewhere: all references stay inside the page."""
    text = report().to_html()
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert all(reference.startswith("#") for reference in page.references)
    assert set(re.findall(r"https?://[^\"'\s<)]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]{2})", text)) <= {"#n", "#t", "#e"}


def test_every_text_is_escaped():
    """Whatever a function or an output holds is shown as it is, and never becomes part of the page."""
    text = report().to_html()
    page = Page(text)
    assert "<script" not in text
    assert "49" not in "".join(page.text).replace("4.9", "")
    assert "".join(page.text).count(NASTY) >= 12
    assert html.escape(NASTY, quote=False).split(" &")[0] in text


def test_the_table_holds_each_cell_with_its_interval():
    """Each score stands in the table with its interval, in the order of the cells."""
    page = " ".join("".join(Page(report().to_html()).text).split())
    row = "length full test_ood 20 5.000 [4.900, 5.100] 25.0% [20.0, 30.0] 25.0% [20.0, 30.0]"
    assert row in re.sub(
        r"(?<=full)(?=test)|(?<=length)(?=full)|(?<=ood)(?=20)|(?<=20)(?=5\.000)|(?<=\])(?=25)", " ", page
    )


def test_light_and_dark_and_phones():
    """The page says that it knows both colour schemes and the width of a phone, and plots take the page's colours."""
    text = report().to_html()
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport" content="width=device-width' in text
    assert "currentColor" in dot_plot(cells(), MEASURES[0])


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.metric)
def test_plots_take_colours_from_the_page_and_share_no_name(measure):
    """No fixed colour of text is left in a plot, its names begin with its metric, and it is the same each time."""
    svg = dot_plot(cells(), measure)
    assert svg.startswith('<svg role="img" aria-label="')
    assert "var(--id)" in svg
    assert "var(--ood)" in svg
    assert "#000000" not in svg
    assert "#0" not in re.sub(r"(href=\"|url\()#", "", svg)
    assert all(name.startswith(measure.metric) for name in re.findall(r'\bid="([^"]+)"', svg))
    assert all(
        name.startswith(measure.metric)
        for name in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
        for name in name
        if name
    )
    assert dot_plot(cells(), measure) == svg


def test_a_plot_leaves_out_what_was_not_measured():
    """NaN gives no dot, and no error."""
    assert dot_plot(cells(ood_nll=(math.nan,) * 3), MEASURES[0]).count("var(--ood)") == 0


def test_findings_say_where_intervals_overlap():
    """A difference between scores whose intervals overlap is said to be one."""
    apart = findings(cells())
    assert apart[0].endswith("than on test_id: without fine-tuning +1.00; full fine-tuning +1.00.")
    assert apart[1].endswith("full fine-tuning +0.00 (intervals overlap).")
    assert "+0.05 (intervals overlap)" in findings(cells(ood_nll=(4.05, 3.9, 4.2)))[0]
    assert "not measured" in findings(cells(ood_nll=(math.nan,) * 3))[0]


def test_files_are_written_whole(tmp_path, monkeypatch):
    """A crash while writing leaves the old file as it was and nothing beside it."""
    path = write_text(tmp_path / "a.html", "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text() == "old"


def test_a_folder_that_cannot_be_written_to(tmp_path):
    """A file in the place of the folder is an error before any work, and says what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ParameterError, match=r"^out must be a folder that can be written to, got '.*file': .*; name another"
    ):
        output_folder("out", tmp_path / "file")

"""Parts of a report for papers: figures to restyle, SVG and PDF files, LaTeX and Markdown tables."""

from __future__ import annotations

import dataclasses
import itertools
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from codeshift.documents.latex import escaped
from codeshift.study.findings import Findings
from codeshift.study.report.figures.scatter import strength_against_cost
from codeshift.study.report.figures.theme import PAPER
from codeshift.study.report.shown import ReportFigure, ReportTable
from codeshift.study.report.study_report import Report
from helpers.report_page import NASTY, SCENARIOS, nasty_report
from helpers.study_results import study_results

FIGURES = {
    "heat_map", "curves", "curves_by_scenario", "id_against_ood", "differences", "unseen", "failures",
    "variants", "distributions", "strength",
}  # fmt: skip


_TABULAR = r"\\begin\{(?:tabular|longtable)\}\{((?:[lr]|p\{[^}]*\})+)\}(.*?)\\end\{"


def test_figures_are_files(tmp_path):
    """Each figure is an SVG that parses, with its texts as text, and a PDF; nothing else stands in the folder."""
    report = nasty_report()
    elsewhere = {
        ReportFigure.CONFUSION, ReportFigure.RELIABILITY, ReportFigure.ALONG_TRAINING, ReportFigure.MODELS,
        ReportFigure.HOW_FAR,
    }  # fmt: skip
    assert set(report.plots) == FIGURES == set(ReportFigure) - elsewhere
    of_others = {
        ReportTable.CLASSES, ReportTable.CALIBRATION, ReportTable.DETECTION, ReportTable.REGRETS, ReportTable.MODELS,
        ReportTable.PRIOR_SHIFT,
        ReportTable.SEEN, ReportTable.SEEN_ADVANTAGES, ReportTable.SEEN_SHARES, ReportTable.HOW_FAR,
        ReportTable.TRANSFORMED,
    }  # fmt: skip
    assert {table.name for table in report.tables} == set(ReportTable) - of_others
    paths = report.save_figures(tmp_path / "figures", formats=("svg",))
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {f"{name}.svg" for name in FIGURES}
    for path in paths:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314  # our own file
        texts = " ".join(root.itertext())
        assert "Date" not in path.read_text(encoding="utf-8").split("<defs>")[0]
        assert re.search(r"[a-z]{3}", texts), path
        assert "var(--" not in path.read_text(encoding="utf-8")
    assert NASTY[:20] in " ".join(ElementTree.parse(tmp_path / "figures" / "heat_map.svg").getroot().itertext())  # noqa: S314


def test_a_pdf_holds_fonts_that_journals_take(tmp_path):
    """Fonts are embedded as TrueType, and the file is the same each time."""
    results = study_results(methods=("full",), ood_kept=(0.0,), general=0)
    report = Report(results, n_resamples=10, metric="exact_match")
    first, second = (
        [p.read_bytes() for p in report.save_figures(tmp_path / n, formats=("pdf",), names=("id_against_ood",))]
        for n in "ab"
    )
    assert first == second
    assert all(pdf.startswith(b"%PDF") for pdf in first)
    assert all(b"/Type3" not in pdf for pdf in first)


def test_axes_can_be_restyled():
    """A figure is drawn on one's own axes, whose lines and labels are matplotlib's."""
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert nasty_report().plot("curves", panel=0, ax=ax) is ax
    labelled = {line.get_label(): line for line in ax.get_lines()}
    assert {"full", "LoRA"} <= set(labelled)
    assert list(labelled["full"].get_xdata()) == [0.0, 0.5, 1.0]
    means = [c for c in nasty_report().findings.curves if c.scenario is None and c.part == "test_ood"]
    drawn = [100 * point.estimate.value for point in means[0].points]
    assert list(labelled["full"].get_ydata()) == pytest.approx(drawn)
    ax.set_title("Mine")
    assert nasty_report().plot("id_against_ood").get_xlabel() == "exact match on test_id (%); n = 19 to 29"


def test_markdown_is_a_document():
    """All tables are read as tables by a Markdown parser, each with its rows, and no text becomes markup."""
    report = nasty_report()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(report.to_markdown())
    assert sum(token.type == "table_open" for token in tokens) == len(report.tables)
    rows = sum(len(table.rows) + 1 for table in report.tables)
    assert sum(token.type == "tr_open" for token in tokens) == rows
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "softbreak", "text_special"}
    assert not any(token.type == "html_block" for token in tokens)
    assert NASTY in "".join(child.content for child in inline if child.type != "softbreak").replace("\n", " ")


def test_latex_tables_are_whole():
    """Environments are closed, lines have as many places as columns, and no special character is left bare."""
    text = nasty_report().to_latex()
    opened, closed = re.findall(r"\\begin\{(\w+)\}", text), re.findall(r"\\end\{(\w+)\}", text)
    assert sorted(opened) == sorted(closed)
    assert {"table", "tabular", "longtable"} == set(opened)
    assert all(text.count(rule) == len(nasty_report().tables) - 1 for rule in (r"\toprule", r"\bottomrule"))
    for columns, body in re.findall(_TABULAR, text, re.DOTALL):
        lines = [line for line in body.splitlines() if line.endswith(r" \\") and not line.startswith(r"\caption")]
        assert lines
        for line in lines:
            assert len(re.findall(r"(?<!\\)&", line)) == len(re.sub(r"p\{[^}]*\}", "p", columns)) - 1
    assert escaped(SCENARIOS[0]) == r"syntax\_for\_statement"
    assert r"\frac" not in text.replace(r"\textbackslash{}frac", "")
    assert not re.search(r"(?<!\\)[%#]", text)
    only = nasty_report().to_latex(["relative"])
    assert only.count(r"\begin{table}") == 1
    assert "failed" in only


def test_shares_of_a_few_per_cent_can_be_told_apart():
    """The axis of a curve over many shares has no overlapping ticks, and every point is on it."""
    shares = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
    results = study_results(scenarios=SCENARIOS[:1], methods=("full",), ood_kept=shares, general=0)
    ax = Report(results, metric="exact_match", n_resamples=20).plot("curves")
    places = [float(ax.transData.transform((share, 0))[0]) for share in shares]
    left, right = (float(ax.transAxes.transform((end, 0))[0]) for end in (0, 1))
    assert left <= places[0]
    assert places[-1] <= right
    assert min(b - a for a, b in itertools.pairwise(places)) > 0.04 * (right - left)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "5", "10", "25", "50", "100"]


_DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs,graphicx,longtable}
\begin{document}
%s\end{document}
"""
_LONG_NAMES = ("length_p97_p100", "syntax_try_with_resources_statement", "api_java.util.stream.Collectors.toList")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("hostile", [True, False])
def test_latex_compiles(hostile, tmp_path):
    """LaTeX makes a document of all tables without an error; of a usual study none sticks out of the text."""
    names = study_results(scenarios=_LONG_NAMES, train_seeds=(0, 1))
    report = nasty_report() if hostile else Report(names, metric="exact_match", n_resamples=20)
    (tmp_path / "tables.tex").write_text(_DOCUMENT % report.to_latex(), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "tables.tex"]
    for _ in range(3):  # longtable learns the widths of its columns from the run before
        made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        assert made.returncode == 0, made.stdout[-2000:]
    assert (tmp_path / "tables.pdf").stat().st_size > 10_000
    if not hostile:
        wide = [float(points) for points in re.findall(r"Overfull .hbox \(([\d.]+)pt", made.stdout)]
        assert max(wide, default=0.0) < 12  # a sixth of an inch


def test_what_differs_by_rounding_alone_lies_on_one_line():
    """Where all methods keep all of the baseline, the axis says 100 and not what the last bits of a sum are."""
    findings = Findings(results=study_results(general=0), metric="exact_match", n_resamples=10)
    [effect, *_] = findings.strength
    points = {
        name: (auc, dataclasses.replace(left, value=1 + bit * 1e-13, low=1 - 1e-12, high=1 + 1e-12))
        for bit, (name, (auc, left)) in enumerate(effect.points.items())
    }
    findings.__dict__["strength"] = (dataclasses.replace(effect, points=points),)
    plot = strength_against_cost(findings)
    axes = plot.figure(PAPER).axes[0]
    low, high = axes.get_ylim()
    assert low < 99.96 < 100.04 < high
    axes.figure.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == ""

"""Blocks that several sections of the page have: figures, tables without captions, folded scenarios, keys to marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from codeshift.documents.document import Block, Figure, Key, Section, SideBySide
from codeshift.documents.inline import Mark
from codeshift.formatting import counted
from codeshift.study.findings import Findings
from codeshift.study.findings.failures import MODES, RIGHT
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.figures.panel import Panel, Plot, themed
from codeshift.study.report.figures.svg import inline_svg
from codeshift.study.report.figures.theme import PAGE
from codeshift.study.report.shown import ReportFigure, ReportTable
from codeshift.study.results.measures import method_name
from codeshift.study.settings.keys import NONE

_REM = 6.6  # rem of a page for an inch of a plot, which gives labels the size of the smaller text
_SQUARE = "M0 0H10V10H0Z"
_SHAPES = (
    "M1 1H9V9H1Z", "M5 .5A4.5 4.5 0 1 1 5 9.5A4.5 4.5 0 1 1 5 .5Z", "M5 0L10 5L5 10L0 5Z", "M5 .5L9.7 9H.3Z",
    "M5 9.5L.3 1H9.7Z", "M3.5 0H6.5V3.5H10V6.5H6.5V10H3.5V6.5H0V3.5H3.5Z",
    "M2.5 0L5 2.5L7.5 0L10 2.5L7.5 5L10 7.5L7.5 10L5 7.5L2.5 10L0 7.5L2.5 5L0 2.5Z",
)  # fmt: skip


def figures(contents: ReportContents, name: ReportFigure, width: float = 20.0) -> tuple[Block, ...]:
    """Draw the panels of a plot side by side, with captions if there are several; nothing if the study has no plot.

    Args:
        contents: Contents of the report.
        name: Name of the plot.
        width: Smallest width of a panel, in rem.
    """
    return drawn_panels(contents.plots, name, width)


def drawn_panels(plots: Mapping[ReportFigure, Plot], name: ReportFigure, width: float) -> tuple[Block, ...]:
    """Draw the panels of one of some plots, as ``figures`` does."""
    if name not in plots:
        return ()
    panels = plots[name].panels
    captioned = len(panels) > 1
    return (SideBySide(tuple(draw_figure(p, f"{name}-{i}", captioned=captioned) for i, p in enumerate(panels)), width),)


def draw_figure(panel: Panel, name: str, *, captioned: bool) -> Figure:
    """Draw a panel in the colours of the page, which follow its light or dark scheme."""
    with themed(PAGE, salt=name):
        svg = inline_svg(panel.figure(PAGE), name, panel.label)
    caption = panel.title if captioned else ""
    return Figure(name=name, label=panel.label, svg=svg, caption=caption, width=panel.width * _REM)


def tables(contents: ReportContents, name: ReportTable) -> tuple[Block, ...]:
    """Return a table without its caption, which is a head of the page; nothing if the study has no such table."""
    return (replace(contents.tables[name], caption=""),) if name in contents.tables else ()


def scenario_sections(items: Mapping[str, Sequence[Sequence[Block]]], noun: str) -> tuple[Section, ...]:
    """Return a section for each scenario, folded except for the first.

    Args:
        items: Blocks of each item by scenario.
        noun: Word for an item; titles count them.

    >>> from codeshift.documents.document import Code
    >>> [section.look for section in scenario_sections({"loops": [[Code("x")]], "long": []}, "row")]
    ['unfolded', 'folded']
    """
    return tuple(
        Section(
            title=(scenario, Mark(f" · {counted(len(of_scenario), noun)}", "soft")),
            blocks=tuple(block for blocks in of_scenario for block in blocks),
            look="folded" if i else "unfolded",
        )
        for i, (scenario, of_scenario) in enumerate(items.items())
    )


def methods_key(findings: Findings) -> Key:
    """Return the key to the marks of the methods."""
    methods = [(method, i) for i, method in enumerate((NONE, *findings.cells.methods))]
    shown = methods if findings.cells.has_none else methods[1:]
    return Key(tuple((_mark(_SHAPES[i % len(_SHAPES)], f"m{i % 7}"), method_name(method)) for method, i in shown))


_PARTS = {"train": "train", "test_id": "id", "test_ood": "ood"}


def parts_key(parts: Sequence[str] = tuple(_PARTS)) -> Key:
    """Return the key to the colours of the parts that figures show."""
    return _squares((part, _PARTS[part]) for part in parts)


def modes_key() -> Key:
    """Return the key to the colours of the failure modes."""
    return _squares((mode, f"f{i}") for i, mode in enumerate((RIGHT, *MODES)))


def _squares(colours: Iterable[tuple[str, str]]) -> Key:
    return Key(tuple((_mark(_SQUARE, colour), name) for name, colour in colours))


def _mark(shape: str, colour: str) -> str:
    """Draw a mark in a colour of the page."""
    return f'<svg viewBox="0 0 10 10" aria-hidden="true"><path d="{shape}" fill="var(--{colour})"/></svg>'

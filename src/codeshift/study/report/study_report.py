"""The report of a study: an HTML page, Markdown, LaTeX tables and figures of the same findings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.checks import check_integer
from codeshift.documents import latex, markdown
from codeshift.documents.document import Document, Heading, Points, Table
from codeshift.errors import ParameterError
from codeshift.files import replaced, write_text
from codeshift.formatting import counted
from codeshift.study.findings import Findings
from codeshift.study.folder.output_folder import output_folder
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.figures import Plot, plots
from codeshift.study.report.figures.panel import themed
from codeshift.study.report.figures.theme import PAPER
from codeshift.study.report.page import page
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.study_tables import study_tables
from codeshift.study.results.measures import method_name
from codeshift.study.results.study_results import StudyResults
from codeshift.wording import closest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FORMATS = ("svg", "pdf", "png")
_OF_PAPERS = tuple(name for name in ReportTable if name != ReportTable.DISAGREEMENTS)


class Report:
    """Report of a study's findings.

    Everything is computed from the results at the first access. Texts from the data are escaped in every format.
    Two reports of the same results are identical byte for byte.

    Args:
        results: Results of the study, finished or not; pending and failed runs are shown as such.
        metric: Metric of the summary, comparisons and curves; by default the study's first.
        title: Title of the page.
        subtitle: Sentence under the title.
        notes: Sentences on how the results were made.
        command: Command that reproduces the results.
        n_resamples: Number of resamples of the intervals.
        seed: Seed of the intervals and tests.
        examples: Number of example rows for each scenario and kind of difference, and of the pairs of rows that are
            most similar to one of a corpus, for each scenario, part and corpus.

    Raises:
        ParameterError: if the study has no such metric, or a number is invalid.

    >>> from codeshift.metrics import ExactMatch
    >>> from codeshift.study import RunKey, RunRecord, RunScores
    >>> key, metric = RunKey(method="none"), ExactMatch()
    >>> scores = RunScores(["a", "b"], ["a", "c"], {metric.name: metric.statistics(["a", "c"], ["a", "b"])})
    >>> results = StudyResults(metrics={metric.name: metric}, splits={}, load=lambda key, part: scores,
    ...                        records=(RunRecord(key=key, status="done"),))
    >>> report = Report(results, title="Two rows", n_resamples=100)
    >>> print(report.to_markdown().splitlines()[0])
    # Two rows
    """

    def __init__(
        self,
        results: StudyResults,
        *,
        metric: str | None = None,
        title: str | None = None,
        subtitle: str | None = None,
        notes: Sequence[str] = (),
        command: str = "",
        n_resamples: int = 1000,
        seed: int = 0,
        examples: int = 2,
    ) -> None:
        self.results = results
        self.findings = Findings(results=results, metric=metric, n_resamples=n_resamples, seed=seed)
        self.title = title or results.settings.title or _default_title(results.settings.model)
        self.subtitle = self._own_subtitle() if subtitle is None else subtitle
        self.notes, self.command = tuple(notes), command
        self.examples = check_integer("examples", examples, smallest=0, remedy="0 shows none")

    def _own_subtitle(self) -> str:
        results = self.results
        kept = ", ".join(f"{100 * kept:.4g}%" for kept in results.ood_kept)
        methods = ", ".join(map(method_name, results.methods))
        split, trained = results.seeds_done
        seeds = (
            f"{_done_of(split, len(results.split_seeds), 'split seed')}, "
            f"{_done_of(trained, len(results.train_seeds), 'training seed')}"
        )
        regimes = f"; {kept} of the region's rows kept" if kept else ""
        return f"{counted(len(results.scenarios), 'scenario')}; {methods}{regimes}; {seeds}."

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """Tables that the study has numbers for."""
        return tuple(study_tables(self.findings))

    @cached_property
    def plots(self) -> dict[str, Plot]:
        """Figures that the study has numbers for, by name."""
        return {str(name): plot for name, plot in plots(self.findings).items()}

    def to_html(self) -> str:
        """Return the HTML page, which needs no network; its only script sorts tables.

        Raises:
            MissingExtraError: if matplotlib is not installed.
        """
        return page(self.contents)

    @property
    def contents(self) -> ReportContents:
        """Contents of the page."""
        return ReportContents(
            findings=self.findings,
            title=self.title,
            subtitle=self.subtitle,
            tables={ReportTable(table.name): table for table in self.tables},
            plots={plot.name: plot for plot in self.plots.values()},
            examples=self.examples,
            notes=self.notes,
            command=self.command,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the HTML page, atomically, and return its path."""
        return write_text(Path(path), self.to_html())

    def to_markdown(self) -> str:
        """Return the summary and all tables as Markdown."""
        notes = [*self.notes, *([f"Command: {self.command}"] if self.command else [])]
        tables = [block for table in self.tables for block in (Heading(table.caption), replace(table, caption=""))]
        ends = (Heading("How it was made"), Points(tuple(notes))) if notes else ()
        return markdown.render(Document(self.title, (Points(tuple(self.findings.summary())), *tables, *ends)))

    def to_latex(self, tables: Sequence[str] | None = None) -> str:
        r"""Return tables as LaTeX, no wider than the text; they need ``\usepackage{booktabs,graphicx,longtable}``.

        Args:
            tables: Names of the tables; by default all that suit a paper.

        Raises:
            ParameterError: if a table does not exist.
        """
        by_name = {table.name: table for table in self.tables}
        chosen = [name for name in _OF_PAPERS if name in by_name] if tables is None else tables
        for name in chosen:
            if name not in by_name:
                raise ParameterError("tables", "names of tables", name, closest(name, by_name))
        return latex.render(Document("", tuple(by_name[name] for name in chosen)))

    def plot(self, name: str, *, panel: int = 0, ax: Axes | None = None) -> Axes:
        """Draw one panel of a figure on matplotlib axes, which can be restyled for a paper.

        Args:
            name: Name of the figure, a key of ``plots``.
            panel: Number of the panel, from 0; figures of scenarios have one for each.
            ax: Axes to draw on; by default those of a new figure.

        Raises:
            ParameterError: if the figure or panel does not exist.
            MissingExtraError: if matplotlib is not installed.
        """
        plot = self._plot(name)
        if not 0 <= panel < len(plot.panels):
            raise ParameterError("panel", f"from 0 to {len(plot.panels) - 1}", panel, "count the panels of the figure")
        if ax is None:
            axes: Axes = plot.panels[panel].figure(PAPER).axes[0]
            return axes
        plot.panels[panel].draw(ax, PAPER)
        return ax

    def save_figures(
        self,
        folder: str | os.PathLike[str],
        *,
        formats: Sequence[str] = ("svg", "pdf"),
        names: Sequence[str] | None = None,
    ) -> list[Path]:
        """Write figures into a folder, in each format, and return the paths.

        Args:
            folder: Folder of the figures, created if it is missing.
            formats: File formats, among ``"svg"``, ``"pdf"`` and ``"png"``.
            names: Names of the figures, keys of ``plots``; all by default.

        Raises:
            ParameterError: if a format or figure is unknown, or the folder cannot be written to.
            MissingExtraError: if matplotlib is not installed.
        """
        for kind in formats:
            if kind not in _FORMATS:
                raise ParameterError("formats", "known", kind, closest(kind, _FORMATS))
        chosen = [self._plot(name) for name in (self.plots if names is None else names)]
        place = output_folder("folder", folder)
        return [save_plot(plot, place / f"{plot.name}.{kind}") for plot in chosen for kind in formats]

    def _plot(self, name: str) -> Plot:
        if name not in self.plots:
            raise ParameterError("name", "that of a figure", name, closest(name, self.plots))
        return self.plots[name]

    def __repr__(self) -> str:
        return f"Report({self.results})"


def _done_of(done: int, planned: int, noun: str) -> str:
    """Return the number of seeds behind the values, beside that of the study where more are to come."""
    return counted(planned, noun) if done == planned else f"{done} of {counted(planned, noun)}"


def _default_title(model: str | None) -> str:
    """Return a title for a study that has none; a model that was given as an object has no name."""
    return "What fine-tuning loses out of distribution" if model is None else f"Out of distribution: {model}"


def save_plot(plot: Plot, path: Path) -> Path:
    """Write a figure in the format of the path's suffix, and return the path."""
    unnamed: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    kind = path.suffix[1:]
    with themed(PAPER, salt=plot.name), replaced(path) as temporary:
        plot.figure(PAPER).savefig(temporary, format=kind, dpi=200, metadata=unnamed[kind])
    return path

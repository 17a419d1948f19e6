"""The report of a study of several models: a page of what holds over them, and a page of each."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from codeshift.documents import html, latex, markdown
from codeshift.documents.document import (
    Block,
    Code,
    Column,
    Document,
    Facts,
    Note,
    Paragraph,
    Points,
    Section,
    SideBySide,
    Table,
)
from codeshift.documents.inline import Link, Mark
from codeshift.files import write_text
from codeshift.formatting import MISSING, counted
from codeshift.study.findings import ModelsClaim, RelativePerformance, claims_over_models
from codeshift.study.folder.output_folder import output_folder
from codeshift.study.report.blocks import drawn_panels
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.figures.models import claims_of_models
from codeshift.study.report.figures.panel import Plot
from codeshift.study.report.page import page_look
from codeshift.study.report.sections import VERDICT_KINDS, settings_told
from codeshift.study.report.shown import ReportFigure, ReportTable
from codeshift.study.report.split_section import the_splits
from codeshift.study.report.study_report import Report, save_plot
from codeshift.study.report.tables import estimated, named
from codeshift.study.results.measures import SHARE, method_name
from codeshift.study.results.study_results import StudyResults


class ModelsReport:
    """Report of a study of several models, with a report of each.

    Args:
        results: Results of the study, finished or not.
        metric: Metric of claims, comparisons and curves; by default the study's first.
        title: Title of the page; those of the models follow it by a model's name.
        notes: Sentences on how the results were made.
        command: Command that reproduces the results.
        n_resamples: Number of resamples of the intervals of single runs.
        seed: Seed of the intervals and tests.
        examples: Number of example rows for each scenario and kind of difference, on the models' pages.

    Raises:
        ParameterError: if the study has no such metric, or a number is invalid.

    >>> from codeshift.metrics import ExactMatch
    >>> from codeshift.study import RunKey, RunRecord, RunScores
    >>> metric = ExactMatch()
    >>> scores = RunScores(["a", "b"], ["a", "c"], {metric.name: metric.statistics(["a", "c"], ["a", "b"])})
    >>> records = tuple(RunRecord(key=RunKey(method="none", model=name), status="done") for name in ("t5", "smollm2"))
    >>> results = StudyResults(metrics={metric.name: metric}, splits={}, load=lambda key, part: scores, records=records)
    >>> report = ModelsReport(results, title="Two models", n_resamples=100)
    >>> list(report.reports), report.claims
    (['t5', 'smollm2'], ())
    """

    def __init__(
        self,
        results: StudyResults,
        *,
        metric: str | None = None,
        title: str | None = None,
        notes: Sequence[str] = (),
        command: str = "",
        n_resamples: int = 1000,
        seed: int = 0,
        examples: int = 2,
    ) -> None:
        self.results = results
        self.title = title or results.settings.title or "Several models out of distribution"
        self.notes, self.command = tuple(notes), command
        self.reports: Mapping[str | None, Report] = {
            model: Report(
                results.of_model(model),
                metric=metric,
                title=f"{self.title}: {self.name_of(model)}",
                n_resamples=n_resamples,
                seed=seed,
                examples=examples,
                notes=notes,
                command=command,
            )
            for model in results.models
        }

    def name_of(self, model: str | None) -> str:
        """Return the name of a model as it is shown; that of ``Study.model`` has its hub name, if it has one."""
        return model or self.results.settings.model or "the first model"

    @cached_property
    def claims(self) -> tuple[ModelsClaim, ...]:
        """Claims over all models."""
        by_model = {self.name_of(model): report.findings.claims for model, report in self.reports.items()}
        return claims_over_models(by_model, next(iter(self.reports.values())).findings.confidence)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """Tables over all models that the study has numbers for."""
        return tuple(table for table in (self._claim_table(), self._relative_table()) if table is not None)

    @cached_property
    def plots(self) -> dict[str, Plot]:
        """Figures over all models that the study has numbers for, by name."""
        plot = claims_of_models(self.claims)
        return {} if plot is None else {str(plot.name): plot}

    def summary(self) -> list[str]:
        """Return the counts of runs, and each claim with its verdicts."""
        counts = ", ".join(f"{count} {status}" for status, count in self.results.counts.items() if count)
        runs = f"Of {counted(len(self.results.records), 'run')} of {len(self.reports)} models {counts}."
        return [runs, *(claim.sentence for claim in self.claims)]

    def to_html(self, addresses: Mapping[str | None, str] | None = None) -> str:
        """Return the HTML page over all models; ``save`` writes those of the models beside it.

        Args:
            addresses: Addresses of the models' pages by model; None for no links.

        Raises:
            MissingExtraError: if matplotlib is not installed.
        """
        return html.render(Document(self.title, self._sections(addresses or {})), page_look())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page over all models and, beside it, the page of each model; return the path of the first.

        The page of the second model ``t5`` beside ``report.html`` is ``report-2-t5.html``.
        """
        path = Path(path)
        names = {model: f"{path.stem}-{i}-{_word(self.name_of(model))}.html" for i, model in enumerate(self.reports, 1)}
        for model, report in self.reports.items():
            report.save(path.with_name(names[model]))
        return write_text(path, self.to_html({model: f"./{name}" for model, name in names.items()}))

    def to_markdown(self) -> str:
        """Return the summary and tables over all models, and then those of each, as Markdown."""
        across = markdown.render(Document(self.title, (Points(tuple(self.summary())), *self.tables)))
        return "\n".join([across, *(report.to_markdown() for report in self.reports.values())])

    def to_latex(self) -> str:
        r"""Return the tables over all models as LaTeX; those of a model are ``reports[name].to_latex()``."""
        return latex.render(Document("", self.tables))

    def save_figures(self, folder: str | os.PathLike[str], *, formats: Sequence[str] = ("svg", "pdf")) -> list[Path]:
        """Write the figures over all models into a folder, and those of each model into a folder in it.

        Args:
            folder: Folder of the figures, created if it is missing.
            formats: File formats, among ``"svg"``, ``"pdf"`` and ``"png"``.

        Raises:
            ParameterError: if a format is unknown, or the folder cannot be written to.
            MissingExtraError: if matplotlib is not installed.
        """
        place = output_folder("folder", folder)
        paths = [
            path
            for i, (model, report) in enumerate(self.reports.items(), 1)
            for path in report.save_figures(place / f"{i}-{_word(self.name_of(model))}", formats=formats)
        ]
        own = [save_plot(plot, place / f"{plot.name}.{kind}") for plot in self.plots.values() for kind in formats]
        return own + paths

    def _sections(self, addresses: Mapping[str | None, str]) -> tuple[Block, ...]:
        models = ", ".join(map(self.name_of, self.reports))
        links = tuple(
            Paragraph((Link(f"Report of {self.name_of(model)}", addresses[model]),))
            for model in self.reports
            if model in addresses
        )
        return (
            Note(f"{len(self.reports)} models on the same splits: {models}."),
            Section(title="The models", blocks=links, name="models", menu="Models"),
            self._found(),
            Section(
                title="What is left, by model",
                blocks=self._table(ReportTable.RELATIVE),
                name="relative",
                menu="What is left",
            ),
            the_splits(self._contents),
            self._made(),
        )

    def _found(self) -> Section:
        cards = tuple(
            Section(
                title=(Mark(claim.verdict, "verdict"), " ", claim.claim), blocks=(Paragraph(claim.evidence),),
                look="card", kind=VERDICT_KINDS[claim.verdict],
            )
            for claim in self.claims
        )  # fmt: skip
        meaning = (
            "The verdict of a card is that on the mean of the models: it holds where the whole 95% interval, over "
            "seeds and rows, lies on the side that it says. In every model it holds if it holds in each of them. "
            "The models are not a sample: nothing is said of others."
        )
        drawn = {plot.name: plot for plot in self.plots.values()}
        blocks: list[Block] = [Paragraph(self.summary()[0])]
        blocks += [SideBySide(cards, 30.0), Note(meaning)] if cards else []
        blocks += [*drawn_panels(drawn, ReportFigure.MODELS, 24.0), *self._table(ReportTable.MODELS)]
        return Section(title="What holds over the models", blocks=tuple(blocks), name="findings", menu="Findings")

    def _made(self) -> Section:
        failed = tuple(f"{record.key}: {record.error}" for record in self.results.records if record.status == "failed")
        blocks: list[Block] = [
            Points(self.notes),
            Section(title="Runs that failed", blocks=(Points(failed),)),
            Facts(settings_told(self.results.settings)),
        ]
        if self.command:
            blocks.append(Section(title="To get the same results", blocks=(Code(self.command),)))
        return Section(title="How it was made", blocks=tuple(blocks), name="made", menu="How it was made")

    @property
    def _contents(self) -> ReportContents:
        """Contents of the first model's report, whose splits are those of all models."""
        return next(iter(self.reports.values())).contents

    def _table(self, name: ReportTable) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.name == name)

    def _claim_table(self) -> Table | None:
        if not self.claims:
            return None
        models = [self.name_of(model) for model in self.reports]
        rows = tuple(
            (
                named(claim.claim),
                estimated(claim.measure, claim.estimate, change=True),
                named(claim.verdict),
                named(claim.in_every),
                *(
                    value
                    for model in models
                    for value in (
                        (
                            estimated(claim.measure, claim.by_model[model].estimate, change=True),
                            named(claim.by_model[model].verdict),
                        )
                        if model in claim.by_model
                        else (named(MISSING), named(MISSING))
                    )
                ),
            )
            for claim in self.claims
        )
        heads = [head for model in models for head in (Column(model), Column(f"verdict on {model}", numeric=False))]
        columns = (
            Column("claim", numeric=False), Column("mean of models"), Column("verdict", numeric=False),
            Column("in every model", numeric=False), *heads,
        )  # fmt: skip
        note = "Shares and scores in percent or points, as on the models' pages. Brackets hold 95% intervals."
        return Table(name=ReportTable.MODELS, caption="Claims by model", columns=columns, rows=rows, note=note)

    def _relative_table(self) -> Table | None:
        """Make the table of what is left with the region masked, scenarios by models and methods."""
        by_place: dict[tuple[str, str, str], RelativePerformance] = {}
        for model, report in self.reports.items():
            findings = report.findings
            for relative in findings.relative:
                if relative.measure == findings.measure and relative.cell.ood_kept == findings.cells.lowest_share:
                    by_place[relative.cell.scenario, self.name_of(model), relative.cell.method] = relative
        if not by_place:
            return None
        places = list(dict.fromkeys((model, method) for _, model, method in by_place))
        rows = tuple(
            (
                named(scenario),
                *(
                    estimated(SHARE, by_place[scenario, *place].estimate)
                    if (scenario, *place) in by_place
                    else named(MISSING)
                    for place in places
                ),
            )
            for scenario in self.results.scenarios
        )
        heads = [Column(f"{model}, {method_name(method)}") for model, method in places]
        title = f"{self._contents.findings.measure.title} on test_ood with the region masked, as a share of the 100% "
        return Table(
            name=ReportTable.RELATIVE, caption=f"{title}baseline of the same model and method",
            columns=(Column("scenario", numeric=False), *heads), rows=rows,
            note="100% means that nothing was lost. Brackets hold 95% intervals over seeds and rows.",
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"ModelsReport({self.results})"


def report_of(results: StudyResults, *, metric: str | None = None) -> Report | ModelsReport:
    """Return the report of a study: of its model, or of all its models.

    Args:
        results: Results of the study, finished or not.
        metric: Metric of claims, comparisons and curves; by default the study's first.

    Raises:
        ParameterError: if the study has no such metric.
    """
    return (ModelsReport if len(results.models) > 1 else Report)(results, metric=metric)


def _word(name: str) -> str:
    """Return a name with only characters that any file system takes.

    >>> _word("Salesforce/codet5p-220m")
    'Salesforce_codet5p-220m'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:60]

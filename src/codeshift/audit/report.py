"""Result of an audit: its findings, and their output as Markdown, HTML and plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeshift.audit import plots
from codeshift.audit.document import document
from codeshift.audit.findings import AuditFindings
from codeshift.documents import html, markdown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class AuditReport(AuditFindings):
    r"""Findings of an audit. Two reports are equal if all their figures are.

    Attributes:
        train: the part that models are trained on.
        test: the part whose shift was measured.
        reference: the in-distribution test part, or None.
        sizes: the number of rows of each part.
        settings: the arguments of the call.
        leakage: the rows of each held-out part that are in train too: test, reference, validation.
        copies: the rows of each held-out part that repeat each other: test, reference, validation.
        strength: the difference of test from train, then that of the reference.
        confounds: the other properties and elements that moved from train to test, the farthest first.
        atoms: the tokens and other elements of test, and of the reference, that never occur in train.
        truncation: the rows longer than a model's context, of train, test and reference; empty without a tokenizer.
        verdict: the verdict, with its reasons.
        distributions: the distribution of each numeric property, by name, in train, test and reference; rows are in the
            order of content.
        unparsable: the rows of each part that are left out of all figures because the parser gives up on them
            (``codeshift.properties.bounds``); empty if there are none.
        labels: the labels of each held-out part beside those of train; empty without ``label``.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> short = [f"x{i} = {i}" for i in range(40)]
    >>> long = [f"for y{i} in z{i}:\n    f{i}(y{i})\n    g{i}(y{i})" for i in range(40)]
    >>> splits = DatasetDict(train=Dataset.from_dict({"code": short}), test=Dataset.from_dict({"code": long}))
    >>> report = audit(splits, column="code", n_permutations=39)
    >>> print(report.verdict)
    Sound: ...
    >>> report.sizes["test"], report.to_dict()["verdict"]["label"]
    (40, 'sound')
    """

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        return markdown.render(document(self))

    def to_html(self) -> str:
        """Return the report as one self-contained HTML page; everything from the data is escaped."""
        return html.render(document(self))

    def plot(self, prop: str, *, ax: Axes | None = None) -> Axes:
        """Draw the distribution of one property in train, test and reference, and return the axes.

        Args:
            prop: the name of the property, a key of ``distributions``.
            ax: the axes to draw on; by default those of a new figure.

        Raises:
            ParameterError: if there is no such property.
            MissingExtraError: if matplotlib is not installed.
        """
        axes: Axes = plots.plot(self.distributions, prop, ax)
        return axes

    def plot_all(self) -> Figure:
        """Draw the distributions of all properties, and return the figure.

        Raises:
            MissingExtraError: if matplotlib is not installed.
        """
        figure: Figure = plots.plot_all(self.distributions)
        return figure

    def __str__(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"AuditReport({self.verdict})"

    def _repr_html_(self) -> str:
        return html.fragment(document(self))

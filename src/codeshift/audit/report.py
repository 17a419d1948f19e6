"""The result of an audit: its findings, and the ways to look at them."""

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
    r"""What an audit found. Two reports are equal where all their figures are.

    Attributes:
        train: the part that is trained on.
        test: the part whose shift was measured.
        reference: the in-distribution test part, or None.
        sizes: rows of each part.
        settings: the arguments of the call.
        leakage: what of each held-out part stands in train: test, reference, validation.
        copies: how far the rows of each held-out part repeat each other: test, reference, validation.
        strength: how test differs from train, then how the reference does.
        confounds: what else moved from train to test, farthest first.
        atoms: tokens and other elements of test, and of the reference, that train never shows.
        truncation: rows longer than a model's context, of train, test and reference; empty without a tokenizer.
        verdict: what it comes to.
        distributions: of each property that is a number, by its name, in train, test and reference; rows in the order
            of content.
        unparsable: rows of each part that are left out of all figures, since the parser gives up on them
            (``codeshift.properties.bounds``); empty where there are none.

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
        """The report as Markdown."""
        return markdown.render(document(self))

    def to_html(self) -> str:
        """The report as one self-contained HTML page; everything that came from the data is escaped."""
        return html.render(document(self))

    def plot(self, prop: str, *, ax: Axes | None = None) -> Axes:
        """The distribution of one property in train, test and reference.

        Args:
            prop: a property's name, a key of ``distributions``.
            ax: the axes to draw on; by default those of a new figure.

        Raises:
            ParameterError: if there is no such property.
            MissingExtraError: if matplotlib is not installed.
        """
        axes: Axes = plots.plot(self.distributions, prop, ax)
        return axes

    def plot_all(self) -> Figure:
        """A figure with the distributions of all properties.

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

"""Report of an audit: its figures as one frozen value, and their output as Markdown, HTML and plots."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from codeshift.audit import plots, sections
from codeshift.audit.column_leakage import ColumnLeakage
from codeshift.audit.confounds import Confound
from codeshift.audit.copies import Copies
from codeshift.audit.label_mix import LabelMixShift
from codeshift.audit.labels import LabelShift
from codeshift.audit.leakage import Leakage
from codeshift.audit.overlapping import Overlap
from codeshift.audit.plain_values import KEY, key_of, plain
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import Strength
from codeshift.audit.truncation import Truncation
from codeshift.audit.unseen_elements import UnseenElements
from codeshift.audit.verdict import Verdict
from codeshift.documents import html, markdown
from codeshift.documents.document import Document
from codeshift.regions.distribution import Distribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AuditReport:
    r"""Findings of an audit. Two reports are equal if all their figures are.

    Attributes:
        train: Part that models are trained on.
        test: Part whose shift was measured.
        reference: In-distribution test part, or None.
        sizes: Number of rows of each part.
        settings: Arguments of the call.
        leakage: Rows of each held-out part that are in train too: test, reference, validation.
        copies: Rows of each held-out part that repeat each other: test, reference, validation.
        strength: Difference of test from train, then that of the reference.
        confounds: Other properties and elements that moved from train to test, the farthest first.
        unseen_elements: Tokens and other elements of test, and of the reference, that never occur in train;
            ``to_dict`` calls them ``atoms``.
        truncation: Rows longer than a model's context, of train, test and reference; empty without a tokenizer.
        verdict: Verdict, with its reasons.
        distributions: Distribution of each numeric property, by name, in train, test and reference; rows are in the
            order of content.
        unparsable: Rows of each part that are left out of all figures because the parser gives up on them
            (``codeshift.properties.bounds``); empty if there are none.
        labels: Labels of each held-out part beside those of train; empty without ``label``.
        label_mix: What the mix of labels alone explains of the shift of each number, of test and reference; empty
            without ``label``.
        column_leakage: Texts of each held-out part that are in train too, by column and for all columns together;
            empty unless ``near_duplicates`` names columns.
        overlap: Rows of each held-out part that the corpora hold; None without ``against``.

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

    train: str
    test: str
    reference: str | None
    sizes: Mapping[str, int]
    settings: AuditSettings
    leakage: tuple[Leakage, ...]
    copies: tuple[Copies, ...]
    strength: tuple[Strength, ...]
    confounds: tuple[Confound, ...]
    unseen_elements: tuple[UnseenElements, ...] = field(metadata={KEY: "atoms"})
    truncation: tuple[Truncation, ...]
    verdict: Verdict
    distributions: Mapping[str, Distribution] = field(repr=False)
    unparsable: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[LabelShift, ...] = ()
    label_mix: tuple[LabelMixShift, ...] = ()
    column_leakage: tuple[ColumnLeakage, ...] = ()
    overlap: Overlap | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values that ``json`` can write.

        NaN, for what could not be measured, becomes None, and infinity becomes "inf" or "-inf". The positions of
        leaking rows are left out, since they depend on the order of rows.
        """
        fields = {key_of(f): getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "distributions"}
        fields["overlap"] = None if self.overlap is None else self.overlap.to_dict()
        for name in ("unparsable", "labels", "label_mix", "column_leakage", "overlap"):
            if not fields[name]:
                del fields[name]
        values: dict[str, Any] = plain(fields)
        return values

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, AuditReport) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def document(self) -> Document:
        """Return the whole report: the verdict first, then the figures it is based on."""
        train, test, reference = self.train, self.test, self.reference
        roles = {train: "trained on", test: "test", reference: "in-distribution reference"}
        blocks = chain(
            sections.of_verdict(self.verdict, self.sizes, roles, self.unparsable),
            sections.of_leakage(self.leakage, train, self.settings.near_duplicates),
            sections.of_columns(self.column_leakage, train),
            sections.of_overlap(self.overlap),
            sections.of_labels(self.labels, train, self.settings.label),
            sections.of_label_mix(self.label_mix, train),
            sections.of_strength(self.strength, train),
            sections.of_properties(self.strength, train, test),
            sections.of_confounds(self.confounds, train, test, reference),
            sections.of_unseen_elements(self.unseen_elements, train),
            sections.of_truncation(self.truncation),
            sections.of_settings(self.settings, sum(prop.in_verdict for prop in self.strength[0].properties)),
        )
        return Document("Audit of the split", tuple(blocks))

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        return markdown.render(self.document())

    def to_html(self) -> str:
        """Return the report as one self-contained HTML page; everything from the data is escaped."""
        return html.render(self.document())

    def plot(self, prop: str, *, ax: Axes | None = None) -> Axes:
        """Draw the distribution of one property in train, test and reference, and return the axes.

        Args:
            prop: Name of the property, a key of ``distributions``.
            ax: Axes to draw on; by default those of a new figure.

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
        return html.fragment(self.document())

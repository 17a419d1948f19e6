"""The result of an audit: figures as frozen values, and the ways to look at them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.audit.atoms import UnseenAtoms
from codeshift.audit.confounds import Confound
from codeshift.audit.copies import Copies
from codeshift.audit.leakage import Leakage
from codeshift.audit.settings import AuditSettings
from codeshift.audit.strength import Strength
from codeshift.audit.truncation import Truncation
from codeshift.audit.verdict import Verdict
from codeshift.properties import Property

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditReport:
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
        values: numbers by property and part, for plots; rows in the order of content.

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
    atoms: tuple[UnseenAtoms, ...]
    truncation: tuple[Truncation, ...]
    verdict: Verdict
    values: Mapping[str, Mapping[str, np.ndarray]] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain values that ``json`` can write.

        What could not be measured (NaN) is None, what is infinite is "inf" or "-inf".
        Where leaking rows stood in their part is left out, since it depends on the order of rows.
        """
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "values"}
        plain: dict[str, Any] = _plain(fields)
        return plain

    def to_markdown(self) -> str:
        """The report as Markdown."""
        from codeshift.audit.markdown import to_markdown
        from codeshift.audit.sections import sections

        return to_markdown(sections(self))

    def to_html(self) -> str:
        """The report as one self-contained HTML page; everything that came from the data is escaped."""
        from codeshift.audit.html import to_page
        from codeshift.audit.sections import sections

        return to_page(sections(self))

    def plot(self, prop: str, *, ax: Axes | None = None) -> Axes:
        """The distribution of one property in train, test and reference.

        Args:
            prop: a property's name, a key of ``values``.
            ax: the axes to draw on; by default those of a new figure.

        Raises:
            ParameterError: if there is no such property.
            MissingExtraError: if matplotlib is not installed.
        """
        from codeshift.audit.plots import plot

        axes: Axes = plot(self, prop, ax)
        return axes

    def plot_all(self) -> Figure:
        """A figure with the distributions of all properties.

        Raises:
            MissingExtraError: if matplotlib is not installed.
        """
        from codeshift.audit.plots import plot_all

        figure: Figure = plot_all(self)
        return figure

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, AuditReport) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"AuditReport({self.verdict})"

    def _repr_html_(self) -> str:
        from codeshift.audit.html import to_fragment
        from codeshift.audit.sections import sections

        return to_fragment(sections(self))


def _plain(value: Any) -> Any:
    if isinstance(value, Property):
        return value.to_dict()
    if dataclasses.is_dataclass(value):
        compared = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare}
        return compared | {name: _plain(getattr(value, name)) for name in _derived(type(value))}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _derived(cls: type) -> list[str]:
    """Shares are properties of the counts that they are made of."""
    return [name for name, member in vars(cls).items() if isinstance(member, property)]

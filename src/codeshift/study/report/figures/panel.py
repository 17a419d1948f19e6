"""Figures and their panels: a page shows the panels one by one, a paper all of them as one figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from codeshift.errors import MissingExtraError
from codeshift.study.report.figures.series import short
from codeshift.study.report.figures.theme import PAPER, Theme
from codeshift.study.report.shown import ReportFigure

Draw = Callable[[Any, Theme], None]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Title above the panel.
        draw: Function of matplotlib axes and a theme that draws the panel.
        label: Description of the panel in a sentence, for screen readers.
        width: Width in inches.
        height: Height in inches.
        plain: Whether fixed margins are enough, which is four times as fast as measuring labels.
        group: Name of the group of panels that it belongs to; empty for none.
    """

    title: str
    draw: Draw
    label: str
    width: float = 3.6
    height: float = 2.6
    plain: bool = False
    group: str = ""

    def figure(self, theme: Theme) -> Any:
        """Draw a figure of the panel alone, without its title."""
        with themed(theme):
            figure = new_figure(self.width, self.height, layout=None if self.plain else "constrained")
            self.draw(figure.subplots(), theme)
            if self.plain:
                inches = {"left": 0.55, "right": self.width - 0.1, "bottom": 0.45, "top": self.height - 0.1}
                size = {"left": self.width, "right": self.width, "bottom": self.height, "top": self.height}
                figure.subplots_adjust(**{side: at / size[side] for side, at in inches.items()})
            return figure


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Figure of a study.

    Attributes:
        name: Name of the figure, also in file names.
        title: Title in words.
        panels: Panels, at least one.
        columns: Number of panels side by side on paper.
    """

    name: ReportFigure
    title: str
    panels: tuple[Panel, ...]
    columns: int = 3

    def figure(self, theme: Theme = PAPER) -> Any:
        """Draw all panels as one matplotlib figure."""
        columns = min(self.columns, len(self.panels))
        lines = math.ceil(len(self.panels) / columns)
        with themed(theme):
            width = sum(panel.width for panel in self.panels[:columns])
            height = lines * max(panel.height for panel in self.panels) + (0.2 * lines if len(self.panels) > 1 else 0)
            figure = new_figure(width, height)
            axes = figure.subplots(lines, columns, squeeze=False).ravel()
            for panel, ax in zip(self.panels, axes, strict=False):
                panel.draw(ax, theme)
                if len(self.panels) > 1:
                    ax.set_title(short(panel.title, 40))
            for ax in axes[len(self.panels) :]:
                ax.set_axis_off()
            return figure


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Any:
    """Make a figure without a window.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    return Figure(figsize=(width, height), layout=layout)


@contextmanager
def themed(theme: Theme, salt: str = "codeshift") -> Iterator[None]:
    """Apply the theme's matplotlib settings inside the context; ``salt`` makes the identifiers of an SVG reproducible.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    with rc_context({**theme.rc, "svg.hashsalt": salt}):
        yield

"""Colours and markers of plots, for paper and for a page, where they follow its light or dark scheme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MARKERS = ("s", "o", "D", "^", "v", "P", "X")
"""Markers of the methods, so that colour is never the only difference between them."""


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours and sizes of a plot.

    Attributes:
        text: Colour of labels.
        soft: Colour of less prominent elements.
        line: Colour of axes and grids.
        surface: Colour behind the plot and of halos around labels.
        series: Colours of the methods, the model without fine-tuning first.
        parts: Colours of ``train``, ``test_id`` and ``test_ood``.
        modes: Colours of failure modes.
        legend: Whether plots have a legend; a page has its own.
        size: Size of the font, in points.
    """

    text: str
    soft: str
    line: str
    surface: str
    series: tuple[str, ...]
    parts: dict[str, str]
    modes: tuple[str, ...]
    legend: bool
    size: float = 9.0

    @property
    def rc(self) -> dict[str, Any]:
        """Matplotlib settings."""
        return {
            "svg.fonttype": "none", "pdf.fonttype": 42, "text.parse_math": False, "font.size": self.size,
            "axes.titlesize": self.size,
            "axes.labelsize": self.size, "text.color": self.text, "axes.labelcolor": self.text,
            "axes.titlecolor": self.text, "xtick.color": self.soft, "ytick.color": self.soft,
            "axes.edgecolor": self.line, "grid.color": self.line, "grid.linewidth": 0.6, "axes.grid": True,
            "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False, "xtick.major.size": 0,
            "ytick.major.size": 0, "legend.frameon": False, "axes.titlelocation": "left", "hatch.linewidth": 0.6,
            "axes.formatter.useoffset": False,
        }  # fmt: skip


# Okabe and Ito's colours, which people with any kind of colour vision can distinguish, with grey for no fine-tuning.
PAPER = Theme(
    text="#1c2128", soft="#59636e", line="#d1d9e0", surface="#ffffff", legend=True,
    series=("#6e7781", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"),
    parts={"train": "#6e7781", "test_id": "#0072b2", "test_ood": "#d55e00"},
    modes=("#009e73", "#f0e442", "#e69f00", "#cc79a7", "#d55e00", "#56b4e9", "#0072b2", "#8c959f"),
)  # fmt: skip

# Placeholder colours for the page's variables; see svg.py.
VARIABLES = {
    "#010101": "--text", "#010102": "--soft", "#010103": "--rule", "#010104": "--page",
    **{f"#01020{i}": f"--m{i}" for i in range(7)},
    "#010300": "--train", "#010301": "--id", "#010302": "--ood",
    **{f"#01040{i}": f"--f{i}" for i in range(8)},
}  # fmt: skip
PAGE = Theme(
    text="#010101", soft="#010102", line="#010103", surface="#010104", legend=False,
    series=tuple(f"#01020{i}" for i in range(7)),
    parts={"train": "#010300", "test_id": "#010301", "test_ood": "#010302"},
    modes=tuple(f"#01040{i}" for i in range(8)),
)  # fmt: skip

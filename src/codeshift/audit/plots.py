"""Plots of property distributions: train against the test parts."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from codeshift.audit.bins import whole_bins
from codeshift.errors import MissingExtraError, ParameterError
from codeshift.regions.distribution import Distribution
from codeshift.wording import closest

_BINS = 40
_SKEWED = 5.0  # smallest ratio of the 99% quantile to the median for a logarithmic axis


def plot(distributions: Mapping[str, Distribution], prop: str, ax: Any | None) -> Any:
    """Draw one property: the share of each part's rows by bin, as steps. Parts without rows are left out.

    Raises:
        ParameterError: if there is no such property.
        MissingExtraError: if matplotlib is not installed.
    """
    if prop not in distributions:
        raise ParameterError("prop", "a property with numbers", prop, closest(prop, distributions))
    if ax is None:
        ax = _new_figure(5.0, 3.2).subplots()
    drawn = {part: numbers for part, numbers in distributions[prop].values.items() if len(numbers)}
    everything = np.concatenate([np.empty(0), *drawn.values()])
    edges, scale = _edges(everything)
    for part, numbers in drawn.items():
        shares = np.histogram(numbers, edges)[0] / len(numbers)
        ax.stairs(shares, edges, label=f"{part} ({len(numbers):,})", linewidth=1.5)
    ax.set_xscale(scale, **({"linthresh": 1.0} if scale == "symlog" else {}))
    ax.set_xlabel(prop)
    ax.set_ylabel("share of the part's rows")
    if drawn:
        ax.legend(frameon=False)
    return ax


def plot_all(distributions: Mapping[str, Distribution]) -> Any:
    """Draw all properties, two per line.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    names = list(distributions)
    lines = max(1, math.ceil(len(names) / 2))
    figure = _new_figure(10.0, 3.2 * lines)
    axes = np.ravel(figure.subplots(lines, 2))
    for name, ax in zip(names, axes, strict=False):
        plot(distributions, name, ax)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    return figure


def _new_figure(width: float, height: float) -> Any:
    """Create a figure outside ``pyplot``, so that a script may create thousands."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    figure: Any = Figure(figsize=(width, height), layout="constrained")
    figure._repr_png_ = functools.partial(_png, figure)
    return figure


def _png(figure: Any) -> bytes:
    """Return the image that a notebook shows for a figure, with or without ``%matplotlib inline``."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _edges(numbers: np.ndarray) -> tuple[np.ndarray, str]:
    """Return bins for all parts together: even, or even in the logarithm for numbers from 0 up with a long tail."""
    if not len(numbers):
        return np.array([0.0, 1.0]), "linear"
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        return np.array([low - 0.5, low + 0.5]), "linear"
    tail, median = (float(np.quantile(numbers, level)) for level in (0.99, 0.5))
    edges, scale = np.linspace(low, high, _BINS + 1), "linear"
    if low >= 0 and tail > _SKEWED * max(median, 1.0):
        edges, scale = np.expm1(np.linspace(np.log1p(low), np.log1p(high), _BINS + 1)), "symlog"
    return whole_bins(edges, numbers), scale

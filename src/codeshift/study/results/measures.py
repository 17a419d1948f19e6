"""The display of a metric's values: title, scale, digits and unit, the same in every table and plot."""

from __future__ import annotations

import math
from dataclasses import dataclass

from codeshift.formatting import MISSING, fixed
from codeshift.metrics import Estimate, Metric
from codeshift.metrics.aggregates.binomial import WILSON
from codeshift.metrics.base import PERCENT, Scale


@dataclass(frozen=True)
class Measure:
    """Display of a metric.

    Attributes:
        metric: Name of the metric in ``codeshift.metrics``.
        title: Name of the metric in sentences.
        scale: Format of its values: factor, digits and unit.
        higher_is_better: Whether a higher value is better.
    """

    metric: str
    title: str
    scale: Scale
    higher_is_better: bool

    @property
    def heading(self) -> str:
        """Title with its unit, unless the unit is the percent sign, which follows each value.

        >>> from codeshift.metrics.base import OF_100
        >>> EXACT_MATCH.heading, Measure("bleu", "BLEU", OF_100, higher_is_better=True).heading
        ('exact match', 'BLEU (of 100)')
        """
        unit = self.scale.unit
        return self.title if unit in ("", "%") else f"{self.title} ({unit.strip()})"

    @property
    def sign(self) -> str:
        """Sign after a value in a table whose header names the unit."""
        return self.scale.unit if self.scale.unit == "%" else ""

    @property
    def step(self) -> str:
        """Unit of a difference; points for a score that is shown times 100.

        >>> EXACT_MATCH.step
        ' points'
        """
        return " points" if self.scale.factor != 1 else self.scale.unit

    @property
    def heading_of_change(self) -> str:
        """Title with the unit of a difference.

        >>> EXACT_MATCH.heading_of_change
        'exact match (points)'
        """
        unit = self.step.strip()
        return f"{self.title} ({unit})" if unit else self.title

    def text(self, value: float) -> str:
        """Format a value without its unit; NaN as a dash.

        >>> EXACT_MATCH.text(0.25), EXACT_MATCH.text(float("nan")), EXACT_MATCH.text(-0.0001)
        ('25.0', '–', '0.0')
        """
        return fixed(value * self.scale.factor, self.scale.digits)

    def difference(self, value: float) -> str:
        """Format a difference of two values with its sign and without its unit.

        >>> EXACT_MATCH.difference(0.25), EXACT_MATCH.difference(-0.0001)
        ('+25.0', '0.0')
        """
        return fixed(value * self.scale.factor, self.scale.digits, signed=True)

    def estimate(self, estimate: Estimate) -> str:
        """Format a value with its unit and interval.

        >>> EXACT_MATCH.estimate(Estimate(0.5, 0.375, 0.625, n=40, confidence=0.95, method="percentile"))
        '50.0% [37.5, 62.5]'
        """
        if math.isnan(estimate.value):
            return MISSING
        return f"{self.text(estimate.value)}{self.scale.unit}{self._interval(estimate)}"

    def change(self, estimate: Estimate) -> str:
        """Format a difference of two values with its sign, unit and interval; of shares in points.

        >>> EXACT_MATCH.change(Estimate(0.125, -0.0625, 0.25, n=40, confidence=0.95, method="percentile"))
        '+12.5 points [-6.2, 25.0]'
        """
        if math.isnan(estimate.value):
            return MISSING
        return f"{self.difference(estimate.value)}{self.step}{self._interval(estimate)}"

    def interval(self, estimate: Estimate) -> str:
        """Format the interval in brackets; empty if there is none."""
        return f"[{self.text(estimate.low)}, {self.text(estimate.high)}]" if estimate.has_interval else ""

    def _interval(self, estimate: Estimate) -> str:
        mark = f" ({remark})" if (remark := how(estimate)) else ""
        return f" {self.interval(estimate)}".rstrip() + mark


def how(estimate: Estimate) -> str:
    """Return the remark on an interval: why there is none, that it is of two seeds, or Wilson's; empty otherwise.

    >>> how(Estimate(0.0, 0.0, 0.39, n=6, confidence=0.95, method="Wilson"))
    'Wilson'
    >>> how(Estimate(0.1, math.nan, math.nan, n=20, confidence=0.95, method="t", note="fewer than 5 hits"))
    'fewer than 5 hits'
    """
    return estimate.note or (WILSON if estimate.method == WILSON else "")


EXACT_MATCH = Measure("exact_match", "exact match", PERCENT, higher_is_better=True)


def measure_of(metric: Metric, *, options: bool = True) -> Measure:
    """Return the display of a metric that its class defines: scores in [0, 1] times 100, as in papers.

    Args:
        metric: Any metric.
        options: Whether the title names the options that differ from their defaults.

    >>> from codeshift.metrics import BLEU, NegativeLogLikelihood
    >>> measure_of(BLEU(max_order=2)).title, measure_of(NegativeLogLikelihood()).higher_is_better
    ('BLEU (max_order=2)', False)
    >>> measure_of(BLEU()).heading, measure_of(NegativeLogLikelihood()).heading
    ('BLEU (of 100)', 'NLL a token (nats)')
    """
    return Measure(metric.name, metric.describe(options=options), metric.scale, metric.higher_is_better)


SHARE = Measure("share", "share", PERCENT, higher_is_better=True)
"""Display of shares that no metric gave: rates, relative performance."""

CORRELATION = Measure("correlation", "correlation", Scale(digits=2), higher_is_better=True)
"""Display of correlations."""

NATS = Measure("loss", "loss", Scale(digits=3, unit=" nats"), higher_is_better=False)
"""Display of losses."""

METHOD_NAMES = {"none": "without fine-tuning", "full": "full fine-tuning", "lora": "LoRA"}


def method_name(method: str, variant: str | None = None) -> str:
    """Return the name of a method in words.

    >>> method_name("none"), method_name("full", "wise_ft=0.5")
    ('without fine-tuning', 'full fine-tuning, wise_ft=0.5')
    """
    return METHOD_NAMES.get(method, method) + (f", {variant}" if variant else "")

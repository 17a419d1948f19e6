"""How the values of a metric are shown: title, scale, digits and unit, the same in every table and plot."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from codeshift.metrics import Estimate, Metric
from codeshift.metrics.aggregates.binomial import WILSON


@dataclass(frozen=True)
class Measure:
    """How a metric is shown.

    Attributes:
        metric: its name in ``codeshift.metrics``.
        title: in the heads of tables and plots.
        scale: what a value is multiplied by before it is shown.
        digits: behind the decimal point.
        unit: behind a value.
        better: "lower" or "higher".
    """

    metric: str
    title: str
    scale: float
    digits: int
    unit: str
    better: str

    def text(self, value: float) -> str:
        """A value without its unit; a dash for NaN.

        >>> EXACT_MATCH.text(0.25), EXACT_MATCH.text(float("nan"))
        ('25.0', '–')
        """
        return "–" if math.isnan(value) else f"{value * self.scale:.{self.digits}f}"

    def estimate(self, estimate: Estimate) -> str:
        """A value with its interval.

        >>> EXACT_MATCH.estimate(Estimate(0.5, 0.375, 0.625, n=40, confidence=0.95, method="percentile"))
        '50.0% [37.5, 62.5]'
        """
        if math.isnan(estimate.value):
            return "–"
        return f"{self.text(estimate.value)}{self.unit}{self._interval(estimate)}"

    def change(self, estimate: Estimate) -> str:
        """A difference of two values, with its sign and interval; of shares in points.

        >>> EXACT_MATCH.change(Estimate(0.125, -0.0625, 0.25, n=40, confidence=0.95, method="percentile"))
        '+12.5 points [-6.2, 25.0]'
        """
        if math.isnan(estimate.value):
            return "–"
        unit = " points" if self.scale != 1 else f" {self.unit}".rstrip()
        return f"{estimate.value * self.scale:+.{self.digits}f}{unit}{self._interval(estimate)}"

    def _interval(self, estimate: Estimate) -> str:
        mark = f" ({told})" if (told := how(estimate)) else ""
        ends = f" [{self.text(estimate.low)}, {self.text(estimate.high)}]" if estimate.has_interval else ""
        return f"{ends}{mark}"


def how(estimate: Estimate) -> str:
    """What must be said of an interval: why there is none, that it is of two seeds, or Wilson's; empty otherwise.

    >>> how(Estimate(0.0, 0.0, 0.39, n=6, confidence=0.95, method="Wilson"))
    'Wilson'
    >>> how(Estimate(0.1, math.nan, math.nan, n=20, confidence=0.95, method="t", note="fewer than 5 hits"))
    'fewer than 5 hits'
    """
    return estimate.note or (WILSON if estimate.method == WILSON else "")


EXACT_MATCH = Measure("exact_match", "exact match", 100.0, 1, "%", "higher")
_TITLES = {
    "negative_log_likelihood": "NLL a token", "token_accuracy": "token accuracy", "exact_match": "exact match",
    "bleu": "BLEU", "codebleu": "CodeBLEU", "chrf": "chrF", "edit_similarity": "edit similarity",
    "syntactic_validity": "syntactic validity", "element_recall": "element recall",
    "element_precision": "element precision", "pass_at_k": "pass@k",
}  # fmt: skip
_SHARES = ("token_accuracy", "exact_match", "syntactic_validity", "element_recall", "element_precision", "pass_at_k")


def measure_of(metric: Metric, name: str | None = None, *, options: bool = True) -> Measure:
    """How a metric is shown. Scores in [0, 1] are shown times 100, as papers do; likelihoods as they are.

    Args:
        metric: any metric.
        name: its name, where it has another one.
        options: whether the title names the options that are not at their defaults.

    >>> from codeshift.metrics import BLEU, NegativeLogLikelihood
    >>> measure_of(BLEU(max_order=2)).title, measure_of(NegativeLogLikelihood()).better
    ('BLEU (max_order=2)', 'lower')
    """
    name = name or metric.name
    plain, _, changed = re.fullmatch(r"([^\[]*)(\[(.*)\])?", name, re.DOTALL).groups("")  # type: ignore[union-attr]
    title = _TITLES.get(plain, plain.replace("_", " ")) + (f" ({changed})" if changed and options else "")
    if not metric.higher_is_better:
        return Measure(name, title, 1.0, 3, "", "lower")
    return Measure(name, title, 100.0, 1, "%" if plain in _SHARES else "", "higher")


SHARE = Measure("share", "share", 100.0, 1, "%", "higher")
"""Shares that no metric gave: rates, relative performance."""

METHOD_NAMES = {"none": "without fine-tuning", "full": "full fine-tuning", "lora": "LoRA"}


def method_name(method: str, variant: str = "") -> str:
    """A method in words.

    >>> method_name("none"), method_name("full", "wise_ft=0.5")
    ('without fine-tuning', 'full fine-tuning, wise_ft=0.5')
    """
    return METHOD_NAMES.get(method, method) + (f", {variant}" if variant else "")

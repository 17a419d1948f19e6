"""The base of all findings: a value with its interval, and the rows and trained models behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codeshift.metrics import Estimate


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Finding of a study; ``sentence`` puts it into words.

    Attributes:
        estimate: Value, its interval over seeds and rows, and ``n``, the rows behind it; NaN if it was not measured,
            never 0.
        seeds: Number of trained models behind it.

    >>> from codeshift.metrics import Estimate
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Best(Finding):
    ...     @property
    ...     def sentence(self):
    ...         return f"the best score is {self.value}{self.rows_told}"
    >>> print(Best(estimate=Estimate(0.5, 0.4, 0.6, 90, 0.95, "percentile"), seeds=1))
    the best score is 0.5, n = 90
    """

    estimate: Estimate
    seeds: int

    @property
    def value(self) -> float:
        """Value itself."""
        return self.estimate.value

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.estimate.low

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.estimate.high

    @property
    def n(self) -> int:
        """Number of rows behind the value; of two sets of rows, that of the smaller."""
        return self.estimate.n

    @property
    def rows_told(self) -> str:
        """Number of rows as the end of a sentence; empty if nothing was measured."""
        return f", n = {self.n:,}" if self.n and self.value == self.value else ""

    @property
    def sentence(self) -> str:
        """Finding in words."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.sentence


def flipped(estimate: Estimate) -> Estimate:
    """Return an estimate with its sign reversed.

    >>> print(flipped(Estimate(0.5, 0.25, 0.625, n=4, confidence=0.95, method="percentile")))
    -0.5 [-0.625, -0.25] (95% percentile, n=4)
    """
    return replace(estimate, value=-estimate.value, low=-estimate.high, high=-estimate.low)


def kept_in_words(kept: float | None) -> str:
    """Describe a share of rows kept in words.

    >>> kept_in_words(0.0), kept_in_words(0.05), kept_in_words(1.0), kept_in_words(None)
    ('none of the region kept', '5% of the region kept', 'all of the region kept', 'without fine-tuning')
    """
    if kept is None:
        return "without fine-tuning"
    return {0.0: "none", 1.0: "all"}.get(kept, f"{kept * 100:.4g}%") + " of the region kept"

"""The variances that make two models' difference differ from study to study."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Spreads:
    """How scores of one metric spread over rows and over training seeds.

    Attributes:
        rows: Standard deviation of a model's score over rows.
        seeds: Standard deviation of a model's value over training seeds, beside that of the rows.
        correlation: Correlation over rows of the scores of two models.
        seed_correlation: Correlation over rows of the scores of two training seeds of one model.
        source: Where the spread over rows is from: "stated", "pilot", "without fine-tuning" or "widest".

    >>> spreads = Spreads(rows=0.5, seeds=0.02, correlation=0.5, seed_correlation=0.75)
    >>> spreads.of_difference()
    Variances(seeds=0.0008, rows=0.125, residual=0.125)
    """

    rows: float
    seeds: float
    correlation: float = 0.5
    seed_correlation: float = 0.75
    source: str = "stated"

    def of_difference(self) -> Variances:
        """Return the variances of the difference of two models with the same training seeds, on the same rows."""
        row = 2 * self.rows**2
        alike = max(self.seed_correlation, self.correlation)
        return Variances(seeds=2 * self.seeds**2, rows=row * (alike - self.correlation), residual=row * (1 - alike))


@dataclass(frozen=True)
class Variances:
    """Variances of the difference of two models on one row with one training seed.

    Attributes:
        seeds: Variance over training seeds that all rows share.
        rows: Variance over rows that all training seeds share.
        residual: Variance over rows of each training seed by itself.
    """

    seeds: float
    rows: float
    residual: float

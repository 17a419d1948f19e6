"""The interval of a share that is at its bound, where resamples are all equal and show no spread."""

from __future__ import annotations

import math
from statistics import NormalDist

WILSON = "Wilson"


def wilson(hits: float, n: float, confidence: float) -> tuple[float, float]:
    """Return Wilson's score interval of ``hits`` out of ``n`` independent trials.

    For scores between 0 and 1 that are all 0 its upper end bounds the mean as well: it bounds the share of rows that
    are not 0.

    Source: Wilson, Probable inference, the law of succession, and statistical inference (JASA 1927).

    >>> [round(end, 4) for end in wilson(0, 6, 0.95)]
    [0.0, 0.3903]
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, shrink = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)

"""Holm's correction of p-values within families of findings."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from codeshift.metrics import holm


def holm_within(p_values: Sequence[float], families: Sequence[Hashable]) -> list[float]:
    """Return the p-values after Holm's correction over those of their family, in their order.

    Args:
        p_values: P-values.
        families: Family of each.

    >>> holm_within([0.01, 0.04, 0.04], ["lora", "lora", "full"])
    [0.02, 0.04, 0.04]
    """
    places: dict[Hashable, list[int]] = {}
    for place, family in enumerate(families):
        places.setdefault(family, []).append(place)
    corrected = list(p_values)
    for of_family in places.values():
        for place, p in zip(of_family, holm([p_values[place] for place in of_family]), strict=True):
            corrected[place] = float(p)
    return corrected

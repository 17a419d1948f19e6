"""Functions of programs for the tests of ``ClusterSplitter``; a new process must be able to import them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def lengths_and_brackets(programs: Sequence[str]) -> np.ndarray:
    """Return two numbers for each program."""
    return np.array([[np.log1p(len(text)), text.count("(")] for text in programs])


def one_too_few(programs: Sequence[str]) -> np.ndarray:
    """Return one vector too few."""
    return np.zeros((len(programs) - 1, 2))

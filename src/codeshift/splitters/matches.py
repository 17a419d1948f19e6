"""The region of programs that hold an element of which the name matches a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate

import numpy as np

from codeshift.errors import ParameterError, closest
from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.splitters.regions import Region

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Matches(Region):
    """Rows that hold elements whose names match ``any`` or ``all`` of ``patterns``.

    A pattern without ``*``, ``?`` and ``[`` matches a name that holds it as a run of whole parts, where parts are what
    stands between ``.`` and ``/``: ``numpy.linalg`` matches ``numpy.linalg.norm``, and ``stream`` matches
    ``java.util.stream.Stream`` and ``List.stream``, but not ``List.streams``. A pattern with one of them is a glob over
    the whole name, in which ``*`` crosses dots: ``*.Stream.*``, ``java.util.stream.*``. Case counts in both.

    Attributes:
        property: a property whose values are ``ElementCounts``.
        patterns: the patterns.
        match: ``"any"`` for rows that match one of the patterns, ``"all"`` for those that match every one.
        min_count: how often the elements that match a pattern must stand in a row, all of them together.

    >>> from datasets import Dataset
    >>> from codeshift.properties import APINames
    >>> rows = Dataset.from_dict({"code": ["os.path.join(a, b)", "os.getcwd()", "x = 1"]})
    >>> Matches(APINames("code", "python"), ("os.path",)).contains(PropertyTable(rows))
    array([ True, False, False])
    """

    property: Property
    patterns: tuple[str, ...]
    match: str = "any"
    min_count: int = 1

    def __post_init__(self) -> None:
        if self.match not in ("any", "all"):
            raise ParameterError("match", '"any" or "all"', self.match, closest(str(self.match), ("any", "all")))

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        found: ElementCounts = table.values(self.property)
        held = [_total(found, matching(pattern, found.vocabulary)) >= self.min_count for pattern in self.patterns]
        return np.asarray(np.any(held, axis=0) if self.match == "any" else np.all(held, axis=0))


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that a pattern matches, in their order.

    >>> matching("linalg", ["numpy.linalg.norm", "numpy.linalgebra", "net/linalg.Norm"])
    ['numpy.linalg.norm', 'net/linalg.Norm']
    >>> matching("java.util.*", ["java.util.List.add", "my.java.util.Lists"])
    ['java.util.List.add']
    """
    if _GLOB.search(pattern):
        matches = re.compile(translate(pattern)).match
    else:
        matches = re.compile(rf"(?:.*[./])?{re.escape(pattern.strip('.'))}(?:[./].*)?\Z", re.DOTALL).match
    return [name for name in names if matches(name)]


def _total(found: ElementCounts, names: Sequence[str]) -> np.ndarray:
    columns = np.flatnonzero(np.isin(found.vocabulary, names)) if names else np.empty(0, dtype=np.int64)
    return np.asarray(found.counts[:, columns].sum(axis=1)).ravel()

"""Look-up of scenarios by name, as written on the command line or in a settings file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from codeshift.checks import several
from codeshift.errors import ParameterError
from codeshift.properties.embedding import Embedding
from codeshift.splitters.scenarios import (
    ELEMENTS,
    N_CLUSTERS,
    SCENARIO_FAMILIES,
    SIMSCOOD_BANDS,
    Scenario,
    api_families,
    ast_elements,
    band_name,
    clusters,
    length_bands,
    quantile_of,
)
from codeshift.wording import closest

SETS = ("simscood", "length", "syntax", "semantics", "apis")
"""Names that stand for several scenarios."""

_NUMBER = r"(\d+(?:\.\d+)?)"
_COUNT = 5


def scenarios_by_name(
    names: str | Iterable[str],
    *,
    column: str = "code",
    language: str | None = None,
    embedding: Embedding | str | Path = "tfidf",
    pca: int | None = None,
) -> tuple[Scenario, ...]:
    """Return the scenarios of some names, each once, in the order of the names.

    Args:
        names: Names of sets (``"simscood"``, all fifteen of ``simscood_scenarios``; ``"length"``, ``"syntax"``,
            ``"semantics"``, ``"apis"``, five each), or of scenarios: ``"length_p90_p100"`` for any two percentiles,
            ``"syntax_while_statement"`` for any node type, ``"api_java.util"`` for any API, ``"semantics_cluster_0"``
            for any of the 35 clusters, the largest first.
        column: Column that holds the code.
        language: Language of the code, required for syntax and APIs.
        embedding: Embedding of the clusters, as in ``ClusterSplitter``.
        pca: Number of principal components, as in ``ClusterSplitter``.

    Raises:
        ParameterError: if ``names`` holds no names, a name is unknown, or a scenario needs a language.

    >>> longest, loops, *others = scenarios_by_name(["length_p90_p100", "syntax"], column="code", language="go")
    >>> longest.name, loops.name
    ('length_p90_p100', 'syntax_for_statement')
    >>> scenarios_by_name("simscod", column="code", language="go")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: scenario must be a known name, got 'simscod': \
did you mean simscood?
    """
    finder = _Finder(column, language, embedding, pca)
    by_name: dict[str, Scenario] = {}
    for name in several("names", names, "names of scenarios", 'such as ["length_p90_p100"]'):
        for scenario in finder.find(name):
            by_name.setdefault(scenario.name, scenario)
    return tuple(by_name.values())


class _Finder:
    """Finder of the scenarios of a name for one column and language."""

    def __init__(self, column: str, language: str | None, embedding: Any, pca: int | None) -> None:
        self.column, self.language = column, language
        self.embedding, self.pca = embedding, pca

    def find(self, name: str) -> tuple[Scenario, ...]:
        for pattern, make in self._patterns():
            matched = re.fullmatch(pattern, name) if isinstance(name, str) else None
            if matched:
                return make(*matched.groups())
        raise ParameterError("scenario", "a known name", name, self._remedy(str(name)))

    def _remedy(self, name: str) -> str:
        """Return the name with its first word corrected, if that is a known name; otherwise close matches."""
        word, _, rest = name.partition("_")
        for close in difflib.get_close_matches(word, ("length", "syntax", "semantics", "api"), n=1, cutoff=0.6):
            meant = f"{close}_{rest}"
            if meant != name and any(re.fullmatch(pattern, meant) for pattern, _ in self._patterns()):
                return f"did you mean {meant}?"
        return closest(name, self._known())

    def _patterns(self) -> tuple[tuple[str, Callable[..., tuple[Scenario, ...]]], ...]:
        return (
            ("simscood", lambda: (*self._bands(), *self._elements(), *self._clusters())),
            ("length", self._bands),
            ("syntax", self._elements),
            ("semantics", self._clusters),
            ("apis", self._apis),
            (f"length_p{_NUMBER}_p{_NUMBER}", self._band),
            (r"syntax_(\w+)", lambda node: self._elements((node,))),
            (r"semantics_cluster_(\d+)", self._cluster),
            (r"api_(\S+)", lambda api: self._apis((api,))),
        )

    def _known(self) -> list[str]:
        """Return the names that may have been meant."""
        bands = [band_name(low, high) for low, high in SIMSCOOD_BANDS]
        nodes = [f"syntax_{node}" for node in ELEMENTS.get(self.language or "", ())]
        apis = [f"api_{api}" for api in SCENARIO_FAMILIES.get(self.language or "", ())]
        return [*SETS, *bands, *nodes, *apis, *(f"semantics_cluster_{i}" for i in range(_COUNT))]

    def _bands(self, bands: tuple[tuple[float, float], ...] = SIMSCOOD_BANDS) -> tuple[Scenario, ...]:
        return length_bands(self.column, bands=bands, language=self.language)

    def _band(self, low: str, high: str) -> tuple[Scenario, ...]:
        band = quantile_of(low), quantile_of(high)
        if not 0 <= band[0] < band[1] <= 1:
            constraint = "a band of two percentiles in order, from 0 to 100"
            raise ParameterError("scenario", constraint, f"length_p{low}_p{high}", "such as length_p90_p100")
        return self._bands((band,))

    def _cluster(self, number: str) -> tuple[Scenario, ...]:
        if int(number) >= N_CLUSTERS:
            constraint = f"one of {N_CLUSTERS} clusters, 0 to {N_CLUSTERS - 1}"
            name = f"semantics_cluster_{number}"
            raise ParameterError("scenario", constraint, name, "give a ClusterSplitter with more n_clusters")
        return self._clusters(int(number) + 1)[-1:]

    def _elements(self, nodes: tuple[str, ...] | None = None) -> tuple[Scenario, ...]:
        return ast_elements(self.column, language=self._of("syntax"), nodes=nodes)

    def _apis(self, apis: tuple[str, ...] | None = None) -> tuple[Scenario, ...]:
        return api_families(self.column, language=self._of("apis"), apis=apis)

    def _clusters(self, count: int = _COUNT) -> tuple[Scenario, ...]:
        return clusters(self.column, count=count, embedding=self.embedding, pca=self.pca)

    def _of(self, kind: str) -> str:
        if self.language is None:
            raise ParameterError("language", f"given for scenarios of {kind}", None, "name the language of the code")
        return self.language

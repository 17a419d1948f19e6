"""Scenarios: named lists of splits to run one after the other, as a study does.

Pass one ``PropertyTable`` to the ``assign`` of each, so that lengths, syntax trees and embeddings are computed once for
all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from codeshift.checks import check_integer, several
from codeshift.errors import ParameterError
from codeshift.properties.embedding import Embedding, as_embedding
from codeshift.properties.row_languages import check_languages
from codeshift.splitters.api_usage import APIUsageSplitter
from codeshift.splitters.ast_node import ASTNodeSplitter
from codeshift.splitters.base import Splitter
from codeshift.splitters.cluster import ClusterSplitter
from codeshift.splitters.length import LengthSplitter
from codeshift.splitters.quantiles import check_quantiles

SIMSCOOD_BANDS = ((0.0, 0.03), (0.24, 0.27), (0.48, 0.51), (0.72, 0.75), (0.97, 1.0))
"""Bands of length after SimSCOOD: those at the ends extrapolate, those in between interpolate."""

ELEMENTS: dict[str, tuple[str, ...]] = {
    "python": ("for_statement", "while_statement", "try_statement", "with_statement", "raise_statement"),
    "java": ("if_statement", "for_statement", "try_statement", "throw_statement", "cast_expression"),
    "c_sharp": ("if_statement", "for_statement", "throw_statement", "cast_expression", "conditional_expression"),
    "javascript": ("for_statement", "try_statement", "throw_statement", "ternary_expression", "arrow_function"),
    "typescript": ("for_statement", "try_statement", "throw_statement", "ternary_expression", "arrow_function"),
    "go": ("for_statement", "expression_switch_statement", "defer_statement", "func_literal", "slice_expression"),
    "c": ("for_statement", "while_statement", "switch_statement", "goto_statement", "conditional_expression"),
    "cpp": ("for_statement", "while_statement", "try_statement", "throw_statement", "lambda_expression"),
    "rust": ("for_expression", "match_expression", "closure_expression", "try_expression", "unsafe_block"),
    "ruby": ("if_modifier", "case", "rescue", "do_block", "conditional"),
    "php": ("foreach_statement", "try_statement", "throw_expression", "switch_statement", "conditional_expression"),
}
"""Five node types of each language that occur in some programs of most datasets, but not in most programs."""

SCENARIO_FAMILIES: dict[str, tuple[str, ...]] = {
    "python": ("os", "sys", "re", "time", "logging"),
    "java": ("java.util", "java.io", "StringBuilder", "Math", "System"),
    "c_sharp": ("System", "StringBuilder", "Math", "List", "ArgumentException"),
    "javascript": ("Math", "JSON", "Promise", "Object", "Array"),
    "typescript": ("Math", "JSON", "Promise", "Object", "Array"),
    "go": ("fmt", "strings", "errors", "os", "time"),
}
"""Five widely used families of APIs of each language."""


@dataclass(frozen=True)
class Scenario:
    """Split with a name that can be used in tables and file names.

    Attributes:
        name: Name, such as ``"length_p97_p100"``.
        splitter: Splitter, which defines what is out of distribution.

    >>> Scenario("longest", LengthSplitter(column="code", quantiles=(0.9, 1.0))).name
    'longest'
    """

    name: str
    splitter: Splitter

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ParameterError("name", "a name", self.name, 'such as "long programs"')
        if not isinstance(self.splitter, Splitter):
            raise ParameterError("splitter", "a splitter", self.splitter, 'such as LengthSplitter(column="code")')


N_CLUSTERS = 35
"""Number of clusters of scenarios, as in SimSCOOD."""


def length_bands(
    column: str = "code",
    *,
    bands: Sequence[tuple[float, float]] = SIMSCOOD_BANDS,
    unit: str = "tokens",
    language: str | None = None,
    tokenizer: Any = None,
    tokenizer_revision: str | None = None,
) -> tuple[Scenario, ...]:
    """Return a ``LengthSplitter`` for each band of quantiles; rows of one length are divided, so a band has its share.

    Args:
        column: Column that holds the code.
        bands: Pairs of quantiles; by default those of SimSCOOD.
        unit: Unit of length, as in ``LengthSplitter``, as the arguments that follow.
        language: Language whose syntax trees' leaves are counted.
        tokenizer: Tokenizer whose tokens are counted.
        tokenizer_revision: Branch, tag or commit of its hub name.

    Raises:
        ParameterError: if an argument is invalid.

    >>> [scenario.name for scenario in length_bands("code", bands=((0, 0.5), (0.975, 1)))]
    ['length_p0_p50', 'length_p97.5_p100']
    """
    return tuple(
        Scenario(
            band_name(low, high),
            LengthSplitter(
                column=column,
                unit=unit,
                quantiles=(low, high),
                language=language,
                tokenizer=tokenizer,
                ties="split",
                tokenizer_revision=tokenizer_revision,
            ),
        )
        for low, high in _checked_bands(bands)
    )


def _checked_bands(bands: Any) -> list[tuple[float, float]]:
    if isinstance(bands, str) or not isinstance(bands, Iterable):
        raise ParameterError("bands", "pairs of quantiles", bands, "such as ((0.0, 0.1), (0.9, 1.0))")
    return [check_quantiles(band) for band in bands]


def band_name(low: float, high: float) -> str:
    """Return the name of a band of quantiles, by which ``scenarios_by_name`` finds the very band.

    >>> band_name(0.9, 0.975), band_name(0, 1 / 3)
    ('length_p90_p97.5', 'length_p0_p33.33333333333333')
    """
    return f"length_p{_percent(low)}_p{_percent(high)}"


def _percent(quantile: float) -> str:
    """Return a quantile in percent without the rounding of a product: 7 for 0.07."""
    short = f"{100 * quantile:.4g}"
    exact = Decimal(short) if quantile_of(short) == quantile else Decimal(repr(float(quantile))).scaleb(2)
    return f"{exact:f}"


def quantile_of(percent: str) -> float:
    """Return the quantile of a text in percent, without the rounding of a quotient.

    >>> quantile_of("97.5"), quantile_of("33.33333333333333") == 0.3333333333333333
    (0.975, True)
    """
    return float(Decimal(percent).scaleb(-2))


def ast_elements(column: str = "code", *, language: str, nodes: Sequence[str] | None = None) -> tuple[Scenario, ...]:
    """Return an ``ASTNodeSplitter`` for each node type.

    Args:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``.
        nodes: Node types; by default the language's ``ELEMENTS``.

    Raises:
        ParameterError: if the language is unknown or has no ``ELEMENTS``, or a node type is unknown or named twice.

    >>> ast_elements("code", language="python")[1].name
    'syntax_while_statement'
    """
    chosen = ELEMENTS.get(check_languages(language), ()) if nodes is None else _distinct_names("nodes", nodes)
    if not chosen:
        raise ParameterError("nodes", "given for a language without a list of elements", nodes, "name the node types")
    return tuple(
        Scenario(f"syntax_{node}", ASTNodeSplitter(column=column, language=language, nodes=(node,))) for node in chosen
    )


def api_families(column: str = "code", *, language: str, apis: Sequence[str] | None = None) -> tuple[Scenario, ...]:
    """Return an ``APIUsageSplitter`` for each family of APIs.

    Args:
        column: Column that holds the code.
        language: Language of the code, one of those that ``APINames`` resolves.
        apis: Names of the families; by default the language's ``SCENARIO_FAMILIES``.

    Raises:
        ParameterError: if the language is unknown or has no ``SCENARIO_FAMILIES``, or a family is named twice.

    >>> api_families("code", language="python", apis=("numpy", "pandas"))[0].name
    'api_numpy'
    """
    chosen = SCENARIO_FAMILIES.get(check_languages(language), ()) if apis is None else _distinct_names("apis", apis)
    if not chosen:
        raise ParameterError(
            "apis", f"for a language of {', '.join(SCENARIO_FAMILIES)}", language, "APIs are resolved in these"
        )
    return tuple(
        Scenario(f"api_{api}", APIUsageSplitter(column=column, language=language, apis=(api,))) for api in chosen
    )


def clusters(
    column: str = "code",
    *,
    count: int = 5,
    embedding: Embedding | str | Path | Callable[[Sequence[str]], Any] = "tfidf",
    n_clusters: int | str = N_CLUSTERS,
    pca: int | None = None,
    cluster_seed: int = 0,
) -> tuple[Scenario, ...]:
    """Return a ``ClusterSplitter`` for each of the largest clusters; all share one clustering.

    Args:
        column: Column that holds the code.
        count: Number of clusters, the largest first.
        embedding: Embedding, as in ``ClusterSplitter``.
        n_clusters: Number of clusters of the clustering, as in ``ClusterSplitter``.
        pca: Number of principal components, as in ``ClusterSplitter``.
        cluster_seed: Seed of the clustering.

    Raises:
        ParameterError: if an argument is invalid, or ``count`` is larger than ``n_clusters``.

    >>> [scenario.name for scenario in clusters("code", count=2)]
    ['semantics_cluster_0', 'semantics_cluster_1']
    """
    check_integer("count", count, smallest=1)
    if not isinstance(n_clusters, str) and count > check_integer("n_clusters", n_clusters, smallest=2):
        raise ParameterError("count", f"at most n_clusters, {n_clusters}", count, "ask for fewer, or more clusters")
    recipe = as_embedding(embedding)
    return tuple(
        Scenario(
            f"semantics_cluster_{number}",
            ClusterSplitter(
                column=column,
                embedding=recipe,
                n_clusters=n_clusters,
                pca=pca,
                clusters=(number,),
                cluster_seed=cluster_seed,
            ),
        )
        for number in range(count)
    )


def simscood_scenarios(
    column: str = "code",
    *,
    language: str,
    embedding: Embedding | str | Path | Callable[[Sequence[str]], Any] = "tfidf",
    pca: int | None = None,
) -> tuple[Scenario, ...]:
    """Return fifteen scenarios after SimSCOOD (Hajipour et al., NAACL 2024 Findings).

    There are five each of length, syntax and semantics. Lengths are counted in the leaves of the syntax tree. The paper
    clusters CodeBERT's vectors after a PCA: ``embedding="microsoft/codebert-base", pca=50``; the default needs no
    model.

    Args:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``.
        embedding: Embedding, as in ``ClusterSplitter``.
        pca: Number of principal components, as in ``ClusterSplitter``.

    >>> names = [scenario.name for scenario in simscood_scenarios("code", language="java")]
    >>> len(names), names[0], names[5], names[10]
    (15, 'length_p0_p3', 'syntax_if_statement', 'semantics_cluster_0')
    """
    return (
        *length_bands(column, language=language),
        *ast_elements(column, language=language),
        *clusters(column, embedding=embedding, pca=pca),
    )


def _distinct_names(parameter: str, values: Any) -> tuple[str, ...]:
    names = several(parameter, values, "names", "give a list of them")
    if not names or len(set(names)) < len(names):
        raise ParameterError(parameter, "names that differ, at least one", values, "name each once")
    return names

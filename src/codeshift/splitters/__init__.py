"""Splitters, which define what is out of distribution and assign rows to parts.

>>> from codeshift.splitters import ASTNodeSplitter
>>> ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
ASTNodeSplitter(column='code', language='python', nodes=('while_statement',), match='any', min_count=1)
"""

from codeshift.properties.embedding import ColumnEmbedding, EncoderEmbedding, FunctionEmbedding, TfidfEmbedding
from codeshift.regions.base import Region
from codeshift.regions.centroids import NearestCentroid
from codeshift.regions.distribution import Distribution
from codeshift.regions.elements import Contains, ElementRegion, Matches
from codeshift.regions.interval import Interval
from codeshift.regions.labels import OneOf
from codeshift.regions.since import SinceOfLabel
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.config import SplitConfig
from codeshift.splits.facts import FoundDuplicates, PartSize
from codeshift.splits.manifest import SplitManifest
from codeshift.splits.streaming import StreamDealer
from codeshift.splits.transformed import TransformedPart
from codeshift.splitters.api_usage import APIUsageSplitter
from codeshift.splitters.ast_node import ASTNodeSplitter
from codeshift.splitters.base import Splitter
from codeshift.splitters.cluster import ClusterSplitter
from codeshift.splitters.complexity import ComplexitySplitter
from codeshift.splitters.compounds.divergence import divergence
from codeshift.splitters.compounds.splitter import CompoundDivergenceSplitter
from codeshift.splitters.group import GroupSplitter
from codeshift.splitters.length import LengthSplitter
from codeshift.splitters.parse import parse_splitter
from codeshift.splitters.predicate import PredicateSplitter
from codeshift.splitters.random import RandomSplitter
from codeshift.splitters.scenario_names import scenarios_by_name
from codeshift.splitters.scenarios import (
    Scenario,
    api_families,
    ast_elements,
    clusters,
    length_bands,
    simscood_scenarios,
)
from codeshift.splitters.time import TimeSplitter
from codeshift.splitters.token_rarity import TokenRaritySplitter

__all__ = [
    "APIUsageSplitter",
    "ASTNodeSplitter",
    "ClusterSplitter",
    "ColumnEmbedding",
    "ComplexitySplitter",
    "CompoundDivergenceSplitter",
    "Contains",
    "Distribution",
    "ElementRegion",
    "EncoderEmbedding",
    "FoundDuplicates",
    "FunctionEmbedding",
    "GroupSplitter",
    "Interval",
    "LengthSplitter",
    "Matches",
    "NearestCentroid",
    "OneOf",
    "PartSize",
    "PredicateSplitter",
    "RandomSplitter",
    "Region",
    "Scenario",
    "SinceOfLabel",
    "SplitAssignment",
    "SplitConfig",
    "SplitManifest",
    "Splitter",
    "StreamDealer",
    "TfidfEmbedding",
    "TimeSplitter",
    "TokenRaritySplitter",
    "TransformedPart",
    "api_families",
    "ast_elements",
    "clusters",
    "divergence",
    "length_bands",
    "parse_splitter",
    "scenarios_by_name",
    "simscood_scenarios",
]

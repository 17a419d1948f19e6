"""Properties that an audit compares between parts, with their names and whether the split was meant to move them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.audit.settings import AuditSettings
from codeshift.audit.tokens import TokenTypes
from codeshift.errors import ParameterError
from codeshift.properties import (
    APINames,
    CharCount,
    ElementCounts,
    LineCount,
    NodeTypes,
    Property,
    PropertyTable,
    TokenCount,
    TreeDepth,
)
from codeshift.properties.api_names import API_LANGUAGES
from codeshift.properties.row_languages import language_column
from codeshift.regions.elements import ElementRegion
from codeshift.splitters import Region


@dataclass(frozen=True, eq=False)
class ComparedProperty:
    """Values of one property for all rows.

    Attributes:
        name: Name in the report.
        values: Numbers or labels (objects) of shape ``(n,)``, or the element counts of n rows.
        intended: Whether the split was meant to move the property, which is then not a confound.
        says_content: Whether the property describes programs themselves, and not only where they come from.
        spared: Elements that the split was meant to move.
        times: Whether the numbers are seconds since 1970.
    """

    name: str
    values: np.ndarray | ElementCounts
    intended: bool = False
    says_content: bool = True
    spared: tuple[str, ...] = ()
    times: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers, which have a mean and a scale."""
        return isinstance(self.values, np.ndarray) and self.values.dtype != object

    @property
    def in_verdict(self) -> bool:
        """Whether the property counts in the verdict: a number that describes programs themselves.

        The distance between two samples of thousands of rare elements is large whatever they were drawn from; the
        classifier and the indicators of intended elements represent the elements in the verdict.
        """
        return self.is_number and self.says_content


def default_properties(table: PropertyTable, column: str, language: str | None) -> tuple[Property, ...]:
    """Return length in three units and, with a language, tree depth, node types and (if supported) API names.

    Args:
        table: Rows, which may name their languages; API names are then compared if those of all can be.
        column: Column of the code.
        language: Language, or the column that names it; None for lengths alone.
    """
    lengths = (CharCount(column), LineCount(column), TokenCount(column))
    if language is None:
        return lengths
    of_tree = (*lengths, TreeDepth(column, language), NodeTypes(column, language))
    by_row = language_column(language)
    languages = (language,) if by_row is None else table.languages(by_row)
    return (*of_tree, APINames(column, language)) if set(languages) <= set(API_LANGUAGES) else of_tree


def gather_properties(
    table: PropertyTable, settings: AuditSettings, region: Region | None
) -> tuple[ComparedProperty, ...]:
    """Return all properties to compare: those given, the intended ones, and the tokens.

    Raises:
        ParameterError: if a given property has neither numbers, labels nor element counts as values.
    """
    leaves = () if region is None else region.leaves
    drawable = [leaf for leaf in leaves if isinstance(leaf, ElementRegion)]
    intended = settings.intended
    if intended is None:
        intended = () if region is None else region.properties()
    intended = tuple(dict.fromkeys(prop.shown for prop in intended if prop.shown is not None))
    required = settings.properties
    if required is None:
        required = default_properties(table, settings.column, settings.language)
    compared = tuple(dict.fromkeys([*required, *intended, TokenTypes(settings.column)]))
    names = _property_names(compared)
    with_values = []
    for prop in compared:
        is_required = prop in required or (settings.intended is not None and prop in intended)
        values = _values(table, prop, required=is_required)
        if values is None:
            continue
        vocabulary = values.vocabulary if isinstance(values, ElementCounts) else ()
        drawing = [leaf for leaf in drawable if prop in leaf.properties()] if isinstance(values, ElementCounts) else []
        spared = tuple(element for leaf in drawing for element in leaf.drawn_by(vocabulary))
        # If some elements were meant to move, the others can still be confounds.
        is_intended, times = prop in intended and not spared, prop.is_time(table)
        with_values.append(ComparedProperty(names[prop], values, is_intended, prop.of_content, spared, times))
        with_values.extend(_indicators(table, names[prop], drawing) if spared else ())
    return tuple(with_values)


def _values(table: PropertyTable, prop: Property, *, required: bool) -> np.ndarray | ElementCounts | None:
    values = table.values(prop)
    if isinstance(values, ElementCounts):
        return values
    array = np.asarray(values) if isinstance(values, np.ndarray) else np.empty((0, 0))
    if array.ndim == 1 and array.dtype == object:
        return array
    if array.ndim == 1 and array.dtype.kind in "fiub":
        return array.astype(np.float64)
    if required:
        raise ParameterError(
            "properties", "properties that give a number, a label or element counts a row", prop, "leave it out"
        )
    return None  # a vector, on which a region was fitted; the two-sample tests compare content as a whole


def _property_names(properties: Sequence[Property]) -> dict[Property, str]:
    """Return a name for each property: its class if no other property has the same class, else its repr."""
    classes = [type(prop).__name__ for prop in properties]
    return {
        prop: name if classes.count(name) == 1 else repr(prop) for prop, name in zip(properties, classes, strict=True)
    }


def _indicators(table: PropertyTable, name: str, leaves: Sequence[ElementRegion]) -> list[ComparedProperty]:
    """Return whether each row contains the elements that the split was meant to move, as 0 or 1."""
    indicators: dict[str, ComparedProperty] = {}
    for leaf in leaves:
        key = f"{name}: {', '.join(leaf.names())}"
        indicators[key] = ComparedProperty(key, leaf.contains(table).astype(np.float64), intended=True)
    return list(indicators.values())

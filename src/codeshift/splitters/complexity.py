"""Splits by the complexity of programs."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.checks import check_choice, settle
from codeshift.literals import expressible
from codeshift.properties import Property, TreeDepth
from codeshift.properties.complexity import CyclomaticComplexity, IdentifierCount, NestingDepth
from codeshift.properties.row_languages import check_languages
from codeshift.splitters.band import BandSplitter

_MEASURES: dict[str, type[CyclomaticComplexity | NestingDepth | TreeDepth | IdentifierCount]] = {
    "cyclomatic": CyclomaticComplexity,
    "nesting": NestingDepth,
    "depth": TreeDepth,
    "identifiers": IdentifierCount,
}


@expressible
@dataclass(frozen=True, kw_only=True, repr=False)
class ComplexitySplitter(BandSplitter):
    """Programs of a band of complexities are out of distribution; by default the most complex fifth.

    Complexity takes few values (half of all functions may have no branch at all), so a band of quantiles can be larger
    or smaller than requested: rows of one value stay together. ``bounds`` states exactly what is inside, and
    ``ties="split"`` takes exactly the share. Complexity also correlates with length; ``ComplexitySplitter(...) &
    LengthSplitter(...)`` keeps length in a band.

    Attributes:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``, or ``"column:lang"`` for the
            one that each row names in its column ``lang``.
        measure: Measure: ``"cyclomatic"`` (decisions plus one, McCabe 1976), ``"nesting"`` (depth of nested control
            structures), ``"depth"`` (of the syntax tree) or ``"identifiers"`` (occurrences).
        quantiles: Band as shares of the rows, ``(low, high)``.
        bounds: Band as values instead, ``low <= value < high``; ``None`` for an open end.
        ties: Treatment of rows of one complexity at a quantile: ``"together"`` takes all or none of them;
            ``"split"`` divides them by the hash of their content, so a band has its share of the rows.

    Raises:
        ParameterError: if a value is invalid.

    >>> ComplexitySplitter(column="code", language="python", measure="nesting", bounds=(3, None)).measured
    NestingDepth(column='code', language='python')
    """

    always_shown = ("column", "language", "measure", "quantiles", "bounds")

    language: str
    measure: str = "cyclomatic"

    def __post_init__(self) -> None:
        settle(self, measure=check_choice("measure", self.measure, _MEASURES))
        super().__post_init__()
        settle(self, language=check_languages(self.language))
        _ = self.measured  # checks that the measure knows the language

    @property
    def measured(self) -> Property:
        """Property whose band this splitter takes."""
        return _MEASURES[self.measure](self.column, self.language)

"""Splits by a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from codeshift.checks import settle, several
from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.predicate import Satisfies, dotted_name, source_digest, trust_function
from codeshift.regions.base import Region
from codeshift.regions.interval import Interval
from codeshift.splitters.base import Splitter


@dataclass(frozen=True, kw_only=True)
class PredicateSplitter(Splitter):
    """Programs for which a function of yours returns True are out of distribution.

    The function gets a row as a dict with ``column`` and the columns of ``reads``, and nothing else, so that all that a
    split depends on is known. It is recorded by its dotted name and a digest of its source, so it must be defined at
    the top level of a module, a script or a notebook cell; a lambda is refused. A region loaded from a manifest runs it
    only in a process whose own code has named it (fitting this splitter does that), since a file must not decide what
    code is imported.

    Attributes:
        column: Column that holds the code.
        predicate: Function, or its name as ``"package.module:function"``; stored as the name.
        name: Name in the manifest; by default the function's name.
        reads: Other columns that the function reads.

    Raises:
        ParameterError: if the function cannot be reached by a name.

    >>> PredicateSplitter(column="code", predicate="keyword:iskeyword", name="is one keyword")
    PredicateSplitter(column='code', predicate='keyword:iskeyword', name='is one keyword', reads=())
    """

    predicate: str | Callable[[dict[str, Any]], bool]
    name: str = ""
    reads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if callable(self.predicate):
            settle(self, predicate=dotted_name(self.predicate))
        elif not isinstance(self.predicate, str) or ":" not in self.predicate:
            raise ParameterError(
                "predicate", "a function of a row, or its name", self.predicate, 'such as "package.module:function"'
            )
        assert isinstance(self.predicate, str)  # noqa: S101 - by the two cases above
        settle(self, name=self.name or self.predicate.partition(":")[2])
        reads = several("reads", self.reads, "the names of columns", 'such as ("year",)')
        for column in reads:
            check_name("reads", column)
        settle(self, reads=tuple(sorted({*reads} - {self.column})))

    @property
    def also_reads(self) -> Mapping[str, str]:
        """Columns of ``reads``."""
        return dict.fromkeys(self.reads, "reads")

    def fit(self, table: PropertyTable) -> Region:
        """Return the region of rows that satisfy the function.

        Raises:
            ParameterError: if the function cannot be imported.
        """
        assert isinstance(self.predicate, str)  # noqa: S101 - set in __post_init__
        digest = source_digest(trust_function(self.predicate))
        return Interval(Satisfies(self.column, self.predicate, self.name, self.reads, digest), 1, None)

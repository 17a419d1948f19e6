"""Splits by the APIs that programs use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from codeshift.checks import settle, several
from codeshift.errors import ParameterError, UnresolvedAPIWarning, warn
from codeshift.literals import expressible
from codeshift.properties import APINames, ElementCounts, PropertyTable
from codeshift.properties.api_names import check_api_language
from codeshift.properties.api_names.unresolved import is_imported, may_be
from codeshift.properties.row_languages import language_column
from codeshift.properties.texts import Texts
from codeshift.regions.base import Region
from codeshift.regions.elements import Contains, Matches, matching
from codeshift.splitters.choosing import ElementSplitter


@expressible
@dataclass(frozen=True, kw_only=True, repr=False)
class APIUsageSplitter(ElementSplitter):
    """Programs that use certain APIs are out of distribution.

    The APIs are those named by ``apis``, or the ``rarest``, or chosen so that the region holds a ``share`` of the rows;
    if none of the three is given, a tenth. Names are qualified through imports, aliases and declared types
    (``codeshift.properties.APINames``).

    Attributes:
        column: Column that holds the code.
        language: Language: ``"python"``, ``"java"``, ``"c_sharp"``, ``"javascript"``, ``"typescript"`` or ``"go"``;
            or ``"column:lang"`` for the one that each row names in its column ``lang``.
        apis: Patterns of names. A plain one matches names that contain it as a run of whole parts
            (``"numpy.linalg"`` matches ``numpy.linalg.norm``; ``"stream"`` matches ``java.util.stream.Stream`` and
            ``List.stream``); one with ``*``, ``?`` or ``[`` is a glob over the whole name (``"java.util.stream.*"``,
            ``"*.Stream.*"``).
        match: Whether programs must match one of ``apis`` (``"any"``) or every one (``"all"``).
        min_count: Lowest number of uses of an API in a program (one pattern of ``apis``, all its matches together).
        rarest: Number of rarest names to take, instead of ``apis``. Methods of objects of unknown type, such as
            ``.get``, and functions of unknown modules are never chosen.
        share: Approximate share of rows to hold out, instead of ``apis``; see ``choosing.Choice``.
        min_rows: Number of rows that must use a name for it to be chosen; by default 10 for ``rarest`` and 2 for
            ``share``.

    Raises:
        ParameterError: if a value is invalid.

    >>> APIUsageSplitter(column="code", language="python", apis=("numpy.linalg",))
    APIUsageSplitter(column='code', language='python', apis=('numpy.linalg',), match='any', min_count=1)
    >>> APIUsageSplitter(column="code", language="python")
    APIUsageSplitter(column='code', language='python', share=0.1, min_rows=2, min_count=1)
    """

    named_by = "apis"

    apis: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if language_column(self.language) is None:
            settle(self, language=check_api_language(self.language))
        if self.apis is not None:
            apis = several("apis", self.apis, "names or globs", 'such as ("java.util.stream",)')
            wrong = [api for api in apis if not isinstance(api, str) or not api.strip("./ ")]
            if not apis or wrong:
                value = wrong[0] if wrong else self.apis
                raise ParameterError("apis", "at least one name or glob", value, 'such as ("java.util.stream",)')
            settle(self, apis=apis)

    def fit(self, table: PropertyTable) -> Region:
        """Return the region of rows that use the APIs; if none are named, they are chosen over all rows of ``table``.

        Warns:
            UnresolvedAPIWarning: if rows may use a pattern's API, but lack the import that would show it.
        """
        used = APINames(self.column, self.language)
        if self.apis is not None:
            _tell_unresolved(self.apis, used, table)
            return Matches(used, self.apis, self.match, self.min_count)
        return Contains(used, self.choose(table, used, _is_qualified), self.match, self.min_count)


class _Usage(NamedTuple):
    """Rows of one language that match an API, and rows that may use it but do not show its module or package.

    Attributes:
        matched: Number of the former.
        unresolved: Number of the latter.
        names: Names that the latter hold.
    """

    matched: int
    unresolved: int
    names: set[str]


@dataclass(frozen=True)
class _UsageByLanguage:
    """Usage of each of some APIs in the rows of each language."""

    apis: tuple[str, ...]
    used: APINames

    def of(self, table: PropertyTable) -> dict[tuple[str, str], _Usage]:
        """Count the rows of one table, by API and language."""
        parts = self.used.by_language(table)
        return {(api, used.language): _usage(api, used, rows) for api in self.apis for used, _, rows in parts}

    def merged(self, parts: Sequence[dict[tuple[str, str], _Usage]]) -> dict[tuple[str, str], _Usage]:
        """Add up the rows of several tables."""
        merged: dict[tuple[str, str], _Usage] = {}
        for key, usage in (item for part in parts for item in part.items()):
            before = merged.get(key, _Usage(0, 0, set()))
            matched, unresolved = before.matched + usage.matched, before.unresolved + usage.unresolved
            merged[key] = _Usage(matched, unresolved, before.names | usage.names)
        return merged


def _usage(api: str, used: APINames, table: PropertyTable) -> _Usage:
    """Return the usage of an API in rows of one language."""
    usage: ElementCounts = table.values(used)
    matched = usage.total(matching(api, usage.vocabulary)) > 0
    names = may_be(api, usage.vocabulary, used.language)
    unresolved = (usage.total(names) > 0) & ~matched
    if used.language == "python":
        _leave_out_imported(unresolved, names, usage, table.texts(used.column))
    return _Usage(int(matched.sum()), int(unresolved.sum()), set(names))


def _tell_unresolved(apis: tuple[str, ...], used: APINames, table: PropertyTable) -> None:
    """Warn of rows that may use an API but do not show its module or package."""
    usages = table.summarise(_UsageByLanguage(apis, used))
    for api, language in sorted(usages, key=lambda key: (apis.index(key[0]), key[1])):
        matched, unresolved, names = usages[api, language]
        if not unresolved:
            continue
        shown = ", ".join(sorted(names)[:3]) + (" and others" if len(names) > 3 else "")
        warning = UnresolvedAPIWarning(
            f"apis: {api!r} matches {matched} rows; {unresolved} more hold names that may be the same "
            f"({shown}), but not the import that would tell: a bare method or function does not show its file's "
            "imports. They count as not using it; a shorter pattern, or an import in each row, takes them in"
        )
        warn(warning)


def _leave_out_imported(unresolved: np.ndarray, names: list[str], usage: ElementCounts, texts: Texts) -> None:
    """Set to False the rows whose own imports show that they use another module."""
    columns = np.flatnonzero(np.isin(usage.vocabulary, names))
    usage_counts = usage.counts[:, columns].tocsr()
    rows = np.flatnonzero(unresolved)
    for row, text in zip(rows.tolist(), texts.take(rows), strict=True):
        used = (
            usage.vocabulary[columns[i]]
            for i in usage_counts.indices[usage_counts.indptr[row] : usage_counts.indptr[row + 1]]
        )
        unresolved[row] = not all(is_imported(name, text) for name in used)


def _is_qualified(name: str) -> bool:
    """Return whether the origin of a name is known: a module's or a type's member, or a type."""
    return not name.startswith(".") and ("." in name or name[:1].isupper())

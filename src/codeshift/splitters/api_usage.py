"""Splits by the APIs that programs use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.checks import settle, several
from codeshift.errors import ParameterError, UnresolvedAPIWarning, warn
from codeshift.properties import APINames, ElementCounts, PropertyTable
from codeshift.properties.api_names import check_api_language
from codeshift.properties.api_names.unresolved import is_imported, may_be
from codeshift.properties.row_languages import language_column
from codeshift.properties.texts import Texts
from codeshift.regions.base import Region
from codeshift.regions.elements import Contains, Matches, matching
from codeshift.splitters.choosing import ElementSplitter


@dataclass(frozen=True, kw_only=True, repr=False)
class APIUsageSplitter(ElementSplitter):
    """Programs that use certain APIs are out of distribution.

    The APIs are those named by ``apis``, or the ``rarest``, or chosen so that the region holds a ``share`` of the rows;
    if none of the three is given, a tenth. Names are qualified through imports, aliases and declared types
    (``codeshift.properties.APINames``).

    Attributes:
        column: the column that holds the code.
        language: the language: ``"python"``, ``"java"``, ``"c_sharp"``, ``"javascript"``, ``"typescript"`` or ``"go"``;
            or ``"column:lang"`` for the one that each row names in its column ``lang``.
        apis: the patterns of names. A plain one matches names that contain it as a run of whole parts
            (``"numpy.linalg"`` matches ``numpy.linalg.norm``; ``"stream"`` matches ``java.util.stream.Stream`` and
            ``List.stream``); one with ``*``, ``?`` or ``[`` is a glob over the whole name (``"java.util.stream.*"``,
            ``"*.Stream.*"``).
        match: whether programs must match one of ``apis`` (``"any"``) or every one (``"all"``).
        min_count: the lowest number of uses of an API in a program (one pattern of ``apis``, all its matches together).
        rarest: the number of rarest names to take, instead of ``apis``. Methods of objects of unknown type, such as
            ``.get``, and functions of unknown modules are never chosen.
        share: the approximate share of rows to hold out, instead of ``apis``; see ``choosing.Choice``.
        min_rows: the number of rows that must use a name for it to be chosen; by default 10 for ``rarest`` and 2 for
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
            for of_language, _, rows in used.by_language(table):
                _tell_unresolved(self.apis, of_language, rows)
            return Matches(used, self.apis, self.match, self.min_count)
        return Contains(used, self.choose(table, used, _is_qualified), self.match, self.min_count)


@dataclass(frozen=True)
class _Unresolved:
    """Rows that match an API, and rows that may use it but do not show its module or package."""

    api: str
    used: APINames

    def of(self, table: PropertyTable) -> tuple[int, int, list[str]]:
        """Count both in one table, and name what the latter hold."""
        usage: ElementCounts = table.values(self.used)
        matched = usage.total(matching(self.api, usage.vocabulary)) > 0
        names = may_be(self.api, usage.vocabulary, self.used.language)
        unresolved = (usage.total(names) > 0) & ~matched
        if self.used.language == "python":
            _leave_out_imported(unresolved, names, usage, table.texts(self.used.column))
        return int(matched.sum()), int(unresolved.sum()), names

    def merged(self, parts: Sequence[tuple[int, int, list[str]]]) -> tuple[int, int, list[str]]:
        """Add up both of several tables."""
        names = sorted({name for part in parts for name in part[2]})
        return sum(part[0] for part in parts), sum(part[1] for part in parts), names


def _tell_unresolved(apis: tuple[str, ...], used: APINames, table: PropertyTable) -> None:
    """Warn of rows that may use an API but do not show its module or package."""
    for api in apis:
        matched, unresolved, names = table.summarise(_Unresolved(api, used))
        if unresolved:
            shown = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
            warning = UnresolvedAPIWarning(
                f"apis: {api!r} matches {matched} rows; {unresolved} more hold names that may be the same "
                f"({shown}), but not the import that would tell: a bare method or function does not show its file's "
                "imports. They count as not using it; a shorter pattern, or an import in each row, takes them in"
            )
            warn(warning)


def _leave_out_imported(unresolved: np.ndarray, names: list[str], usage: ElementCounts, texts: Texts) -> None:
    """Set to False the rows whose own imports show that they use another module."""
    columns = np.flatnonzero(np.isin(usage.vocabulary, names))
    held = usage.counts[:, columns].tocsr()
    rows = np.flatnonzero(unresolved)
    for row, text in zip(rows.tolist(), texts.take(rows), strict=True):
        used = (usage.vocabulary[columns[i]] for i in held.indices[held.indptr[row] : held.indptr[row + 1]])
        unresolved[row] = not all(is_imported(name, text) for name in used)


def _is_qualified(name: str) -> bool:
    """Return whether the origin of a name is known: a module's or a type's member, or a type."""
    return not name.startswith(".") and ("." in name or name[:1].isupper())

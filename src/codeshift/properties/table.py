"""Values of properties over one dataset: each computed at most once, and each row parsed once for all of them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from codeshift.checks import check_bool
from codeshift.errors import ParameterError
from codeshift.memory import Memory
from codeshift.properties.batch_columns import BatchColumns
from codeshift.properties.cache import cached
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.freed_memory import keep_freed_memory
from codeshift.properties.grammars import grammar
from codeshift.properties.processes import check_num_proc, processes_for
from codeshift.properties.row_languages import RowLanguages, gathered, language_column, rows_by_language
from codeshift.properties.serialise import Serialisable
from codeshift.properties.syntax import SyntaxScan, scan_batch, schema
from codeshift.properties.texts import BATCH, Texts, column_texts

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

# With fewer rows, computing again is cheaper than opening a cache file.
_CACHED_FROM = 1_000

_OF_NO_ROWS = ("python",)  # the languages of a table without rows: any gives no values

T = TypeVar("T")
Computed = TypeVar("Computed", covariant=True)


class Evaluated(Hashable, Protocol):
    """Interface of a property, as a table uses it."""

    row_by_row: ClassVar[bool]

    def evaluate(self, table: PropertyTable) -> Any:
        """Return the values of all rows."""


class ComputedFromText(Evaluated, Protocol):
    """Interface of a property that needs a row's text alone."""

    @property
    def column(self) -> str:
        """Column of the texts."""

    @property
    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a column that it parses and the language."""

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Return numbers, one per text."""


class Summary(Hashable, Protocol[Computed]):
    """Interface of a statistic of all rows that is computed of some rows each and merged.

    Splitters are fitted on summaries, so that they are fitted in the same way to rows that no one process holds.
    """

    def of(self, table: PropertyTable) -> Any:
        """Compute the statistic of the rows of one table."""

    def merged(self, parts: Sequence[Any]) -> Computed:
        """Return the statistic of all rows, given those of tables that hold each row once, in any order."""


class PropertyTable:
    r"""Properties of the rows of ``data``.

    Values stay in memory as long as the table exists; texts and syntax trees do not. For datasets of 1,000 rows or more
    what was computed is also cached on disk by the fingerprint of ``datasets`` (in ``$CODESHIFT_CACHE``, else
    ``~/.cache/codeshift``), unless ``datasets.disable_caching()`` was called or nothing can be written there. Values of
    a property of your own are not, since its code, and what that calls, may change.

    Args:
        data: Dataset; it is not changed.
        num_proc: Number of processes; None for one a core from 20,000 rows on, and one for fewer.
        cached: Whether values may be kept on disk.

    Raises:
        ParameterError: if ``data`` is not a ``datasets.Dataset`` (for a stream see
            ``codeshift.splitters.StreamDealer``), ``num_proc`` is no number of processes, or ``cached`` no truth value.

    >>> from datasets import Dataset
    >>> from codeshift.properties import LineCount
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = 1", "if x:\n    y = 2"]}))
    >>> table.values(LineCount("code"))
    array([1., 2.])
    """

    def __init__(self, data: Dataset, *, num_proc: int | None = None, cached: bool = True) -> None:
        from datasets import Dataset, IterableDataset, IterableDatasetDict

        if not isinstance(data, Dataset):
            remedy = "load it with datasets first"
            if isinstance(data, IterableDataset | IterableDatasetDict):
                remedy = "a stream is split by codeshift.splitters.StreamDealer"
            raise ParameterError("data", "a datasets.Dataset", type(data).__name__, remedy)
        self.data = data
        self.num_proc = check_num_proc(num_proc)
        self.cached = check_bool("cached", cached)
        self._values = Memory()
        self._texts: dict[str, Texts] = {}

    def __len__(self) -> int:
        return len(self.data)

    def values(self, prop: Evaluated) -> Any:
        """Return the values of ``prop``, one per row: numbers of shape ``(n,)`` or ``ElementCounts`` of n rows."""
        return self.remember(prop, lambda: prop.evaluate(self))

    def summarise(self, summary: Summary[T]) -> T:
        """Return a statistic of all rows, which is computed when it is first asked for."""
        return self.remember(summary, lambda: summary.merged([summary.of(self)]))

    def sample(self, column: str, programs: int) -> PropertyTable:
        """Return a table of all rows of the first distinct programs of a column, in the order of ``DistinctTexts``.

        It may hold further rows: this table is its own sample, since its rows are at hand.

        Args:
            column: Column of programs.
            programs: Number of programs that are enough.
        """
        return self

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the result of ``compute``, which is called when ``key`` is first requested."""
        return self._values.remember(key, compute)

    def texts(self, column: str) -> Texts:
        """Return the texts of ``column``, which are read when they are asked for.

        Raises:
            ParameterError: if ``column`` is no name.
            DataError: if there is no such column, or it contains values that are not text.
        """
        if check_name("column", column) not in self._texts:
            self._texts[column] = column_texts(self.data, column)
        return self._texts[column]

    def syntax(self, column: str, language: str) -> SyntaxScan:
        """Return the result of one parse of each row, which every syntactic property uses."""
        return self.remember(("syntax", column, language), lambda: self._scan(column, language))

    def _scan(self, column: str, language: str) -> SyntaxScan:
        facts = grammar(language)
        columns = self._map(
            column,
            _scan_rows,
            {"column": column, "language": language},
            schema=schema(),
            cache_key=["syntax", language, facts.version, facts.digest],
            description=f"Parsing {language}",
        )
        return SyntaxScan(columns, language)

    def stopped(self, column: str, language: str) -> np.ndarray:
        """Tell on which rows the parser gave up, as ``codeshift.properties.bounds`` says: mask of shape ``(n,)``."""
        if (by_row := language_column(language)) is None:
            return self.syntax(column, language).stopped
        parts = [(rows, table.stopped(column, name)) for name, (rows, table) in self.by_language(by_row).items()]
        return np.asarray(gathered(parts, len(self)))

    def languages(self, column: str) -> tuple[str, ...]:
        """Return the languages that a column names, each once, sorted; ``("python",)`` without rows.

        Raises:
            DataError: if there is no such column, or rows name an unknown language.
        """
        return self.summarise(RowLanguages(column)) or _OF_NO_ROWS

    def by_language(self, column: str) -> dict[str, tuple[NDArray[np.int64], PropertyTable]]:
        """Return the positions of the rows of each language that a column names, and the table of these rows.

        Raises:
            DataError: if there is no such column, or rows name an unknown language.
        """
        tables = self.remember(("by language", column), lambda: self._by_language(column))
        return tables or {name: (np.empty(0, np.int64), self) for name in _OF_NO_ROWS}

    def _by_language(self, column: str) -> dict[str, tuple[NDArray[np.int64], PropertyTable]]:
        return {
            name: (rows, PropertyTable(self.data.select(rows), num_proc=self.num_proc, cached=self.cached))
            for name, rows in rows_by_language(self.data, column).items()
        }

    def compute_texts(self, prop: ComputedFromText) -> np.ndarray:
        """Compute the numbers of a text property, batch by batch; codeshift's own are cached on disk."""
        import pyarrow as pa

        columns = self._map(
            prop.column,
            _compute_rows,
            {"prop": prop},
            schema=pa.schema([("value", pa.float64())]),
            cache_key=["text", type(prop).__module__, repr(prop), *_parsed_by(prop)],
            description=type(prop).__name__,
            on_disk=_is_digested(type(prop)),
        )
        return columns.numbers("value", np.float64)

    def _map(
        self,
        column: str,
        function: Callable[..., dict[str, list[Any]]],
        arguments: dict[str, Any],
        *,
        schema: pa.Schema,
        cache_key: list[str],
        description: str,
        on_disk: bool = True,
    ) -> BatchColumns:
        texts = self.texts(column)
        keep_freed_memory()
        if len(texts) < _CACHED_FROM or not self.cached:
            slices = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
            return BatchColumns.of_lists((function({column: part}, **arguments) for part in slices), schema)
        from datasets import Features
        from datasets.fingerprint import Hasher

        rows = self.data.with_format(None).select_columns([column])
        fingerprint = Hasher.hash([rows._fingerprint, *cache_key, _code_digest()])

        processes = processes_for(len(rows), self.num_proc)

        def mapped(**place: Any) -> Dataset:
            return rows.map(
                function,
                fn_kwargs=arguments,
                batched=True,
                num_proc=processes if processes > 1 else None,
                remove_columns=[column],
                features=Features.from_arrow_schema(schema),
                new_fingerprint=fingerprint,
                load_from_cache_file=False,
                desc=description,
                **place,
            )

        return BatchColumns.of_dataset(cached(fingerprint, mapped) if on_disk else mapped(keep_in_memory=True))


def _scan_rows(rows: dict[str, list[str]], column: str, language: str) -> dict[str, list[Any]]:
    return scan_batch(rows[column], language)


def _compute_rows(rows: dict[str, list[str]], prop: ComputedFromText) -> dict[str, list[Any]]:
    return {"value": np.asarray(prop.compute(rows[prop.column]), dtype=np.float64).tolist()}


@cache
def _code_digest() -> str:
    """Return a digest of the code that computes properties, so that values cached by another version are not used.

    A version number would not do, since it stays the same while the code is being changed.
    """
    state = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        state.update(path.read_bytes())
    return state.hexdigest()


def _is_digested(cls: type) -> bool:
    """Return whether ``_code_digest`` covers the code of a property's class, and of those that it inherits from."""
    own = [sys.modules.get(each.__module__) for each in cls.__mro__ if issubclass(each, Serialisable)]
    paths = [getattr(module, "__file__", None) for module in own]
    return all(path is not None and Path(path).is_relative_to(Path(__file__).parent) for path in paths)


def _parsed_by(prop: ComputedFromText) -> list[str]:
    """Return the grammars that a property of text parses with, if any."""
    grammars = [grammar(language) for _, language in prop.parsed]
    return [fact for facts in grammars for fact in (facts.version, facts.digest)]

"""A function of the user's own as a property.

A function cannot be written to JSON, and code must not run because a file names it. So a predicate is recorded by its
dotted name and a digest of its source, and only runs in a process whose own code has named it.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, ManifestError, ParameterError
from codeshift.properties.base import Property
from codeshift.properties.dataset_columns import column_values
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable

RowValues = dict[str, Any]

# Functions that this process's own code has named; a manifest can only select from these.
_NAMED: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True)
class Satisfies(Property):
    """Whether each row satisfies a function of the user's: 1 or 0.

    Attributes:
        function: Name of the function, as ``"package.module:name"``.
        name: Name to show.
        reads: Columns that the function can read in addition to ``column``, sorted.
        source: Digest of the function's source text, so that a change of it is noticed; empty if the source is not
            available.
    """

    title = "function"

    function: str
    name: str
    reads: tuple[str, ...] = ()
    source: str = ""

    @property
    def truth(self) -> str:
        """Description of the rows for which the function is true."""
        return f"rows where {self.name} holds"

    @property
    def columns(self) -> tuple[str, ...]:
        """Own column, and the other columns that the function can read."""
        return tuple(dict.fromkeys([self.column, *self.reads]))

    @property
    def functions(self) -> tuple[str, ...]:
        """Name of the function."""
        return (self.function,)

    @classmethod
    def words_between(cls, plain: Mapping[str, Any], low: float | None, high: float | None) -> str:
        """Describe the programs for which the function is true, or false."""
        return f"for which {plain['function']} {'holds' if low is not None else 'does not hold'}"

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute numbers of shape ``(n,)``, 1 where the function is true.

        Raises:
            ManifestError: if this process's code has not named the function, or its source has changed.
            DataError: if the function returns something other than a truth value.
        """
        predicate = trusted(self.function, self.source)
        names = sorted({self.column, *self.reads})
        columns = [
            table.texts(name) if name == self.column else column_values(table.data, name, "reads") for name in names
        ]
        answers = np.empty(len(table))
        for i, row in enumerate(zip(*columns, strict=True)):
            answers[i] = _asked(predicate, dict(zip(names, row, strict=True)), i, self.name)
        return answers


def trusted(function: str, source: str) -> Callable[..., Any]:
    """Return a function that this process's own code has named.

    Args:
        function: Dotted name of the function.
        source: Digest that its source must have; empty to accept any.

    Raises:
        ManifestError: if this process's code has not named the function, or its source does not match.
    """
    if function not in _NAMED:
        raise ManifestError(
            f"the region depends on the function {function!r}, which no manifest may import: if you have it "
            f"and trust it, call codeshift.properties.predicate.trust_function({function!r}) first"
        )
    now = source_digest(_NAMED[function])
    if source and now != source:
        raise ManifestError(
            f"the function {function!r} has changed since the region was fitted (its source had the digest "
            f"{source}, now {now or 'none'}): fit the splitter again"
        )
    return _NAMED[function]


def trust_function(name: str, parameter: str = "predicate") -> Callable[..., Any]:
    """Import a function by its dotted name and let regions of this process call it.

    Raises:
        ParameterError: if there is no such function.

    >>> trust_function("codeshift.properties.predicate:no_such")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: predicate must be the name of a function that can be imported, got \
'codeshift.properties.predicate:no_such': give "package.module:function"
    """
    function = _imported(name, parameter)
    _NAMED[name] = function
    return function


def functions_of(value: Any) -> tuple[str, ...]:
    """Return the sorted dotted names of the user's functions that a region, a property or settings call.

    >>> from codeshift.properties.predicate import Satisfies
    >>> from codeshift.splitters import Interval
    >>> functions_of(~Interval(Satisfies("code", "keyword:iskeyword", "is one keyword"), low=1))
    ('keyword:iskeyword',)
    """
    names = set(value.functions) if isinstance(value, Property) else set()
    if isinstance(value, tuple | list):
        inner = list(value)
    else:
        inner = [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else []
    return tuple(sorted(names.union(*map(functions_of, inner))))


def dotted_name(predicate: Callable[..., Any], parameter: str = "predicate") -> str:
    """Return the ``"package.module:name"`` by which any process can import a function.

    Raises:
        ParameterError: if no name leads to it, as with a lambda or a function made inside another.

    >>> dotted_name(lambda row: True)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: predicate must be a function that its name leads to, got \
codeshift.properties.predicate.<lambda>: define it with def at the top level of a module, a script or a notebook cell, \
so that the split can be made again
    """
    module, name = getattr(predicate, "__module__", None), getattr(predicate, "__qualname__", None)
    dotted = f"{module}:{name}"
    try:
        reached = module and name and _imported(dotted, parameter) is predicate
    except ParameterError:
        reached = False
    if not reached:
        raise ParameterError(
            parameter,
            "a function that its name leads to",
            Verbatim(f"{module}.{name}" if name else repr(predicate)),
            "define it with def at the top level of a module, a script or a notebook cell, so that the split can be "
            "made again",
        )
    return dotted


def source_digest(predicate: Callable[..., Any]) -> str:
    """Return a digest of a function's source text; empty if the source is not available."""
    try:
        source = inspect.getsource(predicate)
    except (OSError, TypeError):
        return ""
    return hashlib.blake2b(source.encode("utf-8", errors="surrogatepass"), digest_size=8).hexdigest()


def _imported(name: str, parameter: str) -> Callable[..., Any]:
    module, _, path = name.partition(":")
    try:
        function: Any = importlib.import_module(module)
        for part in path.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError, ValueError):
        function = None
    if not callable(function):
        raise ParameterError(
            parameter, "the name of a function that can be imported", name, 'give "package.module:function"'
        )
    return function  # type: ignore[no-any-return]


def _asked(predicate: Callable[[RowValues], bool], row: RowValues, position: int, name: str) -> float:
    try:
        answer = predicate(row)
    except KeyError as error:
        error.add_note(f"the predicate {name!r} sees the columns {sorted(row)}: name others in reads=")
        raise
    if not isinstance(answer, bool | np.bool_):
        raise DataError(
            "predicate", "a function that returns True or False", answer, f"{name!r} returned that for row {position}"
        )
    return float(answer)

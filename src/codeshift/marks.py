"""Marks of rows: how corpora hold each, as an exact, near or renamed copy or by an n-gram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from codeshift.defaults import MARKS, NGRAMS
from codeshift.errors import ParameterError
from codeshift.hashing import digest
from codeshift.wording import closest


def kinds_within(kind: str) -> tuple[str, ...]:
    """Return the kinds of marks that one of ``MARKS`` includes.

    >>> kinds_within("near"), kinds_within("ngrams")
    (('exact', 'near'), ('ngrams',))
    """
    return (NGRAMS,) if kind == NGRAMS else MARKS[: MARKS.index(kind) + 1]


def held_in_any(copies: Iterable[Mapping[str, Sequence[int]]]) -> dict[str, tuple[int, ...]]:
    """Return the positions of the rows that are among any of several copies, by kind, ascending.

    Args:
        copies: Positions of rows by kind of copy, such as those by the code and by the prompt.

    >>> held_in_any([{"exact": (), "near": (2,), "renamed": (2, 3)}, {"exact": (0,), "near": (0,)}])
    {'exact': (0,), 'near': (0, 2), 'renamed': (0, 2, 3)}
    """
    by_kind = list(copies)
    searched = [kind for kind in MARKS if any(kind in rows for rows in by_kind)]
    return {
        kind: tuple(sorted({at for rows in by_kind for each in kinds_within(kind) for at in rows.get(each, ())}))
        for kind in searched
    }


CopiesOfCorpora: TypeAlias = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Positions of the rows that a corpus holds, by kind of copy, by corpus."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RowMarks:
    """Marks of the rows of one part: which corpora hold each row, and as what kind of copy.

    A corpus holds a row if it holds the row's text in any of the columns that were looked for.

    Attributes:
        column: Column of the code, whose texts tell the rows from others.
        digest: Digest of these texts, in the order of the rows.
        n: Number of rows.
        by_column: Positions of the rows whose text in a column a corpus holds, by kind, by corpus, by column. A
            corpus has the kinds that it was searched for: one that is known by digests has no ``"near"``.

    >>> marks = RowMarks.of(["x = 1", "y = 2"], "code", {"web": {"exact": [1], "renamed": [0, 1]}})
    >>> marks.seen().tolist(), marks.seen(kind="exact").tolist()
    ([True, True], [False, True])
    """

    column: str
    digest: str
    n: int
    by_column: Mapping[str, CopiesOfCorpora] = field(repr=False)

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        column: str,
        copies: Mapping[str, Mapping[str, Sequence[int]]],
        others: Mapping[str, Mapping[str, Mapping[str, Sequence[int]]]] = MappingProxyType({}),
    ) -> RowMarks:
        """Return the marks of rows with these texts.

        Args:
            texts: Code of the rows.
            column: Its column.
            copies: Positions of the rows whose code a corpus holds, by kind, by corpus.
            others: Same of other columns, by column.

        >>> marks = RowMarks.of(["x = 1", "y = 2"], "code", {"web": {"exact": [1]}}, {"doc": {"web": {"exact": [0]}}})
        >>> marks.seen("web").tolist(), marks.seen("web", column="doc").tolist()
        ([True, True], [True, False])
        """
        return cls(column=column, digest=digest(texts), n=len(texts), by_column=_tuples_of({column: copies, **others}))

    @cached_property
    def copies(self) -> CopiesOfCorpora:
        """Positions of the rows of which a corpus holds the text of any column, by kind, by corpus."""
        corpora = dict.fromkeys(name for of_column in self.by_column.values() for name in of_column)
        return {
            name: held_in_any(of_column[name] for of_column in self.by_column.values() if name in of_column)
            for name in corpora
        }

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora."""
        return tuple(self.copies)

    def seen(
        self, corpus: str | None = None, kind: str | None = None, *, column: str | None = None
    ) -> NDArray[np.bool_]:
        """Return which rows a corpus holds, of shape ``(n,)``.

        Args:
            corpus: Corpus; None for any of them.
            kind: Kind of copy, ``"exact"``, ``"near"`` or ``"renamed"``, which includes those before it; or
                ``"ngrams"``; None for any of them.
            column: Column whose texts are held; None for any that was looked for.

        Raises:
            ParameterError: if there is no such corpus, kind or column.
        """
        if corpus is not None and corpus not in self.copies:
            raise ParameterError("corpus", "one that was searched", corpus, closest(corpus, self.copies))
        if kind is not None and kind not in MARKS:
            raise ParameterError("kind", "a kind of copy", kind, closest(kind, MARKS))
        if column is not None and column not in self.by_column:
            raise ParameterError("column", "one that was looked for", column, closest(column, self.by_column))
        kinds = MARKS if kind is None else kinds_within(kind)
        copies = self.copies if column is None else self.by_column[column]
        mask = np.zeros(self.n, dtype=bool)
        for name in copies if corpus is None else (corpus,):
            for each in kinds:
                mask[list(copies.get(name, {}).get(each, ()))] = True
        return mask

    def kinds_of_rows(self) -> dict[str, list[str | None]]:
        """Return the closest kind of copy of each row by corpus; None for a row that the corpus does not hold."""
        closest_kinds: dict[str, list[str | None]] = {}
        for corpus, kinds in self.copies.items():
            closest_kinds[corpus] = [None] * self.n
            for kind in reversed([each for each in MARKS if each in kinds]):
                for row in kinds[kind]:
                    closest_kinds[corpus][row] = kind
        return closest_kinds

    def check(self, part: str, texts: Sequence[str]) -> None:
        """Check that these are marks of a part with these texts.

        Raises:
            ParameterError: if they are those of other rows, or of the same in another order.
        """
        if digest(texts) != self.digest:
            remedy = "pass the marks of the overlap of these parts, with rows in the same order"
            raise ParameterError("marks", f"those of the rows of {part}", f"marks of {self.n} other rows", remedy)

    def joined(self, other: RowMarks) -> RowMarks:
        """Return these marks and those of further corpora for the same rows.

        Raises:
            ParameterError: if the others are marks of other rows.
        """
        if (self.column, self.digest) != (other.column, other.digest):
            raise ParameterError("marks", "of the same rows", other, "search the corpora for the same parts")
        columns = dict.fromkeys((*self.by_column, *other.by_column))
        return replace(
            self, by_column={of: {**self.by_column.get(of, {}), **other.by_column.get(of, {})} for of in columns}
        )

    def given_to(self, name: str, column: str) -> RowMarks:
        """Return these marks as those of a corpus of another name, in data whose column of the code has another name.

        Several corpora have their own names after the new one.
        """
        several = len(self.copies) > 1
        return replace(
            self,
            column=column,
            by_column={
                column if of == self.column else of: {
                    f"{name} {corpus}" if several else name: kinds for corpus, kinds in copies.items()
                }
                for of, copies in self.by_column.items()
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as values that ``json`` can write; ``from_dict`` takes them."""
        plain = {
            of: {name: {kind: list(rows) for kind, rows in kinds.items()} for name, kinds in copies.items()}
            for of, copies in self.by_column.items()
        }
        return {"column": self.column, "digest": self.digest, "rows": self.n, "by_column": plain}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RowMarks:
        """Make marks from the values of ``to_dict``.

        >>> marks = RowMarks.of(["x"], "code", {"web": {"exact": [0]}})
        >>> RowMarks.from_dict(marks.to_dict()).copies == marks.copies
        True
        """
        named = {name: values[name] for name in ("column", "digest")}
        return cls(**named, n=values["rows"], by_column=_tuples_of(values["by_column"]))


def _tuples_of(by_column: Mapping[str, Mapping[str, Mapping[str, Sequence[int]]]]) -> dict[str, CopiesOfCorpora]:
    return {
        of: {name: {kind: tuple(rows) for kind, rows in kinds.items()} for name, kinds in copies.items()}
        for of, copies in by_column.items()
    }

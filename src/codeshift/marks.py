"""Marks of rows: how corpora hold each, as an exact, near or renamed copy or by an n-gram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.defaults import MARKS, NGRAMS
from codeshift.errors import ParameterError, closest
from codeshift.hashing import digest


def kinds_within(kind: str) -> tuple[str, ...]:
    """Return the kinds of marks that one of ``MARKS`` includes.

    >>> kinds_within("near"), kinds_within("ngrams")
    (('exact', 'near'), ('ngrams',))
    """
    return (NGRAMS,) if kind == NGRAMS else MARKS[: MARKS.index(kind) + 1]


@dataclass(frozen=True, kw_only=True, eq=False)
class RowMarks:
    """Marks of the rows of one part: which corpora hold each row, and as what kind of copy.

    Attributes:
        column: the column whose texts were looked for.
        digest: the digest of these texts, in the order of the rows.
        n: the number of rows.
        copies: the positions of the rows that a corpus holds, by kind, by corpus. A corpus has the kinds that it was
            searched for: one that is known by digests has no ``"near"``.

    >>> marks = RowMarks.of(["x = 1", "y = 2"], "code", {"web": {"exact": [1], "renamed": [0, 1]}})
    >>> marks.seen().tolist(), marks.seen(kind="exact").tolist()
    ([True, True], [False, True])
    """

    column: str
    digest: str
    n: int
    copies: Mapping[str, Mapping[str, tuple[int, ...]]] = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str], column: str, copies: Mapping[str, Mapping[str, Sequence[int]]]) -> RowMarks:
        """Return the marks of rows with these texts."""
        plain = {name: {kind: tuple(rows) for kind, rows in kinds.items()} for name, kinds in copies.items()}
        return cls(column=column, digest=digest(texts), n=len(texts), copies=plain)

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora."""
        return tuple(self.copies)

    def seen(self, corpus: str | None = None, kind: str | None = None) -> NDArray[np.bool_]:
        """Return which rows a corpus holds, of shape ``(n,)``.

        Args:
            corpus: the corpus; None for any of them.
            kind: the kind of copy, ``"exact"``, ``"near"`` or ``"renamed"``, which includes those before it; or
                ``"ngrams"``; None for any of them.

        Raises:
            ParameterError: if there is no such corpus or kind.
        """
        if corpus is not None and corpus not in self.copies:
            raise ParameterError("corpus", "one that was searched", corpus, closest(corpus, self.copies))
        if kind is not None and kind not in MARKS:
            raise ParameterError("kind", "a kind of copy", kind, closest(kind, MARKS))
        wanted = MARKS if kind is None else kinds_within(kind)
        mask = np.zeros(self.n, dtype=bool)
        for name in self.copies if corpus is None else (corpus,):
            for each in wanted:
                mask[list(self.copies[name].get(each, ()))] = True
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
        return replace(self, copies={**self.copies, **other.copies})

    def renamed(self, name: str) -> RowMarks:
        """Return these marks as those of a corpus of another name; several corpora have their own names after it."""
        several = len(self.copies) > 1
        return replace(self, copies={f"{name} {of}" if several else name: kinds for of, kinds in self.copies.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as values that ``json`` can write; ``from_dict`` takes them."""
        plain = {name: {kind: list(rows) for kind, rows in kinds.items()} for name, kinds in self.copies.items()}
        return {"column": self.column, "digest": self.digest, "rows": self.n, "copies": plain}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RowMarks:
        """Make marks from the values of ``to_dict``.

        >>> marks = RowMarks.of(["x"], "code", {"web": {"exact": [0]}})
        >>> RowMarks.from_dict(marks.to_dict()).copies == marks.copies
        True
        """
        copies = {name: {kind: tuple(rows) for kind, rows in kinds.items()} for name, kinds in values["copies"].items()}
        return cls(column=values["column"], digest=values["digest"], n=values["rows"], copies=copies)

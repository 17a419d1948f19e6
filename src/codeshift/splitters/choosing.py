"""Splitters by elements (node types, APIs), and the choice of elements if the caller names none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codeshift.checks import check_choice, check_integer, check_share, settle
from codeshift.errors import ParameterError, RegionError
from codeshift.properties import Property, PropertyTable
from codeshift.properties.row_languages import check_languages
from codeshift.splitters.holding import Frequencies, HeldSets, HoldingRows
from codeshift.splitters.in_languages import LanguageSplitter

DEFAULT_SHARE = 0.1
"""Share of rows that a region holds if its elements are not specified."""

MIN_ROWS_OF_RAREST, MIN_ROWS_OF_SHARE = 10, 2
"""Rows that must contain an element for it to be chosen: a single one needs some to test on, a share fewer."""

SHARE_TOLERANCE = 0.25
"""Largest difference between the actual and the requested share, as a fraction of the latter."""

_NEAR = 0.05  # near enough, as a fraction of the requested share, to add no further element


@dataclass(frozen=True)
class Choice:
    """Choice of elements: the ``rarest`` k, or so that the rows that contain one are a ``share`` of all rows.

    Attributes:
        rarest: Number of elements, those that the fewest rows contain; ties are ordered by name.
        share: Share of rows. From the most frequent element down, each is taken that does not exceed the share,
            until the rows that contain one of those taken are near enough (``SHARE_TOLERANCE``): few elements, and
            common ones.
        min_rows: Number of rows that must contain an element for it to be chosen.
        min_count: Number of times that a row must contain an element.
    """

    rarest: int | None
    share: float | None
    min_rows: int
    min_count: int

    def of(
        self, table: PropertyTable, counted: Property, eligible: Callable[[str], bool], noun: str
    ) -> tuple[str, ...]:
        """Return the chosen elements, sorted; they depend on the set of rows, not on their order.

        Args:
            table: Rows.
            counted: Property that counts elements.
            eligible: Function that returns whether an element may be chosen.
            noun: Noun for the elements, for errors.

        Raises:
            RegionError: if there are too few elements, or none that come near the share; it says what there is.

        >>> from datasets import Dataset
        >>> from codeshift.properties import NodeTypes
        >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1", "x = 2", "f(x)"]}))
        >>> counted = NodeTypes("code", "python")
        >>> Choice(rarest=1, share=None, min_rows=1, min_count=1).of(table, counted, str.isalpha, "nodes")
        ('block',)
        >>> Choice(rarest=None, share=0.5, min_rows=1, min_count=1).of(table, counted, str.isalpha, "nodes")
        ('assignment',)
        """
        frequencies = table.summarise(HoldingRows(counted, self.min_count))
        rows = {
            name: rows
            for name, rows in frequencies.rows.items()
            if self.min_rows <= rows < frequencies.total and rows and eligible(name)
        }
        if self.rarest is not None:
            return tuple(sorted(self._rarest(self.rarest, rows, noun)))
        share = DEFAULT_SHARE if self.share is None else self.share
        return tuple(sorted(self._covering(share, table, counted, Frequencies(frequencies.total, rows), noun)))

    def _rarest(self, count: int, rows: Mapping[str, int], noun: str) -> list[str]:
        if len(rows) < count:
            raise RegionError(
                "rarest",
                f"at most {len(rows)}, the number of {noun} that {self.min_rows} rows or more hold (and not all)",
                count,
                "ask for fewer, or lower min_rows",
            )
        return sorted(rows, key=lambda name: (rows[name], name))[:count]

    def _covering(
        self, share: float, table: PropertyTable, counted: Property, usable: Frequencies, noun: str
    ) -> list[str]:
        rows, target = usable.rows, share * usable.total
        most = target * (1 + _NEAR)
        order = sorted(rows, key=lambda name: (-rows[name], name))
        too_many = [name for name in order if rows[name] > most]
        fitting = tuple(order[len(too_many) :])
        sets = table.summarise(HeldSets(counted, self.min_count, fitting))
        covered = np.zeros(len(sets.rows), dtype=bool)
        taken: list[str] = []
        held_rows = 0
        for place, name in enumerate(fitting):
            holding = sets.holding(place)
            added = int(sets.rows[holding[~covered[holding]]].sum())
            if held_rows + added <= most:
                taken.append(name)
                covered[holding] = True
                held_rows += added
            if held_rows >= target * (1 - _NEAR):
                break
        above = rows[too_many[-1]] if too_many else None  # the rarest of those that exceed the share alone
        if above is not None and above - target < target - held_rows:
            taken, held_rows = [too_many[-1]], above
        if not taken or abs(held_rows - target) > SHARE_TOLERANCE * target:
            raise self._unreachable(share, held_rows, above, usable.total, noun)
        return taken

    def _unreachable(self, share: float, held_rows: int, above: int | None, total: int, noun: str) -> RegionError:
        reachable = [f"{rows:,} of {total:,} rows ({rows / max(total, 1):.1%})" for rows in (held_rows, above) if rows]
        return RegionError(
            "share",
            f"a share that {noun} can make up to within {SHARE_TOLERANCE:.0%} of itself",
            share,
            f"the nearest is {' or '.join(dict.fromkeys(reachable)) or 'no row at all'}: ask for that, "
            f"lower min_rows ({self.min_rows}), or name the {noun}",
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ElementSplitter(LanguageSplitter):
    """Base class of splitters by elements that programs contain: named ones, the rarest, or enough to make up a share.

    A subclass has a field that names elements, and one property that counts them. If neither that field nor ``rarest``
    nor ``share`` is given, ``share`` is ``DEFAULT_SHARE``.

    Attributes:
        language: Language of the code.
        match: Whether programs must contain one of the named elements (``"any"``) or every one (``"all"``).
        min_count: Lowest number of occurrences of an element in a program to count as contained.
        rarest: Number of rarest elements to take, instead of named ones.
        share: Approximate share of rows to hold out, instead of named elements; see ``Choice``.
        min_rows: Number of rows that must contain an element for it to be chosen.

    Raises:
        ParameterError: if more than one way is given, or a value is invalid.
    """

    named_by: ClassVar[str]
    """Name of the field that names elements."""

    language: str
    match: str = "any"
    min_count: int = 1
    rarest: int | None = None
    share: float | None = None
    min_rows: int | None = None

    def __post_init__(self) -> None:
        settle(self, language=check_languages(self.language))
        named_by = self.named_by
        criteria = [name for name in (named_by, "rarest", "share") if getattr(self, name) is not None]
        if len(criteria) > 1:
            value = getattr(self, criteria[1])
            raise ParameterError(criteria[1], f"left out if {criteria[0]} is given", value, "choose one of the two")
        rarest = None if self.rarest is None else check_integer("rarest", self.rarest, smallest=1)
        share = self.share if criteria else DEFAULT_SHARE
        min_rows = self.min_rows
        if min_rows is None:
            min_rows = MIN_ROWS_OF_SHARE if rarest is None else MIN_ROWS_OF_RAREST
        settled = {
            "rarest": rarest,
            "share": None if share is None else check_share("share", share),
            "min_rows": check_integer("min_rows", min_rows, smallest=1),
            "match": check_choice("match", self.match, ("any", "all")),
            "min_count": check_integer("min_count", self.min_count, smallest=1, remedy="1 takes every occurrence"),
        }
        if self.match == "all" and criteria != [named_by]:
            remedy = f"name the {named_by} to hold out rows with all of them"
            raise ParameterError("match", f'"any" where {named_by} is left out', self.match, remedy)
        settle(self, **settled)

    def choose(self, table: PropertyTable, counted: Property, eligible: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the elements that make the region if none are named, sorted.

        Args:
            table: Rows that decide.
            counted: Property that counts elements.
            eligible: Function that returns whether an element may be chosen.

        Raises:
            RegionError: if there are too few elements, or none that come near the share.
        """
        assert self.min_rows is not None  # noqa: S101 - settled at construction
        choice = Choice(self.rarest, self.share, self.min_rows, self.min_count)
        return choice.of(table, counted, eligible, self.named_by)

    def __repr__(self) -> str:
        """Return a repr without the arguments of the choice if elements are named, else without the elements."""
        chosen_by = "share" if self.rarest is None else "rarest"
        named = getattr(self, self.named_by) is not None
        how = (self.named_by, "match", "min_count") if named else (chosen_by, "min_rows", "min_count")
        shown = (f"{name}={getattr(self, name)!r}" for name in ("column", "language", *how))
        return f"{type(self).__name__}({', '.join(shown)})"

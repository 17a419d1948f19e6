"""Splits by the combination of parts that training shows only separately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codeshift.checks import check_choice, check_integer, check_number, check_share, settle
from codeshift.errors import RegionError
from codeshift.literals import expressible
from codeshift.properties import PropertyTable
from codeshift.properties.api_names import check_api_language
from codeshift.properties.progress import progress_bar
from codeshift.properties.row_languages import check_languages, language_column
from codeshift.regions.base import Region
from codeshift.regions.elements import Contains
from codeshift.splitters.compounds.divergence import ATOM_ALPHA, COMPOUND_ALPHA, divergence
from codeshift.splitters.compounds.parts import COMPOUNDS, MadeOf, made_of
from codeshift.splitters.compounds.search import SMALLEST, Held, Search
from codeshift.splitters.in_languages import LanguageSplitter
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_DEFAULTS: dict[str, dict[str, float]] = {
    "nodes": {"target": 0.1, "max_atom_divergence": 0.05, "min_rows": 5},
    "apis": {"target": 0.3, "max_atom_divergence": 0.1, "min_rows": 10},
}

SEARCHED_SAMPLE = 50_000
"""Distinct programs that the compounds are chosen on where no process holds all rows (``split_files``)."""


class Divergences(NamedTuple):
    """Divergences between some rows and the others: 0 if their parts are in proportion, 1 if they share nothing."""

    compound: float
    atom: float


@expressible
@dataclass(frozen=True, kw_only=True)
class CompoundDivergenceSplitter(LanguageSplitter):
    """Programs that combine familiar parts in ways that training never shows are out of distribution.

    The region consists of whole compounds: each program that contains a chosen one is inside, so no program of the
    training part contains any. They are chosen so that the *compounds* of the region diverge from those of the other
    programs (``target``) while its *atoms* stay as frequent as theirs (``max_atom_divergence``). That distinguishes
    compositional generalisation from unknown parts, which ``ASTNodeSplitter`` and ``APIUsageSplitter`` hold out.

    After distribution-based compositionality assessment (DBCA): Keysers et al., Measuring Compositional Generalization:
    A Comprehensive Method on Realistic Data (ICLR 2020, arXiv 1912.09713). The divergence is theirs, with their alphas:
    1 - sum(p ** a * q ** (1 - a)), p outside and q inside the region, a = 0.5 for atoms and 0.1 for compounds. The
    differences, with reasons:

    - They move single examples until a target is met. Programs are long and share most compounds, and a = 0.1 rewards
      only what training lacks altogether, so here all programs with a compound move at once.
    - An element counts once for each program that contains it, so that a few long programs do not decide.
    - They reduce the weight of a compound that nearly always occurs within one larger compound, since it says little by
      itself. Compounds here have one size, so the same is done if an atom implies the compound: its weight is 1 - (rows
      with the compound) / (rows with the rarer of its atoms). One of weight 0 is never held out: its atom would go too.
    - Elements that fewer than ``min_rows`` rows contain are left out: an element of one program is missing on one
      side of every split. So are ERROR nodes.

    Compounds are added greedily, by the gain of each per row, once for each of several penalties of atom divergence
    (``search.PENALTIES``). Of all sets visited that meet the requirements, the one with the largest region is taken. It
    is a heuristic: if it fails, a better set might exist.

    Attributes:
        column: Column that holds the code.
        language: Language, one of ``codeshift.properties.languages()``; for ``"apis"`` one whose API names are
            resolved.
        compounds: Kind of compounds: ``"nodes"`` for pairs of a syntax node and its child (``NodePairs``), whose
            atoms are node types; ``"apis"`` for pairs of APIs that a program uses together (``APIPairs``), whose atoms
            are APIs. A bare method uses few APIs of known name, so these need whole functions and thousands of rows.
        target: Lowest compound divergence, above 0 and below 1; by default 0.1 for nodes and 0.3 for APIs.
        max_atom_divergence: Highest atom divergence; by default 0.05 for nodes and 0.1 for APIs.
        share: Largest share of rows that the region may hold; it holds at least half as many.
        min_rows: Number of rows that must contain an atom or a compound for it to count; by default 5 for nodes and
            10 for APIs. Lower values make the search slower, and both divergences larger even between random halves.

    Raises:
        ParameterError: if a value is invalid.

    >>> from codeshift.data import stdlib_functions
    >>> table = PropertyTable(stdlib_functions().select(range(0, 6000, 10)))
    >>> splitter = CompoundDivergenceSplitter(column="code", language="python")
    >>> inside = splitter.fit(table).contains(table)
    >>> divergences = splitter.measure(table, inside)
    >>> bool(divergences.compound >= 0.1), bool(divergences.atom <= 0.05), bool(0.05 <= inside.mean() <= 0.1)
    (True, True, True)
    """

    language: str
    compounds: str = "nodes"
    target: float | None = None
    max_atom_divergence: float | None = None
    share: float = 0.1
    min_rows: int | None = None

    def __post_init__(self) -> None:
        settle(self, language=check_languages(self.language))
        settle(self, compounds=check_choice("compounds", self.compounds, COMPOUNDS))
        if self.compounds == "apis" and language_column(self.language) is None:
            settle(self, language=check_api_language(self.language))
        for name, default in _DEFAULTS[self.compounds].items():
            if getattr(self, name) is None:
                settle(self, **{name: default})
        for name in ("target", "max_atom_divergence"):
            value = check_number(name, getattr(self, name), above=0, below=1, remedy="a divergence such as 0.1")
            settle(self, **{name: value})
        settle(self, share=check_share("share", self.share))
        settle(self, min_rows=check_integer("min_rows", self.min_rows, smallest=1))

    def fit(self, table: PropertyTable) -> Region:
        """Return the region of rows that contain a compound chosen over all rows of ``table``.

        Of rows in files that no process holds, those of the first 50,000 distinct programs, in the order of a digest
        of their code, are a random sample on which they are chosen.

        Raises:
            RegionError: if no set that the search visits meets the requirements; the error says what is possible.
        """
        # The search takes seconds, and several calls may split one table (regimes, splits of a cross-validation).
        return table.remember(
            ("compound divergence", self), lambda: self._search(table.sample(self.column, SEARCHED_SAMPLE))
        )

    def _search(self, table: PropertyTable) -> Region:
        parts = self._made_of(table)
        search = Search(parts.atoms, parts.compounds, parts.weights, self.share * len(table))
        candidates = list(progress_bar("Compound divergence", None, "candidate", over=search.candidates()))
        reached = [
            candidate
            for candidate in candidates
            if self._low(candidate) and candidate.compound_divergence >= self._target
        ]
        if not reached:
            raise self._unreachable(candidates, len(parts.names), len(table))
        best = max(reached, key=lambda candidate: (candidate.rows, -candidate.atom_divergence, candidate.compounds))
        return Contains(parts.pairs, tuple(sorted(parts.names[i] for i in best.compounds)))

    def measure(self, table: PropertyTable, inside: np.ndarray) -> Divergences:
        """Measure the divergences, as this splitter defines them, between any rows and the others.

        Args:
            table: Rows.
            inside: Mask of the rows, shape ``(n,)``; from this splitter's region or, to compare, from another
                one's.

        Returns:
            Both divergences; NaN if a side is empty.
        """
        parts = self._made_of(table)
        ones = np.ones(parts.atoms.shape[1])

        def between(counts: csr_matrix, weights: np.ndarray, alpha: float) -> float:
            p, q = (np.asarray(counts[side].sum(axis=0)).ravel() for side in (~inside, inside))
            return divergence(weights * p, weights * q, alpha)

        return Divergences(
            between(parts.compounds, parts.weights, COMPOUND_ALPHA), between(parts.atoms, ones, ATOM_ALPHA)
        )

    @property
    def _target(self) -> float:
        assert self.target is not None  # noqa: S101 - completed at construction
        return self.target

    def _low(self, candidate: Held) -> bool:
        assert self.max_atom_divergence is not None  # noqa: S101 - completed at construction
        return candidate.atom_divergence <= self.max_atom_divergence

    def _made_of(self, table: PropertyTable) -> MadeOf:
        assert self.min_rows is not None  # noqa: S101 - completed at construction
        return made_of(table, COMPOUNDS[self.compounds], self.column, self.language, self.min_rows)

    def _unreachable(self, candidates: Sequence[Held], n_compounds: int, total: int) -> RegionError:
        low = [candidate for candidate in candidates if self._low(candidate)]
        if not candidates:
            return RegionError(
                "share",
                f"a share that whole compounds can make up to at least {SMALLEST:.0%} of it",
                self.share,
                f"{n_compounds:,} compounds occur in {self.min_rows} rows or more of {total:,}; "
                "raise share, lower min_rows, or give more rows",
            )
        if low:
            best = max(low, key=lambda candidate: (candidate.compound_divergence, candidate.compounds))
            constraint = f"at most the compound divergence that is possible, {_floor(best.compound_divergence)}"
            parameter, value = "target", self.target
        else:
            best = min(candidates, key=lambda candidate: (candidate.atom_divergence, candidate.compounds))
            constraint = f"at least the atom divergence that is possible, {_floor(best.atom_divergence + 1e-3)}"
            parameter, value = "max_atom_divergence", self.max_atom_divergence
        reached = f"compound divergence {best.compound_divergence:.3f} at atom divergence {best.atom_divergence:.3f}"
        remedy = (
            f"{reached} was reached with {best.rows:,} of {total:,} rows ({best.rows / total:.1%}); "
            f"lower target, raise max_atom_divergence ({self.max_atom_divergence}), or try another share ({self.share})"
        )
        return RegionError(parameter, constraint, Verbatim(value), remedy)


def _floor(value: float) -> float:
    """Round down to three digits, so that the printed value can be requested."""
    return float(np.floor(value * 1e3) / 1e3)

"""Unseen elements: does a model write what fine-tuning never showed it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from codeshift.formatting import counted
from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray
from codeshift.properties.syntax import scan_batch
from codeshift.regions.elements import matching
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.finding import Finding, share
from codeshift.study.findings.quantity import Quantity
from codeshift.study.keys import RunKey
from codeshift.study.measures import SHARE, method_name
from codeshift.study.split_facts import SplitFacts


@dataclass(frozen=True, kw_only=True)
class UnseenElement(Finding):
    """How often a method writes the masked element where the reference holds it: its recall on ``test_ood``.

    Attributes:
        cell: which.
        state: how the cell's runs went.
        elements: the node types or APIs that were masked.
        kind: ``"nodes"`` or ``"apis"``.
        in_references: share of ``test_ood``'s references that hold the element.
        in_outputs: share of ``test_ood``'s outputs that hold it.
        elsewhere: share of ``test_id``'s outputs that hold it, though hardly a reference there does.
    """

    cell: Cell
    state: State
    elements: tuple[str, ...]
    kind: str
    in_references: Estimate
    in_outputs: Estimate
    elsewhere: Estimate

    @property
    def text(self) -> str:
        """The recall with its interval, or why there is none."""
        if self.state.status in ("failed", "pending"):
            return self.state.status
        return SHARE.estimate(self.estimate) if self.value == self.value else "not measured"

    @property
    def sentence(self) -> str:
        """The finding in words."""
        name = method_name(self.cell.method)
        kept = "" if self.cell.ood_kept is None else f", {share(self.cell.ood_kept)}"
        outputs = counted(self.n, "output")
        told = f"writes {' or '.join(self.elements)} in {self.text} of the {outputs} whose reference holds it"
        return f"{self.cell.scenario}, {name}{kept}: {told}."


def unseen_elements(cells: Cells) -> Iterator[UnseenElement]:
    """Of every cell of the scenarios that mask node types or APIs."""
    for scenario in masking_scenarios(cells):
        facts = _facts(cells, scenario)
        for cell in cells.of_scenario(scenario):
            recall, in_references, in_outputs, elsewhere = (
                _rate(cells, cell, kind, part)
                for kind, part in (
                    ("recall", "test_ood"), ("references", "test_ood"), ("outputs", "test_ood"), ("outputs", "test_id")
                )
            )  # fmt: skip
            yield UnseenElement(
                estimate=cells.estimate(recall), seeds=recall.seeds, cell=cell, state=cells.state(cell),
                elements=facts.elements, kind=facts.element_kind, in_references=cells.estimate(in_references),
                in_outputs=cells.estimate(in_outputs), elsewhere=cells.estimate(elsewhere),
            )  # fmt: skip


def masking_scenarios(cells: Cells) -> list[str]:
    """The scenarios that mask elements of a known language."""
    known = {name for (name, _), facts in cells.results.splits.items() if facts.elements and facts.language}
    return [name for name in cells.results.scenarios if name in known]


def recall_of(cells: Cells, cell: Cell) -> Quantity:
    """Of ``test_ood``'s outputs whose reference holds a masked element, the share that holds one."""
    return _rate(cells, cell, "recall", "test_ood")


def _rate(cells: Cells, cell: Cell, kind: str, part: str) -> Quantity:
    holding = cells.once(("holding", cell.scenario), lambda: _Holding(cells, _facts(cells, cell.scenario)))
    name = f"elements of {cell.scenario}: {kind}"
    return cells.resampler.of_rows(
        cells.records(cell), part, cell.scenario, name, lambda key: holding.statistics(key, kind, part)
    )


def _facts(cells: Cells, scenario: str) -> SplitFacts:
    return next(facts for (name, _), facts in cells.results.splits.items() if name == scenario)


class _Holding:
    """Which references and outputs of a run's test rows hold a scenario's elements; each run is parsed once."""

    def __init__(self, cells: Cells, facts: SplitFacts) -> None:
        self._cells, self._facts = cells, facts
        self._of = cache(self._both)

    def statistics(self, key: RunKey, kind: str, part: str) -> FloatArray:
        """(1, holds) for each row of the part that counts; NaN for the others."""
        references, outputs, written = self._of(key)
        written = written & self._cells.results.scored_rows(key, part, self._facts.scenario)
        counted = written & references if kind == "recall" else written
        holds = references if kind == "references" else outputs
        return np.where(counted[:, None], np.column_stack([np.ones(len(holds)), holds]), np.nan)

    def _both(self, key: RunKey) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        scores = self._cells.results.scores(key)
        written = np.array([text is not None for text in scores.predictions], dtype=bool)
        references = holds_elements(scores.references, self._facts)
        return references, holds_elements([text or "" for text in scores.predictions], self._facts), written


def holds_elements(texts: Sequence[str], facts: SplitFacts) -> NDArray[np.bool_]:
    """Which texts hold one of the elements that a scenario masks; APIs are patterns, as in ``APIUsageSplitter``."""
    scanned = scan_batch(list(texts), str(facts.language), api_names=facts.element_kind == "apis")
    if facts.element_kind == "nodes":
        return np.array([not set(facts.elements).isdisjoint(types) for types in scanned["types"]], dtype=bool)
    found = [list(names) for names in scanned["apis"]]
    return np.array([any(matching(element, names) for element in facts.elements) for names in found], dtype=bool)

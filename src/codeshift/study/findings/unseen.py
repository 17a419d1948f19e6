"""Unseen elements: how often a model writes elements that fine-tuning never showed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from codeshift.formatting import counted
from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray
from codeshift.properties import PropertyTable
from codeshift.properties.row_languages import language_column
from codeshift.regions.base import Region
from codeshift.regions.elements import element_names
from codeshift.regions.words import joined_words
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.quantity import Quantity
from codeshift.study.results.measures import SHARE
from codeshift.study.settings.keys import RunKey


@dataclass(frozen=True, kw_only=True)
class UnseenElement(Finding):
    """Recall of a masked element on ``test_ood``: the share of outputs that hold it where the reference does.

    Attributes:
        cell: Cell of the outputs.
        state: State of the cell's runs.
        elements: Masked elements: node types, APIs.
        in_references: Share of ``test_ood``'s references that hold the element.
        in_outputs: Share of ``test_ood``'s outputs that hold it.
        elsewhere: Share of ``test_id``'s outputs that hold it, though hardly any reference there does.

    >>> from codeshift.metrics import Estimate
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> recall = Estimate(0.5, 0.4, 0.6, 90, 0.95, "percentile")
    >>> shares = Estimate(0.2, 0.1, 0.3, 90, 0.95, "percentile")
    >>> print(UnseenElement(
    ...     estimate=recall, seeds=1, cell=cell, state=state, elements=("for_statement",),
    ...     in_references=shares, in_outputs=shares, elsewhere=shares,
    ... ))
    loops, LoRA, none of the region kept: writes for_statement in 50.0% [40.0, 60.0] of the 90 outputs whose
    reference holds it.
    """

    cell: Cell
    state: State
    elements: tuple[str, ...]
    in_references: Estimate
    in_outputs: Estimate
    elsewhere: Estimate

    @property
    def text(self) -> str:
        """Recall with its interval, or the reason why there is none."""
        if self.state.unmeasured:
            return self.state.unmeasured
        return SHARE.estimate(self.estimate) if self.value == self.value else "not measured"

    @property
    def sentence(self) -> str:
        """Finding in words."""
        outputs = counted(self.n, "output")
        writing = f"writes {joined_words(self.elements, 'or')} in {self.text} of the {outputs} whose reference holds it"
        return f"{self.cell.title}: {writing}."


def unseen_elements(cells: Cells) -> Iterator[UnseenElement]:
    """Yield the recall of every cell of the scenarios that mask elements."""
    for scenario in masking_scenarios(cells):
        elements = element_names(_masked(cells, scenario))
        for cell in cells.of_scenario(scenario):
            recall, in_references, in_outputs, elsewhere = (
                _pooled_rate(cells, cell, kind, part)
                for kind, part in (
                    ("recall", "test_ood"), ("references", "test_ood"), ("outputs", "test_ood"), ("outputs", "test_id")
                )
            )  # fmt: skip
            yield UnseenElement(
                estimate=cells.estimate(recall), seeds=recall.seeds, cell=cell, state=cells.state(cell),
                elements=elements, in_references=cells.estimate(in_references),
                in_outputs=cells.estimate(in_outputs), elsewhere=cells.estimate(elsewhere),
            )  # fmt: skip


def masking_scenarios(cells: Cells) -> list[str]:
    """Return the scenarios that mask elements which models could write: none if they tell classes."""
    if cells.results.classes:
        return []
    measured = {
        name
        for (name, _), facts in cells.results.splits.items()
        if facts.masked is not None and reads_rows_in(facts.masked, cells.results.settings.language)
    }
    return [name for name in cells.results.scenarios if name in measured]


def recall_of(cells: Cells, cell: Cell) -> Quantity:
    """Return the share that holds a masked element of ``test_ood``'s outputs whose reference holds one."""
    return _pooled_rate(cells, cell, "recall", "test_ood")


def _pooled_rate(cells: Cells, cell: Cell, kind: str, part: str) -> Quantity:
    holding = cells.once(("holding", cell.scenario), lambda: _Holding(cells, cell.scenario))
    name = f"elements of {cell.scenario}: {kind}"
    return cells.resampler.of_rows(
        cells.records(cell), part, cell.scenario, name, lambda key: holding.statistics(key, kind, part)
    )


def _masked(cells: Cells, scenario: str) -> Region:
    regions = (facts.masked for (name, _), facts in cells.results.splits.items() if name == scenario)
    return next(region for region in regions if region is not None)


class _Holding:
    """Masks of the references and outputs of runs that hold a scenario's elements; each run is parsed once."""

    def __init__(self, cells: Cells, scenario: str) -> None:
        self._cells, self._scenario, self._masked = cells, scenario, _masked(cells, scenario)
        self._of = cache(self._both)

    def statistics(self, key: RunKey, kind: str, part: str) -> FloatArray:
        """Return (1, holds) for each row of the part that counts, NaN for the others; shape (rows, 2)."""
        references, outputs, written = self._of(key)
        written = written & self._cells.results.scored_rows(key, part, self._scenario)
        counted = written & references if kind == "recall" else written
        holds = references if kind == "references" else outputs
        return np.where(counted[:, None], np.column_stack([np.ones(len(holds)), holds]), np.nan)

    def _both(self, key: RunKey) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        scores = self._cells.results.scores(key)
        written = np.array([text is not None for text in scores.predictions], dtype=bool)
        references = texts_inside(self._masked, scores.references, scores.languages)
        outputs = texts_inside(self._masked, [text or "" for text in scores.predictions], scores.languages)
        return references, outputs, written


def reads_rows_in(region: Region, language: str | None) -> bool:
    """Return whether a region reads rows in one language each, or in those of the column that a study names.

    >>> from codeshift.properties import NodeTypes
    >>> from codeshift.splitters import Contains
    >>> of_column = Contains(NodeTypes("code", "column:lang"), ("for_statement",))
    >>> reads_rows_in(of_column, "column:lang"), reads_rows_in(of_column, "python")
    (True, False)
    """
    return _row_languages(region) <= {language_column(language)}


def _row_languages(region: Region) -> set[str]:
    """Return the columns that name the languages in which a region reads rows."""
    columns = (language_column(language) for _, language in region.parsed())
    return {column for column in columns if column is not None}


def texts_inside(region: Region, texts: Sequence[str], languages: Sequence[str] = ()) -> NDArray[np.bool_]:
    """Return the mask of texts inside of a region that uses only the code, in whichever column it reads that from.

    Args:
        region: Region.
        texts: Code of rows.
        languages: Language of each row, for a region that reads them in those of a column.

    >>> from codeshift.properties import NodeTypes
    >>> from codeshift.splitters import Contains
    >>> texts_inside(Contains(NodeTypes("code", "python"), ("for_statement",)), ["for x in y: f(x)", "f(y)"])
    array([ True, False])
    """
    by_row = _row_languages(region)
    values = {column: list(languages if column in by_row else texts) for column in region.columns()}
    rows = Dataset.from_dict(values)
    return region.contains(PropertyTable(rows, cached=False))

"""The rows that one method gets right and another wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeshift.formatting import counted
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.finding import kept_in_words
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.results.measures import method_name
from codeshift.study.settings.keys import NONE, RunKey


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Counts of rows of a scenario's part that two methods get right, over the seeds for which both are done.

    A text is right if it equals the reference, apart from whitespace at its ends.

    Attributes:
        scenario: Name of the scenario.
        ood_kept: Share of the region that both methods kept.
        part: Part of the test rows.
        methods: Names of the two methods.
        both: Number of rows that both get right.
        only: Number of rows that only one gets right, by its name.
        neither: Number of rows that neither gets right.
        seeds: Number of pairs of trained models that were compared.

    >>> print(Disagreement(
    ...     scenario="loops", ood_kept=0.0, part="test_ood", methods=("full", "lora"),
    ...     both=3, only={"full": 2, "lora": 1}, neither=4, seeds=1,
    ... ).sentence)
    loops, none of the region kept, test_ood: of 10 outputs both are right on 3; full fine-tuning alone is right on
    2; LoRA alone is right on 1; neither on 4.
    """

    scenario: str
    ood_kept: float
    part: str
    methods: tuple[str, str]
    both: int
    only: Mapping[str, int]
    neither: int
    seeds: int

    @property
    def n(self) -> int:
        """Number of rows that were compared, of all seeds."""
        return self.both + self.neither + sum(self.only.values())

    @property
    def sentence(self) -> str:
        """Finding in words."""
        place = f"{self.scenario}, {kept_in_words(self.ood_kept)}, {self.part}"
        if not self.n:
            return f"{place}: not measured."
        alone = "; ".join(f"{method_name(name)} alone is right on {count}" for name, count in self.only.items())
        outputs = counted(self.n, "output")
        return f"{place}: of {outputs} both are right on {self.both}; {alone}; neither on {self.neither}."


@dataclass(frozen=True, kw_only=True)
class ExampleRow:
    """One test row with the output of each method.

    Attributes:
        scenario: Name of the scenario.
        part: Part of the test rows.
        ood_kept: Share of the region that the trained methods kept.
        split_seed: Seed of the split.
        row: Number of the row in the test set.
        kind: Reason why it is shown, in words.
        reference: Text that the models should write.
        outputs: Outputs by method.
        source: Text that the models were given; empty if unknown.

    >>> row = ExampleRow(
    ...     scenario="loops", part="test_ood", ood_kept=0.0, split_seed=0, row=7, kind="lora alone is right",
    ...     reference="return a", outputs={"full": "return b", "lora": "return a"},
    ... )
    >>> row.outputs["lora"] == row.reference
    True
    """

    scenario: str
    part: str
    ood_kept: float | None
    split_seed: int
    row: int
    kind: str
    reference: str
    outputs: Mapping[str, str]
    source: str = ""


def disagreements(cells: Cells, part: str = "test_ood") -> Iterator[Disagreement]:
    """Compare all other methods with the reference method, for each scenario and share kept."""
    for method in cells.methods:
        if method == cells.reference_method or cells.reference_method is None:
            continue
        pair = (method, cells.reference_method)
        for scenario in cells.results.scenarios:
            for kept in cells.results.ood_kept:
                yield _disagreement(cells, part, scenario, kept, pair)


def examples(cells: Cells, *, of_each: int = 2, part: str = "test_ood") -> Iterator[ExampleRow]:
    """Yield rows where methods differ at the smallest share kept, ``of_each`` kind and scenario, of the first seeds.

    The rows are those with the smallest digests of content, so that nobody chose them.
    """
    if cells.lowest_share is None or not cells.methods:
        return
    for scenario in cells.results.scenarios:
        keys = _first_done(cells, scenario, cells.lowest_share)
        if keys is None:
            continue
        right = {name: _right(cells.results.scores(key)) for name, key in keys.items()}
        compared = _by_digest(
            _compared_rows(cells, keys, part, scenario), cells.results.scores(next(iter(keys.values())))
        )
        for kind, rows in _rows_by_kind(cells, right, compared):
            yield from (_example_row(cells, scenario, part, keys, row, kind) for row in rows[:of_each])


def _disagreement(cells: Cells, part: str, scenario: str, kept: float, pair: tuple[str, str]) -> Disagreement:
    both = neither = seeds = 0
    only = dict.fromkeys(pair, 0)
    done = [
        {(r.key.split_seed, r.key.train_seed): r.key for r in records if r.status == "done"}
        for records in (cells.records(Cell(scenario=scenario, method=name, ood_kept=kept)) for name in pair)
    ]
    for at in done[0]:
        if at not in done[1]:
            continue
        keys = {name: side[at] for name, side in zip(pair, done, strict=True)}
        compared = _compared_rows(cells, keys, part, scenario)
        first, second = (_right(cells.results.scores(key))[compared] for key in keys.values())
        both, neither = both + int((first & second).sum()), neither + int((~first & ~second).sum())
        only[pair[0]] += int((first & ~second).sum())
        only[pair[1]] += int((~first & second).sum())
        seeds += 1
    return Disagreement(
        scenario=scenario, ood_kept=kept, part=part, methods=pair, both=both, only=only, neither=neither, seeds=seeds
    )


def _compared_rows(cells: Cells, keys: Mapping[str, RunKey], part: str, scenario: str) -> NDArray[np.int64]:
    """Return the numbers of a part's rows that text was generated for by every method."""
    scored = cells.results.scored_rows(next(iter(keys.values())), part, scenario).copy()
    for key in keys.values():
        scored &= np.array([text is not None for text in cells.results.scores(key).predictions], dtype=bool)
    return np.flatnonzero(scored)


def _by_digest(rows: NDArray[np.int64], scores: RunScores) -> NDArray[np.int64]:
    digests = [hashlib.sha256(scores.references[row].encode("utf-8", "surrogatepass")).digest() for row in rows]
    return rows[sorted(range(len(rows)), key=digests.__getitem__)]


def _right(scores: RunScores) -> NDArray[np.bool_]:
    pairs = zip(scores.predictions, scores.references, strict=True)
    return np.array([text is not None and text.strip() == reference.strip() for text, reference in pairs], dtype=bool)


def _first_done(cells: Cells, scenario: str, kept: float) -> dict[str, RunKey] | None:
    """Return one run of each method, and of the model without fine-tuning, of the first seeds that all have done."""
    sides: dict[str, dict[tuple[int, int | None], RunKey]] = {}
    for method in cells.methods:
        records = cells.records(Cell(scenario=scenario, method=method, ood_kept=kept))
        sides[method] = {(r.key.split_seed, r.key.train_seed): r.key for r in records if r.status == "done"}
    common = [at for at in next(iter(sides.values())) if all(at in side for side in sides.values())]
    if not common or (scenario, common[0][0]) not in cells.results.splits:
        return None
    keys = {method: side[common[0]] for method, side in sides.items()}
    without = cells.records(Cell(scenario=scenario, method=NONE, ood_kept=None)) if cells.has_none else ()
    untrained = [r.key for r in without if r.status == "done" and r.key.split_seed == common[0][0]]
    return ({NONE: untrained[0]} if untrained else {}) | keys


def _rows_by_kind(
    cells: Cells, right: Mapping[str, NDArray[np.bool_]], compared: NDArray[np.int64]
) -> Iterator[tuple[str, list[int]]]:
    reference, others = cells.reference_method or "", [m for m in cells.methods if m != cells.reference_method]
    for method in others:
        for yes, no in ((method, reference), (reference, method)):
            rows = compared[right[yes][compared] & ~right[no][compared]]
            yield f"{method_name(yes)} is right, {method_name(no)} is wrong", rows.tolist()
    wrong = np.all([~right[name][compared] for name in cells.methods], axis=0)
    yield ("no method is right" if len(cells.methods) > 1 else "wrong"), compared[wrong].tolist()


def _example_row(cells: Cells, scenario: str, part: str, keys: Mapping[str, RunKey], row: int, kind: str) -> ExampleRow:
    all_scores = {name: cells.results.scores(key) for name, key in keys.items()}
    first = next(iter(all_scores.values()))
    return ExampleRow(
        scenario=scenario, part=part, ood_kept=cells.lowest_share,
        split_seed=next(iter(keys.values())).split_seed, row=row, kind=kind, reference=first.references[row],
        source=first.sources[row] if len(first.sources) else "",
        outputs={name: scores.predictions[row] or "" for name, scores in all_scores.items()},
    )  # fmt: skip

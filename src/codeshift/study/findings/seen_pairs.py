"""The rows of each scenario that are most similar to a row of a corpus, with that row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from codeshift.audit.part_overlap import SeenPair
from codeshift.study.findings.cells import Cells
from codeshift.study.findings.seen import SEEN_PARTS


@dataclass(frozen=True, kw_only=True)
class ScenarioPairs:
    """Most similar pairs of a row of a scenario's part and a row of a corpus, which is no equal text.

    Attributes:
        scenario: Name of the scenario.
        part: Part: ``"test_ood"`` or ``"test_id"``.
        split_seed: Seed of the split.
        corpus: Name of the corpus.
        column: Column of the texts.
        pairs: Pairs, near-duplicates before renamed copies, the most similar first.

    >>> near = SeenPair(kind="near", jaccard=0.75, position=3, row="x = 1", corpus_row="x = 2")
    >>> ScenarioPairs(scenario="loops", part="test_ood", split_seed=0, corpus="web", column="code", pairs=(near,))
    ScenarioPairs(scenario='loops', part='test_ood', split_seed=0, corpus='web', column='code')
    """

    scenario: str
    part: str
    split_seed: int
    corpus: str
    column: str
    pairs: tuple[SeenPair, ...] = field(repr=False)


def scenario_pairs(cells: Cells, of_each: int) -> Iterator[ScenarioPairs]:
    """Yield the ``of_each`` most similar pairs of each scenario, part, corpus and column, of the first split seed.

    It is the first that has any. Equal rows are told once.
    """
    results = cells.results
    for scenario in results.scenarios:
        searched = [
            seed for seed in results.split_seeds if results.pairs.get(seed) and (scenario, seed) in results.splits
        ]
        for seed in searched[:1]:
            for part in SEEN_PARTS:
                members = results.members(part, scenario, seed)
                by_corpus: dict[tuple[str, str], dict[str, SeenPair]] = {}
                for marked in results.pairs[seed]:
                    if members[marked.pair.position]:
                        rows = by_corpus.setdefault((marked.corpus, marked.column), {})
                        rows.setdefault(marked.pair.row, marked.pair)
                for (corpus, column), pairs in by_corpus.items():
                    chosen = tuple(pairs.values())[:of_each]
                    if chosen:
                        yield ScenarioPairs(
                            scenario=scenario, part=part, split_seed=seed, corpus=corpus, column=column, pairs=chosen
                        )  # fmt: skip

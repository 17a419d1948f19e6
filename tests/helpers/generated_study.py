"""A study that generates text for some rows only, with its figures recomputed from the outputs by numpy alone.

Nothing of the library that adds up, plots, formats or compares is used here: an output is only text.
"""

from __future__ import annotations

import ast
import dataclasses
from functools import cache

import numpy as np

from codeshift.metrics import ExactMatch, NegativeLogLikelihood, SyntacticValidity
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey
from helpers.study_results import study_results

SCENARIOS = ("syntax_for_statement", "length_p97_p100", "semantics_3", "api_os")
SEEDS = {"split_seeds": (0, 1), "train_seeds": (0, 1)}
ROWS, GENERAL, GENERATED, SEED = 300, 90, 32, 7
METRICS = (NegativeLogLikelihood(), ExactMatch(), SyntacticValidity("python"))
NLL, EXACT, VALID = (metric.name for metric in METRICS)
WRONG = ("", "x = (", "pass", "for x in y:\n    pass", "return x " * 9)


@cache
def generated_results() -> StudyResults:
    """Return four scenarios that share test rows, baselines and the model without fine-tuning; 32 rows in each part."""
    results = study_results(scenarios=SCENARIOS, rows=ROWS, general=GENERAL, variants=("wise_ft=0.5",), **SEEDS)
    settings = dataclasses.replace(results.settings, generate_rows=GENERATED, evaluation_seed=SEED)

    @cache
    def load(key: RunKey, part: str) -> RunScores:
        count = ROWS if part == "test" else GENERAL
        parts = [mask for (_, seed), facts in results.splits.items() for mask in facts.members.values()
                 if seed == key.split_seed and part == "test"]  # fmt: skip
        written = np.any([sample(mask) for mask in [*parts, np.ones(count, dtype=bool)]], axis=0)
        rng = np.random.default_rng(int.from_bytes(f"{key.name}{part}".encode(), "big") % 2**63)
        references = [reference(i) for i in range(count)]
        # Rows that are generated for another part are easier, so that a figure that counts them has another value.
        right = rng.random(count) < chances(key, count)
        outputs = [
            text if ok else WRONG[i] for text, ok, i in zip(references, right, rng.integers(0, 5, count), strict=True)
        ]
        texts = [text if there else None for text, there in zip(outputs, written, strict=True)]
        tokens = [(-rng.uniform(0.1, 1.0 if ok else 2.0, 1 + i % 4)).tolist() for i, ok in enumerate(right)]
        statistics = {NLL: METRICS[0].statistics(tokens, [[1] * len(row) for row in tokens])}
        for metric in METRICS[1:]:
            rows = metric.statistics([text or "" for text in texts], references)
            statistics[metric.name] = np.where(written[:, None], rows, np.nan)
        return RunScores(references, texts, statistics)

    return dataclasses.replace(results, settings=settings, metrics={m.name: m for m in METRICS}, load=load)


def reference(row: int) -> str:
    """Return a reference; every other one contains the element that a scenario masks, and no two are alike."""
    a, b, c, d = (f"{name}{row}" for name in ("first", "second", "third", "fourth"))
    return f"for {a} in {b}:\n    {c}({d}, {a})" if row % 2 == 0 else f"{a} = {b}({c}, {d}) + {b}"


def chances(key: RunKey, count: int) -> np.ndarray:
    """Return how likely each row is right: it depends on the row, so that other rows give other scores."""
    whole = {"none": 0.2, "full": 0.55, "lora": 0.7}[key.method] - 0.3 * (1 - (key.ood_kept or 0.0))
    return np.clip(whole + 0.4 * np.sin(np.arange(count)) + 0.05 * (key.train_seed or 0), 0.05, 0.95)


def sample(members: np.ndarray) -> np.ndarray:
    """Return the rows of a part that text is generated for: the first in one fixed order of all rows."""
    taken = [row for row in np.random.default_rng(SEED).permutation(len(members)) if members[row]][:GENERATED]
    return np.isin(np.arange(len(members)), taken)


@dataclasses.dataclass
class Number:
    """A value and its number of rows; for several models, the smallest number."""

    value: float
    n: int

    def __sub__(self, other: Number) -> Number:
        return Number(self.value - other.value, min(self.n, other.n))

    def __truediv__(self, other: Number) -> Number:
        return Number(self.value / other.value if other.value else np.nan, min(self.n, other.n))


class Recount:
    """Figures of a study, computed from the texts that its models wrote."""

    def __init__(self, results: StudyResults) -> None:
        self.results = results
        self.rows = cache(self._rows)
        self.of_run = cache(self._of_run)

    def keys(self, scenario: str, method: str, kept: float | None, variant: str | None = None) -> list[RunKey]:
        """Return the runs of a cell: its own, or those that all scenarios share."""
        shared = method == "none" or kept == 1.0
        return [
            record.key for record in self.results.records
            if (record.key.method, record.key.ood_kept, record.key.variant) == (method, kept, variant)
            and record.key.scenario == (None if shared else scenario)
        ]  # fmt: skip

    def _rows(self, key: RunKey, part: str, scenario: str | None, generated: bool) -> np.ndarray:
        if part in ("test", "general"):
            members = np.ones(ROWS if part == "test" else GENERAL, dtype=bool)
        else:
            members = self.results.splits[scenario, key.split_seed].members[part]
        return np.flatnonzero(sample(members) if generated else members)

    def outputs(self, key: RunKey, part: str, scenario: str | None) -> list[tuple[int, str, str]]:
        """Return row, reference and output of each row of a part that text was generated for."""
        scores = self.results.scores(key, "general" if part == "general" else "test")
        rows = self.rows(key, part, scenario, True).tolist()
        assert all(scores.predictions[row] is not None for row in rows)
        return [(row, scores.references[row], scores.predictions[row]) for row in rows]

    def _of_run(self, key: RunKey, metric: str, part: str, scenario: str | None) -> Number:
        if metric == NLL:
            scores = self.results.scores(key, "general" if part == "general" else "test")
            rows = self.rows(key, part, scenario, False)
            _, nats, tokens = scores.statistics[NLL][rows].T
            return Number(nats.sum() / tokens.sum(), len(rows))
        by_row = [
            right(r, text) if metric == EXACT else parses(text) for _, r, text in self.outputs(key, part, scenario)
        ]
        return Number(np.mean(by_row), len(by_row))

    def mean(self, keys: list[RunKey], of_run) -> Number:
        """Return the mean over training seeds, then over split seeds."""
        splits = sorted({key.split_seed for key in keys})
        by_seed = {seed: [of_run(key) for key in keys if key.split_seed == seed] for seed in splits}
        every = [number for block in by_seed.values() for number in block if not np.isnan(number.value)]
        if not every:
            return Number(np.nan, 0)
        means = [np.mean([number.value for number in block]) for block in by_seed.values()]
        return Number(np.mean(means), min(number.n for number in every))

    def score(
        self, scenario: str, method: str, kept: float | None, part: str, metric: str, variant: str | None = None
    ) -> Number:
        """Return the score of a cell."""
        return self.mean(
            self.keys(scenario, method, kept, variant), lambda key: self.of_run(key, metric, part, scenario)
        )

    def relative(self, scenario: str, method: str, kept: float, metric: str) -> Number:
        """Return the score of a cell on test_ood as a share of that of its 100% baseline."""
        own, whole = (self.score(scenario, method, share, "test_ood", metric) for share in (kept, 1.0))
        return own / whole

    def holding(self, scenario: str, method: str, kept: float | None, kind: str, part: str) -> Number:
        """Return the share of references or outputs with a loop, or of the outputs for references with a loop."""

        def of_run(key: RunKey) -> Number:
            rows = [(loops(r), loops(text)) for _, r, text in self.outputs(key, part, scenario)]
            if kind == "recall":
                rows = [row for row in rows if row[0]]
            hits = [row[0] if kind == "references" else row[1] for row in rows]
            return Number(np.mean(hits) if hits else np.nan, len(hits))

        return self.mean(self.keys(scenario, method, kept), of_run)

    def modes(self, scenario: str, method: str, kept: float | None, part: str) -> dict[str, int]:
        """Return the number of outputs of all seeds by failure mode."""
        counts: dict[str, int] = {}
        for key in self.keys(scenario, method, kept):
            for _, expected, text in self.outputs(key, part, scenario):
                name = mode(expected, text, masked=scenario == SCENARIOS[0])
                counts[name] = counts.get(name, 0) + 1
        return counts


def right(expected: str, text: str) -> bool:
    """Return whether an output equals the reference."""
    return expected == text


def parses(text: str) -> bool:
    """Return whether Python can parse it; empty text is not a program."""
    try:
        return bool(ast.parse(text).body)
    except SyntaxError:
        return False


def loops(text: str) -> bool:
    """Return whether it contains a for loop."""
    return text.startswith("for ")


def mode(expected: str, text: str, *, masked: bool) -> str:
    """Return the failure mode of an output; ``masked`` says whether loops were masked in fine-tuning."""
    if text == expected:
        return "right"
    if not text:
        return "empty"
    if text.startswith("return x return x"):
        return "repeats itself"
    if not parses(text):
        return "does not parse"
    return "lacks the element" if masked and loops(expected) and not loops(text) else "parses, other text"

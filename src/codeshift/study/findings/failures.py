"""Failure modes: the ways in which outputs are wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.formatting import counted
from codeshift.metrics.validity import validator
from codeshift.properties.row_languages import language_column
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.unseen import reads_rows_in, texts_inside
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.results.measures import method_name
from codeshift.study.settings.keys import RunKey

RIGHT = "right"
"""Name of the mode of outputs that are not wrong."""
EMPTY, REPEATS, CUT_OFF, BROKEN = "empty", "repeats itself", "cut off", "does not parse"
COPIES, LACKS, OTHER_TEXT = "copies its source", "lacks the element", "parses, other text"
MODES = {
    EMPTY: "nothing was written",
    REPEATS: "the same few tokens stand at the end at least four times over",
    CUT_OFF: "it was cut at the length limit",
    BROKEN: "it is no program of its language, nor a part of one",
    COPIES: "it equals the source, apart from whitespace",
    LACKS: "the reference holds the masked element, the output does not",
    OTHER_TEXT: "none of the above, and still not the reference",
}
"""Modes with their descriptions; a wrong output has the first mode that fits."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LONGEST_PERIOD, _TIMES = 12, 4
_TIMES_WITHOUT_WORDS = 16  # brackets close several at once in code that is fine
_LOOKED_AT = 600  # characters at the end of an output


@dataclass(frozen=True, kw_only=True)
class FailureModes:
    """Counts of the outputs of a cell on one part by failure mode.

    Attributes:
        cell: Cell of the outputs.
        part: Part of the test rows.
        state: State of the cell's runs.
        counts: Number of outputs by mode, ``"right"`` first; all seeds together. Modes that cannot be detected count
            0: without a language, none "does not parse".

    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> print(FailureModes(cell=cell, part="test_ood", state=state, counts={RIGHT: 3, EMPTY: 1}).sentence)
    loops, LoRA, test_ood: of 4 outputs 3 right, 1 empty.
    """

    cell: Cell
    part: str
    state: State
    counts: Mapping[str, int]

    @property
    def n(self) -> int:
        """Number of outputs."""
        return sum(self.counts.values())

    @property
    def wrong(self) -> int:
        """Number of outputs that are not right."""
        return self.n - self.counts.get(RIGHT, 0)

    @property
    def sentence(self) -> str:
        """Finding in words."""
        place = f"{self.cell.scenario}, {method_name(self.cell.method)}, {self.part}"
        if not self.n:
            return f"{place}: {self.state.status if self.state.status != 'done' else 'not measured'}."
        listed = ", ".join(f"{count} {mode}" for mode, count in self.counts.items() if count)
        return f"{place}: of {counted(self.n, 'output')} {listed}."


def failure_modes(cells: Cells) -> Iterator[FailureModes]:
    """Yield the failure modes of every cell, on both parts of the test rows; those of classes are ``confusions``."""
    if cells.results.classes:
        return
    modes = _OutputModes(cells)
    for cell in cells:
        for part in ("test_ood", "test_id"):
            counts: Counter[str] = Counter(dict.fromkeys((RIGHT, *MODES), 0))
            for record in cells.records(cell):
                if record.status == "done" and (cell.scenario, record.key.split_seed) in cells.results.splits:
                    counts.update(modes.of(record.key, part, cell.scenario))
            yield FailureModes(cell=cell, part=part, state=cells.state(cell), counts=dict(counts))


class _OutputModes:
    """Modes of the outputs of runs; those that do not depend on a scenario are computed once for each run."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._language = cells.results.settings.language
        self._plain: dict[RunKey, list[str | None]] = {}

    def of(self, key: RunKey, part: str, scenario: str) -> Iterator[str]:
        """Yield the mode of each output of a part."""
        scores = self._cells.results.scores(key)
        if key not in self._plain:
            self._plain[key] = plain_modes(scores, self._language)
        rows: list[int] = np.flatnonzero(self._cells.results.scored_rows(key, part, scenario)).tolist()
        facts = self._cells.results.splits[scenario, key.split_seed]
        other = [row for row in rows if self._plain[key][row] == OTHER_TEXT]
        lacking = set(_rows_lacking(scores, other, facts, self._language))
        for row in rows:
            mode = LACKS if row in lacking else self._plain[key][row]
            if mode is not None:
                yield mode


def plain_modes(scores: RunScores, language: str | None) -> list[str | None]:
    """Return the mode of each output, without regard to masked elements; None if nothing was generated.

    >>> scores = RunScores(["x = 1", "y = 2", "z", "w"], ["x = 1", "y = (", None, "f f f f f"], {})
    >>> plain_modes(scores, "python")
    ['right', 'does not parse', None, 'repeats itself']
    """
    by_row = language_column(language) is not None
    languages = scores.languages if by_row else () if language is None else [language] * len(scores)
    validators = {name: validator(name) for name in set(languages)}
    modes: list[str | None] = []
    for i, (reference, text) in enumerate(zip(scores.references, scores.predictions, strict=True)):
        source = scores.sources[i] if len(scores.sources) else None
        cut_off = len(scores.finished) > 0 and scores.finished[i] is False
        if text is None:
            modes.append(None)
        elif text.strip() == reference.strip():
            modes.append(RIGHT)
        elif not text.strip():
            modes.append(EMPTY)
        elif repeats_itself(text):
            modes.append(REPEATS)
        elif cut_off:
            modes.append(CUT_OFF)
        elif len(languages) and not validators[languages[i]](text):
            modes.append(BROKEN)
        elif source is not None and source.split() == text.split():
            modes.append(COPIES)
        else:
            modes.append(OTHER_TEXT)
    return modes


def repeats_itself(text: str) -> bool:
    """Return whether a text ends in the same 1 to 12 tokens 4 times; 16 times if no word is among them.

    >>> repeats_itself("return x return x return x return x ret"), repeats_itself("f(((a, 0))))))")
    (True, False)
    >>> repeats_itself("def f(self" + "," * 40)
    True
    """
    tokens = _TOKEN.findall(text[-_LOOKED_AT:])
    for period in range(1, _LONGEST_PERIOD + 1):
        if len(tokens) <= period * _TIMES:
            return False
        complete = tokens[:-1] if tokens[-1 - period].startswith(tokens[-1]) else tokens  # the last token may be cut
        again = complete[-period:]
        times = _TIMES if any(token[0].isalnum() for token in again) else _TIMES_WITHOUT_WORDS
        if complete[-period * times :] == again * times:
            return True
    return False


def _rows_lacking(scores: RunScores, rows: Sequence[int], facts: SplitFacts, language: str | None) -> list[int]:
    if facts.masked is None or not rows or not reads_rows_in(facts.masked, language):
        return []
    languages = [scores.languages[row] for row in rows] if len(scores.languages) else ()
    inside = texts_inside(facts.masked, [scores.references[row] for row in rows], languages)
    written = texts_inside(facts.masked, [scores.predictions[row] or "" for row in rows], languages)
    return [row for row, there, here in zip(rows, inside, written, strict=True) if there and not here]

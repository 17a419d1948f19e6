"""Scoring of a run's models: teacher forcing on all rows of a set, generation on the rows that are drawn."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.models import Model, Tokenizer
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics.base import FloatArray
from codeshift.properties.progress import bars_shown
from codeshift.study.draws import drawn_of_any
from codeshift.study.finetuning import evaluator
from codeshift.study.keys import RunKey
from codeshift.study.records import EvaluationFacts
from codeshift.study.run_spec import RunSpec
from codeshift.study.scores import RunScores
from codeshift.study.spec import EvaluationPass
from codeshift.study.split_facts import SplitFacts


class RunScorer:
    """Scorer of the models of a run.

    Args:
        task: Run to do.
        tokenizer: Tokenizer of the models.
    """

    def __init__(self, task: RunSpec, tokenizer: Tokenizer) -> None:
        self.method, self.store, self.tokenizer = task.method, task.store, tokenizer

    def score(self, model: Model, key: RunKey) -> dict[str, EvaluationFacts]:
        """Write the scores of a run on every set, and return the facts of the evaluation by set."""
        facts = {}
        whole = Dataset.from_file(str(self.store.check_data(self.store.rows)))
        sets = {"test": whole.select(self.store.read_test(key.split_seed))}
        if self.method.has_general:
            sets["general"] = Dataset.from_file(str(self.store.check_data(self.store.general)))
        for part, rows in sets.items():
            scores, facts[part] = self._scores(model, key, part, rows)
            scores.save(self.store.scores(key, part))
        return facts

    def _scores(self, model: Model, key: RunKey, part: str, rows: Dataset) -> tuple[RunScores, EvaluationFacts]:
        """Score a set, pass by pass: text is written for the rows that are drawn, all else is measured on all rows."""
        evaluation = self.method.evaluation
        statistics: dict[str, FloatArray] = {}
        predictions: list[str | None] = [None] * len(rows)
        finished: list[bool | None] = [None] * len(rows)
        results: list[PartEvaluation] = []
        written: PartEvaluation | None = None
        for one in evaluation.passes:
            chosen = np.flatnonzero(self._to_generate(key, part, len(rows))) if one.writes else np.arange(len(rows))
            result = self._evaluated(model, one, part, rows.select(chosen), self.store.evaluation(key) / one.name)
            results.append(result)
            for name, values in result.statistics.items():
                statistics[name] = np.full((len(rows), values.shape[1]), np.nan)
                statistics[name][chosen] = values
            if one.writes:
                written = result
                for row, output in zip(chosen.tolist(), result.outputs, strict=True):
                    if output is not None:
                        predictions[row], finished[row] = output.text, output.finished
        lost = [result.round_trip.to_dict() for result in results if result.round_trip is not None]
        facts = EvaluationFacts(
            rows=len(rows),
            truncation=asdict(results[0].truncation),
            round_trip=lost[0] if lost else None,
            generated=None if written is None else len(written.outputs),
            unfinished=None if written is None else written.unfinished,
        )
        ordered = {metric.name: statistics[metric.name] for metric in evaluation.metrics}
        references, sources = (
            texts_of(Template(text, name), rows)
            for text, name in ((self.method.target, "target"), (self.method.source, "source"))
        )
        return RunScores(references, predictions, ordered, sources, () if written is None else finished), facts

    def _evaluated(self, model: Model, one: EvaluationPass, part: str, rows: Dataset, folder: Path) -> PartEvaluation:
        """Do a pass over a set, and resume one that was killed."""
        own = evaluator(self.method, one.metrics, progress=bars_shown())
        place = folder / part
        try:
            return own.evaluate(model, {part: rows}, tokenizer=self.tokenizer, parts=(part,), output_dir=place)[part]
        except CheckpointError:  # such as one of another version of a library: start again
            shutil.rmtree(place)
            return own.evaluate(model, {part: rows}, tokenizer=self.tokenizer, parts=(part,), output_dir=place)[part]

    def _to_generate(self, key: RunKey, part: str, rows: int) -> NDArray[np.bool_]:
        count, seed = self.method.evaluation.generate_rows, self.method.evaluation.seed
        if part != "test" or count is None:
            return drawn_of_any([], rows, count, seed)
        splits = [SplitFacts.load(self.store.facts(name, key.split_seed)) for name in self.method.scenarios]
        return drawn_of_any([mask for split in splits for mask in split.members.values()], rows, count, seed)

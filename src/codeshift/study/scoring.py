"""Scoring of a run's models: teacher forcing on all rows of a set, generation on the rows that are drawn."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from codeshift.finetune import Evaluator
from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.models import Model, Tokenizer
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric
from codeshift.metrics.base import FloatArray
from codeshift.properties.progress import bars_shown
from codeshift.study.draws import drawn_of_any
from codeshift.study.keys import RunKey
from codeshift.study.run_spec import RunSpec
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitFacts


class RunScorer:
    """Scorer of the models of a run.

    Args:
        task: Run to do.
        tokenizer: Tokenizer of the models.
    """

    def __init__(self, task: RunSpec, tokenizer: Tokenizer) -> None:
        self.method, self.store, self.tokenizer = task.method, task.store, tokenizer

    def score(self, model: Model, key: RunKey) -> dict[str, Any]:
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

    def _scores(self, model: Model, key: RunKey, part: str, rows: Dataset) -> tuple[RunScores, dict[str, Any]]:
        """Score a set: by teacher forcing on all of it, by generation on the rows that are drawn."""
        evaluation = self.method.evaluation
        template = Template(self.method.source, "source")
        statistics: dict[str, FloatArray] = {}
        facts: dict[str, Any] = {"rows": len(rows)}
        predictions: list[str | None] = [None] * len(rows)
        finished: list[bool | None] = [None] * len(rows)
        if evaluation.forced:
            evaluated = self._evaluated(model, evaluation.forced, part, rows, self.store.evaluation(key) / "forced")
            statistics |= evaluated.statistics
            facts |= _losses(evaluated)
        if evaluation.generated:
            chosen = np.flatnonzero(self._to_generate(key, part, len(rows)))
            some, folder = rows.select(chosen), self.store.evaluation(key) / "generated"
            evaluated = self._evaluated(model, evaluation.generated, part, some, folder)
            for name, values in evaluated.statistics.items():
                statistics[name] = np.full((len(rows), values.shape[1]), np.nan)
                statistics[name][chosen] = values
            for row, output in zip(chosen.tolist(), evaluated.outputs, strict=True):
                if output is not None:
                    predictions[row], finished[row] = output.text, output.finished
            facts |= {"generated": len(chosen), "unfinished": evaluated.unfinished}
            facts = _losses(evaluated) | facts
        ordered = {metric.name: statistics[metric.name] for metric in evaluation.metrics}
        references, sources = texts_of(Template(self.method.target, "target"), rows), texts_of(template, rows)
        return RunScores(references, predictions, ordered, sources, finished if evaluation.generated else ()), facts

    def _evaluated(
        self, model: Model, metrics: tuple[Metric, ...], part: str, rows: Dataset, folder: Path
    ) -> PartEvaluation:
        """Evaluate a set, and resume an evaluation that was killed."""
        evaluation = self.method.evaluation
        evaluator = Evaluator(
            metrics,
            source=self.method.source,
            target=self.method.target,
            batch_size=evaluation.batch_size,
            max_source_length=evaluation.max_source_length,
            max_target_length=evaluation.max_target_length,
            special_tokens=evaluation.special_tokens,
            decoding=evaluation.decoding,
            seed=evaluation.seed,
            progress=bars_shown(),
        )
        given: dict[str, Any] = {"tokenizer": self.tokenizer, "parts": (part,), "output_dir": folder / part}
        try:
            return evaluator.evaluate(model, {part: rows}, **given)[part]
        except CheckpointError:  # such as one of another version of a library: start again
            shutil.rmtree(folder / part)
            return evaluator.evaluate(model, {part: rows}, **given)[part]

    def _to_generate(self, key: RunKey, part: str, rows: int) -> NDArray[np.bool_]:
        count, seed = self.method.evaluation.generate_rows, self.method.evaluation.seed
        if part != "test" or count is None:
            return drawn_of_any([], rows, count, seed)
        facts = [SplitFacts.load(self.store.facts(name, key.split_seed)) for name in self.method.scenarios]
        return drawn_of_any([mask for split in facts for mask in split.members.values()], rows, count, seed)


def _losses(evaluated: PartEvaluation) -> dict[str, Any]:
    """Return the truncation of a part, the losses of the tokenizer's round trip and the unparsable rows by metric."""
    lost = {} if evaluated.round_trip is None else {"round_trip": evaluated.round_trip.to_dict()}
    unparsable = {"unparsable": evaluated.unparsable} if evaluated.unparsable else {}
    return {"truncation": asdict(evaluated.truncation)} | lost | unparsable

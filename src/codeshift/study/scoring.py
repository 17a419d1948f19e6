"""The scores of a model on a set of rows, by teacher forcing on all of it and by generation on the rows drawn."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset

from codeshift.finetune import Evaluator
from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.evaluation import PartEvaluation
from codeshift.finetune.template import Template
from codeshift.metrics import Metric
from codeshift.metrics.base import FloatArray
from codeshift.properties.progress import bars_shown
from codeshift.study.draws import drawn_of_any
from codeshift.study.keys import RunKey
from codeshift.study.run_spec import RunSpec
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitFacts


class RunScorer:
    """Scores the models of a run.

    Args:
        task: what is to be done.
        tokenizer: tokenizer of the models.
    """

    def __init__(self, task: RunSpec, tokenizer: Any) -> None:
        self.method, self.store, self.tokenizer = task.method, task.store, tokenizer

    def score(self, model: Any, key: RunKey) -> dict[str, Any]:
        """Write the scores of a run on every set, and return what is worth knowing of them, by set."""
        told = {}
        whole = Dataset.from_file(str(self.store.check_data(self.store.rows)))
        sets = {"test": whole.select(self.store.read_test(key.split_seed))}
        if self.method.has_general:
            sets["general"] = Dataset.from_file(str(self.store.check_data(self.store.general)))
        for part, rows in sets.items():
            scores, told[part] = self._scores(model, key, part, rows)
            scores.save(self.store.scores(key, part))
        return told

    def _scores(self, model: Any, key: RunKey, part: str, rows: Dataset) -> tuple[RunScores, dict[str, Any]]:
        """The scores of a set: by teacher forcing on all of it, by generation on the rows that are drawn."""
        evaluation = self.method.evaluation
        template = Template(self.method.source, "source")
        statistics: dict[str, FloatArray] = {}
        told: dict[str, Any] = {"rows": len(rows)}
        predictions: list[str | None] = [None] * len(rows)
        finished: list[bool | None] = [None] * len(rows)
        if evaluation.forced:
            found = self._evaluated(model, evaluation.forced, part, rows, self.store.evaluation(key) / "forced")
            statistics |= found.statistics
            told |= _losses(found)
        if evaluation.generated:
            chosen = np.flatnonzero(self._to_generate(key, part, len(rows)))
            some, folder = rows.select(chosen), self.store.evaluation(key) / "generated"
            found = self._evaluated(model, evaluation.generated, part, some, folder)
            for name, values in found.statistics.items():
                statistics[name] = np.full((len(rows), values.shape[1]), np.nan)
                statistics[name][chosen] = values
            for row, output in zip(chosen.tolist(), found.outputs, strict=True):
                if output is not None:
                    predictions[row], finished[row] = output.text, output.finished
            told |= {"generated": len(chosen), "unfinished": found.unfinished}
            told = _losses(found) | told
        ordered = {metric.name: statistics[metric.name] for metric in evaluation.metrics}
        references = Template(self.method.target, "target").texts(_columns(rows, self.method.target))
        sources = template.texts(_columns(rows, self.method.source))
        return RunScores(references, predictions, ordered, sources, finished if evaluation.generated else ()), told

    def _evaluated(
        self, model: Any, metrics: tuple[Metric, ...], part: str, rows: Dataset, folder: Path
    ) -> PartEvaluation:
        """Evaluate a set, from where a process that was killed over it had come."""
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
        except CheckpointError:  # of another version of a library, say: what it had found does not count
            shutil.rmtree(folder / part)
            return evaluator.evaluate(model, {part: rows}, **given)[part]

    def _to_generate(self, key: RunKey, part: str, rows: int) -> Any:
        count, seed = self.method.evaluation.generate_rows, self.method.evaluation.seed
        if part != "test" or count is None:
            return drawn_of_any([], rows, count, seed)
        facts = [SplitFacts.load(self.store.facts(name, key.split_seed)) for name in self.method.scenarios]
        return drawn_of_any([mask for one in facts for mask in one.members.values()], rows, count, seed)


def _losses(found: PartEvaluation) -> dict[str, Any]:
    """What of a part was cut, and what the tokenizer does not give back."""
    lost = {} if found.round_trip is None else {"round_trip": found.round_trip.to_dict()}
    return {"truncation": asdict(found.truncation)} | lost


def _columns(rows: Dataset, spec: str) -> dict[str, list[Any]]:
    return {column: list(rows[column]) for column in Template(spec, "template").columns}

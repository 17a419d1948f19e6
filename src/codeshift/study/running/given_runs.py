"""Runs whose outputs were made elsewhere, scored as the study's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.finetune.decoding import Output
from codeshift.finetune.extraction import Extract, check_extract
from codeshift.finetune.identity import versions
from codeshift.finetune.tasks import Generation
from codeshift.finetune.tasks.generation import score_outputs
from codeshift.predictions.identity import row_identities
from codeshift.predictions.matching import Predictions, match, predictions_digest, read_predictions
from codeshift.study.folder.locks import awaited
from codeshift.study.folder.records import EvaluationFacts, RunRecord
from codeshift.study.running.run_job import RunJob
from codeshift.study.running.scoring import Measured, RunScorer
from codeshift.study.settings.keys import RunKey
from codeshift.study.settings.spec import EvaluationPass
from codeshift.wording import Verbatim


class GivenScorer(RunScorer):
    """Scorer of a run whose outputs were made elsewhere.

    Args:
        run: Run to score.
        task: Task of the models.
        extract: Part of an output that is scored; None for all of it.
    """

    def __init__(self, run: RunJob, task: Generation, extract: Extract | None) -> None:
        super().__init__(run, None)
        self.key, self.task, self.extract = run.key, task, extract
        self.outputs: Mapping[str, Output] = {}

    def expected(self) -> dict[str, str]:
        """Return the place in words, by identity, of each row that an output is needed for."""
        places = {}
        for part, rows in self.sets(self.key).items():
            names = self._identities(part, rows)
            for row in np.flatnonzero(self.to_generate(self.key, part, len(rows))):
                places[names[row]] = f"row {row} of {part}"
        return places

    def train_features(self, model: None, key: RunKey) -> None:
        """Return None: there is no model."""

    def measured(self, model: None, key: RunKey, part: str, rows: Dataset, step: EvaluationPass) -> Measured:
        """Score the outputs of a set."""
        chosen = np.flatnonzero(self.to_generate(key, part, len(rows)))
        names = self._identities(part, rows)
        outputs = [self.outputs[names[row]] for row in chosen]
        metrics = {metric.name: metric for metric in step.metrics}
        settings = replace(self.method.evaluation, metrics=metrics, extract=self.extract)
        return Measured(step, chosen, score_outputs(self.task, settings, rows.select(chosen), outputs))

    def _identities(self, part: str, rows: Dataset) -> list[str]:
        return row_identities(part, *self.task.texts(rows))


def add_given_run(
    run: RunJob,
    task: Generation,
    predictions: Predictions,
    *,
    prediction_column: str,
    extract: Extract | None,
    model: str | None,
) -> RunRecord:
    """Score given outputs as a run of a study, and record it.

    Args:
        run: Run, whose folder is prepared.
        task: Task of the study's models.
        predictions: Outputs of the run.
        prediction_column: Column of the text in the predictions.
        extract: Part of an output that is scored; None for all of it.
        model: Name of the model.

    Raises:
        ParameterError: if the run has a record, variants that its weights are needed for, or metrics that need the
            model itself.
        PredictionsError: if outputs and rows do not match one to one.
    """
    check_extract(extract)
    _check_can_be_given(run)
    scorer = GivenScorer(run, task, extract)
    rows = read_predictions(predictions, identity_column=None, prediction_column=prediction_column)
    scorer.outputs = match(scorer.expected(), rows)
    with awaited(run.store.lock(run.name)):
        if run.store.read_record(run.key) is not None:
            remedy = f"remove {run.store.run(run.key)} to score it again"
            raise ParameterError("run", "one that is left", Verbatim(f"{run.key}, which has a record"), remedy)
        record = RunRecord(
            key=run.key,
            status="done",
            seconds=0.0,
            evaluated=_scored(scorer),
            versions=versions(),
            origin={"model": model, "digest": predictions_digest(scorer.outputs), "extract": extract},
        )
        run.store.write_record(record)
    return record


def _scored(scorer: GivenScorer) -> Mapping[str, EvaluationFacts]:
    scorer.store.run(scorer.key).mkdir(parents=True, exist_ok=True)
    return scorer.score(None, scorer.key)


def _check_can_be_given(run: RunJob) -> None:
    measured = [metric.name for metric in run.method.evaluation.metrics.values() if metric.takes != "text"]
    if measured:
        remedy = "they are measured on the model itself: give the study metrics of text alone"
        raise ParameterError(
            "metrics", "of outputs alone for a run that is given", Verbatim(", ".join(measured)), remedy
        )
    if run.variants:
        names = ", ".join(str(key.variant) for key in run.variants)
        remedy = "their weights are made of the run's own: leave wise_ft and adapter_scales out"
        raise ParameterError("run", "without variants if it is given", Verbatim(names), remedy)

"""Scoring of a run's models: all rows of a set, and text generated for the rows that are drawn."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from codeshift.draws import TRAIN_ROWS, drawn_of_any
from codeshift.errors import DataError
from codeshift.finetune import Evaluator
from codeshift.finetune.decoding import Output
from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.evaluation_result import PartEvaluation
from codeshift.finetune.models import Model, Tokenizer
from codeshift.metrics import TrainFeatures, ood_scores
from codeshift.metrics.base import FloatArray
from codeshift.parts import rewritten_by
from codeshift.properties.progress import bars_shown
from codeshift.properties.row_languages import language_column
from codeshift.study.folder.records import EvaluationFacts
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.running.run_job import RunJob
from codeshift.study.settings.finetuning import evaluator
from codeshift.study.settings.keys import NONE, RunKey
from codeshift.study.settings.spec import EvaluationPass, passes


class RunScorer:
    """Scorer of the models of a run.

    Args:
        run: Run to do.
        tokenizer: Tokenizer of the models; None if none is run.
    """

    def __init__(self, run: RunJob, tokenizer: Tokenizer | None) -> None:
        self.method, self.store, self.tokenizer = run.method, run.store, tokenizer

    def score(self, model: Model, key: RunKey) -> dict[str, EvaluationFacts]:
        """Write the scores of a run on every set, and return the facts of the evaluation by set."""
        sets, facts = self.sets(key), {}
        measured = {
            part: [self.measured(model, key, part, rows, step) for step in self._steps] for part, rows in sets.items()
        }
        train = self.train_features(model, key)
        for part, rows in sets.items():
            scores, facts[part] = self._scores(rows, measured[part], train)
            scores.save(self.store.scores(key, part))
        return facts

    @cached_property
    def _steps(self) -> tuple[EvaluationPass, ...]:
        """Passes over the rows of a set."""
        return passes(self.method.evaluation)

    @cached_property
    def _whole(self) -> Dataset:
        """Rows of the study, checked against their digest."""
        return Dataset.from_file(str(self.store.check_data(self.store.rows_file)))

    def sets(self, key: RunKey) -> dict[str, Dataset]:
        """Return the rows of every set that a run is scored on."""
        sets = {"test": self._whole.select(self.store.read_test(key.split_seed))}
        if self.method.has_general:
            sets["general"] = Dataset.from_file(str(self.store.check_data(self.store.general)))
        for name in self.method.transforms:
            file = self.store.check_data(self.store.rewritten(name, key.split_seed))
            sets[rewritten_by(name)] = Dataset.from_file(str(file))
        return sets

    def _scores(
        self, rows: Dataset, measured: Sequence[Measured], train: TrainFeatures | None
    ) -> tuple[RunScores, EvaluationFacts]:
        """Join the passes over a set: text is written for the rows that are drawn, all else is measured on all rows."""
        written = next((step for step in measured if step.of.writes), None)
        statistics = {name: values for step in measured for name, values in step.statistics(len(rows)).items()}
        outputs = {} if written is None else written.outputs
        classes = next((step.result.classes for step in measured if step.result.classes is not None), None)
        written_texts = [outputs[row].text if row in outputs else None for row in range(len(rows))]
        several = any(output.others for output in outputs.values())
        sources, references = self.method.task.texts(rows)
        by_row = language_column(self.method.language)
        scores = RunScores(
            references=references,
            predictions=written_texts if classes is None else classes.predictions,
            statistics={name: statistics[name] for name in self.method.evaluation.metrics},
            sources=sources,
            finished=[outputs[row].finished if row in outputs else None for row in range(len(rows))] if written else (),
            languages=rows[by_row][:] if by_row in rows.column_names else (),
            samples=[_sample_texts(outputs.get(row)) for row in range(len(rows))] if several else (),
            labels=() if classes is None else classes.labels,
            logits=None if classes is None else classes.logits,
            ood=measured[-1].ood_scores(len(rows), train),
        )
        lost = [step.result.round_trip for step in measured if step.result.round_trip is not None]
        facts = EvaluationFacts(
            rows=len(rows),
            truncation=asdict(measured[0].result.truncation),
            round_trip=lost[0].to_dict() if lost else None,
            generated=None if written is None else len(written.positions),
            unfinished=None if written is None else written.result.unfinished,
            unparsable={name: rows for step in measured for name, rows in step.result.unparsable.items()} or None,
            unknown_labels=(dict(classes.unknown) or None) if classes is not None else None,
        )
        return scores, facts

    def measured(self, model: Model, key: RunKey, part: str, rows: Dataset, step: EvaluationPass) -> Measured:
        """Do a pass over a set, and resume one that was killed."""
        chosen = np.flatnonzero(self.to_generate(key, part, len(rows))) if step.writes else np.arange(len(rows))
        detects = self.method.detection
        own = evaluator(
            self.method, step.metrics, features=detects and step is self._steps[-1] and key.method != NONE,
            confidence=detects and step.writes, progress=bars_shown(),
        )  # fmt: skip
        return Measured(step, chosen, self._evaluated(own, model, key, step.name, part, rows.select(chosen)))

    def _evaluated(
        self, own: Evaluator, model: Model, key: RunKey, step: str, part: str, rows: Dataset
    ) -> PartEvaluation:
        """Evaluate rows, and resume an evaluation that was killed."""
        folder = self.store.evaluation(key) / step / part
        parts = {part: rows} | ({"train": self._training_rows(key)} if self.method.evaluation.shots else {})

        def evaluated() -> PartEvaluation:
            return own.evaluate(model, parts, tokenizer=self.tokenizer, parts=(part,), output_dir=folder)[part]

        try:
            return evaluated()
        except CheckpointError:  # such as one of another version of a library: start again
            shutil.rmtree(folder)
            return evaluated()

    def train_features(self, model: Model, key: RunKey) -> TrainFeatures | None:
        """Return the features of training rows, drawn by the evaluation's seed; None for a model without any."""
        if key.method == NONE or not self.method.detection:
            return None
        train = self._training_rows(key)
        drawn = np.random.default_rng(self.method.evaluation.seed).permutation(len(train))[:TRAIN_ROWS]
        own = evaluator(self.method, (), features=True, progress=bars_shown())
        outputs = self._evaluated(own, model, key, "features", "training_rows", train.select(np.sort(drawn)))
        features = outputs.model_outputs().features
        finite = np.isfinite(features).all(axis=1)
        labels = None if outputs.classes is None else np.array(outputs.references)[finite]
        return TrainFeatures(features=features[finite], labels=labels) if finite.sum() > 1 else None

    def _training_rows(self, key: RunKey) -> Dataset:
        """Return the rows that a run trains on; those of the 100% baseline for the model without fine-tuning."""
        kept = 1.0 if key.ood_kept is None else key.ood_kept
        return self._whole.select(self.store.read_training(key.scenario, key.split_seed, kept)["train"])

    def to_generate(self, key: RunKey, part: str, rows: int) -> NDArray[np.bool_]:
        """Return which rows of a set text is generated for, shape (rows,)."""
        count, seed = self.method.evaluation.generate_rows, self.method.evaluation.seed
        if part not in ("test", *map(rewritten_by, self.method.transforms)) or count is None:
            return drawn_of_any([], rows, count, seed)
        splits = [SplitFacts.load(self.store.facts(name, key.split_seed)) for name in self.method.scenarios]
        return drawn_of_any([mask for split in splits for mask in split.members.values()], rows, count, seed)


@dataclass(frozen=True, eq=False)
class Measured:
    """Result of a pass, and the positions of its rows in the set."""

    of: EvaluationPass
    positions: NDArray[np.int64]
    result: PartEvaluation

    def statistics(self, rows: int) -> dict[str, FloatArray]:
        """Return the statistics of all ``rows`` of the set by metric; NaN for those that the pass left out."""
        spread = {}
        for name, values in self.result.statistics.items():
            spread[name] = np.full((rows, values.shape[1]), np.nan)
            spread[name][self.positions] = values
        return spread

    def ood_scores(self, rows: int, train: TrainFeatures | None) -> dict[str, FloatArray]:
        """Return how far out of distribution each of the set's ``rows`` seems to the model, by name of the score.

        Args:
            rows: Number of rows of the set.
            train: Features of training rows; None for no distances. They are left out as well where the training rows
                of each class have the same features, which have no covariance.
        """
        if not self.result.has_model_outputs:
            return {}
        outputs = self.result.model_outputs()
        try:
            scores = ood_scores(outputs, train)
        except DataError:
            scores = ood_scores(outputs)
        spread = {name: np.full(rows, np.nan) for name in scores}
        for name, values in scores.items():
            spread[name][self.positions] = values
        return spread

    @property
    def outputs(self) -> dict[int, Output]:
        """Outputs by position in the set."""
        pairs = zip(self.positions.tolist(), self.result.outputs, strict=True)
        return {row: output for row, output in pairs if output is not None}


def _sample_texts(output: Output | None) -> list[str] | None:
    return None if output is None else [sample.text for sample in output.samples]
